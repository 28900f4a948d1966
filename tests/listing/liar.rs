//! An exporter that says what the test wants.

use bytes::{Bytes, BytesMut};
use netchan::Connection;
use netchan::id::{Incarnation, NodeId, SessionId, SessionToken};
use netchan::limits::FRAME_BYTES_MAX;
use netchan::net::{Config, Stream, Transport, UnreadReports};
use netchan::wire::{
    Frame, Hello, Opening, PREAMBLE, VERSION, Welcome, check_preamble, decode, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::TestResult;

pub(crate) struct Liar {
    stream: Box<dyn Transport>,
    input: BytesMut,
}

impl Liar {
    /// An importer, and the liar that it believes to be its exporter.
    pub(crate) async fn deceive() -> TestResult<(Connection, Liar)> {
        let (near, far) = Stream::in_memory(1 << 20);
        let mut liar = Liar { stream: near.into_transport(), input: BytesMut::new() };
        let config = Config::default();
        let unread = UnreadReports::DropOldest;
        let (opened, welcomed) =
            tokio::join!(Connection::open(far, &config, unread), liar.welcome());
        welcomed?;
        let (connection, driver) = opened?;
        tokio::spawn(driver.run());
        Ok((connection, liar))
    }

    async fn welcome(&mut self) -> TestResult {
        while !check_preamble(&mut self.input)? {
            self.read().await?;
        }
        while Hello::decode(&mut self.input)?.is_none() {
            self.read().await?;
        }
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        let welcome = Welcome {
            version: VERSION,
            node: NodeId([3; 16]),
            incarnation: Incarnation([4; 16]),
            session: SessionId([5; 16]),
            token: SessionToken([6; 16]),
            epoch: 1,
            received: 0,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            channels_max: 100,
            expiry_ms: 0,
            features: 0,
        };
        Opening::Welcome(welcome).encode(&mut bytes);
        Ok(self.stream.write_all(&bytes).await?)
    }

    /// The token of the next question.
    pub(crate) async fn hear_question(&mut self) -> TestResult<u64> {
        loop {
            while let Some(frame) = decode(&mut self.input, FRAME_BYTES_MAX)? {
                if let Frame::List { token, .. } = frame.frame {
                    return Ok(token);
                }
            }
            self.read().await?;
        }
    }

    pub(crate) async fn say(&mut self, frame: Frame) -> TestResult {
        let mut bytes = BytesMut::new();
        encode(&frame, 0, &mut bytes);
        Ok(self.stream.write_all(&bytes).await?)
    }

    /// Answers the next question with these pieces.
    pub(crate) async fn answer(&mut self, pieces: &[&[u8]]) -> TestResult {
        let token = self.hear_question().await?;
        for (at, piece) in pieces.iter().enumerate() {
            let (is_last, piece) = (at + 1 == pieces.len(), Bytes::copy_from_slice(piece));
            self.say(Frame::Listing { token, is_last, piece }).await?;
        }
        Ok(())
    }

    async fn read(&mut self) -> TestResult {
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err("the importer is gone".into()),
            _ => Ok(()),
        }
    }
}
