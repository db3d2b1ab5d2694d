//! What the tests about files share: a directory of one's own, bytes to tell apart, and a blocking pool that is busy
//! for as long as a test wants.

use super::{Event, Mode, every_mode, wait_until};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory of its own for each test, removed at its end.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pintle-tests-fs-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// A file with some contents.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a test in every flavour, with a directory.
pub fn every_mode_in_a_dir(body: impl AsyncFn(&Dir) -> io::Result<()>) {
    every_mode(|mode| {
        let dir = Dir::new();
        mode.runtime().block_on(body(&dir)).unwrap();
    });
}

pub fn numbers(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n % 251) as u8).collect()
}

/// The one thread of a runtime's blocking pool, kept busy until dropped.
pub struct BusyPool(Event);

impl BusyPool {
    pub async fn new() -> Self {
        let (started, over) = (Event::new(), Event::new());
        pintle::task::spawn_blocking({
            let (started, over) = (started.clone(), over.clone());
            move || {
                started.set();
                over.wait_blocking();
            }
        });
        started.wait().await;
        BusyPool(over)
    }
}

impl Drop for BusyPool {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Shuts a runtime down whose pool is busy: what is queued there is dropped unrun.
pub fn shut_down(runtime: pintle::runtime::Runtime, busy: BusyPool) {
    let metrics = runtime.metrics();
    assert_eq!(metrics.blocking_queue_depth(), 1);
    let dropper = std::thread::spawn(move || drop(runtime));
    wait_until(|| metrics.blocking_queue_depth() == 0);
    drop(busy);
    dropper.join().unwrap();
}

pub fn one_blocking_thread(mode: Mode) -> pintle::runtime::Runtime {
    mode.builder().max_blocking_threads(1).build().unwrap()
}
