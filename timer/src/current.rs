//! The seat: which driver serves the timers polled on this thread.
//!
//! A timer knows no runtime. When it has to wait it looks at the seat of the thread it is polled on
//! and registers with whoever sits there. A worker seats its driver for as long as it runs; a guard
//! of `Handle::enter` does so for a while. Seats nest: leaving puts the previous occupant back.
//!
//! The seat is not borrowed while the function given to [`with`] runs, so that one may enter, leave
//! and poll timers as it likes.

use crate::{Clock, Driver, Instant};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Who sits there. In an `Rc`, so that looking is cheaper than counting the driver's references.
#[derive(Debug)]
enum Occupant {
    Driver(Arc<Driver>),
    Disabled,
}

type Seat = RefCell<Option<Rc<Occupant>>>;

pintle_sync::thread_local! {
    static SEAT: Seat = const { RefCell::new(None) };
}

/// Seats a driver on this thread until the guard is dropped.
///
/// ```
/// use pintle_timer::{Clock, Driver, current};
/// use std::task::Waker;
///
/// let driver = Driver::new(Clock::new(false), Waker::noop().clone());
/// assert!(current::with(|_| ()).is_err());
/// let seated = current::enter(driver);
/// assert_eq!(current::with(|driver| driver.len()).unwrap(), 0);
/// drop(seated);
/// assert!(current::with(|_| ()).is_err());
/// ```
pub fn enter(driver: Arc<Driver>) -> Seated {
    sit(Occupant::Driver(driver))
}

/// Seats the statement that the runtime has no timers, until the guard is dropped. A timer that is
/// used then says that time was not enabled, rather than that there is no runtime.
///
/// ```
/// let _seated = pintle_timer::current::enter_disabled();
/// let error = pintle_timer::current::with(|_| ()).unwrap_err();
/// assert!(error.to_string().contains("enable_time"));
/// ```
pub fn enter_disabled() -> Seated {
    sit(Occupant::Disabled)
}

fn sit(occupant: Occupant) -> Seated {
    // Fails only when the thread is ending, and its seat with it: then there is nothing to restore.
    let previous = SEAT.try_with(|seat| seat.replace(Some(Rc::new(occupant))));
    Seated {
        previous: previous.ok().flatten(),
    }
}

/// Keeps a driver seated; its drop puts the previous occupant back. Not `Send`.
#[derive(Debug)]
#[must_use = "the driver leaves its seat when this is dropped"]
pub struct Seated {
    // The `Rc` keeps the guard on its thread.
    previous: Option<Rc<Occupant>>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        let previous = self.previous.take();
        // Fails only when the thread is ending, and its seat with it.
        let left = SEAT.try_with(|seat| seat.replace(previous));
        drop(left);
    }
}

/// Runs `f` with the driver that is seated on this thread.
///
/// # Errors
///
/// If there is none; the error says whether for want of a runtime or of `enable_time()`.
pub fn with<R>(f: impl FnOnce(&Arc<Driver>) -> R) -> Result<R, NoDriver> {
    match occupant().as_deref() {
        Some(Occupant::Driver(driver)) => Ok(f(driver)),
        Some(Occupant::Disabled) => Err(NoDriver { disabled: true }),
        None => Err(NoDriver { disabled: false }),
    }
}

/// The clock of the seated driver.
pub(crate) fn clock() -> Result<Clock, NoDriver> {
    with(|driver| driver.clock().clone())
}

/// The time by the seated driver's clock, or the real time.
pub(crate) fn now() -> Instant {
    // Borrowed, since a clock that is read looks at no seat.
    let now = SEAT.try_with(|seat| match seat.borrow().as_deref() {
        Some(Occupant::Driver(driver)) => driver.clock().now(),
        _ => Instant::real(),
    });
    now.unwrap_or_else(|_| Instant::real())
}

fn occupant() -> Option<Rc<Occupant>> {
    // A thread that is ending has no seat any more.
    SEAT.try_with(|seat| seat.borrow().clone()).ok().flatten()
}

/// No timer driver is seated on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDriver {
    disabled: bool,
}

impl fmt::Display for NoDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.disabled {
            "a timer was used on a runtime built without `enable_time()`; \
             call `Builder::enable_time()` or `enable_all()`"
        } else {
            "a timer was used where there is no runtime: this thread drives no timers; \
             run the future with `Runtime::block_on` or `spawn` it, \
             or keep a guard of `Handle::enter` while it is polled"
        })
    }
}

impl std::error::Error for NoDriver {}
