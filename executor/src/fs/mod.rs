//! Files and directories, with `std::fs`'s operations awaited.
//!
//! No operating system that matters lets plain files be polled, so every operation here runs on
//! the runtime's blocking pool. A trip to the pool costs some microseconds: a [`File`] reads ahead
//! and writes behind, so that small reads and writes share trips, and [`ReadDir`] fetches entries
//! by the dozen. Where a whole job is made of small steps, one
//! [`spawn_blocking`](crate::task::spawn_blocking) around `std::fs` is cheaper still.
//!
//! | piece | what it is |
//! | --- | --- |
//! | [`File`], [`OpenOptions`], [`FileTimes`] | open files |
//! | [`read`], [`read_to_string`], [`write()`], [`copy`] | whole files |
//! | [`create_dir`], [`create_dir_all`], [`DirBuilder`], [`read_dir`] | directories |
//! | [`remove_file`], [`remove_dir`], [`remove_dir_all`], [`rename`] | the tree |
//! | [`hard_link`], [`symlink`], [`read_link`], [`canonicalize`] | links |
//! | [`metadata()`], [`symlink_metadata`], [`set_permissions`], [`try_exists`] | what is known of a path |
//!
//! # Cancel safety
//!
//! Dropping a future of this module does not call the operation off once a thread of the pool has
//! taken it: `remove_file` may still remove. What it waits for is only the news.
//!
//! # Errors
//!
//! Those of `std::fs`'s function of the same name. All say [`Other`](std::io::ErrorKind::Other)
//! if the runtime is shut down before the operation has begun.
//!
//! # Panics
//!
//! All operations panic when they are polled outside of a runtime.
//!
//! ```
//! use pintle::fs;
//!
//! # #[pintle::main]
//! # async fn main() -> std::io::Result<()> {
//! let dir = std::env::temp_dir().join(format!("pintle-fs-{}", std::process::id()));
//! fs::create_dir_all(&dir).await?;
//! fs::write(dir.join("greeting"), "hello").await?;
//! assert_eq!(fs::read_to_string(dir.join("greeting")).await?, "hello");
//! fs::remove_dir_all(&dir).await?;
//! # Ok(())
//! # }
//! ```

mod dir_builder;
mod file;
mod open_options;
mod paths;
mod read_dir;

pub use dir_builder::DirBuilder;
pub use file::File;
pub use open_options::OpenOptions;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read, read_link,
    read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions, symlink,
    symlink_metadata, try_exists, write,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use std::fs::FileTimes;
