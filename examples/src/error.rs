//! What can go wrong in an example.

use pintle::task::JoinError;
use std::fmt;
use std::io;

/// The result of what an example does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an example gives up.
#[derive(Debug)]
pub enum Error {
    /// A mistake on the command line.
    Usage(String),
    /// The operating system refused something.
    Io {
        /// What was being done.
        during: String,
        /// What the system said.
        source: io::Error,
    },
    /// A task panicked or was cancelled.
    Task(JoinError),
    /// What the example shows is not so.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(message) | Error::Failed(message) => f.write_str(message),
            Error::Io { during, source } => write!(f, "{during}: {source}"),
            Error::Task(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Task(error) => Some(error),
            Error::Usage(_) | Error::Failed(_) => None,
        }
    }
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        Error::Task(error)
    }
}

/// Adds to an I/O error what was being done.
pub trait During<T> {
    /// Says what was being done, as in "listening on 127.0.0.1:80".
    ///
    /// # Errors
    ///
    /// The one at hand.
    fn during(self, what: impl fmt::Display) -> Result<T>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|source| Error::Io {
            during: what.to_string(),
            source,
        })
    }
}
