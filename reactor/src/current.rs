//! The seat: which driver serves the sources that are polled on this thread.
//!
//! A worker sits its driver down with [`enter`]; a source that has to wait looks at the seat with
//! [`with`]. Nobody else needs to know where drivers are.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::Driver;

enum Seat {
    Empty,
    Disabled,
    Taken(Arc<Driver>),
}

pintle_sync::thread_local! {
    static SEAT: RefCell<Seat> = const { RefCell::new(Seat::Empty) };
}

/// Sits `driver` down on this thread, until the guard is dropped.
///
/// ```
/// use pintle_reactor::{Driver, current};
///
/// let driver = Driver::new(64)?;
/// let seated = current::enter(driver.clone());
/// assert!(current::with(|here| here.is_empty()).is_ok());
/// drop(seated);
/// assert!(current::with(|_| ()).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn enter(driver: Arc<Driver>) -> Seated {
    sit(Seat::Taken(driver))
}

/// Marks this thread as belonging to a runtime that has no driver, so that the error can say so,
/// until the guard is dropped.
pub fn enter_disabled() -> Seated {
    sit(Seat::Disabled)
}

fn sit(seat: Seat) -> Seated {
    Seated {
        // Fails only when the thread is ending, and its seat with it.
        previous: SEAT
            .try_with(|place| place.replace(seat))
            .unwrap_or(Seat::Empty),
        _not_send: PhantomData,
    }
}

/// Lends the driver of this thread.
///
/// # Errors
///
/// If there is none; the error says what to do.
///
/// # Panics
///
/// If `f` calls [`enter`].
pub fn with<R>(f: impl FnOnce(&Arc<Driver>) -> R) -> Result<R, NoDriver> {
    SEAT.try_with(|seat| match &*seat.borrow() {
        Seat::Taken(driver) => Ok(f(driver)),
        Seat::Disabled => Err(NoDriver { disabled: true }),
        Seat::Empty => Err(NoDriver { disabled: false }),
    })
    // The thread is ending and its seat is gone.
    .unwrap_or(Err(NoDriver { disabled: false }))
}

/// A driver sits on this thread; dropping the guard puts the previous one back.
///
/// Guards are dropped in the reverse order of their making, on the thread that made them.
#[must_use = "the driver leaves when the guard is dropped"]
pub struct Seated {
    previous: Seat,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        let previous = std::mem::replace(&mut self.previous, Seat::Empty);
        // Dropped outside of the borrow: it may be the last of a driver, which wakes tasks.
        let left = SEAT.try_with(|seat| seat.replace(previous));
        drop(left);
    }
}

impl fmt::Debug for Seated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seated").finish_non_exhaustive()
    }
}

/// Nobody on this thread can wait for a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDriver {
    disabled: bool,
}

impl fmt::Display for NoDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.disabled {
            "network and descriptor I/O was used on a runtime built without enable_io(); \
             call Builder::enable_io() or enable_all()"
        } else {
            "network and descriptor I/O has to wait, and no runtime runs on this thread; \
             poll it inside Runtime::block_on or a spawned task, or call Handle::enter first"
        })
    }
}

impl Error for NoDriver {}

impl From<NoDriver> for io::Error {
    fn from(error: NoDriver) -> Self {
        io::Error::other(error)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn guards_restore_who_sat_before() {
        let outer = Driver::new(8).expect("driver");
        let inner = Driver::new(8).expect("driver");
        let is = |driver: &Arc<Driver>| with(|here| Arc::ptr_eq(here, driver));
        let first = enter(outer.clone());
        {
            let _second = enter(inner.clone());
            assert_eq!(is(&inner), Ok(true));
            let _third = enter_disabled();
            assert_eq!(is(&inner), Err(NoDriver { disabled: true }));
        }
        assert_eq!(is(&outer), Ok(true));
        drop(first);
        assert_eq!(is(&outer), Err(NoDriver { disabled: false }));
    }

    #[test]
    fn the_errors_say_what_to_do() {
        let _seated = enter_disabled();
        let disabled = with(|_| ()).expect_err("disabled").to_string();
        assert!(disabled.contains("enable_io()"), "{disabled}");
        drop(_seated);
        let empty = with(|_| ()).expect_err("empty").to_string();
        assert!(empty.contains("block_on") && empty.contains("Handle::enter"));
    }
}
