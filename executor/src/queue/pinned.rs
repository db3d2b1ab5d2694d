//! The queue of pinned tasks: a ring that its worker alone touches, and what in it has yielded.
//!
//! A task that yields goes to the back. When nothing is left but tasks that have yielded, each in turn
//! has said "others first", and the only others there can be are those that timers and sockets have to
//! wake. So the worker asks, then, whether it is time to look at its drivers; and what the look brings
//! [goes ahead](PinnedQueue::let_pass) of those that have yielded, once: the next time these go first,
//! or they could wait for ever.

use crate::task::{Schedule, Task};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;

/// See the [module's documentation](self).
pub struct PinnedQueue<S: Schedule> {
    tasks: RefCell<VecDeque<Task<S>>>,
    /// How many tasks come before the first that has yielded since the last such one had its turn;
    /// [`NONE`] if none has.
    before_yielded: Cell<usize>,
}

const NONE: usize = usize::MAX;

impl<S: Schedule> Default for PinnedQueue<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schedule> PinnedQueue<S> {
    /// Makes an empty queue.
    pub fn new() -> Self {
        Self {
            tasks: RefCell::default(),
            before_yielded: Cell::new(NONE),
        }
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.tasks.borrow().is_empty()
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Adds a task that was woken.
    #[inline]
    pub fn push(&self, task: Task<S>) {
        self.tasks.borrow_mut().push_back(task);
    }

    /// Adds a task that has yielded.
    #[inline]
    pub fn push_yielded(&self, task: Task<S>) {
        let mut tasks = self.tasks.borrow_mut();
        if self.before_yielded.get() == NONE {
            self.before_yielded.set(tasks.len());
        }
        tasks.push_back(task);
    }

    /// Adds tasks that other threads have woken.
    pub fn extend(&self, tasks: impl Iterator<Item = Task<S>>) {
        self.tasks.borrow_mut().extend(tasks);
    }

    /// Takes the first.
    #[inline]
    pub fn pop(&self) -> Option<Task<S>> {
        let task = self.tasks.borrow_mut().pop_front();
        // Down from zero it is `NONE`, and `NONE` it stays.
        let before = self.before_yielded.get();
        self.before_yielded.set(match before {
            NONE => NONE,
            before => before.wrapping_sub(1),
        });
        task
    }

    /// Whether there are tasks, and all of them have yielded.
    #[inline]
    pub fn have_all_yielded(&self) -> bool {
        self.before_yielded.get() == 0
    }

    /// Runs `look`, which may add tasks. If all that were there before have yielded, they let these
    /// pass.
    pub fn let_pass<R>(&self, look: impl FnOnce() -> R) -> R {
        let yielded = if self.have_all_yielded() {
            self.len()
        } else {
            0
        };
        let result = look();
        let mut tasks = self.tasks.borrow_mut();
        if tasks.len() > yielded && yielded > 0 {
            tasks.rotate_left(yielded);
            self.before_yielded.set(NONE);
        }
        result
    }
}

impl<S: Schedule> fmt::Debug for PinnedQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinnedQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
