//! The wait list: whoever is served is told once, and nobody touches a node that is not theirs.
//!
//! Items notice when they are read, written or dropped out of order, so they stand for the memory
//! of the node that they lie in: a node that is freed while another thread is at it is a race.
//!
//! Checks: `executor/sync/src/wait_list.rs`

#![cfg(loom)]

use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use loom::sync::Arc;
use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::checked::{WaitList, Waiter};

type List = WaitList<Item>;

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bell {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A waiter, queued. Lists in a model are leaked: only loom's `Arc` is watched, and only std's
/// keeps a list.
fn queued(list: &'static List, item: Item) -> Pin<Box<Waiter<&'static List>>> {
    let mut waiter = Box::pin(Waiter::new(list, item));
    waiter.as_mut().enter().push_back(None);
    waiter
}

fn list() -> (&'static List, Freed) {
    let list = Box::into_raw(Box::new(List::new()));
    // SAFETY: it was just made, and is freed by `Freed`, which the model drops last.
    (unsafe { &*list }, Freed(list))
}

struct Freed(*mut List);

impl Drop for Freed {
    fn drop(&mut self) {
        // SAFETY: as said in `list`.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// server   pop ─ write item ─ flag
/// owner    look at the flag ─ read item       without the lock
#[test]
fn what_the_server_did_is_seen_by_an_owner_that_takes_no_lock() {
    model(3, || {
        let (list, _freed) = list();
        let drops = Drops::new();
        let mut waiter = queued(list, drops.item(1));
        let server = thread::spawn(move || list.lock().pop_front(|item| item.write()).is_some());
        while waiter.as_mut().item().is_none() {
            thread::yield_now();
        }
        waiter.as_mut().item().unwrap().read();
        drop(waiter);
        assert_eq!(drops.count(), 1);
        assert!(server.join().unwrap());
    });
}

/// server   pop ─ write item ─ flag
/// owner    drop ─ look at the flag ─ (lock ─ unlink) ─ free
#[test]
fn a_waiter_that_is_dropped_while_it_is_served_is_left_alone() {
    model(3, || {
        let (list, _freed) = list();
        let drops = Drops::new();
        let waiter = queued(list, drops.item(1));
        let server = thread::spawn(move || list.lock().pop_front(|item| item.write()));
        drop(waiter);
        server.join().unwrap();
        assert_eq!(drops.count(), 1);
        assert!(list.lock().is_empty());
    });
}

/// front    drop
/// middle   ─ ─ ─ stays: its links are changed from both sides
/// back     drop
/// server   pop one
#[test]
fn neighbours_that_leave_at_once_leave_the_chain_whole() {
    model(2, || {
        let (list, _freed) = list();
        let drops = Drops::new();
        let front = queued(list, drops.item(1));
        let mut middle = queued(list, drops.item(2));
        let back = queued(list, drops.item(3));
        let leavers = [
            thread::spawn(move || drop(front)),
            thread::spawn(move || drop(back)),
        ];
        let served = list.lock().pop_back(|item| item.write());
        assert!(served.is_some());
        for leaver in leavers {
            leaver.join().unwrap();
        }
        let left = list.lock().with_front(|item| item.name);
        assert_eq!(left, middle.as_mut().item().is_none().then_some(2));
        drop(middle);
        assert!(list.lock().is_empty());
        assert_eq!(drops.count(), 3);
    });
}

/// server   pop ─ wake what it was given
/// owner    keep another waker ─ look        woken by the new one, or told that it is served
#[test]
fn a_waker_that_is_changed_while_it_is_woken_is_not_lost() {
    model(3, || {
        let (list, _freed) = list();
        let drops = Drops::new();
        let (old, new) = (StdArc::<Bell>::default(), StdArc::<Bell>::default());
        let mut waiter = Box::pin(Waiter::new(list, drops.item(1)));
        let waker = Waker::from(old.clone());
        waiter.as_mut().enter().push_back(Some(waker));
        let server = thread::spawn(move || {
            let waker = list.lock().pop_front(|item| item.write()).flatten();
            waker.expect("there is always one").wake();
        });
        let is_queued = waiter.as_mut().keep_waker(&Waker::from(new.clone()));
        server.join().unwrap();
        if is_queued {
            assert_eq!((old.count(), new.count()), (0, 1));
        } else {
            assert_eq!((old.count(), new.count()), (1, 0));
            waiter.as_mut().item().unwrap().read();
        }
    });
}

/// a   queue ─ drop
/// b   queue ─ drop
#[test]
fn waiters_come_and_go_at_once() {
    model(3, || {
        let (list, _freed) = list();
        let drops = Arc::new(Drops::new());
        let threads: Vec<_> = (1..=2)
            .map(|name| {
                let item = drops.item(name);
                thread::spawn(move || {
                    let mut waiter = queued(list, item);
                    assert!(waiter.as_mut().item().is_none());
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(list.lock().is_empty());
        assert_eq!(drops.count(), 2);
    });
}
