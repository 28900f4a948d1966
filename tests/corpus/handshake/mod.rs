//! Any bytes as the first that come by a link: to the decoders of both sides' messages, and to both
//! sides themselves.

use bytes::BytesMut;
use netchan::net::{Config, Stream, UnreadReports};
use netchan::wire::{HEADER_BYTES, Hello, Kind, Opening, PREAMBLE, WireError, check_preamble};
use netchan::{Connection, Exporter};
use tokio::runtime::Runtime;

/// Memory of one run, in bytes: the buffers of a session and its driver.
pub(crate) const BYTES_MAX: usize = 2 * 1024 * 1024;

thread_local! {
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime without threads of its own can be built");
}

/// The first byte says how much of a sound handshake is around the others.
pub(crate) fn run(data: &[u8]) {
    let Some((how, body)) = data.split_first() else { return };
    let kind = [None, Some(Kind::Hello), Some(Kind::Welcome), Some(Kind::Reject)];
    let message = match kind[usize::from(how & 3)] {
        Some(kind) => framed(kind, body),
        None => body.to_vec(),
    };
    decode_alike(&message, Hello::decode, Hello::encode);
    decode_alike(&message, Opening::decode, Opening::encode);
    let _is_netchan = check_preamble(&mut BytesMut::from(&message[..]));
    let has_preamble = how & 4 == 0;
    let stream = if has_preamble { [&PREAMBLE[..], &message].concat() } else { message };
    RUNTIME.with(|runtime| runtime.block_on(greet(stream, how & 8 == 0)));
}

/// A body behind a header that fits it.
fn framed(kind: Kind, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0; HEADER_BYTES];
    message[0] = kind as u8;
    message[12..].copy_from_slice(&(body.len() as u32).to_le_bytes());
    message.extend_from_slice(body);
    message
}

/// Decodes a message as a whole and byte by byte, with the same result; what it is, it is again after
/// it was encoded.
fn decode_alike<T: PartialEq + std::fmt::Debug>(
    message: &[u8],
    decode: impl Fn(&mut BytesMut) -> Result<Option<T>, WireError>,
    encode: impl Fn(&T, &mut BytesMut),
) {
    let at_once = decode(&mut BytesMut::from(message));
    let mut input = BytesMut::new();
    let mut in_pieces = decode(&mut input);
    for byte in message {
        input.extend_from_slice(&[*byte]);
        in_pieces = decode(&mut input);
        if !matches!(in_pieces, Ok(None)) {
            break;
        }
    }
    assert_eq!(in_pieces, at_once, "the pieces do not matter");
    if let Ok(Some(decoded)) = at_once {
        let mut again = BytesMut::new();
        encode(&decoded, &mut again);
        assert_eq!(decode(&mut again), Ok(Some(decoded)));
        assert!(again.is_empty());
    }
}

/// Both sides in turn hear these bytes, and then that the link has ended.
async fn greet(bytes: Vec<u8>, is_exporter: bool) {
    let link = tokio::io::join(std::io::Cursor::new(bytes), tokio::io::sink());
    let stream = Stream::new(link, "anybody");
    let config = Config::default();
    if is_exporter {
        let _accepted = Exporter::new(config).accept(stream).await;
    } else {
        let _opened = Connection::open(stream, &config, UnreadReports::DropOldest).await;
    }
}
