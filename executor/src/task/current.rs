//! Which task is being run on this thread, and whether it has woken itself meanwhile.
//!
//! A task that yields, or has spent its budget, wakes itself inside of its own poll. That takes no
//! word that others share: its runner is on the same thread, and asks here when the poll is over.
//!
//! Whenever anything can be woken here, the address that stands here is that of a task to which the runner
//! has a reference: another task may be given the same memory, and a wake of that one is not to be taken
//! for a wake of this. (Between two tasks that are run one after the other it is left from the first, and
//! its id as well: there is nobody to wake anything, nor to ask.)

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Header, Id};

// One cell each, because each poll writes some of them.
pintle_sync::thread_local! {
    static ID: Cell<Option<Id>> = const { Cell::new(None) };
    /// Only compared.
    static TASK: Cell<Option<NonNull<Header>>> = const { Cell::new(None) };
    static WOKE_ITSELF: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, the thread runs what it was made for; then again what it ran before. They are
/// nested: a task may block in place.
#[derive(Debug)]
pub struct Running {
    id: Option<Id>,
    task: Option<NonNull<Header>>,
    woke_itself: bool,
    not_send: PhantomData<*const ()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        ID.set(self.id);
        TASK.set(self.task);
        WOKE_ITSELF.set(self.woke_itself);
    }
}

/// The thread runs something that is no task.
pub fn run_no_task() -> Running {
    let running = run_tasks();
    ID.set(None);
    TASK.set(None);
    running
}

/// The thread runs tasks, one after the other; each is told to [`run`] when its turn comes. In between
/// nothing of the user's may run.
pub fn run_tasks() -> Running {
    Running {
        id: ID.get(),
        task: TASK.get(),
        woke_itself: WOKE_ITSELF.get(),
        not_send: PhantomData,
    }
}

/// It is the turn of this task, whose id this is.
#[inline]
pub(super) fn run(_tasks: &Running, task: NonNull<Header>, id: Id) {
    ID.set(Some(id));
    TASK.set(Some(task));
    WOKE_ITSELF.set(false);
}

/// The runner is about to give its reference away.
#[inline]
pub(super) fn lets_go() {
    TASK.set(None);
}

/// Whether the task of this waker is the one that is being run here. If so, that is noted.
#[inline]
pub(super) fn wakes_itself(task: NonNull<Header>) -> bool {
    // A thread that is ending runs no task.
    let is_current = TASK.try_with(Cell::get).ok().flatten() == Some(task);
    if is_current {
        WOKE_ITSELF.set(true);
    }
    is_current
}

/// Whether the task that is being run here has woken itself.
#[inline]
pub(super) fn woke_itself() -> bool {
    WOKE_ITSELF.get()
}

/// The task that is being run here.
pub fn id() -> Option<Id> {
    ID.try_with(Cell::get).ok().flatten()
}
