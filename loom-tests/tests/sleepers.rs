//! Searching and sleeping: no task is left behind while somebody sleeps, nobody is woken for
//! nothing, and one sleeper keeps the watch.
//!
//! The queues are Chase–Lev deques on modelled atomics, and the sleep flag is the real one. A worker
//! here is the protocol of `executor/src/steal/README.md` and nothing else: a *busy* one pushes,
//! posts and never looks again; an *idle* one searches and sleeps until it has a task, and is then
//! busy. So a task that nobody is told of leaves an idle worker asleep for ever, and the model does
//! not end.
//!
//! Checks: `executor/src/steal/`

#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use pintle::checked::park::Parker;
use pintle::checked::queue::Inbox;
use pintle::checked::queue::deque::{Steal, Stealer, Worker};
use pintle::checked::steal::{Alarm, Sleepers};
use pintle::checked::task::Task;
use pintle_loom_tests::{Bed, Once, Tasks, model};
use pintle_sync::shim::time;
use std::time::{Duration, Instant};

type Queue = Worker<Task<Once>>;

/// Where a worker sleeps.
struct Bunk {
    parker: Parker,
    bed: Bed,
    /// When it rings: in nanoseconds from the beginning, and 0 if it does not.
    alarm: AtomicU64,
}

/// What all workers share. Only those queues are looked at that a model puts something into.
struct Shared {
    sleepers: Sleepers,
    bunks: Vec<Bunk>,
    queues: Vec<Stealer<Task<Once>>>,
    inboxes: Vec<Inbox<Once>>,
    began: Instant,
}

fn share(workers: usize, queues: &[&Queue]) -> Arc<Shared> {
    share_all(workers, queues, 0)
}

fn share_all(workers: usize, queues: &[&Queue], inboxes: usize) -> Arc<Shared> {
    let bunk = |_| Bunk {
        parker: Parker::new(),
        bed: Bed::new(),
        alarm: AtomicU64::new(0),
    };
    Arc::new(Shared {
        sleepers: Sleepers::new(workers),
        bunks: (0..workers).map(bunk).collect(),
        queues: queues.iter().map(|queue| queue.stealer()).collect(),
        inboxes: (0..inboxes).map(|_| Inbox::new()).collect(),
        began: time::now(),
    })
}

impl Shared {
    /// Tasks were made visible: wakes the worker that the protocol names.
    fn post(&self) {
        if let Some(index) = self.sleepers.post() {
            self.notify(index);
        }
    }

    fn notify(&self, index: usize) {
        if self.bunks[index].parker.notify() {
            self.bunks[index].bed.wake();
        }
    }

    /// A task from a thread that is no worker: to a sleeper if one must be woken anyway, otherwise
    /// to the first worker.
    fn deal(&self, task: Task<Once>) {
        match self.sleepers.post() {
            Some(index) => {
                self.inboxes[index].push(task).unwrap();
                self.notify(index);
            }
            None => {
                self.inboxes[0].push(task).unwrap();
                self.post();
            }
        }
    }

    /// The look at every queue.
    fn anything(&self) -> bool {
        self.queues.iter().any(|queue| !queue.is_empty())
            || self.inboxes.iter().any(|inbox| !inbox.is_empty())
    }

    /// Goes round the queues once. What it finds and does not run itself ends up in `own`.
    fn steal(&self, own: &Queue) -> Option<Task<Once>> {
        let queued = self.queues.iter().any(|queue| {
            loop {
                match queue.steal_batch(own) {
                    Steal::Success(()) => return true,
                    Steal::Empty => return false,
                    Steal::Retry => {}
                }
            }
        });
        if !queued {
            let inbox = self.inboxes.iter().find(|inbox| !inbox.is_empty())?;
            inbox.take_all().for_each(|task| own.push(task));
        }
        own.pop()
    }

    /// A worker that has become idle, until it has a task.
    fn idle(&self, me: usize, own: &Queue) -> Task<Once> {
        let searching = self.sleepers.may_search();
        self.go_on(me, own, searching)
    }

    fn go_on(&self, me: usize, own: &Queue, mut searching: bool) -> Task<Once> {
        loop {
            if searching && let Some(task) = self.steal(own) {
                self.stop_searching();
                return task;
            }
            let look = self.sleepers.sleep(me, searching, None, |_| {});
            searching = self.sleep(me, look);
        }
    }

    /// In the list: one more look, unless that is somebody else's, then the poll. Says whether to
    /// search on.
    fn sleep(&self, me: usize, look: bool) -> bool {
        let Bunk { parker, bed, .. } = &self.bunks[me];
        if !(look && self.anything()) && parker.prepare() {
            bed.sleep();
        }
        parker.awake();
        self.sleepers.leave(me, |_| {}) || self.sleepers.may_search()
    }

    fn stop_searching(&self) {
        if self.sleepers.found() && self.anything() {
            self.post();
        }
    }
}

/// busy   push ─ fence ─ read the word: nobody asleep ─ done
/// idle   search ─ ─ ─ ─ ─ enter the list ─ fence ─ look ─ sleep
#[test]
fn a_post_against_a_worker_that_falls_asleep_leaves_no_task_behind() {
    model(3, || {
        let tasks = Tasks::new();
        let (queue, own) = (Worker::new_fifo(), Worker::new_fifo());
        let shared = share(2, &[&queue]);
        let idle = {
            let shared = shared.clone();
            thread::spawn(move || shared.idle(1, &own).run())
        };
        queue.push(tasks.make(1));
        shared.post();
        idle.join().unwrap();
        assert_eq!(tasks.ran(), [1]);
    });
}

/// busy a, b   push ─ post
/// idle c, d   in the list ─ look ─ sleep ─ …      both tasks are taken
#[test]
fn two_posts_against_two_idle_workers_leave_no_task_behind() {
    model(1, || {
        let tasks = Tasks::new();
        let (first, second) = (Worker::new_fifo(), Worker::new_fifo());
        let shared = share(4, &[&first, &second]);
        let idle = [2, 3].map(|me| {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            let look = shared.sleepers.sleep(me, false, None, |_| {});
            thread::spawn(move || {
                let searching = shared.sleep(me, look);
                shared.go_on(me, &own, searching).run();
            })
        });
        let busy = {
            let (shared, tasks) = (shared.clone(), tasks.clone());
            thread::spawn(move || {
                second.push(tasks.make(2));
                shared.post();
            })
        };
        first.push(tasks.make(1));
        shared.post();
        busy.join().unwrap();
        for idle in idle {
            idle.join().unwrap();
        }
        assert_eq!(tasks.ran_sorted(), [1, 2]);
    });
}

/// busy     push ─ post ─ push ─ post: somebody searches ─ done
/// idle a          woken ─ search ─ finds one ─ stops ─ looks ─ wakes b
/// idle b                                                      asleep ─ woken
#[test]
fn a_searcher_that_found_something_hands_the_search_on() {
    model(2, || {
        let tasks = Tasks::new();
        let queue = Worker::new_fifo();
        let shared = share(3, &[&queue]);
        let idle = [1, 2].map(|me| {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            thread::spawn(move || shared.idle(me, &own).run())
        });
        for name in [1, 2] {
            queue.push(tasks.make(name));
            shared.post();
        }
        for idle in idle {
            idle.join().unwrap();
        }
        assert_eq!(tasks.ran_sorted(), [1, 2]);
    });
}

/// busy     push ─ push ─ post: a searches ─ done
/// idle a   searching ─ finds one ─ stops ─ fence ─ looks ─ wakes b
/// idle b   enters the list ─ fence ─ somebody searches: does not look ─ sleep
#[test]
fn a_worker_that_leaves_the_last_look_to_a_searcher_is_not_forgotten() {
    model(3, || {
        let tasks = Tasks::new();
        let queue = Worker::new_fifo();
        let shared = share(3, &[&queue]);
        assert!(shared.sleepers.may_search());
        let idle = [(1, true), (2, false)].map(|(me, searching)| {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            thread::spawn(move || shared.go_on(me, &own, searching).run())
        });
        for name in [1, 2] {
            queue.push(tasks.make(name));
        }
        shared.post();
        for idle in idle {
            idle.join().unwrap();
        }
        assert_eq!(tasks.ran_sorted(), [1, 2]);
    });
}

/// busy     push 1..=3 ─ post ─ pop one
/// idle a   takes two at once ─ one into its own queue ─ stops: b still searches ─ done
/// idle b   finds nothing ─ enters the list ─ fence ─ look: there is one at a's
#[test]
fn what_a_thief_takes_into_its_own_queue_is_not_left_there() {
    model(2, || {
        let tasks = Tasks::new();
        let queue = Worker::new_fifo();
        let own = [Worker::new_fifo(), Worker::new_fifo()];
        // Four workers, so that two may search at a time.
        let shared = share(4, &[&queue, &own[0], &own[1]]);
        for name in 1..=3 {
            queue.push(tasks.make(name));
        }
        let mut me = 0;
        let idle = own.map(|own| {
            me += 1;
            let (shared, me) = (shared.clone(), me);
            thread::spawn(move || shared.idle(me, &own).run())
        });
        shared.post();
        let popped = queue.pop();
        for idle in idle {
            idle.join().unwrap();
        }
        // A thief may keep one: it is at work, and would run it next.
        drop((popped, queue, shared));
        assert_eq!(tasks.dropped(), 3);
    });
}

/// outside   post: nobody asleep ─ push into the busy worker's inbox ─ post
/// idle      search ─ ─ ─ ─ enter the list ─ fence ─ look ─ sleep
#[test]
fn a_task_from_outside_is_not_left_in_a_busy_workers_inbox() {
    model(3, || {
        let tasks = Tasks::new();
        let shared = share_all(2, &[], 2);
        let idle = {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            thread::spawn(move || shared.idle(1, &own).run())
        };
        shared.deal(tasks.make(1));
        idle.join().unwrap();
        assert_eq!(tasks.ran(), [1]);
    });
}

/// outside   post: takes a off the list ─ push into a's inbox ─ wake ─ post: a searches ─ push
/// idle a    in the list ─ sleep ─ woken
/// idle b    in the list ─ sleep ─ woken by a, or from outside
#[test]
fn two_tasks_from_outside_are_found_by_two_sleepers() {
    model(2, || {
        let tasks = Tasks::new();
        let shared = share_all(3, &[], 3);
        let idle = [1, 2].map(|me| {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            let look = shared.sleepers.sleep(me, false, None, |_| {});
            thread::spawn(move || {
                let searching = shared.sleep(me, look);
                shared.go_on(me, &own, searching).run();
            })
        });
        for name in [1, 2] {
            shared.deal(tasks.make(name));
        }
        for idle in idle {
            idle.join().unwrap();
        }
        assert_eq!(tasks.ran_sorted(), [1, 2]);
    });
}

/// outside   post: takes a off the list ─ ─ ─ ─ ─ ─ ─ push into a's inbox ─ wake
/// idle a    wakes by itself ─ search: nothing yet ─ enter the list ─ look ─ sleep
#[test]
fn a_sleeper_that_is_chosen_before_its_task_is_there_still_finds_it() {
    model(3, || {
        let tasks = Tasks::new();
        let shared = share_all(2, &[], 2);
        let _ = shared.sleepers.sleep(1, false, None, |_| {});
        let idle = {
            let (shared, own) = (shared.clone(), Worker::new_fifo());
            thread::spawn(move || {
                shared.bunks[1].parker.awake();
                let searching = shared.sleepers.leave(1, |_| {}) || shared.sleepers.may_search();
                shared.go_on(1, &own, searching).run();
            })
        };
        shared.deal(tasks.make(1));
        idle.join().unwrap();
        assert_eq!(tasks.ran(), [1]);
    });
}

/// busy a, b   push ─ post        one of them wakes c or d, the other sees the searcher
/// c, d        asleep
#[test]
fn two_posts_at_once_wake_one_sleeper() {
    model(3, || {
        let shared = share(4, &[]);
        for index in [2, 3] {
            let _ = shared.sleepers.sleep(index, false, None, |_| {});
        }
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.sleepers.post())
        };
        let one = shared.sleepers.post();
        let other = other.join().unwrap();
        assert!(one.is_some() != other.is_some());

        let woken = one.or(other).unwrap();
        assert!(shared.sleepers.leave(woken, |_| {}));
        assert!(shared.sleepers.found());
        // The other one still sleeps, and is next.
        assert_eq!(shared.sleepers.post(), Some(5 - woken));
    });
}

/// a            searching
/// busy b, c    push ─ post: there is a searcher ─ done
/// d            asleep, and stays so
#[test]
fn nobody_is_woken_while_somebody_searches() {
    model(3, || {
        let shared = share(4, &[]);
        let _ = shared.sleepers.sleep(3, false, None, |_| {});
        assert!(shared.sleepers.may_search());
        let others: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || shared.sleepers.post())
            })
            .collect();
        for other in others {
            assert_eq!(other.join().unwrap(), None);
        }
        assert!(shared.sleepers.found());
        assert_eq!(shared.sleepers.post(), Some(3));
    });
}

/// busy   post: takes c off the list and counts it as searching
/// c      wakes by itself at that moment ─ leave
#[test]
fn a_sleeper_that_wakes_by_itself_is_counted_once() {
    model(3, || {
        let shared = share(2, &[]);
        let _ = shared.sleepers.sleep(1, false, None, |_| {});
        let poster = {
            let shared = shared.clone();
            thread::spawn(move || shared.sleepers.post())
        };
        let searching = shared.sleepers.leave(1, |_| {});
        let chosen = poster.join().unwrap().is_some();
        assert_eq!(searching, chosen);
        if chosen {
            assert!(shared.sleepers.found());
        }
        // Nobody is asleep and nobody searches.
        assert_eq!(shared.sleepers.post(), None);
        assert!(shared.sleepers.may_search());
        assert!(shared.sleepers.found());
    });
}

impl Shared {
    /// An alarm is a timer of the operating system: it hands over nothing, and never goes backwards.
    fn set(&self, alarm: Alarm) {
        match alarm {
            Alarm::Set(index, rings) => {
                let rings = rings.saturating_duration_since(self.began).as_nanos() as u64;
                assert_ne!(rings, 0);
                self.bunks[index].alarm.swap(rings, Relaxed)
            }
            Alarm::Silence(index) => self.bunks[index].alarm.swap(0, Relaxed),
        };
    }

    fn lie_down(&self, me: usize) {
        let _ = self
            .sleepers
            .sleep(me, false, None, |alarm| self.set(alarm));
    }

    /// Falls asleep, to wake up long after all that happens.
    fn lie_down_for_long(&self, me: usize) {
        let wakes = Some(self.began + LONG);
        let _ = self
            .sleepers
            .sleep(me, false, wakes, |alarm| self.set(alarm));
    }

    fn get_up(&self, me: usize) {
        let _ = self.sleepers.leave(me, |alarm| self.set(alarm));
    }

    /// The watcher's alarm rings.
    fn ring(&self, me: usize) {
        assert_ne!(self.bunks[me].alarm.swap(0, Relaxed), 0);
        self.get_up(me);
    }

    /// Those whose alarms ring before anybody wakes up who means to sleep for long.
    fn alarms(&self) -> Vec<usize> {
        self.alarms_in(1..LONG.as_nanos() as u64)
    }

    fn alarms_in(&self, when: std::ops::Range<u64>) -> Vec<usize> {
        (0..self.bunks.len())
            .filter(|&index| when.contains(&self.bunks[index].alarm.load(Relaxed)))
            .collect()
    }
}

const LONG: Duration = Duration::from_secs(3600);

/// a, b   asleep ─ ─ ─ wake, one after the other: the watch goes to b and then back to c
/// c      asleep, keeps the watch
/// d      falls asleep: the last one ─ silences c
#[test]
fn a_watch_that_ends_as_another_begins_is_not_silenced() {
    model(3, || {
        let shared = share(4, &[]);
        let [a, b, c, d] = [0, 1, 2, 3];
        // So that the watch is c's, and would come to c again if a and b woke.
        shared.lie_down(b);
        shared.lie_down(c);
        shared.lie_down(a);
        shared.ring(b);
        shared.lie_down(b);
        assert_eq!(shared.alarms(), [c]);

        let last = {
            let shared = shared.clone();
            thread::spawn(move || shared.lie_down(d))
        };
        shared.get_up(a);
        shared.get_up(b);
        last.join().unwrap();
        let mut alarms = shared.alarms();
        // That of b may be set, to no effect: b is awake.
        alarms.retain(|&index| index != b);
        assert_eq!(alarms, [c]);
    });
}

/// a   busy
/// b   keeps the watch ─ rings ─ wakes
/// c   falls asleep
#[test]
fn a_watcher_that_wakes_leaves_the_watch_to_one_that_falls_asleep() {
    model(3, || {
        let shared = share(3, &[]);
        shared.lie_down(1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.lie_down(2))
        };
        shared.ring(1);
        other.join().unwrap();
        assert_eq!(shared.alarms(), [2]);
    });
}

/// a   busy ─ post: takes the watcher off the list, for want of another
/// b   keeps the watch ─ ─ ─ ─ woken ─ leave
/// c   falls asleep
#[test]
fn a_watcher_that_is_sent_searching_leaves_the_watch_behind() {
    model(3, || {
        let shared = share(3, &[]);
        shared.lie_down(1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.lie_down(2))
        };
        let woken = shared.sleepers.post().unwrap();
        shared.get_up(woken);
        other.join().unwrap();
        let sleeper = if woken == 1 { 2 } else { 1 };
        assert!(shared.alarms().contains(&sleeper));
    });
}

/// a, b, c   fall asleep
#[test]
fn when_all_sleep_nobody_keeps_the_watch() {
    model(3, || {
        let shared = share(3, &[]);
        let others = [1, 2].map(|me| {
            let shared = shared.clone();
            thread::spawn(move || shared.lie_down(me))
        });
        shared.lie_down(0);
        for other in others {
            other.join().unwrap();
        }
        assert!(shared.alarms().is_empty());
    });
}

/// a   asleep, keeps the watch
/// b   asleep ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ wakes, perhaps before c sleeps
/// c   falls asleep: perhaps the last one ─ puts the watch off until long after
#[test]
fn a_watch_that_is_put_off_is_brought_forward_by_one_that_wakes() {
    model(3, || {
        let shared = share(3, &[]);
        shared.lie_down(0);
        shared.lie_down(1);
        assert_eq!(shared.alarms(), [0]);
        let last = {
            let shared = shared.clone();
            thread::spawn(move || shared.lie_down_for_long(2))
        };
        shared.get_up(1);
        last.join().unwrap();
        assert_eq!(shared.alarms(), [0]);
    });
}

/// a      asleep, keeps the watch, which c has put off
/// b, c   asleep ─ wake, both before the time
#[test]
fn of_two_that_wake_at_once_one_brings_the_watch_forward() {
    model(3, || {
        let shared = share(3, &[]);
        shared.lie_down(0);
        shared.lie_down(1);
        shared.lie_down_for_long(2);
        assert!(shared.alarms().is_empty());
        assert_eq!(shared.alarms_in(1..u64::MAX), [0]);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.get_up(1))
        };
        shared.get_up(2);
        other.join().unwrap();
        assert_eq!(shared.alarms(), [0]);
    });
}

/// a   asleep, keeps the watch, which b has put off ─ rings, for b sleeps longer than it meant to
/// b   asleep ─ wakes meanwhile
#[test]
fn a_watch_that_was_put_off_and_rings_is_kept_by_somebody_as_long_as_one_is_awake() {
    model(3, || {
        let shared = share(2, &[]);
        shared.lie_down(0);
        shared.lie_down_for_long(1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.get_up(1))
        };
        shared.ring(0);
        shared.lie_down(0);
        other.join().unwrap();
        assert!(shared.alarms().contains(&0));
    });
}

/// a   asleep, keeps the watch
/// b   falls asleep ─ wakes when it meant to
#[test]
fn who_wakes_when_it_meant_to_finds_the_watch_set() {
    model(3, || {
        let shared = share(2, &[]);
        shared.lie_down(0);
        let wakes = Some(shared.began);
        let _ = shared
            .sleepers
            .sleep(1, false, wakes, |alarm| shared.set(alarm));
        assert_eq!(shared.alarms(), [0]);
        let _ = shared.sleepers.leave(1, |_| panic!("set again"));
    });
}

/// a   asleep, keeps the watch
/// b   asleep, but briefly ─ awake ─ asleep ─ awake
#[test]
fn who_sleeps_but_briefly_time_and_again_leaves_the_watch_set() {
    model(3, || {
        let shared = share(2, &[]);
        shared.lie_down(0);
        shared.lie_down(1);
        assert!(shared.alarms().is_empty());
        shared.get_up(1);
        assert_eq!(shared.alarms(), [0]);
        let again = |_| panic!("set or silenced");
        let _ = shared.sleepers.sleep(1, false, None, again);
        let _ = shared.sleepers.leave(1, again);
    });
}
