//! Notifications: none is lost, one that is meant for one task goes to one, and what was done
//! before it is seen after it.
//!
//! Checks: `executor/sync/src/notify.rs`

#![cfg(loom)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::Notify;
use pintle_sync::checked::block_on;

struct Shared {
    notify: Notify,
    item: Item,
    flag: AtomicBool,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        notify: Notify::new(),
        item: Drops::new().item(1),
        flag: AtomicBool::new(false),
    })
}

fn is_ready<F: Future>(future: Pin<&mut F>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.poll(&mut cx).is_ready()
}

/// A future that has been polled once, and waits.
/// notifier   write ─ notify one
/// waiter     notified ─ read            whether it waits or finds a permit
#[test]
fn a_notification_is_not_lost_and_carries_what_was_done() {
    model(3, || {
        let shared = shared();
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.item.write();
                shared.notify.notify_one();
            })
        };
        block_on(shared.notify.notified());
        shared.item.read();
        notifier.join().unwrap();
        assert!(!is_ready(pin!(shared.notify.notified())));
    });
}

/// notifier   raise the flag ─ notify one, over a permit that is there
/// waiter     notified ─ look at the flag
#[test]
fn a_permit_that_is_given_twice_carries_what_both_did() {
    model(3, || {
        let shared = shared();
        shared.notify.notify_one();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                block_on(shared.notify.notified());
                // Relaxed: the permit orders it.
                shared.flag.load(Relaxed)
            })
        };
        shared.flag.store(true, Relaxed);
        shared.notify.notify_one();
        let seen = waiter.join().unwrap();
        // Either the second permit is there, or it was merged into the first, which was taken after.
        assert!(seen || is_ready(pin!(shared.notify.notified())));
    });
}

/// notifier   notify one ─ raise the flag ─ notify one
/// waiter     notified ─ look at the flag       finds no permit at first, and one with the lock
#[test]
fn a_permit_that_is_given_twice_while_a_waiter_queues_carries_what_both_did() {
    model(3, || {
        let shared = shared();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let took = is_ready(pin!(shared.notify.notified()));
                !took || shared.flag.load(Relaxed)
            })
        };
        shared.notify.notify_one();
        shared.flag.store(true, Relaxed);
        shared.notify.notify_one();
        let seen = waiter.join().unwrap();
        assert!(seen || is_ready(pin!(shared.notify.notified())));
    });
}

/// notifiers   notify one (both)
/// waiters     notified (both, in the queue)
#[test]
fn two_notifications_wake_two_who_wait() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let waiters = [(); 2].map(|()| starts(notify.clone().notified_owned()));
        let notifier = {
            let notify = notify.clone();
            thread::spawn(move || notify.notify_one())
        };
        notify.notify_one();
        for waiter in waiters {
            block_on(waiter);
        }
        notifier.join().unwrap();
        assert!(!is_ready(pin!(notify.notified())));
    });
}

/// notifier   notify one
/// first      waits ─ drop
/// second     waits, or comes after      is woken, or finds a permit
#[test]
fn a_notification_of_a_waiter_that_is_dropped_goes_to_the_next() {
    for give in [Notify::notify_one, Notify::notify_last] {
        model(3, move || {
            let notify = Arc::new(Notify::new());
            let item = Arc::new(Drops::new().item(1));
            let dropped = starts(notify.clone().notified_owned());
            let leaver = thread::spawn(move || drop(dropped));
            let notifier = {
                let (item, notify) = (item.clone(), notify.clone());
                thread::spawn(move || {
                    item.write();
                    give(&notify);
                })
            };
            block_on(notify.notified());
            item.read();
            leaver.join().unwrap();
            notifier.join().unwrap();
            assert!(!is_ready(pin!(notify.notified())));
        });
    }
}

/// notifier   raise the flag ─ notify all
/// waiter     make ─ look at the flag ─ wait
#[test]
fn who_looks_after_making_a_waiter_misses_no_notification_of_all() {
    model(3, || {
        let shared = shared();
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.flag.store(true, Relaxed);
                shared.notify.notify_waiters();
            })
        };
        let notified = shared.notify.notified();
        if !shared.flag.load(Relaxed) {
            block_on(notified);
            assert!(shared.flag.load(Relaxed));
        }
        notifier.join().unwrap();
    });
}

/// notifier   raise the flag ─ notify all, of whom there is one
/// waiter     make ─ look at the flag ─ wait
#[test]
fn a_call_that_woke_others_carries_what_was_done() {
    model(3, || {
        let shared = shared();
        let mut other = pin!(shared.notify.notified());
        assert!(!other.as_mut().enable());
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.flag.store(true, Relaxed);
                shared.notify.notify_waiters();
            })
        };
        let notified = shared.notify.notified();
        if !shared.flag.load(Relaxed) {
            block_on(notified);
        }
        block_on(other);
        notifier.join().unwrap();
    });
}

/// notifier   raise the flag ─ notify all
/// other      queue ─ leave: the word is theirs now
/// waiter     make ─ look at the flag ─ wait
#[test]
fn who_leaves_hands_on_what_was_done_before_the_calls() {
    model(2, || {
        let shared = shared();
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.flag.store(true, Relaxed);
                shared.notify.notify_waiters();
            })
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || is_ready(pin!(shared.notify.notified())))
        };
        let notified = shared.notify.notified();
        if !shared.flag.load(Relaxed) {
            block_on(notified);
        }
        notifier.join().unwrap();
        other.join().unwrap();
    });
}

/// notifier   raise the flag ─ notify all
/// waiters    enable ─ look at the flag ─ wait (both)
#[test]
fn who_looks_after_enabling_misses_no_notification() {
    model(2, || {
        let shared = shared();
        let waiter = |shared: Arc<Shared>| {
            let mut notified = pin!(shared.notify.notified());
            notified.as_mut().enable();
            if !shared.flag.load(Relaxed) {
                block_on(notified);
            }
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || waiter(shared))
        };
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.flag.store(true, Relaxed);
                shared.notify.notify_waiters();
            })
        };
        waiter(shared);
        other.join().unwrap();
        notifier.join().unwrap();
    });
}

/// notifier   raise the flag ─ notify one
/// waiter     enable ─ look at the flag ─ wait
#[test]
fn who_looks_after_enabling_misses_no_notification_of_one() {
    model(2, || {
        let shared = shared();
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.flag.store(true, Relaxed);
                shared.notify.notify_one();
            })
        };
        let mut notified = pin!(shared.notify.notified());
        notified.as_mut().enable();
        if !shared.flag.load(Relaxed) {
            block_on(notified);
            assert!(shared.flag.load(Relaxed));
        }
        notifier.join().unwrap();
    });
}

/// all      notify all
/// one      notify one
/// waiter   waits            served by either; the permit is there if it was not used
#[test]
fn one_and_all_at_once_leave_at_most_one_permit() {
    model(2, || {
        let shared = shared();
        let mut waiting = pin!(shared.notify.notified());
        assert!(!waiting.as_mut().enable());
        let notifiers = [
            {
                let shared = shared.clone();
                thread::spawn(move || shared.notify.notify_waiters())
            },
            {
                let shared = shared.clone();
                thread::spawn(move || shared.notify.notify_one())
            },
        ];
        block_on(waiting);
        for notifier in notifiers {
            notifier.join().unwrap();
        }
        is_ready(pin!(shared.notify.notified()));
        assert!(!is_ready(pin!(shared.notify.notified())));
    });
}

/// notifier   notify all ─ notify one
/// early      made before ─ waits        told by the first, and leaves the second to the other,
/// late       made after ─ waits         unless it was in the queue for it already
#[test]
fn who_was_notified_with_all_leaves_the_permit_to_who_comes_after() {
    model(3, || {
        let shared = shared();
        let early = shared.notify.notified();
        let notifier = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.notify.notify_waiters();
                shared.item.write();
                shared.notify.notify_one();
            })
        };
        block_on(early);
        block_on(shared.notify.notified());
        shared.item.read();
        notifier.join().unwrap();
        assert!(!is_ready(pin!(shared.notify.notified())));
    });
}

/// permit     is there
/// a          write ─ notify all
/// waiter     made before that ─ is told by a, or takes the permit     if the permit is left, it was a
#[test]
fn who_is_told_with_all_leaves_the_permit_and_sees_what_was_done() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let written = Arc::new(AtomicBool::new(false));
        notify.notify_one();
        let notified = notify.clone().notified_owned();
        let waiter = {
            let written = written.clone();
            thread::spawn(move || {
                block_on(notified);
                written.load(Relaxed)
            })
        };
        written.store(true, Relaxed);
        notify.notify_waiters();
        let saw_it = waiter.join().unwrap();
        // Asked only now, for asking orders, too.
        let was_told_with_all = is_ready(pin!(notify.notified()));
        assert!(saw_it || !was_told_with_all);
    });
}

/// a          notifies all ─ leaves a permit
/// waiter     made before that: told with all, and the permit is for the next
#[test]
fn a_permit_that_comes_after_all_were_told_is_for_the_next() {
    model(3, || {
        let notify = Arc::new(Notify::new());
        let notified = notify.clone().notified_owned();
        let waiter = thread::spawn(move || block_on(notified));
        notify.notify_waiters();
        notify.notify_one();
        waiter.join().unwrap();
        assert!(is_ready(pin!(notify.notified())));
    });
}
