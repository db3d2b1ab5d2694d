//! A program under callgrind, which counts the instructions of all threads of a process.

use std::process::{Command, Stdio};

/// What `clock.rs` has become.
const CLOCK: &str = env!("COUNTED_CLOCK");

/// The version that is installed.
pub fn version() -> Result<String, String> {
    let output = Command::new("valgrind").arg("--version").output();
    let output = output.map_err(|error| format!("valgrind cannot be run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What one operation takes: what the second half of twice as many adds, so that starting and
/// stopping are not in it.
pub fn instructions_each(runtime: &str, program: &str, operations: usize) -> Result<f64, String> {
    let once = instructions(runtime, program, operations)?;
    let twice = instructions(runtime, program, 2 * operations)?;
    Ok(twice.saturating_sub(once) as f64 / operations as f64)
}

fn instructions(runtime: &str, program: &str, operations: usize) -> Result<u64, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(me)
        .args(["count", runtime, program, &operations.to_string()])
        .env("LD_PRELOAD", CLOCK)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said)
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{runtime} {program} under valgrind: {said}"))
}

/// `==42== Collected : 1234567`
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("==7== Command: true"), None);
    }
}
