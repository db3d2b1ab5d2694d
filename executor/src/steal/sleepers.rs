//! Who sleeps, who searches, who keeps the watch. The protocol and its proof are in `README.md`.

use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::sync::atomic::{AtomicU64, Ordering, fence};
use pintle_sync::shim::time;
use std::time::{Duration, Instant};

/// How long a worker may leave its drivers alone before siblings step in. Also the period of the
/// watch, so an event at a stuck worker waits this long at most twice over.
pub const WATCH: Duration = Duration::from_millis(1);

/// How long after a planned wake-up the alarm rings: the worker may need a moment to wake up, and what
/// is too early for it to be found stuck is a ring in vain.
const AFTER_PLANNED: Duration = Duration::from_micros(1125);

/// The word: searching workers in the low half, sleeping ones in the high half.
const SEARCHING: u64 = 1;
const ASLEEP: u64 = 1 << 32;

fn searching(word: u64) -> u64 {
    word & (ASLEEP - 1)
}

fn asleep(word: u64) -> u64 {
    word >> 32
}

/// If all sleep for less than this, they will soon be woken again: the alarm may stay as it is, for
/// the next one to find it set.
const BRIEF: Duration = Duration::from_micros(250);

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
    watch: Option<Watch>,
    /// Since when all sleep.
    all_since: Option<Instant>,
    /// Whether all slept but briefly last time.
    brief: bool,
}

/// A sleeper's alarm is set.
#[derive(Debug, Clone, Copy)]
struct Watch {
    keeper: usize,
    rings: Instant,
}

impl List {
    fn set_watch(&mut self, keeper: usize, rings: Instant, alarm: impl FnOnce(Alarm)) {
        self.watch = Some(Watch { keeper, rings });
        alarm(Alarm::Set(keeper, rings));
    }
}

/// What must happen to a worker's alarm. Done under the lock of the list, so that alarms change in
/// the order in which the watch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// The worker keeps the watch: set it to ring then.
    Set(usize, Instant),
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
                watch: None,
                all_since: None,
                brief: false,
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
        let watcher = list.watch.map(|watch| watch.keeper);
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

    /// A worker enters the list; `was_searching` ends its search. It will get up at `wakes`, if not before.
    /// True if nobody searches: then it must look at every queue once more, and
    /// [`leave`](Self::leave) again if it sees anything.
    #[must_use = "the last one to look must look"]
    pub fn sleep(
        &self,
        index: usize,
        was_searching: bool,
        wakes: Option<Instant>,
        alarm: impl FnOnce(Alarm),
    ) -> bool {
        {
            let mut list = self.list.lock();
            let change = ASLEEP - if was_searching { SEARCHING } else { 0 };
            let word = self
                .word
                .fetch_add(change, Ordering::Relaxed)
                .wrapping_add(change);
            list.asleep.push(index);
            if asleep(word) < self.workers as u64 {
                if list.watch.is_none() {
                    list.set_watch(index, time::now() + WATCH, alarm);
                }
            } else {
                let now = time::now();
                list.all_since = Some(now);
                match (list.watch, wakes) {
                    (Some(watch), Some(wakes)) if !list.brief => {
                        // Who is late already needs that moment all the same.
                        let wakes = wakes.max(now);
                        list.set_watch(watch.keeper, wakes + AFTER_PLANNED, alarm);
                    }
                    (Some(watch), None) if !list.brief => {
                        list.watch = None;
                        alarm(Alarm::Silence(watch.keeper));
                    }
                    _ => {}
                }
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
        list.watch.take_if(|watch| watch.keeper == index);
        let now = time::now();
        let all_since = list.all_since.take();
        if let Some(since) = all_since {
            list.brief = now.saturating_duration_since(since) < BRIEF;
        }
        // Who finds somebody awake finds the watch kept, unless the keeper has overslept. Who finds all
        // asleep may find an alarm that is left from before: one that rings too early would ring in vain.
        let is_set = |watch: Watch| {
            let in_time = match all_since {
                None => now <= watch.rings + WATCH,
                Some(_) => now + WATCH / 2 <= watch.rings,
            };
            in_time && watch.rings <= now + AFTER_PLANNED
        };
        let keeper = match list.watch {
            Some(watch) if is_set(watch) => None,
            Some(watch) => Some(watch.keeper),
            None => list.asleep.last().copied(),
        };
        if let Some(keeper) = keeper {
            list.set_watch(keeper, now + WATCH, alarm);
        }
        searching
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// What a change sets the alarm to.
    fn told(change: impl FnOnce(&mut dyn FnMut(Alarm))) -> Option<Alarm> {
        let mut told = None;
        change(&mut |alarm| told = Some(alarm));
        told
    }

    fn sleeps(sleepers: &Sleepers, index: usize, wakes: Option<Instant>) -> Option<Alarm> {
        told(|set| {
            let _ = sleepers.sleep(index, false, wakes, set);
        })
    }

    fn wakes(sleepers: &Sleepers, index: usize) -> Option<Alarm> {
        told(|set| {
            let _ = sleepers.leave(index, set);
        })
    }

    fn rings(alarm: Option<Alarm>, keeper: usize) -> Instant {
        match alarm {
            Some(Alarm::Set(index, rings)) if index == keeper => rings,
            other => panic!("the alarm of {keeper} is not set: {other:?}"),
        }
    }

    #[test]
    fn who_wants_to_be_woken_at_once_puts_the_watch_off_from_now() {
        let sleepers = Sleepers::new(2);
        assert!(sleeps(&sleepers, 0, None).is_some());
        let now = time::now();
        let past = now.checked_sub(WATCH * 10).expect("the system is up");
        assert!(rings(sleeps(&sleepers, 1, Some(past)), 0) >= now + AFTER_PLANNED);
    }

    #[test]
    fn a_watch_that_was_put_off_is_brought_forward_by_whoever_wakes() {
        let sleepers = Sleepers::new(3);
        for index in [0, 1] {
            let _ = sleeps(&sleepers, index, None);
        }
        let later = time::now() + WATCH * 1000;
        assert!(rings(sleeps(&sleepers, 2, Some(later)), 0) > later);
        assert!(rings(wakes(&sleepers, 1), 0) < later);
    }

    #[test]
    fn the_watch_of_one_who_has_overslept_is_set_again_by_whoever_wakes() {
        let sleepers = Sleepers::new(3);
        let first = rings(sleeps(&sleepers, 0, None), 0);
        let _ = sleeps(&sleepers, 1, None);
        while time::now() <= first + WATCH {
            std::thread::yield_now();
        }
        assert!(rings(wakes(&sleepers, 1), 0) > first + WATCH);
    }
}
