//! Time in a model, and what a modelled thread sleeps in until then.
//!
//! Time stands still while anything can happen without it. When everybody sleeps or is blocked, it
//! jumps to the earliest deadline of a sleeper. So a timer never fires early for want of luck: a
//! model that awaits a `timeout` gets it only if the rest is stuck.
//!
//! To notice that moment somebody must be awake. One of the sleepers, the *watchman*, does not really
//! sleep but yields, again and again; loom lets it run only when nobody else can. (One and not all:
//! loom would go through every order in which sleepers that yield can take turns, for ever.)
//!
//! Being woken orders the waker before the sleeper, as it does with an operating system's poll; that
//! the product's own words suffice without is what the models of `loom-tests` with a bed of their own
//! show. Nothing else here orders anything: all modelled threads are one thread to the operating
//! system, so plain cells will do.

use super::sync::atomic::{AtomicBool, Ordering::Relaxed};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How many looks of the watchman must have found nothing before time jumps.
const QUIET: u32 = 3;

/// As many, and no deadline in sight: nobody will ever be woken.
const STUCK: u32 = 30;

/// When all models begin.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

crate::thread_local! {
    /// How often this thread has yielded.
    static YIELDS: Cell<u32> = const { Cell::new(0) };
}

std::thread_local! {
    static ROOM: Room = const { Room::new() };
}

/// The time of the model.
pub fn now() -> Instant {
    *START + ROOM.with(|room| room.passed.get())
}

/// Lets others run. True if nobody else could: of two threads that can run loom takes the one that has
/// yielded less often, so that is for one to say who has yielded most.
pub(super) fn yield_last() -> bool {
    let yields = YIELDS.get() + 1;
    YIELDS.set(yields);
    loom::thread::yield_now();
    ROOM.with(|room| {
        let most = room.most.replace(room.most.get().max(yields));
        yields > most
    })
}

/// Forgets a run that has failed: its threads are never heard of again, and so never leave their beds.
pub(super) fn start_anew() {
    ROOM.with(Room::clear);
}

/// All beds of one run.
struct Room {
    passed: Cell<Duration>,
    beds: RefCell<Slab<Sleeper>>,
    watchman: Cell<Option<usize>>,
    /// Looks of the watchman in a row that have found nothing.
    quiet: Cell<u32>,
    /// The most that any thread has yielded.
    most: Cell<u32>,
}

#[derive(Default)]
struct Sleeper {
    woken: bool,
    asleep: bool,
    until: Option<Instant>,
    /// Blocked, and to be unparked once.
    parked: Option<loom::thread::Thread>,
}

impl Sleeper {
    fn unpark(&mut self) {
        if let Some(thread) = self.parked.take() {
            thread.unpark();
        }
    }
}

impl Room {
    const fn new() -> Self {
        Self {
            passed: Cell::new(Duration::ZERO),
            beds: RefCell::new(Slab::new()),
            watchman: Cell::new(None),
            quiet: Cell::new(0),
            most: Cell::new(0),
        }
    }

    fn add(&self) -> usize {
        self.beds.borrow_mut().insert(Sleeper::default())
    }

    fn remove(&self, key: usize) {
        self.beds.borrow_mut().try_remove(key);
        if self.beds.borrow().is_empty() {
            self.clear();
        }
    }

    fn clear(&self) {
        self.beds.borrow_mut().clear();
        self.passed.set(Duration::ZERO);
        self.watchman.set(None);
        self.quiet.set(0);
        self.most.set(0);
    }

    fn with<R>(&self, key: usize, f: impl FnOnce(&mut Sleeper) -> R) -> R {
        f(&mut self.beds.borrow_mut()[key])
    }

    /// Whether the sleeper `key` has to watch.
    fn watches(&self, key: usize) -> bool {
        if self.watchman.get().is_none() {
            self.watchman.set(Some(key));
        }
        self.watchman.get() == Some(key)
    }

    /// The watchman is the only one that can run, and is not woken.
    fn look(&self) {
        let quiet = self.quiet.get() + 1;
        self.quiet.set(quiet);
        let earliest = {
            let beds = self.beds.borrow();
            let sleepers = beds.iter().filter(|(_, sleeper)| sleeper.asleep);
            sleepers.filter_map(|(_, sleeper)| sleeper.until).min()
        };
        match earliest {
            Some(earliest) if quiet >= QUIET => self.jump(earliest),
            None if quiet >= STUCK => panic!(
                "the model is stuck: everybody sleeps or is blocked, no timer is set, and nobody \
                 is left who could wake anyone"
            ),
            _ => {}
        }
    }

    fn jump(&self, to: Instant) {
        let passed = to.saturating_duration_since(*START);
        self.passed.set(self.passed.get().max(passed));
        self.quiet.set(0);
        for (_, sleeper) in &mut *self.beds.borrow_mut() {
            if sleeper.until.is_some_and(|until| until <= to) {
                sleeper.unpark();
            }
        }
    }

    fn get_up(&self, key: usize) {
        self.quiet.set(0);
        self.with(key, |sleeper| sleeper.asleep = false);
        if self.watchman.get() == Some(key) {
            self.watchman.set(None);
            // Another one takes the watch over.
            let mut beds = self.beds.borrow_mut();
            let next = beds.iter_mut().find(|(_, sleeper)| sleeper.asleep);
            if let Some((key, sleeper)) = next {
                self.watchman.set(Some(key));
                sleeper.unpark();
            }
        }
    }
}

/// Where a modelled thread sleeps: a wake-up that comes first is kept, two are one.
#[derive(Debug)]
pub struct Bed {
    key: usize,
    /// So that the model knows who comes after whom; accessed once on each side.
    woken: AtomicBool,
}

impl Bed {
    /// Makes a bed.
    pub fn new() -> Self {
        Self {
            key: ROOM.with(Room::add),
            woken: AtomicBool::new(false),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Sleeper) -> R) -> R {
        ROOM.with(|room| room.with(self.key, f))
    }

    /// Ends this sleep or the next.
    pub fn wake(&self) {
        self.woken.swap(true, Relaxed);
        self.with(|sleeper| {
            sleeper.woken = true;
            sleeper.unpark();
        });
    }

    /// Whether a sleep would end at once.
    pub fn is_woken(&self) -> bool {
        self.with(|sleeper| sleeper.woken)
    }

    /// Takes the wake-up, if there is one.
    pub fn take(&self) -> bool {
        if !self.is_woken() {
            return false;
        }
        self.woken.swap(false, Relaxed);
        self.with(|sleeper| std::mem::take(&mut sleeper.woken))
    }

    /// Sleeps until woken, or until then. The wake-up stays for [`take`](Self::take).
    pub fn sleep(&self, until: Option<Instant>) {
        self.with(|sleeper| {
            sleeper.asleep = true;
            sleeper.until = until;
        });
        while !self.is_woken() && until.is_none_or(|until| now() < until) {
            if ROOM.with(|room| room.watches(self.key)) {
                let is_last = yield_last();
                if is_last && !self.is_woken() {
                    ROOM.with(Room::look);
                }
            } else {
                self.with(|sleeper| sleeper.parked = Some(loom::thread::current()));
                loom::thread::park();
            }
        }
        ROOM.with(|room| room.get_up(self.key));
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        ROOM.with(|room| room.remove(self.key));
    }
}
