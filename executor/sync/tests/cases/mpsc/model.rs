//! The channel against the simplest thing that it could be: a queue with a limit.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use pintle_sync::budget;
use pintle_sync::mpsc;
use pintle_sync::mpsc::error::{TryRecvError, TrySendError};
use proptest::prelude::*;

cases! {
    polls {
        a_channel_is_a_queue_with_a_limit,
    }
}

#[derive(Debug, Clone)]
enum Step {
    TrySend,
    TryRecv,
    RecvMany(usize),
    Reserve,
    ReserveMany(usize),
    UsePermit,
    DropPermit,
    Clone,
    DropSender,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::TrySend),
        6 => Just(Step::TryRecv),
        2 => (0..6usize).prop_map(Step::RecvMany),
        2 => Just(Step::Reserve),
        1 => (0..6usize).prop_map(Step::ReserveMany),
        3 => Just(Step::UsePermit),
        2 => Just(Step::DropPermit),
        1 => Just(Step::Clone),
        1 => Just(Step::DropSender),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 0..60)
}

struct Model {
    queue: VecDeque<usize>,
    max: usize,
    permits: usize,
    senders: usize,
    closed: bool,
}

impl Model {
    fn room(&self) -> usize {
        self.max - self.queue.len() - self.permits
    }

    fn ended(&self) -> bool {
        let no_sender = self.senders == 0 && self.permits == 0;
        self.queue.is_empty() && (no_sender || self.closed && self.permits == 0)
    }

    fn try_reserve(&mut self, n: usize) -> Result<(), TrySendError<()>> {
        if self.closed {
            return Err(TrySendError::Closed(()));
        }
        if n > self.room() {
            return Err(TrySendError::Full(()));
        }
        self.permits += n;
        Ok(())
    }
}

pub fn a_channel_is_a_queue_with_a_limit() {
    // Each run as long as it takes: it is no task's only poll.
    proptest!(|(max in 1..6usize, steps in steps())| {
        budget::unconstrained(|| run(max, steps))?;
    });
}

fn run(max: usize, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (sender, mut receiver) = mpsc::channel(max);
    let mut senders = vec![sender];
    let mut permits = VecDeque::new();
    let mut model = Model {
        queue: VecDeque::new(),
        max,
        permits: 0,
        senders: 1,
        closed: false,
    };
    let number = AtomicUsize::new(0);
    let next = || number.fetch_add(1, Ordering::Relaxed);
    for step in steps {
        match step {
            Step::TrySend => {
                if let Some(sender) = senders.last() {
                    let message = next();
                    let expected = model.try_reserve(1).map(|()| {
                        model.permits -= 1;
                        model.queue.push_back(message);
                    });
                    let result = sender.try_send(message);
                    prop_assert_eq!(
                        result.map_err(|error| {
                            match error {
                                TrySendError::Full(back) => {
                                    assert_eq!(back, message);
                                    TrySendError::Full(())
                                }
                                TrySendError::Closed(back) => {
                                    assert_eq!(back, message);
                                    TrySendError::Closed(())
                                }
                            }
                        }),
                        expected
                    );
                }
            }
            Step::TryRecv => {
                let expected = match model.queue.pop_front() {
                    Some(message) => Ok(message),
                    None if model.ended() => Err(TryRecvError::Disconnected),
                    None => Err(TryRecvError::Empty),
                };
                prop_assert_eq!(receiver.try_recv(), expected);
            }
            Step::RecvMany(limit) => {
                let mut buffer = Vec::new();
                let mut cx = Context::from_waker(Waker::noop());
                let polled = receiver.poll_recv_many(&mut cx, &mut buffer, limit);
                let some = limit.min(model.queue.len());
                let expected = match some {
                    0 if limit > 0 && !model.ended() => Poll::Pending,
                    some => Poll::Ready(some),
                };
                prop_assert_eq!(polled, expected);
                prop_assert!(buffer.into_iter().eq(model.queue.drain(..some)));
            }
            Step::Reserve => {
                if let Some(sender) = senders.last() {
                    let result = sender.clone().try_reserve_owned();
                    prop_assert_eq!(
                        result
                            .as_ref()
                            .map(|_| ())
                            .map_err(|error| matches!(error, TrySendError::Full(_))),
                        model
                            .try_reserve(1)
                            .map_err(|error| matches!(error, TrySendError::Full(_)))
                    );
                    permits.extend(result.ok());
                }
            }
            Step::ReserveMany(n) => {
                if let Some(sender) = senders.last() {
                    let result = sender.try_reserve_many(n);
                    prop_assert_eq!(
                        result.as_ref().map(|all| all.len()).map_err(|&e| e),
                        model.try_reserve(n).map(|()| n)
                    );
                    if let Ok(some) = result {
                        for permit in some {
                            let message = next();
                            permit.send(message);
                            model.queue.push_back(message);
                            model.permits -= 1;
                        }
                    }
                }
            }
            Step::UsePermit => {
                if let Some(permit) = permits.pop_front() {
                    let message = next();
                    drop(permit.send(message));
                    model.permits -= 1;
                    model.queue.push_back(message);
                }
            }
            Step::DropPermit => {
                model.permits -= usize::from(permits.pop_front().is_some());
            }
            Step::Clone => {
                if let Some(sender) = senders.last().cloned() {
                    senders.push(sender);
                    model.senders += 1;
                }
            }
            Step::DropSender => {
                model.senders -= usize::from(senders.pop().is_some());
            }
            Step::Close => {
                receiver.close();
                model.closed = true;
            }
        }
        prop_assert_eq!(receiver.len(), model.queue.len());
        prop_assert_eq!(receiver.capacity(), model.room());
        prop_assert_eq!(
            receiver.sender_strong_count(),
            model.senders + permits.len()
        );
    }
    Ok(())
}
