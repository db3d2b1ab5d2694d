//! Instructions for each operation, and how many of them are atomic, counted under callgrind: numbers that
//! do not depend on what else the machine does, kept in files, so that a change of them is seen in review.

mod callgrind;
mod file;
mod locked;
pub mod programs;

use crate::args::Args;
use crate::runtimes::{self, Entry};
use callgrind::Each;
use file::Counts;
use locked::Locked;
use programs::Program;

/// Enough that what happens now and then (a look at the drivers, a block of a channel) is in the mean.
const OPERATIONS: usize = 32_000;
/// What may become dearer without being a failure: so many per cent of the instructions,
const PER_CENT: f64 = 3.0;
/// and so many atomics.
const ATOMICS: f64 = 0.2;
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

/// Counts, and compares with the files or writes them.
pub fn main(mut args: Args) -> Result<(), String> {
    let write = args.flag("--write");
    let sites = args.flag("--sites");
    let runtimes: Option<String> = args.value("--runtimes")?;
    let programs: Option<String> = args.value("--programs")?;
    args.finish()?;
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
    let made_by = format!(
        "{}, profile release of benches/Cargo.toml, {}",
        env!("RUSTC_VERSION"),
        callgrind::version()?
    );
    let mut instructions = Counts::read("instructions.tsv")?;
    let mut atomics = Counts::read("atomics.tsv")?;
    for file in [&mut instructions, &mut atomics] {
        file.set_made_by(&made_by);
    }
    let locked = Locked::of_this_program()?;
    let mut dearer = Vec::new();
    println!(
        "{:<14} {:<11} {:>12} {:>8} {:>8} {:>8} {:>5}",
        "runtime", "operation", "instructions", "was", "", "atomics", "was"
    );
    for Entry { name: runtime, .. } in runtimes {
        for Program { name: program, .. } in &programs {
            let each = Each::of(runtime, program, OPERATIONS, &locked)?;
            let (count, atomic) = (each.instructions, each.atomics());
            let old = instructions.set(runtime, program, count);
            let old_atomic = atomics.set(runtime, program, atomic);
            let shown = |old: Option<f64>| old.map_or("-".into(), |old| format!("{old:.1}"));
            let change = old.map_or("-".into(), |old| format!("{:+.1} %", percent(old, count)));
            println!(
                "{runtime:<14} {program:<11} {count:>12.1} {:>8} {change:>8} {atomic:>8.1} {:>5}",
                shown(old),
                shown(old_atomic)
            );
            if sites {
                let often = each.locked.iter().filter(|(_, times)| *times >= 0.05);
                often.for_each(|(function, times)| println!("{:>22.2}  {function}", times));
            }
            if old.is_some_and(|old| percent(old, count) > PER_CENT)
                || old_atomic.is_some_and(|old| atomic > old + ATOMICS)
            {
                dearer.push(format!("{program} on {runtime}"));
            }
        }
    }
    if write {
        instructions.write()?;
        return atomics.write();
    }
    match dearer.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "dearer by more than {PER_CENT} % or by an atomic: {}. If it is worth it, say why in the \
             change and run it with --write",
            dearer.join(", ")
        )),
    }
}

fn percent(old: f64, new: f64) -> f64 {
    (new / old - 1.0) * 100.0
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
    fn the_runtimes_that_are_counted_exist() {
        assert!(RUNTIMES.iter().all(|name| runtimes::find(name).is_some()));
    }
}
