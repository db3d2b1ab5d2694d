//! [`Process`]: a process and its end.
//!
//! The end is heard of through a `pidfd`, a descriptor that becomes readable when the process
//! ends, registered like a socket with the reactor of the worker that waits. Where the system has
//! none (before Linux 5.3, other systems, strict sandboxes) a listener to `SIGCHLD` says that *some*
//! child may have ended. Either is made at the first wait, and either only says when to ask: the
//! answer is `waitpid`'s.
//!
//! The process cannot become another one's number under our hands: until we have asked
//! successfully, the system keeps the number for us.

use super::orphan;
use crate::signal::unix::{Signal, SignalKind, signal};
use pintle_reactor::{Direction, Interest, Registered};
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child as StdChild, ExitStatus};
use std::task::{Context, Poll, ready};

#[derive(Debug)]
pub(super) struct Process {
    /// Until it is handed over to the orphanage.
    child: Option<StdChild>,
    status: Option<ExitStatus>,
    watch: Option<Watch>,
    kill_on_drop: bool,
}

#[derive(Debug)]
enum Watch {
    Pidfd(Registered<OwnedFd>),
    Sigchld(Signal),
}

impl Watch {
    fn new(child: &StdChild) -> io::Result<Self> {
        match pidfd(child) {
            // It is never written: a readable one is a process that has ended.
            Ok(fd) => Ok(Self::Pidfd(Registered::with_interest(
                fd,
                Interest::READABLE,
            ))),
            Err(_) => signal(SignalKind::child()).map(Self::Sigchld),
        }
    }
}

#[cfg(target_os = "linux")]
fn pidfd(child: &StdChild) -> io::Result<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    Ok(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
}

#[cfg(not(target_os = "linux"))]
fn pidfd(_: &StdChild) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Process {
    pub(super) fn new(child: StdChild, kill_on_drop: bool) -> Self {
        Self {
            child: Some(child),
            status: None,
            watch: None,
            kill_on_drop,
        }
    }

    fn child(&mut self) -> &mut StdChild {
        self.child.as_mut().expect("only dropping takes it")
    }

    /// The system's number, while it stands for this process.
    pub(super) fn id(&self) -> Option<u32> {
        match (self.status, &self.child) {
            (None, Some(child)) => Some(child.id()),
            _ => None,
        }
    }

    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child().try_wait()?;
            if self.status.is_some() {
                self.watch = None;
            }
        }
        Ok(self.status)
    }

    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        loop {
            if let Some(status) = self.status {
                return Poll::Ready(Ok(status));
            }
            let child = self.child.as_mut().expect("only dropping takes it");
            let watch = match &mut self.watch {
                Some(watch) => watch,
                watch => watch.insert(Watch::new(child)?),
            };
            let status = match watch {
                Watch::Pidfd(fd) => {
                    let ask = |_: &_| ended(child.try_wait());
                    Some(ready!(fd.poll_io(cx, Direction::Read, ask))?)
                }
                Watch::Sigchld(signal) => {
                    // First ask, then wait for a later signal; the listener remembers those that
                    // come in between.
                    let status = child.try_wait()?;
                    if status.is_none() {
                        ready!(signal.poll_recv(cx));
                    }
                    status
                }
            };
            if status.is_some() {
                self.status = status;
                self.watch = None;
            }
        }
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        if self.status.is_some() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the process has ended and been waited for: there is nothing to kill",
            ));
        }
        self.child().kill()
    }
}

/// To the reactor, a process that has not ended is one that would block.
fn ended(answer: io::Result<Option<ExitStatus>>) -> io::Result<ExitStatus> {
    answer?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.kill_on_drop && self.status.is_none() {
            // What cannot be killed ends when it ends.
            let _ = self.kill();
        }
        if let (None, Some(child)) = (self.status, self.child.take()) {
            orphan::adopt(child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::process::Command;

    #[test]
    fn the_end_is_heard_of_without_a_pidfd() {
        // Needs no runtime: the signal's thread wakes.
        futures_lite::future::block_on(async {
            for _ in 0..20 {
                let child = Command::new("sh").args(["-c", "exit 3"]).spawn();
                let mut process = Process::new(child.expect("a shell"), false);
                let listener = signal(SignalKind::child()).expect("a listener");
                process.watch = Some(Watch::Sigchld(listener));
                let status = poll_fn(|cx| process.poll_wait(cx)).await.expect("a status");
                assert_eq!(status.code(), Some(3));
                assert_eq!(process.id(), None);
            }
        });
    }
}
