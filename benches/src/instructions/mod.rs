//! Instructions for each operation, counted under callgrind: numbers that do not depend on what
//! else the machine does, kept in a file, so that a change of them is seen in review.

mod callgrind;
mod file;
pub mod programs;

use crate::args::Args;
use crate::runtimes::{self, Entry};
use file::Counts;
use programs::Program;
use std::path::PathBuf;

/// Enough that what happens now and then (a look at the drivers, a block of a channel) is in the mean.
const OPERATIONS: usize = 32_000;
/// What may become dearer without being a failure, in per cent and in instructions.
const TOLERANCE: (f64, f64) = (3.0, 1.0);
/// Those with one worker that work under valgrind. io_uring does not, nor does glommio.
const RUNTIMES: &[&str] = &[
    "pintle-tpc",
    "pintle-ws",
    "pintle-ct",
    "monoio-epoll",
    "nio",
    "smol",
    "tokio-ct",
    "tokio-mt",
];

/// Runs one program in this process.
pub fn count(mut args: Args) -> Result<(), String> {
    let runtime = args.word().ok_or("which runtime?")?;
    let program = args.word().ok_or("which program?")?;
    let operations = args.word().ok_or("how many operations?")?;
    args.finish()?;
    let operations = operations.parse().map_err(|_| "operations are a number")?;
    let entry = runtimes::find(&runtime).ok_or_else(|| format!("no runtime {runtime}"))?;
    let done = entry.count(&program, operations);
    done.ok_or_else(|| format!("no program {program} on {runtime}"))
}

/// Counts, and compares with the file or writes it.
pub fn main(mut args: Args) -> Result<(), String> {
    let write = args.flag("--write");
    let runtimes: Option<String> = args.value("--runtimes")?;
    let programs: Option<String> = args.value("--programs")?;
    args.finish()?;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.tsv");
    let made_by = format!(
        "{}, profile release of benches/Cargo.toml, {}",
        env!("RUSTC_VERSION"),
        callgrind::version()?
    );
    let old = Counts::read(&path)?;
    let runtimes = match runtimes {
        Some(names) => named(&names, "runtime", runtimes::find)?,
        // The peers' numbers explain ours; they change only when they are updated.
        None => {
            let all = RUNTIMES.iter().filter_map(|name| runtimes::find(name));
            all.filter(|entry| write || entry.is_pintle()).collect()
        }
    };
    let programs = match programs {
        Some(names) => named(&names, "program", find)?,
        None => programs::ALL.iter().collect(),
    };
    if !old.made_by.is_empty() && old.made_by != made_by {
        println!("The file is by another compiler or tool, which may explain a difference.");
        println!("    file: {}\n    here: {made_by}", old.made_by);
    }
    let mut new = old.clone();
    new.made_by = made_by;
    let mut dearer = Vec::new();
    println!(
        "{:<14} {:<11} {:>8} {:>8}",
        "runtime", "operation", "old", "new"
    );
    for Entry { name: runtime, .. } in runtimes {
        for Program { name: program, .. } in &programs {
            let count = callgrind::instructions_each(runtime, program, OPERATIONS)?;
            let before = old.get(runtime, program);
            let change = before.map_or(String::new(), |old| {
                format!("{:+.1} %", percent(old, count))
            });
            let shown = before.map_or("-".into(), |old| format!("{old:.1}"));
            println!("{runtime:<14} {program:<11} {shown:>8} {count:>8.1} {change:>8}");
            if before.is_some_and(|old| is_dearer(old, count)) {
                dearer.push(format!("{program} on {runtime}"));
            }
            new.set(runtime, program, count);
        }
    }
    if write {
        return new.write(&path);
    }
    match dearer.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "dearer by more than {} %: {}. If it is worth it, say why in the change and run it \
             with --write",
            TOLERANCE.0,
            dearer.join(", ")
        )),
    }
}

fn percent(old: f64, new: f64) -> f64 {
    (new / old - 1.0) * 100.0
}

fn is_dearer(old: f64, new: f64) -> bool {
    percent(old, new) > TOLERANCE.0 && new - old > TOLERANCE.1
}

fn find(name: &str) -> Option<&'static Program> {
    programs::ALL.iter().find(|program| program.name == name)
}

/// What a list of names on the command line stands for.
fn named<T>(names: &str, what: &str, find: fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let found = names
        .split(',')
        .map(|name| find(name).ok_or_else(|| format!("no {what} {name}")));
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_per_cent_more_are_a_failure_and_less_is_none() {
        assert!(is_dearer(100.0, 104.0));
        assert!(!is_dearer(100.0, 102.0));
        assert!(!is_dearer(100.0, 50.0));
        assert!(!is_dearer(10.0, 10.5), "half an instruction");
    }

    #[test]
    fn the_runtimes_that_are_counted_exist() {
        assert!(RUNTIMES.iter().all(|name| runtimes::find(name).is_some()));
    }
}
