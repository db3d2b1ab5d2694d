//! Tasks with a home, and what may leave it.

use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::mem::take;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};

use super::Lane;
use crate::task::{AbortHandle, Bound, Id, JoinError, JoinHandle, Pinned, Schedule, Task, create};

/// A scheduler with a home. What is woken elsewhere waits there until it is brought in.
#[derive(Clone)]
struct Home(Arc<HomeInner>);

struct HomeInner {
    home: ThreadId,
    woken: Mutex<Vec<Carried<Task<Home>>>>,
    bound: Mutex<Vec<Option<Carried<Bound<Home>>>>>,
}

/// On its way home.
struct Carried<T>(T);

// SAFETY: it is unpacked on the home thread only, which `Home` asserts.
unsafe impl<T> Send for Carried<T> {}

// SAFETY: (home) `schedule` only keeps the task; `Home::run_once` runs it, at home. The test spawns
// there.
unsafe impl Schedule for Home {
    type Kind = Pinned;

    fn schedule(task: Task<Self>) {
        let home = task.scheduler().0.clone();
        home.woken.lock().unwrap().push(Carried(task));
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        self.assert_here();
        let mut bound = self.0.bound.lock().unwrap();
        bound.push(Some(Carried(task)));
        Some(bound.len() - 1)
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        self.assert_here();
        self.0.bound.lock().unwrap()[slot]
            .take()
            .map(|bound| bound.0)
    }
}

impl Home {
    fn here() -> Self {
        Self(Arc::new(HomeInner {
            home: thread::current().id(),
            woken: Mutex::default(),
            bound: Mutex::default(),
        }))
    }

    fn assert_here(&self) {
        assert_eq!(thread::current().id(), self.0.home);
    }

    fn run_once(&self) {
        self.assert_here();
        for Carried(task) in take(&mut *self.0.woken.lock().unwrap()) {
            task.run();
        }
    }
}

#[test]
fn a_pinned_future_is_polled_and_dropped_at_home_whoever_wakes_or_aborts_it() {
    /// Neither `Send` nor indifferent to where it is.
    struct AtHome(ThreadId, Arc<AtomicUsize>, Rc<Cell<u32>>);
    impl Drop for AtHome {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.0);
            self.1.fetch_add(1, Relaxed);
        }
    }
    for abort in [false, true] {
        let home = Home::here();
        let drops = Arc::new(AtomicUsize::new(0));
        let at_home = AtHome(home.0.home, drops.clone(), Rc::default());
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let theirs = waker.clone();
        let future = poll_fn(move |cx| {
            assert_eq!(thread::current().id(), at_home.0);
            at_home.2.set(at_home.2.get() + 1);
            if at_home.2.get() == 2 {
                return Poll::Ready(());
            }
            *theirs.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        });
        let (task, handle) = create(future, home.clone(), Id::next(), None);
        task.run();
        let finished = handle.abort_handle();
        thread::spawn(move || {
            if abort {
                handle.abort();
            }
            let waker = waker.lock().unwrap().take().unwrap();
            waker.wake();
            drop(handle);
        })
        .join()
        .unwrap();
        assert_eq!(drops.load(Relaxed), 0);
        home.run_once();
        assert!(finished.is_finished());
        assert_eq!(drops.load(Relaxed), 1);
        drop(finished);
        assert_eq!(Arc::strong_count(&home.0), 1);
    }
}

/// `Tells::<T>::SEND` without asking for them.
struct Tells<T>(PhantomData<T>);
trait ByDefault {
    const SEND: bool = false;
}
impl<T> ByDefault for Tells<T> {}
impl<T: Send> Tells<T> {
    const SEND: bool = true;
}

#[test]
fn what_may_cross_threads_follows_from_the_kind_and_the_output() {
    fn is_sync<T: Sync>() {}
    const {
        assert!(Tells::<Task<Lane>>::SEND && Tells::<Bound<Lane>>::SEND);
        assert!(!Tells::<Task<Home>>::SEND && !Tells::<Bound<Home>>::SEND);
        assert!(Tells::<JoinHandle<Cell<()>>>::SEND && !Tells::<JoinHandle<Rc<()>>>::SEND);
        assert!(Tells::<AbortHandle>::SEND && Tells::<JoinError>::SEND);
    }
    is_sync::<JoinHandle<Cell<()>>>();
    is_sync::<AbortHandle>();
    is_sync::<JoinError>();
}
