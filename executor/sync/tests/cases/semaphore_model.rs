//! The semaphore against a model of it: a count, and a queue of what is still wanted.

use std::collections::VecDeque;
use std::task::Poll;

use pintle_sync::{AcquireError, Semaphore, SemaphorePermit, budget};
use proptest::prelude::*;

use super::hand::Task;

cases! {
    polls {
        the_semaphore_does_what_the_model_does,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Acquire(u32),
    TryAcquire(u32),
    Add(usize),
    Forget(usize),
    /// Polls the waiter that is this one, modulo how many there are.
    Poll(usize),
    /// Drops that waiter.
    Cancel(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5u32).prop_map(Step::Acquire),
        2 => (0..5u32).prop_map(Step::TryAcquire),
        5 => (0..5usize).prop_map(Step::Add),
        1 => (0..5usize).prop_map(Step::Forget),
        4 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Cancel),
        1 => Just(Step::Close),
    ]
}

#[derive(Default)]
struct Model {
    permits: usize,
    closed: bool,
    /// Waiters in the queue, by name.
    queue: VecDeque<usize>,
    /// What each waiter wants and has, by name.
    claims: Vec<(usize, usize)>,
}

impl Model {
    fn add(&mut self, mut n: usize) {
        while let Some(&first) = self.queue.front() {
            let (wanted, held) = &mut self.claims[first];
            let part = n.min(*wanted - *held);
            *held += part;
            n -= part;
            if held < wanted {
                return;
            }
            self.queue.pop_front();
        }
        self.permits += n;
    }

    /// What a poll of a new waiter, which is called `claims.len()`, answers.
    fn acquire(&mut self, wanted: usize) -> Poll<bool> {
        if self.closed {
            return Poll::Ready(false);
        }
        if self.permits >= wanted {
            self.permits -= wanted;
            return Poll::Ready(true);
        }
        self.queue.push_back(self.claims.len());
        self.claims
            .push((wanted, std::mem::take(&mut self.permits)));
        Poll::Pending
    }

    fn poll(&self, name: usize) -> Poll<bool> {
        let (wanted, held) = self.claims[name];
        match self.queue.contains(&name) {
            true => Poll::Pending,
            false => Poll::Ready(wanted == held),
        }
    }

    fn cancel(&mut self, name: usize) {
        self.queue.retain(|&other| other != name);
        let held = std::mem::take(&mut self.claims[name].1);
        self.add(held);
    }
}

type Acquired<'a> = Result<SemaphorePermit<'a>, AcquireError>;

fn answer(poll: Poll<Acquired<'_>>) -> Poll<bool> {
    poll.map(|result| result.map(SemaphorePermit::forget).is_ok())
}

pub fn the_semaphore_does_what_the_model_does() {
    // Each run as long as it takes: it is no task's only poll.
    proptest!(|(start in 0..5usize, steps in prop::collection::vec(step(), 0..60))| {
        budget::unconstrained(|| run(start, steps))?;
    });
}

fn run(start: usize, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let semaphore = Semaphore::new(start);
    let mut model = Model {
        permits: start,
        ..Model::default()
    };
    let mut waiters: Vec<(usize, Task<'_, Acquired<'_>>)> = Vec::new();
    for step in steps {
        match step {
            Step::Acquire(n) => {
                let mut task = Task::new(semaphore.acquire_many(n));
                let name = model.claims.len();
                prop_assert_eq!(answer(task.poll()), model.acquire(n as usize));
                if model.claims.len() > name {
                    waiters.push((name, task));
                }
            }
            Step::TryAcquire(n) => {
                let ours = semaphore.try_acquire_many(n).map(SemaphorePermit::forget);
                let there = !model.closed && model.permits >= n as usize;
                prop_assert_eq!(ours.is_ok(), there);
                if there {
                    model.permits -= n as usize;
                }
            }
            Step::Add(n) => {
                semaphore.add_permits(n);
                model.add(n);
            }
            Step::Forget(n) => {
                let n = n.min(model.permits);
                prop_assert_eq!(semaphore.forget_permits(n), n);
                model.permits -= n;
            }
            Step::Poll(_) | Step::Cancel(_) if waiters.is_empty() => {}
            Step::Poll(which) => {
                let which = which % waiters.len();
                let (name, task) = &mut waiters[which];
                let expected = model.poll(*name);
                // Whoever is ready has been woken, and nobody else.
                prop_assert_eq!(task.woken(), expected.is_ready());
                prop_assert_eq!(answer(task.poll()), expected);
                if let Poll::Ready(acquired) = expected {
                    let (name, task) = waiters.remove(which);
                    drop(task);
                    if !acquired {
                        model.cancel(name);
                    }
                }
            }
            Step::Cancel(which) => {
                let (name, task) = waiters.remove(which % waiters.len());
                drop(task);
                model.cancel(name);
            }
            Step::Close => {
                semaphore.close();
                model.closed = true;
                model.queue.clear();
            }
        }
        prop_assert_eq!(semaphore.available_permits(), model.permits);
        prop_assert_eq!(semaphore.is_closed(), model.closed);
    }
    Ok(())
}
