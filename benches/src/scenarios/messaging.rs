//! Messages through a bounded channel.

use super::Setup;
use super::batches::{On, nanoseconds_each};
use crate::channels::Channels;
use crate::runtime::Runtime;

const CAPACITY: usize = 1000;
const MESSAGES: usize = 20_000;

pub fn one_sender<R: Runtime>(setup: &Setup) -> [f64; 1] {
    senders::<R>(setup, 1)
}

pub fn four_senders<R: Runtime>(setup: &Setup) -> [f64; 1] {
    senders::<R>(setup, 4)
}

/// One task receives what tasks that it has spawned send.
fn senders<R: Runtime>(setup: &Setup, senders: usize) -> [f64; 1] {
    [nanoseconds_each::<R, _, _>(
        setup,
        On::One,
        move || async move {
            let (sender, mut receiver) = R::Channels::bounded(CAPACITY);
            for _ in 0..senders {
                let sender = sender.clone();
                R::spawn(async move {
                    for message in 0..(MESSAGES / senders) as u64 {
                        R::Channels::send(&sender, message).await;
                    }
                });
            }
            drop(sender);
            let mut received = 0;
            while R::Channels::receive(&mut receiver).await.is_some() {
                received += 1;
            }
            assert_eq!(received, MESSAGES);
            received
        },
    )]
}
