//! A cell in a process of its own, which is not waited for for ever.

use crate::cell::Line;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a cell and says what it said, or how it ended otherwise.
pub fn run(runtime: &str, row: &str, budget: Duration) -> Line {
    Line::new(runtime, row, Err(String::new()))
        .with(start(runtime, row, budget).and_then(|child| finish(child, limit(budget))))
}

impl Line {
    /// The line that a cell printed, or this one with the reason why there is none.
    fn with(mut self, printed: Result<String, String>) -> Line {
        let parsed = printed.and_then(|text| {
            let line = text.lines().last().and_then(Line::parse);
            line.ok_or_else(|| format!("printed {text:?}"))
        });
        match parsed {
            Ok(line) => line,
            Err(reason) => {
                self.outcome = Err(reason);
                self
            }
        }
    }
}

/// Far more than any cell needs.
fn limit(budget: Duration) -> Duration {
    Duration::from_secs(20) + budget * 8
}

/// In a process group of its own, with whatever load generator it starts.
fn start(runtime: &str, row: &str, budget: Duration) -> Result<Child, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(me)
        .args(["cell", runtime, row, "--budget-ms"])
        .arg(budget.as_millis().to_string())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())
}

/// Waits for the end of its output, or kills it.
fn finish(mut child: Child, limit: Duration) -> Result<String, String> {
    let output = collect(child.stdout.take().expect("it is piped"));
    let errors = collect(child.stderr.take().expect("it is piped"));
    let text = output.recv_timeout(limit);
    if text.is_err() {
        let group = Pid::from_child(&child);
        // It may have ended by itself just now.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match text {
        Err(_) => Err(format!("hung: killed after {} s", limit.as_secs())),
        Ok(text) if status.success() => Ok(text),
        Ok(_) => {
            let errors = errors.recv_timeout(limit).unwrap_or_default();
            let last: Vec<&str> = errors.lines().filter(|line| !line.is_empty()).collect();
            Err(format!("failed ({status}): {}", last.join(" ")))
        }
    }
}

/// Everything from a pipe, once it is closed.
fn collect(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = pipe.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    receiver
}
