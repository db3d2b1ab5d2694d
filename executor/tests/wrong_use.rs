//! Wrong uses of the macros: what the compiler says about them stands at the user's own code.
//!
//! Each file in `wrong/` is compiled. Its comments say which errors are to come of it: a caret is in
//! the column of the line above where one is, and after it there is the beginning of the message, if
//! it is ours, or the code, if it is the compiler's. All that is there has to come, and nothing else.
//! What the compiler finds out in different passes is in different files.

#![cfg(feature = "macros")]
#![deny(unused, unsafe_code)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where an error is, by line and column, and what it says.
type Errors = BTreeSet<(usize, usize, String)>;

#[test]
fn what_a_macro_refuses_is_named_where_it_stands() {
    compile("input");
}

#[test]
fn what_has_the_wrong_type_is_named_where_it_stands() {
    compile("types");
}

#[test]
fn what_is_borrowed_or_gone_is_named_where_it_stands() {
    compile("borrows");
}

#[track_caller]
fn compile(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/wrong/{name}.rs"));
    let source = fs::read_to_string(&file).expect("the file");
    let expected = expected(&source);
    let said = rustc(&file, &library());
    // Two errors at one place that say the same are one: which of its checks the compiler makes
    // twice is its own business.
    let found: Errors = said.lines().filter_map(error).collect();

    let is_met = |expected: &(usize, usize, String), found: &(usize, usize, String)| {
        (expected.0, expected.1) == (found.0, found.1) && found.2.starts_with(&expected.2)
    };
    let missing = expected
        .iter()
        .filter(|&error| !found.iter().any(|found| is_met(error, found)));
    let surplus = found
        .iter()
        .filter(|&error| !expected.iter().any(|expected| is_met(expected, error)));
    let (missing, surplus): (Vec<_>, Vec<_>) = (missing.collect(), surplus.collect());
    assert!(
        missing.is_empty() && surplus.is_empty() && !expected.is_empty(),
        "of wrong/{name}.rs should come {missing:#?}, and should not {surplus:#?}; rustc says\n{said}"
    );
}

/// What the comments in a file say.
fn expected(source: &str) -> Errors {
    let mut errors = Errors::new();
    let mut code = 0;
    for (index, line) in source.lines().enumerate() {
        let comment = line.strip_prefix("//").map(str::trim_start);
        match comment.and_then(|comment| comment.strip_prefix("^ ")) {
            Some(text) => {
                let caret = line.find('^').expect("it was there") + 1;
                errors.insert((code, caret, text.to_owned()));
            }
            None => code = index + 1,
        }
    }
    errors
}

/// What a line of the compiler's says, if it is one like
///
/// ```text
/// path/to/file.rs:7:11: error[E0308]: mismatched types
/// ```
///
/// The code, or else the message.
fn error(line: &str) -> Option<(usize, usize, String)> {
    let (place, what) = line.split_once(": error")?;
    let mut place = place.rsplit(':');
    let column = place.next()?.parse().ok()?;
    let line = place.next()?.parse().ok()?;
    let text = match what.strip_prefix('[') {
        Some(code) => code.split(']').next()?,
        None => what.strip_prefix(": ")?,
    };
    Some((line, column, text.to_owned()))
}

/// Checks a file, and gives what the compiler says about it.
fn rustc(file: &Path, pintle: &Path) -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--test", "--emit=metadata"])
        .args(["--error-format=short", "--cap-lints=allow"])
        .args(["--out-dir", env!("CARGO_TARGET_TMPDIR")])
        .arg("--extern")
        .arg(format!("pintle={}", pintle.display()))
        .arg("-L")
        .arg(format!("dependency={}", deps().display()))
        .arg(file)
        .output()
        .expect("rustc");
    String::from_utf8(output.stderr).expect("rustc speaks UTF-8")
}

/// Where cargo has put this test, and what it stands on.
fn deps() -> PathBuf {
    let this = std::env::current_exe().expect("this test");
    this.parent().expect("its directory").to_owned()
}

/// The library as it was built for this test. There may be others beside it, from before a change,
/// or without our features: it is the newest with which a right use compiles.
fn library() -> PathBuf {
    let entries = fs::read_dir(deps()).expect("the directory");
    let mut libraries: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.starts_with("libpintle-") && name.ends_with(".rlib")
        })
        .collect();
    libraries.sort_by_key(|path| {
        let metadata = fs::metadata(path).and_then(|metadata| metadata.modified());
        std::cmp::Reverse(metadata.expect("when it was built"))
    });
    let right = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong/right.rs");
    let fits = |library: &PathBuf| rustc(&right, library).is_empty();
    libraries
        .into_iter()
        .find(fits)
        .expect("a library with which a right use compiles")
}
