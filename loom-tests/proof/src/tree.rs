//! The project's files: what is walked for places to break, and the copy that is broken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::claims::{self, Models};
use crate::parse::{digest, parse};
use crate::programs::Model;
use crate::scan::{Scan, scan};
use crate::shared::questions;
use crate::weave::weave;

/// Where the product's sources are.
const SOURCES: [&str; 4] = [
    "executor/src",
    "executor/sync/src",
    "reactor/src",
    "timer/src",
];
/// What is not broken: the shim *is* the atomics; the deque stands in for the one that is shipped, and has that
/// one's orderings whether we need them or not.
const LEFT_OUT: [&str; 2] = ["executor/sync/src/shim", "executor/src/queue/chase_lev.rs"];

/// What one source file has to break.
#[derive(Debug)]
pub struct Source {
    pub file: String,
    pub text: String,
    pub scan: Scan,
    /// Whether any model is about it.
    pub is_claimed: bool,
}

/// The root of the project.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("two folders down").to_owned()
}

/// All `.rs` files below a folder, sorted; none of what is for tests.
pub fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e| format!("{}: {e}", folder.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        let is_for_tests = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_for_tests {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_for_tests {
            files.push(path);
        }
    }
    Ok(files)
}

/// The project, as far as this is concerned.
#[derive(Debug)]
pub struct Project {
    pub root: PathBuf,
    /// In which there is something to break.
    pub sources: Vec<Source>,
    pub models: Vec<Models>,
}

impl Project {
    pub fn read(root: &Path) -> Result<Self, String> {
        let models = claims::read(root)?;
        let mut read = Vec::new();
        for folder in SOURCES {
            for path in rust_files(&root.join(folder))? {
                let file = path
                    .strip_prefix(root)
                    .expect("below")
                    .to_string_lossy()
                    .into_owned();
                if LEFT_OUT.iter().any(|left_out| file.starts_with(left_out)) {
                    continue;
                }
                let text = fs::read_to_string(&path).map_err(|e| format!("{file}: {e}"))?;
                let parsed = parse(&file, &text)?;
                let is_claimed = models.iter().any(|models| models.check(&file));
                read.push((file, text, parsed, is_claimed));
            }
        }
        // Conditions are a protocol's only where one is: elsewhere they are anything.
        let modelled = read.iter().filter(|(.., is_claimed)| *is_claimed);
        let questions = questions(modelled.map(|(_, _, parsed, _)| parsed));
        let mut sources = Vec::new();
        for (file, text, parsed, is_claimed) in &read {
            let scan = scan(file, text, parsed, is_claimed.then_some(&questions))?;
            if !scan.places.is_empty() {
                sources.push(Source {
                    file: file.clone(),
                    text: text.clone(),
                    scan,
                    is_claimed: *is_claimed,
                });
            }
        }
        Ok(Self {
            root: root.to_owned(),
            sources,
            models,
        })
    }

    /// Every model there is.
    pub fn all_models(&self) -> Vec<Model> {
        let of = |models: &Models| -> Vec<Model> {
            let program = &models.name;
            let tests = models.tests.iter().cloned();
            tests
                .map(|test| Model {
                    program: program.clone(),
                    test,
                })
                .collect()
        };
        self.models.iter().flat_map(of).collect()
    }

    /// Whether the models of that program are about that file.
    pub fn is_about(&self, program: &str, file: &str) -> bool {
        self.models
            .iter()
            .any(|models| models.name == program && models.check(file))
    }

    /// Of a source file and of all models about it.
    pub fn digest_with_models(&self, source: &Source) -> String {
        let models = self
            .models
            .iter()
            .filter(|models| models.check(&source.file));
        let digests: Vec<&str> = models.map(|models| models.digest.as_str()).collect();
        digest(&format!("{} {}", source.scan.digest, digests.join(" ")))
    }

    /// Of a program's models and of all sources that they are about.
    pub fn digest_of_models(&self, program: &str) -> String {
        let models = self.models.iter().find(|models| models.name == program);
        let Some(models) = models else {
            return String::new();
        };
        let about = self
            .sources
            .iter()
            .filter(|source| models.check(&source.file));
        let digests: Vec<&str> = about.map(|source| source.scan.digest.as_str()).collect();
        digest(&format!("{} {}", models.digest, digests.join(" ")))
    }
}

/// Writes a copy of the project with all mutants in it. Files that are as they were are not touched,
/// so that cargo builds only what is new.
pub fn write_broken(project: &Project, copy: &Path) -> Result<(), String> {
    let root = &project.root;
    let mut broken = BTreeMap::new();
    let mut first = 0;
    for source in &project.sources {
        // What no model is about may not even be made of modelled words.
        if source.is_claimed {
            let woven = weave(&source.text, &source.scan.places, first);
            broken.insert(PathBuf::from(&source.file), woven);
        }
        first += source.mutants().count();
    }
    let face = PathBuf::from("executor/sync/src/lib.rs");
    let mut text =
        fs::read_to_string(root.join(&face)).map_err(|e| format!("{}: {e}", face.display()))?;
    text.push_str("\npub mod mutant;\nextern crate self as pintle_sync;\n");
    broken.insert(face, text);
    broken.insert(
        "executor/sync/src/mutant.rs".into(),
        include_str!("mutant.rs.in").to_owned(),
    );

    let files = project_files(root)?;
    for stale in project_files(copy).unwrap_or_default() {
        if !files.contains(&stale) && !broken.contains_key(&stale) {
            fs::remove_file(copy.join(&stale)).map_err(|e| format!("{}: {e}", stale.display()))?;
        }
    }
    for file in files {
        if !broken.contains_key(&file) {
            let bytes =
                fs::read(root.join(&file)).map_err(|e| format!("{}: {e}", file.display()))?;
            put(&copy.join(&file), &bytes)?;
        }
    }
    broken
        .iter()
        .try_for_each(|(file, text)| put(&copy.join(file), text.as_bytes()))
}

/// Every file of the project, from its root.
fn project_files(root: &Path) -> Result<Vec<PathBuf>, String> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if !path.is_dir() {
                files.push(path.strip_prefix(root).expect("below").to_owned());
            } else if !["target", "benches", ".git"]
                .iter()
                .any(|other| name == *other)
            {
                walk(root, &path, files)?;
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(root, root, &mut files).map_err(|e| format!("{}: {e}", root.display()))?;
    Ok(files)
}

/// Writes what is new.
fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let failed = |e| format!("{}: {e}", path.display());
    fs::create_dir_all(path.parent().expect("a file is in a folder")).map_err(failed)?;
    fs::write(path, bytes).map_err(failed)
}
