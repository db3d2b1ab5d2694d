//! The worker's seat: which runtime, worker and task this thread is in.
//!
//! Entering is a stack: a guest inside `block_in_place` sits down on top of the worker and leaves
//! the seat as it found it. The seats of the two drivers go up and down with it.

use super::local::Local;
use super::shared::Shared;
use crate::task::Id;
use pintle_reactor::current as reactor_seat;
use pintle_timer::current as timer_seat;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static CONTEXT: RefCell<Context> = const { RefCell::new(Context { shared: None, local: None }) };
    static TASK: Cell<Option<Id>> = const { Cell::new(None) };
}

struct Context {
    shared: Option<Arc<Shared>>,
    local: Option<Rc<Local>>,
}

/// Sits on the thread's seat until dropped; seats must be left in the reverse order.
#[derive(Debug)]
#[must_use = "dropping it leaves the runtime's context"]
pub struct Seated {
    before: Option<Context>,
    _reactor: reactor_seat::Seated,
    _timers: timer_seat::Seated,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context")
    }
}

/// Makes this thread the worker `local`.
pub fn enter(local: &Rc<Local>) -> Seated {
    sit(
        Context {
            shared: Some(local.shared.clone()),
            local: Some(local.clone()),
        },
        &local.remote,
    )
}

/// Makes this thread one that belongs to a runtime without being a worker of it. What it registers
/// is looked after by one of the workers.
pub fn enter_outside(shared: &Arc<Shared>) -> Seated {
    sit(
        Context {
            shared: Some(shared.clone()),
            local: None,
        },
        shared.next_remote(),
    )
}

fn sit(context: Context, drivers: &super::remote::Remote) -> Seated {
    let config = &context
        .shared
        .as_ref()
        .expect("a runtime is entered")
        .config;
    let reactor = if config.io {
        reactor_seat::enter(drivers.reactor.clone())
    } else {
        reactor_seat::enter_disabled()
    };
    let timers = if config.time {
        timer_seat::enter(drivers.timers.clone())
    } else {
        timer_seat::enter_disabled()
    };
    let before = CONTEXT.with(|seat| seat.replace(context));
    Seated {
        before: Some(before),
        _reactor: reactor,
        _timers: timers,
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        let before = self.before.take();
        // What is replaced is dropped outside of the borrow. At the end of a thread the seat may
        // be gone already; then there is nothing to restore.
        let _mine = CONTEXT.try_with(|seat| before.map(|before| seat.replace(before)));
    }
}

/// Runs `f` with the worker this thread is, if it is one.
pub fn with_local<R>(f: impl FnOnce(&Rc<Local>) -> R) -> Option<R> {
    CONTEXT
        .try_with(|seat| seat.borrow().local.as_ref().map(f))
        .ok()
        .flatten()
}

/// Whether this thread may block: it is no worker, or a worker inside `block_in_place`.
pub fn may_block() -> bool {
    with_local(|local| local.in_place.get()).unwrap_or(true)
}

/// The runtime this thread is in, if any.
pub fn shared() -> Option<Arc<Shared>> {
    CONTEXT
        .try_with(|seat| seat.borrow().shared.clone())
        .ok()
        .flatten()
}

/// Runs `f` as the task `id`.
pub fn as_task<R>(id: Id, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Id>);
    impl Drop for Restore {
        fn drop(&mut self) {
            TASK.set(self.0);
        }
    }
    let _restore = Restore(TASK.replace(Some(id)));
    f()
}

/// The task being polled on this thread.
pub fn task_id() -> Option<Id> {
    TASK.try_with(Cell::get).ok().flatten()
}
