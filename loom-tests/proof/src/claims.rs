//! Which models are about which source file.
//!
//! A file of models says so in its documentation: `//! Checks: `, then files or folders (which end in `/`),
//! each in backquotes, on one line or more.

use std::fs;
use std::path::Path;

use crate::parse::digest;
use crate::tree::rust_files;

/// One file of models.
#[derive(Debug)]
pub struct Models {
    /// The name of the test program.
    pub name: String,
    /// The names of its models.
    pub tests: Vec<String>,
    /// Of the file, and of what all files of models share.
    pub digest: String,
    pub checks: Vec<String>,
}

impl Models {
    pub fn check(&self, file: &str) -> bool {
        self.checks.iter().any(|claim| {
            file == claim || (claim.ends_with('/') && file.starts_with(claim.as_str()))
        })
    }
}

/// Every file of models, with its claims.
pub fn read(root: &Path) -> Result<Vec<Models>, String> {
    let text_of =
        |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut shared = String::new();
    for path in rust_files(&root.join("loom-tests/src"))? {
        shared += &digest(&text_of(&path)?);
    }
    let mut all = Vec::new();
    for path in rust_files(&root.join("loom-tests/tests"))? {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = text_of(&path)?;
        let docs: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .collect();
        let docs = docs.join("\n");
        let Some((_, claims)) = docs.split_once(" Checks:") else {
            return Err(format!(
                "{}: the documentation of a file of models says what they check: `//! Checks: …`",
                path.display()
            ));
        };
        let checks: Vec<String> = claims
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        for claim in &checks {
            if !root.join(claim).exists() {
                return Err(format!(
                    "{}: checks `{claim}`, which is not there",
                    path.display()
                ));
            }
        }
        let tree = syn::parse_file(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        all.push(Models {
            name,
            tests: tests(&tree.items, ""),
            digest: digest(&format!("{shared}{text}")),
            checks,
        });
    }
    Ok(all)
}

/// The models among these items, with the modules they are in. A test that is to panic is about how models fail.
fn tests(items: &[syn::Item], within: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in items {
        match item {
            syn::Item::Fn(function)
                if has(&function.attrs, "test") && !has(&function.attrs, "should_panic") =>
            {
                names.push(format!("{within}{}", function.sig.ident));
            }
            syn::Item::Mod(module) => {
                let inner = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                names.extend(tests(inner, &format!("{within}{}::", module.ident)));
            }
            _ => {}
        }
    }
    names
}

fn has(attributes: &[syn::Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}
