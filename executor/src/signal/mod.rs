//! Waiting for the operating system's signals.

use crate::net::UnixStream;
use futures_lite::AsyncReadExt;
use std::io;

/// Waits for Ctrl-C (`SIGINT`).
///
/// From the first call on the process no longer ends on Ctrl-C by itself, even when nobody waits.
/// Any number of tasks may wait; each is told of a signal that comes after its call was polled.
///
/// # Cancel safety
///
/// Cancel safe: a dropped call misses nothing that another one waits for.
///
/// # Errors
///
/// The handler cannot be installed, or no descriptor is left.
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
    // One socket pair a waiter: the handler writes a byte into each, which is all that a signal
    // handler may do.
    let (mut reader, writer) = UnixStream::pair()?;
    let id =
        signal_hook::low_level::pipe::register(signal_hook::consts::SIGINT, writer.into_std()?)?;
    struct Unregister(signal_hook::SigId);
    impl Drop for Unregister {
        fn drop(&mut self) {
            signal_hook::low_level::unregister(self.0);
        }
    }
    let _registered = Unregister(id);
    reader.read_exact(&mut [0]).await
}
