//! Other people's code that comes back: wakers, their drops and the drops of values use the very
//! thing that has called them. Nothing may be locked then; a lock that is, hangs the test.

#![cfg(not(loom))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::task::{Wake, Waker};
use std::time::Duration;

use pintle_sync::*;

#[path = "cases/hand.rs"]
#[allow(dead_code, reason = "each program uses its part")]
mod hand;
use hand::Task;

/// Runs a test on a thread of its own, so that it fails where it would hang.
#[track_caller]
fn without_hanging(test: impl FnOnce() + Send + 'static) {
    let (done, over) = std_mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    match over.recv_timeout(Duration::from_secs(60)) {
        Err(std_mpsc::RecvTimeoutError::Timeout) => panic!("it waits for itself"),
        _ => thread.join().unwrap(),
    }
}

type Action = Box<dyn Fn() + Send + Sync>;

/// Does something when it is woken, and says that it was.
struct OnWake {
    action: Action,
    woken: AtomicBool,
}

impl OnWake {
    fn new(action: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            action: Box::new(action),
            woken: AtomicBool::new(false),
        })
    }

    fn woken(&self) -> bool {
        self.woken.load(Ordering::SeqCst)
    }
}

impl Wake for OnWake {
    fn wake(self: Arc<Self>) {
        (self.action)();
        self.woken.store(true, Ordering::SeqCst);
    }
}

/// Does something when it is dropped, as a waker or as a value.
struct OnDrop(Action);

impl OnDrop {
    fn new(action: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Box::new(action))
    }
}

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Polls the task, which waits, with a waker that does that when it is woken.
#[track_caller]
fn wait_with<T>(task: &mut Task<'_, T>, action: impl Fn() + Send + Sync + 'static) -> Arc<OnWake> {
    let waker = OnWake::new(action);
    assert!(task.poll_with(&Waker::from(waker.clone())).is_pending());
    waker
}

/// Polls the task, which waits, with a waker that does that when it is dropped.
#[track_caller]
fn wait_with_drop<T>(task: &mut Task<'_, T>, action: impl Fn() + Send + Sync + 'static) {
    let waker = Waker::from(Arc::new(OnDrop::new(action)));
    assert!(task.poll_with(&waker).is_pending());
}

#[test]
fn a_waker_may_use_what_has_woken_it() {
    without_hanging(|| {
        let notify = Arc::new(Notify::new());
        let mut task = Task::new(notify.notified());
        let waker = wait_with(&mut task, {
            let notify = notify.clone();
            move || {
                notify.notify_waiters();
                notify.notify_one();
            }
        });
        notify.notify_one();
        assert!(waker.woken());
        task.expect_ready();
        Task::new(notify.notified()).expect_ready();

        let semaphore = Arc::new(Semaphore::new(0));
        let mut task = Task::new(semaphore.acquire());
        let waker = wait_with(&mut task, {
            let semaphore = semaphore.clone();
            move || {
                assert!(semaphore.try_acquire().is_err());
                semaphore.add_permits(1);
                drop(semaphore.try_acquire().unwrap());
                semaphore.close();
            }
        });
        semaphore.add_permits(1);
        assert!(waker.woken());
        drop(task);
        assert_eq!(semaphore.available_permits(), 2);

        let token = CancellationToken::new();
        let child = token.child_token();
        let mut task = Task::new(child.cancelled());
        let waker = wait_with(&mut task, {
            let token = token.clone();
            move || {
                assert!(token.is_cancelled());
                token.cancel();
                assert!(token.child_token().is_cancelled());
            }
        });
        token.cancel();
        assert!(waker.woken());
        task.expect_ready();

        let tracker = TaskTracker::new();
        let mut task = Task::new(tracker.wait());
        let waker = wait_with(&mut task, {
            let tracker = tracker.clone();
            move || {
                drop(tracker.token());
                assert!(tracker.reopen());
            }
        });
        tracker.close();
        assert!(waker.woken());
        task.expect_ready();
        assert!(!tracker.is_closed());
    });
}

#[test]
fn a_waker_may_use_the_channel_that_has_woken_it() {
    without_hanging(|| {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut task = Task::new(receiver.recv());
        let waker = wait_with(&mut task, {
            let sender = sender.clone();
            move || {
                sender.try_send(2).unwrap();
                assert_eq!(sender.capacity(), 0);
            }
        });
        sender.try_send(1).unwrap();
        assert!(waker.woken());
        assert_eq!(task.expect_ready(), Some(1));

        sender.try_send(3).unwrap();
        let mut task = Task::new(sender.send(4));
        let waker = wait_with(&mut task, {
            let sender = sender.clone();
            move || {
                let _ = sender.try_send(5);
            }
        });
        assert_eq!(receiver.try_recv(), Ok(2));
        assert!(waker.woken());
        drop(task);

        let mut task = Task::new(sender.closed());
        let waker = wait_with(&mut task, {
            let sender = sender.clone();
            move || assert!(sender.try_send(6).is_err())
        });
        drop(receiver);
        assert!(waker.woken());
        task.expect_ready();

        let (sender, mut receiver) = watch::channel(0);
        let sender = Arc::new(sender);
        let mut task = Task::new(receiver.changed());
        let waker = wait_with(&mut task, {
            let sender = sender.clone();
            move || {
                assert_eq!(*sender.borrow(), 1);
                sender.send_replace(2);
            }
        });
        sender.send(1).unwrap();
        assert!(waker.woken());
        task.expect_ready().unwrap();
    });
}

#[test]
fn a_sender_that_is_turned_away_finds_the_channel_closed() {
    without_hanging(|| {
        for dropped in [false, true] {
            let (sender, mut receiver) = mpsc::channel(1);
            sender.try_send(1).unwrap();
            let mut task = Task::new(sender.send(2));
            let waker = wait_with(&mut task, {
                let sender = sender.clone();
                move || assert!(sender.is_closed())
            });
            match dropped {
                true => drop(receiver),
                false => receiver.close(),
            }
            assert!(waker.woken());
            assert!(task.expect_ready().is_err());
        }
    });
}

/// A graceful shutdown asks when the last receiver has gone whether everything was read.
#[test]
fn who_is_told_that_the_last_receiver_is_gone_finds_nothing_left_in_the_channel() {
    without_hanging(|| {
        let (sender, receiver) = broadcast::channel(4);
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        let mut task = Task::new(sender.closed());
        let waker = wait_with(&mut task, {
            let sender = sender.clone();
            move || {
                assert_eq!(sender.receiver_count(), 0);
                assert_eq!(sender.len(), 0);
                assert!(sender.send(3).is_err());
            }
        });
        drop(receiver);
        assert!(waker.woken());
        task.expect_ready();
    });
}

#[test]
fn the_drop_of_a_waker_may_use_what_it_waited_for() {
    without_hanging(|| {
        let notify = Arc::new(Notify::new());
        let notifies = || {
            let notify = notify.clone();
            move || notify.notify_one()
        };
        // Given up, and replaced.
        let mut task = Task::new(notify.notified());
        wait_with_drop(&mut task, notifies());
        drop(task);
        Task::new(notify.notified()).expect_ready();
        let mut task = Task::new(notify.notified());
        wait_with_drop(&mut task, notifies());
        assert!(task.poll().is_pending());
        task.expect_ready();

        let semaphore = Arc::new(Semaphore::new(1));
        let adds = || {
            let semaphore = semaphore.clone();
            move || semaphore.add_permits(1)
        };
        let mut task = Task::new(semaphore.acquire_many(4));
        wait_with_drop(&mut task, adds());
        assert!(task.poll().is_pending());
        wait_with_drop(&mut task, adds());
        drop(task);
        assert_eq!(semaphore.available_permits(), 3);

        let (sender, mut receiver) = mpsc::unbounded_channel();
        let sends = || {
            let sender = sender.clone();
            // Not received any more, in the end.
            move || {
                let _ = sender.send(1);
            }
        };
        let mut task = Task::new(receiver.recv());
        wait_with_drop(&mut task, sends());
        assert!(task.poll().is_pending());
        assert_eq!(task.expect_ready(), Some(1));
        let mut task = Task::new(receiver.recv());
        wait_with_drop(&mut task, sends());
        drop(task);
        drop(receiver);
    });
}

#[test]
fn the_drop_of_a_value_may_use_the_channel_it_was_in() {
    without_hanging(|| {
        let (sender, receiver) = mpsc::unbounded_channel();
        let again = sender.clone();
        sender
            .send(OnDrop::new(move || {
                assert!(again.is_closed());
                assert!(again.send(OnDrop::new(|| {})).is_err());
            }))
            .ok()
            .unwrap();
        drop(receiver);
        drop(sender);

        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        let again = sender.clone();
        sender
            .send(Some(OnDrop::new(move || {
                assert!(again.borrow().is_none());
                again.send_modify(|value| *value = None);
            })))
            .unwrap();
        sender.send(None).unwrap();
        assert!(receiver.borrow().is_none());

        #[derive(Clone)]
        struct Value(#[expect(dead_code, reason = "for its drop")] Option<Arc<OnDrop>>);
        let (sender, receiver) = broadcast::channel(1);
        let again = sender.clone();
        let value = OnDrop::new(move || {
            assert_eq!(again.len(), 1);
            again.send(Value(None)).ok().unwrap();
            drop(again.subscribe());
        });
        sender.send(Value(Some(Arc::new(value)))).ok().unwrap();
        sender.send(Value(None)).ok().unwrap();
        assert_eq!(receiver.len(), 3);
        let again = sender.clone();
        let value = OnDrop::new(move || assert!(again.send(Value(None)).is_err()));
        sender.send(Value(Some(Arc::new(value)))).ok().unwrap();
        drop(receiver);
    });
}
