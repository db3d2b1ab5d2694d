//! Files and directories in every flavour: what is read and written, in which order, what a
//! dropped future leaves behind, and what becomes of accepted bytes when things end.

#![cfg(feature = "fs")]

mod support;

use pintle::fs::{self, File, OpenOptions};
use pintle::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, BufReader, ErrorKind,
    SeekFrom, StreamExt,
};
use std::collections::BTreeSet;
use std::future::Future;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};
use support::{Event, Mode, every_mode, guarded, in_mode, join_all, poll_once, wait_until};

/// A directory of its own for each test, removed at its end.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pintle-tests-fs-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// A file with some contents.
    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
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
fn every_mode_in_a_dir(body: impl AsyncFn(&Dir) -> io::Result<()>) {
    every_mode(|mode| {
        let dir = Dir::new();
        mode.runtime().block_on(body(&dir)).unwrap();
    });
}

fn numbers(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n % 251) as u8).collect()
}

/// The one thread of a runtime's blocking pool, kept busy until dropped.
struct BusyPool(Event);

impl BusyPool {
    async fn new() -> Self {
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
fn shut_down(runtime: pintle::runtime::Runtime, busy: BusyPool) {
    let metrics = runtime.metrics();
    assert_eq!(metrics.blocking_queue_depth(), 1);
    let dropper = std::thread::spawn(move || drop(runtime));
    wait_until(|| metrics.blocking_queue_depth() == 0);
    drop(busy);
    dropper.join().unwrap();
}

fn one_blocking_thread(mode: Mode) -> pintle::runtime::Runtime {
    mode.builder().max_blocking_threads(1).build().unwrap()
}

// ----- reading --------------------------------------------------------------------------------

#[test]
fn a_file_is_read_in_pieces_of_any_size() {
    every_mode_in_a_dir(async |dir| {
        let contents = numbers(300_000);
        let path = dir.file("file", &contents);
        for piece in [1000, 8192, 70_000, 1 << 20] {
            let mut file = File::open(&path).await?;
            let (mut read, mut buf) = (Vec::new(), vec![0; piece]);
            loop {
                match file.read(&mut buf).await? {
                    0 => break,
                    count => read.extend_from_slice(&buf[..count]),
                }
            }
            assert_eq!(read, contents, "in pieces of {piece}");
            assert_eq!(file.read(&mut buf).await?, 0, "the end stays");
        }
        Ok(())
    });
}

#[test]
fn small_reads_share_a_trip_to_the_pool() {
    every_mode(|mode| {
        let dir = Dir::new();
        let contents = numbers(8000);
        let path = dir.file("file", &contents);
        one_blocking_thread(mode).block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut byte = [0];
            file.read_exact(&mut byte).await.unwrap();
            let _busy = BusyPool::new().await;
            for expected in &contents[1..] {
                file.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte[0], *expected);
            }
        });
    });
}

#[test]
fn a_read_served_from_memory_takes_part_in_the_budget() {
    let dir = Dir::new();
    let path = dir.file("file", numbers(4000));
    Mode::CurrentThread.runtime().block_on(async {
        let mut file = File::open(&path).await.unwrap();
        file.read_exact(&mut [0]).await.unwrap();
        let turns = std::rc::Rc::new(std::cell::Cell::new(0));
        let other = pintle::task::spawn_local({
            let turns = turns.clone();
            async move {
                loop {
                    turns.set(turns.get() + 1);
                    pintle::task::yield_now().await;
                }
            }
        });
        for _ in 1..4000 {
            file.read_exact(&mut [0]).await.unwrap();
        }
        assert!(turns.get() >= 10, "had {} turns", turns.get());
        other.abort();
    });
}

#[test]
fn lines_of_a_file() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "one\ntwo\n\nfour");
        let lines = BufReader::new(File::open(path).await?).lines();
        let lines: Vec<_> = lines.map(|line| line.unwrap()).collect().await;
        assert_eq!(lines, ["one", "two", "", "four"]);
        Ok(())
    });
}

#[test]
fn a_dropped_read_loses_nothing() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.file("file", numbers(20_000));
        one_blocking_thread(mode).block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let busy = BusyPool::new().await;
            for _ in 0..3 {
                let mut buf = [0; 100];
                let mut read = pin!(file.read(&mut buf));
                assert!(poll_once(read.as_mut()).await.is_pending());
            }
            drop(busy);
            let mut all = Vec::new();
            file.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, numbers(20_000));
        });
    });
}

#[test]
fn reads_dropped_at_random_lose_nothing() {
    every_mode_in_a_dir(async |dir| {
        let contents = numbers(1 << 20);
        let mut file = File::open(dir.file("file", &contents)).await?;
        file.set_max_buf_size(3000);
        let (mut all, mut buf) = (Vec::new(), [0; 777]);
        let mut turn = 0_usize;
        loop {
            turn += 1;
            let mut read = pin!(file.read(&mut buf));
            let mut done = poll_once(read.as_mut()).await;
            if done.is_pending() && !turn.is_multiple_of(3) {
                done = Poll::Ready(read.await);
            }
            match done {
                Poll::Pending => pintle::task::yield_now().await,
                Poll::Ready(count) if count.as_ref().is_ok_and(|count| *count == 0) => break,
                Poll::Ready(count) => all.extend_from_slice(&buf[..count?]),
            }
        }
        assert!(all == contents, "{} bytes of {}", all.len(), contents.len());
        Ok(())
    });
}

#[test]
fn a_file_that_grows_is_read_on() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("log", "one");
        let mut file = File::open(&path).await?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).await?;
        let mut log = OpenOptions::new().append(true).open(&path).await?;
        log.write_all(b" two").await?;
        log.close().await?;
        file.read_to_end(&mut text).await?;
        assert_eq!(text, b"one two");
        Ok(())
    });
}

#[test]
fn a_pipe_is_not_read_ahead() {
    every_mode_in_a_dir(async |_| {
        use io::Write;
        let (reader, mut writer) = io::pipe()?;
        let std_file = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
        let mut file = File::from_std(std_file);
        writer.write_all(b"for us, for others")?;
        let mut ours = [0; 6];
        file.read_exact(&mut ours).await?;
        drop(writer);
        let mut others = String::new();
        file.into_std().await.read_to_string(&mut others)?;
        assert_eq!((&ours, &*others), (b"for us", ", for others"));
        Ok(())
    });
}

// ----- writing --------------------------------------------------------------------------------

#[test]
fn what_is_written_and_flushed_is_there() {
    every_mode_in_a_dir(async |dir| {
        let contents = numbers(5_000_000);
        for piece in [10_000, 1 << 16, 5_000_000] {
            let path = dir.join("file");
            let mut file = File::create(&path).await?;
            for bytes in contents.chunks(piece) {
                file.write_all(bytes).await?;
            }
            file.flush().await?;
            assert!(std::fs::read(&path)? == contents, "in pieces of {piece}");
        }
        Ok(())
    });
}

#[test]
fn small_writes_wait_for_nobody_and_share_a_trip() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        one_blocking_thread(mode).block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let busy = BusyPool::new().await;
            let metrics = pintle::runtime::Handle::current().metrics();
            for byte in numbers(10_000) {
                file.write_all(&[byte]).await.unwrap();
            }
            assert_eq!(metrics.blocking_queue_depth(), 1);
            let mut flush = pin!(file.flush());
            assert!(poll_once(flush.as_mut()).await.is_pending());
            drop(busy);
            flush.await.unwrap();
        });
        assert_eq!(std::fs::read(&path).unwrap(), numbers(10_000));
    });
}

#[test]
fn a_full_buffer_makes_writes_wait() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        one_blocking_thread(mode).block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.set_max_buf_size(1000);
            assert_eq!(file.max_buf_size(), 1000);
            let busy = BusyPool::new().await;
            assert_eq!(file.write(&[1; 600]).await.unwrap(), 600);
            assert_eq!(file.write(&[2; 600]).await.unwrap(), 400);
            {
                let mut write = pin!(file.write(&[3; 600]));
                assert!(poll_once(write.as_mut()).await.is_pending());
            }
            drop(busy);
            file.write_all(&[4; 600]).await.unwrap();
            file.close().await.unwrap();
        });
        let written = std::fs::read(&path).unwrap();
        assert_eq!(written, [&[1; 600][..], &[2; 400], &[4; 600]].concat());
    });
}

#[test]
fn a_vectored_write_is_one_write() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.join("file");
        let mut file = File::create(&path).await?;
        let parts = [io::IoSlice::new(b"one "), io::IoSlice::new(b"two")];
        assert_eq!(file.write_vectored(&parts).await?, 7);
        file.flush().await?;
        assert_eq!(std::fs::read(&path)?, b"one two");
        Ok(())
    });
}

#[test]
fn the_error_of_a_write_is_told_once_by_whatever_comes_next() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "text");
        let read_only = async || {
            let mut file = File::open(&path).await.unwrap();
            file.write_all(b"no").await.unwrap();
            file
        };
        let told = |result: io::Result<()>| result.unwrap_err().raw_os_error() == Some(9);

        let mut file = read_only().await;
        assert!(told(file.flush().await), "flush tells");
        file.flush().await?;
        assert!(told(read_only().await.close().await), "close tells");
        assert!(told(read_only().await.sync_all().await), "sync_all tells");
        assert!(told(read_only().await.sync_data().await), "sync_data tells");
        assert!(told(read_only().await.set_len(1).await), "set_len tells");

        let mut file = read_only().await;
        file.metadata().await?;
        assert!(told(file.write_all(b"x").await), "write tells");
        // And the file goes on.
        let mut text = String::new();
        file.read_to_string(&mut text).await?;
        assert_eq!(text, "text");
        Ok(())
    });
}

#[test]
fn a_full_disk_is_an_error() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    every_mode_in_a_dir(async |_| {
        let mut file = OpenOptions::new().write(true).open("/dev/full").await?;
        file.write_all(&[0; 100]).await?;
        let error = file.flush().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        Ok(())
    });
}

#[test]
fn bytes_accepted_are_written_though_the_file_is_dropped() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.join("file");
        let mut file = File::create(&path).await?;
        file.write_all(b"left behind").await?;
        drop(file);
        wait_until(|| std::fs::read(&path).unwrap() == b"left behind");
        Ok(())
    });
}

#[test]
fn bytes_accepted_are_written_though_the_runtime_shuts_down() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        let runtime = one_blocking_thread(mode);
        let (busy, mut file) = runtime.block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let busy = BusyPool::new().await;
            file.write_all(b"precious").await.unwrap();
            (busy, file)
        });
        shut_down(runtime, busy);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        // Nothing hangs on another runtime either.
        mode.runtime().block_on(async {
            file.write_all(b", too").await.unwrap();
            file.flush().await.unwrap();
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"precious, too");
    });
}

#[test]
fn a_read_that_the_pool_drops_is_an_error() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.file("file", "text");
        let runtime = one_blocking_thread(mode);
        let (busy, mut file) = runtime.block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let busy = BusyPool::new().await;
            let mut buf = [0; 10];
            assert!(poll_once(pin!(file.read(&mut buf))).await.is_pending());
            (busy, file)
        });
        shut_down(runtime, busy);
        mode.runtime().block_on(async {
            let error = file.read(&mut [0; 10]).await.unwrap_err();
            assert!(error.to_string().contains("blocking pool"), "{error}");
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "text");
        });
    });
}

#[test]
fn an_operation_that_the_pool_drops_loses_nothing_that_was_read_ahead() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.file("file", "text");
        let runtime = one_blocking_thread(mode);
        let (busy, mut file) = runtime.block_on(async {
            let options = File::options().read(true).write(true).to_owned();
            let mut file = options.open(&path).await.unwrap();
            file.read_exact(&mut [0; 1]).await.unwrap();
            let busy = BusyPool::new().await;
            assert!(poll_once(pin!(file.set_len(3))).await.is_pending());
            (busy, file)
        });
        shut_down(runtime, busy);
        mode.runtime().block_on(async {
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "ext");
        });
    });
}

// ----- position -------------------------------------------------------------------------------

#[test]
fn a_seek_counts_from_where_the_reads_have_got_to() {
    every_mode_in_a_dir(async |dir| {
        let contents = numbers(50_000);
        let mut file = File::open(dir.file("file", &contents)).await?;
        let mut buf = [0; 10];
        file.read_exact(&mut buf).await?;
        assert_eq!(file.stream_position_by_seek().await?, 10);
        file.read_exact(&mut buf).await?;
        assert_eq!(buf, contents[10..20]);
        assert_eq!(file.seek(SeekFrom::Current(-5)).await?, 15);
        file.read_exact(&mut buf).await?;
        assert_eq!(buf, contents[15..25]);
        assert_eq!(file.seek(SeekFrom::End(-3)).await?, 49_997);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await?;
        assert_eq!(rest, contents[49_997..]);
        assert_eq!(file.seek(SeekFrom::Start(0)).await?, 0);
        file.read_exact(&mut buf).await?;
        assert_eq!(buf, contents[..10]);
        Ok(())
    });
}

trait Position {
    async fn stream_position_by_seek(&mut self) -> io::Result<u64>;
}

impl Position for File {
    async fn stream_position_by_seek(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Current(0)).await
    }
}

#[test]
fn a_seek_that_fails_changes_nothing() {
    every_mode_in_a_dir(async |dir| {
        let contents = numbers(100);
        let mut file = File::open(dir.file("file", &contents)).await?;
        let mut buf = [0; 10];
        file.read_exact(&mut buf).await?;
        for wrong in [
            SeekFrom::Current(-11),
            SeekFrom::Current(i64::MIN),
            SeekFrom::End(-101),
        ] {
            let error = file.seek(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong:?}");
        }
        file.read_exact(&mut buf).await?;
        assert_eq!(buf, contents[10..20]);
        Ok(())
    });
}

#[test]
fn a_dropped_seek_is_not_taken_for_the_next_one() {
    every_mode(|mode| {
        let dir = Dir::new();
        let contents = numbers(100);
        let path = dir.file("file", &contents);
        one_blocking_thread(mode).block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let busy = BusyPool::new().await;
            {
                let mut seek = pin!(file.seek(SeekFrom::Start(10)));
                assert!(poll_once(seek.as_mut()).await.is_pending());
            }
            drop(busy);
            assert_eq!(file.seek(SeekFrom::Start(20)).await.unwrap(), 20);
            let mut byte = [0];
            file.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte[0], contents[20]);
        });
    });
}

#[test]
fn a_write_after_a_read_goes_where_the_reads_have_got_to() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "0123456789");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .await?;
        file.read_exact(&mut [0; 2]).await?;
        file.write_all(b"ab").await?;
        let mut rest = String::new();
        file.read_to_string(&mut rest).await?;
        assert_eq!(rest, "456789");
        assert_eq!(fs::read(&path).await?, b"01ab456789");
        Ok(())
    });
}

#[test]
fn appended_bytes_go_to_the_end() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "0123456789");
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).open(&path).await?;
        file.read_exact(&mut [0; 2]).await?;
        file.write_all(b"ab").await?;
        file.flush().await?;
        assert_eq!(fs::read(&path).await?, b"0123456789ab");
        Ok(())
    });
}

#[test]
fn set_len_forgets_what_was_read_ahead() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "0123456789");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .await?;
        file.read_exact(&mut [0; 2]).await?;
        file.set_len(4).await?;
        let mut rest = String::new();
        file.read_to_string(&mut rest).await?;
        assert_eq!(rest, "23");
        Ok(())
    });
}

#[test]
fn the_file_of_stds_is_where_the_reads_have_got_to() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.file("file", "0123456789");
        let mut rest = String::new();

        let mut file = File::open(&path).await?;
        file.read_exact(&mut [0; 2]).await?;
        file.into_std().await.read_to_string(&mut rest)?;
        assert_eq!(rest, "23456789");

        let mut file = File::open(&path).await?;
        file.read_exact(&mut [0; 7]).await?;
        let clone = file.try_clone().await?;
        let mut std_file = file.try_into_std().expect("nothing is under way");
        assert_eq!(std_file.stream_position()?, 7);
        drop(clone);
        Ok(())
    });
}

#[test]
fn a_file_under_way_is_not_given_up() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        one_blocking_thread(mode).block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let busy = BusyPool::new().await;
            file.write_all(b"text").await.unwrap();
            let file = file.try_into_std().expect_err("a write is under way");
            drop(busy);
            drop(file.into_std().await);
            assert_eq!(std::fs::read(&path).unwrap(), b"text");
        });
    });
}

#[test]
fn what_a_dropped_read_is_still_reading_ahead_is_given_back_with_the_file() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        std::fs::write(&path, "0123456789").unwrap();
        one_blocking_thread(mode).block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let busy = BusyPool::new().await;
            let read = poll_once(pin!(file.read(&mut [0; 2]))).await;
            assert!(read.is_pending());
            let mut given_back = pin!(file.into_std());
            assert!(poll_once(given_back.as_mut()).await.is_pending());
            drop(busy);
            assert_eq!(given_back.await.stream_position().unwrap(), 0);
        });
    });
}

// ----- the file as a whole --------------------------------------------------------------------

#[test]
fn what_is_asked_of_the_file_counts_accepted_writes() {
    every_mode_in_a_dir(async |dir| {
        let path = dir.join("file");
        let mut file = File::create_new(&path).await?;
        file.write_all(&[1; 1000]).await?;
        assert_eq!(file.metadata().await?.len(), 1000);
        file.write_all(&[2; 1000]).await?;
        file.sync_all().await?;
        assert_eq!(std::fs::metadata(&path)?.len(), 2000);
        file.sync_data().await?;
        file.set_len(500).await?;
        assert_eq!(file.metadata().await?.len(), 500);
        let mut permissions = file.metadata().await?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).await?;
        assert!(std::fs::metadata(&path)?.permissions().readonly());
        let error = File::create_new(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        Ok(())
    });
}

#[test]
fn times_are_set_after_what_was_written_before() {
    every_mode_in_a_dir(async |dir| {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let later = long_ago + Duration::from_secs(1);
        let mut file = File::create(dir.join("file")).await?;
        file.write_all(&numbers(1_000_000)).await?;
        let times = fs::FileTimes::new().set_accessed(later);
        file.set_times(times.set_modified(long_ago)).await?;
        let metadata = file.metadata().await?;
        assert_eq!(metadata.modified()?, long_ago);
        assert_eq!(metadata.accessed()?, later);
        assert_eq!(metadata.len(), 1_000_000);
        file.set_modified(later).await?;
        assert_eq!(file.metadata().await?.modified()?, later);
        Ok(())
    });
}

#[test]
fn many_may_ask_a_file_at_a_time() {
    every_mode_in_a_dir(async |dir| {
        let mut file = File::create(dir.join("file")).await?;
        file.write_all(&[1; 100_000]).await?;
        let file = std::sync::Arc::new(file);
        let tasks = (0..20).map(|n| {
            let file = file.clone();
            pintle::spawn(async move {
                match n % 3 {
                    0 => file.sync_all().await.map(|()| 100_000),
                    1 => file.metadata().await.map(|metadata| metadata.len()),
                    _ => file.set_len(100_000).await.map(|()| 100_000),
                }
            })
        });
        for len in join_all(tasks).await {
            assert_eq!(len?, 100_000);
        }
        Ok(())
    });
}

#[test]
fn an_operation_that_waits_may_be_dropped() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        one_blocking_thread(mode).block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let busy = BusyPool::new().await;
            file.write_all(b"text").await.unwrap();
            {
                // One waits for the write, the other has the file and waits for the pool.
                let mut sync = pin!(file.sync_all());
                let mut metadata = pin!(file.metadata());
                assert!(poll_once(sync.as_mut()).await.is_pending());
                assert!(poll_once(metadata.as_mut()).await.is_pending());
            }
            drop(busy);
            file.flush().await.unwrap();
            {
                let busy = BusyPool::new().await;
                let mut metadata = pin!(file.metadata());
                assert!(poll_once(metadata.as_mut()).await.is_pending());
                drop(busy);
            }
            assert_eq!(file.metadata().await.unwrap().len(), 4);
        });
    });
}

#[test]
fn a_file_moves_between_tasks_and_runtimes() {
    every_mode(|mode| {
        let dir = Dir::new();
        let path = dir.join("file");
        let mut file = mode.runtime().block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.write_all(b"one").await.unwrap();
            file
        });
        let runtime = mode.runtime();
        let task = runtime.spawn(async move {
            file.write_all(b" two").await?;
            file.flush().await
        });
        runtime.block_on(task).unwrap().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one two");
    });
}

#[test]
fn outside_of_a_runtime_the_panic_says_what_to_do() {
    let dir = Dir::new();
    let std_file = std::fs::File::create(dir.join("file")).unwrap();
    let mut file = File::from_std(std_file);
    let mut cx = Context::from_waker(Waker::noop());
    support::assert_panics_with(&["blocking pool", "block_on"], || {
        let _ = Pin::new(&mut file).poll_write(&mut cx, b"text");
    });
    support::assert_panics_with(&["blocking pool", "block_on"], || {
        let mut read = pin!(fs::read("Cargo.toml"));
        let _ = read.as_mut().poll(&mut cx);
    });
    // Nothing is stuck.
    Mode::CurrentThread.runtime().block_on(async {
        file.write_all(b"more").await.unwrap();
        file.flush().await.unwrap();
    });
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"more");
}

#[test]
fn after_the_end_of_the_runtime_the_error_says_so() {
    every_mode_in_a_dir(async |dir| {
        let std_file = std::fs::File::create(dir.join("file"))?;
        let file = File::from_std(std_file);
        let ended = Mode::MultiThread.runtime();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        let _inside = handle.enter();
        for error in [
            fs::read(dir.join("file")).await.unwrap_err(),
            fs::read_dir(dir.join("")).await.unwrap_err(),
            file.metadata().await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("shut down"), "{error}");
        }
        Ok(())
    });
}

// ----- paths ----------------------------------------------------------------------------------

#[test]
fn whole_files() {
    every_mode_in_a_dir(async |dir| {
        let (one, other) = (dir.join("one"), dir.join("other"));
        fs::write(&one, "text").await?;
        assert_eq!(fs::read(&one).await?, b"text");
        assert_eq!(fs::copy(&one, &other).await?, 4);
        assert_eq!(fs::read_to_string(&other).await?, "text");
        fs::write(&one, [0xff]).await?;
        let error = fs::read_to_string(&one).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        fs::rename(&one, &other).await?;
        assert!(!fs::try_exists(&one).await?);
        fs::remove_file(&other).await?;
        let error = fs::read(&other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn links() {
    every_mode_in_a_dir(async |dir| {
        let file = dir.file("file", "text");
        fs::hard_link(&file, dir.join("hard")).await?;
        fs::symlink("file", dir.join("soft")).await?;
        assert_eq!(fs::read_link(dir.join("soft")).await?, Path::new("file"));
        assert!(fs::symlink_metadata(dir.join("soft")).await?.is_symlink());
        assert!(fs::metadata(dir.join("soft")).await?.is_file());
        let canonical = fs::canonicalize(dir.join("soft")).await?;
        assert_eq!(canonical, std::fs::canonicalize(&file)?);
        fs::remove_file(&file).await?;
        assert!(!fs::try_exists(dir.join("soft")).await?, "it dangles");
        assert_eq!(fs::read(dir.join("hard")).await?, b"text");
        Ok(())
    });
}

#[test]
fn directories() {
    use std::os::unix::fs::PermissionsExt;
    every_mode_in_a_dir(async |dir| {
        let error = fs::create_dir(dir.join("a/b")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        fs::create_dir_all(dir.join("a/b")).await?;
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700).create(dir.join("private")).await?;
        let mode = fs::metadata(dir.join("private"))
            .await?
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(builder.create(dir.join("private")).await.is_err());
        builder.recursive(true).create(dir.join("private")).await?;
        let error = fs::remove_dir(dir.join("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir(dir.join("a/b")).await?;
        fs::remove_dir_all(dir.join("a")).await?;
        assert!(!fs::try_exists(dir.join("a")).await?);
        Ok(())
    });
}

#[test]
fn a_directory_is_listed_whole() {
    every_mode_in_a_dir(async |dir| {
        for count in [0, 1, 31, 32, 33, 200] {
            let path = dir.join(count.to_string());
            fs::create_dir(&path).await?;
            let names: BTreeSet<_> = (0..count).map(|n| format!("entry-{n}")).collect();
            for name in &names {
                std::fs::write(path.join(name), "text")?;
            }
            let mut entries = fs::read_dir(&path).await?;
            let mut found = BTreeSet::new();
            while let Some(entry) = entries.next_entry().await? {
                assert_eq!(entry.path(), path.join(entry.file_name()));
                assert!(entry.file_type().await?.is_file());
                found.insert(entry.file_name().into_string().unwrap());
            }
            assert_eq!(found, names);
            assert!(entries.next_entry().await?.is_none(), "the end stays");
        }
        let error = fs::read_dir(dir.join("nothing")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn a_dropped_next_entry_loses_nothing() {
    every_mode(|mode| {
        let dir = Dir::new();
        for n in 0..100 {
            dir.file(&n.to_string(), "");
        }
        one_blocking_thread(mode).block_on(async {
            let mut entries = fs::read_dir(&dir.0).await.unwrap();
            let mut count = 0;
            let mut busy = Some(BusyPool::new().await);
            loop {
                let mut next = pin!(entries.next_entry());
                match poll_once(next.as_mut()).await {
                    Poll::Ready(entry) if entry.as_ref().unwrap().is_none() => break,
                    Poll::Ready(_) => count += 1,
                    Poll::Pending => {
                        busy = None;
                        pintle::task::yield_now().await;
                    }
                }
            }
            drop(busy);
            assert_eq!(count, 100);
        });
    });
}

#[test]
fn an_entry_tells_of_the_link_and_not_of_where_it_leads() {
    use std::os::unix::fs::MetadataExt;
    every_mode_in_a_dir(async |dir| {
        fs::symlink("nowhere", dir.join("link")).await?;
        let entry = fs::read_dir(&dir.0).await?.next_entry().await?.unwrap();
        let metadata = entry.metadata().await?;
        assert!(metadata.is_symlink());
        assert_eq!(entry.ino(), metadata.ino());
        assert!(format!("{entry:?}").contains("link"));
        Ok(())
    });
}

// ----- many at a time -------------------------------------------------------------------------

#[test]
fn many_files_at_a_time() {
    every_mode_in_a_dir(async |dir| {
        let tasks = (0..64).map(|n: usize| {
            let path = dir.join(n.to_string());
            pintle::spawn(async move {
                let contents = vec![n as u8; 10_000 + n];
                let mut file = File::create_new(&path).await?;
                for piece in contents.chunks(333) {
                    file.write_all(piece).await?;
                }
                file.seek(SeekFrom::Start(0)).await?;
                let mut read = Vec::new();
                file.read_to_end(&mut read).await?;
                assert_eq!(read, contents);
                io::Result::Ok(())
            })
        });
        join_all(tasks).await.into_iter().collect()
    });
}

#[test]
fn a_large_file_is_copied() {
    guarded("copy", || {
        in_mode(Mode::MultiThread, |mode| {
            let dir = Dir::new();
            let contents = numbers(20 << 20);
            let from = dir.file("from", &contents);
            let to = dir.join("to");
            mode.runtime().block_on(async {
                let source = File::open(&from).await.unwrap();
                let mut target = File::create(&to).await.unwrap();
                let copied = pintle::io::copy(source, &mut target).await.unwrap();
                assert_eq!(copied, 20 << 20);
                target.flush().await.unwrap();
            });
            assert!(std::fs::read(&to).unwrap() == contents);
        });
    });
}
