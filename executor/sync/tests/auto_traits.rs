//! What can be sent to and shared with other threads, and what must not be.

#![cfg(not(loom))]

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

use pintle_sync::*;

/// `IS` by way of inherent methods, which come before a trait's.
struct Check<T: ?Sized>(PhantomData<T>);

trait No {
    const SEND: bool = false;
    const SYNC: bool = false;
}

impl<T: ?Sized> No for Check<T> {}

struct CheckSync<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> No for CheckSync<T> {}

impl<T: ?Sized + Send> Check<T> {
    const SEND: bool = true;
}

impl<T: ?Sized + Sync> CheckSync<T> {
    const SYNC: bool = true;
}

macro_rules! check {
    ($($type:ty: $send:literal $sync:literal,)*) => {$(
        assert_eq!(<Check<$type>>::SEND, $send, concat!(stringify!($type), " Send"));
        assert_eq!(<CheckSync<$type>>::SYNC, $sync, concat!(stringify!($type), " Sync"));
    )*};
}

type Rc = std::rc::Rc<u8>;
type NotSync = Cell<u8>;

#[test]
fn what_is_sent_and_shared_is_what_may_be() {
    check! {
        Semaphore: true true,
        SemaphorePermit<'static>: true true,
        OwnedSemaphorePermit: true true,
        Notify: true true,
        Notified<'static>: true true,
        OwnedNotified: true true,
        Barrier: true true,
        CancellationToken: true true,
        WaitForCancellationFuture<'static>: true true,
        WaitForCancellationFutureOwned: true true,
        DropGuard: true true,
        TaskTracker: true true,
        TaskTrackerWaitFuture<'static>: true true,
        TrackedFuture<u8>: true true,
        TrackedFuture<Rc>: false false,

        Mutex<u8>: true true,
        Mutex<NotSync>: true true,
        Mutex<Rc>: false false,
        MutexGuard<'static, u8>: true true,
        MutexGuard<'static, NotSync>: true false,
        MutexGuard<'static, Rc>: false false,
        MappedMutexGuard<'static, u8>: true true,
        MappedMutexGuard<'static, NotSync>: true false,
        MappedMutexGuard<'static, Rc>: false false,
        OwnedMutexGuard<u8>: true true,
        OwnedMutexGuard<NotSync>: true false,
        OwnedMutexGuard<Rc>: false false,
        OwnedMappedMutexGuard<u8, NotSync>: true false,
        OwnedMappedMutexGuard<u8, Rc>: false false,
        OwnedMappedMutexGuard<Rc, u8>: false false,

        RwLock<u8>: true true,
        RwLock<NotSync>: true false,
        RwLock<Rc>: false false,
        RwLockReadGuard<'static, u8>: true true,
        RwLockReadGuard<'static, NotSync>: false false,
        OwnedRwLockReadGuard<u8>: true true,
        OwnedRwLockReadGuard<u8, NotSync>: false false,
        OwnedRwLockReadGuard<NotSync, u8>: false false,
        RwLockWriteGuard<'static, u8>: true true,
        RwLockWriteGuard<'static, NotSync>: false false,
        RwLockWriteGuard<'static, Rc>: false false,
        RwLockMappedWriteGuard<'static, Rc>: false false,
        OwnedRwLockWriteGuard<u8>: true true,
        OwnedRwLockWriteGuard<NotSync>: false false,
        OwnedRwLockMappedWriteGuard<u8, Rc>: false false,

        OnceCell<u8>: true true,
        OnceCell<NotSync>: true false,
        OnceCell<Rc>: false false,
        SetOnce<u8>: true true,
        SetOnce<NotSync>: true false,
    }
}

fn all_send<T: Send>(_: T) {}

#[test]
fn the_unnamed_futures_can_be_sent() {
    let (semaphore, mutex) = (Arc::new(Semaphore::new(1)), Arc::new(Mutex::new(1)));
    let (rwlock, cell) = (Arc::new(RwLock::new(1)), OnceCell::new());
    all_send(semaphore.acquire());
    all_send(semaphore.acquire_many(2));
    all_send(semaphore.clone().acquire_owned());
    all_send(mutex.lock());
    all_send(mutex.clone().lock_owned());
    all_send(rwlock.read());
    all_send(rwlock.write());
    all_send(rwlock.clone().read_owned());
    all_send(rwlock.clone().write_owned());
    all_send(cell.get_or_init(|| std::future::ready(1)));
    all_send(SetOnce::<u8>::new().wait());
    all_send(Barrier::new(1).wait());
    all_send(CancellationToken::new().run_until_cancelled(std::future::ready(1)));
}

/// `Send`, but not `Sync`, and that is enough.
type Message = Cell<u32>;

#[test]
fn the_ends_of_channels_go_wherever_the_messages_may_go() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    check::<mpsc::Sender<Message>>();
    check::<mpsc::Receiver<Message>>();
    check::<mpsc::WeakSender<Message>>();
    check::<mpsc::Permit<'_, Message>>();
    check::<mpsc::PermitIterator<'_, Message>>();
    check::<mpsc::OwnedPermit<Message>>();
    check::<mpsc::UnboundedSender<Message>>();
    check::<mpsc::UnboundedReceiver<Message>>();
    check::<mpsc::WeakUnboundedSender<Message>>();
    check::<oneshot::Sender<Message>>();
    check::<oneshot::Receiver<Message>>();
    // Cloned by one receiver at a time.
    check::<broadcast::Sender<Message>>();
    check::<broadcast::WeakSender<Message>>();
    check::<broadcast::Receiver<Message>>();
    // This one is shared.
    check::<watch::Sender<u32>>();
    check::<watch::Receiver<u32>>();
}
