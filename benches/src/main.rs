//! Pintle next to other runtimes. See README.md.

mod args;
mod cell;
mod channels;
mod driver;
mod instructions;
mod load;
mod measure;
mod plain;
mod runtime;
mod runtimes;
mod scenarios;
mod stats;

use args::Args;
use std::process::ExitCode;

const USAGE: &str = "\
Usage:
    pintle-benches table [--quick] [--scale] [--rounds N] [--budget-ms N]
                         [--runtimes A,B] [--scenarios A,B] [--minutes N]
                         [--results FILE]
        Runs all cells round after round, each in a process of its own, and prints the table.
        After N minutes no other cell is begun. Results are appended to FILE as they come; run
        again, it goes on where it was.
    pintle-benches report FILE
        Prints the table of results that are there.
    pintle-benches cell RUNTIME SCENARIO [--workers N] [--budget-ms N]
        Runs one cell in this process and prints one line.
    pintle-benches instructions [--write] [--sites] [--runtimes A,B] [--programs A,B]
        Counts the instructions of operations under callgrind, and how many of them are atomic,
        and compares them with instructions.tsv and atomics.tsv; fails if one has become dearer.
        With --write, writes the files; with --sites, says in which functions the atomics are.
    pintle-benches count RUNTIME PROGRAM OPERATIONS
        Runs such a program in this process.
    pintle-benches list
        The runtimes and the scenarios.
";

fn main() -> ExitCode {
    let mut args = Args::from_env();
    let done = match args.word().as_deref() {
        Some("cell") => cell::main(args),
        Some("table") => driver::table(args),
        Some("load") => load::main(args),
        Some("instructions") => instructions::main(args),
        Some("count") => instructions::count(args),
        Some("report") => driver::report(args),
        Some("list") => args.finish().map(|()| list()),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    println!("runtimes:");
    for runtime in runtimes::ALL {
        println!("    {:<14} {:?}", runtime.name, runtime.kind);
    }
    println!("scenarios:");
    for scenario in scenarios::ALL {
        println!("    {:<14} {}", scenario.name, scenario.about);
    }
    println!("programs whose instructions are counted:");
    for program in instructions::programs::ALL {
        println!("    {:<14} {}", program.name, program.about);
    }
}
