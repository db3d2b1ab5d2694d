//! Waiting for a token to be cancelled.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::CancellationToken;
use super::tree::Node;
use crate::budget;
use crate::notify::Wait;

pin_project! {
    /// Waits for a token to be cancelled: what [`CancellationToken::cancelled`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        #[pin]
        wait: Wait<&'a Node>,
    }
}

pin_project! {
    /// Waits for a token to be cancelled, and keeps it: what [`CancellationToken::cancelled_owned`]
    /// returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        #[pin]
        wait: Wait<Arc<Node>>,
        token: CancellationToken,
    }
}

impl<'a> WaitForCancellationFuture<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self {
            wait: Wait::new(&*token.node),
        }
    }
}

impl WaitForCancellationFutureOwned {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self {
            wait: Wait::new(token.node.clone()),
            token,
        }
    }
}

macro_rules! future {
    ($name:ident $(<$a:lifetime>)?) => {
        impl Future for $name $(<$a>)? {
            type Output = ();

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let progress = ready!(budget::poll_proceed(cx));
                let wait = self.project().wait;
                // The wait was made before this look: what it misses, the wait does not.
                if !wait.keep().is_cancelled() {
                    ready!(wait.poll_notified(Some(cx.waker())));
                }
                progress.made_progress();
                Poll::Ready(())
            }
        }

        impl fmt::Debug for $name $(<$a>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

future!(WaitForCancellationFuture<'_>);
future!(WaitForCancellationFutureOwned);
