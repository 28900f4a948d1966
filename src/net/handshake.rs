//! The first exchange on a new link.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::limits::{FRAME_BYTES_MAX, FRAME_BYTES_MAX_FLOOR};
use crate::net::{Config, ConnectError, Stream};
use crate::session::Keyring;
use crate::wire::{Code, Hello, Kind, Opening, PREAMBLE, Reject, Resume, VERSION, Welcome};
use crate::wire::{WireError, check_preamble};

/// A link that is ready to carry its session.
pub(super) struct Link {
    pub(super) stream: Stream,
    /// What came behind the handshake.
    pub(super) input: BytesMut,
}

/// What an importer asks for.
pub(super) struct Ask {
    /// The session to continue; `None` for a new one.
    pub(super) resume: Option<Resume>,
    /// Counted frames of that session that have come.
    pub(super) received: u64,
    /// How long the session shall be kept without a link.
    pub(super) expiry: Duration,
}

/// A link to an exporter that has said yes.
pub(super) struct Welcomed {
    pub(super) link: Link,
    pub(super) welcome: Welcome,
}

/// A link to an importer that waits for an answer.
pub(super) struct Greeted {
    pub(super) link: Link,
    pub(super) hello: Hello,
}

/// Gives a handshake a time.
pub(super) async fn within<T>(
    timeout: Duration,
    handshake: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    tokio::time::timeout(timeout, handshake)
        .await
        .unwrap_or_else(|_| Err(ConnectError::TimedOut { timeout_ms: timeout.as_millis() as u64 }))
}

/// The importer's part.
pub(super) async fn say_hello(
    mut stream: Stream,
    config: &Config,
    ask: Ask,
) -> Result<Welcomed, ConnectError> {
    let is_new = ask.resume.is_none();
    let mut output = BytesMut::from(&PREAMBLE[..]);
    let hello = Hello {
        version_min: VERSION,
        version_max: VERSION,
        node: config.node,
        incarnation: config.incarnation,
        resume: ask.resume,
        received: ask.received,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        expiry_ms: milliseconds(ask.expiry),
        features: 0,
        credentials: Bytes::new(),
    };
    hello.encode(&mut output);
    write(&mut stream, &output).await?;

    let mut input = BytesMut::new();
    read_until(&mut stream, &mut input, |input| Ok(check_preamble(input)?.then_some(()))).await?;
    let welcome = match read_until(&mut stream, &mut input, Opening::decode).await? {
        Opening::Welcome(welcome) => welcome,
        Opening::Reject(Reject { code, text }) => {
            return Err(ConnectError::Rejected { code, text });
        }
    };
    if welcome.version != VERSION {
        let version = welcome.version;
        return Err(ConnectError::Version { version_min: version, version_max: version });
    }
    check_frame_bytes_max(Kind::Welcome, welcome.frame_bytes_max)?;
    if is_new && welcome.epoch != Keyring::FIRST_EPOCH {
        return Err(WireError::Field(Kind::Welcome, "epoch").into());
    }
    Ok(Welcomed { link: Link { stream, input }, welcome })
}

/// The exporter's part, up to the decision.
pub(super) async fn hear_hello(mut stream: Stream) -> Result<Greeted, ConnectError> {
    let mut input = BytesMut::new();
    let hello = async {
        read_until(&mut stream, &mut input, |input| Ok(check_preamble(input)?.then_some(())))
            .await?;
        let hello = read_until(&mut stream, &mut input, Hello::decode).await?;
        check_frame_bytes_max(Kind::Hello, hello.frame_bytes_max)?;
        Ok(hello)
    };
    let hello = match hello.await {
        Err(ConnectError::Wire(error)) => {
            reject(&mut stream, error.code(), &error.to_string()).await;
            return Err(error.into());
        }
        hello => hello?,
    };
    let Hello { version_min, version_max, .. } = hello;
    if !(version_min..=version_max).contains(&VERSION) {
        let text = format!("this side speaks version {VERSION}");
        reject(&mut stream, Code::UnsupportedVersion, &text).await;
        return Err(ConnectError::Version { version_min, version_max });
    }
    Ok(Greeted { link: Link { stream, input }, hello })
}

impl Greeted {
    /// Says yes.
    pub(super) async fn welcome(self, welcome: Welcome) -> Result<Link, ConnectError> {
        let mut link = self.link;
        let mut output = BytesMut::from(&PREAMBLE[..]);
        Opening::Welcome(welcome).encode(&mut output);
        write(&mut link.stream, &output).await?;
        Ok(link)
    }

    /// Says no.
    pub(super) async fn reject(mut self, code: Code, text: &str) -> ConnectError {
        reject(&mut self.link.stream, code, text).await;
        ConnectError::Rejected { code, text: text.to_owned() }
    }
}

/// Tells a peer that there will be no session. It may not listen, which changes nothing.
pub(super) async fn reject(stream: &mut Stream, code: Code, text: &str) {
    let mut output = BytesMut::from(&PREAMBLE[..]);
    Opening::Reject(Reject { code, text: text.to_owned() }).encode(&mut output);
    if let Err(error) = write(stream, &output).await {
        tracing::trace!(%error, "the reject was not sent");
    }
}

/// A duration on the wire. Longer ones than it can say are cut.
pub(super) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn check_frame_bytes_max(kind: Kind, frame_bytes_max: u32) -> Result<(), WireError> {
    if (frame_bytes_max as usize) < FRAME_BYTES_MAX_FLOOR {
        return Err(WireError::Field(kind, "longest frame"));
    }
    Ok(())
}

async fn write(stream: &mut Stream, output: &[u8]) -> Result<(), ConnectError> {
    stream.transport.write_all(output).await?;
    stream.transport.flush().await?;
    Ok(())
}

/// Reads until `take` finds what it looks for. It judges each header as soon as it is there, so
/// `input` never holds more than one handshake frame and a read.
async fn read_until<T>(
    stream: &mut Stream,
    input: &mut BytesMut,
    mut take: impl FnMut(&mut BytesMut) -> Result<Option<T>, WireError>,
) -> Result<T, ConnectError> {
    loop {
        if let Some(taken) = take(input)? {
            return Ok(taken);
        }
        if stream.transport.read_buf(input).await? == 0 {
            return Err(ConnectError::LinkEnded);
        }
    }
}
