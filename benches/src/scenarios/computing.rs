//! Work for processors, and runtimes that come and go.

use super::Setup;
use super::batches::on_workers;
use crate::measure::Countdown;
use crate::runtime::Runtime;
use crate::stats::median;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Keeps a processor busy.
pub fn burn(duration: Duration) {
    let began = Instant::now();
    while began.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// How long a task computes: every tenth nine times as long as the others.
pub fn uneven(i: usize) -> Duration {
    Duration::from_micros(if i.is_multiple_of(10) { 450 } else { 50 })
}

/// One task spawns them all; in the ideal case every worker has as much to do as the others.
pub fn imbalance<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const TASKS: usize = 1000;
    let times = on_workers::<R, _, _, _>(setup, 1, |_| async {
        let began = Instant::now();
        let all = Countdown::new(TASKS);
        for i in 0..TASKS {
            let all = all.clone();
            R::spawn(async move {
                burn(uneven(i));
                all.arrive();
            });
        }
        all.await;
        began.elapsed()
    });
    // Two workers is the measure for runtimes with one thread, too.
    let ideal = (0..TASKS).map(uneven).sum::<Duration>() / 2;
    [times[0].as_secs_f64() / ideal.as_secs_f64()]
}

/// From nothing to nothing, in microseconds.
pub fn start_stop<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let began = Instant::now();
    let mut samples = Vec::new();
    while began.elapsed() < setup.budget || samples.len() < 3 {
        let before = Instant::now();
        let runtime = R::start(setup.workers);
        let (sender, receiver) = mpsc::channel();
        runtime.spawn_outside(async move {
            let _ = sender.send(());
        });
        receiver.recv().expect("a task runs");
        runtime.stop();
        samples.push(before.elapsed().as_secs_f64() * 1e6);
    }
    [median(&mut samples[1..])]
}
