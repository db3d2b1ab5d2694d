//! Counts the lines of a whole tree of files, many files at a time.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin fswork -- .
//! cargo run --release -p pintle-examples --bin fswork -- --at-once 8 --longest 3 src tests
//! ```
//!
//! One loop owns the work: paths that were found and not yet visited, and a `JoinSet` of visits under
//! way, which is never larger than `--at-once`. A visit lists a directory or counts a file; either
//! way it is `pintle::fs`, so what blocks is the pool's threads and never a worker. Links are not
//! followed. What cannot be read is told, and the rest is counted all the same. Ctrl-C ends the walk
//! with what has been counted so far: dropping the set aborts the visits.

#![forbid(unsafe_code)]

use futures_lite::future::or;
use pintle::fs::{self, File};
use pintle::io::AsyncReadExt;
use pintle::task::JoinSet;
use pintle_examples::{Args, During, Error, Mode, Result, run};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "
Counts files, lines and bytes below the paths that are given [.].

    --at-once N        files and directories visited at a time [64]
    --longest N        how many of the longest files to name [5]
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]
";

fn main() -> ExitCode {
    run(HELP, |mut args| {
        let at_once = args.optional::<NonZeroUsize>("--at-once")?;
        let longest = args.value("--longest", 5)?;
        let (_, runtime) = Mode::from_args(&mut args)?;
        let mut walk = Walk::new(paths(args)?, at_once.map_or(64, NonZeroUsize::get));

        let begin = Instant::now();
        runtime.block_on(async {
            let interrupted = async {
                pintle::signal::ctrl_c()
                    .await
                    .during("listening to Ctrl-C")?;
                eprintln!("interrupted");
                Ok(())
            };
            or(interrupted, walk.run()).await
        })?;
        let elapsed = begin.elapsed();

        let Counted {
            directories,
            mut files,
            failures,
        } = walk.counted;
        let lines: u64 = files.iter().map(|file| file.lines).sum();
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        println!("{} files in {directories} directories", files.len());
        println!("{lines} lines, {bytes} bytes, in {elapsed:.1?}");
        files.sort_by_key(|file| std::cmp::Reverse(file.lines));
        for file in files.iter().take(longest) {
            println!("{:>9} {}", file.lines, file.path.display());
        }
        match failures {
            0 => Ok(()),
            _ => Err(Error::Failed(format!("{failures} could not be read"))),
        }
    })
}

/// What is left of the command line when all options have been taken.
fn paths(args: Args) -> Result<Vec<PathBuf>> {
    if let Some(word) = args.words().iter().find(|word| word.starts_with('-')) {
        let message = format!("{word} is not an option of this program");
        return Err(Error::Usage(message));
    }
    let paths: Vec<_> = args.words().iter().map(PathBuf::from).collect();
    Ok(if paths.is_empty() {
        vec![PathBuf::from(".")]
    } else {
        paths
    })
}

/// A walk under way.
struct Walk {
    found: Vec<PathBuf>,
    visits: JoinSet<(PathBuf, io::Result<Visit>)>,
    at_once: usize,
    counted: Counted,
}

#[derive(Default)]
struct Counted {
    directories: usize,
    files: Vec<Counts>,
    failures: usize,
}

/// What a visit has found.
enum Visit {
    Directory(Vec<PathBuf>),
    File(Counts),
    /// A link, a socket and the like.
    Other,
}

struct Counts {
    path: PathBuf,
    lines: u64,
    bytes: u64,
}

impl Walk {
    fn new(roots: Vec<PathBuf>, at_once: usize) -> Self {
        Self {
            found: roots,
            visits: JoinSet::new(),
            at_once,
            counted: Counted::default(),
        }
    }

    async fn run(&mut self) -> Result<()> {
        loop {
            while self.visits.len() < self.at_once
                && let Some(path) = self.found.pop()
            {
                self.visits.spawn(async move {
                    let visit = visit(&path).await;
                    (path, visit)
                });
            }
            let Some(visited) = self.visits.join_next().await else {
                return Ok(());
            };
            let (path, visit) = visited?;
            match visit {
                Ok(Visit::Directory(entries)) => {
                    self.counted.directories += 1;
                    self.found.extend(entries);
                }
                Ok(Visit::File(counts)) => self.counted.files.push(counts),
                Ok(Visit::Other) => {}
                Err(error) => {
                    eprintln!("{}: {error}", path.display());
                    self.counted.failures += 1;
                }
            }
        }
    }
}

async fn visit(path: &Path) -> io::Result<Visit> {
    let file_type = fs::symlink_metadata(path).await?.file_type();
    if file_type.is_dir() {
        let mut found = Vec::new();
        let mut entries = fs::read_dir(path).await?;
        while let Some(entry) = entries.next_entry().await? {
            found.push(entry.path());
        }
        Ok(Visit::Directory(found))
    } else if file_type.is_file() {
        count(path).await.map(Visit::File)
    } else {
        Ok(Visit::Other)
    }
}

/// Counts line ends, as `wc` does.
async fn count(path: &Path) -> io::Result<Counts> {
    let mut file = File::open(path).await?;
    let mut counts = Counts {
        path: path.to_owned(),
        lines: 0,
        bytes: 0,
    };
    let mut buf = vec![0; 64 * 1024];
    loop {
        let length = match file.read(&mut buf).await? {
            0 => return Ok(counts),
            length => length,
        };
        let read = &buf[..length];
        counts.bytes += read.len() as u64;
        counts.lines += read.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}
