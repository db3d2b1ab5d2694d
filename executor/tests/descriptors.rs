//! A server that runs out of descriptors. In a process of its own, whose limit it lowers.

#![cfg(target_os = "linux")]

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpSocket, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::every_mode;

#[test]
fn a_server_without_descriptors_serves_those_it_has_and_accepts_again() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let (refused, served) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (refused.clone(), served.clone());
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = pintle::spawn(async move {
                let (refused, served) = counts;
                loop {
                    match listener.accept().await {
                        Ok((mut stream, _)) => {
                            served.fetch_add(1, Ordering::SeqCst);
                            drop(pintle::spawn(async move {
                                let mut byte = [0];
                                while let Ok(1) = stream.read(&mut byte).await {
                                    stream.write_all(&byte).await.unwrap();
                                }
                            }));
                        }
                        Err(error) => {
                            assert_eq!(error.raw_os_error(), Some(EMFILE), "{error}");
                            refused.fetch_add(1, Ordering::SeqCst);
                            pintle::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                }
            });
            let mut first = TcpStream::connect(address).await.unwrap();
            exchange(&mut first).await;

            // The clients have their descriptors; there is one left for the server's ends.
            let sockets = [(); 3].map(|()| TcpSocket::new_v4().unwrap());
            let before = limit(highest_descriptor() + 1 + 1);
            let mut more = Vec::new();
            for socket in sockets {
                more.push(socket.connect(address).await.unwrap());
            }
            support::until(|| refused.load(Ordering::SeqCst) > 0).await;
            exchange(&mut first).await;

            // Once some have gone the others are accepted.
            drop(first);
            let last = more.pop().unwrap();
            drop(more);
            let mut last = last;
            exchange(&mut last).await;
            limit(before);
            exchange(&mut TcpStream::connect(address).await.unwrap()).await;
            server.abort();
            let _ = server.await;
        });
        assert!(served.load(Ordering::SeqCst) >= 3);

        // Timers want a descriptor, and do without if there is none.
        mode.runtime().block_on(async {
            let before = limit(highest_descriptor() + 1);
            let nap = Duration::from_millis(3);
            let start = Instant::now();
            pintle::spawn(pintle::time::sleep(nap)).await.unwrap();
            pintle::time::sleep(nap).await;
            limit(before);
            assert!(start.elapsed() >= 2 * nap);
        });

        // And a runtime that cannot have what it needs is an error, not a panic.
        let before = limit(highest_descriptor() + 1);
        let result = mode.builder().build();
        limit(before);
        assert_eq!(result.unwrap_err().raw_os_error(), Some(EMFILE));
    });
}

const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();

async fn exchange(stream: &mut TcpStream) {
    stream.write_all(&[5]).await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();
}

/// The lowest descriptor that is free, given that there are no gaps below it: fills them.
fn highest_descriptor() -> u64 {
    let entries = std::fs::read_dir("/proc/self/fd").expect("procfs");
    let highest = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let highest = highest.max().unwrap_or(0);
    // Fill the gaps, so that the limit is what is left. They stay for the life of the process.
    loop {
        let filler = std::fs::File::open("/dev/null").unwrap();
        if filler.as_raw_fd() > highest {
            return u64::try_from(filler.as_raw_fd()).unwrap() - 1;
        }
        std::mem::forget(filler);
    }
}

/// Sets how many descriptors the process may have; answers what it was before.
fn limit(count: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    let new = Rlimit {
        current: Some(count),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, new).unwrap();
    before.current.unwrap_or(1024)
}
