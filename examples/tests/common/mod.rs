//! Running the example programs, with a guard against those that hang.

#![allow(dead_code, reason = "each test binary uses what it needs")]

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// No program in these tests takes nearly as long.
const GUARD: Duration = Duration::from_secs(60);

pub const MODES: [&str; 3] = ["stealing", "per-core", "current"];

/// What a program has written, and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn assert_success(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
    }

    #[track_caller]
    pub fn assert_fails_with(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(words), "no {words:?} in {self:?}");
    }

    #[track_caller]
    pub fn assert_says(&self, words: &str) {
        assert!(self.stdout.contains(words), "no {words:?} in {self:?}");
    }
}

/// Runs a program to its end.
pub fn run(program: &str, args: &[&str]) -> Ended {
    Running::start(Command::new(program).args(args)).end()
}

/// A program that runs; killed when dropped.
pub struct Running {
    child: Child,
    stdout: Written,
    stderr: Written,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = Written::from(child.stdout.take().expect("piped"));
        let stderr = Written::from(child.stderr.take().expect("piped"));
        Running {
            child,
            stdout,
            stderr,
        }
    }

    /// The rest of the line that begins like this, as soon as it is written.
    pub fn wait_for_line(&self, beginning: &str) -> String {
        self.stdout.wait_for(beginning)
    }

    /// As [`wait_for_line`](Self::wait_for_line), among the errors.
    pub fn wait_for_error(&self, beginning: &str) -> String {
        self.stderr.wait_for(beginning)
    }

    /// The address that follows `beginning`.
    pub fn address(&self, beginning: &str) -> SocketAddr {
        let rest = self.wait_for_line(beginning);
        let end = rest.find(',').unwrap_or(rest.len());
        rest[..end].parse().expect("an address")
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ended {
        let mut code = None;
        until("the program has ended", || {
            let status = self.child.try_wait().expect("our child");
            code = status.and_then(|status| status.code());
            status
        });
        Ended {
            code,
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program writes, read by a thread so that no full pipe holds it up.
struct Written {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Written {
    fn from(pipe: impl Read + Send + 'static) -> Written {
        let text = Arc::<Mutex<String>>::default();
        let reader = thread::spawn({
            let text = text.clone();
            move || {
                for line in BufReader::new(pipe).lines() {
                    let line = line.expect("text") + "\n";
                    text.lock().expect("no panic").push_str(&line);
                }
            }
        });
        Written {
            text,
            reader: Some(reader),
        }
    }

    fn wait_for(&self, beginning: &str) -> String {
        until(beginning, || {
            let text = self.text.lock().expect("no panic");
            text.lines()
                .find_map(|line| line.strip_prefix(beginning))
                .map(str::to_owned)
        })
    }

    fn all(&mut self) -> String {
        self.reader.take().expect("once").join().expect("text");
        std::mem::take(&mut self.text.lock().expect("no panic"))
    }
}

/// Looks again and again.
#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + GUARD;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited for {GUARD:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
