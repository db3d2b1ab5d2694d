//! A cell in a process of its own, which is not waited for for ever.

use crate::cell::{self, Line};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a cell and returns the line it printed, or one that says why there is none.
pub fn run(runtime: &str, row: &str, budget: Duration) -> Line {
    let printed = command(runtime, row, budget)
        .and_then(|command| start(command).map_err(|error| error.to_string()))
        .and_then(|child| finish(child, limit(row, budget)))
        .and_then(|text| {
            let line = text.lines().last().and_then(Line::parse);
            line.ok_or_else(|| format!("printed {text:?}"))
        });
    printed.unwrap_or_else(|reason| Line::new(runtime, row, Err(reason)))
}

/// Far more than any cell needs: those with millions of timers need some, too.
fn limit(row: &str, budget: Duration) -> Duration {
    let (_, size) = cell::split(row);
    Duration::from_secs(20) + budget * 8 + Duration::from_micros(4) * size as u32
}

fn command(runtime: &str, row: &str, budget: Duration) -> Result<Command, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(me);
    command.args(["cell", runtime, row, "--budget-ms"]);
    command.arg(budget.as_millis().to_string());
    Ok(command)
}

/// In a process group of its own, with whatever load generator it starts.
fn start(mut command: Command) -> io::Result<Child> {
    command
        .process_group(0)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
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

#[cfg(test)]
mod tests;
