//! A future that is polled by hand, and tells whether it was woken since.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
pub struct Bell(AtomicUsize);

impl Bell {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub struct Task<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    bell: Arc<Bell>,
}

impl<'a, T> Task<'a, T> {
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self {
            future: Box::pin(future),
            bell: Arc::default(),
        }
    }

    /// A task that has been polled once, and waits.
    #[track_caller]
    pub fn waiting(future: impl Future<Output = T> + 'a) -> Self {
        let mut task = Self::new(future);
        assert!(task.poll().is_pending(), "this should wait");
        task
    }

    pub fn poll(&mut self) -> Poll<T> {
        self.bell.0.store(0, Ordering::SeqCst);
        self.poll_with(&Waker::from(self.bell.clone()))
    }

    pub fn poll_with(&mut self, waker: &Waker) -> Poll<T> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// From now on it is polled with another waker; returns the bell of the old.
    pub fn change_waker(&mut self) -> Arc<Bell> {
        std::mem::take(&mut self.bell)
    }

    /// Whether it was woken since it was polled last.
    pub fn woken(&self) -> bool {
        self.bell.count() > 0
    }

    /// Polls it; it must be done.
    #[track_caller]
    pub fn expect_ready(mut self) -> T {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("this should be ready"),
        }
    }
}

struct Explode;

impl Wake for Explode {
    fn wake(self: Arc<Self>) {
        panic!("this waker always panics");
    }
}

pub fn exploding_waker() -> Waker {
    Arc::new(Explode).into()
}
