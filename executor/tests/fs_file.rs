//! A `File` in every flavour: where it stands, what is asked of it while bytes are under way, and where it may go.
//! What is read and written is in `fs_read_write.rs`.

#![cfg(feature = "fs")]

mod support;

use pintle::fs::{self, File, OpenOptions};
use pintle::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt, ErrorKind, SeekFrom};
use std::future::Future;
use std::io::{self, Read, Seek};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};
use support::fs::{BusyPool, Dir, every_mode_in_a_dir, numbers, one_blocking_thread};
use support::{Mode, every_mode, join_all, poll_once};

// ----- position --------------------------------------------------------------------------------

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

// ----- the file as a whole ---------------------------------------------------------------------

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
