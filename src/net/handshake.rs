//! The first exchange on a new link.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::id::{SessionId, SessionToken};
use crate::limits::{FRAME_BYTES_MAX, FRAME_BYTES_MAX_FLOOR};
use crate::net::config::random;
use crate::net::{Config, ConnectError, Stream};
use crate::session::{Parameters, Role};
use crate::wire::{
    Code, Hello, Opening, PREAMBLE, Reject, VERSION, Welcome, WireError, check_preamble,
};

/// A link that is ready to carry its session.
pub(super) struct Link {
    pub(super) stream: Stream,
    /// What came behind the handshake.
    pub(super) input: BytesMut,
    pub(super) parameters: Parameters,
    pub(super) session: SessionId,
}

/// The importer's part.
pub(super) async fn dial(stream: Stream, config: &Config) -> Result<Link, ConnectError> {
    within(config.handshake_timeout, say_hello(stream, config)).await
}

/// The exporter's part.
pub(super) async fn answer(stream: Stream, config: &Config) -> Result<Link, ConnectError> {
    within(config.handshake_timeout, hear_hello(stream, config)).await
}

async fn within<T>(
    timeout: Duration,
    handshake: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    tokio::time::timeout(timeout, handshake)
        .await
        .unwrap_or_else(|_| Err(ConnectError::TimedOut { timeout_ms: timeout.as_millis() as u64 }))
}

async fn say_hello(mut stream: Stream, config: &Config) -> Result<Link, ConnectError> {
    let mut output = BytesMut::from(&PREAMBLE[..]);
    let hello = Hello {
        version_min: VERSION,
        version_max: VERSION,
        node: config.node,
        incarnation: config.incarnation,
        resume: None,
        received: 0,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        expiry_ms: 0,
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
    let parameters = Parameters {
        role: Role::Importer,
        channels_max: config.channels_max.min(welcome.channels_max as usize),
        ..parameters(config, welcome.frame_bytes_max)?
    };
    Ok(Link { stream, input, parameters, session: welcome.session })
}

async fn hear_hello(mut stream: Stream, config: &Config) -> Result<Link, ConnectError> {
    let mut input = BytesMut::new();
    let hello = async {
        read_until(&mut stream, &mut input, |input| Ok(check_preamble(input)?.then_some(())))
            .await?;
        read_until(&mut stream, &mut input, Hello::decode).await
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
    if hello.resume.is_some() {
        let (code, text) = (Code::UnknownSession, "this exporter keeps no sessions");
        reject(&mut stream, code, text).await;
        return Err(ConnectError::Rejected { code, text: text.into() });
    }
    let parameters = match parameters(config, hello.frame_bytes_max) {
        Ok(parameters) => parameters,
        Err(error) => {
            reject(&mut stream, Code::Malformed, &error.to_string()).await;
            return Err(error);
        }
    };
    let session = SessionId(random());
    let welcome = Opening::Welcome(Welcome {
        version: VERSION,
        node: config.node,
        incarnation: config.incarnation,
        session,
        token: SessionToken(random()),
        epoch: 1,
        received: 0,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        channels_max: config.channels_max as u32,
        expiry_ms: 0,
        features: 0,
    });
    let mut output = BytesMut::from(&PREAMBLE[..]);
    welcome.encode(&mut output);
    write(&mut stream, &output).await?;
    Ok(Link { stream, input, parameters, session })
}

/// Tells a peer that there will be no session. It may not listen, which changes nothing.
pub(super) async fn reject(stream: &mut Stream, code: Code, text: &str) {
    let mut output = BytesMut::from(&PREAMBLE[..]);
    Opening::Reject(Reject { code, text: text.to_owned() }).encode(&mut output);
    if let Err(error) = write(stream, &output).await {
        tracing::trace!(%error, "the reject was not sent");
    }
}

fn parameters(config: &Config, peer_frame_bytes_max: u32) -> Result<Parameters, ConnectError> {
    let peer_frame_bytes_max = peer_frame_bytes_max as usize;
    if peer_frame_bytes_max < FRAME_BYTES_MAX_FLOOR {
        let kind = crate::wire::Kind::Hello;
        return Err(WireError::Field(kind, "longest frame").into());
    }
    Ok(Parameters {
        role: Role::Exporter,
        frame_bytes_max: FRAME_BYTES_MAX,
        peer_frame_bytes_max: peer_frame_bytes_max.min(FRAME_BYTES_MAX),
        channels_max: config.channels_max,
        expiry: Duration::ZERO,
        heartbeat: config.heartbeat,
    })
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
