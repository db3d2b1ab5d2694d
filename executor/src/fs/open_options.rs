//! [`OpenOptions`]: how a file is opened.

use super::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How a file is opened: [`std::fs::OpenOptions`], whose [`open`](Self::open) is awaited.
///
/// ```
/// use pintle::fs::OpenOptions;
/// use pintle::io::AsyncWriteExt;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("pintle-options-{}", std::process::id()));
/// let mut log = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).await?;
/// log.write_all(b"started\n").await?;
/// log.flush().await?;
/// # pintle::fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OpenOptions(std::fs::OpenOptions);

impl OpenOptions {
    /// With everything off.
    #[expect(
        clippy::new_without_default,
        reason = "as std's and tokio's: no options are no way to open a file"
    )]
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
    }

    /// To be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// To be written, over what is there.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// To be written, each write at the end of the file as it is then.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Cut to nothing, if it exists.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Made, if it does not exist.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Made, and an error if it exists.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// The permissions of a file that is made, before the process's mask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    /// Further flags for the system's `open`.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::OpenOptions::open`].
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        File::open_with(self.0.clone(), path.as_ref()).await
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}
