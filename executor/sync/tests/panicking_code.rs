//! Other people's code that panics: wakers, drops of wakers and of values, closures. Whoever else
//! uses the same thing goes on as if nothing had been.

#![cfg(not(loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

use pintle_sync::*;

#[path = "cases/hand.rs"]
#[allow(dead_code, reason = "each program uses its part")]
mod hand;
use hand::{Task, exploding_waker};

/// Panics when it is dropped, as a waker or as a value.
struct ExplodesOnDrop;

impl Wake for ExplodesOnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for ExplodesOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("this drop always panics");
        }
    }
}

#[track_caller]
fn panics<R>(f: impl FnOnce() -> R) {
    assert!(
        catch_unwind(AssertUnwindSafe(f)).is_err(),
        "this should panic"
    );
}

#[test]
fn a_waker_that_panics_keeps_neither_others_from_being_woken_nor_its_own_task_from_what_it_got() {
    let semaphore = Semaphore::new(0);
    let mut bad = Task::new(semaphore.acquire());
    assert!(bad.poll_with(&exploding_waker()).is_pending());
    let good = Task::waiting(semaphore.acquire());
    semaphore.add_permits(2);
    drop((bad.expect_ready(), good.expect_ready()));
    assert_eq!(semaphore.available_permits(), 2);

    let notify = Notify::new();
    let mut bad: Vec<_> = (0..10).map(|_| Task::new(notify.notified())).collect();
    for task in &mut bad {
        assert!(task.poll_with(&exploding_waker()).is_pending());
    }
    let good = Task::waiting(notify.notified());
    notify.notify_waiters();
    assert!(good.woken());
    bad.into_iter().for_each(Task::expect_ready);

    let (sender, mut receiver) = mpsc::channel(1);
    let mut bad = Task::new(receiver.recv());
    assert!(bad.poll_with(&exploding_waker()).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(bad.expect_ready(), Some(1));

    let (mut sender, receiver) = oneshot::channel::<u8>();
    let mut bad = Task::new(sender.closed());
    assert!(bad.poll_with(&exploding_waker()).is_pending());
    drop(receiver);
    bad.expect_ready();

    let token = CancellationToken::new();
    let children = [token.child_token(), token.child_token()];
    let mut bad = Task::new(children[1].cancelled());
    assert!(bad.poll_with(&exploding_waker()).is_pending());
    let good = Task::waiting(children[0].cancelled());
    token.cancel();
    assert!(good.woken());
    bad.expect_ready();
}

#[test]
fn a_waker_whose_drop_panics_is_out_of_the_queue_by_then() {
    let semaphore = Semaphore::new(1);
    let mut bad = Task::new(semaphore.acquire_many(2));
    assert!(
        bad.poll_with(&Waker::from(Arc::new(ExplodesOnDrop)))
            .is_pending()
    );
    let good = Task::waiting(semaphore.acquire());
    panics(|| drop(bad));
    assert!(good.woken());
    drop(good.expect_ready());
    assert_eq!(semaphore.available_permits(), 1);

    let notify = Notify::new();
    let mut bad = Task::new(notify.notified());
    assert!(
        bad.poll_with(&Waker::from(Arc::new(ExplodesOnDrop)))
            .is_pending()
    );
    let good = Task::waiting(notify.notified());
    // Replaced, and then woken.
    panics(|| bad.poll());
    notify.notify_one();
    assert!(bad.woken() && !good.woken());
    drop(bad);
    assert!(good.woken());
}

#[test]
fn a_message_whose_drop_panics_takes_nothing_with_it() {
    let alive = Arc::new(());
    let (sender, receiver) = mpsc::channel(4);
    let closed = Task::waiting(sender.closed());
    sender.try_send((Some(ExplodesOnDrop), alive.clone())).ok();
    sender.try_send((None, alive.clone())).ok();
    panics(|| drop(receiver));
    assert_eq!(Arc::strong_count(&alive), 1);
    assert!(closed.woken());
    assert!(sender.try_send((None, alive.clone())).is_err());

    let (sender, receiver) = watch::channel(Some(ExplodesOnDrop));
    let mut watching = receiver.clone();
    let changed = Task::waiting(watching.changed());
    panics(|| sender.send(None));
    assert!(changed.woken());
    assert!(changed.expect_ready().is_ok());
    assert!(receiver.borrow().is_none());
    sender.send(None).ok().unwrap();

    #[derive(Clone)]
    struct Value(#[expect(dead_code, reason = "for its drop")] Option<Arc<ExplodesOnDrop>>);
    let (sender, mut receiver) = broadcast::channel(1);
    sender.send(Value(Some(Arc::new(ExplodesOnDrop)))).ok();
    let mut late = sender.subscribe();
    let news = Task::waiting(late.recv());
    panics(|| sender.send(Value(None)));
    assert!(news.woken());
    assert!(news.expect_ready().is_ok());
    assert!(
        receiver
            .try_recv()
            .is_err_and(|error| error == broadcast::error::TryRecvError::Lagged(1))
    );
    assert!(receiver.try_recv().is_ok());
}

#[test]
fn a_closure_that_panics_leaves_what_it_was_lent_unlocked() {
    let mutex = Mutex::new(1);
    panics(|| MutexGuard::map(mutex.try_lock().unwrap(), |_| -> &mut u8 { panic!() }));
    assert!(mutex.try_lock().is_ok());

    let lock = RwLock::new(1);
    panics(|| RwLockWriteGuard::downgrade_map(lock.try_write().unwrap(), |_| -> &u8 { panic!() }));
    panics(|| {
        RwLockWriteGuard::try_downgrade_map(lock.try_write().unwrap(), |_| -> Option<&u8> {
            panic!()
        })
    });
    assert!(lock.try_write().is_ok());

    let (sender, mut receiver) = watch::channel(1);
    panics(|| sender.send_modify(|_| panic!()));
    panics(|| sender.send_if_modified(|_| panic!()));
    assert!(!receiver.has_changed().unwrap());
    panics(|| Task::new(receiver.wait_for(|_| panic!())).poll().is_ready());
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow_and_update(), 2);

    let cell = OnceCell::<u8>::new();
    panics(|| Task::new(cell.get_or_init(async || panic!())).poll());
    assert_eq!(*Task::new(cell.get_or_init(async || 1)).expect_ready(), 1);
}
