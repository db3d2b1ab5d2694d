//! Why a task gave no output.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

use super::Id;

/// What a panic carries.
pub(super) type Payload = Box<dyn Any + Send>;

/// A name in one word, since most tasks have none.
pub(super) type Name = Option<Box<Box<str>>>;

/// A task ended without an output: it was cancelled, or it panicked.
///
/// ```
/// # let runtime = pintle::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let handle = pintle::spawn(std::future::pending::<()>());
/// handle.abort();
/// let error = handle.await.unwrap_err();
/// assert!(error.is_cancelled());
/// # });
/// ```
pub struct JoinError {
    id: Id,
    name: Name,
    kind: Kind,
}

/// What became of the task.
pub(super) enum Kind {
    Cancelled,
    Panicked(Shared),
    Refused(io::Error),
}

impl Kind {
    pub(super) fn panicked(payload: Payload) -> Self {
        Self::Panicked(Shared(payload))
    }
}

/// A panic's payload, which need not be `Sync`, in an error that has to be.
pub(super) struct Shared(Payload);

// SAFETY: through a shared reference the payload is only asked for its type, which reads nothing
// of it, and then read as a `&str` or a `String`, which are `Sync` (`Shared::message`).
unsafe impl Sync for Shared {}

impl Shared {
    fn message(&self) -> Option<&str> {
        match self.0.downcast_ref::<&'static str>() {
            Some(message) => Some(message),
            None => self.0.downcast_ref::<String>().map(String::as_str),
        }
    }
}

impl JoinError {
    pub(super) fn new(id: Id, name: Name, kind: Kind) -> Self {
        Self { id, name, kind }
    }

    /// Whether the task was cancelled: it was aborted, its runtime shut down, or it is a blocking
    /// closure that was never started, for want of a thread
    /// ([`source`](Error::source) is then the system's error).
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        !self.is_panic()
    }

    /// Whether the task panicked.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let error = pintle::spawn(async { panic!("oh no") }).await.unwrap_err();
    /// assert!(error.is_panic());
    /// # });
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.kind, Kind::Panicked(_))
    }

    /// What the task panicked with, to be given to [`std::panic::resume_unwind`], say.
    ///
    /// # Panics
    ///
    /// If the task did not panic; see [`try_into_panic`](Self::try_into_panic).
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let error = pintle::spawn(async { panic!("oh no") }).await.unwrap_err();
    /// assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "oh no");
    /// # });
    /// ```
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic().unwrap_or_else(|error| {
            panic!("into_panic called, but {error}: ask is_panic first, or use try_into_panic")
        })
    }

    /// What the task panicked with.
    ///
    /// # Errors
    ///
    /// The error itself, if the task did not panic.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// let error = handle.await.unwrap_err();
    /// assert!(error.try_into_panic().is_err());
    /// # });
    /// ```
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.kind {
            Kind::Panicked(Shared(payload)) => Ok(payload),
            _ => Err(self),
        }
    }

    /// The [`Id`] of the task.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(async { panic!("oh no") });
    /// let id = handle.id();
    /// assert_eq!(handle.await.unwrap_err().id(), id);
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        match &self.kind {
            Kind::Cancelled => f.write_str(" was cancelled"),
            Kind::Refused(error) => write!(f, " was never started: {error}"),
            Kind::Panicked(payload) => match payload.message() {
                Some(message) => write!(f, " panicked with message {message:?}"),
                None => f.write_str(" panicked"),
            },
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl From<JoinError> for io::Error {
    /// Keeps the kind of a system's error; anything else is [`io::ErrorKind::Other`].
    fn from(error: JoinError) -> Self {
        let kind = match &error.kind {
            Kind::Refused(error) => error.kind(),
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
