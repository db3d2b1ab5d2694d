//! The blocking pool: no job is queued with no thread to come for it, and each is over once.
//!
//! Modelled waits have no end, so the keep-alive of an idle thread runs out when the model says so
//! (`expire_keep_alive`): from the start, which lets a thread leave whenever it is idle, or at some
//! moment, which lets it leave out of its sleep.
//!
//! Checks: `executor/src/blocking/`

#![cfg(loom)]

use loom::sync::mpsc::{Receiver, Sender, channel};
use loom::thread;
use pintle::checked::blocking::{BlockingConfig, BlockingPool};
use pintle::checked::task::{Id, JoinHandle};
use pintle_loom_tests::model;
use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

/// What becomes of a job: it runs, or its closure is dropped before it could; either is told.
struct Job {
    ran: bool,
    over: Sender<bool>,
}

impl Job {
    fn run(mut self) {
        self.ran = true;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.over.send(self.ran).unwrap();
    }
}

fn spawn(pool: &BlockingPool, over: &Sender<bool>) -> JoinHandle<()> {
    let job = Job {
        ran: false,
        over: over.clone(),
    };
    pool.spawn(move || job.run(), Id::next(), None, None)
}

/// Waits for that many jobs to be over, and says how many of them ran. A job that nobody comes for
/// is a deadlock here, which the model reports.
fn over(jobs: &Receiver<bool>, count: usize) -> usize {
    (0..count).filter(|_| jobs.recv().unwrap()).count()
}

fn pool(max_threads: usize) -> BlockingPool {
    BlockingPool::new(BlockingConfig {
        max_threads,
        ..BlockingConfig::default()
    })
}

/// A pool whose threads are refused from the `allowed`-th on.
fn refusing(allowed: usize) -> BlockingPool {
    // Not modelled words: starts happen one at a time in `made`'s order, whatever that is.
    let made = AtomicUsize::new(0);
    let real = BlockingConfig::default().start_thread;
    BlockingPool::new(BlockingConfig {
        max_threads: 2,
        start_thread: Arc::new(move |name, stack_size, body| {
            if made.fetch_add(1, Relaxed) < allowed {
                real(name, stack_size, body)
            } else {
                Err(io::Error::from(io::ErrorKind::WouldBlock))
            }
        }),
        ..BlockingConfig::default()
    })
}

fn end(pool: &BlockingPool) {
    assert!(pool.shutdown(None), "a thread did not end");
    assert_eq!(
        (
            pool.num_threads(),
            pool.num_idle_threads(),
            pool.queue_depth()
        ),
        (0, 0, 0)
    );
}

/// Broken by deciding to leave outside the lock: let it go between the last look at the queue and
/// `threads -= 1`.
#[test]
fn a_job_is_not_left_to_a_thread_that_leaves() {
    model(3, || {
        let pool = pool(1);
        pool.expire_keep_alive();
        let (told, jobs) = channel();
        let handles = [spawn(&pool, &told), spawn(&pool, &told)];
        assert_eq!(over(&jobs, 2), 2);
        end(&pool);
        assert!(handles.iter().all(JoinHandle::is_finished));
    });
}

/// Broken by looking at the time before looking for a permit: the thread that a job was counted on
/// leaves.
#[test]
fn a_thread_that_a_job_counts_on_does_not_leave_out_of_its_sleep() {
    model(2, || {
        let pool = pool(2);
        let (told, jobs) = channel();
        drop(spawn(&pool, &told));
        let expire = {
            let pool = pool.clone();
            thread::spawn(move || pool.expire_keep_alive())
        };
        drop(spawn(&pool, &told));
        assert_eq!(over(&jobs, 2), 2);
        expire.join().unwrap();
        end(&pool);
    });
}

/// Broken by spawning without a notify.
#[test]
fn an_idle_thread_is_woken_for_a_job() {
    model(3, || {
        let pool = pool(1);
        let (told, jobs) = channel();
        drop(spawn(&pool, &told));
        drop(spawn(&pool, &told));
        assert_eq!(over(&jobs, 2), 2);
        assert_eq!(pool.num_threads(), 1);
        end(&pool);
    });
}

/// Broken by not looking at `shut_down` under the lock that queues the job: it then runs after the
/// shutdown.
#[test]
fn a_job_spawned_against_a_shutdown_runs_before_its_end_or_is_cancelled() {
    model(2, || {
        let pool = pool(1);
        let (told, jobs) = channel();
        // Not a modelled word: it orders nothing.
        let is_shut_down = Arc::new(AtomicBool::new(false));
        let shutdown = {
            let (pool, is_shut_down) = (pool.clone(), is_shut_down.clone());
            thread::spawn(move || {
                assert!(pool.shutdown(None));
                is_shut_down.store(true, Relaxed);
            })
        };
        let handles = [(); 2].map(|()| {
            let job = Job {
                ran: false,
                over: told.clone(),
            };
            let is_shut_down = is_shut_down.clone();
            let run = move || {
                assert!(!is_shut_down.load(Relaxed), "a job ran after the shutdown");
                job.run();
            };
            pool.spawn(run, Id::next(), None, None)
        });
        over(&jobs, 2);
        shutdown.join().unwrap();
        end(&pool);
        for handle in handles {
            let mut context = Context::from_waker(Waker::noop());
            match pin!(handle).poll(&mut context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => assert!(error.is_cancelled(), "{error}"),
                Poll::Pending => panic!("a handle was not told"),
            }
        }
        drop(told);
        assert!(jobs.try_recv().is_err(), "a job was over twice");
    });
}

/// Broken by not waiting for starts: the handle of the thread comes too late to be joined.
#[test]
fn a_shutdown_outlasts_the_threads_own_destructors() {
    struct Breath(Arc<AtomicBool>);
    impl Drop for Breath {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    loom::thread_local! {
        static LAST: RefCell<Option<Breath>> = RefCell::new(None);
    }

    model(3, || {
        let pool = pool(1);
        let (ran, is_gone) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let spawner = {
            let (pool, ran, is_gone) = (pool.clone(), ran.clone(), is_gone.clone());
            thread::spawn(move || {
                let job = move || {
                    LAST.with(|last| *last.borrow_mut() = Some(Breath(is_gone)));
                    ran.store(true, Relaxed);
                };
                drop(pool.spawn(job, Id::next(), None, None));
            })
        };
        end(&pool);
        assert_eq!(
            ran.load(Relaxed),
            is_gone.load(Relaxed),
            "a thread was not joined"
        );
        spawner.join().unwrap();
    });
}

/// Broken by not refusing what is queued when the thread that did not come was the last one.
#[test]
fn a_job_is_not_left_to_a_refused_thread_while_another_leaves() {
    model(3, || {
        let pool = refusing(1);
        pool.expire_keep_alive();
        let (told, jobs) = channel();
        let handles = [spawn(&pool, &told), spawn(&pool, &told)];
        assert!(over(&jobs, 2) >= 1);
        end(&pool);
        assert!(handles.iter().all(JoinHandle::is_finished));
    });
}

/// Broken by refusing one's own job only: the other starter has left its job to a thread that does
/// not come either.
#[test]
fn jobs_are_refused_when_each_counts_on_the_others_thread() {
    model(3, || {
        let pool = refusing(0);
        let (told, jobs) = channel();
        let other = {
            let (pool, told) = (pool.clone(), told.clone());
            thread::spawn(move || drop(spawn(&pool, &told)))
        };
        drop(spawn(&pool, &told));
        assert_eq!(over(&jobs, 2), 0);
        other.join().unwrap();
        end(&pool);
    });
}

/// ```text
/// job     shutdown ──► on a thread of the pool: it does not wait for itself
/// owner   shutdown ──► waits for the job
/// ```
#[test]
fn a_job_that_shuts_the_pool_down_does_not_wait_for_itself() {
    model(2, || {
        let (sender, jobs) = channel();
        let pool = pool(1);
        let handle = pool.spawn(
            {
                let pool = pool.clone();
                let job = Job {
                    ran: false,
                    over: sender,
                };
                move || {
                    let ended = pool.shutdown(None);
                    job.run();
                    ended
                }
            },
            Id::next(),
            None,
            None,
        );
        assert_eq!(over(&jobs, 1), 1);
        assert!(pool.shutdown(None));
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(ended)) = pin!(handle).poll(&mut cx) else {
            panic!("the job is over, and its handle does not know");
        };
        assert!(!ended, "the job's own thread had not ended");
    });
}
