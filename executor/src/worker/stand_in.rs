//! Who works while every worker is inside `block_in_place`.
//!
//! A worker that blocks leaves its tasks, sockets and timers to its siblings. The last one has no
//! sibling left; what it waits for may be the very tasks that nobody runs any more. So it starts a
//! *stand-in* on the blocking pool: a worker like a guest, which nobody knows and which lives off the
//! others' queues and drivers, until one of them is back.
//!
//! *At least one of workers and stand-ins is not away*, is what [`Relief`] keeps true.
//!
//! A stand-in cannot be woken by posts (it is on nobody's list), so it looks round once a
//! [`WATCH`](super::rescue::WATCH). That is slow, and meant to be rare.

use super::current;
use super::local::{Kind, Local};
use super::remote::{GUEST, Remote};
use super::shared::Shared;
use super::turn::{Root, Step};
use crate::queue::deque::Worker as Deque;
use crate::task::Id;
use pintle_sync::shim::sync::Mutex;
use std::sync::Arc;

/// How many are away, and how many stand in for them.
#[derive(Debug, Default)]
pub struct Relief(Mutex<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    away: usize,
    stand_ins: usize,
}

impl Relief {
    /// One of `workers` workers, or of the stand-ins, goes away. True if nobody is left, and a
    /// stand-in must be started; it is counted.
    fn goes_away(&self, workers: usize) -> bool {
        let mut numbers = self.0.lock();
        numbers.away += 1;
        let nobody_left = numbers.away == workers + numbers.stand_ins;
        numbers.stand_ins += usize::from(nobody_left);
        nobody_left
    }

    fn is_back(&self) {
        self.0.lock().away -= 1;
    }

    /// A stand-in asks whether somebody else is there. If so, it is no longer counted.
    fn may_go(&self, workers: usize) -> bool {
        let mut numbers = self.0.lock();
        let another = workers + numbers.stand_ins > numbers.away + 1;
        numbers.stand_ins -= usize::from(another);
        another
    }

    fn could_not_come(&self) {
        self.0.lock().stand_ins -= 1;
    }
}

/// A worker (or a stand-in) goes away.
pub fn goes_away(shared: &Arc<Shared>) {
    if shared.relief.goes_away(shared.remotes.len()) {
        let shared_too = shared.clone();
        drop(
            shared
                .blocking
                .spawn(move || stand_in(&shared_too), Id::next(), None, None),
        );
    }
}

/// It is back.
pub fn is_back(shared: &Shared) {
    shared.relief.is_back();
}

fn stand_in(shared: &Arc<Shared>) {
    let queue = Deque::new_fifo();
    let Ok(remote) = Remote::open(GUEST, &shared.clock, queue.stealer()) else {
        // Out of descriptors. Whoever is away must come back by itself.
        return shared.relief.could_not_come();
    };
    let local = Local::new(shared.clone(), remote, queue, Kind::StandIn);
    let _at_work = current::enter(&local);
    local.run(&mut UntilRelieved(shared));
    local.close();
}

struct UntilRelieved<'a>(&'a Shared);

impl Root for UntilRelieved<'_> {
    fn poll(&mut self) -> Step {
        if self.0.is_shutting_down() || self.0.relief.may_go(self.0.remotes.len()) {
            Step::Done
        } else {
            Step::Idle
        }
    }

    fn is_woken(&self) -> bool {
        self.0.is_shutting_down()
    }
}
