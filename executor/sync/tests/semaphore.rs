//! The semaphore as its users see it, with no runtime.

use pintle_sync::Semaphore;

mod common;
use common::Task;

#[test]
fn permits_go_to_those_who_wait_in_the_order_they_came() {
    let semaphore = Semaphore::new(0);
    let mut first = Task::new(semaphore.acquire());
    let mut second = Task::new(semaphore.acquire());
    assert!(first.poll().is_pending());
    assert!(second.poll().is_pending());
    semaphore.add_permits(1);
    assert!(first.woken());
    assert!(!second.woken());
    assert!(semaphore.try_acquire().is_err());
    let first = first.expect_ready().unwrap();
    drop(first);
    assert!(second.woken());
    second.expect_ready().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
}
