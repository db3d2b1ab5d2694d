//! One worker's reactor: a `mio::Poll` and the sources it serves.
//!
//! The owner sleeps in [`Driver::turn`]; any thread may register, deregister and unpark; a
//! sibling may step in with [`Driver::try_turn`] while the owner is busy elsewhere. Nothing is
//! woken here: wakers are collected into the caller's batch.
//!
//! # Rules
//!
//! 1. Locks are taken in the order poll, table, waiters of a source; and never held while a waker
//!    is woken or dropped.
//! 2. Registering does not need the poll lock: the owner may be asleep in it.
//! 3. A descriptor is in the operating system's poll for exactly as long as it is in the table,
//!    and what both say of it changes under the table's lock. So no event reaches a source that
//!    has left, and none is delivered for a descriptor whose number has been given to another.
//! 4. What a sibling finds that was meant for the owner (a call to wake, the watch) is passed on.
//!
//! # Sleeping
//!
//! A wait with a deadline is ended by a `timerfd` on Linux, which is exact; elsewhere, and while no
//! descriptor is left for one, by the poll's own limit, which is in whole milliseconds. It is made
//! when it is first needed, and set only when the deadline is another than the one it is set to; and
//! never taken back: a timer cancelled by its owner may ring once for nothing. Waiting without a
//! deadline makes one system call, the wait itself.

use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::unix::SourceFd;
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::{Mutex, MutexGuard};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::alarm::Alarm;
use crate::ready::{Interest, Ready};
use crate::source::Source;
use crate::table::Table;
use crate::token::{ALARM, Token, UNPARK, WATCH};
use crate::turn::{Turn, Wait};

/// One worker's reactor: a poll of the operating system and the sources that it serves.
///
/// The owner turns it, any thread may register, deregister and unpark, and a sibling may step in
/// while the owner is busy. Wakers are collected into the caller's batch, which is to be woken when
/// nothing is locked.
///
/// ```
/// use pintle_reactor::{Driver, Wait};
/// use pintle_sync::WakeBatch;
/// use std::time::{Duration, Instant};
///
/// let driver = Driver::new(256)?;
/// let mut batch = WakeBatch::new();
/// let deadline = Instant::now() + Duration::from_micros(300);
/// while Instant::now() < deadline {
///     driver.turn(Wait::Until(deadline), &mut batch)?;
/// }
/// batch.wake_all();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Driver {
    poll: Mutex<Poller>,
    registry: mio::Registry,
    /// Whether sources should move away when they can.
    transient: bool,
    table: Mutex<Table>,
    unpark: mio::Waker,
    watch: Option<Alarm>,
}

struct Poller {
    poll: mio::Poll,
    events: mio::Events,
    /// What ends a wait with a deadline.
    alarm: Option<Alarm>,
    /// What the alarm is set to, if it has not rung yet.
    armed: Option<Instant>,
    /// The watch rang while a sibling polled.
    missed_watch: bool,
}

/// What of the driver's own was among the events.
#[derive(Default)]
struct Own {
    unpark: bool,
    alarm: bool,
    watch: bool,
}

impl Driver {
    /// Makes a driver that takes up to `events_capacity` events from the operating system at once.
    ///
    /// # Errors
    ///
    /// If the process is out of descriptors (it takes three, and one more for deadlines if it can get
    /// it), or the kernel of memory.
    pub fn new(events_capacity: usize) -> io::Result<Arc<Self>> {
        Self::open(events_capacity, false, false)
    }

    /// Makes a driver whose owner may be told to keep the watch, by [`ring_after`](Self::ring_after). It
    /// takes a descriptor more.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_watching(events_capacity: usize) -> io::Result<Arc<Self>> {
        Self::open(events_capacity, false, true)
    }

    /// Makes a driver for a thread that may turn to other things at any time. The sources it serves
    /// move, as if they had been rescued, as soon as they have to wait on another driver's thread.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_transient(events_capacity: usize) -> io::Result<Arc<Self>> {
        Self::open(events_capacity, true, false)
    }

    fn open(events_capacity: usize, transient: bool, watching: bool) -> io::Result<Arc<Self>> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        Ok(Arc::new(Self {
            unpark: mio::Waker::new(&registry, UNPARK)?,
            watch: match watching {
                true => Alarm::open(&registry, WATCH)?,
                false => None,
            },
            registry,
            transient,
            table: Mutex::new(Table::default()),
            poll: Mutex::new(Poller {
                poll,
                events: mio::Events::with_capacity(events_capacity),
                alarm: None,
                armed: None,
                missed_watch: false,
            }),
        }))
    }

    /// The owner's turn: waits for events, hands them to their sources and collects the wakers of
    /// the tasks that waited for them. An unpark, a signal or a timer that has since been
    /// cancelled may end the wait early.
    ///
    /// # Errors
    ///
    /// Those of the operating system's poll; being interrupted by a signal is not one.
    pub fn turn(&self, wait: Wait, batch: &mut WakeBatch) -> io::Result<Turn> {
        let mut poller = self.poll.lock();
        let limit = self.limit(&mut poller, wait)?;
        let (mut turn, _) = self.poll(&mut poller, limit, self.transient, batch)?;
        turn.watch |= std::mem::take(&mut poller.missed_watch);
        Ok(turn)
    }

    /// The owner is about to turn with [`Wait::Until(deadline)`](Wait::Until): what has to be told to the
    /// operating system for that is told now. So the timer is set before another one that is to ring
    /// later, which is cheaper: each timer that comes first of all has to be told to the hardware.
    ///
    /// # Errors
    ///
    /// Those of the operating system; none is expected.
    pub fn will_wait_until(&self, deadline: Instant) -> io::Result<()> {
        let mut poller = self.poll.lock();
        self.limit(&mut poller, Wait::Until(deadline)).map(drop)
    }

    /// A sibling's turn, while the owner is busy: never waits, and does nothing at all (`None`)
    /// if someone is in the poll. The sources it wakes are marked as rescued, so that they
    /// move to where their tasks now run.
    ///
    /// # Errors
    ///
    /// As [`turn`](Self::turn).
    pub fn try_turn(&self, batch: &mut WakeBatch) -> io::Result<Option<Turn>> {
        let Some(mut poller) = self.poll.try_lock() else {
            return Ok(None);
        };
        let (turn, own) = self.poll(&mut poller, Some(Duration::ZERO), true, batch)?;
        poller.missed_watch |= own.watch;
        if own.unpark || own.watch {
            // The owner may be about to fall asleep, counting on this.
            self.unpark()?;
        }
        Ok(Some(Turn {
            watch: false,
            ..turn
        }))
    }

    /// Ends the owner's current wait, or its next one. One system call.
    ///
    /// # Errors
    ///
    /// Those of the operating system; none is expected.
    pub fn unpark(&self) -> io::Result<()> {
        self.unpark.wake()
    }

    /// Whether something has happened that the next turn will see, while the owner may be in the
    /// poll. One system call; an answer that cannot be had is no.
    pub fn has_news(&self) -> bool {
        self.poll_for_news(Some(&Timespec::default()))
    }

    /// Waits until [`has_news`](Self::has_news), or for less; at most for `limit`. Takes nothing in.
    pub fn wait_for_news(&self, limit: Option<Duration>) {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        self.poll_for_news(limit.as_ref());
    }

    /// A poll can itself be polled, by threads that are not in it.
    fn poll_for_news(&self, limit: Option<&Timespec>) -> bool {
        let mut poll = [PollFd::new(&self.registry, PollFlags::IN)];
        matches!(rustix::event::poll(&mut poll, limit), Ok(1..))
    }

    /// Sets the watch: once `after` has passed, the owner's wait ends and its turn says so. One
    /// system call.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported), if the driver was not made
    /// [for it](Self::new_watching), or the system has no `timerfd`. Those of the system; none is expected.
    pub fn ring_after(&self, after: Duration) -> io::Result<()> {
        self.watch()?.ring_after(after)
    }

    /// Takes the watch back, if it has not rung. One system call.
    ///
    /// # Errors
    ///
    /// As [`ring_after`](Self::ring_after).
    pub fn silence(&self) -> io::Result<()> {
        self.watch()?.silence()
    }

    fn watch(&self) -> io::Result<&Alarm> {
        self.watch.as_ref().ok_or_else(|| {
            let what = "this driver keeps no watch: make it with `Driver::new_watching`, on Linux";
            io::Error::new(io::ErrorKind::Unsupported, what)
        })
    }

    /// Starts serving a source, edge-triggered in both directions: the operating system reports
    /// at once what is ready by now.
    ///
    /// # Errors
    ///
    /// Those of the operating system (for example, a plain file cannot be waited for), or if the
    /// driver has been orphaned.
    pub fn register(
        &self,
        source: &Arc<Source>,
        fd: RawFd,
        interest: Interest,
    ) -> io::Result<Token> {
        let mut table = self.table.lock();
        let token = table.insert(fd, source.clone())?;
        let registered = self
            .registry
            .register(&mut SourceFd(&fd), token.pack(), to_mio(interest));
        if let Err(error) = registered {
            let entry = table.remove(token);
            drop(table);
            drop(entry);
            return Err(error);
        }
        Ok(token)
    }

    /// Stops serving a source; when this returns, no event will reach it from here. Does nothing
    /// if the driver has been orphaned. Call it before the descriptor is closed.
    pub fn deregister(&self, token: Token) {
        let mut table = self.table.lock();
        let entry = table.remove(token);
        if let Some(entry) = &entry {
            // Fails only if the descriptor was closed behind our back, and is gone then too.
            let _ = self.registry.deregister(&mut SourceFd(&entry.fd));
        }
        drop(table);
        // May drop the source and the wakers in it.
        drop(entry);
    }

    /// Closes down: ends every wait on every source, so that they register anew where they are
    /// polled next, and refuses registrations from now on.
    pub fn orphan(&self, batch: &mut WakeBatch) {
        let mut table = self.table.lock();
        let entries = table.close();
        for (_, entry) in &entries {
            let _ = self.registry.deregister(&mut SourceFd(&entry.fd));
            entry.source.orphan(batch);
        }
        drop(table);
        drop(entries);
    }

    /// How many sources are served now.
    pub fn len(&self) -> usize {
        self.table.lock().len()
    }

    /// Whether no source is served now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many registrations there have been.
    pub fn registrations(&self) -> u64 {
        self.table.lock().registrations()
    }

    /// The poll's own limit, with the alarm set for what it cannot express.
    fn limit(&self, poller: &mut Poller, wait: Wait) -> io::Result<Option<Duration>> {
        let deadline = match wait {
            Wait::No => return Ok(Some(Duration::ZERO)),
            Wait::Forever => return Ok(None),
            Wait::Until(deadline) => deadline,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Some(Duration::ZERO));
        }
        if let Some(alarm) = self.alarm(&mut poller.alarm) {
            if poller.armed != Some(deadline) {
                alarm.ring_after(left)?;
                poller.armed = Some(deadline);
            }
            return Ok(None);
        }
        poller.armed = None;
        Ok(Some(left))
    }

    /// The alarm, made if need be; `None` if there can be none now.
    fn alarm<'a>(&self, alarm: &'a mut Option<Alarm>) -> Option<&'a Alarm> {
        if alarm.is_none() {
            *alarm = Alarm::open(&self.registry, ALARM).ok().flatten();
        }
        alarm.as_ref()
    }

    fn poll(
        &self,
        poller: &mut Poller,
        limit: Option<Duration>,
        rescued: bool,
        batch: &mut WakeBatch,
    ) -> io::Result<(Turn, Own)> {
        match poller.poll.poll(&mut poller.events, limit) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                return Ok(Default::default());
            }
            polled => polled?,
        }
        let mut own = Own::default();
        let mut events = 0;
        // Locked for all sources at once, and not at all for the driver's own events.
        let mut table: Option<MutexGuard<'_, Table>> = None;
        for event in &poller.events {
            match event.token() {
                UNPARK => own.unpark = true,
                ALARM => own.alarm = true,
                WATCH => own.watch = true,
                token => {
                    events += 1;
                    let table = table.get_or_insert_with(|| self.table.lock());
                    // Nobody there: left after the operating system had looked.
                    if let Some(source) = table.get(Token::unpack(token)) {
                        source.set_ready(to_ready(event), rescued, batch);
                    }
                }
            }
        }
        drop(table);
        if own.alarm {
            poller.armed = None;
        }
        let watch = own.watch;
        Ok((Turn { events, watch }, own))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut batch = WakeBatch::new();
        self.orphan(&mut batch);
        batch.wake_all();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("sources", &self.table.try_lock().map(|table| table.len()))
            .finish_non_exhaustive()
    }
}

fn to_mio(interest: Interest) -> mio::Interest {
    let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if interest.is_priority() {
        return both | mio::Interest::PRIORITY;
    }
    let _ = interest;
    both
}

fn to_ready(event: &Event) -> Ready {
    let mut ready = Ready::EMPTY;
    let mut set = |is: bool, bits: Ready| {
        if is {
            ready |= bits;
        }
    };
    set(event.is_readable(), Ready::READABLE);
    set(event.is_writable(), Ready::WRITABLE);
    set(event.is_read_closed(), Ready::READ_CLOSED);
    set(event.is_write_closed(), Ready::WRITE_CLOSED);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    set(event.is_priority(), Ready::PRIORITY);
    // The next operation, whichever it is, has the error to report.
    set(
        event.is_error(),
        Ready::ERROR | Ready::READABLE | Ready::WRITABLE,
    );
    ready
}
