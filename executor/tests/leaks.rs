//! Runtimes come and go and leave neither threads nor descriptors behind. In a process of its own,
//! because both are counted for the whole process.

#![cfg(target_os = "linux")]

mod support;

use std::time::Duration;
use support::{every_mode, wait_until};

fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory).expect("procfs").count()
}

#[test]
fn runtimes_that_come_and_go_leave_no_threads_and_no_descriptors() {
    every_mode(|mode| {
        let (threads, descriptors) = (entries("/proc/self/task"), entries("/proc/self/fd"));
        for round in 0..70 {
            let runtime = mode.runtime();
            runtime.block_on(async {
                let task = pintle::spawn(async {
                    pintle::time::sleep(Duration::from_micros(10)).await;
                    pintle::task::spawn_blocking(|| ()).await.unwrap();
                    let (near, _far) = pintle::net::UnixStream::pair().unwrap();
                    let wait = pintle::time::timeout(Duration::from_micros(10), near.readable());
                    assert!(wait.await.is_err());
                });
                if round % 2 == 0 {
                    task.await.unwrap();
                }
            });
            match round % 3 {
                0 => drop(runtime),
                1 => runtime.shutdown_background(),
                _ => runtime.shutdown_timeout(Duration::from_millis(1)),
            }
        }
        // Those that were not waited for end by themselves.
        wait_until(|| entries("/proc/self/task") <= threads);
        wait_until(|| entries("/proc/self/fd") <= descriptors);
    });
}
