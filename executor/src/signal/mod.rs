//! Waiting for the operating system's signals.
//!
//! The system tells a process of a signal, not a thread or a runtime; so there is one
//! place in the process where signals come in (`registry`), which belongs to no runtime and
//! outlives them all. Listeners work on every runtime, and with none.

mod registry;
pub mod unix;

use std::io;
use unix::SignalKind;

/// Waits for Ctrl-C (`SIGINT`).
///
/// From the first call on the process no longer ends on Ctrl-C by itself, even when nobody waits.
/// Any number of tasks may wait; each is told of a signal that comes after its call was polled.
///
/// # Cancel safety
///
/// Cancel safe: a dropped call misses nothing that another one waits for. But a signal that comes
/// between two calls is for neither; [`unix::signal`] makes a listener that misses none.
///
/// # Errors
///
/// The handler cannot be installed, or the process is out of descriptors or threads.
///
/// ```no_run
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// println!("press Ctrl-C");
/// pintle::signal::ctrl_c().await?;
/// println!("bye");
/// # Ok(())
/// # }
/// ```
pub async fn ctrl_c() -> io::Result<()> {
    unix::signal(SignalKind::interrupt())?.recv().await;
    Ok(())
}
