//! Which task is being run on this thread, and whether it has woken itself meanwhile.
//!
//! A task that yields, or has spent its budget, wakes itself inside of its own poll. That takes no
//! word that others share: its runner is on the same thread, and asks here when the poll is over.

use std::cell::Cell;
use std::ptr::NonNull;

use super::{Header, Id};

#[derive(Clone, Copy, Default)]
struct Current {
    task: Option<NonNull<Header>>,
    woke_itself: bool,
}

const NONE: Current = Current {
    task: None,
    woke_itself: false,
};

pintle_sync::thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(NONE) };
}

/// Runs `run`, which runs `task` and does not unwind. May be nested: a task may block in place.
pub(super) fn enter(task: NonNull<Header>, run: impl FnOnce()) {
    let around = CURRENT.replace(Current {
        task: Some(task),
        woke_itself: false,
    });
    run();
    CURRENT.set(around);
}

/// Whether the task of this waker is the one that is being run here. If so, that is noted.
pub(super) fn wakes_itself(task: NonNull<Header>) -> bool {
    // A thread that is ending runs no task.
    CURRENT
        .try_with(|current| {
            let is_current = current.get().task == Some(task);
            if is_current {
                current.set(Current {
                    task: Some(task),
                    woke_itself: true,
                });
            }
            is_current
        })
        .unwrap_or(false)
}

/// Whether the task that is being run here has woken itself.
pub(super) fn woke_itself() -> bool {
    CURRENT.get().woke_itself
}

/// The task that is being run here.
pub fn id() -> Option<Id> {
    let current = CURRENT.try_with(Cell::get).unwrap_or(NONE);
    // SAFETY: (in the run) `enter` is called by the runner, who has a reference as long as anybody
    // else's code runs inside of it.
    current.task.map(|task| unsafe { task.as_ref() }.id)
}
