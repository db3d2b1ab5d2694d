//! The entry attributes on the real runtime: what they ask for is what one gets. How they expand
//! is tested in the macros' own crate.

#![cfg(feature = "macros")]

use pintle::runtime::{Handle, RuntimeFlavor};
use std::time::{Duration, Instant};

fn flavor() -> RuntimeFlavor {
    Handle::current().runtime_flavor()
}

#[pintle::test]
async fn a_test_runs_on_the_current_thread() {
    assert_eq!(flavor(), RuntimeFlavor::CurrentThread);
}

#[pintle::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_steal_work() {
    assert_eq!(flavor(), RuntimeFlavor::MultiThread);
    assert_eq!(Handle::current().metrics().num_workers(), 2);
    assert_eq!(pintle::spawn(async { 1 }).await.unwrap(), 1);
}

#[pintle::test(flavor = "thread_per_core", worker_threads = 2)]
async fn a_test_may_share_nothing() {
    assert_eq!(flavor(), RuntimeFlavor::ThreadPerCore);
    assert_eq!(Handle::current().metrics().num_workers(), 2);
    assert_eq!(pintle::spawn(async { 1 }).await.unwrap(), 1);
}

#[pintle::test]
async fn a_test_may_return_an_error() -> std::io::Result<()> {
    let listener = pintle::net::TcpListener::bind("127.0.0.1:0").await?;
    listener.local_addr()?;
    Ok(())
}

#[pintle::test]
#[should_panic(expected = "seen by the harness")]
async fn a_panic_is_the_tests() {
    panic!("seen by the harness");
}

#[pintle::main]
async fn by_default(list: &[u8]) -> (RuntimeFlavor, usize) {
    (flavor(), list.len())
}

#[pintle::main(flavor = "current_thread")]
async fn on_this_thread() -> RuntimeFlavor {
    flavor()
}

#[test]
fn main_steals_work_unless_told_otherwise() {
    assert_eq!(by_default(&[1, 2]), (RuntimeFlavor::MultiThread, 2));
    assert_eq!(on_this_thread(), RuntimeFlavor::CurrentThread);
}

/// A day passes in no time.
async fn a_day() {
    let (clock, wall) = (pintle::time::Instant::now(), Instant::now());
    let day = Duration::from_secs(24 * 60 * 60);
    pintle::time::sleep(day).await;
    assert!(clock.elapsed() >= day);
    assert!(wall.elapsed() < Duration::from_secs(60));
}

#[pintle::test(start_paused = true)]
async fn a_paused_clock_on_the_current_thread() {
    a_day().await;
}

#[pintle::test(flavor = "multi_thread", worker_threads = 2, start_paused = true)]
async fn a_paused_clock_while_work_is_stolen() {
    a_day().await;
    pintle::spawn(a_day()).await.unwrap();
}

#[pintle::test(flavor = "thread_per_core", worker_threads = 2, start_paused = true)]
async fn a_paused_clock_while_nothing_is_shared() {
    a_day().await;
    pintle::spawn(a_day()).await.unwrap();
}
