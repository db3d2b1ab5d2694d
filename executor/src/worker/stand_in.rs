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

use super::door::Door;

/// How many are away, and who stands in for them.
#[derive(Debug, Default)]
pub struct Relief(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    away: usize,
    /// Stand-ins that have been called and not relieved.
    stand_ins: usize,
    /// The doors of all stand-ins, so that shutdown finds those that sleep.
    doors: Vec<Arc<Door>>,
}

impl Relief {
    /// One of `workers` workers, or of the stand-ins, goes away. True if nobody is left, and a
    /// stand-in must be called; it is counted.
    fn goes_away(&self, workers: usize) -> bool {
        let mut state = self.0.lock();
        state.away += 1;
        let nobody_left = state.away >= workers + state.stand_ins;
        state.stand_ins += usize::from(nobody_left);
        nobody_left
    }

    fn is_back(&self) {
        self.0.lock().away -= 1;
    }

    /// A stand-in asks whether somebody else is there. If so, it is no longer counted.
    fn relieve(&self, workers: usize) -> bool {
        let mut state = self.0.lock();
        let another = workers + state.stand_ins > state.away + 1;
        state.stand_ins -= usize::from(another);
        another
    }

    /// Wakes the stand-ins: the runtime shuts down.
    pub fn wake_all(&self) {
        for door in &self.0.lock().doors {
            door.unpark();
        }
    }
}

/// A worker (or a stand-in) goes away.
pub fn goes_away(shared: &Arc<Shared>) {
    if shared.relief.goes_away(shared.remotes.len()) {
        let called = Called(shared.clone(), true);
        let job = move || stand_in(called);
        drop(shared.blocking.spawn(job, Id::next(), None, None));
    }
}

/// It is back.
pub fn is_back(shared: &Shared) {
    shared.relief.is_back();
}

/// A stand-in that is counted, whether it ever comes or not: the pool may refuse it a thread, and
/// the system a reactor. Then those who are away have to come back by themselves.
struct Called(Arc<Shared>, bool);

impl Drop for Called {
    fn drop(&mut self) {
        if self.1 {
            self.0.relief.0.lock().stand_ins -= 1;
        }
    }
}

fn stand_in(mut called: Called) {
    let shared = called.0.clone();
    let queue = Deque::new_fifo();
    let Ok(remote) = Remote::open(GUEST, &shared.clock, queue.stealer(), false) else {
        return;
    };
    let door = remote.door.clone();
    shared.relief.0.lock().doors.push(door.clone());
    let local = Local::new(shared.clone(), remote, queue, Kind::StandIn);
    {
        let _at_work = current::enter(&local);
        local.run(&mut UntilRelieved {
            local: &local,
            called: &mut called,
        });
        if !shared.is_shutting_down() {
            local.deal_out();
        }
        local.close();
    }
    shared
        .relief
        .0
        .lock()
        .doors
        .retain(|other| !Arc::ptr_eq(other, &door));
}

/// A stand-in that is relieved stops looking round at once, and leaves when it has no more tasks of
/// its own: what was spawned with `spawn_local` on its thread can run nowhere else.
struct UntilRelieved<'a> {
    local: &'a Local,
    called: &'a mut Called,
}

impl UntilRelieved<'_> {
    fn is_over(&self) -> bool {
        let Called(shared, counted) = &*self.called;
        shared.is_shutting_down() || (!counted && !self.local.has_pinned())
    }
}

impl Root for UntilRelieved<'_> {
    fn poll(&mut self) -> Step {
        let Called(shared, counted) = self.called;
        if *counted && shared.relief.relieve(shared.remotes.len()) {
            *counted = false;
            self.local.is_relieved();
        }
        if self.is_over() {
            Step::Done
        } else {
            Step::Idle
        }
    }

    /// Also after the last task of its own, since it would not wake by itself any more.
    fn is_woken(&self) -> bool {
        self.is_over()
    }
}
