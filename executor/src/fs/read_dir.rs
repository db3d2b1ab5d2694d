//! [`ReadDir`]: the entries of a directory, fetched by the dozen.
//!
//! Tested in `tests/fs_paths.rs`.

use crate::io::pooled::{not_done, on_pool, pool};
use crate::task::JoinHandle;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Entries fetched in one trip to the pool.
const CHUNK: usize = 32;

/// Starts to list a directory.
///
/// # Errors
///
/// Those of [`std::fs::read_dir`].
///
/// ```
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut names = Vec::new();
/// let mut entries = pintle::fs::read_dir(".").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// assert!(names.iter().any(|name| name == "Cargo.toml"));
/// # Ok(())
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    on_pool(move || Ok(Chunk::fetch(std::fs::read_dir(path)?)))
        .await
        .map(|chunk| ReadDir {
            ready: chunk.entries,
            source: chunk.rest.map_or(Source::Over, Source::Idle),
        })
}

/// The entries of a directory, in the system's order, without `.` and `..`.
#[derive(Debug)]
pub struct ReadDir {
    ready: VecDeque<io::Result<DirEntry>>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Idle(std::fs::ReadDir),
    Fetching(JoinHandle<Chunk>),
    Over,
}

struct Chunk {
    entries: VecDeque<io::Result<DirEntry>>,
    /// Unless that was all.
    rest: Option<std::fs::ReadDir>,
}

impl Chunk {
    fn fetch(mut from: std::fs::ReadDir) -> Chunk {
        let mut entries = VecDeque::with_capacity(CHUNK);
        while entries.len() < CHUNK {
            match from.next() {
                Some(Ok(entry)) => entries.push_back(Ok(DirEntry::new(entry))),
                Some(Err(error)) => {
                    entries.push_back(Err(error));
                    return Chunk {
                        entries,
                        rest: Some(from),
                    };
                }
                None => {
                    return Chunk {
                        entries,
                        rest: None,
                    };
                }
            }
        }
        Chunk {
            entries,
            rest: Some(from),
        }
    }
}

impl ReadDir {
    /// The next entry, or `None` after the last.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: entries that were being fetched are there for the next call.
    ///
    /// # Errors
    ///
    /// Those of the system. The listing goes on after them where the system's does.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// [`next_entry`](Self::next_entry), as a poll.
    ///
    /// # Errors
    ///
    /// As `next_entry`.
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Poll::Ready(entry.map(Some));
            }
            self.source = match std::mem::replace(&mut self.source, Source::Over) {
                Source::Over => return Poll::Ready(Ok(None)),
                Source::Idle(from) => {
                    Source::Fetching(pool().spawn_blocking(|| Chunk::fetch(from)))
                }
                Source::Fetching(mut job) => {
                    let Poll::Ready(chunk) = Pin::new(&mut job).poll(cx) else {
                        self.source = Source::Fetching(job);
                        return Poll::Pending;
                    };
                    let chunk = chunk.map_err(not_done)?;
                    self.ready = chunk.entries;
                    chunk.rest.map_or(Source::Over, Source::Idle)
                }
            };
        }
    }
}

/// An entry of a directory.
#[derive(Clone)]
pub struct DirEntry {
    entry: Arc<std::fs::DirEntry>,
    /// Where listing has told it along with the name, at no cost.
    file_type: Option<FileType>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        Self {
            file_type: entry.file_type().ok(),
            entry: Arc::new(entry),
        }
    }

    /// The path given to [`read_dir`], with the name of the entry.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The name of the entry.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What the system knows of the entry; of a link itself, and not of what it leads to.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::metadata`].
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let entry = self.entry.clone();
        on_pool(move || entry.metadata()).await
    }

    /// Whether it is a file, a directory or a link. Mostly known without asking the system.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::file_type`].
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(file_type) = self.file_type {
            return Ok(file_type);
        }
        let entry = self.entry.clone();
        on_pool(move || entry.file_type()).await
    }

    /// The number of the file in its file system.
    pub fn ino(&self) -> u64 {
        self.entry.ino()
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}
