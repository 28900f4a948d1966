//! An exporter that accepts with types that its importer has not asked for, frame by frame.

use bytes::{Bytes, BytesMut};
use netchan::channel::identity::TypeIdentity;
use netchan::id::{Incarnation, NodeId, SessionId, SessionToken};
use netchan::limits::FRAME_BYTES_MAX;
use netchan::net::{Config, ImportError, ImportSettings, Stream, Transport, UnreadReports};
use netchan::wire::{
    Code, Data, Frame, Hello, Open, Opening, PREAMBLE, Spent, VERSION, Welcome, check_preamble,
    decode, encode,
};
use netchan::{Connection, Receiver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{TestResult, guarded};
use crate::upgrades::{Order, OrderV1, orders};

struct Exporter {
    stream: Box<dyn Transport>,
    input: BytesMut,
    sequence: u32,
}

impl Exporter {
    async fn new() -> TestResult<(Connection, Exporter)> {
        let (near, far) = Stream::in_memory(1 << 20);
        let (stream, input) = (near.into_transport(), BytesMut::new());
        let mut exporter = Exporter { stream, input, sequence: 0 };
        let (config, unread) = (Config::default(), UnreadReports::DropOldest);
        let (opened, welcomed) =
            tokio::join!(Connection::open(far, &config, unread), exporter.welcome());
        welcomed?;
        let (connection, driver) = opened?;
        tokio::spawn(driver.run());
        Ok((connection, exporter))
    }

    async fn welcome(&mut self) -> TestResult {
        while !check_preamble(&mut self.input)? {
            self.stream.read_buf(&mut self.input).await?;
        }
        while Hello::decode(&mut self.input)?.is_none() {
            self.stream.read_buf(&mut self.input).await?;
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

    /// The next frame of the importer that a channel hears of.
    async fn hear(&mut self) -> TestResult<Frame> {
        loop {
            match decode(&mut self.input, FRAME_BYTES_MAX)? {
                Some(found) if !matches!(found.frame, Frame::Ack { .. }) => return Ok(found.frame),
                Some(_) => {}
                None if guarded(self.stream.read_buf(&mut self.input)).await? > 0 => {}
                None => return Err("the importer is gone".into()),
            }
        }
    }

    /// Accepts the next import as one of a type, and sends it a value of one byte at once.
    async fn accept(&mut self, identity: [u8; 16], value: u8) -> TestResult<Open> {
        let Frame::Open(open) = self.hear().await? else { return Err("it is no Open".into()) };
        // The value stands behind its length, which is one.
        let (channel, run) = (open.channel, Bytes::copy_from_slice(&[1 << 2, value]));
        let accept = Frame::Accept {
            channel,
            window_values: 0,
            window_bytes: 0,
            content: open.content,
            clock_ms: 0,
            identity,
        };
        let data =
            Frame::Data(Data { channel, values: 1, partial: None, spent: Spent::default(), run });
        let mut bytes = BytesMut::new();
        for frame in [accept, data] {
            self.sequence += 1;
            encode(&frame, self.sequence, &mut bytes);
        }
        self.stream.write_all(&bytes).await?;
        Ok(open)
    }
}

async fn import(importer: &Connection, name: &str) -> Result<Receiver<Order>, ImportError> {
    let settings = ImportSettings::default();
    guarded(importer.import_receiver_as(name, settings, orders())).await
}

#[tokio::test]
async fn a_type_that_was_not_asked_for_is_hung_up_before_a_value_of_it_is_read() -> TestResult {
    let (importer, mut exporter) = Exporter::new().await?;
    let (refused, open) = tokio::join!(import(&importer, "orders"), exporter.accept([9; 16], 7));
    let open = open?;
    match refused {
        Err(ImportError::TypeMismatch { difference: None, text, .. }) => {
            assert_eq!(text, "it sends a type that was not asked for");
        }
        other => panic!("{other:?}"),
    }
    let channel = open.channel;
    match exporter.hear().await? {
        Frame::Hangup { channel: hung_up, code: Code::TypeMismatch, .. } => {
            assert_eq!(hung_up, channel);
        }
        other => panic!("{other:?}"),
    }

    // Other channels of the link go on, each in the form that the exporter says, from the first value on.
    let older = TypeIdentity::of::<OrderV1>()?.0;
    let (received, open) = tokio::join!(import(&importer, "older"), exporter.accept(older, 12));
    assert!(open?.also_accepts.contains(&older));
    assert_eq!(guarded(received?.recv()).await?, Order::from(OrderV1 { qty: 12 }));
    Ok(())
}
