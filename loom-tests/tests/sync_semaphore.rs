//! The semaphore: permits are neither lost nor doubled, who waits is woken, and what was done under
//! a permit is seen by who gets it next. A wake-up that is lost is a deadlock, which the model
//! reports.
//!
//! Checks: `executor/sync/src/semaphore/`, `executor/sync/src/wait_list.rs`

#![cfg(loom)]

use std::sync::Arc;

use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::checked::block_on;
use pintle_sync::{Semaphore, TryAcquireError};

/// A semaphore, and an item that only who holds all its permits may touch.
struct Shared {
    semaphore: Semaphore,
    item: Item,
}

fn shared(permits: usize) -> Arc<Shared> {
    Arc::new(Shared {
        semaphore: Semaphore::new(permits),
        item: Drops::new().item(1),
    })
}

/// a   acquire ─ write ─ release
/// b      acquire ─ write ─ release
#[test]
fn what_is_done_under_a_permit_is_seen_by_who_gets_it_next() {
    model(3, || {
        let shared = shared(1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || {
                let _permit = block_on(shared.semaphore.acquire()).unwrap();
                shared.item.write();
            })
        };
        {
            let _permit = block_on(shared.semaphore.acquire()).unwrap();
            shared.item.write();
        }
        other.join().unwrap();
        assert_eq!(shared.semaphore.available_permits(), 1);
    });
}

/// a   try_acquire ─ write ─ release
/// b   try_acquire ─ write ─ release       the quick paths alone
#[test]
fn a_permit_that_is_tried_for_is_had_by_one() {
    model(3, || {
        let shared = shared(1);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared
                    .semaphore
                    .try_acquire()
                    .map(|_| shared.item.write())
                    .is_ok()
            })
        };
        let ours = shared
            .semaphore
            .try_acquire()
            .map(|_| shared.item.write())
            .is_ok();
        assert!(other.join().unwrap() || ours);
        assert_eq!(shared.semaphore.available_permits(), 1);
    });
}

/// a, b    write half ─ add one
/// c       acquire two ─ read          one permit may be put aside before the other comes
#[test]
fn who_wants_many_sees_what_each_giver_did() {
    model(3, || {
        let shared = shared(0);
        let items = Arc::new([Drops::new().item(1), Drops::new().item(2)]);
        let givers: Vec<_> = (0..2)
            .map(|which| {
                let (shared, items) = (shared.clone(), items.clone());
                thread::spawn(move || {
                    items[which].write();
                    shared.semaphore.add_permits(1);
                })
            })
            .collect();
        block_on(shared.semaphore.acquire_many(2)).unwrap().forget();
        for item in items.iter() {
            item.read();
        }
        for giver in givers {
            giver.join().unwrap();
        }
        assert_eq!(shared.semaphore.available_permits(), 0);
    });
}

/// giver    write ─ add three
/// waiter   acquire two, in the queue
/// other    try_acquire: one of what is left in the word ─ read
#[test]
fn what_is_left_for_the_word_after_serving_carries_what_was_done() {
    model(3, || {
        let shared = shared(0);
        let waiting = starts(shared.semaphore.acquire_many(2));
        let other = {
            let shared = shared.clone();
            thread::spawn(move || match shared.semaphore.try_acquire() {
                Ok(permit) => {
                    permit.forget();
                    shared.item.read();
                    1
                }
                Err(_) => 0,
            })
        };
        shared.item.write();
        shared.semaphore.add_permits(3);
        block_on(waiting).unwrap().forget();
        let taken = other.join().unwrap();
        assert_eq!(shared.semaphore.available_permits(), 1 - taken);
    });
}

/// giver    write ─ add
/// first    waits ─ drop
/// second   acquire ─ read            whoever wins the race between the two
#[test]
fn a_permit_for_a_waiter_that_is_dropped_goes_to_the_next() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let item = Arc::new(Drops::new().item(1));
        let first = starts(semaphore.clone().acquire_owned());
        let second = starts(semaphore.clone().acquire_owned());
        let giver = {
            let (semaphore, item) = (semaphore.clone(), item.clone());
            thread::spawn(move || {
                item.write();
                semaphore.add_permits(1);
            })
        };
        let leaver = thread::spawn(move || drop(first));
        let permit = block_on(second).unwrap();
        item.read();
        drop(permit);
        giver.join().unwrap();
        leaver.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}

/// giver    add one
/// big      waits for three, has one ─ drop
/// small    acquire two
#[test]
fn what_a_dropped_waiter_had_put_aside_is_not_lost() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(1));
        let big = starts(semaphore.clone().acquire_many_owned(3));
        let leaver = thread::spawn(move || drop(big));
        let giver = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.add_permits(1))
        };
        block_on(semaphore.acquire_many(2)).unwrap().forget();
        leaver.join().unwrap();
        giver.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
    });
}

/// closer   write ─ close
/// waiter   acquire ─ error ─ read
#[test]
fn nobody_waits_for_a_semaphore_that_is_closed() {
    model(3, || {
        let shared = shared(0);
        let closer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.item.write();
                shared.semaphore.close();
            })
        };
        assert!(block_on(shared.semaphore.acquire()).is_err());
        shared.item.read();
        assert!(shared.semaphore.is_closed());
        closer.join().unwrap();
        assert_eq!(shared.semaphore.available_permits(), 0);
    });
}

/// closer   write ─ close
/// other    is closed? ─ read       by each way to find out
#[test]
fn who_finds_it_closed_sees_what_the_closer_did() {
    model(3, || {
        let shared = shared(0);
        let closer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.item.write();
                shared.semaphore.close();
            })
        };
        if shared.semaphore.try_acquire().unwrap_err() == TryAcquireError::Closed {
            shared.item.read();
        }
        if shared.semaphore.is_closed() {
            shared.item.read();
        }
        closer.join().unwrap();
    });
}

/// closer   write ─ close, with a waiter in the queue
/// other    is closed? ─ read
#[test]
fn a_close_that_turns_waiters_away_carries_what_the_closer_did() {
    model(3, || {
        let shared = shared(0);
        let waiting = starts(shared.semaphore.acquire());
        let closer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.item.write();
                shared.semaphore.close();
            })
        };
        if shared.semaphore.is_closed() {
            shared.item.read();
        }
        assert!(block_on(waiting).is_err());
        shared.item.read();
        closer.join().unwrap();
    });
}

/// closer   close
/// giver    add
/// waiter   acquire        gets it, or not, and the permit is there in either case
#[test]
fn a_close_and_a_permit_at_once_lose_nothing() {
    model(2, || {
        let shared = shared(0);
        let threads = [
            {
                let shared = shared.clone();
                thread::spawn(move || shared.semaphore.close())
            },
            {
                let shared = shared.clone();
                thread::spawn(move || shared.semaphore.add_permits(1))
            },
        ];
        drop(block_on(shared.semaphore.acquire()));
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.semaphore.available_permits(), 1);
    });
}

/// holder   write ─ release
/// other    available? or forget ─ write
#[test]
fn who_finds_a_permit_back_or_takes_it_away_sees_what_was_done_under_it() {
    let is_back: [fn(&Semaphore) -> bool; 2] = [
        |semaphore| semaphore.available_permits() == 1,
        |semaphore| semaphore.forget_permits(1) == 1,
    ];
    for is_back in is_back {
        model(3, move || {
            let shared = shared(0);
            let other = {
                let shared = shared.clone();
                thread::spawn(move || {
                    if is_back(&shared.semaphore) {
                        shared.item.write();
                    }
                })
            };
            shared.item.write();
            shared.semaphore.add_permits(1);
            other.join().unwrap();
        });
    }
}

/// big      waits for two
/// giver    add ─ add
/// thief    try_acquire         gets nothing while somebody waits, or comes first
#[test]
fn nobody_steals_what_is_put_aside() {
    model(3, || {
        let shared = shared(0);
        let big = starts(shared.semaphore.acquire_many(2));
        let giver = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.semaphore.add_permits(1);
                shared.semaphore.add_permits(1);
            })
        };
        assert!(shared.semaphore.try_acquire().is_err());
        assert_eq!(shared.semaphore.forget_permits(1), 0);
        block_on(big).unwrap().forget();
        giver.join().unwrap();
    });
}

/// closer   write ─ close
/// other    takes a permit, or is turned away ─ read
#[test]
fn who_is_turned_away_at_a_closed_semaphore_sees_what_its_closer_did() {
    model(3, || {
        let shared = shared(1);
        let closer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.item.write();
                shared.semaphore.close();
            })
        };
        if let Err(error) = shared.semaphore.try_acquire() {
            assert_eq!(error, TryAcquireError::Closed);
            shared.item.read();
        }
        closer.join().unwrap();
        // A permit is there, and is for nobody any more.
        assert_eq!(shared.semaphore.available_permits(), 1);
        assert_eq!(
            shared.semaphore.try_acquire().unwrap_err(),
            TryAcquireError::Closed
        );
        assert!(shared.semaphore.is_closed());
    });
}

/// a   forgets a permit
/// b   takes a permit and keeps it   each is gone once
#[test]
fn permits_that_are_forgotten_and_taken_at_once_are_gone_once_each() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(3));
        let other = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.forget_permits(1))
        };
        semaphore.try_acquire().unwrap().forget();
        assert_eq!(other.join().unwrap(), 1);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

/// a   finds none │ locks the list ──┬── takes one, and leaves the other
/// b         gives two ──────────────┘
#[test]
fn who_finds_more_than_it_wants_on_its_way_to_the_queue_leaves_the_rest() {
    model(3, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let other = {
            let semaphore = semaphore.clone();
            thread::spawn(move || semaphore.add_permits(2))
        };
        block_on(semaphore.acquire()).unwrap().forget();
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
        semaphore.try_acquire().unwrap().forget();
        assert!(semaphore.try_acquire().is_err());
    });
}
