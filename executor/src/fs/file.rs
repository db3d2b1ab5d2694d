//! [`File`]: an open file.

use super::OpenOptions;
use crate::io::pooled::{Blocking, Pooled, on_pool};
use futures_lite::io::{AsyncRead, AsyncSeek, AsyncWrite};
use std::fs::{File as StdFile, FileTimes, Metadata, Permissions};
use std::io::{self, IoSlice, Seek, SeekFrom};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

impl Blocking for StdFile {
    /// Regular files only: reading a terminal or a pipe for more than was asked would take what
    /// is meant for others.
    fn can_rewind(&self) -> bool {
        self.metadata().is_ok_and(|metadata| metadata.is_file())
    }

    fn rewind(&self, bytes: usize) -> io::Result<()> {
        let mut file = self;
        file.seek_relative(-(bytes as i64))
    }
}

/// An open file, which is read, written and sought through the `futures-io` traits
/// [`AsyncRead`], [`AsyncWrite`] and [`AsyncSeek`].
///
/// The work is done on the blocking pool, in trips that small operations share:
///
/// - **Reads run ahead.** A small read fetches some kilobytes, which later reads get from memory.
/// - **Writes run behind.** A write is *accepted* at once while there is room in the buffer
///   ([`set_max_buf_size`](Self::set_max_buf_size)), and is done soon, whether or not anyone waits,
///   and even if the file is dropped or the runtime shuts down. An error is told to the next write,
///   flush or sync; so **end with a flush** (or `close`, or [`sync_all`](Self::sync_all)), which
///   waits until all is written and is the last chance to hear of an error.
/// - Operations on one file follow one another. A seek, or a write after a read, counts from where
///   your reads have got to, not from how far the file was read ahead.
///
/// # Cancel safety
///
/// A dropped read loses nothing: what it got is for the next read. A dropped `write` has either
/// accepted its bytes or not seen them, and answers `Ready` in the first case. A dropped seek may
/// have been done or not.
///
/// # Panics
///
/// All operations panic when they are polled outside of a runtime.
///
/// ```
/// use pintle::fs::File;
/// use pintle::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("pintle-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
/// file.write_all(b"hello, world").await?;
/// file.flush().await?;
///
/// let mut text = String::new();
/// file.seek(SeekFrom::Start(7)).await?;
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "world");
/// # pintle::fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct File {
    pooled: Pooled<StdFile>,
}

/// Opening one.
impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::open`].
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = pintle::fs::File::open("Cargo.toml").await?;
    /// assert!(file.metadata().await?.len() > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> io::Result<File> {
        Self::options().read(true).open(path).await
    }

    /// Opens a file for writing, empty: one that exists is cut to nothing.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::create`].
    pub async fn create(path: impl AsRef<Path>) -> io::Result<File> {
        let mut options = Self::options();
        options.write(true).create(true).truncate(true);
        options.open(path).await
    }

    /// Makes a file, to be read and written.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), and those of [`std::fs::File::create_new`].
    pub async fn create_new(path: impl AsRef<Path>) -> io::Result<File> {
        let mut options = Self::options();
        options.read(true).write(true).create_new(true);
        options.open(path).await
    }

    /// Other ways to open a file.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Wraps a file of `std`'s.
    ///
    /// ```
    /// let std_file = std::fs::File::open("Cargo.toml")?;
    /// let file = pintle::fs::File::from_std(std_file);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn from_std(file: StdFile) -> File {
        File {
            pooled: Pooled::new(file),
        }
    }

    /// The file of `std`'s, when the operation under way and all accepted writes are done. Its
    /// position is where the reads and writes have got to. Errors of writes are told by a flush
    /// before, and lost here.
    ///
    /// ```
    /// use pintle::io::AsyncReadExt;
    /// use std::io::Read;
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = pintle::fs::File::open("Cargo.toml").await?;
    /// file.read_exact(&mut [0; 1]).await?;
    /// let mut rest = String::new();
    /// file.into_std().await.read_to_string(&mut rest)?;
    /// assert!(rest.starts_with("package]"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn into_std(self) -> StdFile {
        self.pooled.into_inner().await
    }

    /// The file of `std`'s, if that takes no waiting.
    ///
    /// # Errors
    ///
    /// The file itself, if an operation is under way, the error of a write has not been told yet,
    /// or bytes have been read, from what is no regular file, for a read that was dropped.
    pub fn try_into_std(self) -> Result<StdFile, File> {
        let file = self.pooled.try_into_inner();
        file.map_err(|pooled| File { pooled })
    }
}

/// The file as a whole. All of these wait for the operation under way and for accepted writes.
impl File {
    /// Waits until everything written, and what the system knows about the file, is on the disk.
    ///
    /// # Errors
    ///
    /// That of an earlier write, and those of [`std::fs::File::sync_all`].
    ///
    /// ```
    /// use pintle::io::AsyncWriteExt;
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("pintle-sync-{}", std::process::id()));
    /// let mut file = pintle::fs::File::create(&path).await?;
    /// file.write_all(b"precious").await?;
    /// file.sync_all().await?;
    /// # pintle::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync_all(&self) -> io::Result<()> {
        self.pooled.written().await?;
        self.pooled.exclusive(false, StdFile::sync_all).await
    }

    /// As [`sync_all`](Self::sync_all), but for times and the like.
    ///
    /// # Errors
    ///
    /// That of an earlier write, and those of [`std::fs::File::sync_data`].
    pub async fn sync_data(&self) -> io::Result<()> {
        self.pooled.written().await?;
        self.pooled.exclusive(false, StdFile::sync_data).await
    }

    /// Cuts the file, or fills it up with zeros. The position stays.
    ///
    /// # Errors
    ///
    /// That of an earlier write, and those of [`std::fs::File::set_len`].
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("pintle-set-len-{}", std::process::id()));
    /// let file = pintle::fs::File::create(&path).await?;
    /// file.set_len(3).await?;
    /// assert_eq!(pintle::fs::read(&path).await?, [0; 3]);
    /// # pintle::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        self.pooled.written().await?;
        // What was read ahead may be cut away.
        self.pooled
            .exclusive(true, move |file| file.set_len(size))
            .await
    }

    /// What the system knows about the file. Its length counts all that has been written.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::metadata`].
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.pooled.exclusive(false, StdFile::metadata).await
    }

    /// Changes who may do what with the file.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::set_permissions`].
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.pooled
            .exclusive(false, |file| file.set_permissions(permissions))
            .await
    }

    /// Sets when the file was changed and read last. Accepted writes are done before, and do not
    /// change it again.
    ///
    /// # Errors
    ///
    /// That of an earlier write, and those of [`std::fs::File::set_times`].
    ///
    /// ```
    /// use pintle::fs::{File, FileTimes};
    /// use std::time::{Duration, SystemTime};
    ///
    /// # #[pintle::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("pintle-times-{}", std::process::id()));
    /// let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// let file = File::create(&path).await?;
    /// file.set_times(FileTimes::new().set_modified(long_ago)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, long_ago);
    /// # pintle::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.pooled.written().await?;
        self.pooled
            .exclusive(false, move |file| file.set_times(times))
            .await
    }

    /// Sets when the file was changed last; as [`set_times`](Self::set_times) otherwise.
    ///
    /// # Errors
    ///
    /// As `set_times`.
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Another handle to the same open file. Both share one position, which each moves also by
    /// reading ahead: let one of them read at most.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::try_clone`].
    pub async fn try_clone(&self) -> io::Result<File> {
        let clone = self.pooled.exclusive(true, StdFile::try_clone).await?;
        Ok(File::from_std(clone))
    }

    /// Sets how many bytes one trip to the pool takes at most, and writes may be behind: 2 MiB if
    /// not set.
    ///
    /// # Panics
    ///
    /// If it is 0.
    pub fn set_max_buf_size(&mut self, bytes: usize) {
        self.pooled.set_max_buf_size(bytes);
    }

    /// How many bytes one trip to the pool takes at most, and writes may be behind.
    pub fn max_buf_size(&self) -> usize {
        self.pooled.max_buf_size()
    }

    pub(super) async fn open_with(options: std::fs::OpenOptions, path: &Path) -> io::Result<File> {
        let path = path.to_owned();
        on_pool(move || options.open(path))
            .await
            .map(File::from_std)
    }
}

impl From<StdFile> for File {
    fn from(file: StdFile) -> File {
        File::from_std(file)
    }
}

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.pooled.poll_read(cx, buf)
    }
}

impl AsyncWrite for File {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.pooled.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.pooled.poll_write_vectored(cx, bufs)
    }

    /// Waits until the system has all that was written; not until it is on the disk, which is
    /// what [`sync_all`](File::sync_all) does.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pooled.poll_flush(cx)
    }

    /// Flushes. The file stays open until it is dropped.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn poll_seek(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pos: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.pooled.poll_seek(cx, pos)
    }
}

/// The descriptor, for calls that move no position and read and write nothing: this side has its
/// own idea of both.
impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pooled.get_ref().as_fd()
    }
}

/// As its [`AsFd`].
impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.pooled.get_ref().as_raw_fd()
    }
}
