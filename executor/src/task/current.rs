//! Which task is being run on this thread, and whether it has woken itself meanwhile.
//!
//! A task that yields, or has spent its budget, wakes itself inside of its own poll. That takes no
//! word that others share: its runner is on the same thread, and asks here when the poll is over.
//!
//! The address of the task stands here as long as the runner has a reference, and no longer: another
//! task may be given the same memory, and a wake of that one is not to be taken for a wake of this.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Header, Id};

#[derive(Clone, Copy, Default)]
struct Current {
    id: Option<Id>,
    /// Only compared.
    task: Option<NonNull<Header>>,
    woke_itself: bool,
}

const NONE: Current = Current {
    id: None,
    task: None,
    woke_itself: false,
};

pintle_sync::thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(NONE) };
}

/// While this lives, the thread runs what it was made for. They are nested: a task may block in place.
#[derive(Debug)]
pub struct Running {
    around: Around,
    not_send: PhantomData<*const ()>,
}

struct Around(Current);

impl std::fmt::Debug for Around {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.id.fmt(f)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        CURRENT.set(self.around.0);
    }
}

fn replace(current: Current) -> Running {
    Running {
        around: Around(CURRENT.replace(current)),
        not_send: PhantomData,
    }
}

/// The thread runs this task, whose id this is.
pub(super) fn run(task: NonNull<Header>, id: Id) -> Running {
    replace(Current {
        id: Some(id),
        task: Some(task),
        woke_itself: false,
    })
}

/// The thread runs something that is no task.
pub fn run_no_task() -> Running {
    replace(NONE)
}

/// The runner is about to give its reference away.
pub(super) fn lets_go() {
    let current = CURRENT.get();
    CURRENT.set(Current {
        task: None,
        ..current
    });
}

/// Whether the task of this waker is the one that is being run here. If so, that is noted.
pub(super) fn wakes_itself(task: NonNull<Header>) -> bool {
    // A thread that is ending runs no task.
    CURRENT
        .try_with(|cell| {
            let current = cell.get();
            let is_current = current.task == Some(task);
            if is_current {
                cell.set(Current {
                    woke_itself: true,
                    ..current
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
    CURRENT.try_with(Cell::get).ok()?.id
}
