//! [`Child`]: a process that was started.

use super::exit::Process;
use super::pipe::{ChildStderr, ChildStdin, ChildStdout};
use futures_lite::future::try_zip;
use futures_lite::io::{AsyncRead, AsyncReadExt};
use std::future::poll_fn;
use std::io;
use std::process::{Child as StdChild, ExitStatus, Output};

/// A child process, as [`Command::spawn`](super::Command::spawn) starts it.
///
/// Dropping it leaves the process running, unless
/// [`kill_on_drop`](super::Command::kill_on_drop) was set; either way its end is taken note of, so
/// it does not stay in the system's table as a zombie.
///
/// ```
/// use pintle::io::{AsyncReadExt, AsyncWriteExt};
/// use pintle::process::Command;
/// use std::process::Stdio;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let mut stdin = cat.stdin.take().unwrap();
/// stdin.write_all(b"meow").await?;
/// stdin.close().await?;
/// let mut said = String::new();
/// cat.stdout.take().unwrap().read_to_string(&mut said).await?;
/// assert_eq!(said, "meow");
/// assert!(cat.wait().await?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    process: Process,
    /// The pipe to its standard input, if there is one and it has not been taken.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if there is one and it has not been taken.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if there is one and it has not been taken.
    pub stderr: Option<ChildStderr>,
}

impl Child {
    pub(super) fn new(mut child: StdChild, kill_on_drop: bool) -> io::Result<Child> {
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let stderr = child.stderr.take();
        // First, so that an error below does not lose it.
        let process = Process::new(child, kill_on_drop);
        Ok(Child {
            process,
            stdin: stdin.map(ChildStdin::from_std).transpose()?,
            stdout: stdout.map(ChildStdout::from_std).transpose()?,
            stderr: stderr.map(ChildStderr::from_std).transpose()?,
        })
    }

    /// The system's number of the process; `None` once its end has been waited for, when the
    /// number may become another's.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits for the process to end, and says how it did. May be called again.
    ///
    /// Closes the pipe to its standard input first, if it has not been taken: a process that
    /// reads to the end would otherwise wait for us as we for it. Does not read its output: a
    /// process that fills a pipe which nobody reads does not end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, but that standard input is closed then.
    ///
    /// # Errors
    ///
    /// Those of the system's `waitpid`; those of having to wait on a thread without a driver.
    ///
    /// ```
    /// use pintle::process::Command;
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn()?;
    /// assert_eq!(child.wait().await?.code(), Some(7));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        poll_fn(|cx| self.process.poll_wait(cx)).await
    }

    /// How the process ended, if it has.
    ///
    /// # Errors
    ///
    /// Those of the system's `waitpid`.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Waits for the process to end, and reads what it says meanwhile through the pipes that have
    /// not been taken.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read is lost, and the process is dropped.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), and those of reading.
    ///
    /// ```
    /// use pintle::process::Command;
    /// use std::process::Stdio;
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let child = Command::new("pwd").stdout(Stdio::piped()).spawn()?;
    /// let output = child.wait_with_output().await?;
    /// assert!(output.stdout.ends_with(b"\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let stdout = read_all(self.stdout.take());
        let stderr = read_all(self.stderr.take());
        let ((stdout, stderr), status) = try_zip(try_zip(stdout, stderr), self.wait()).await?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    /// Sends the process `SIGKILL`. Its end is still to be waited for.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if its end has been waited for, and those of
    /// the system.
    pub fn start_kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// Kills the process, and waits for its end.
    ///
    /// # Cancel safety
    ///
    /// The process is killed; its end is still to be waited for.
    ///
    /// # Errors
    ///
    /// As [`start_kill`](Self::start_kill) and [`wait`](Self::wait).
    ///
    /// ```
    /// use pintle::process::Command;
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sleep").arg("1000").spawn()?;
    /// child.kill().await?;
    /// assert_eq!(child.id(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await?;
        Ok(())
    }
}

async fn read_all(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut all).await?;
    }
    Ok(all)
}
