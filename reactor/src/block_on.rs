//! The smallest thing that can run a future on a driver: for examples and tests, and to see the
//! whole protocol on one page. A runtime does better: it has a batch that lives on, other tasks to
//! run, timers, and an unpark that costs nothing while nobody sleeps.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pintle_sync::WakeBatch;

use crate::current;
use crate::driver::Driver;
use crate::turn::Wait;

impl Driver {
    /// Runs one future on this thread, with this driver in the seat.
    ///
    /// ```
    /// use pintle_reactor::Driver;
    /// use pintle_reactor::net::{TcpListener, TcpStream};
    ///
    /// let driver = Driver::new(64)?;
    /// driver.block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.writable().await
    /// })??;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the driver's [`turn`](Driver::turn).
    pub fn block_on<F: Future>(self: &Arc<Self>, future: F) -> io::Result<F::Output> {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(self.clone())));
        let mut cx = Context::from_waker(&waker);
        let mut batch = WakeBatch::new();
        let _seated = current::enter(self.clone());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Ok(output);
            }
            self.turn(Wait::Forever, &mut batch)?;
            batch.wake_all();
        }
    }
}

struct Unpark(Arc<Driver>);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Without it the wake would be lost, and nobody is there to be told of the error.
        self.0.unpark().expect("the driver cannot be woken");
    }
}
