//! Going from task to task.

use super::Setup;
use super::batches::{On, nanoseconds_each};
use crate::measure::Countdown;
use crate::runtime::Runtime;

/// A thousand tasks in all yield again and again.
pub fn yields<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const TASKS: usize = 1000;
    const YIELDS: usize = 50;
    let tasks = TASKS / setup.workers;
    [nanoseconds_each::<R, _, _>(
        setup,
        On::Each,
        move || async move {
            let all = Countdown::new(tasks);
            for _ in 0..tasks {
                let all = all.clone();
                R::spawn(async move {
                    for _ in 0..YIELDS {
                        R::yield_now().await;
                    }
                    all.arrive();
                });
            }
            all.await;
            tasks * YIELDS
        },
    )]
}
