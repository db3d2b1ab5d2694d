//! The seat: what this thread is, and what it is in.
//!
//! Two things that must not be confused, each a stack of its own:
//! - *which worker this thread is.* Only a worker's thread, a guest or a stand-in sits down here, and
//!   strictly nested (a guest inside `block_in_place` on top of the worker). What is pinned to the
//!   worker is run and dropped on the strength of it, so no guard of it is ever given to a user;
//! - *which runtime this thread is in*: whose `spawn` is called, whose drivers look after sockets and
//!   timers. A worker is in its own runtime; `Handle::enter` puts another on top.

#![expect(
    unsafe_code,
    reason = "looking at the worker is too frequent to count references for"
)]

use super::local::Local;
use super::remote::Remote;
use super::shared::Shared;
use crate::task;
use pintle_reactor::current as reactor_seat;
use pintle_sync::shim::panic::is_model_over;
use pintle_timer::current as timer_seat;
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

pintle_sync::thread_local! {
    static WORKERS: RefCell<Vec<Rc<Local>>> = const { RefCell::new(Vec::new()) };
    static RUNTIMES: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
    /// The last of `RUNTIMES`, for those who only want to compare.
    static RUNTIME: Cell<usize> = const { Cell::new(0) };
    static ENTRIES: Cell<u64> = const { Cell::new(0) };
    /// The last of `WORKERS`, for those who only want to look.
    static WORKER: Cell<Option<NonNull<Local>>> = const { Cell::new(None) };
}

struct Entered {
    entry: u64,
    /// Left, but not the last one entered: it goes when it is.
    left: Cell<bool>,
    shared: Arc<Shared>,
    _reactor: reactor_seat::Seated,
    _timers: timer_seat::Seated,
}

/// In a runtime until dropped.
#[derive(Debug)]
#[must_use = "dropping it leaves the runtime's context"]
pub struct Seated {
    /// `None` on a thread that is ending, which cannot enter anything any more.
    entry: Option<u64>,
    not_send: std::marker::PhantomData<*const ()>,
}

/// A worker until dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the worker's turn"]
pub struct AtWork {
    seated: Seated,
    _keeping: task::Keeping,
    /// A worker may sit down inside of a task that blocks in place, or of a blocking job.
    _no_task: task::Running,
    /// Channels and locks refuse to block here.
    _denied: pintle_sync::blocking::Guard,
}

/// Makes this thread the worker `local`. To be left in the reverse order.
pub fn enter(local: &Rc<Local>) -> AtWork {
    let seated = sit(&local.shared, &local.remote);
    WORKERS.with(|workers| workers.borrow_mut().push(local.clone()));
    WORKER.set(Some(NonNull::from(&**local)));
    AtWork {
        seated,
        _keeping: task::keep(),
        _no_task: task::run_no_task(),
        _denied: pintle_sync::blocking::deny(),
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if is_model_over() {
            return;
        }
        let _me = WORKERS.with(|workers| {
            let mut workers = workers.borrow_mut();
            let me = workers.pop();
            WORKER.set(workers.last().map(|local| NonNull::from(&**local)));
            me
        });
        // With it goes whatever was entered meanwhile and not left.
        if let Some(entry) = self.seated.entry.take() {
            while leave_if(|top| top.entry >= entry || top.left.get()) {}
        }
    }
}

/// Makes this thread one that belongs to a runtime without being a worker of it. What it registers
/// is looked after by one of the workers.
pub fn enter_outside(shared: &Arc<Shared>) -> Seated {
    sit(shared, shared.next_remote())
}

fn sit(shared: &Arc<Shared>, drivers: &Remote) -> Seated {
    let push = |runtimes: &RefCell<Vec<Entered>>| {
        let entry = ENTRIES.get() + 1;
        ENTRIES.set(entry);
        let config = &shared.config;
        let entered = Entered {
            entry,
            left: Cell::new(false),
            shared: shared.clone(),
            _reactor: if config.io {
                reactor_seat::enter(drivers.reactor.clone())
            } else {
                reactor_seat::enter_disabled()
            },
            _timers: if config.time {
                timer_seat::enter(drivers.timers.clone())
            } else {
                timer_seat::enter_disabled()
            },
        };
        let mut runtimes = runtimes.borrow_mut();
        runtimes.push(entered);
        set_last(&runtimes);
        entry
    };
    Seated {
        entry: RUNTIMES.try_with(push).ok(),
        not_send: std::marker::PhantomData,
    }
}

fn set_last(runtimes: &[Entered]) {
    RUNTIME.set(runtimes.last().map_or(0, |last| address(&last.shared)));
}

fn address(shared: &Arc<Shared>) -> usize {
    Arc::as_ptr(shared).addr()
}

/// Leaves the runtime entered last, if it is the one. What that drops is dropped outside of the
/// borrow.
fn leave_if(is_it: impl FnOnce(&Entered) -> bool) -> bool {
    let pop = |runtimes: &RefCell<Vec<Entered>>| {
        let mut runtimes = runtimes.borrow_mut();
        let left = runtimes.pop_if(|last| is_it(last));
        set_last(&runtimes);
        left
    };
    RUNTIMES.try_with(pop).ok().flatten().is_some()
}

impl Drop for Seated {
    fn drop(&mut self) {
        let Some(entry) = self.entry else { return };
        // Guards may go in any order; the last one that is left counts.
        let _ = RUNTIMES.try_with(|runtimes| {
            let runtimes = runtimes.borrow();
            if let Some(mine) = runtimes.iter().rfind(|entered| entered.entry == entry) {
                mine.left.set(true);
            }
        });
        while leave_if(|top| top.left.get()) {}
    }
}

/// Whether this thread can still be a worker or enter a runtime: not while it is ending.
pub fn can_sit() -> bool {
    WORKERS.try_with(|_| ()).is_ok() && RUNTIMES.try_with(|_| ()).is_ok()
}

/// Runs `f` with the worker this thread is, if it is one. It may come back here by way of the user's
/// code.
#[inline]
pub fn with_local<R>(f: impl FnOnce(&Local) -> R) -> Option<R> {
    let local = WORKER.try_with(Cell::get).ok().flatten()?;
    // SAFETY: (strictly nested) `WORKERS` keeps the worker until its `AtWork` is dropped, by the frame
    // that has made it and that everything which runs as this worker is called from, `f` included.
    Some(f(unsafe { local.as_ref() }))
}

/// Whether this thread is a worker, and in the worker's runtime.
pub fn is_in_own_runtime() -> bool {
    with_local(|local| RUNTIME.get() == address(&local.shared)).unwrap_or(false)
}

/// The worker this thread is, if it is one, to keep.
pub fn local() -> Option<Rc<Local>> {
    WORKERS
        .try_with(|workers| workers.borrow().last().cloned())
        .ok()
        .flatten()
}

/// Whether this thread may block: it is no worker, or a worker inside `block_in_place`.
pub fn may_block() -> bool {
    with_local(|local| local.in_place.get()).unwrap_or(true)
}

/// Whether this thread is a worker of the runtime, beneath whatever else it may be by now.
pub fn is_worker_of(shared: &Arc<Shared>) -> bool {
    WORKERS
        .try_with(|workers| {
            workers
                .borrow()
                .iter()
                .any(|local| Arc::ptr_eq(&local.shared, shared))
        })
        .unwrap_or(false)
}

/// The runtime this thread is in, if any.
pub fn shared() -> Option<Arc<Shared>> {
    RUNTIMES
        .try_with(|runtimes| {
            runtimes
                .borrow()
                .last()
                .map(|entered| entered.shared.clone())
        })
        .ok()
        .flatten()
}
