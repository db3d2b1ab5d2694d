//! Where, when, and with what it was measured.

use std::fs;
use std::process::Command;
use std::time::Duration;

const LOCK: &str = include_str!("../../Cargo.lock");
/// What the runtimes are made of, as far as the versions matter.
const PACKAGES: &[&str] = &[
    "tokio",
    "smol",
    "async-executor",
    "async-io",
    "async-channel",
    "nio",
    "glommio",
    "monoio",
    "compio",
    "hyper",
    "mio",
];

/// The head of the results: the same for runs that may be put together.
pub fn describe(budget: Duration) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "machine: {cpu}, {cores} cores, Linux {kernel}\n\
         date: {date}\n\
         pintle: {commit}\n\
         compiler: {rustc}\n\
         peers: {peers}\n\
         budget: {budget} ms for each cell",
        cpu = cpu(),
        kernel = read("/proc/sys/kernel/osrelease"),
        date = said("date", &["-u", "+%Y-%m-%d"]),
        commit = said("git", &["describe", "--always", "--dirty", "--abbrev=10"]),
        rustc = env!("RUSTC_VERSION"),
        peers = peers(LOCK),
        budget = budget.as_millis(),
    )
}

/// How many threads have wanted to run in the last minute.
pub fn load() -> Option<f64> {
    read("/proc/loadavg")
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn cpu() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    model
        .map_or("unknown processor", |(_, name)| name)
        .to_owned()
}

/// All versions of the packages that a lock file has: some are there twice, for several peers.
fn peers(lock: &str) -> String {
    let mut found = Vec::new();
    for package in PACKAGES {
        let versions = lock.split("[[package]]").filter_map(|entry| {
            let mut lines = entry.trim().lines();
            let name = quoted(lines.next()?, "name")?;
            let version = quoted(lines.next()?, "version")?;
            (name == *package).then_some(version)
        });
        let versions: Vec<&str> = versions.collect();
        found.push(format!("{package} {}", versions.join(" and ")));
    }
    found.join(", ")
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let value = line.strip_prefix(key)?.strip_prefix(" = \"")?;
    value.strip_suffix('"')
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The output of a program, run where this package is.
fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    output.map_or_else(
        |_| format!("unknown: no {program}"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests;
