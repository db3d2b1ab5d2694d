//! An executor in a hundred lines, to be read: tasks, a queue, a reactor, a wheel, one thread.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin tiny_executor
//! ```
//!
//! It is Pintle without what makes Pintle long: no other workers, hence no stealing and no rescue;
//! tasks allocate twice and are queued under a lock; a wake from another thread always costs a system
//! call; nothing is aborted, joined, counted or shut down, and no panic is caught. But the sockets and
//! timers are the real ones: they find the drivers that sit on this thread, whoever put them there.
//!
//! Then three clients, each a task, talk to an echo server, also a task, over TCP, at their own pace.

#![forbid(unsafe_code)]

use parking_lot::Mutex;
use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream};
use pintle::time::{Duration, Instant, sleep};
use pintle_examples::stop::Group;
use pintle_examples::{Args, During, run};
use pintle_reactor::Wait;
use pintle_sync::WakeBatch;
use pintle_timer::Clock;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

// ----- the executor ---------------------------------------------------------------------------

#[derive(Clone)]
struct Executor(Arc<Shared>);

struct Shared {
    queue: Mutex<VecDeque<Arc<Task>>>,
    reactor: Arc<pintle_reactor::Driver>,
}

struct Task {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    /// Whether it is in the queue, so that two wakes queue it once.
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        // Release and acquire: what was done before the wake is seen by the poll that follows.
        if !self.queued.swap(true, Ordering::AcqRel) {
            let shared = self.shared.clone();
            shared.queue.lock().push_back(self);
            shared.wake_up();
        }
    }
}

impl Task {
    fn run(self: Arc<Self>) {
        // Before the poll: a wake during the poll must queue the task again.
        self.queued.swap(false, Ordering::AcqRel);
        let waker = Waker::from(self.clone());
        let mut slot = self.future.lock();
        let mut context = Context::from_waker(&waker);
        if let Some(future) = slot.as_mut()
            && future.as_mut().poll(&mut context).is_ready()
        {
            *slot = None;
        }
    }
}

impl Shared {
    /// Ends the wait that the thread may be in.
    fn wake_up(&self) {
        self.reactor
            .unpark()
            .expect("the reactor is there as long as we are");
    }
}

/// The waker of what does not queue: the thread is to look again.
struct WakeUp(Arc<Shared>, AtomicBool);

impl Wake for WakeUp {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::Release);
        self.0.wake_up();
    }
}

impl Executor {
    fn new() -> io::Result<Self> {
        let reactor = pintle_reactor::Driver::new(256)?;
        Ok(Self(Arc::new(Shared {
            queue: Mutex::default(),
            reactor,
        })))
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let future = Mutex::new(Some(Box::pin(future) as _));
        Arc::new(Task {
            future,
            queued: AtomicBool::new(false),
            shared: self.0.clone(),
        })
        .wake();
    }

    fn block_on<F: Future>(&self, root: F) -> io::Result<F::Output> {
        let main = Arc::new(WakeUp(self.0.clone(), AtomicBool::new(true)));
        let (main_waker, mut root) = (Waker::from(main.clone()), pin!(root));
        let timers = pintle_timer::Driver::new(Clock::new(false), main_waker.clone());
        // What has to wait on this thread finds its driver in one of these two seats.
        let _sockets = pintle_reactor::current::enter(self.0.reactor.clone());
        let _timers = pintle_timer::current::enter(timers.clone());

        let mut batch = WakeBatch::new();
        loop {
            if main.1.swap(false, Ordering::Acquire) {
                let mut context = Context::from_waker(&main_waker);
                if let Poll::Ready(output) = root.as_mut().poll(&mut context) {
                    return Ok(output);
                }
            }
            // What is queued now, and not what it queues: sockets and timers have their turn.
            let ready = std::mem::take(&mut *self.0.queue.lock());
            let idle = ready.is_empty() && !main.1.load(Ordering::Acquire);
            ready.into_iter().for_each(Task::run);

            // A wake that comes after the look at the queue has unparked the reactor, and the wait
            // ends at once.
            let wait = match timers.plan() {
                _ if !idle => Wait::No,
                Some(deadline) => Wait::Until(deadline.into_std()),
                None => Wait::Forever,
            };
            self.0.reactor.turn(wait, &mut batch)?;
            timers.turn(&mut batch);
            batch.wake_all();
        }
    }
}

// ----- what runs on it ------------------------------------------------------------------------

const HELP: &str = "
Runs an echo server and three clients on an executor of a hundred lines.

    --messages N       how many messages each client sends [3]
";

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let messages = args.value("--messages", 3)?;
        args.finish()?;
        let executor = Executor::new().during("making a reactor")?;
        executor
            .block_on(talk(executor.clone(), messages))
            .and_then(|result| result)
            .during("talking")
    })
}

async fn talk(executor: Executor, messages: u32) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let (begin, done) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let clients = Group::default();
    for name in ["one", "two", "three"] {
        let (done, member) = (done.clone(), clients.join());
        executor.spawn(async move {
            let result = async {
                let mut stream = TcpStream::connect(addr).await?;
                for number in 0..messages {
                    sleep(Duration::from_millis(name.len() as u64 * 10)).await;
                    let message = format!("{name}, {number}");
                    stream.write_all(message.as_bytes()).await?;
                    let mut answer = vec![0; message.len()];
                    stream.read_exact(&mut answer).await?;
                    println!(
                        "{:>6.1?}  {}",
                        begin.elapsed(),
                        String::from_utf8_lossy(&answer)
                    );
                }
                Ok(())
            };
            let result: io::Result<()> = result.await;
            done.lock().push(result);
            drop(member);
        });
    }
    for _ in 0..3 {
        let (mut stream, _) = listener.accept().await?;
        executor.spawn(async move {
            let mut buffer = [0; 256];
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
            }
        });
    }
    clients.wait(Duration::MAX).await;
    done.lock().drain(..).collect()
}
