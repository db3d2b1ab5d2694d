//! Making tasks.

use super::Setup;
use super::batches::{On, nanoseconds_each};
use crate::measure::Countdown;
use crate::runtime::Runtime;

const TASKS: usize = 10_000;

/// One task spawns many, lets go of them, and waits until the last has run.
pub fn spawn<R: Runtime>(setup: &Setup) -> [f64; 1] {
    [nanoseconds_each::<R, _, _>(setup, On::One, || async {
        let all = Countdown::new(TASKS);
        for _ in 0..TASKS {
            let all = all.clone();
            R::spawn(async move { all.arrive() });
        }
        all.await;
        TASKS
    })]
}

/// One task spawns many and awaits the handle of each.
pub fn spawn_join<R: Runtime>(setup: &Setup) -> [f64; 1] {
    [nanoseconds_each::<R, _, _>(setup, On::One, || async {
        let mut handles = Vec::with_capacity(TASKS);
        for i in 0..TASKS {
            handles.push(R::spawn_join(async move { i }));
        }
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.await, i);
        }
        TASKS
    })]
}
