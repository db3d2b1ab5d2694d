//! The bytes of files in every flavour: what is read and written, in which trips to the pool, what a dropped future
//! leaves behind, and what becomes of accepted bytes when things end. A `File` as a whole is in `fs_file.rs`.

#![cfg(feature = "fs")]

mod support;

use pintle::fs::{File, OpenOptions};
use pintle::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, ErrorKind, SeekFrom,
    StreamExt,
};
use std::io::{self, Read};
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use support::fs::{BusyPool, Dir, every_mode_in_a_dir, numbers, one_blocking_thread, shut_down};
use support::{Mode, every_mode, guarded, in_mode, join_all, poll_once, wait_until};

// ----- reading ---------------------------------------------------------------------------------

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

// ----- writing ---------------------------------------------------------------------------------

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

// ----- many at a time --------------------------------------------------------------------------

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
