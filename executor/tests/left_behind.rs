//! What must not stay behind: descriptors, threads, places in a line. In a process of its own,
//! because all of them are counted for the whole process.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

mod support;

use pintle::task::{self, LocalSet};
use std::alloc::{GlobalAlloc, Layout, System};
use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;
use support::{Event, Mode, OnDrop, every_mode, in_mode, panic_of, poll_once, until, wait_until};

static BLOCKS: AtomicIsize = AtomicIsize::new(0);

/// Counts the blocks in use, and leaves the work to the system's allocator.
struct Counting;

// SAFETY: every call goes to `System` unchanged, which keeps the contract; counting allocates
// nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BLOCKS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: as above; the block came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time counts.
fn alone<R>(body: impl FnOnce() -> R) -> R {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    body()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("procfs").count()
}

/// Threads of this name.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs");
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|found| found.trim_end() == name).count()
}

#[test]
fn what_outlives_a_block_on_keeps_none_of_its_descriptors_open() {
    alone(|| {
        every_mode(|mode| {
            let runtime = mode.runtime();
            runtime.block_on(async {});
            let before = descriptors();
            let mut kept = Vec::new();
            for _ in 0..20 {
                kept.push(runtime.block_on(async {
                    let done = task::spawn_local(async { 1 });
                    let waits = task::spawn_local(std::future::pending::<()>());
                    task::yield_now().await;
                    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
                    (done, waits.abort_handle(), waits, waker)
                }));
            }
            assert_eq!(descriptors(), before);
            kept.iter().for_each(|(.., waker)| waker.wake_by_ref());
            drop(runtime);
            drop(kept);
        });
    });
}

#[test]
fn what_outlives_a_runtime_keeps_none_of_its_descriptors_open() {
    alone(|| {
        every_mode(|mode| {
            let before = descriptors();
            let mut kept = Vec::new();
            for _ in 0..5 {
                let runtime = mode.runtime();
                kept.push(runtime.block_on(async {
                    let spawned = pintle::spawn(std::future::pending::<()>());
                    let pinned = pintle::spawn_on(0, std::future::pending::<()>);
                    task::yield_now().await;
                    (spawned.abort_handle(), pinned.abort_handle(), pinned)
                }));
            }
            assert_eq!(descriptors(), before);
            kept.iter().for_each(|(spawned, ..)| spawned.abort());
        });
    });
}

#[test]
fn a_name_that_panics_in_build_leaves_no_threads_and_no_descriptors() {
    alone(|| {
        every_mode(|mode| {
            if !mode.has_threads() {
                return;
            }
            let before = descriptors();
            for good in 0..4 {
                let named = AtomicUsize::new(0);
                let mut builder = mode.builder();
                builder.worker_threads(4).thread_name_fn(move || {
                    assert!(named.fetch_add(1, Ordering::Relaxed) < good, "no name");
                    "half-built".into()
                });
                assert_eq!(panic_of(|| builder.build()), "no name");
                // The drop of what was built waits for the threads, but a thread is listed for a
                // little while after it has been waited for.
                wait_until(|| threads("half-built") == 0);
                drop(builder);
                assert_eq!(descriptors(), before);
            }
        });
    });
}

#[test]
fn the_line_for_the_worker_of_a_current_thread_runtime_does_not_grow() {
    alone(|| {
        in_mode(Mode::CurrentThread, |mode| {
            let runtime = mode.runtime();
            let (inside, over) = (Event::new(), Event::new());
            thread::scope(|scope| {
                scope.spawn(|| {
                    runtime.block_on(async {
                        inside.set();
                        over.wait().await;
                    });
                });
                inside.wait_blocking();
                let _over = OnDrop::new(|| over.set());
                let handle = runtime.handle();
                let rounds = |count| {
                    for _ in 0..count {
                        handle.block_on(task::yield_now());
                    }
                };
                rounds(10);
                let before = BLOCKS.load(Ordering::Relaxed);
                rounds(5_000);
                let kept = BLOCKS.load(Ordering::Relaxed) - before;
                // The test harness may do something meanwhile.
                assert!(kept < 500, "{kept} blocks kept");
            });
        });
    });
}

#[test]
fn stand_ins_leave_no_descriptors() {
    alone(|| {
        in_mode(Mode::MultiThread, |mode| {
            let runtime = mode.builder().worker_threads(1).build().unwrap();
            let round = || {
                let task = runtime.spawn(async {
                    task::block_in_place(|| {
                        let handle = pintle::runtime::Handle::current();
                        let nap = handle.spawn(pintle::time::sleep(Duration::from_micros(10)));
                        handle.block_on(nap).unwrap();
                    });
                });
                runtime.block_on(task).unwrap();
            };
            round();
            let metrics = runtime.metrics();
            let settled = || metrics.num_blocking_threads() == metrics.num_idle_blocking_threads();
            wait_until(settled);
            let before = descriptors();
            for _ in 0..50 {
                round();
            }
            wait_until(settled);
            assert_eq!(descriptors(), before);
        });
    });
}

/// What is left of tasks, however they end: their outputs, names, join wakers and references to where
/// they ran.
#[test]
fn tasks_leave_no_memory_behind_however_they_end() {
    fn tasks(mode: Mode) {
        let runtime = mode.runtime();
        let mut kept = Vec::new();
        let named = |name: usize| task::Builder::new().name(&format!("task {name}"));
        runtime.block_on(async {
            for n in 0..50 {
                let boxed = move || Box::new(n);
                // Awaited, from the start and when it is over.
                let waits = named(n).spawn(async move {
                    task::yield_now().await;
                    boxed()
                });
                waits.await.unwrap();
                let over = named(n).spawn(async move { boxed() });
                until(|| over.is_finished()).await;
                drop(over.await.unwrap());
                // Its output is the handle's to drop, or its runner's.
                let over = named(n).spawn(async move { boxed() });
                until(|| over.is_finished()).await;
                drop(over);
                drop(named(n).spawn(async move { boxed() }));
                // Its handle goes with a waker in it.
                let mut asked = named(n).spawn(pending::<Box<usize>>());
                assert!(poll_once(Pin::new(&mut asked)).await.is_pending());
                kept.push(asked.abort_handle());
                drop(asked);
                kept[n].abort();
                // Aborted before it runs, and when it waits; and one that panics, in its poll and in its drop.
                let queued = named(n).spawn_local(async move { boxed() });
                queued.abort();
                assert!(queued.await.unwrap_err().is_cancelled());
                let waits = named(n).spawn(async move {
                    let _boxed = boxed();
                    pending::<()>().await;
                });
                task::yield_now().await;
                waits.abort();
                assert!(waits.await.unwrap_err().is_cancelled());
                let panics = named(n).spawn(async move {
                    let _boxed = boxed();
                    resume_unwind(boxed());
                });
                assert!(panics.await.unwrap_err().is_panic());
                let drops = OnDrop::new(move || resume_unwind(boxed()));
                let panics = named(n).spawn_local(poll_fn(move |_| {
                    let _drops = &drops;
                    Poll::Ready(boxed())
                }));
                assert!(panics.await.unwrap_err().is_panic());
                // Of a set, and of the blocking pool.
                let set = LocalSet::new();
                let own = set.spawn_local(async move {
                    task::yield_now().await;
                    boxed()
                });
                drop(set.spawn_local(pending::<Box<usize>>()));
                set.run_until(own).await.unwrap();
                drop(set);
                task::spawn_blocking(boxed).await.unwrap();
                // Until the end, with a handle and without.
                drop(named(n).spawn(async move {
                    let _boxed = boxed();
                    pending::<()>().await;
                }));
            }
        });
        let outside: Vec<_> = (0..50)
            .map(|n| runtime.spawn(async move { Box::new(n) }))
            .collect();
        drop(runtime);
        drop(outside);
    }

    alone(|| {
        every_mode(|mode| {
            let blocks = || {
                tasks(mode);
                BLOCKS.load(Ordering::SeqCst)
            };
            // The first rounds leave what is made once for a thread or a process.
            let mut before = blocks();
            for _ in 0..20 {
                let after = blocks();
                if after <= before {
                    return;
                }
                before = after;
            }
            panic!("each round leaves something");
        });
    });
}
