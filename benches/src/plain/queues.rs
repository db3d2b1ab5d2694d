//! Jobs in a queue, messages in std's channels, and threads.

use crate::measure::{Countdown, allocated};
use crate::scenarios::Setup;
use crate::scenarios::computing::{burn, uneven};
use crate::stats::median;
use futures_lite::future::block_on;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The median of what an operation takes in batches that go on for the budget.
pub fn nanoseconds_each(setup: &Setup, mut batch: impl FnMut() -> usize) -> [f64; 1] {
    let mut samples = Vec::new();
    let began = Instant::now();
    while began.elapsed() < setup.budget || samples.len() < 2 {
        let before = Instant::now();
        let operations = batch();
        samples.push(before.elapsed().as_nanos() as f64 / operations as f64);
    }
    [median(&mut samples[1..])]
}

const JOBS: usize = 10_000;

/// Boxed closures go into a queue and come out of it.
pub fn jobs(setup: &Setup) -> [f64; 1] {
    let mut queue: VecDeque<Box<dyn FnOnce()>> = VecDeque::new();
    nanoseconds_each(setup, || {
        let done = Rc::new(Cell::new(0));
        for _ in 0..JOBS {
            let done = done.clone();
            queue.push_back(Box::new(move || done.set(done.get() + 1)));
        }
        while let Some(job) = queue.pop_front() {
            job();
        }
        assert_eq!(done.get(), JOBS);
        JOBS
    })
}

/// The same for threads that wait at a channel.
pub fn jobs_for_threads(setup: &Setup) -> [f64; 1] {
    let senders: Vec<_> = (0..setup.workers)
        .map(|_| {
            let (sender, jobs) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
            thread::spawn(move || jobs.iter().for_each(|job| job()));
            sender
        })
        .collect();
    let mut samples = Vec::new();
    let began = Instant::now();
    while began.elapsed() < setup.budget || samples.len() < 2 {
        thread::sleep(Duration::from_millis(2));
        let before = Instant::now();
        let all = Countdown::new(JOBS);
        for i in 0..JOBS {
            let all = all.clone();
            let sent = senders[i % senders.len()].send(Box::new(move || all.arrive()));
            sent.expect("the thread lives");
        }
        block_on(all);
        samples.push(before.elapsed().as_nanos() as f64 / JOBS as f64);
    }
    [median(&mut samples[1..])]
}

type Jobs = Rc<RefCell<VecDeque<Box<dyn FnOnce()>>>>;

/// A job queues a job.
pub fn chain(setup: &Setup) -> [f64; 1] {
    const LINKS: usize = 1000;
    fn link(left: usize, queue: Jobs) -> Box<dyn FnOnce()> {
        Box::new(move || {
            if left > 0 {
                let next = link(left - 1, queue.clone());
                queue.borrow_mut().push_back(next);
            }
        })
    }
    let queue = Jobs::default();
    nanoseconds_each(setup, || {
        let first = link(LINKS - 1, queue.clone());
        queue.borrow_mut().push_back(first);
        loop {
            let job = queue.borrow_mut().pop_front();
            match job {
                Some(job) => job(),
                None => break LINKS,
            }
        }
    })
}

/// Closures that want to be called fifty times go back into the queue; a queue for each thread.
pub fn turns(setup: &Setup) -> [f64; 1] {
    let (each, setup) = (1000 / setup.workers, *setup);
    let threads: Vec<_> = (0..setup.workers)
        .map(|_| {
            thread::spawn(move || {
                let mut queue: VecDeque<Box<dyn FnMut() -> bool>> = VecDeque::new();
                nanoseconds_each(&setup, || {
                    for _ in 0..each {
                        let mut turns = 0;
                        queue.push_back(Box::new(move || {
                            turns += 1;
                            turns <= 50
                        }));
                    }
                    while let Some(mut job) = queue.pop_front() {
                        if job() {
                            queue.push_back(job);
                        }
                    }
                    each * 50
                })
            })
        })
        .collect();
    let times = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic")[0]);
    [1.0 / times.map(|time| 1.0 / time).sum::<f64>()]
}

/// A number between two threads.
pub fn ball(setup: &Setup) -> [f64; 1] {
    let (there, from_there) = mpsc::sync_channel(1);
    let (back, from_back) = mpsc::sync_channel(1);
    thread::spawn(move || from_there.iter().try_for_each(|ball: u64| back.send(ball)));
    nanoseconds_each(setup, || {
        for ball in 0..100 {
            there.send(ball).expect("the thread lives");
            assert_eq!(from_back.recv(), Ok(ball));
        }
        100
    })
}

/// Threads send to this one.
pub fn messages(setup: &Setup, senders: usize) -> [f64; 1] {
    const MESSAGES: usize = 20_000;
    nanoseconds_each(setup, || {
        let (sender, receiver) = mpsc::sync_channel(1000);
        for _ in 0..senders {
            let sender = sender.clone();
            thread::spawn(move || {
                (0..MESSAGES / senders).try_for_each(|message| sender.send(message))
            });
        }
        drop(sender);
        receiver.iter().count()
    })
}

/// Threads that take the next task each, until there is none.
pub fn imbalance(setup: &Setup) -> [f64; 1] {
    const TASKS: usize = 1000;
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..setup.workers {
            scope.spawn(|| {
                while let i = next.fetch_add(1, Ordering::Relaxed)
                    && i < TASKS
                {
                    burn(uneven(i));
                }
            });
        }
    });
    let ideal = (0..TASKS).map(uneven).sum::<Duration>() / 2;
    [began.elapsed().as_secs_f64() / ideal.as_secs_f64()]
}

/// Threads that begin and end.
pub fn threads(setup: &Setup) -> [f64; 1] {
    let nanoseconds = nanoseconds_each(setup, || {
        let threads: Vec<_> = (0..setup.workers).map(|_| thread::spawn(|| ())).collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        1
    });
    [nanoseconds[0] / 1e3]
}

/// 32 bytes in a box.
pub fn memory() -> [f64; 1] {
    const COUNT: usize = 100_000;
    let mut boxes = Vec::with_capacity(COUNT);
    let before = allocated();
    boxes.extend((0..COUNT).map(|i| black_box(Box::new([i as u64; 4]))));
    [(allocated() - before) as f64 / boxes.len() as f64]
}
