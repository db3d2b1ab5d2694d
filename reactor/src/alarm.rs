//! A timer that ends a wait in the poll: a `timerfd`, since epoll's own time limit is in whole
//! milliseconds and mio rounds it up. Only Linux has it.
//!
//! It is registered edge-triggered and never read: arming it again takes back what it may have to
//! say, and each time it rings is a new edge.

#[cfg(target_os = "linux")]
pub(crate) use timerfd::Alarm;

#[cfg(target_os = "linux")]
mod timerfd {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// A timer that rings in the poll that it was made with.
    #[derive(Debug)]
    pub(crate) struct Alarm(OwnedFd);

    impl Alarm {
        /// `None` where the system has none.
        ///
        /// # Errors
        ///
        /// If the process is out of descriptors, or the kernel of memory.
        pub(crate) fn open(
            registry: &mio::Registry,
            token: mio::Token,
        ) -> io::Result<Option<Self>> {
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            registry.register(
                &mut SourceFd(&fd.as_raw_fd()),
                token,
                mio::Interest::READABLE,
            )?;
            Ok(Some(Self(fd)))
        }

        /// Rings once, not before `after` has passed. Replaces what was set.
        pub(crate) fn ring_after(&self, after: Duration) -> io::Result<()> {
            // Zero would disarm it.
            self.set(after.max(Duration::from_nanos(1)))
        }

        /// Does not ring any more.
        pub(crate) fn silence(&self) -> io::Result<()> {
            self.set(Duration::ZERO)
        }

        fn set(&self, after: Duration) -> io::Result<()> {
            let value = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec {
                    // More than the clock can count is for ever.
                    tv_sec: after.as_secs().min(i64::MAX as u64 / 2) as i64,
                    tv_nsec: after.subsec_nanos().into(),
                },
            };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &value)?;
            Ok(())
        }
    }
}

/// There is none.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(crate) enum Alarm {}

#[cfg(not(target_os = "linux"))]
impl Alarm {
    pub(crate) fn open(_: &mio::Registry, _: mio::Token) -> std::io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn ring_after(&self, _: std::time::Duration) -> std::io::Result<()> {
        match *self {}
    }

    pub(crate) fn silence(&self) -> std::io::Result<()> {
        match *self {}
    }
}
