//! Runs the models that are about a file against every mutant of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::options::Options;
use crate::programs::{End, How, Model, Programs};
use crate::results::Results;
use crate::site::Key;
use crate::tree::{self, Project, Source};

/// Where findings are kept: by file, function and change.
pub const KEY_FIELDS: usize = 3;

/// The copy with all mutants, built.
struct Broken {
    programs: Programs,
    /// In the order of their numbers.
    mutants: Vec<Numbered>,
}

struct Numbered {
    number: usize,
    key: Key,
    digest: String,
}

/// A model that takes less than this part of the limit, and does not end on a mutant, has killed it.
const ENDLESS: f64 = 1.0 / 20.0;

/// What the table says of such a model instead of an iteration.
pub const ENDLESS_RUN: &str = "never ends";

/// What has become of one mutant.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    Killed {
        by: Model,
        how: String,
    },
    /// All models that are about it pass.
    Survived,
    /// No model fails, but these do not end in time.
    Undecided {
        models: Vec<String>,
    },
    /// No model is about the file.
    Unclaimed,
}

impl Fate {
    pub fn write(&self) -> Vec<String> {
        match self {
            Self::Killed { by, how } => vec![
                "killed".to_owned(),
                by.program.clone(),
                by.test.clone(),
                how.clone(),
            ],
            Self::Survived => vec!["survived".to_owned()],
            Self::Undecided { models } => [vec!["undecided".to_owned()], models.clone()].concat(),
            Self::Unclaimed => vec!["unclaimed".to_owned()],
        }
    }

    pub fn read(fields: &[String]) -> Option<Self> {
        match fields {
            [word, program, test, how] if word == "killed" => Some(Self::Killed {
                by: Model {
                    program: program.clone(),
                    test: test.clone(),
                },
                how: how.clone(),
            }),
            [word] if word == "survived" => Some(Self::Survived),
            [word] if word == "unclaimed" => Some(Self::Unclaimed),
            [word, models @ ..] if word == "undecided" => Some(Self::Undecided {
                models: models.to_vec(),
            }),
            _ => None,
        }
    }
}

/// What the table says of a mutant that is killed.
#[derive(Debug, Clone)]
pub struct Killer {
    pub model: Model,
    pub never_ends: bool,
}

/// Where the findings of this machine are.
pub fn results_path(root: &Path) -> PathBuf {
    root.join("target/proof/mutants.tsv")
}

fn build(project: &Project) -> Result<Broken, String> {
    let copy = project.root.join("target/proof/tree");
    tree::write_broken(project, &copy)?;
    let programs = Programs::build(
        &copy,
        &project.root.join("target/proof/build"),
        "-A warnings",
    )?;
    let mut mutants = Vec::new();
    for source in &project.sources {
        let digest = project.digest_with_models(source);
        for mutant in source.mutants() {
            mutants.push(Numbered {
                number: mutants.len(),
                key: mutant.key.clone(),
                digest: digest.clone(),
            });
        }
    }
    Ok(Broken { programs, mutants })
}

/// Every model, with the seconds that it takes without a mutant, the quickest first. All must pass.
fn baseline(
    project: &Project,
    programs: &Programs,
    options: &Options,
) -> Result<Vec<(f64, Model)>, String> {
    let models = project.all_models();
    let how = How {
        mutant: None,
        deeper: 0,
        limit: options.limit * 4,
    };
    let ends = in_parallel(options.jobs, &models, |model| programs.run(model, how))?;
    let mut timed = Vec::new();
    for (model, end) in models.into_iter().zip(ends) {
        match end {
            End::Passed { seconds, .. } => timed.push((seconds, model)),
            other => {
                return Err(format!(
                    "{} {} does not pass on unbroken code: {other:?}",
                    model.program, model.test
                ));
            }
        }
    }
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(timed)
}

/// Tries every mutant whose fate is not known.
pub fn run(project: &Project, options: &Options) -> Result<(), String> {
    let results = Results::open(&results_path(&project.root), &[], KEY_FIELDS)?;
    let broken = build(project)?;
    let models = baseline(project, &broken.programs, options)?;
    println!("{} models pass on unbroken code", models.len());
    let todo: Vec<&Numbered> = broken
        .mutants
        .iter()
        .filter(|mutant| options.takes(mutant.number, &mutant.key.file))
        .filter(|mutant| {
            options.fresh || results.get(&fields(&mutant.key), &mutant.digest).is_none()
        })
        .collect();
    println!("{} mutants, {} to try", broken.mutants.len(), todo.len());
    // Neighbours tend to fall to the same model.
    let lucky = std::sync::Mutex::new(HashMap::<String, (f64, Model)>::new());
    in_parallel(options.jobs, &todo, |mutant| {
        let function = format!("{} {}", mutant.key.file, mutant.key.function);
        let first = lucky.lock().unwrap().get(&function).cloned();
        let about = models
            .iter()
            .filter(|(_, model)| project.is_about(&model.program, &mutant.key.file));
        let about: Vec<&(f64, Model)> = first.iter().chain(about).collect();
        let fate = fate(&broken.programs, mutant.number, &about, options.limit)?;
        println!("{}: {}", mutant.key, fate.write().join(" "));
        if let Fate::Killed { by, .. } = &fate
            && let Some(quick) = about.iter().find(|(_, model)| model == by)
        {
            lucky.lock().unwrap().insert(function, (*quick).clone());
        }
        results.add(&fields(&mutant.key), &mutant.digest, &fate.write())
    })?;
    Ok(())
}

fn fate(
    programs: &Programs,
    mutant: usize,
    about: &[&(f64, Model)],
    limit: Duration,
) -> Result<Fate, String> {
    if about.is_empty() {
        return Ok(Fate::Unclaimed);
    }
    let how = How {
        mutant: Some(mutant),
        deeper: 0,
        limit,
    };
    let mut undecided = Vec::new();
    for (seconds, model) in about {
        let killed = |how: &str| Fate::Killed {
            by: model.clone(),
            how: how.to_owned(),
        };
        match programs.run(model, how)? {
            End::Passed { .. } => {}
            // It took the process down without a word.
            End::Failed { iteration: 0 } => return Ok(killed("–")),
            End::Failed { iteration } => return Ok(killed(&iteration.to_string())),
            End::TimedOut if *seconds < limit.as_secs_f64() * ENDLESS => {
                return Ok(killed(ENDLESS_RUN));
            }
            End::TimedOut => undecided.push(model.test.clone()),
        }
    }
    undecided.dedup();
    Ok(match undecided.is_empty() {
        true => Fate::Survived,
        false => Fate::Undecided { models: undecided },
    })
}

/// Kills every mutant once more, each by the model that the table names.
pub fn replay(
    project: &Project,
    options: &Options,
    killers: &HashMap<Key, Killer>,
) -> Result<(), String> {
    let broken = build(project)?;
    let rows: Vec<(&Numbered, &Killer)> = broken
        .mutants
        .iter()
        .filter(|mutant| options.takes(mutant.number, &mutant.key.file))
        .filter_map(|mutant| Some((mutant, killers.get(&mutant.key)?)))
        .collect();
    if rows.is_empty() {
        return Err("the table names no mutant of these that is killed".to_owned());
    }
    let alive = in_parallel(options.jobs, &rows, |(mutant, killer)| {
        let how = How {
            mutant: Some(mutant.number),
            deeper: 0,
            limit: if killer.never_ends {
                options.limit
            } else {
                options.limit * 4
            },
        };
        Ok(match broken.programs.run(&killer.model, how)? {
            End::Failed { .. } => None,
            End::TimedOut if killer.never_ends => None,
            end => Some(format!("{}: {} {end:?}", mutant.key, killer.model.test)),
        })
    })?;
    let alive: Vec<String> = alive.into_iter().flatten().collect();
    println!(
        "{} mutants killed again, each by the model that the table names",
        rows.len() - alive.len()
    );
    match alive.is_empty() {
        true => Ok(()),
        false => Err(format!("no longer killed:\n{}", alive.join("\n"))),
    }
}

pub fn fields(key: &Key) -> [&str; KEY_FIELDS] {
    [&key.file, &key.function, &key.change]
}

/// Does `work` for every item, on so many threads; the answers come in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let next = AtomicUsize::new(0);
    let mut answers: Vec<(usize, Result<R, String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else {
                            return mine;
                        };
                        mine.push((at, work(item)));
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a worker of this tool"))
            .collect()
    });
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Source {
    /// In the order of their numbers.
    pub fn mutants(&self) -> impl Iterator<Item = &crate::site::Mutant> {
        self.scan.places.iter().flat_map(|place| &place.mutants)
    }
}
