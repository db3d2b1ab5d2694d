//! Where signals come in, and who is told.
//!
//! A signal handler may do next to nothing: `signal-hook`'s notes the number and writes a byte
//! into a pipe. One thread of the process reads that pipe, and wakes the listeners. A thread and
//! not a worker, because a worker may be busy, and its runtime may end, or be a current-thread one
//! that nobody is inside of; a signal is nobody's in particular. It is started with the first
//! listener, sleeps in one `read`, and ends with the process.
//!
//! # Invariants
//!
//! 1. *Counted, not stored.* Each signal has a number of deliveries; a listener remembers which
//!    it has seen. So signals that come while a listener is busy are one for it, and every
//!    listener gets its own news.
//! 2. *No wake is lost.* A delivery counts and takes the wakers under the lock under which a
//!    listener compares and leaves its waker.
//! 3. Wakers are woken, and dropped, with the lock released.
//!
//! Tested in `tests/signal.rs`.

use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals};
use slab::Slab;
use std::collections::BTreeMap;
use std::io;
use std::task::{Context, Poll, Waker};
use std::thread;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    thread: None,
    signals: BTreeMap::new(),
});

struct Registry {
    /// Tells the thread of further signals, once there is one.
    thread: Option<Handle>,
    signals: BTreeMap<i32, Deliveries>,
}

#[derive(Default)]
struct Deliveries {
    count: u64,
    listeners: Slab<Option<Waker>>,
}

impl Registry {
    fn watch(&mut self, signal: i32) -> io::Result<()> {
        let thread = match &self.thread {
            Some(thread) => thread,
            None => self.thread.insert(start_thread()?),
        };
        thread.add_signal(signal)
    }

    fn deliveries(&mut self, signal: i32) -> &mut Deliveries {
        self.signals
            .get_mut(&signal)
            .expect("a listener made the entry, which stays")
    }
}

fn start_thread() -> io::Result<Handle> {
    let mut signals = Signals::new(std::iter::empty::<i32>())?;
    let handle = signals.handle();
    thread::Builder::new()
        .name("pintle-signal".into())
        .spawn(move || signals.forever().for_each(deliver))?;
    Ok(handle)
}

fn deliver(signal: i32) {
    let mut batch = WakeBatch::new();
    if let Some(deliveries) = REGISTRY.lock().signals.get_mut(&signal) {
        deliveries.count += 1;
        let wakers = deliveries.listeners.iter_mut();
        wakers
            .filter_map(|(_, waker)| waker.take())
            .for_each(|waker| batch.push(waker));
    }
    batch.wake_all();
}

/// Somebody who wants to hear of a signal.
#[derive(Debug)]
pub(super) struct Listener {
    signal: i32,
    key: usize,
    /// How many deliveries it knows of.
    seen: u64,
}

impl Listener {
    pub(super) fn new(signal: i32) -> io::Result<Self> {
        // What `signal-hook` has room for.
        if FORBIDDEN.contains(&signal) || !(1..128).contains(&signal) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("signal {signal} cannot be listened to"),
            ));
        }
        let mut registry = REGISTRY.lock();
        registry.watch(signal)?;
        let deliveries = registry.signals.entry(signal).or_default();
        Ok(Self {
            signal,
            key: deliveries.listeners.insert(None),
            seen: deliveries.count,
        })
    }

    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut registry = REGISTRY.lock();
        let deliveries = registry.deliveries(self.signal);
        if deliveries.count != self.seen {
            self.seen = deliveries.count;
            return Poll::Ready(());
        }
        let stale = match &mut deliveries.listeners[self.key] {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            slot => slot.replace(cx.waker().clone()),
        };
        drop(registry);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut registry = REGISTRY.lock();
        let waker = registry.deliveries(self.signal).listeners.remove(self.key);
        drop(registry);
        drop(waker);
    }
}
