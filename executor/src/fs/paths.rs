//! The functions of `std::fs` that take paths, each one trip to the blocking pool.

use crate::io::pooled::on_pool;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

/// Reads a whole file.
///
/// # Errors
///
/// Those of [`std::fs::read`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-read-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), [1, 2, 3]).await?;
/// assert_eq!(fs::read(dir.join("file")).await?, [1, 2, 3]);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::read(path)).await
}

/// Reads a whole file of UTF-8.
///
/// # Errors
///
/// Those of [`std::fs::read_to_string`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-read_to_string-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "text").await?;
/// assert_eq!(fs::read_to_string(dir.join("file")).await?, "text");
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::read_to_string(path)).await
}

/// Writes a whole file, instead of what was there. The bytes are copied first; a `Vec` of your own
/// and `spawn_blocking` save that.
///
/// # Cancel safety
///
/// Dropped while it is under way, it goes on.
///
/// # Errors
///
/// Those of [`std::fs::write`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-write-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "new").await?;
/// assert_eq!(fs::read(dir.join("file")).await?, b"new");
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    let contents = contents.as_ref().to_owned();
    on_pool(move || fs::write(path, contents)).await
}

/// Copies a file with its permissions, and says how many bytes that were.
///
/// # Errors
///
/// Those of [`std::fs::copy`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-copy-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("one"), "text").await?;
/// assert_eq!(fs::copy(dir.join("one"), dir.join("other")).await?, 4);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    on_pool(move || fs::copy(from, to)).await
}

/// Makes a directory, whose parent has to exist.
///
/// # Errors
///
/// Those of [`std::fs::create_dir`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-create_dir-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::create_dir(dir.join("new")).await?;
/// assert!(fs::create_dir(dir.join("new")).await.is_err());
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::create_dir(path)).await
}

/// Makes a directory and the parents that it lacks.
///
/// # Errors
///
/// Those of [`std::fs::create_dir_all`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-create_dir_all-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::create_dir_all(dir.join("a/b/c")).await?;
/// fs::create_dir_all(dir.join("a/b/c")).await?;
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::create_dir_all(path)).await
}

/// Removes a file, or a link and not what it leads to.
///
/// # Errors
///
/// Those of [`std::fs::remove_file`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-remove_file-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "").await?;
/// fs::remove_file(dir.join("file")).await?;
/// assert!(!fs::try_exists(dir.join("file")).await?);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::remove_file(path)).await
}

/// Removes an empty directory.
///
/// # Errors
///
/// Those of [`std::fs::remove_dir`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-remove_dir-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::create_dir(dir.join("empty")).await?;
/// fs::remove_dir(dir.join("empty")).await?;
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::remove_dir(path)).await
}

/// Removes a directory and all that is in it. Follows no links.
///
/// # Errors
///
/// Those of [`std::fs::remove_dir_all`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-remove_dir_all-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::create_dir_all(dir.join("a/b/c")).await?;
/// fs::remove_dir_all(dir.join("a")).await?;
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::remove_dir_all(path)).await
}

/// Moves a file or directory, within one file system. Replaces a file of the new name.
///
/// # Errors
///
/// Those of [`std::fs::rename`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-rename-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("old"), "text").await?;
/// fs::rename(dir.join("old"), dir.join("new")).await?;
/// assert_eq!(fs::read(dir.join("new")).await?, b"text");
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    on_pool(move || fs::rename(from, to)).await
}

/// What the system knows of the file, following links.
///
/// # Errors
///
/// Those of [`std::fs::metadata`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-metadata-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "text").await?;
/// assert_eq!(fs::metadata(dir.join("file")).await?.len(), 4);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::metadata(path)).await
}

/// What the system knows of the file, or of the link itself.
///
/// # Errors
///
/// Those of [`std::fs::symlink_metadata`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-symlink_metadata-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::symlink("anywhere", dir.join("link")).await?;
/// assert!(fs::symlink_metadata(dir.join("link")).await?.is_symlink());
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::symlink_metadata(path)).await
}

/// The path from the root, without links, `.` and `..`.
///
/// # Errors
///
/// Those of [`std::fs::canonicalize`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-canonicalize-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::create_dir(dir.join("a")).await?;
/// assert_eq!(fs::canonicalize(dir.join("a/..")).await?, fs::canonicalize(&dir).await?);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::canonicalize(path)).await
}

/// Gives a file another name.
///
/// # Errors
///
/// Those of [`std::fs::hard_link`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-hard_link-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("one"), "text").await?;
/// fs::hard_link(dir.join("one"), dir.join("other")).await?;
/// assert_eq!(fs::read(dir.join("other")).await?, b"text");
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    on_pool(move || fs::hard_link(original, link)).await
}

/// Makes a symbolic link.
///
/// # Errors
///
/// Those of [`std::os::unix::fs::symlink`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-symlink-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "text").await?;
/// fs::symlink("file", dir.join("link")).await?;
/// assert_eq!(fs::read(dir.join("link")).await?, b"text");
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    on_pool(move || std::os::unix::fs::symlink(original, link)).await
}

/// Where a symbolic link leads.
///
/// # Errors
///
/// Those of [`std::fs::read_link`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-read_link-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::symlink("anywhere", dir.join("link")).await?;
/// assert_eq!(fs::read_link(dir.join("link")).await?.to_str(), Some("anywhere"));
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::read_link(path)).await
}

/// Changes who may do what with a file.
///
/// # Errors
///
/// Those of [`std::fs::set_permissions`].
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-set_permissions-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// fs::write(dir.join("file"), "text").await?;
/// let mut permissions = fs::metadata(dir.join("file")).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(dir.join("file"), permissions).await?;
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::set_permissions(path, permissions)).await
}

/// Whether there is something at a path, following links.
///
/// # Errors
///
/// Those of [`std::fs::exists`]: if it cannot be told.
///
/// ```
/// use pintle::fs;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("pintle-try_exists-{}", std::process::id()));
/// # fs::create_dir_all(&dir).await?;
/// assert!(!fs::try_exists(dir.join("nothing")).await?);
/// # fs::remove_dir_all(&dir).await?;
/// # Ok(())
/// # }
/// ```
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    let path = path.as_ref().to_owned();
    on_pool(move || fs::exists(path)).await
}
