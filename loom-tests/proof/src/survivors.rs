//! Mutants that no model notices, and why: a file that is written by hand.
//!
//! ```text
//! * executor/src/park.rs Parker::notify: `swap`: AcqRel → Release
//! * …                                        one or more, as `cargo proof mutants` prints them
//! Why these may survive, on one line or more, up to an empty one.
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::site::Key;

/// Reasons, each with the mutants that it is about.
#[derive(Debug)]
pub struct Survivors {
    groups: Vec<(Vec<Key>, String)>,
}

impl Survivors {
    pub const FILE: &str = "loom-tests/survivors.txt";

    pub fn read(root: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(root.join(Self::FILE))
            .map_err(|e| format!("{}: {e}", Self::FILE))?;
        let mut groups = Vec::new();
        for block in text
            .split("\n\n")
            .map(str::trim)
            .filter(|block| !block.is_empty())
        {
            let (keys, reason): (Vec<&str>, Vec<&str>) =
                block.lines().partition(|line| line.starts_with("* "));
            let keys = keys
                .iter()
                .map(|line| {
                    parse(line).ok_or_else(|| format!("{}: what is this? {line}", Self::FILE))
                })
                .collect::<Result<Vec<_>, _>>()?;
            if keys.is_empty() || reason.is_empty() {
                return Err(format!("{}: mutants go with a reason: {block}", Self::FILE));
            }
            groups.push((keys, reason.join(" ")));
        }
        Ok(Self { groups })
    }

    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.groups.iter().flat_map(|(keys, _)| keys)
    }

    pub fn reason(&self, key: &Key) -> Option<&str> {
        let group = self.groups.iter().find(|(keys, _)| keys.contains(key));
        group.map(|(_, reason)| reason.as_str())
    }

    /// Each reason, and under it what it is about.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for (keys, reason) in &self.groups {
            let _ = writeln!(text, "- {reason}");
            let mut by_file = BTreeMap::<&str, Vec<String>>::new();
            for key in keys {
                by_file
                    .entry(&key.file)
                    .or_default()
                    .push(format!("{}: {}", key.function, key.change));
            }
            for (file, changes) in by_file {
                let _ = writeln!(text, "  - `{file}`: {}", changes.join("; "));
            }
        }
        text
    }
}

/// `* file function: change`, where the function may have a space in it, and no colon but in pairs.
fn parse(line: &str) -> Option<Key> {
    let (file, rest) = line.strip_prefix("* ")?.split_once(' ')?;
    let (function, change) = rest.split_once(": ")?;
    Some(Key {
        file: file.to_owned(),
        function: function.to_owned(),
        change: change.to_owned(),
    })
}
