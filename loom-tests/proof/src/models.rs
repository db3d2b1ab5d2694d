//! Runs every model on the code as it is, and writes down what that took.

use std::path::{Path, PathBuf};

use crate::mutants::in_parallel;
use crate::options::Options;
use crate::programs::{End, How, Model, Programs};
use crate::results::Results;
use crate::tree::Project;

/// Findings go by program, test, and how much deeper than its own bound.
pub const KEY_FIELDS: usize = 3;

pub fn results_path(root: &Path) -> PathBuf {
    root.join("target/proof/models.tsv")
}

/// A model that fails ends this with an error, after all the others.
pub fn run(project: &Project, options: &Options) -> Result<(), String> {
    let results = Results::open(&results_path(&project.root), &[], KEY_FIELDS)?;
    let programs = Programs::build(&project.root, &project.root.join("target/loom"), "")?;
    let models = project.all_models();
    let deeper = options.deeper.to_string();
    let todo: Vec<&Model> = models
        .iter()
        .enumerate()
        .filter(|(number, _)| options.takes(*number, ""))
        .map(|(_, model)| model)
        .filter(|model| {
            let known = results.get(
                &[&model.program, &model.test, &deeper],
                &project.digest_of_models(&model.program),
            );
            options.fresh || known.is_none()
        })
        .collect();
    println!("{} models, {} to run", models.len(), todo.len());
    let failed = in_parallel(options.jobs, &todo, |model| {
        let how = How {
            mutant: None,
            deeper: options.deeper,
            limit: options.limit,
        };
        let end = programs.run(model, how)?;
        println!("{} {}: {end:?}", model.program, model.test);
        let outcome = match end {
            End::Passed {
                bound,
                iterations,
                seconds,
            } => vec![
                "passed".to_owned(),
                bound.to_string(),
                iterations.to_string(),
                format!("{seconds:.2}"),
            ],
            End::TimedOut => vec!["unfinished".to_owned(), options.limit.as_secs().to_string()],
            End::Failed { iteration } => {
                return Ok(Some(format!(
                    "{} {} in iteration {iteration}",
                    model.program, model.test
                )));
            }
        };
        results.add(
            &[&model.program, &model.test, &deeper],
            &project.digest_of_models(&model.program),
            &outcome,
        )?;
        Ok(None)
    })?;
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("failed:\n{}", failed.join("\n"))),
    }
}
