//! A branch of `join!`: the future, and in the same place its output.

use pin_project_lite::pin_project;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A future, then its output, then nothing.
    #[project = Projected]
    #[project_replace = Taken]
    pub enum MaybeDone<F: Future> {
        Pending { #[pin] future: F },
        Done { output: F::Output },
        Gone,
    }
}

/// A branch that was not polled yet.
pub fn maybe_done<F: Future>(future: F) -> MaybeDone<F> {
    MaybeDone::Pending { future }
}

impl<F: Future> MaybeDone<F> {
    /// Ready once the output is here. The future is dropped at once.
    pub fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Projected::Pending { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.set(Self::Done { output });
        }
        Poll::Ready(())
    }

    /// The output.
    ///
    /// # Panics
    ///
    /// If it is not here, or was taken before.
    pub fn take_output(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Self::Gone) {
            Taken::Done { output } => output,
            _ => unreachable!("a `join!` takes each output once, when all are there"),
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> MaybeDone<F> {
    /// The error, if the output is here and is one.
    pub fn take_error(mut self: Pin<&mut Self>) -> Option<E> {
        match self.as_mut().project() {
            Projected::Done { output: Err(_) } => self.take_output().err(),
            _ => None,
        }
    }

    /// The output, which is no error: [`take_error`](Self::take_error) was asked before.
    ///
    /// # Panics
    ///
    /// If it is not here, or was taken before.
    pub fn take_success(self: Pin<&mut Self>) -> T {
        match self.take_output() {
            Ok(output) => output,
            Err(_) => unreachable!("a `try_join!` ends with the first error"),
        }
    }
}

impl<F: Future> fmt::Debug for MaybeDone<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending { .. } => "Pending",
            Self::Done { .. } => "Done",
            Self::Gone => "Gone",
        })
    }
}
