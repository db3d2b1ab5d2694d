//! What the macros expand to, compiled and run on a stand-in for the runtime.

use std::process::{ExitCode, Termination};

include!("stub/runtime.rs");

#[pintle::main]
async fn by_default() -> String {
    runtime::built()
}

#[pintle::main(flavor = "thread_per_core", worker_threads = 3, start_paused = true)]
async fn with_everything() -> String {
    runtime::built()
}

#[pintle::main(flavor = "current_thread", start_paused = false)]
async fn on_this_thread() -> String {
    runtime::built()
}

#[core::prelude::v1::test]
fn the_builder_is_told_what_the_attribute_says() {
    assert_eq!(by_default(), "multi_thread all");
    assert_eq!(
        with_everything(),
        "thread_per_core workers=3 paused=true all"
    );
    assert_eq!(on_this_thread(), "current_thread all");
}

#[pintle::test]
async fn a_test_runs_on_the_current_thread() {
    assert_eq!(runtime::built(), "current_thread all");
}

#[pintle::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_test_may_have_workers() {
    assert_eq!(runtime::built(), "multi_thread workers=1 all");
}

#[pintle::test]
#[should_panic(expected = "as a plain test does")]
async fn other_attributes_stay() {
    panic!("as a plain test does");
}

#[pintle::test]
async fn a_test_may_return_a_result() -> Result<(), std::num::ParseIntError> {
    let two: u8 = "2".parse()?;
    assert_eq!(two, 2);
    Ok(())
}

mod renamed {
    pub(crate) use crate::runtime;
}

#[pintle::test(crate = "crate::renamed")]
async fn the_crate_may_have_another_path() {
    assert_eq!(runtime::built(), "current_thread all");
}

#[pintle::main]
async fn with_arguments<T: Copy>(mut list: Vec<T>, text: &str, item: T) -> (&str, usize) {
    list.push(item);
    async {}.await;
    (text, list.len())
}

#[core::prelude::v1::test]
fn a_function_that_is_not_main_may_take_arguments() {
    assert_eq!(with_arguments(vec![1, 2], "text", 3), ("text", 3));
}

struct Counter(u32);

impl Counter {
    #[pintle::main]
    async fn new(start: u32) -> Self {
        Self(start)
    }

    #[pintle::main]
    async fn add(&mut self, more: u32) -> &mut u32 {
        self.0 += more;
        &mut self.0
    }
}

#[core::prelude::v1::test]
fn methods_know_self() {
    let mut counter = Counter::new(1);
    *counter.add(2) += 1;
    assert_eq!(counter.0, 4);
}

#[pintle::main]
async fn coerced() -> Box<dyn Fn() -> u8> {
    if std::env::args().count() == 0 {
        return Box::new(|| 1);
    }
    Box::new(|| 2)
}

#[pintle::main]
async fn opaque() -> impl Termination {
    ExitCode::SUCCESS
}

#[pintle::main]
async fn never() -> ! {
    panic!("never returns")
}

#[core::prelude::v1::test]
fn return_types_are_kept() {
    assert_eq!(coerced()(), 2);
    assert_eq!(opaque().report(), ExitCode::SUCCESS);
    assert!(std::panic::catch_unwind(|| never()).is_err());
}

#[pintle::main]
#[deny(unused_variables)]
async fn inner_attributes() -> u8 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[core::prelude::v1::test]
fn inner_attributes_stay_at_the_top() {
    assert_eq!(inner_attributes(), 2);
}
