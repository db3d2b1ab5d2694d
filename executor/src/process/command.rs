//! [`Command`]: how a process is started.

use super::child::Child;
use super::orphan;
use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child as StdChild, Command as StdCommand, ExitStatus, Output, Stdio};

/// How a process is started: [`std::process::Command`], whose waiting is awaited.
///
/// ```
/// use pintle::process::Command;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let status = Command::new("test").args(["-d", "/"]).status().await?;
/// assert!(status.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Command {
    std: StdCommand,
    kill_on_drop: bool,
}

/// What `std` has under the same names.
impl Command {
    /// A program by its path, or by its name if it is in one of the directories of `PATH`; with
    /// our own environment and working directory.
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        StdCommand::new(program).into()
    }

    /// One more argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// More arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.std.args(args);
        self
    }

    /// A variable of the environment.
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.std.env(key, value);
        self
    }

    /// Variables of the environment.
    pub fn envs(
        &mut self,
        vars: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> &mut Self {
        self.std.envs(vars);
        self
    }

    /// Without that variable of the environment.
    pub fn env_remove(&mut self, key: impl AsRef<OsStr>) -> &mut Self {
        self.std.env_remove(key);
        self
    }

    /// With nothing of our environment.
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// In that working directory.
    pub fn current_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.std.current_dir(dir);
        self
    }

    /// Where its standard input comes from: ours, unless set.
    pub fn stdin(&mut self, from: impl Into<Stdio>) -> &mut Self {
        self.std.stdin(from);
        self
    }

    /// Where its standard output goes: to ours, unless set.
    pub fn stdout(&mut self, to: impl Into<Stdio>) -> &mut Self {
        self.std.stdout(to);
        self
    }

    /// Where its standard error goes: to ours, unless set.
    pub fn stderr(&mut self, to: impl Into<Stdio>) -> &mut Self {
        self.std.stderr(to);
        self
    }

    /// The user whom it runs as.
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.std.uid(id);
        self
    }

    /// The group which it runs as.
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.std.gid(id);
        self
    }

    /// What it is told to be its own name, instead of the program.
    pub fn arg0(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg0(arg);
        self
    }

    /// The group of processes that it joins; one of its own for 0, so that Ctrl-C in the terminal
    /// does not reach it.
    pub fn process_group(&mut self, group: i32) -> &mut Self {
        self.std.process_group(group);
        self
    }

    /// The command of `std`'s, to look at.
    pub fn as_std(&self) -> &StdCommand {
        &self.std
    }

    /// The command of `std`'s, for what it can and this cannot.
    pub fn as_std_mut(&mut self) -> &mut StdCommand {
        &mut self.std
    }

    /// The command of `std`'s.
    pub fn into_std(self) -> StdCommand {
        self.std
    }
}

/// Starting it.
impl Command {
    /// Whether dropping the [`Child`] before its end has been waited for kills it. Off, unless
    /// set.
    ///
    /// ```
    /// use pintle::process::Command;
    /// use std::time::Duration;
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut forever = Command::new("sleep");
    /// forever.arg("1000").kill_on_drop(true);
    /// let status = pintle::time::timeout(Duration::from_millis(20), forever.status()).await;
    /// assert!(status.is_err(), "timed out, and killed");
    /// # }
    /// ```
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Self::kill_on_drop) was set to.
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Starts the process, which takes the system a moment that this thread waits for.
    ///
    /// # Errors
    ///
    /// Those of [`std::process::Command::spawn`]: there is no such program, say.
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(StdCommand::spawn)
    }

    /// As [`spawn`](Self::spawn), with another way to start the process.
    ///
    /// # Errors
    ///
    /// Those of `with`.
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut StdCommand) -> io::Result<StdChild>,
    ) -> io::Result<Child> {
        orphan::look_after();
        Child::new(with(&mut self.std)?, self.kill_on_drop)
    }

    /// Starts the process, at once, and waits for its end. Pipes, if any were asked for, are
    /// closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the [`Child`]; see [`kill_on_drop`](Self::kill_on_drop).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::wait`].
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send + Sync + use<> {
        let child = self.spawn();
        async {
            let mut child = child?;
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Starts the process, at once, and waits for its end and for all it says, through pipes.
    ///
    /// Its standard input is ours unless [set](Self::stdin), as it is with tokio. (That of
    /// [`std::process::Command::output`] is empty.)
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the [`Child`]; see [`kill_on_drop`](Self::kill_on_drop).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::wait_with_output`].
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + Send + Sync + use<> {
        self.std.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.spawn();
        async { child?.wait_with_output().await }
    }
}

impl From<StdCommand> for Command {
    fn from(std: StdCommand) -> Command {
        Command {
            std,
            kill_on_drop: false,
        }
    }
}
