//! The tables in `README.md`: written from what was found, and read back to see whether they are still true.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::models;
use crate::mutants::{self, ENDLESS_RUN, Fate, Killer};
use crate::options::Options;
use crate::programs::Model;
use crate::results::Results;
use crate::site::Key;
use crate::survivors::Survivors;
use crate::tree::{Project, Source};

const README: &str = "loom-tests/README.md";
const SURVIVES: &str = "*survives*";

/// A part of `README.md` that is written by this tool, between two comments.
fn marks(part: &str) -> (String, String) {
    (
        format!("<!-- {part}: written by `cargo proof table` -->\n"),
        format!("<!-- end of {part} -->\n"),
    )
}

fn read_readme(root: &Path) -> Result<String, String> {
    fs::read_to_string(root.join(README)).map_err(|e| format!("{README}: {e}"))
}

fn part<'a>(readme: &'a str, part: &str) -> Result<&'a str, String> {
    let (begin, end) = marks(part);
    let (_, rest) = readme
        .split_once(&begin)
        .ok_or_else(|| format!("{README} has no {begin}"))?;
    let (inside, _) = rest
        .split_once(&end)
        .ok_or_else(|| format!("{README} has no {end}"))?;
    Ok(inside)
}

/// One row of the table of mutants, as it stands there.
struct Row {
    key: Key,
    /// The program, and the sentence of its model.
    killer: Option<(String, String)>,
    how: String,
}

/// The rows, and the digest of each source file that they are about.
fn rows(readme: &str) -> Result<(Vec<Row>, BTreeMap<String, String>), String> {
    let mut rows = Vec::new();
    let mut digests = BTreeMap::new();
    let mut file = String::new();
    for line in part(readme, "mutants")?.lines() {
        if let Some(heading) = line.strip_prefix("### `") {
            file = heading.split('`').next().unwrap_or_default().to_owned();
        } else if let Some(digest) = line.strip_prefix("Digest `") {
            digests.insert(
                file.clone(),
                digest.split('`').next().unwrap_or_default().to_owned(),
            );
        } else if let Some([function, change, killer, how]) = cells(line) {
            rows.push(Row {
                key: Key {
                    file: file.clone(),
                    function: function.to_owned(),
                    change: change.to_owned(),
                },
                killer: killer
                    .split_once(": ")
                    .map(|(program, model)| (program.to_owned(), model.to_owned())),
                how: how.to_owned(),
            });
        }
    }
    Ok((rows, digests))
}

/// The cells of a row that is neither a heading nor the line under it.
fn cells<const N: usize>(line: &str) -> Option<[&str; N]> {
    let inside = line.strip_prefix("| ")?.strip_suffix('|')?;
    let cells: Vec<&str> = inside.split('|').map(str::trim).collect();
    let cells: [&str; N] = cells.try_into().ok()?;
    let is_row = !cells[0].starts_with("--") && cells[0] != "function" && cells[0] != "model";
    is_row.then_some(cells)
}

/// What kills each mutant, by the table.
pub fn killers(project: &Project) -> Result<HashMap<Key, Killer>, String> {
    let (rows, _) = rows(&read_readme(&project.root)?)?;
    let by_sentence: HashMap<(String, String), Model> = project
        .all_models()
        .into_iter()
        .map(|model| ((model.program.clone(), model.sentence()), model))
        .collect();
    rows.into_iter()
        .filter_map(|row| Some((row.key, row.killer?, row.how == ENDLESS_RUN)))
        .map(|(key, killer, never_ends)| match by_sentence.get(&killer) {
            Some(model) => {
                let model = model.clone();
                Ok((key, Killer { model, never_ends }))
            }
            None => Err(format!(
                "{key}: the table names a model that is not there: {killer:?}"
            )),
        })
        .collect()
}

/// An error that says what is out of date, if anything is.
pub fn check(project: &Project) -> Result<(), String> {
    let readme = read_readme(&project.root)?;
    let (rows, digests) = rows(&readme)?;
    let survivors = Survivors::read(&project.root)?;
    let mut complaints = String::new();
    let mut complain = |text: String| {
        let _ = writeln!(complaints, "{text}");
    };
    for source in &project.sources {
        if digests.get(&source.file) != Some(&source.scan.digest) {
            complain(format!(
                "{} has changed since its mutants were tried",
                source.file
            ));
        }
    }
    let there: BTreeSet<&Key> = project
        .sources
        .iter()
        .flat_map(Source::mutants)
        .map(|m| &m.key)
        .collect();
    let listed: BTreeSet<&Key> = rows.iter().map(|row| &row.key).collect();
    for key in there.difference(&listed) {
        complain(format!("no row for {key}"));
    }
    for key in listed.difference(&there) {
        complain(format!("a row for what is no longer there: {key}"));
    }
    let alive: BTreeSet<&Key> = rows
        .iter()
        .filter(|row| row.killer.is_none())
        .map(|row| &row.key)
        .collect();
    let explained: BTreeSet<&Key> = survivors.keys().collect();
    for key in alive.symmetric_difference(&explained) {
        complain(format!(
            "survives in the table or in {}, but not in both: {key}",
            Survivors::FILE
        ));
    }
    let listed: BTreeSet<(String, &str)> = model_rows(&readme)?.into_iter().collect();
    let sentences: Vec<(String, String)> = project
        .all_models()
        .into_iter()
        .map(|model| (model.program.clone(), model.sentence()))
        .collect();
    let there: BTreeSet<(String, &str)> = sentences
        .iter()
        .map(|(program, model)| (program.clone(), model.as_str()))
        .collect();
    for (program, model) in there.symmetric_difference(&listed) {
        complain(format!(
            "in the table of models or in the tests, but not in both: {program}: {model}"
        ));
    }
    if let Err(error) = killers(project) {
        complain(error);
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{complaints}\nThe tables in {README} are out of date: run `cargo proof mutants`, `cargo proof models` and\n\
         `cargo proof table`, and see whether what survives now should."
    ))
}

fn model_rows(readme: &str) -> Result<Vec<(String, &str)>, String> {
    let mut program = String::new();
    let mut rows = Vec::new();
    for line in part(readme, "models")?.lines() {
        if let Some(heading) = line.strip_prefix("### `tests/") {
            program = heading.split('.').next().unwrap_or_default().to_owned();
        } else if let Some([model, ..]) = cells::<6>(line) {
            rows.push((program.clone(), model));
        }
    }
    Ok(rows)
}

/// Writes both tables.
pub fn write(project: &Project, options: &Options) -> Result<(), String> {
    let mut readme = read_readme(&project.root)?;
    for (name, text) in [
        ("models", write_models(project, options)?),
        ("mutants", write_mutants(project, options)?),
    ] {
        let (begin, end) = marks(name);
        let old = format!("{begin}{}{end}", part(&readme, name)?);
        readme = readme.replace(&old, &format!("{begin}{text}{end}"));
    }
    fs::write(project.root.join(README), readme).map_err(|e| format!("{README}: {e}"))
}

fn of_that_name(files: &[PathBuf], own: &Path) -> Vec<PathBuf> {
    files
        .iter()
        .filter(|file| file.file_name() == own.file_name())
        .cloned()
        .collect()
}

fn write_mutants(project: &Project, options: &Options) -> Result<String, String> {
    let own = mutants::results_path(&project.root);
    let results = Results::open(
        &own,
        &of_that_name(&options.results, &own),
        mutants::KEY_FIELDS,
    )?;
    let survivors = Survivors::read(&project.root)?;
    let mut missing = String::new();
    let mut tables = String::new();
    let (mut killed, mut alive) = (0, Vec::new());
    for source in &project.sources {
        let digest = project.digest_with_models(source);
        let mut table = String::new();
        for mutant in source.mutants() {
            let key = &mutant.key;
            let found = results.get(&mutants::fields(key), &digest);
            match found.and_then(|found| Fate::read(&found.outcome)) {
                None => {
                    let _ = writeln!(missing, "not tried yet: {key}");
                }
                Some(Fate::Killed { by, how }) => {
                    killed += 1;
                    let _ = writeln!(
                        table,
                        "| {} | {} | {}: {} | {how} |",
                        key.function,
                        key.change,
                        by.program,
                        by.sentence()
                    );
                }
                Some(Fate::Survived | Fate::Unclaimed | Fate::Undecided { .. }) => {
                    alive.push(key.clone());
                    let _ = writeln!(
                        table,
                        "| {} | {} | {SURVIVES} | |",
                        key.function, key.change
                    );
                }
            }
        }
        let _ = writeln!(
            tables,
            "\n### `{}`\n\nDigest `{}`.\n\n| function | change | killed by | in iteration |\n| --- | --- | --- | --: |\n{table}",
            source.file, source.scan.digest,
        );
    }
    for key in &alive {
        if survivors.reason(key).is_none() {
            let _ = writeln!(
                missing,
                "survives, without a reason in {}: {key}",
                Survivors::FILE
            );
        }
    }
    for key in survivors.keys() {
        if !alive.contains(key) {
            let _ = writeln!(
                missing,
                "has a reason in {} and does not survive: {key}",
                Survivors::FILE
            );
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    Ok(format!(
        "\n**{} mutants, {killed} killed, {} survive.**\n\n### Those that survive\n\n{}{tables}\n",
        killed + alive.len(),
        alive.len(),
        survivors.to_markdown(),
    ))
}

fn write_models(project: &Project, options: &Options) -> Result<String, String> {
    let own = models::results_path(&project.root);
    let results = Results::open(
        &own,
        &of_that_name(&options.results, &own),
        models::KEY_FIELDS,
    )?;
    let mut missing = String::new();
    let mut text = String::new();
    for models in &project.models {
        let digest = project.digest_of_models(&models.name);
        let checks: Vec<String> = models
            .checks
            .iter()
            .map(|file| format!("`{file}`"))
            .collect();
        let _ = writeln!(
            text,
            "\n### `tests/{}.rs`, about {}\n\n\
             | model | bound | iterations | seconds | deeper: iterations | seconds |\n\
             | --- | --: | --: | --: | --: | --: |",
            models.name,
            checks.join(", ")
        );
        for test in &models.tests {
            let model = Model {
                program: models.name.clone(),
                test: test.clone(),
            };
            let outcome = |deeper: &str| {
                let found = results.get(&[&models.name, test, deeper], &digest)?;
                Some(found.outcome.iter().map(String::as_str).collect::<Vec<_>>())
            };
            let quick = outcome("0");
            let Some(["passed", bound, iterations, seconds]) = quick.as_deref() else {
                let _ = writeln!(missing, "not run yet: {} {test}", models.name);
                continue;
            };
            let deep = outcome("1");
            let (deep, deep_seconds) = match deep.as_deref() {
                Some(["passed", _, iterations, seconds]) => {
                    (thousands(iterations), (*seconds).to_owned())
                }
                Some(["unfinished", limit]) => ("unfinished".to_owned(), format!("> {limit}")),
                _ => (String::new(), String::new()),
            };
            let _ = writeln!(
                text,
                "| {} | {bound} | {} | {seconds} | {deep} | {deep_seconds} |",
                model.sentence(),
                thousands(iterations),
            );
        }
    }
    match missing.is_empty() {
        true => Ok(text + "\n"),
        false => Err(missing),
    }
}

/// `1234567` as `1,234,567`.
fn thousands(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let groups: Vec<String> = digits
        .rchunks(3)
        .rev()
        .map(|group| group.iter().collect())
        .collect();
    groups.join(",")
}
