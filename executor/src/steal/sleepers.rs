//! Who sleeps, who searches, who keeps the watch. The protocol and its proof are in `README.md`.

use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::sync::atomic::{AtomicU64, Ordering, fence};

/// The word: searching workers in the low half, sleeping ones in the high half.
const SEARCHING: u64 = 1;
const ASLEEP: u64 = 1 << 32;

fn searching(word: u64) -> u64 {
    word & (ASLEEP - 1)
}

fn asleep(word: u64) -> u64 {
    word >> 32
}

/// See the folder's `README.md` for the protocol.
#[derive(Debug)]
pub struct Sleepers {
    word: AtomicU64,
    workers: usize,
    list: Mutex<List>,
}

#[derive(Debug)]
struct List {
    asleep: Vec<usize>,
    /// A sleeper whose alarm is set.
    watcher: Option<usize>,
}

/// What must happen to a worker's alarm. Done under the lock of the list, so that alarms change in
/// the order in which the watch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// The worker keeps the watch: set it.
    Set(usize),
    /// The watch is over: silence it.
    Silence(usize),
}

impl Sleepers {
    /// For `workers` workers, all of them awake.
    pub fn new(workers: usize) -> Self {
        Self {
            word: AtomicU64::new(0),
            workers,
            list: Mutex::new(List {
                asleep: Vec::with_capacity(workers),
                watcher: None,
            }),
        }
    }

    /// Work was made visible: the sleeper to wake, if one must be. It counts as searching from now.
    #[must_use = "the sleeper has left the list and must be woken"]
    pub fn post(&self) -> Option<usize> {
        // Post, step 2. Orders the caller's push before the look at the word.
        fence(Ordering::SeqCst);
        if !self.needed() {
            return None;
        }
        let mut list = self.list.lock();
        if !self.needed() {
            return None;
        }
        // The watcher last: waking it means passing the watch on.
        let watcher = list.watcher;
        let at = match list
            .asleep
            .iter()
            .rposition(|&index| Some(index) != watcher)
        {
            Some(at) => at,
            None => list.asleep.len().checked_sub(1)?,
        };
        let index = list.asleep.swap_remove(at);
        self.word.fetch_sub(ASLEEP - SEARCHING, Ordering::Relaxed);
        Some(index)
    }

    fn needed(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        searching(word) == 0 && asleep(word) > 0
    }

    /// A worker without work asks to search. False if enough others do: it should sleep.
    #[must_use = "only a worker that may search counts as searching"]
    pub fn may_search(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        // The bound is a saving, not an invariant: two may pass the check together.
        if 2 * searching(word) >= self.workers as u64 {
            return false;
        }
        self.word.fetch_add(SEARCHING, Ordering::Relaxed);
        true
    }

    /// A searcher has found something. True if it was the last one: it must look at every queue
    /// once more and post if it sees anything.
    #[must_use = "the last searcher must look once more"]
    pub fn found(&self) -> bool {
        // Release: what this searcher has moved into its own queue is visible to the look of the
        // searcher that remains, whose own change of the word comes later and is followed by a
        // fence.
        let last = searching(self.word.fetch_sub(SEARCHING, Ordering::Release)) == 1;
        if last {
            // Stop, step 2. Orders the lowered count before the look at the queues.
            fence(Ordering::SeqCst);
        }
        last
    }

    /// A worker enters the list; `was_searching` ends its search. True if nobody searches: then it
    /// must look at every queue once more, and [`leave`](Self::leave) again if it sees anything.
    #[must_use = "the last one to look must look"]
    pub fn sleep(&self, index: usize, was_searching: bool, alarm: impl FnOnce(Alarm)) -> bool {
        {
            let mut list = self.list.lock();
            let change = ASLEEP - if was_searching { SEARCHING } else { 0 };
            let word = self
                .word
                .fetch_add(change, Ordering::Relaxed)
                .wrapping_add(change);
            list.asleep.push(index);
            if asleep(word) == self.workers as u64 {
                if let Some(watcher) = list.watcher.take() {
                    alarm(Alarm::Silence(watcher));
                }
            } else if list.watcher.is_none() {
                list.watcher = Some(index);
                alarm(Alarm::Set(index));
            }
        }
        // Sleep, step 2. Orders the entry before the look at the word and the queues.
        fence(Ordering::SeqCst);
        searching(self.word.load(Ordering::Relaxed)) == 0
    }

    /// A worker is awake again, for whatever reason. Every [`sleep`](Self::sleep) is followed by one.
    /// True if a poster took the worker off the list meanwhile: then it counts as searching.
    #[must_use = "a worker that was taken off the list counts as searching"]
    pub fn leave(&self, index: usize, alarm: impl FnOnce(Alarm)) -> bool {
        let mut list = self.list.lock();
        let searching = match list.asleep.iter().position(|&other| other == index) {
            Some(at) => {
                list.asleep.swap_remove(at);
                self.word.fetch_sub(ASLEEP, Ordering::Relaxed);
                false
            }
            None => true,
        };
        if list.watcher == Some(index) {
            list.watcher = None;
        }
        if list.watcher.is_none() {
            list.watcher = list.asleep.last().copied();
            if let Some(sibling) = list.watcher {
                alarm(Alarm::Set(sibling));
            }
        }
        searching
    }
}
