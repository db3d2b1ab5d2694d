//! Every setting of the builder has an effect that can be seen.

mod support;

use pintle::net::UdpSocket;
use pintle::runtime::Builder;
use pintle::task;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use support::{Event, Mode, assert_panics_with, every_mode, in_mode, message_of, wait_until};

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

/// The names of the worker threads; none where there are no such threads.
fn worker_names(mode: Mode, runtime: &pintle::runtime::Runtime) -> Vec<String> {
    if !mode.has_threads() {
        return Vec::new();
    }
    (0..runtime.metrics().num_workers())
        .map(|worker| {
            runtime
                .handle()
                .spawn_on(worker, || async { thread_name() })
        })
        .map(|handle| runtime.block_on(handle).unwrap())
        .collect()
}

#[test]
fn threads_are_named_and_numbered() {
    every_mode(|mode| {
        for (runtime, prefix) in [
            (mode.runtime(), "pintle-worker-"),
            (mode.builder().thread_name("mine").build().unwrap(), "mine-"),
        ] {
            let mut names = worker_names(mode, &runtime);
            names.push(
                runtime
                    .block_on(runtime.spawn_blocking(thread_name))
                    .unwrap(),
            );
            assert!(
                names.iter().all(|name| name.starts_with(prefix)),
                "{names:?}"
            );
            assert_eq!(
                names.iter().collect::<HashSet<_>>().len(),
                names.len(),
                "{names:?}"
            );
        }
    });
}

#[test]
fn a_function_names_each_thread() {
    every_mode(|mode| {
        let next = AtomicUsize::new(0);
        let runtime = mode
            .builder()
            .thread_name_fn(move || format!("number {}", next.fetch_add(1, Ordering::SeqCst)))
            .build()
            .unwrap();
        let mut names = worker_names(mode, &runtime);
        names.push(
            runtime
                .block_on(runtime.spawn_blocking(thread_name))
                .unwrap(),
        );
        let expected: Vec<_> = (0..names.len()).map(|n| format!("number {n}")).collect();
        assert_eq!(names, expected);
    });
}

/// Uses about `depth` KiB of stack.
fn deep(depth: usize) -> usize {
    let frame = std::hint::black_box([depth as u8; 1024]);
    if depth == 0 {
        0
    } else {
        deep(depth - 1) + usize::from(frame[depth % 1024] == depth as u8)
    }
}

#[test]
fn threads_have_the_stack_they_were_given() {
    every_mode(|mode| {
        // More than twice what a thread has otherwise.
        const KIB: usize = 5 * 1024;
        let runtime = mode
            .builder()
            .thread_stack_size(16 * 1024 * 1024)
            .build()
            .unwrap();
        if mode.has_threads() {
            let depth = runtime.spawn(async { deep(KIB) });
            assert_eq!(runtime.block_on(depth).unwrap(), KIB);
        }
        assert_eq!(
            runtime
                .block_on(runtime.spawn_blocking(|| deep(KIB)))
                .unwrap(),
            KIB
        );
    });
}

#[test]
fn the_number_of_workers_is_what_was_asked_for() {
    for workers in [1, 2, 5] {
        for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
            in_mode(mode, |mode| {
                let runtime = mode.builder().worker_threads(workers).build().unwrap();
                assert_eq!(runtime.metrics().num_workers(), workers);
                let each = worker_names(mode, &runtime);
                assert_eq!(each.iter().collect::<HashSet<_>>().len(), workers);
            });
        }
    }
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode.builder().worker_threads(5).build().unwrap();
        assert_eq!(runtime.metrics().num_workers(), 1);
    });
}

#[test]
fn by_default_there_is_a_worker_for_each_processor() {
    let processors = thread::available_parallelism().unwrap().get();
    for mut builder in [Builder::new_multi_thread(), Builder::new_thread_per_core()] {
        assert_eq!(builder.build().unwrap().metrics().num_workers(), processors);
    }
}

#[test]
fn hooks_run_on_each_thread_as_it_starts_and_stops() {
    every_mode(|mode| {
        let (started, stopped) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Vec::new())),
        );
        let note = |log: &Arc<Mutex<Vec<_>>>| {
            let log = log.clone();
            move || log.lock().unwrap().push(thread::current().id())
        };
        let runtime = mode
            .builder()
            .on_thread_start(note(&started))
            .on_thread_stop(note(&stopped))
            .build()
            .unwrap();
        let job = runtime
            .block_on(runtime.spawn_blocking(|| thread::current().id()))
            .unwrap();
        assert!(started.lock().unwrap().contains(&job));
        assert!(stopped.lock().unwrap().is_empty());
        drop(runtime);
        let threads = if mode.has_threads() { 3 } else { 1 };
        let set = |log: &Mutex<Vec<_>>| log.lock().unwrap().iter().copied().collect::<HashSet<_>>();
        assert_eq!(set(&started).len(), threads);
        assert_eq!(started.lock().unwrap().len(), threads, "once on each");
        assert_eq!(stopped.lock().unwrap().len(), threads, "once on each");
        assert_eq!(set(&started), set(&stopped));
    });
}

#[test]
fn hooks_run_on_a_worker_around_each_sleep() {
    every_mode(|mode| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let log = log.clone();
            move || log.lock().unwrap().push((thread::current().id(), what))
        };
        let runtime = mode
            .builder()
            .on_thread_park(note("park"))
            .on_thread_unpark(note("unpark"))
            .build();
        let runtime = runtime.unwrap();
        runtime.block_on(async {
            for _ in 0..3 {
                pintle::time::sleep(Duration::from_millis(1)).await;
                pintle::spawn(pintle::time::sleep(Duration::from_millis(1)))
                    .await
                    .unwrap();
            }
        });
        drop(runtime);
        let log = log.lock().unwrap();
        let threads: HashSet<_> = log.iter().map(|(thread, _)| *thread).collect();
        assert!(
            threads.contains(&thread::current().id()),
            "the thread in `block_on`, too"
        );
        assert!(threads.len() >= mode.workers().min(2));
        for thread in threads {
            let own: Vec<_> = log
                .iter()
                .filter(|(t, _)| *t == thread)
                .map(|(_, what)| *what)
                .collect();
            assert!(
                own.chunks(2).all(|pair| pair == ["park", "unpark"]),
                "{own:?}"
            );
        }
    });
}

#[test]
fn the_hook_before_a_sleep_runs_for_sleeps_only() {
    every_mode(|mode| {
        let parked = Arc::new(AtomicUsize::new(0));
        let count = parked.clone();
        let runtime = mode
            .builder()
            .on_thread_park(move || {
                // Not on the thread inside `block_on` beside worker threads, which counts nothing.
                if pintle::worker::current().is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
            .build()
            .unwrap();
        let metrics = runtime.metrics();
        for _ in 0..200 {
            let sleep = pintle::time::sleep(Duration::from_micros(100));
            runtime.block_on(runtime.spawn(sleep)).unwrap();
        }
        drop(runtime);
        let parks: u64 = (0..mode.workers())
            .map(|w| metrics.worker_park_count(w))
            .sum();
        let hooks = parked.load(Ordering::SeqCst) as u64;
        // Now and then a worker sees something to do after the hook; it must not go on to do so.
        assert!(
            hooks >= parks && parks >= 200,
            "{hooks} calls for {parks} sleeps"
        );
        assert!(hooks <= 3 * parks + 100, "{hooks} calls for {parks} sleeps");
    });
}

#[test]
fn the_event_interval_bounds_the_polls_between_two_looks() {
    every_mode(|mode| {
        let looks = |build: &dyn Fn(&mut Builder)| {
            let mut builder = mode.builder();
            builder.worker_threads(1);
            build(&mut builder);
            let runtime = builder.build().unwrap();
            runtime
                .block_on(runtime.handle().spawn_on(0, || async {
                    let metrics = pintle::runtime::Handle::current().metrics();
                    let before = metrics.worker_driver_count(0);
                    for _ in 0..1000 {
                        task::yield_now().await;
                    }
                    metrics.worker_driver_count(0) - before
                }))
                .unwrap()
        };
        assert!(
            looks(&|builder| {
                builder.event_interval(1);
            }) >= 999
        );
        assert!(
            looks(&|builder| {
                builder.event_interval(10);
            }) >= 99
        );
        assert!(
            looks(&|builder| {
                builder.global_queue_interval(5);
            }) >= 199
        );
        // The smaller one counts.
        assert!(
            looks(&|builder| {
                builder.event_interval(5).global_queue_interval(50);
            }) >= 199
        );
        assert!(looks(&|_| ()) >= 1000 / 61);
    });
}

#[test]
fn settings_that_make_no_sense_say_so() {
    let mut builder = Builder::new_multi_thread();
    assert_panics_with(&["worker_threads"], || {
        builder.worker_threads(0);
    });
    assert_panics_with(&["max_blocking_threads"], || {
        builder.max_blocking_threads(0);
    });
    assert_panics_with(&["event_interval"], || {
        builder.event_interval(0);
    });
    assert_panics_with(&["global_queue_interval"], || {
        builder.global_queue_interval(0);
    });
}

#[test]
fn time_that_was_not_enabled_says_so() {
    every_mode(|mode| {
        let runtime = mode.bare().enable_io().build().unwrap();
        let parts = ["enable_time"];
        runtime.block_on(async {
            let error = pintle::spawn(pintle::time::sleep(Duration::from_secs(3600)))
                .await
                .unwrap_err();
            let message = message_of(error.into_panic());
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
            assert_panics_with(&parts, pintle::time::pause);
        });
        assert_panics_with(&parts, || {
            runtime.block_on(async { pintle::time::sleep(Duration::from_secs(3600)).await })
        });
        // Sockets work.
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.connect(socket.local_addr().unwrap()).await.unwrap();
            let receive = async { socket.recv(&mut [0; 8]).await.unwrap() };
            let send = async {
                task::yield_now().await;
                socket.send(b"abc").await.unwrap()
            };
            assert_eq!(futures_lite::future::zip(receive, send).await, (3, 3));
        });
    });
}

#[test]
fn sockets_that_were_not_enabled_say_so() {
    every_mode(|mode| {
        let runtime = mode.bare().enable_time().build().unwrap();
        let wait = || async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.recv(&mut [0; 8]).await.unwrap_err().to_string()
        };
        let messages = [
            runtime.block_on(wait()),
            runtime.block_on(runtime.spawn(wait())).unwrap(),
        ];
        for message in messages {
            assert!(message.contains("enable_io"), "{message}");
        }
        runtime.block_on(async { pintle::time::sleep(Duration::from_millis(1)).await });
    });
}

#[test]
fn a_runtime_without_drivers_runs_tasks() {
    every_mode(|mode| {
        let runtime = mode.bare().build().unwrap();
        let output = runtime.block_on(async {
            let (go, job) = (Event::new(), task::spawn_blocking(|| 2));
            let waits = go.clone();
            let task = pintle::spawn(async move {
                waits.wait().await;
                1
            });
            go.set();
            task.await.unwrap() + job.await.unwrap()
        });
        assert_eq!(output, 3);
    });
}

#[test]
fn a_runtime_starts_with_its_clock_stopped_when_asked_to() {
    every_mode(|mode| {
        let runtime = mode.builder().start_paused(true).build().unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        runtime.block_on(async {
            let start = pintle::time::Instant::now();
            pintle::time::sleep(day).await;
            assert_eq!(start.elapsed(), day);
        });
        let runtime = mode.builder().start_paused(false).build().unwrap();
        runtime.block_on(async { pintle::time::pause() });
    });
}

#[test]
fn a_builder_may_build_several_runtimes() {
    every_mode(|mode| {
        let mut builder = mode.builder();
        let runtimes: Vec<_> = (0..3).map(|_| builder.build().unwrap()).collect();
        for runtime in &runtimes {
            assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
        }
    });
}

#[test]
fn a_thread_the_system_refuses_is_an_error_and_what_was_started_stops() {
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            let (started, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let count = |counter: &Arc<AtomicUsize>| {
                let counter = counter.clone();
                move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            };
            // No system has room for such a stack.
            let error = mode
                .builder()
                .on_thread_start(count(&started))
                .on_thread_stop(count(&stopped))
                .thread_stack_size(usize::MAX / 4)
                .build()
                .unwrap_err();
            assert!(error.raw_os_error().is_some(), "{error}");
            wait_until(|| started.load(Ordering::SeqCst) == stopped.load(Ordering::SeqCst));
        });
    }
}

#[test]
fn a_blocking_thread_the_system_refuses_is_an_error_of_the_job() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode
            .builder()
            .thread_stack_size(usize::MAX / 4)
            .build()
            .unwrap();
        let error = runtime.block_on(runtime.spawn_blocking(|| ())).unwrap_err();
        assert!(error.is_cancelled());
        assert!(error.to_string().contains("never started"), "{error}");
        let source = std::error::Error::source(&error).expect("the system's error");
        assert!(source.downcast_ref::<std::io::Error>().is_some());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn pinned_workers_stay_on_processors_of_their_own() {
    fn processors() -> Vec<usize> {
        let set = rustix::thread::sched_getaffinity(None).unwrap();
        (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|&cpu| set.is_set(cpu))
            .collect()
    }
    let ours = processors();
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            for pin in [true, false] {
                let runtime = mode
                    .builder()
                    .worker_threads(ours.len())
                    .pin_workers(pin)
                    .build()
                    .unwrap();
                let theirs: Vec<_> = (0..ours.len())
                    .map(|worker| runtime.handle().spawn_on(worker, || async { processors() }))
                    .map(|handle| runtime.block_on(handle).unwrap())
                    .collect();
                if pin {
                    let each: HashSet<_> = theirs.iter().flatten().copied().collect();
                    assert!(theirs.iter().all(|processors| processors.len() == 1));
                    assert_eq!(each.len(), ours.len());
                } else {
                    assert!(theirs.iter().all(|processors| *processors == ours));
                }
                assert_eq!(
                    processors(),
                    ours,
                    "the thread that builds stays where it was"
                );
            }
        });
    }
}
