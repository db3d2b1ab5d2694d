//! [`DirBuilder`]: how a directory is made.

use crate::io::pooled::on_pool;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// How a directory is made: [`std::fs::DirBuilder`], whose [`create`](Self::create) is awaited.
///
/// ```
/// use pintle::fs::{self, DirBuilder};
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let dir = std::env::temp_dir().join(format!("pintle-builder-{}", std::process::id()));
/// DirBuilder::new().recursive(true).mode(0o700).create(dir.join("a/b")).await?;
/// assert!(fs::metadata(dir.join("a/b")).await?.is_dir());
/// fs::remove_dir_all(dir).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    mode: Option<u32>,
}

impl DirBuilder {
    /// A directory whose parent exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether parents are made, too, and a directory that exists is none the worse for it.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// The permissions, before the process's mask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirBuilder::create`].
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        if let Some(mode) = self.mode {
            builder.mode(mode);
        }
        let path = path.as_ref().to_owned();
        on_pool(move || builder.create(path)).await
    }
}
