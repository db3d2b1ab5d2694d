//! Tasks that say that they ran, for the models of what tasks travel through.

use std::sync::{Arc, Mutex};

use pintle::checked::task::{Bound, Id, Schedule, Stealable, Task, create};

use crate::Drops;

/// The scheduler of tasks that are done at their first poll, and so never come back.
#[derive(Debug)]
pub struct Once;

// SAFETY: nothing is promised for tasks that any thread may run.
unsafe impl Schedule for Once {
    type Kind = Stealable;

    fn schedule(_: Task<Self>) {
        unreachable!("the task is never woken");
    }

    fn bind(&self, _: Bound<Self>) -> Option<usize> {
        unreachable!("the task is never idle");
    }

    fn unbind(&self, _: usize) -> Option<Bound<Self>> {
        unreachable!("the task was never idle");
    }
}

/// Makes tasks and writes down which of them ran, in what order.
///
/// A task is on the list only if it ran, and it fails the model if it did not see, in order, what its
/// maker wrote.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    // Not a modelled lock: it orders nothing.
    ran: Arc<Mutex<Vec<usize>>>,
    drops: Drops,
}

impl Tasks {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a task that nobody waits for.
    pub fn make(&self, name: usize) -> Task<Once> {
        let (item, ran) = (self.drops.item(name), self.ran.clone());
        let future = async move {
            item.read();
            ran.lock().unwrap().push(item.name);
        };
        create(future, Once, Id::next(), None).0
    }

    /// The names of those that ran, in the order in which they did.
    pub fn ran(&self) -> Vec<usize> {
        self.ran.lock().unwrap().clone()
    }

    /// The same, sorted.
    pub fn ran_sorted(&self) -> Vec<usize> {
        let mut ran = self.ran();
        ran.sort_unstable();
        ran
    }

    /// How many futures are gone, run or not.
    pub fn dropped(&self) -> usize {
        self.drops.count()
    }
}
