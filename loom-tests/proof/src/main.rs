//! The proof that the models can fail: every small way to break an atomic protocol, and the model that
//! notices. `README.md` of the loom tests has the tables; `cargo proof` writes them and keeps them true.
//!
//! One build holds all mutants (`weave`), each behind a switch that a run is told by its environment. What may be
//! broken is read off the sources (`scan`), so a new ordering is a new row.

use std::process::ExitCode;

use options::{HELP, Options};
use tree::{Project, Source};

mod claims;
mod models;
mod mutants;
mod options;
mod parse;
mod programs;
mod results;
mod scan;
mod shared;
mod site;
mod survivors;
mod table;
mod tree;
mod weave;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if options.command == "--help" {
        print!("{HELP}");
        return Ok(());
    }
    let project = Project::read(&tree::root())?;
    options.files_are_in(&project)?;
    match options.command.as_str() {
        "check" => table::check(&project),
        "replay" => mutants::replay(&project, options, &table::killers(&project)?),
        "mutants" => mutants::run(&project, options),
        "models" => models::run(&project, options),
        "table" => table::write(&project, options),
        "sites" => {
            project
                .sources
                .iter()
                .flat_map(Source::mutants)
                .enumerate()
                .filter(|(number, mutant)| options.takes(*number, &mutant.key.file))
                .for_each(|(_, mutant)| println!("{}", mutant.key));
            Ok(())
        }
        other => Err(format!("{other} is not a command\n\n{HELP}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_about_the_code_as_it_is() {
        let project = Project::read(&tree::root()).expect("the project");
        if let Err(complaints) = table::check(&project) {
            panic!("{complaints}");
        }
    }
}
