//! The one-word sleep flag: a notify is never lost, and costs a system call only when the worker
//! really sleeps.
//!
//! The worker's side is always the same four steps: `prepare`, sleep if that said so, `awake`, look.
//!
//! Checks: `executor/src/park.rs`

#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle::checked::park::Parker;
use pintle_loom_tests::{Bed, Drops, model};

/// A worker's flag, the poll it sleeps in, and a word for each thread that leaves something. The
/// words are relaxed: only the flag orders them.
struct Worker {
    parker: Parker,
    bed: Bed,
    left: [AtomicUsize; 2],
}

impl Worker {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            parker: Parker::new(),
            bed: Bed::new(),
            left: [AtomicUsize::new(0), AtomicUsize::new(0)],
        })
    }

    /// What another thread does.
    fn leave(&self, which: usize) {
        self.left[which].store(1, Relaxed);
        self.notify();
    }

    fn notify(&self) {
        if self.parker.notify() {
            self.bed.wake();
        }
    }

    fn found(&self) -> usize {
        self.left.iter().map(|left| left.load(Relaxed)).sum()
    }

    /// What the worker does, until it has found that many. The first `naps` sleeps end by
    /// themselves, as if a timer had fired.
    fn look_until(&self, wanted: usize, naps: usize) {
        let mut nap = 0;
        while self.found() < wanted {
            if self.parker.prepare() {
                if nap < naps {
                    nap += 1;
                    let _ = self.bed.peek();
                } else {
                    self.bed.sleep();
                }
            }
            self.parker.awake();
        }
    }
}

/// other    leave ─ notify ─ (wake)
/// worker   look ─ prepare ─ sleep ─ awake ─ look
#[test]
fn a_notify_during_the_last_look_keeps_the_worker_from_sleeping_through() {
    model(3, || {
        let worker = Worker::new();
        let other = {
            let worker = worker.clone();
            thread::spawn(move || worker.leave(0))
        };
        worker.look_until(1, 0);
        other.join().unwrap();
        assert!(worker.bed.wakes() <= worker.bed.sleeps());
    });
}

/// other    write ─ notify ─ (wake)
/// worker        prepare ─ sleep ─ awake ─ read
#[test]
fn what_was_left_before_a_notify_is_there_after_awake() {
    model(3, || {
        let worker = Worker::new();
        let drops = Drops::new();
        let item = Arc::new(drops.item(1));
        let other = {
            let (worker, item) = (worker.clone(), item.clone());
            thread::spawn(move || {
                item.write();
                worker.notify();
            })
        };
        if worker.parker.prepare() {
            worker.bed.sleep();
        }
        worker.parker.awake();
        item.read();
        other.join().unwrap();
    });
}

/// other a   leave ─ notify ─ (wake)
/// other b       leave ─ notify ─ (wake)
/// worker    look ─ prepare ─ sleep ─ awake ─ look ─ …      both are found; one call a sleep
#[test]
fn two_notifies_are_both_found_and_wake_a_sleeper_once() {
    model(3, || {
        let worker = Worker::new();
        let others: Vec<_> = (0..2)
            .map(|which| {
                let worker = worker.clone();
                thread::spawn(move || worker.leave(which))
            })
            .collect();
        worker.look_until(2, 0);
        for other in others {
            other.join().unwrap();
        }
        assert!(worker.bed.wakes() <= worker.bed.sleeps());
    });
}

/// other a   leave ─ notify ─ (wake)
/// other b       leave ─ notify ─ (wake)
/// worker    look ─ prepare ─ its own timer ─ awake ─ look ─ …
#[test]
fn a_worker_that_wakes_by_itself_still_finds_what_was_left() {
    model(3, || {
        let worker = Worker::new();
        let others: Vec<_> = (0..2)
            .map(|which| {
                let worker = worker.clone();
                thread::spawn(move || worker.leave(which))
            })
            .collect();
        worker.look_until(2, 1);
        for other in others {
            other.join().unwrap();
        }
    });
}

/// other a, b   leave ─ notify
/// worker       busy ─ ─ ─ ─ ─ ─ ─ prepare (refused) ─ awake ─ look
#[test]
fn a_running_worker_is_notified_without_a_system_call() {
    model(3, || {
        let worker = Worker::new();
        let others: Vec<_> = (0..2)
            .map(|which| {
                let worker = worker.clone();
                thread::spawn(move || worker.leave(which))
            })
            .collect();
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(worker.bed.wakes(), 0);
        assert!(!worker.parker.prepare());
        worker.parker.awake();
        assert_eq!(worker.found(), 2);
        assert!(worker.parker.prepare());
    });
}
