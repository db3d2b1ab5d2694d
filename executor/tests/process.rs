//! Child processes in every flavour: how they end, what goes through their pipes, and what becomes
//! of those that are dropped.

#![cfg(feature = "process")]

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt, ErrorKind};
use pintle::process::{Child, Command};
use std::future::Future;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::Stdio;
use support::{Mode, every_mode, join_all, poll_once, wait_until};

/// Runs a test in every flavour.
fn every_mode_async<F: Future<Output = io::Result<()>>>(body: impl Fn() -> F) {
    every_mode(|mode| mode.runtime().block_on(body()).unwrap());
}

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Ends when its standard input does, and not before.
fn cat() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.kill_on_drop(true).spawn().unwrap()
}

/// Blocks until a process is gone for good: a zombie still has its place.
fn wait_until_gone(pid: u32) {
    let ps = || {
        let ps = std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output();
        ps.unwrap().stdout.is_empty()
    };
    let proc = std::path::PathBuf::from(format!("/proc/{pid}"));
    if proc.parent().unwrap().join("self").exists() {
        wait_until(|| !proc.exists());
    } else {
        wait_until(ps);
    }
}

// ----- ends -----------------------------------------------------------------------------------

#[test]
fn a_status_says_how_the_process_ended() {
    every_mode_async(|| async {
        assert!(Command::new("true").status().await?.success());
        assert_eq!(sh("exit 42").status().await?.code(), Some(42));
        let killed = sh("kill -TERM $$").status().await?;
        assert_eq!((killed.code(), killed.signal()), (None, Some(15)));
        Ok(())
    });
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    every_mode_async(|| async {
        let spawned = Command::new("/no/such/program").spawn();
        assert_eq!(spawned.unwrap_err().kind(), ErrorKind::NotFound);
        let status = Command::new("/no/such/program").status().await;
        assert_eq!(status.unwrap_err().kind(), ErrorKind::NotFound);
        Ok(())
    });
}

#[test]
fn the_end_may_be_asked_for_again_and_again() {
    every_mode_async(|| async {
        let mut child = cat();
        assert!(child.id().is_some());
        assert_eq!(child.try_wait()?, None);
        let status = child.wait().await?;
        assert!(status.success(), "waiting closes its input");
        assert_eq!(child.id(), None);
        assert_eq!(child.wait().await?, status);
        assert_eq!(child.try_wait()?, Some(status));
        Ok(())
    });
}

#[test]
fn try_wait_finds_the_end_by_itself() {
    every_mode_async(|| async {
        let mut child = sh("exit 5").spawn()?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            pintle::task::yield_now().await;
        };
        assert_eq!(status.code(), Some(5));
        assert_eq!(child.wait().await?.code(), Some(5));
        Ok(())
    });
}

#[test]
fn a_dropped_wait_loses_nothing() {
    every_mode_async(|| async {
        let mut child = cat();
        let stdin = child.stdin.take();
        for _ in 0..5 {
            assert!(poll_once(pin!(child.wait())).await.is_pending());
        }
        drop(stdin);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn a_child_may_be_awaited_elsewhere() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let mut child = runtime.block_on(async {
            let mut child = cat();
            let stdin = child.stdin.take();
            assert!(poll_once(pin!(child.wait())).await.is_pending());
            child.stdin = stdin;
            child
        });
        drop(runtime);
        let runtime = mode.runtime();
        let status = runtime.spawn(async move { child.wait().await });
        assert!(runtime.block_on(status).unwrap().unwrap().success());
    });
}

#[test]
fn many_children_at_a_time() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let tasks = (0..40).map(|n| {
                pintle::spawn(async move {
                    let output = sh(&format!("echo {n}; exit {n}")).output().await.unwrap();
                    assert_eq!(output.status.code(), Some(n));
                    assert_eq!(output.stdout, format!("{n}\n").into_bytes());
                })
            });
            join_all(tasks).await;
        });
    });
}

#[test]
fn a_killed_process_says_so() {
    every_mode_async(|| async {
        let mut child = Command::new("sleep").arg("1000").spawn()?;
        child.start_kill()?;
        assert_eq!(child.wait().await?.signal(), Some(9));
        let error = child.start_kill().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = child.kill().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);

        let mut child = Command::new("sleep").arg("1000").spawn()?;
        child.kill().await?;
        assert_eq!(child.try_wait()?.unwrap().signal(), Some(9));
        Ok(())
    });
}

// ----- drops ----------------------------------------------------------------------------------

#[test]
fn a_dropped_child_is_killed_if_it_was_to_be() {
    every_mode_async(|| async {
        let mut command = Command::new("sleep");
        command.arg("1000").kill_on_drop(true);
        assert!(command.get_kill_on_drop());
        let child = command.spawn()?;
        let pid = child.id().unwrap();
        drop(child);
        wait_until_gone(pid);
        Ok(())
    });
}

#[test]
fn a_dropped_status_kills_if_it_was_to_be() {
    every_mode_async(|| async {
        // It tells us its number, and then it is killed.
        let (mut reader, writer) = io::pipe()?;
        let mut command = sh("echo $$; exec sleep 1000");
        let mut status = Box::pin(command.stdout(writer).kill_on_drop(true).status());
        assert!(poll_once(status.as_mut()).await.is_pending());
        drop(command);
        let mut line = [0; 32];
        let count = io::Read::read(&mut reader, &mut line)?;
        let pid = str::from_utf8(&line[..count]).unwrap().trim().parse();
        drop(status);
        wait_until_gone(pid.unwrap());
        Ok(())
    });
}

#[test]
fn a_dropped_child_goes_on_and_leaves_no_zombie() {
    every_mode_async(|| async {
        let dropped = |mut child: Child| (child.id().unwrap(), child.stdin.take().unwrap());
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped());
        let orphans: Vec<_> = (0..10).map(|_| dropped(command.spawn().unwrap())).collect();
        for (pid, mut stdin) in orphans {
            // It runs still: it reads.
            stdin.write_all(b"").await?;
            stdin.close().await?;
            wait_until_gone(pid);
        }
        Ok(())
    });
}

#[test]
fn a_child_that_ended_before_it_was_dropped_leaves_no_zombie() {
    every_mode_async(|| async {
        let mut child = sh("exit 0").stdout(Stdio::piped()).spawn()?;
        let pid = child.id().unwrap();
        // The end of its output is the end of it, or nearly.
        child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut Vec::new())
            .await?;
        drop(child);
        wait_until_gone(pid);
        Ok(())
    });
}

#[test]
fn orphans_are_looked_after_when_all_runtimes_are_gone() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let mut child = runtime.block_on(async {
            let mut child = cat();
            let stdin = child.stdin.take();
            assert!(poll_once(pin!(child.wait())).await.is_pending());
            child.stdin = stdin;
            child
        });
        drop(runtime);
        let pid = child.id().unwrap();
        let stdin = child.stdin.take();
        drop(child);
        drop(stdin);
        wait_until_gone(pid);
    });
}

#[test]
fn a_child_dies_with_the_runtime_whose_task_has_it() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let (started, tell) = (support::Event::new(), support::Event::new());
        let pid = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let task = {
            let (pid, started) = (pid.clone(), started.clone());
            async move {
                let mut command = Command::new("sleep");
                let mut child = command.arg("1000").kill_on_drop(true).spawn().unwrap();
                pid.store(child.id().unwrap(), std::sync::atomic::Ordering::SeqCst);
                started.set();
                child.wait().await.unwrap();
                tell.set();
            }
        };
        drop(runtime.spawn(task));
        runtime.block_on(started.wait());
        drop(runtime);
        wait_until_gone(pid.load(std::sync::atomic::Ordering::SeqCst));
    });
}

// ----- pipes ----------------------------------------------------------------------------------

#[test]
fn output_is_all_that_is_said() {
    every_mode_async(|| async {
        let output = sh("echo out; echo err >&2; exit 3").output().await?;
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout, b"out\n");
        assert_eq!(output.stderr, b"err\n");
        Ok(())
    });
}

#[test]
fn output_larger_than_any_pipe() {
    every_mode_async(|| async {
        let script = "head -c 1000000 /dev/zero; head -c 2000000 /dev/zero >&2";
        let output = sh(script).output().await?;
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (1_000_000, 2_000_000)
        );
        Ok(())
    });
}

#[test]
fn much_goes_through_a_child_both_ways() {
    every_mode_async(|| async {
        let mut child = cat();
        let mut stdin = child.stdin.take().unwrap();
        let sent: Vec<u8> = (0..3_000_000).map(|n: u32| (n % 251) as u8).collect();
        let writer = pintle::spawn({
            let sent = sent.clone();
            async move {
                stdin.write_all(&sent).await?;
                stdin.close().await
            }
        });
        let mut heard = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut heard).await?;
        writer.await.unwrap()?;
        assert!(heard == sent, "{} of {} bytes", heard.len(), sent.len());
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
fn a_dialogue() {
    every_mode_async(|| async {
        let mut child = cat();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        for n in 0..200 {
            let line = format!("line {n}\n");
            stdin.write_all(line.as_bytes()).await?;
            stdin.flush().await?;
            let mut answer = vec![0; line.len()];
            stdout.read_exact(&mut answer).await?;
            assert_eq!(answer, line.as_bytes());
            let mut more = [0];
            assert!(poll_once(pin!(stdout.read(&mut more))).await.is_pending());
        }
        let parts = [io::IoSlice::new(b"one "), io::IoSlice::new(b"two")];
        assert_eq!(stdin.write_vectored(&parts).await?, 7);
        stdin.close().await?;
        let error = stdin.write(b"late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).await?;
        assert_eq!(rest, "one two");
        Ok(())
    });
}

#[test]
fn a_child_that_has_gone_reads_nothing() {
    every_mode_async(|| async {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().unwrap();
        child.wait().await?;
        // A process that is being started elsewhere has the other end, too, until its `exec`.
        let error = loop {
            if let Err(error) = stdin.write_all(&[0; 100]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn a_full_pipe_waits_until_the_child_reads_or_goes() {
    every_mode_async(|| async {
        let mut child = Command::new("sleep");
        let mut child = child.arg("1000").stdin(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().unwrap();
        let writer = pintle::spawn(async move { stdin.write_all(&[0; 1 << 20]).await });
        pintle::task::yield_now().await;
        child.kill().await?;
        let error = writer.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn one_childs_output_is_anothers_input() {
    every_mode_async(|| async {
        let mut echo = Command::new("echo")
            .arg("hello")
            .stdout(Stdio::piped())
            .spawn()?;
        let pipe = Stdio::try_from(echo.stdout.take().unwrap())?;
        let output = Command::new("tr")
            .args(["a-z", "A-Z"])
            .stdin(pipe)
            .output()
            .await?;
        assert_eq!(output.stdout, b"HELLO\n");
        assert!(echo.wait().await?.success());

        let mut cat = cat();
        let pipe = Stdio::try_from(cat.stdin.take().unwrap())?;
        Command::new("echo")
            .arg("back")
            .stdout(pipe)
            .status()
            .await?;
        let output = cat.wait_with_output().await?;
        assert_eq!(output.stdout, b"back\n");
        Ok(())
    });
}

// ----- the builder ----------------------------------------------------------------------------

#[test]
fn a_command_is_what_it_was_told_to_be() {
    every_mode_async(|| async {
        let mut command = sh("echo $0 $ONE $TWO $THREE; pwd");
        command
            .arg("name")
            .env("ONE", "1")
            .envs([("TWO", "2"), ("THREE", "3")]);
        command.env_remove("THREE").current_dir("/");
        let output = command.output().await?;
        assert_eq!(output.stdout, b"name 1 2\n/\n");

        let mut command = Command::new("/usr/bin/env");
        let output = command.env_clear().env("ONLY", "this").output().await?;
        assert_eq!(output.stdout, b"ONLY=this\n");

        let mut group = sh("ps -o pgid= -p $$");
        let child = group.process_group(0).stdout(Stdio::piped()).spawn()?;
        let pid = child.id().unwrap();
        let output = child.wait_with_output().await?;
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            said.is_empty() || said.trim() == pid.to_string(),
            "{said} {pid}"
        );
        Ok(())
    });
}

#[test]
fn a_command_of_stds_and_back() {
    let mut std = std::process::Command::new("echo");
    std.arg("one");
    let mut command = Command::from(std);
    command.as_std_mut().arg("two");
    assert_eq!(command.as_std().get_args().count(), 2);
    let output = Mode::CurrentThread.runtime().block_on(command.output());
    assert_eq!(output.unwrap().stdout, b"one two\n");
    assert_eq!(command.into_std().get_program(), "echo");
}

#[test]
fn a_child_may_be_started_in_another_way() {
    Mode::CurrentThread.runtime().block_on(async {
        let mut command = sh("exit 5");
        let mut child = command.spawn_with(|command| command.spawn()).unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(5));
        let refused = command.spawn_with(|_| Err(std::io::ErrorKind::Unsupported.into()));
        let kind = refused.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::Unsupported);
    });
}

#[test]
fn a_child_is_sent_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync>(value: T) -> T {
        value
    }
    let mut command = sh("exit 0");
    let status = is_send_and_sync(command.status());
    Mode::CurrentThread.runtime().block_on(status).unwrap();
    drop(is_send_and_sync(cat()));
}
