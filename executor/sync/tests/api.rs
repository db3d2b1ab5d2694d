//! That what has a tokio name has tokio's signature and traits: most of this is for the compiler.

#![cfg(not(loom))]

use std::cell::Cell;
use std::collections::HashSet;
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use pintle_sync::*;

#[path = "cases/hand.rs"]
#[allow(dead_code, reason = "each program uses its part")]
mod hand;
use hand::Task;

#[test]
fn ends_of_channels_can_be_unpinned_whatever_they_carry() {
    fn unpin<T: Unpin>() {}
    type Message = (PhantomPinned, Cell<u8>);
    unpin::<mpsc::Sender<Message>>();
    unpin::<mpsc::Receiver<Message>>();
    unpin::<mpsc::UnboundedReceiver<Message>>();
    unpin::<mpsc::Permit<'static, Message>>();
    unpin::<mpsc::OwnedPermit<Message>>();
    unpin::<oneshot::Sender<Message>>();
    unpin::<oneshot::Receiver<Message>>();
    unpin::<broadcast::Sender<Message>>();
    unpin::<broadcast::Receiver<Message>>();
    unpin::<watch::Sender<Message>>();
    unpin::<watch::Receiver<Message>>();
    unpin::<MutexGuard<'static, Message>>();
    unpin::<RwLockWriteGuard<'static, Message>>();
}

#[test]
fn a_future_that_receives_can_be_shared_whatever_is_received() {
    fn sync<T: Sync>(_: T) {}
    sync(mpsc::channel::<Cell<u8>>(1).1.recv());
    sync(broadcast::channel::<Cell<u8>>(1).1.recv());
}

#[test]
fn what_a_panic_cannot_leave_half_changed_may_be_used_after_it() {
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    type Message = Cell<u8>;
    unwind_safe::<mpsc::Sender<Message>>();
    unwind_safe::<mpsc::Receiver<Message>>();
    unwind_safe::<mpsc::WeakSender<Message>>();
    unwind_safe::<mpsc::UnboundedSender<Message>>();
    unwind_safe::<mpsc::UnboundedReceiver<Message>>();
    unwind_safe::<mpsc::Permit<'static, Message>>();
    unwind_safe::<mpsc::PermitIterator<'static, Message>>();
    unwind_safe::<mpsc::OwnedPermit<Message>>();
    unwind_safe::<broadcast::Sender<Message>>();
    unwind_safe::<broadcast::Receiver<Message>>();
    unwind_safe::<watch::Sender<Message>>();
    unwind_safe::<watch::Receiver<Message>>();
    unwind_safe::<Notify>();
    unwind_safe::<Semaphore>();
    unwind_safe::<SemaphorePermit<'static>>();
    unwind_safe::<Barrier>();
    unwind_safe::<CancellationToken>();
    unwind_safe::<TaskTracker>();
}

/// A guard that writes can be downgraded on the thread to which it was sent, and then reads beside
/// those who read here.
#[test]
fn a_guard_that_writes_goes_to_another_thread_only_if_the_value_may_be_shared() {
    trait NotSend<Why> {
        fn check() {}
    }
    impl<T: ?Sized> NotSend<()> for T {}
    struct IsSend;
    impl<T: ?Sized + Send> NotSend<IsSend> for T {}

    // Ambiguous, and so an error, if it is `Send`.
    <RwLockWriteGuard<'static, Cell<u8>> as NotSend<_>>::check();
    <OwnedRwLockWriteGuard<Cell<u8>> as NotSend<_>>::check();
    // What a thread has borrowed it gives back.
    <watch::Ref<'static, u8> as NotSend<_>>::check();
}

#[test]
fn a_writer_is_downgraded_by_a_method_and_readers_wait_for_the_closure() {
    let lock = Arc::new(RwLock::new((1, "one")));
    let reader = Task::new(lock.read()).expect_ready();
    let mut writing = Task::waiting(lock.clone().write_owned());
    drop(reader);
    let std::task::Poll::Ready(writer) = writing.poll() else {
        panic!("nobody else is there");
    };
    let mut waiting = Task::waiting(lock.read());
    let name = OwnedRwLockWriteGuard::downgrade_map(writer, |(_, name)| {
        assert!(waiting.poll().is_pending());
        name
    });
    assert!(waiting.woken());
    drop((name, waiting));

    let reader = lock.try_write().unwrap().downgrade();
    assert_eq!(reader.0, 1);
    let other = lock.clone().try_read_owned().unwrap();
    drop((reader, other));
    let reader = lock.clone().try_write_owned().unwrap().downgrade();
    assert_eq!(reader.1, "one");
    assert!(lock.try_write().is_err());
}

#[test]
fn a_cell_can_be_born_set() {
    static CELL: OnceCell<u8> = OnceCell::const_new_with(1);
    static ONCE: SetOnce<u8> = SetOnce::const_new_with(1);
    assert_eq!(CELL.get(), Some(&1));
    assert!(CELL.set(2).unwrap_err().is_already_init_err());
    assert_eq!(*Task::new(CELL.get_or_init(async || 2)).expect_ready(), 1);
    assert!(ONCE.set(2).is_err());
    assert_eq!(*Task::new(ONCE.wait()).expect_ready(), 1);
    static EMPTY: OnceCell<u8> = OnceCell::new_with(None);
    assert_eq!(*Task::new(EMPTY.get_or_init(async || 2)).expect_ready(), 2);
}

#[test]
fn a_thread_can_wait_for_permits() {
    let semaphore = Arc::new(Semaphore::new(0));
    let threads: Vec<_> = [
        |semaphore: Arc<Semaphore>| semaphore.blocking_acquire().map(SemaphorePermit::forget),
        |semaphore: Arc<Semaphore>| {
            let two = semaphore.blocking_acquire_many(2);
            two.map(SemaphorePermit::forget)
        },
        |semaphore: Arc<Semaphore>| {
            let one = semaphore.blocking_acquire_owned();
            one.map(OwnedSemaphorePermit::forget)
        },
        |semaphore: Arc<Semaphore>| {
            let two = semaphore.blocking_acquire_many_owned(2);
            two.map(OwnedSemaphorePermit::forget)
        },
    ]
    .into_iter()
    .map(|wait| {
        let semaphore = semaphore.clone();
        std::thread::spawn(move || wait(semaphore))
    })
    .collect();
    semaphore.add_permits(7);
    for thread in threads {
        assert!(thread.join().unwrap().is_ok());
    }
    assert_eq!(semaphore.available_permits(), 1);
    let permit = semaphore.try_acquire().unwrap();
    assert!(std::ptr::eq(permit.semaphore(), &*semaphore));
    semaphore.close();
    assert!(semaphore.blocking_acquire().is_err());
    assert!(semaphore.clone().blocking_acquire_many_owned(2).is_err());
}

#[test]
fn a_thread_that_runs_tasks_does_not_wait_for_permits() {
    let semaphore = Arc::new(Semaphore::new(4));
    let _worker = blocking::deny();
    let waits: [fn(&Arc<Semaphore>); 4] = [
        |semaphore| drop(semaphore.blocking_acquire()),
        |semaphore| drop(semaphore.blocking_acquire_many(1)),
        |semaphore| drop(semaphore.clone().blocking_acquire_owned()),
        |semaphore| drop(semaphore.clone().blocking_acquire_many_owned(1)),
    ];
    for wait in waits {
        assert!(std::panic::catch_unwind(|| wait(&semaphore)).is_err());
    }
}

#[test]
#[expect(
    clippy::mutable_key_type,
    reason = "its hash is its address, which nothing in it changes"
)]
fn a_token_is_a_key_and_its_guards_show_it() {
    let token = CancellationToken::new();
    let mut seen = HashSet::from([token.clone()]);
    assert!(seen.contains(&token));
    assert!(seen.insert(token.child_token()));
    assert!(!seen.insert(token.clone()));
    assert_eq!(token.drop_guard_ref().token(), &token);
    assert!(token.is_cancelled());
    assert_eq!(token.clone().drop_guard().token(), &token);
}
