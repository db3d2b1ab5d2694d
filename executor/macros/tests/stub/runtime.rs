// Just enough of `pintle` to compile and run what the macros expand to: it polls once, and
// remembers how it was built.

#[allow(unused_extern_crates, reason = "a test may name another path")]
extern crate self as pintle;
#[allow(unused_imports, reason = "a test may use only one")]
pub(crate) use pintle_macros::{main, test};

pub(crate) mod runtime {
    use std::cell::RefCell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    std::thread_local! {
        static BUILT: RefCell<String> = const { RefCell::new(String::new()) };
    }

    /// The builder calls that led to the runtime this thread is in.
    #[allow(dead_code, reason = "the doc examples do not ask")]
    pub(crate) fn built() -> String {
        BUILT.with_borrow(Clone::clone)
    }

    pub(crate) struct Builder(String);
    pub(crate) struct Runtime(String);

    #[allow(dead_code, reason = "a doc example uses one of them")]
    impl Builder {
        pub(crate) fn new_multi_thread() -> Self {
            Self("multi_thread".into())
        }

        pub(crate) fn new_current_thread() -> Self {
            Self("current_thread".into())
        }

        pub(crate) fn new_thread_per_core() -> Self {
            Self("thread_per_core".into())
        }

        fn then(&mut self, call: &str) -> &mut Self {
            self.0.push(' ');
            self.0.push_str(call);
            self
        }

        pub(crate) fn worker_threads(&mut self, count: usize) -> &mut Self {
            self.then(&format!("workers={count}"))
        }

        pub(crate) fn start_paused(&mut self, paused: bool) -> &mut Self {
            self.then(&format!("paused={paused}"))
        }

        pub(crate) fn enable_all(&mut self) -> &mut Self {
            self.then("all")
        }

        pub(crate) fn build(&mut self) -> std::io::Result<Runtime> {
            Ok(Runtime(std::mem::take(&mut self.0)))
        }
    }

    impl Runtime {
        pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
            BUILT.set(self.0.clone());
            match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => output,
                Poll::Pending => panic!("the stub polls once"),
            }
        }
    }
}
