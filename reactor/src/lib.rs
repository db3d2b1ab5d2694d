//! The mio reactor and the network types of the Pintle async runtime.
//!
//! This crate knows no tasks and no workers. A worker owns a [`Driver`] and turns it; a socket
//! finds the driver of the thread it is polled on through the [seat](current), and only if it has
//! to wait.
//!
//! | piece | what it is |
//! | --- | --- |
//! | [`Driver`] | one worker's reactor: poll, wake, register, rescue, close down |
//! | [`current`] | the seat: which driver serves this thread |
//! | [`Registered`] | a descriptor with its registration; what every socket is made of |
//! | [`Ready`], [`Interest`], [`Direction`] | what a descriptor is ready for, what a task asks for |
//! | `source` | the readiness word and the waiting wakers; the only atomics, model-checked |
//! | `table`, `token` | sources by slab key and generation |
//! | `alarm` | a `timerfd` that ends a wait on time |
//! | `modelled` | what takes the driver's place under `--cfg loom` |
//!
//! # The life of a byte
//!
//! 1. A task reads. The source is not registered, so the system call is simply tried; if there is
//!    something, that is all.
//! 2. There is nothing: the source is registered with the driver that sits on this thread, the
//!    task's waker is left in the source, the task is pending.
//! 3. The byte comes. The driver's turn ends, finds the source by its token, sets the readiness
//!    bit with a new tick, and collects the waker in a batch.
//! 4. The worker wakes the batch when nothing is locked; the task runs, finds the bit, reads.
//! 5. Fewer bytes than there was room for: the bit is cleared under its tick, so the next read
//!    waits at once, without asking the system. Everything from here on costs no registration.
//!
//! # Invariants
//!
//! 1. Wakers are never woken under a lock: drivers collect, workers wake.
//! 2. No wake is lost, and no fresh event is cleared by an old one (`source`).
//! 3. An event never reaches the wrong source (`token`), nor one that has left (`driver`).
//! 4. Nothing waits for a driver that is gone: its sources are orphans, which register anew where
//!    they are polled.
//! 5. No unsafe code, except two calls in the `hyper` feature that hyper's buffer demands.
//!
//! Unix only, for now.

#![deny(unsafe_code)]
#![cfg_attr(
    loom,
    allow(missing_docs, reason = "what a model sees is nobody's interface")
)]

#[cfg(not(unix))]
compile_error!("pintle-reactor supports Unix only: Linux, Android, macOS and the BSDs");

pub mod current;
mod ready;
mod source;
mod turn;

/// What the model checker sees: readiness without a poll.
#[cfg(loom)]
#[doc(hidden)]
pub mod checked {
    pub use crate::ready::{Direction, Interest, Ready};
    pub use crate::source::{Readiness, ReadyEvent, Source};
}

// In a model there are no descriptors, so what serves them is not there either. A driver is, since
// workers sleep in it.
#[cfg(not(loom))]
mod alarm;
#[cfg(not(loom))]
mod async_fd;
#[cfg(not(loom))]
mod block_on;
#[cfg(not(loom))]
mod driver;
#[cfg(all(not(loom), feature = "hyper"))]
mod hyper;
#[cfg(loom)]
mod modelled;
#[cfg(not(loom))]
pub mod net;
#[cfg(not(loom))]
mod registered;
#[cfg(not(loom))]
mod table;
#[cfg(not(loom))]
mod token;

#[cfg(not(loom))]
pub use async_fd::{AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
#[cfg(not(loom))]
pub use driver::Driver;
#[cfg(loom)]
pub use modelled::Driver;
pub use ready::{Direction, Interest, Ready};
#[cfg(not(loom))]
pub use registered::Registered;
pub use source::{ReadyEvent, Source};
#[cfg(not(loom))]
pub use token::Token;
pub use turn::{Turn, Wait};
