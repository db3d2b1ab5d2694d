//! Readiness: an event that has come is not erased by who looked before it came, and nobody waits
//! for what has happened.
//!
//! The kernel is a counter of bytes with relaxed accesses: what a reader may count on is ordered by
//! the source's own word, or not at all. A wake that is lost shows as a deadlock.
//!
//! Checks: `reactor/src/source.rs`

#![cfg(loom)]

use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::model;
use pintle_reactor::checked::{Direction, Interest, Ready, ReadyEvent, Source};
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::{Condvar, Mutex};

/// A source that a driver serves, and the bytes that have come for it.
struct Socket {
    source: Source,
    arrived: AtomicUsize,
}

fn socket(assumed: Ready) -> Arc<Socket> {
    let source = Source::new();
    source.settle(assumed);
    Arc::new(Socket {
        source,
        arrived: AtomicUsize::new(0),
    })
}

impl Socket {
    /// A byte comes, and the driver's turn that tells of it.
    fn arrive(&self) {
        self.arrived.fetch_add(1, Relaxed);
        self.tell();
    }

    fn tell(&self) {
        let mut batch = WakeBatch::new();
        self.source.set_ready(Ready::READABLE, false, &mut batch);
        batch.wake_all();
    }

    fn orphan(&self) {
        let mut batch = WakeBatch::new();
        self.source.orphan(&mut batch);
        batch.wake_all();
    }

    /// What `Registered` does with an event: reads all there is into a buffer with room to spare.
    /// Answers how much there was in all.
    fn read(&self, taken: usize, event: ReadyEvent) -> usize {
        let arrived = self.arrived.load(Relaxed);
        if arrived == taken {
            self.source.retract(event);
        } else {
            self.source.clear(event);
        }
        arrived
    }
}

#[derive(Default)]
struct Task {
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Wake for Task {
    fn wake(self: std::sync::Arc<Self>) {
        *self.woken.lock() = true;
        self.bell.notify_one();
    }
}

/// Polls until ready, asleep in between until woken. Asleep, not spinning: there are models with
/// two who wait, and two who spin can keep each other company for ever.
fn block_on<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let task = std::sync::Arc::new(Task::default());
    let waker = Waker::from(task.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = poll(&mut cx) {
            return output;
        }
        let mut woken = task.woken.lock();
        while !std::mem::take(&mut *woken) {
            task.bell.wait(&mut woken);
        }
    }
}

/// driver: byte 1, set_ready | byte 2, set_ready
/// reader:      event, read       , clear or retract, wait
///
/// The reader's event is older than what it clears, unless the tick says so: it would then wait
/// for a byte that has come.
#[test]
fn an_event_is_not_erased_by_who_has_read_before_it() {
    model(3, || {
        // As after a registration: worth a try, although nobody has said so.
        let socket = socket(Ready::READABLE);
        let driver = thread::spawn({
            let socket = socket.clone();
            move || {
                socket.arrive();
                socket.arrive();
            }
        });
        let mut taken = 0;
        while taken < 2 {
            let event = block_on(|cx| socket.source.poll_ready(cx, Direction::Read));
            taken = socket.read(taken, event);
        }
        driver.join().unwrap();
    });
}

/// driver:       set_ready, look for wakers
/// reader: look,                            leave a waker, look again
#[test]
fn who_waits_in_a_slot_hears_of_the_event() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        let driver = thread::spawn({
            let socket = socket.clone();
            move || socket.arrive()
        });
        let event = block_on(|cx| socket.source.poll_ready(cx, Direction::Read));
        assert_eq!(socket.read(0, event), 1);
        driver.join().unwrap();
    });
}

/// driver:          set_ready, look for wakers
/// one:    look, wait                       , look
/// other:        look, leave a waker
///
/// Both are told, whichever came first, and only one finds the byte: the other's mistake must not
/// cost it the next one.
#[test]
fn all_who_wait_among_many_hear_of_the_event() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        let wait = |socket: &Socket| {
            let mut place = socket.source.readiness(Interest::READABLE);
            let event = block_on(|cx| place.poll(cx));
            assert_eq!(event.ready(), Ready::READABLE);
        };
        let other = thread::spawn({
            let socket = socket.clone();
            move || wait(&socket)
        });
        let driver = thread::spawn({
            let socket = socket.clone();
            move || socket.arrive()
        });
        wait(&socket);
        other.join().unwrap();
        driver.join().unwrap();
    });
}

/// driver:                 set_ready, look for wakers
/// leaver: leave a waker,             go away
/// stayer:              leave a waker in the next place, or in the leaver's
#[test]
fn who_goes_away_takes_nobody_elses_wake_along() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        let leaver = thread::spawn({
            let socket = socket.clone();
            move || {
                let mut place = socket.source.readiness(Interest::READABLE);
                let _ = place.poll(&mut Context::from_waker(Waker::noop()));
                drop(place);
            }
        });
        let driver = thread::spawn({
            let socket = socket.clone();
            move || socket.arrive()
        });
        let mut place = socket.source.readiness(Interest::READABLE);
        block_on(|cx| place.poll(cx));
        leaver.join().unwrap();
        driver.join().unwrap();
    });
}

/// driver:       set ORPHANED, look for wakers
/// reader: look,                               leave a waker, look again
#[test]
fn nobody_waits_for_a_driver_that_is_gone() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        let driver = thread::spawn({
            let socket = socket.clone();
            move || socket.orphan()
        });
        let other = thread::spawn({
            let socket = socket.clone();
            move || {
                let mut place = socket.source.readiness(Interest::WRITABLE);
                assert!(block_on(|cx| place.poll(cx)).is_orphaned());
            }
        });
        let event = block_on(|cx| socket.source.poll_ready(cx, Direction::Read));
        assert!(event.is_orphaned());
        driver.join().unwrap();
        other.join().unwrap();
    });
}

/// one driver: set_ready
/// another:             set ORPHANED
///
/// A driver that is being dropped may mark a source that has moved on already.
#[test]
fn an_event_and_the_end_of_a_driver_do_not_hide_each_other() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        let driver = thread::spawn({
            let socket = socket.clone();
            move || socket.arrive()
        });
        socket.orphan();
        driver.join().unwrap();
        let event = block_on(|cx| socket.source.poll_ready(cx, Direction::Read));
        assert!(event.is_orphaned() && event.ready().is_readable());
    });
}

/// A descriptor's registration, as the kernel and `Registered` know it.
struct House {
    socket: Arc<Socket>,
    /// Whether a driver is home. The kernel tells of what has come by then, and of what comes later.
    registered: Mutex<bool>,
}

impl House {
    fn settle(&self) {
        let mut registered = self.registered.lock();
        if self.socket.source.is_orphaned() {
            self.socket.source.settle(Ready::EMPTY);
            *registered = true;
            // What `EPOLL_CTL_ADD` reports is told by a turn of the driver, which may come at any
            // time; here it comes at once, before the table is unlocked.
            if self.socket.arrived.load(Relaxed) > 0 {
                self.socket.tell();
            }
        }
    }

    fn wait(&self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<ReadyEvent>) -> usize {
        let mut taken = 0;
        while taken == 0 {
            let event = block_on(&mut poll);
            if event.is_orphaned() {
                self.settle();
            } else {
                taken = self.socket.arrived.load(Relaxed);
                if taken == 0 {
                    self.socket.source.retract(event);
                }
            }
        }
        taken
    }
}

/// old home: orphan, wake
/// kernel:           a byte comes      , set_ready of the new home
/// tasks:    wait, are woken, one settles and registers, both wait again
#[test]
fn a_move_loses_neither_the_waiting_nor_the_event() {
    // Four threads: three preemptions take a minute, and find nothing that two do not.
    model(2, || {
        let house = Arc::new(House {
            socket: socket(Ready::EMPTY),
            registered: Mutex::new(true),
        });
        let old_home = thread::spawn({
            let house = house.clone();
            move || {
                let mut registered = house.registered.lock();
                *registered = false;
                house.socket.orphan();
            }
        });
        let kernel = thread::spawn({
            let house = house.clone();
            move || {
                let registered = house.registered.lock();
                house.socket.arrived.fetch_add(1, Relaxed);
                if *registered {
                    house.socket.tell();
                }
            }
        });
        let other = thread::spawn({
            let house = house.clone();
            move || {
                let mut place = house.socket.source.readiness(Interest::READABLE);
                assert_eq!(house.wait(|cx| place.poll(cx)), 1);
            }
        });
        let source = &house.socket.source;
        assert_eq!(house.wait(|cx| source.poll_ready(cx, Direction::Read)), 1);
        for thread in [old_home, kernel, other] {
            thread.join().unwrap();
        }
    });
}

// rescuer    tells of an event
// owner                         tells of another │ goes away
#[test]
fn a_source_knows_whether_it_was_rescued_and_whether_it_is_an_orphan() {
    model(3, || {
        let socket = socket(Ready::EMPTY);
        assert!(!socket.source.is_rescued() && !socket.source.is_orphaned());
        let rescuer = {
            let socket = socket.clone();
            thread::spawn(move || {
                let mut batch = WakeBatch::new();
                socket.source.set_ready(Ready::READABLE, true, &mut batch);
                batch.wake_all();
                socket.source.is_rescued()
            })
        };
        let rescued = rescuer.join().unwrap();
        assert!(rescued && socket.source.is_rescued());
        socket.tell();
        assert!(!socket.source.is_rescued());
        socket.orphan();
        assert!(socket.source.is_orphaned());
    });
}
