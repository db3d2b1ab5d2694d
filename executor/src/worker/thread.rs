//! The thread of a worker, from first to last.

use super::current;
use super::local::{Kind, Local};
use super::remote::Remote;
use super::shared::{Shared, StealableQueue};
use super::turn::{Root, Step};
use super::{affinity, config::run_hook};
use std::sync::Arc;

/// The body of a worker's thread.
pub fn main(shared: Arc<Shared>, remote: Arc<Remote>, queue: StealableQueue, cpu: Option<usize>) {
    if let Some(cpu) = cpu {
        affinity::pin_to(cpu);
    }
    let local = Local::new(shared.clone(), remote, queue, Kind::Regular);
    let _seated = current::enter(&local);
    run_hook(&shared.config.on_thread_start);
    local.run(&mut Serve(&shared));
    local.close();
    run_hook(&shared.config.on_thread_stop);
}

/// A worker serves until the runtime shuts down.
struct Serve<'a>(&'a Shared);

impl Root for Serve<'_> {
    fn poll(&mut self) -> Step {
        if self.is_woken() {
            Step::Done
        } else {
            Step::Idle
        }
    }

    fn is_woken(&self) -> bool {
        self.0.is_shutting_down()
    }
}
