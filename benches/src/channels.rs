//! The channels of the runtimes: a oneshot, and a bounded one with many senders.

use std::future::Future;

/// A family of channels of numbers.
pub trait Channels: 'static {
    type OnceSender: Send + 'static;
    type OnceReceiver: Send + 'static;
    type Sender: Clone + Send + Sync + 'static;
    type Receiver: Send + 'static;

    fn oneshot() -> (Self::OnceSender, Self::OnceReceiver);
    fn give(sender: Self::OnceSender, value: u64);
    fn take(receiver: Self::OnceReceiver) -> impl Future<Output = u64> + Send;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64) -> impl Future<Output = ()> + Send;
    /// `None` when all senders are gone.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
}

const OTHER_END: &str = "the other end of a channel is gone";

/// `pintle::sync`.
#[derive(Debug)]
pub struct Pintle;

impl Channels for Pintle {
    type OnceSender = pintle::sync::oneshot::Sender<u64>;
    type OnceReceiver = pintle::sync::oneshot::Receiver<u64>;
    type Sender = pintle::sync::mpsc::Sender<u64>;
    type Receiver = pintle::sync::mpsc::Receiver<u64>;

    fn oneshot() -> (Self::OnceSender, Self::OnceReceiver) {
        pintle::sync::oneshot::channel()
    }

    fn give(sender: Self::OnceSender, value: u64) {
        sender.send(value).expect(OTHER_END);
    }

    async fn take(receiver: Self::OnceReceiver) -> u64 {
        receiver.await.expect(OTHER_END)
    }

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        pintle::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect(OTHER_END);
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
}

/// `tokio::sync`, which needs no tokio runtime: also what users of runtimes without channels that
/// cross threads take.
#[derive(Debug)]
pub struct Tokio;

impl Channels for Tokio {
    type OnceSender = tokio::sync::oneshot::Sender<u64>;
    type OnceReceiver = tokio::sync::oneshot::Receiver<u64>;
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn oneshot() -> (Self::OnceSender, Self::OnceReceiver) {
        tokio::sync::oneshot::channel()
    }

    fn give(sender: Self::OnceSender, value: u64) {
        sender.send(value).expect(OTHER_END);
    }

    async fn take(receiver: Self::OnceReceiver) -> u64 {
        receiver.await.expect(OTHER_END)
    }

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect(OTHER_END);
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
}

/// smol's channel for messages. It has no oneshot; its users take one that needs no runtime, and
/// tokio's is the fastest of those here.
#[derive(Debug)]
pub struct Smol;

impl Channels for Smol {
    type OnceSender = tokio::sync::oneshot::Sender<u64>;
    type OnceReceiver = tokio::sync::oneshot::Receiver<u64>;
    type Sender = smol::channel::Sender<u64>;
    type Receiver = smol::channel::Receiver<u64>;

    fn oneshot() -> (Self::OnceSender, Self::OnceReceiver) {
        Tokio::oneshot()
    }

    fn give(sender: Self::OnceSender, value: u64) {
        Tokio::give(sender, value);
    }

    fn take(receiver: Self::OnceReceiver) -> impl Future<Output = u64> + Send {
        Tokio::take(receiver)
    }

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        smol::channel::bounded(capacity)
    }

    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect(OTHER_END);
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
}
