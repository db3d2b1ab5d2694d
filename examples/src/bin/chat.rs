//! A chat room over TCP: everybody hears what anybody says.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin chat
//! nc 127.0.0.1 7001      # as often as you like; the first line is your name
//! ```
//!
//! Each guest is one task, which reads what the guest types and writes what the room says. The room
//! is a `broadcast` channel, so nobody waits for a guest who does not read: first they miss lines,
//! and are told how many, and after a while they are gone. Whatever ends the task, the guest's
//! [`Seat`] is dropped and the room told. Ctrl-C cancels a token; a tracker knows when all have left.

#![forbid(unsafe_code)]

use parking_lot::Mutex;
use pintle::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use pintle::net::TcpListener;
use pintle::net::TcpStream;
use pintle::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use pintle::sync::CancellationToken;
use pintle::sync::broadcast::{self, error::RecvError};
use pintle::task::TaskTracker;
use pintle::time::{Duration, timeout};
use pintle_examples::accept::Connections;
use pintle_examples::{Args, During, Mode, Result, run};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const HELP: &str = "
A chat room over TCP. The first line a guest types is their name; then
/who lists who is there, /quit leaves, and anything else is heard by all.

    --addr HOST:PORT   where to listen [127.0.0.1:7001]; port 0 takes a free one
    --memory N         how many lines a slow guest may be behind [256]
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]
";

/// In bytes: nobody types more in a line.
const LONGEST_LINE: usize = 4096;

/// In characters.
const LONGEST_NAME: usize = 20;

/// Who takes longer to read a line is not there any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long guests may take to hear that the room closes.
const GRACE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let addr: SocketAddr = args.value("--addr", ([127, 0, 0, 1], 7001).into())?;
        let memory = args.value("--memory", NonZeroU16::new(256).expect("not 0"))?;
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        let room = Arc::new(Room::new(memory.get().into()));
        runtime.block_on(serve(addr, &room))?;
        println!(
            "{} guests said {} lines",
            room.guests.load(Ordering::Relaxed),
            room.lines.load(Ordering::Relaxed)
        );
        Ok(())
    })
}

async fn serve(addr: SocketAddr, room: &Arc<Room>) -> Result<()> {
    let listener = TcpListener::bind(addr)
        .await
        .during(format_args!("listening on {addr}"))?;
    let addr = listener.local_addr().during("asking for the address")?;
    println!("listening on {addr}");

    let (guests, closing) = (TaskTracker::new(), CancellationToken::new());
    let accepting = async {
        let mut connections = Connections::new(listener);
        loop {
            let stream = connections.next().await;
            let (room, closing) = (room.clone(), closing.clone());
            guests.spawn(async move {
                // An error is a guest whose connection broke, which the room is told by the seat.
                let _ = guest(stream, &room, &closing).await;
            });
        }
    };
    let interrupted = async { pintle::signal::ctrl_c().await.during("waiting for Ctrl-C") };
    futures_lite::future::or(interrupted, accepting).await?;

    closing.cancel();
    guests.close();
    if timeout(GRACE, guests.wait()).await.is_err() {
        eprintln!("{} guests do not listen, and are left behind", guests.len());
    }
    Ok(())
}

/// Serves a guest until one side has had enough.
async fn guest(stream: TcpStream, room: &Arc<Room>, closing: &CancellationToken) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut lines = Lines::new(reader);
    let entering = enter(&mut lines, &mut writer, room);
    let seat = match closing.run_until_cancelled(entering).await {
        Some(entered) => entered?,
        None => None,
    };
    let Some(mut seat) = seat else { return Ok(()) };
    loop {
        pintle::select! {
            line = lines.next() => match line?.as_deref() {
                None | Some("/quit") => return Ok(()),
                Some("/who") => write(&mut writer, &room.who()).await?,
                Some("") => {}
                Some(line) => seat.say(line),
            },
            heard = seat.hears.recv() => match heard {
                Ok(said) if said.by == seat.number => {}
                Ok(said) => write(&mut writer, &said.text).await?,
                Err(RecvError::Lagged(missed)) => {
                    write(&mut writer, &format!("* you have missed {missed} lines")).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
            () = closing.cancelled() => return write(&mut writer, "* the room closes").await,
        }
    }
}

/// Asks for a name until it will do. `None`: the guest left without one.
async fn enter(
    lines: &mut Lines,
    writer: &mut OwnedWriteHalf,
    room: &Arc<Room>,
) -> io::Result<Option<Seat>> {
    write(writer, "* who are you?").await?;
    while let Some(name) = lines.next().await? {
        match room.enter(&name) {
            Ok(seat) => {
                write(writer, &format!("* welcome, {name}")).await?;
                write(writer, &room.who()).await?;
                return Ok(Some(seat));
            }
            Err(why) => write(writer, &format!("* {why}; who are you?")).await?,
        }
    }
    Ok(None)
}

async fn write(writer: &mut OwnedWriteHalf, line: &str) -> io::Result<()> {
    let line = format!("{line}\n");
    timeout(PATIENCE, writer.write_all(line.as_bytes()))
        .await
        .map_err(|_elapsed| io::ErrorKind::TimedOut)?
}

/// What all guests share.
struct Room {
    said: broadcast::Sender<Said>,
    names: Mutex<BTreeSet<Arc<str>>>,
    guests: AtomicU64,
    lines: AtomicU64,
}

/// A line that everybody hears, except for who said it.
#[derive(Clone)]
struct Said {
    by: u64,
    text: Arc<str>,
}

impl Room {
    fn new(memory: usize) -> Self {
        Self {
            said: broadcast::Sender::new(memory),
            names: Mutex::default(),
            guests: AtomicU64::new(0),
            lines: AtomicU64::new(0),
        }
    }

    fn enter(self: &Arc<Self>, name: &str) -> Result<Seat, &'static str> {
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
            return Err("a name has 1 to 20 characters");
        }
        if !name.chars().all(char::is_alphanumeric) {
            return Err("a name has letters and digits");
        }
        let name: Arc<str> = name.into();
        if !self.names.lock().insert(name.clone()) {
            return Err("that name is taken");
        }
        let seat = Seat {
            number: self.guests.fetch_add(1, Ordering::Relaxed),
            name,
            hears: self.said.subscribe(),
            room: self.clone(),
        };
        seat.tell(format!("* {} is here", seat.name));
        Ok(seat)
    }

    fn who(&self) -> String {
        let names = self.names.lock();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        format!("* here: {}", names.join(", "))
    }
}

/// A guest's place in the room, until dropped.
struct Seat {
    number: u64,
    name: Arc<str>,
    hears: broadcast::Receiver<Said>,
    room: Arc<Room>,
}

impl Seat {
    fn say(&self, line: &str) {
        self.room.lines.fetch_add(1, Ordering::Relaxed);
        self.tell(format!("{}: {line}", self.name));
    }

    fn tell(&self, text: String) {
        // An error means that nobody is there to hear it.
        let _ = self.room.said.send(Said {
            by: self.number,
            text: text.into(),
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.names.lock().remove(&self.name);
        self.tell(format!("* {} has left", self.name));
    }
}

/// What a guest types, line by line.
struct Lines {
    reader: BufReader<OwnedReadHalf>,
    /// The beginning of the next one.
    line: Vec<u8>,
}

impl Lines {
    fn new(reader: OwnedReadHalf) -> Self {
        Self {
            reader: BufReader::new(reader),
            line: Vec::new(),
        }
    }

    /// The next line, trimmed and without control characters, or `None` at the end. What is typed
    /// last is a line even if it does not end as one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as `select!` asks of it: half a line is kept for the next call.
    async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let read = self.reader.fill_buf().await?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(read.len(), |end| end + 1);
            self.line.extend_from_slice(&read[..taken]);
            self.reader.consume(taken);
            if self.line.len() > LONGEST_LINE {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if end.is_some() || (taken == 0 && !self.line.is_empty()) {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line).replace(char::is_control, "");
                return Ok(Some(line.trim().to_owned()));
            }
            if taken == 0 {
                return Ok(None);
            }
        }
    }
}
