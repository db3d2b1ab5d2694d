//! System calls for each operation, as the kernel sees them: a program runs under `strace -c`, once with
//! so many operations and once with twice as many, and the difference is what the operations made. Where
//! there is no `strace`, or it may not trace, the tests say so and pass; `costs.rs` asserts the same by the
//! runtime's own counters, which these tests compare with the truth.

#![cfg(target_os = "linux")]

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream};
use pintle::runtime::{Builder, Runtime};
use pintle::sync::{Notify, mpsc};
use pintle::task;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use support::{guarded, join_all, poll_once, wait_until};

/// Tells the program below what to do: flavour, operation, how often, and where to say how many looks it took.
const ASKED: &str = "PINTLE_SYSTEM_CALLS";
const FLAVOURS: [&str; 2] = ["multi_thread", "thread_per_core"];
/// The allocator's, and the sleeps of the program's own thread, which waits for something to have happened.
const NOT_OURS: &[&str] = &[
    "brk",
    "mmap",
    "munmap",
    "madvise",
    "mprotect",
    "clock_nanosleep",
];

#[test]
#[ignore = "the program that the other tests run under strace"]
fn traced_program() {
    let Ok(asked) = std::env::var(ASKED) else {
        return;
    };
    let asked: Vec<&str> = asked.split(' ').collect();
    let [flavour, operation, count, report] = asked[..] else {
        panic!("{asked:?}");
    };
    let count = count.parse().unwrap();
    let mut builder = match flavour {
        "multi_thread" => Builder::new_multi_thread(),
        _ => Builder::new_thread_per_core(),
    };
    let builder = builder.worker_threads(1).pin_workers(false).enable_all();
    let runtime = builder.build().unwrap();
    match operation {
        "idle" => std::thread::sleep(Duration::from_millis(count)),
        "remote_wake" => wake_from_outside(&runtime, count),
        _ => {
            let operation = operation.to_owned();
            let (done, wait) = std::sync::mpsc::channel();
            runtime.handle().spawn_on(0, move || async move {
                operate(&operation, count).await;
                done.send(()).unwrap();
            });
            wait.recv().unwrap();
        }
    }
    // It goes to sleep once more; a round's numbers are told by then.
    wait_until(|| runtime.metrics().worker_park_count(0) > 0);
    let metrics = runtime.metrics();
    drop(runtime);
    fs::write(report, metrics.worker_driver_count(0).to_string()).unwrap();
}

async fn operate(operation: &str, count: u64) {
    match operation {
        "yield" => {
            for _ in 0..count {
                task::yield_now().await;
            }
        }
        "spawn" => {
            for _ in 0..count {
                pintle::spawn(async {}).await.unwrap();
            }
        }
        "wake" => {
            let (ping, pong) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let other = task::spawn_local({
                let (ping, pong) = (ping.clone(), pong.clone());
                async move {
                    for _ in 0..count {
                        ping.notified().await;
                        pong.notify_one();
                    }
                }
            });
            for _ in 0..count {
                ping.notify_one();
                pong.notified().await;
            }
            other.await.unwrap();
        }
        "message" => {
            let (sender, mut receiver) = mpsc::channel(10);
            let other = pintle::spawn(async move {
                for n in 0..count {
                    sender.send(n).await.unwrap();
                }
            });
            while receiver.recv().await.is_some() {}
            other.await.unwrap();
        }
        "timer" => {
            for _ in 0..count {
                let sleep = pin!(pintle::time::sleep(Duration::from_secs(60)));
                assert!(poll_once(sleep).await.is_pending());
            }
        }
        "sleep" => {
            for _ in 0..count {
                pintle::time::sleep(Duration::from_millis(2)).await;
            }
        }
        "connection" => connections(count).await,
        _ => panic!("no operation {operation}"),
    }
}

/// Connections that live for ten round trips, one after the other.
async fn connections(count: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = task::spawn_local(async move {
        for _ in 0..count {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for _ in 0..10 {
                stream.write_all(&[1]).await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            }
        }
    });
    for _ in 0..count {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).await.unwrap() == 1 {
            stream.write_all(&byte).await.unwrap();
        }
    }
    join_all([client]).await;
}

/// Each time the worker has gone to sleep, wakes one of its tasks.
fn wake_from_outside(runtime: &Runtime, count: u64) {
    let wakes = Arc::new(Notify::new());
    runtime.spawn({
        let wakes = wakes.clone();
        async move {
            loop {
                wakes.notified().await;
            }
        }
    });
    let metrics = runtime.metrics();
    let mut parks = 0;
    for _ in 0..count {
        wait_until(|| metrics.worker_park_count(0) > parks);
        parks = metrics.worker_park_count(0);
        wakes.notify_one();
    }
}

/// What so many operations made.
#[derive(Debug)]
struct Made {
    operations: i64,
    calls: BTreeMap<String, i64>,
    /// What the runtime counted.
    looks: i64,
}

impl Made {
    /// How many for each operation, rounded. What is not made once in a few operations is the
    /// harness's, whose threads meet now and then.
    fn each(&self) -> BTreeMap<&str, i64> {
        let each = self.calls.iter().map(|(call, n)| {
            let rounded = (n + self.operations / 2).div_euclid(self.operations);
            (call.as_str(), rounded)
        });
        each.filter(|(_, n)| *n != 0).collect()
    }

    fn of(&self, call: &str) -> i64 {
        self.calls.get(call).copied().unwrap_or(0)
    }

    /// Asserts that nothing was done but to look at the driver, which is one call at most.
    #[track_caller]
    fn assert_only_looks(&self) {
        for (call, n) in &self.calls {
            let most = match call.as_str() {
                "epoll_wait" => self.looks + 3,
                _ => self.operations / 100,
            };
            assert!(*n <= most, "{call}: {self:?}");
        }
    }
}

/// What `count` operations make, in every flavour.
fn made_by(operation: &str, count: i64, check: impl Fn(&Made)) {
    for flavour in FLAVOURS {
        guarded(flavour, || {
            let Some(once) = trace(flavour, operation, count) else {
                return;
            };
            let Some(mut twice) = trace(flavour, operation, 2 * count) else {
                return;
            };
            for (call, n) in once.calls {
                *twice.calls.entry(call).or_default() -= n;
            }
            twice.looks -= once.looks;
            twice.operations = count;
            check(&twice);
        });
    }
}

/// Runs the program under `strace`, if that is possible.
fn trace(flavour: &str, operation: &str, count: i64) -> Option<Made> {
    let place = std::env::temp_dir().join(format!(
        "pintle-{}-{flavour}-{operation}-{count}",
        std::process::id()
    ));
    let (calls, report) = (place.with_extension("calls"), place.with_extension("looks"));
    let traced = Command::new("strace")
        .args(["-f", "-c", "-U", "calls,name", "-o"])
        .arg(&calls)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "traced_program", "--ignored", "--test-threads=1"])
        .env(
            ASKED,
            format!("{flavour} {operation} {count} {}", report.display()),
        )
        .output();
    let made = match traced {
        Ok(output) if output.status.success() => Ok(Made {
            operations: count,
            calls: parse(&fs::read_to_string(&calls).unwrap()),
            looks: fs::read_to_string(&report).unwrap().parse().unwrap(),
        }),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("ptrace"), "{output:?}");
            Err(said)
        }
        Err(error) => Err(error.to_string()),
    };
    let _ = (fs::remove_file(calls), fs::remove_file(report));
    // Past the test harness, which keeps what passing tests print.
    made.map_err(|why| {
        let message = format!("\nsystem_calls.rs: {operation} is NOT CHECKED, strace: {why}\n");
        let _ = std::io::stderr().write_all(message.as_bytes());
    })
    .ok()
}

/// Lines of a number and a name, between two rulers.
fn parse(summary: &str) -> BTreeMap<String, i64> {
    let lines = summary.lines().filter_map(|line| {
        let (count, name) = line.trim().split_once(' ')?;
        Some((name.trim().to_owned(), count.parse().ok()?))
    });
    lines
        .filter(|(name, _)| name != "total" && !NOT_OURS.contains(&name.as_str()))
        .collect()
}

#[test]
fn yielding_spawning_waking_and_sending_make_no_system_call() {
    for operation in ["yield", "spawn", "wake", "message"] {
        made_by(operation, 2000, Made::assert_only_looks);
    }
}

#[test]
fn a_sleep_that_is_armed_and_cancelled_makes_no_system_call() {
    made_by("timer", 2000, Made::assert_only_looks);
}

#[test]
fn an_idle_runtime_makes_no_system_call() {
    // Milliseconds, of which not even one in a hundred may have a call.
    made_by("idle", 500, |made| {
        assert_eq!(made.looks, 0);
        made.assert_only_looks();
    });
}

#[test]
fn a_wake_of_a_sleeping_worker_from_outside_is_one_write_and_one_wait() {
    made_by("remote_wake", 100, |made| {
        let each = [("epoll_wait", 1), ("write", 1)].into();
        assert_eq!(made.each(), each, "{made:?}");
    });
}

#[test]
fn a_sleep_that_fires_sets_the_alarm_once_for_each_wait() {
    made_by("sleep", 100, |made| {
        // Its deadline may be looked at once more on the way down the wheel.
        assert!(made.of("epoll_wait") <= 2 * made.operations, "{made:?}");
        let more = made.of("timerfd_settime") - made.of("epoll_wait");
        assert!(more <= 5, "{made:?}");
        assert_eq!(made.of("read"), 0, "{made:?}");
    });
}

#[test]
fn a_connection_enters_the_poll_and_leaves_it_once_on_each_side() {
    made_by("connection", 100, |made| {
        let mut each = made.each();
        assert_eq!(each.remove("epoll_ctl"), Some(4), "{made:?}");
        // A socket is tried first, and waited for if there is nothing: twice for each byte, and
        // no more often than that.
        assert_eq!(each.remove("recvfrom"), Some(2 * 20 + 2), "{made:?}");
        assert_eq!(each.remove("sendto"), Some(20), "{made:?}");
        assert!(made.of("epoll_wait") <= made.looks + 3, "{made:?}");
        for call in ["socket", "connect", "accept4"] {
            assert_eq!(each.remove(call), Some(1), "{call}: {made:?}");
        }
        assert_eq!(each.remove("close"), Some(2), "{made:?}");
    });
}
