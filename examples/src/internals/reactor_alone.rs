//! The reactor alone: a driver turned by hand, serving one echo connection. No tasks, no workers,
//! no queue.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin reactor_alone
//! ```
//!
//! The whole of what a runtime does for I/O is here: poll the future with the driver in its seat;
//! when it is pending, turn the driver, which waits for the operating system; wake what it has
//! collected; if our waker was among it, poll again. Each poll and each turn is printed: see that the
//! first read registers the socket, and that nothing after that does.
//!
//! The other end of the connection is a plain thread with a blocking socket.

#![forbid(unsafe_code)]

use pintle_examples::{Args, During, run};
use pintle_reactor::net::{TcpListener, TcpStream};
use pintle_reactor::{Driver, Wait, current};
use pintle_sync::WakeBatch;
use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

const HELP: &str = "
Serves one echo connection with nothing but a reactor.

    --messages N       how many messages the client sends [3]
";

/// A task's waker at its simplest: somebody has to look.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let messages = args.value("--messages", 3)?;
        args.finish()?;
        let driver = Driver::new(64).during("making a reactor")?;
        drive(&driver, messages).during("serving")
    })
}

fn drive(driver: &Arc<Driver>, messages: u32) -> io::Result<()> {
    // From now on, what has to wait on this thread waits for this driver.
    let _seated = current::enter(driver.clone());
    let mut batch = WakeBatch::new();
    let woken = Arc::new(Flag::default());
    let waker = Waker::from(woken.clone());
    let mut server = pin!(serve_one(messages));

    loop {
        println!("poll");
        if let Poll::Ready(result) = server.as_mut().poll(&mut Context::from_waker(&waker)) {
            return result;
        }
        // A wait may end for nothing, so this is a loop, too.
        while !woken.0.swap(false, Ordering::Relaxed) {
            let turn = driver.turn(Wait::Forever, &mut batch)?;
            let wakers = batch.wake_all();
            println!(
                "  turn: {} events, {wakers} wakers; {} registrations so far",
                turn.events,
                driver.registrations()
            );
        }
    }
}

/// Accepts a client and echoes until it hangs up.
async fn serve_one(messages: u32) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let client = thread::spawn(move || be_client(addr, messages));

    let (mut stream, peer) = listener.accept().await?;
    println!("  accepted {peer}");
    let mut buffer = [0; 256];
    loop {
        let length = read(&mut stream, &mut buffer).await?;
        if length == 0 {
            break;
        }
        println!("  echoing {length} bytes");
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let written = write(&mut stream, rest).await?;
            rest = &rest[written..];
        }
    }
    println!("  the client has hung up");
    client
        .join()
        .map_err(|_panic| io::Error::other("the client has panicked"))?
}

// What extension traits are for; written out, because this is about what is below them.

async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| futures_lite::AsyncRead::poll_read(Pin::new(stream), cx, buffer)).await
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    poll_fn(|cx| futures_lite::AsyncWrite::poll_write(Pin::new(stream), cx, bytes)).await
}

fn be_client(addr: SocketAddr, messages: u32) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(addr)?;
    for number in 0..messages {
        // Long enough for the server to have nothing to do meanwhile.
        thread::sleep(Duration::from_millis(20));
        let message = format!("message {number}");
        stream.write_all(message.as_bytes())?;
        let mut answer = vec![0; message.len()];
        stream.read_exact(&mut answer)?;
        if answer != message.as_bytes() {
            return Err(io::Error::other(format!(
                "sent {message:?}, got {answer:?}"
            )));
        }
    }
    Ok(())
}
