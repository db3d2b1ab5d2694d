//! The pool alone, with no runtime.

use super::config::Hook;
use super::{BlockingConfig, BlockingPool};
use crate::task::{Id, JoinHandle};
use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

const HANG: Duration = Duration::from_secs(20);

/// Waits for a handle; the thread is parked meanwhile.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(Duration::from_secs(1));
        assert!(start.elapsed() < HANG, "the job never ended");
    }
}

/// Waits until `condition` holds.
fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        thread::yield_now();
        assert!(start.elapsed() < HANG, "never came true");
    }
}

fn spawn<R: Send + 'static>(
    pool: &BlockingPool,
    f: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    pool.spawn(f, Id::next(), None, None)
}

fn pool(max_threads: usize) -> BlockingPool {
    BlockingPool::new(BlockingConfig {
        max_threads,
        ..BlockingConfig::default()
    })
}

fn count(hits: &Arc<AtomicUsize>) -> Hook {
    let hits = Arc::clone(hits);
    Arc::new(move || {
        hits.fetch_add(1, Ordering::SeqCst);
    })
}

/// A thread occupied until told otherwise.
fn occupy(pool: &BlockingPool) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (go, gone) = mpsc::channel();
    let (started, is_started) = mpsc::channel();
    let handle = spawn(pool, move || {
        started.send(()).unwrap();
        let _ = gone.recv();
    });
    is_started.recv_timeout(HANG).unwrap();
    (go, handle)
}

/// A pool whose threads are refused from the `allowed`-th on.
fn refusing(allowed: usize, max_threads: usize) -> BlockingPool {
    let made = AtomicUsize::new(0);
    let real = BlockingConfig::default().start_thread;
    BlockingPool::new(BlockingConfig {
        max_threads,
        start_thread: Arc::new(move |name, stack_size, body| {
            if made.fetch_add(1, Ordering::SeqCst) < allowed {
                real(name, stack_size, body)
            } else {
                Err(io::Error::from_raw_os_error(11))
            }
        }),
        ..BlockingConfig::default()
    })
}

#[test]
fn a_job_runs_elsewhere_and_its_result_comes_back() {
    let pool = pool(4);
    let here = thread::current().id();
    let there = wait(spawn(&pool, || thread::current().id())).unwrap();
    assert_ne!(here, there);
    assert!(pool.shutdown(None));
}

#[test]
fn an_idle_thread_is_used_again() {
    let pool = pool(4);
    for _ in 0..100 {
        wait(spawn(&pool, || ())).unwrap();
        until(|| pool.num_idle_threads() == 1);
    }
    assert_eq!(pool.num_threads(), 1);
    assert!(pool.shutdown(None));
    assert_eq!((pool.num_threads(), pool.num_idle_threads()), (0, 0));
}

#[test]
fn jobs_beyond_the_limit_wait_in_order() {
    let pool = pool(1);
    let (go, first) = occupy(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    let handles: Vec<_> = (0..10)
        .map(|n| {
            let order = Arc::clone(&order);
            spawn(&pool, move || order.lock().unwrap().push(n))
        })
        .collect();
    assert_eq!((pool.num_threads(), pool.queue_depth()), (1, 10));
    go.send(()).unwrap();
    wait(first).unwrap();
    for handle in handles {
        wait(handle).unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    assert!(pool.shutdown(None));
}

#[test]
fn a_panic_is_the_jobs_own() {
    let pool = pool(1);
    let error = wait(spawn(&pool, || panic!("in the job"))).unwrap_err();
    assert!(error.is_panic());
    assert_eq!(wait(spawn(&pool, || 7)).unwrap(), 7);
    assert_eq!(pool.num_threads(), 1);
    assert!(pool.shutdown(None));
}

#[test]
fn a_thread_leaves_when_it_has_been_idle_for_the_keep_alive() {
    let hits = Arc::new(AtomicUsize::new(0));
    let pool = BlockingPool::new(BlockingConfig {
        keep_alive: Duration::from_millis(5),
        on_stop: Some(count(&hits)),
        ..BlockingConfig::default()
    });
    wait(spawn(&pool, || ())).unwrap();
    until(|| hits.load(Ordering::SeqCst) == 1);
    assert_eq!((pool.num_threads(), pool.num_idle_threads()), (0, 0));
    assert_eq!(wait(spawn(&pool, || 1)).unwrap(), 1);
    assert!(pool.shutdown(None));
}

#[test]
fn no_job_is_left_behind_by_threads_that_leave_at_once() {
    let pool = BlockingPool::new(BlockingConfig {
        keep_alive: Duration::ZERO,
        max_threads: 2,
        ..BlockingConfig::default()
    });
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..300 {
                    assert_eq!(wait(spawn(&pool, move || n)).unwrap(), n);
                }
            });
        }
    });
    assert!(pool.shutdown(None));
}

#[test]
fn the_longest_keep_alive_is_for_ever() {
    let pool = BlockingPool::new(BlockingConfig {
        keep_alive: Duration::MAX,
        ..BlockingConfig::default()
    });
    for _ in 0..3 {
        wait(spawn(&pool, || ())).unwrap();
        until(|| pool.num_idle_threads() == 1);
    }
    assert!(pool.shutdown(Some(Duration::MAX)));
}

#[test]
fn hooks_names_and_surroundings_are_those_of_the_settings() {
    let (started, stopped) = (Arc::default(), Arc::default());
    let number = AtomicUsize::new(0);
    let pool = BlockingPool::new(BlockingConfig {
        max_threads: 2,
        thread_name: Arc::new(move || format!("job-{}", number.fetch_add(1, Ordering::SeqCst))),
        stack_size: Some(256 * 1024),
        on_start: Some(count(&started)),
        on_stop: Some(count(&stopped)),
        ..BlockingConfig::default()
    });
    thread_local!(static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });
    // It holds the pool: shutting down breaks the circle.
    let held = pool.clone();
    pool.set_around(Arc::new(move |serve| {
        let _ = &held;
        INSIDE.set(true);
        serve();
        INSIDE.set(false);
    }));
    let (go, first) = occupy(&pool);
    let name = || thread::current().name().map(str::to_owned);
    let second = wait(spawn(&pool, move || (name(), INSIDE.get()))).unwrap();
    assert_eq!(second, (Some("job-1".to_owned()), true));
    drop(go);
    wait(first).unwrap();
    assert!(pool.shutdown(None));
    assert_eq!(
        (
            started.load(Ordering::SeqCst),
            stopped.load(Ordering::SeqCst)
        ),
        (2, 2)
    );
}

#[test]
fn a_hook_that_panics_costs_no_job() {
    let pool = BlockingPool::new(BlockingConfig {
        on_start: Some(Arc::new(|| panic!("in the hook"))),
        on_stop: Some(Arc::new(|| panic!("in the hook"))),
        ..BlockingConfig::default()
    });
    assert_eq!(wait(spawn(&pool, || 3)).unwrap(), 3);
    assert!(pool.shutdown(None));
}

#[test]
fn a_refused_thread_is_the_error_of_the_job_that_nobody_else_could_run() {
    let pool = refusing(0, 4);
    for _ in 0..2 {
        let error = wait(spawn(&pool, || ())).unwrap_err();
        let source = error.source().expect("the system's error");
        let source = source.downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.raw_os_error(), Some(11));
    }
    assert_eq!((pool.num_threads(), pool.queue_depth()), (0, 0));
    assert!(pool.shutdown(None));
}

#[test]
fn a_job_whose_thread_was_refused_waits_for_those_there_are() {
    let pool = refusing(1, 4);
    let (go, first) = occupy(&pool);
    let second = spawn(&pool, || 2);
    assert_eq!((pool.num_threads(), pool.queue_depth()), (1, 1));
    go.send(()).unwrap();
    wait(first).unwrap();
    assert_eq!(wait(second).unwrap(), 2);
    assert!(pool.shutdown(None));
}

#[test]
fn a_name_function_that_panics_loses_nothing() {
    let panics = Arc::new(AtomicBool::new(true));
    let pool = BlockingPool::new(BlockingConfig {
        thread_name: {
            let panics = Arc::clone(&panics);
            Arc::new(move || {
                assert!(!panics.load(Ordering::SeqCst), "in the name function");
                "named".into()
            })
        },
        ..BlockingConfig::default()
    });
    let spawned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| spawn(&pool, || ())));
    assert!(spawned.is_err());
    assert_eq!((pool.num_threads(), pool.queue_depth()), (0, 0));
    panics.store(false, Ordering::SeqCst);
    assert_eq!(wait(spawn(&pool, || 1)).unwrap(), 1);
    assert!(pool.shutdown(None));
}

#[test]
fn shutting_down_cancels_what_is_queued_and_waits_for_what_runs() {
    let pool = pool(1);
    let (go, running) = occupy(&pool);
    let queued = spawn(&pool, || ());
    assert!(!pool.shutdown(Some(Duration::ZERO)));
    assert!(wait(queued).unwrap_err().is_cancelled());
    assert!(wait(spawn(&pool, || ())).unwrap_err().is_cancelled());
    let start = Instant::now();
    assert!(!pool.shutdown(Some(Duration::from_millis(5))));
    assert!(start.elapsed() >= Duration::from_millis(5));
    go.send(()).unwrap();
    assert!(pool.shutdown(None));
    wait(running).unwrap();
    assert_eq!((pool.num_threads(), pool.queue_depth()), (0, 0));
}

#[test]
fn a_job_that_shuts_its_own_pool_down_does_not_wait_for_itself() {
    let pool = pool(1);
    let inner = pool.clone();
    assert!(!wait(spawn(&pool, move || inner.shutdown(None))).unwrap());
    assert!(pool.shutdown(None));
}

#[test]
fn a_guard_is_kept_until_the_handle_knows() {
    struct Knows(Arc<AtomicBool>, mpsc::Sender<bool>);
    impl Drop for Knows {
        fn drop(&mut self) {
            self.1.send(self.0.load(Ordering::SeqCst)).unwrap();
        }
    }
    struct Note(Arc<AtomicBool>);
    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    let pool = pool(1);
    for cancelled in [false, true] {
        let (go, first) = occupy(&pool);
        let (told, is_told) = mpsc::channel();
        let woken = Arc::new(AtomicBool::new(false));
        let guard = Box::new(Knows(Arc::clone(&woken), told));
        let mut handle = pin!(pool.spawn(|| (), Id::next(), None, Some(guard)));
        let waker = Waker::from(Arc::new(Note(woken)));
        assert!(
            handle
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        if cancelled {
            pool.shutdown(Some(Duration::ZERO));
        }
        drop(go);
        assert!(is_told.recv_timeout(HANG).unwrap(), "the guard went first");
        assert_eq!(wait(handle).is_err(), cancelled);
        wait(first).unwrap();
    }
    assert!(pool.shutdown(None));
}

#[test]
fn a_job_has_no_budget() {
    let pool = pool(1);
    let left = wait(spawn(&pool, || {
        let mut cx = Context::from_waker(Waker::noop());
        (0..1000).all(|_| match pintle_sync::budget::poll_proceed(&mut cx) {
            Poll::Ready(unit) => unit.made_progress(),
            Poll::Pending => false,
        })
    }));
    assert!(left.unwrap());
    assert!(pool.shutdown(None));
}

#[test]
#[should_panic(expected = "`max_threads` of at least 1")]
fn a_pool_without_threads_is_refused() {
    drop(pool(0));
}
