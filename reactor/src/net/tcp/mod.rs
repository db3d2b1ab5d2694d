//! TCP: [`TcpListener`], [`TcpStream`] with its halves, and [`TcpSocket`] for options that have to
//! be set before.

mod listener;
mod socket;
mod split;
mod stream;

pub use listener::TcpListener;
pub use socket::TcpSocket;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::TcpStream;
