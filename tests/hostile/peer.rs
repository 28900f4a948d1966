//! A scripted peer: what it says and hears, frame by frame.

use bytes::{Bytes, BytesMut};
use netchan::Dir;
use netchan::id::{ChannelId, Incarnation, NodeId};
use netchan::limits::{FRAME_BYTES_MAX, WINDOW_BYTES_DEFAULT};
use netchan::wire::{
    Code, Content, Data, Frame, Hello, Open, Opening, PREAMBLE, Partial, Spent, VERSION,
    check_preamble, decode, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A peer that does what the test says.
pub(crate) struct Peer {
    stream: TcpStream,
    input: BytesMut,
    sequence: u32,
}

/// A hello that is welcome.
pub(crate) fn hello() -> Hello {
    Hello {
        version_min: VERSION,
        version_max: VERSION,
        node: NodeId([1; 16]),
        incarnation: Incarnation([2; 16]),
        resume: None,
        received: 0,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        expiry_ms: 0,
        features: 0,
        credentials: Bytes::new(),
    }
}

/// An Open that states no type.
pub(crate) fn open(number: u32, dir: Dir, name: &str) -> Frame {
    Frame::Open(Open {
        channel: ChannelId(number),
        dir,
        name: name.into(),
        codec: "bincode2".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: 10,
        window_bytes: WINDOW_BYTES_DEFAULT,
        limit: None,
    })
}

/// A run with so many values, as it says.
pub(crate) fn data(number: u32, values: u32, run: &[u8]) -> Frame {
    let run = Bytes::copy_from_slice(run);
    Frame::Data(Data {
        channel: ChannelId(number),
        values,
        partial: None,
        spent: Spent::default(),
        run,
    })
}

/// A run that ends within a value.
pub(crate) fn partial(number: u32, run: &[u8], rest: u32) -> Frame {
    let partial = Some(Partial { tail: run.len() as u32, rest });
    let run = Bytes::copy_from_slice(run);
    Frame::Data(Data {
        channel: ChannelId(number),
        values: 0,
        partial,
        spent: Spent::default(),
        run,
    })
}

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Peer {
        Peer { stream, input: BytesMut::new(), sequence: 0 }
    }

    /// Sends bytes as they are. The other side may be gone already.
    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        let _gone = self.stream.write_all(bytes).await;
    }

    pub(crate) async fn say_hello(&mut self, hello: &Hello) {
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        hello.encode(&mut bytes);
        self.say_bytes(&bytes).await;
    }

    /// Hears the answer to a hello; nothing if the link ends instead.
    pub(crate) async fn hear_opening(&mut self) -> Option<Opening> {
        while !check_preamble(&mut self.input).expect("a preamble comes") {
            self.read().await?;
        }
        loop {
            let opening = Opening::decode(&mut self.input).expect("a handshake frame comes");
            if opening.is_some() {
                return opening;
            }
            self.read().await?;
        }
    }

    /// Says hello and is welcome.
    pub(crate) async fn shake_hands(&mut self) {
        self.say_hello(&hello()).await;
        let opening = self.hear_opening().await;
        assert!(matches!(opening, Some(Opening::Welcome(_))), "{opening:?}");
    }

    /// Sends frames in one write, with the right sequence numbers.
    pub(crate) async fn say(&mut self, frames: &[Frame]) {
        let bytes = self.compose(frames);
        self.say_bytes(&bytes).await;
    }

    /// The bytes of frames, with the right sequence numbers.
    pub(crate) fn compose(&mut self, frames: &[Frame]) -> BytesMut {
        let mut bytes = BytesMut::new();
        for frame in frames {
            self.sequence += u32::from(frame.is_counted());
            encode(frame, self.sequence, &mut bytes);
        }
        bytes
    }

    /// Hears the next frame; nothing if the link has ended.
    pub(crate) async fn hear(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = decode(&mut self.input, FRAME_BYTES_MAX).expect("a frame comes") {
                return Some(frame.frame);
            }
            self.read().await?;
        }
    }

    /// Hears frames until one is what is waited for.
    pub(crate) async fn hear_until(&mut self, is_it: impl Fn(&Frame) -> bool) -> Frame {
        loop {
            let frame = self.hear().await.expect("the link lasts");
            if is_it(&frame) {
                return frame;
            }
        }
    }

    /// Hears frames until the link ends; the code of the goodbye among them.
    pub(crate) async fn hear_goodbye(&mut self) -> Option<Code> {
        let mut goodbye = None;
        while let Some(frame) = self.hear().await {
            if let Frame::Goodbye { code, .. } = frame {
                goodbye = Some(code);
            }
        }
        goodbye
    }

    /// Says nothing more, but still hears.
    pub(crate) async fn fall_silent(&mut self) {
        let _gone = self.stream.shutdown().await;
    }

    async fn read(&mut self) -> Option<()> {
        // A reset is an end, too.
        match self.stream.read_buf(&mut self.input).await {
            Ok(1..) => Some(()),
            Ok(0) | Err(_) => None,
        }
    }
}
