//! Allocations, counted for each thread by an allocator of this test's own.

#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

mod support;

use pintle::sync::{Notify, broadcast, mpsc, oneshot, watch};
use pintle::task;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use support::{Event, every_mode, poll_once};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Counts, and leaves the work to the system's allocator.
struct Counting;

// SAFETY: every call goes to `System` unchanged, which keeps the contract; counting allocates
// nothing, since the counter is const and needs no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above; the block came from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations this thread makes during `f`.
async fn counted(f: impl AsyncFnOnce()) -> usize {
    let before = COUNT.get();
    f().await;
    COUNT.get() - before
}

/// Runs `main` on worker 0 in every flavour.
fn on_a_worker(main: impl AsyncFn() + Copy + Send + 'static) {
    every_mode(|mode| {
        let runtime = mode.builder().worker_threads(1).build().unwrap();
        let on = runtime
            .handle()
            .spawn_on(0, move || async move { main().await });
        runtime.block_on(on).unwrap();
    });
}

#[test]
fn a_spawn_is_one_allocation_and_none_where_as_many_tasks_have_ended() {
    on_a_worker(async || {
        const TASKS: usize = 100;
        async fn spawn_all<const SIZE: usize>(
            local: bool,
            handles: &mut Vec<task::JoinHandle<usize>>,
        ) -> usize {
            let make = || {
                let large = [0_u8; SIZE];
                async move {
                    task::yield_now().await;
                    large.len()
                }
            };
            let spawned = counted(async || {
                handles.extend((0..TASKS).map(|_| match local {
                    true => task::spawn_local(make()),
                    false => pintle::spawn(make()),
                }));
                for handle in handles.iter_mut() {
                    handle.await.unwrap();
                }
            })
            .await;
            handles.clear();
            spawned
        }
        let mut handles = Vec::with_capacity(TASKS);
        // The queues grow to the size they need.
        for local in [true, false] {
            spawn_all::<1>(local, &mut handles).await;
        }
        assert_eq!(spawn_all::<200>(true, &mut handles).await, TASKS);
        assert_eq!(spawn_all::<200>(true, &mut handles).await, 0);
        // The ring that siblings steal from grows and shrinks with what is in it.
        const RINGS: usize = 10;
        let first = spawn_all::<400>(false, &mut handles).await;
        assert!((TASKS..TASKS + RINGS).contains(&first), "{first}");
        let second = spawn_all::<400>(false, &mut handles).await;
        assert!(second < RINGS, "{second}");
    });
}

#[test]
fn the_spawn_of_a_large_future_is_always_one_allocation() {
    async fn large() -> [u8; 10_000] {
        let held = [1; 10_000];
        task::yield_now().await;
        held
    }
    on_a_worker(async || {
        let round = async || {
            let (pinned, stealable) = (task::spawn_local(large()), pintle::spawn(large()));
            assert_eq!(pinned.await.unwrap(), [1; 10_000]);
            assert_eq!(stealable.await.unwrap(), [1; 10_000]);
        };
        round().await; // The queues grow to the size they need.
        assert_eq!(counted(round).await, 2);
    });
}

#[test]
fn a_spawn_on_a_worker_from_inside_allocates_nothing_where_such_tasks_have_ended() {
    on_a_worker(async || {
        let round = async || {
            for _ in 0..100 {
                let handle = pintle::runtime::Handle::current();
                handle.spawn_on(0, task::yield_now).await.unwrap();
            }
        };
        round().await;
        assert_eq!(counted(round).await, 0);
    });
}

#[test]
fn aborting_and_detaching_allocate_nothing() {
    on_a_worker(async || {
        const TASKS: usize = 100;
        let round = async || {
            for _ in 0..TASKS {
                drop(task::spawn_local(async {}));
                let endless = task::spawn_local(std::future::pending::<()>());
                task::yield_now().await;
                endless.abort();
                assert!(endless.await.unwrap_err().is_cancelled());
            }
        };
        round().await;
        assert_eq!(counted(round).await, 0);
    });
}

#[test]
fn a_timer_is_armed_fired_reset_and_cancelled_without_allocating() {
    on_a_worker(async || {
        let round = async || {
            for n in 0..100 {
                let mut cancelled = pin!(pintle::time::sleep(Duration::from_secs(60 + n)));
                assert!(poll_once(cancelled.as_mut()).await.is_pending());
                cancelled
                    .as_mut()
                    .reset(pintle::time::Instant::now() + Duration::from_secs(3600));
                assert!(poll_once(cancelled.as_mut()).await.is_pending());
                pintle::time::sleep(Duration::from_micros(n)).await;
                let quick = pintle::time::timeout(Duration::from_secs(60), task::yield_now());
                quick.await.unwrap();
            }
        };
        round().await;
        assert_eq!(counted(round).await, 0);
    });
}

#[test]
fn waking_polling_and_yielding_allocate_nothing() {
    on_a_worker(async || {
        let stop = Event::new();
        let others: Vec<_> = (0..10)
            .map(|_| {
                let stop = stop.clone();
                pintle::spawn(async move {
                    while !stop.is_set() {
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        let round = async || {
            for _ in 0..1000 {
                task::yield_now().await;
            }
        };
        round().await;
        let counted = counted(round).await;
        stop.set();
        support::join_all(others).await;
        assert_eq!(counted, 0);
    });
}

#[test]
fn an_interval_ticks_without_allocating() {
    on_a_worker(async || {
        let mut interval = pintle::time::interval(Duration::from_micros(100));
        let mut round = async || {
            for _ in 0..20 {
                interval.tick().await;
            }
        };
        round().await;
        assert_eq!(counted(&mut round).await, 0);
    });
}

#[test]
fn two_tasks_wake_each_other_without_allocating() {
    on_a_worker(async || {
        let (ping, pong) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let other = pintle::spawn({
            let (ping, pong) = (ping.clone(), pong.clone());
            async move {
                loop {
                    ping.notified().await;
                    pong.notify_one();
                }
            }
        });
        let round = async || {
            for _ in 0..100 {
                ping.notify_one();
                pong.notified().await;
            }
        };
        round().await;
        assert_eq!(counted(round).await, 0);
        other.abort();
    });
}

#[test]
fn messages_go_from_task_to_task_without_allocating() {
    on_a_worker(async || {
        let (request, mut requests) = mpsc::channel(10);
        let (reply, mut replies) = mpsc::unbounded_channel();
        let (tell, mut told) = broadcast::channel(16);
        let (show, mut shown) = watch::channel(0);
        let other = pintle::spawn(async move {
            while let Some(n) = requests.recv().await {
                reply.send(n).unwrap();
                tell.send(n).unwrap();
                show.send(n).unwrap();
            }
        });
        let mut round = async || {
            // More than fit, so that senders wait, too.
            for n in 0..100 {
                request.send(n).await.unwrap();
                request.send(n).await.unwrap();
                for _ in 0..2 {
                    assert_eq!(replies.recv().await, Some(n));
                    assert_eq!(told.recv().await, Ok(n));
                }
                shown.changed().await.unwrap();
            }
        };
        round().await;
        assert_eq!(counted(&mut round).await, 0);
        drop(request);
        other.await.unwrap();
    });
}

#[test]
fn a_backlog_allocates_only_as_it_grows_beyond_what_it_ever_was() {
    on_a_worker(async || {
        let (sender, mut receiver) = mpsc::channel(1000);
        let mut round = async |messages| {
            for n in 0..messages {
                sender.try_send(n).unwrap();
            }
            for n in 0..messages {
                assert_eq!(receiver.recv().await, Some(n));
            }
        };
        // The senders' end and the receiver's are swapped.
        round(1000).await;
        round(1000).await;
        assert_eq!(counted(async || round(1000).await).await, 0);
        assert_eq!(counted(async || round(1).await).await, 0);
    });
}

#[test]
fn a_oneshot_is_one_allocation() {
    on_a_worker(async || {
        let round = async || {
            for n in 0..100 {
                let (sender, receiver) = oneshot::channel();
                sender.send(n).unwrap();
                assert_eq!(receiver.await, Ok(n));
            }
        };
        round().await;
        assert_eq!(counted(round).await, 100);
    });
}

#[test]
fn an_exchange_over_tcp_allocates_nothing() {
    use pintle::io::{AsyncReadExt, AsyncWriteExt};
    on_a_worker(async || {
        let listener = pintle::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = task::spawn_local(async move {
            let (mut far, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 100];
            loop {
                match far.read(&mut bytes).await.unwrap() {
                    0 => break,
                    n => far.write_all(&bytes[..n]).await.unwrap(),
                }
            }
        });
        let mut near = pintle::net::TcpStream::connect(address).await.unwrap();
        let mut round = async || {
            for _ in 0..100 {
                let mut bytes = [1; 100];
                near.write_all(&bytes).await.unwrap();
                near.read_exact(&mut bytes).await.unwrap();
            }
        };
        round().await;
        assert_eq!(counted(&mut round).await, 0);
        drop(near);
        echo.await.unwrap();
    });
}

#[test]
fn an_exchange_over_a_socket_allocates_nothing() {
    use pintle::io::{AsyncReadExt, AsyncWriteExt};
    on_a_worker(async || {
        let (mut near, mut far) = pintle::net::UnixStream::pair().unwrap();
        let echo = task::spawn_local(async move {
            let mut byte = [0];
            while far.read(&mut byte).await.unwrap() == 1 {
                far.write_all(&byte).await.unwrap();
            }
        });
        let mut round = async || {
            for _ in 0..100 {
                let mut byte = [1];
                near.write_all(&byte).await.unwrap();
                near.read_exact(&mut byte).await.unwrap();
            }
        };
        round().await;
        assert_eq!(counted(&mut round).await, 0);
        drop(near);
        echo.await.unwrap();
    });
}
