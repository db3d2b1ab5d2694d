//! [`Cores`]: the threads of a runtime that knows only one, and the way in to each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Something to do on a worker's thread, inside of its runtime: usually, to spawn.
pub type Job = Box<dyn FnOnce() + Send>;

/// One thread for each worker, with a channel of jobs as the way in.
#[derive(Debug)]
pub struct Cores {
    inboxes: Vec<async_channel::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    next: AtomicUsize,
}

impl Cores {
    /// Starts threads that run `body`, which makes a runtime and has it [`run`] the jobs.
    pub fn start(workers: usize, body: impl Fn(Inbox) + Clone + Send + 'static) -> Self {
        let (inboxes, threads) = (0..workers)
            .map(|_| {
                let (sender, receiver) = async_channel::unbounded();
                let body = body.clone();
                (sender, thread::spawn(move || body(Inbox(receiver))))
            })
            .unzip();
        Self {
            inboxes,
            threads,
            next: AtomicUsize::new(0),
        }
    }

    pub fn run_at(&self, worker: usize, job: Job) {
        let sent = self.inboxes[worker % self.inboxes.len()].try_send(job);
        sent.expect("a worker lives until it is stopped");
    }

    /// Each worker in turn.
    pub fn run_anywhere(&self, job: Job) {
        self.run_at(self.next.fetch_add(1, Ordering::Relaxed), job);
    }

    pub fn stop(self) {
        drop(self.inboxes);
        for thread in self.threads {
            thread.join().expect("a worker does not panic");
        }
    }
}

/// The jobs for one worker.
#[derive(Debug)]
pub struct Inbox(async_channel::Receiver<Job>);

impl Inbox {
    /// Runs them until the runtime is stopped.
    pub async fn run(self) {
        while let Ok(job) = self.0.recv().await {
            job();
        }
    }
}
