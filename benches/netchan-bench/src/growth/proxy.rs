//! A link with a round trip and a rate, on one machine: a TCP proxy that delays.
//!
//! Each direction has two threads. One reads, asks the [`Pace`] when what it has read would arrive,
//! and puts it into a queue; the other sleeps until then, and writes. What the queue holds is bounded,
//! and the reader holds one chunk more, so a sender that is faster than the link is held back by TCP, as it would be by the link. Sleeps
//! end some 0.1 ms late on Linux, which delays a chunk and not the rate: the next one is due by its
//! own time.
//!
//! Not pretended: loss, reordering, and the growth of TCP's own window, which takes some round trips
//! on a real link.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::Failure;
use crate::growth::pace::{LinkShape, Pace};

/// What is read at once, in bytes. At 1 Gbit/s it is half a millisecond of the link.
const CHUNK_BYTES: usize = 64 * 1024;

/// What each socket of the proxy may buffer, in bytes. Not set, Linux takes megabytes, and they
/// would be a part of the link that nobody asked for.
const SOCKET_BYTES: usize = 256 * 1024;

/// A connection through a link that delays. The threads end with the connection.
pub struct Proxied {
    /// The end that has dialed.
    pub near: TcpStream,
    /// The end that was dialed.
    pub far: TcpStream,
    threads: Vec<JoinHandle<()>>,
}

impl Proxied {
    /// A new connection through a link of this shape.
    pub fn new(shape: LinkShape) -> Result<Proxied, Failure> {
        let (near, proxy_near) = connected()?;
        let (proxy_far, far) = connected()?;
        let mut threads = Vec::new();
        for (from, to) in
            [(proxy_near.try_clone()?, proxy_far.try_clone()?), (proxy_far, proxy_near)]
        {
            threads.extend(direction(shape, from, to)?);
        }
        Ok(Proxied { near, far, threads })
    }

    /// Both ends, and what waits for the end of the threads: to be called when both ends are closed.
    pub fn into_parts(self) -> (TcpStream, TcpStream, impl FnOnce() -> Result<(), Failure>) {
        let Proxied { near, far, threads } = self;
        let join = || {
            for thread in threads {
                thread.join().map_err(|_| "the proxy panicked")?;
            }
            Ok(())
        };
        (near, far, join)
    }
}

/// An end outside the proxy, and one inside.
fn connected() -> Result<(TcpStream, TcpStream), Failure> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    // Before the connection is made, because that settles how the window may grow.
    socket2::SockRef::from(&listener).set_recv_buffer_size(SOCKET_BYTES)?;
    let outside = TcpStream::connect(listener.local_addr()?)?;
    let (inside, _) = listener.accept()?;
    let inside_options = socket2::SockRef::from(&inside);
    inside_options.set_recv_buffer_size(SOCKET_BYTES)?;
    inside_options.set_send_buffer_size(SOCKET_BYTES)?;
    for stream in [&outside, &inside] {
        stream.set_nodelay(true)?;
    }
    Ok((outside, inside))
}

/// Starts both threads of a direction.
fn direction(
    shape: LinkShape,
    from: TcpStream,
    to: TcpStream,
) -> Result<[JoinHandle<()>; 2], Failure> {
    let line = Arc::new(Line::new(shape.bytes_max()));
    let reader = {
        let line = Arc::clone(&line);
        let read = move || {
            // What ends a read ends the direction, be it an error or the end of the stream.
            let _ = read_all(shape, from, &line);
            line.end();
        };
        std::thread::Builder::new().name("proxy-in".to_owned()).spawn(read)?
    };
    let write = move || {
        let _ = write_all(&to, &line);
        let _ = to.shutdown(Shutdown::Write);
        line.end();
    };
    Ok([reader, std::thread::Builder::new().name("proxy-out".to_owned()).spawn(write)?])
}

fn read_all(shape: LinkShape, mut from: TcpStream, line: &Line) -> std::io::Result<()> {
    let mut pace = Pace::new(shape);
    let mut spare = Vec::new();
    loop {
        let mut bytes: Vec<u8> = spare;
        bytes.resize(CHUNK_BYTES.min(shape.bytes_max()), 0);
        let length = from.read(&mut bytes)?;
        if length == 0 {
            return Ok(());
        }
        bytes.truncate(length);
        let arrival = pace.arrival(Instant::now(), length);
        match line.push(Chunk { arrival, bytes }) {
            Some(returned) => spare = returned,
            None => return Ok(()),
        }
    }
}

fn write_all(mut to: &TcpStream, line: &Line) -> std::io::Result<()> {
    while let Some(chunk) = line.pop() {
        // The clock may be past it already.
        std::thread::sleep(chunk.arrival.saturating_duration_since(Instant::now()));
        to.write_all(&chunk.bytes)?;
        line.has_left(chunk.bytes);
    }
    Ok(())
}

/// Bytes that arrive together.
struct Chunk {
    arrival: Instant,
    bytes: Vec<u8>,
}

/// What is under way in one direction.
struct Line {
    bytes_max: usize,
    state: Mutex<Under>,
    changed: Condvar,
}

#[derive(Default)]
struct Under {
    chunks: VecDeque<Chunk>,
    /// Bytes that have come and have not been written.
    bytes: usize,
    /// Buffers to use again: a link of some megabytes would otherwise be allocated all the time.
    spare: Vec<Vec<u8>>,
    is_over: bool,
}

impl Line {
    fn new(bytes_max: usize) -> Line {
        Line { bytes_max, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Under> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room. Gives a buffer to read into, or nothing when the other side is gone.
    fn push(&self, chunk: Chunk) -> Option<Vec<u8>> {
        let length = chunk.bytes.len();
        let full = |under: &mut Under| {
            !under.is_over && under.bytes > 0 && under.bytes + length > self.bytes_max
        };
        let mut under =
            self.changed.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if under.is_over {
            return None;
        }
        under.bytes += length;
        under.chunks.push_back(chunk);
        let spare = under.spare.pop().unwrap_or_default();
        drop(under);
        self.changed.notify_all();
        Some(spare)
    }

    /// Waits for the next chunk. Nothing when there will be none.
    fn pop(&self) -> Option<Chunk> {
        let empty = |under: &mut Under| !under.is_over && under.chunks.is_empty();
        let mut under =
            self.changed.wait_while(self.lock(), empty).unwrap_or_else(PoisonError::into_inner);
        under.chunks.pop_front()
    }

    fn has_left(&self, bytes: Vec<u8>) {
        let mut under = self.lock();
        under.bytes -= bytes.len();
        under.spare.push(bytes);
        drop(under);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shape(delay: Duration, bits_per_second: u64) -> LinkShape {
        LinkShape { delay, bits_per_second, queue_bytes: 64 * 1024 }
    }

    #[test]
    fn a_byte_comes_back_no_sooner_than_the_round_trip() {
        let delay = Duration::from_millis(20);
        let (mut near, mut far, join) =
            Proxied::new(shape(delay, 1_000_000_000)).unwrap().into_parts();
        let sent = Instant::now();
        near.write_all(b"?").unwrap();
        let mut byte = [0];
        far.read_exact(&mut byte).unwrap();
        assert!(sent.elapsed() >= delay);
        far.write_all(b"!").unwrap();
        near.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"!");
        assert!(sent.elapsed() >= 2 * delay);
        drop((near, far));
        join().unwrap();
    }

    #[test]
    fn bytes_come_whole_and_in_order_no_faster_than_the_rate_and_then_the_end() {
        let (mut near, mut far, join) =
            Proxied::new(shape(Duration::ZERO, 80_000_000)).unwrap().into_parts();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let sent = Instant::now();
        let sender = {
            let bytes = bytes.clone();
            std::thread::spawn(move || near.write_all(&bytes).unwrap())
        };
        let mut came = Vec::new();
        far.read_to_end(&mut came).unwrap();
        // A million bytes at ten million in a second.
        assert!(sent.elapsed() >= Duration::from_millis(100));
        assert!(came == bytes);
        sender.join().unwrap();
        drop(far);
        join().unwrap();
    }
}
