//! What has been found out so far: a file of lines, so that a run that was ended goes on where it was, and several
//! machines' files make one table.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Lines of fields between tabs: a key, what it was found out about, and what was found.
#[derive(Debug)]
pub struct Results {
    known: BTreeMap<Vec<String>, Found>,
    file: Mutex<File>,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Found {
    /// Of what it was found out about: when that has changed, the finding is worth nothing.
    pub digest: String,
    pub outcome: Vec<String>,
}

impl Results {
    /// Reads what `more` know, and then `own`, to which findings will be added.
    pub fn open(own: &Path, more: &[PathBuf], key_fields: usize) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for path in more.iter().map(PathBuf::as_path).chain([own]) {
            if path == own && !path.exists() {
                continue;
            }
            let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            for line in text.lines() {
                let mut fields = line.split('\t').map(str::to_owned);
                let key: Vec<String> = fields.by_ref().take(key_fields).collect();
                let digest = fields.next().unwrap_or_default();
                let outcome = fields.collect();
                known.insert(key, Found { digest, outcome });
            }
        }
        fs::create_dir_all(own.parent().expect("a file is in a folder"))
            .and_then(|()| File::options().create(true).append(true).open(own))
            .map(|file| Self {
                known,
                file: Mutex::new(file),
            })
            .map_err(|e| format!("{}: {e}", own.display()))
    }

    /// What is known of `key`, if it is still true.
    pub fn get(&self, key: &[&str], digest: &str) -> Option<&Found> {
        let key: Vec<String> = key.iter().map(|field| (*field).to_owned()).collect();
        self.known.get(&key).filter(|found| found.digest == digest)
    }

    /// Writes a finding down, at once.
    pub fn add(&self, key: &[&str], digest: &str, outcome: &[String]) -> Result<(), String> {
        let line = format!("{}\t{digest}\t{}\n", key.join("\t"), outcome.join("\t"));
        let mut file = self.file.lock().unwrap_or_else(|e| e.into_inner());
        file.write_all(line.as_bytes())
            .map_err(|e| format!("results: {e}"))
    }
}
