//! Wrong uses of the macros: what the compiler says about them stands at the user's own code.
//!
//! Each file in `wrong/` is compiled. Its comments say which errors are to come of it: a caret is in
//! the column of the line above where one is, and after it there is the beginning of the message, if
//! it is ours, or the code, if it is the compiler's. All that is there has to come, and nothing
//! anywhere else; how much the compiler has to say about one place is its own business.
//!
//! What it finds out in different passes is in different files.

#![cfg(feature = "macros")]
#![deny(unused, unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is said where, by line and column.
type Errors = BTreeMap<(usize, usize), Vec<String>>;

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
    let mut found = Errors::new();
    for (place, text) in said.lines().filter_map(error) {
        found.entry(place).or_default().push(text);
    }

    let is_said = |place, text: &String| {
        let mut there = found.get(place).into_iter().flatten();
        there.any(|said| said.starts_with(text))
    };
    let missing: Vec<_> = expected
        .iter()
        .filter(|(place, texts)| !texts.iter().all(|text| is_said(place, text)))
        .collect();
    let elsewhere: Vec<_> = found
        .iter()
        .filter(|(place, _)| !expected.contains_key(place))
        .collect();
    assert!(
        missing.is_empty() && elsewhere.is_empty() && !expected.is_empty(),
        "of wrong/{name}.rs should come {missing:#?}, and not {elsewhere:#?}; rustc says\n{said}"
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
                let texts: &mut Vec<_> = errors.entry((code, caret)).or_default();
                texts.push(text.to_owned());
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
/// Where, and the code or else the message.
fn error(line: &str) -> Option<((usize, usize), String)> {
    let (place, what) = line.split_once(": error")?;
    let mut place = place.rsplit(':');
    let column = place.next()?.parse().ok()?;
    let line = place.next()?.parse().ok()?;
    let text = match what.strip_prefix('[') {
        Some(code) => code.split(']').next()?,
        None => what.strip_prefix(": ")?,
    };
    Some(((line, column), text.to_owned()))
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
