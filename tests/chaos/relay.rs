//! One link through the bad network, from its beginning to its end.

use std::io;
use std::pin::pin;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::weather::{End, Fate, Manner};

/// What is carried at once. Small, so that a slow link is slow all the time.
const BUFFER_BYTES: usize = 8 * 1024;

/// How long a peer may take to see that a link was cut.
const LINGER: Duration = Duration::from_secs(2);

/// Carries bytes between two streams until one of the peers ends that or fate does. `true`: fate.
/// Somebody may want silence before.
pub(crate) async fn relay(
    mut near: TcpStream,
    mut far: TcpStream,
    fate: Fate,
    silenced: &Notify,
) -> bool {
    let Fate { calm, stall, rest, mut end, manners } = fate;
    let [there, back] = manners;
    {
        let (near_in, near_out) = near.split();
        let (far_in, far_out) = far.split();
        let carrying = async {
            let there = carry(near_in, far_out, there.clone());
            let back = carry(far_in, near_out, back.clone());
            // When both have ended, the link has. An error of one ends both.
            tokio::try_join!(there, back)
        };
        let (mut carrying, mut silenced) = (pin!(carrying), pin!(silenced.notified()));
        // Between the two, nobody carries anything.
        for (period, pause) in [(calm, stall), (rest, Duration::ZERO)] {
            tokio::select! {
                _ends = &mut carrying => return false,
                () = &mut silenced => {
                    end = End::Silence;
                    break;
                }
                () = sleep(period) => sleep(pause).await,
            }
        }
    }
    match end {
        End::Cut => cut(near, far).await,
        End::Reset => reset(&near, &far),
        End::Silence => silence(near, far).await,
        End::HalfSilence => half_silence(near, far, there).await,
    }
    true
}

async fn carry(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut manner: Manner,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let mut waiting = &buffer[..read];
        while !waiting.is_empty() {
            let (piece, others) = waiting.split_at(manner.piece_bytes(waiting.len()));
            to.write_all(piece).await?;
            match manner.delay(piece.len()) {
                Some(delay) => sleep(delay).await,
                // A piece that nobody waits behind would be put together with the next one.
                None => tokio::task::yield_now().await,
            }
            waiting = others;
        }
    }
}

/// Both peers read an end. What they still write is swallowed, or closing would be a reset.
async fn cut(mut near: TcpStream, mut far: TcpStream) {
    let _ended = near.shutdown().await;
    let _ended = far.shutdown().await;
    let _late = timeout(LINGER, silence(near, far)).await;
}

fn reset(near: &TcpStream, far: &TcpStream) {
    for stream in [near, far] {
        SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Swallows what comes until both peers have given the link up, one after the other.
async fn silence(mut near: TcpStream, mut far: TcpStream) {
    let (mut here, mut there) = (tokio::io::sink(), tokio::io::sink());
    let _ends =
        tokio::join!(tokio::io::copy(&mut near, &mut here), tokio::io::copy(&mut far, &mut there));
}

/// Swallows what comes back, and goes on carrying there.
async fn half_silence(mut near: TcpStream, mut far: TcpStream, manner: Manner) {
    let (near_in, _near_out) = near.split();
    let (mut far_in, far_out) = far.split();
    let mut back = tokio::io::sink();
    let _ends =
        tokio::join!(carry(near_in, far_out, manner), tokio::io::copy(&mut far_in, &mut back));
}
