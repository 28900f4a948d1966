//! Peers that guess tokens, claim what they should not, or offer what nobody has.

use bytes::{Bytes, BytesMut};
use netchan::channel::identity::TypeIdentity;
use netchan::channel::{Origin, Reason, RemoteCaller, RemoteSender};
use netchan::id::{ChannelId, Incarnation, NodeId};
use netchan::limits::{CLAIMS_MAX, FRAME_BYTES_MAX};
use netchan::net::{Config, RecvSettings, SendSettings, Stream};
use netchan::wire::{
    Code, Content, Data, Frame, Hello, Open, Opening, PREAMBLE, Spent, VERSION, check_preamble,
    decode, encode,
};
use netchan::{Dir, Exporter, Receiver, Sender};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::support::{Request, guarded, request, take_all};

/// An importer whose every frame the test writes.
struct Peer {
    link: DuplexStream,
    input: BytesMut,
    sequence: u32,
}

impl Peer {
    async fn new(exporter: &Exporter) -> Peer {
        let (near, link) = tokio::io::duplex(1 << 20);
        let exporter = exporter.clone();
        tokio::spawn(async move { exporter.serve(Stream::new(near, "hostile")).await });
        let mut peer = Peer { link, input: BytesMut::new(), sequence: 0 };
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        let hello = Hello {
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
        };
        hello.encode(&mut bytes);
        peer.link.write_all(&bytes).await.expect("the link lasts");
        while !check_preamble(&mut peer.input).expect("the exporter greets") {
            peer.read().await;
        }
        while !matches!(
            Opening::decode(&mut peer.input).expect("the exporter answers"),
            Some(Opening::Welcome(_))
        ) {
            peer.read().await;
        }
        peer
    }

    async fn read(&mut self) {
        assert!(
            self.link.read_buf(&mut self.input).await.expect("the link lasts") > 0,
            "the link lasts"
        );
    }

    async fn say(&mut self, frame: Frame) {
        self.sequence += u32::from(frame.is_counted());
        let mut bytes = BytesMut::new();
        encode(&frame, self.sequence, &mut bytes);
        self.link.write_all(&bytes).await.expect("the link lasts");
    }

    /// The next counted frame.
    async fn hear(&mut self) -> Frame {
        loop {
            match decode(&mut self.input, FRAME_BYTES_MAX).expect("whole frames come") {
                Some(frame) if frame.frame.is_counted() => return frame.frame,
                Some(_) => {}
                None => self.read().await,
            }
        }
    }

    async fn refusal(&mut self, open: Open) -> Code {
        self.say(Frame::Open(open)).await;
        match guarded(self.hear()).await {
            Frame::Refuse { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
}

fn open(number: u32, dir: Dir, name: &str) -> Open {
    Open {
        channel: ChannelId(number),
        dir,
        content: Content::Values,
        name: name.into(),
        codec: "bincode2".into(),
        identity: TypeIdentity::of::<u64>().expect("numbers have an identity").0,
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        window_values: 10,
        window_bytes: 1 << 20,
        limit: None,
        clock_ms: 0,
    }
}

fn name(token: &[u8]) -> String {
    let digits: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\0{digits}")
}

/// A peer, the token of an end that was sent to it, and what belongs to that.
struct Offered {
    peer: Peer,
    token: [u8; 16],
    answers: Receiver<u64>,
    _ask: Sender<Request>,
}

async fn offered(exporter: &Exporter) -> Offered {
    let ask = exporter.export_sender("out", SendSettings::default()).expect("a free name");
    let (question, answers) = request(7, 4);
    ask.send(question).await.expect("the channel is open");
    let mut peer = Peer::new(exporter).await;
    // One that states no type.
    peer.say(Frame::Open(Open { identity: [0; 16], ..open(1, Dir::Recv, "out") })).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Accept { .. }));
    let Frame::Data(data) = guarded(peer.hear()).await else { panic!("a value comes") };
    let token = data.run[data.run.len() - 16..].try_into().expect("16 bytes");
    Offered { peer, token, answers, _ask: ask }
}

#[tokio::test]
async fn a_token_is_known_only_to_those_who_got_it() {
    let exporter = Exporter::new(Config::default());
    let Offered { mut peer, token, mut answers, _ask } = offered(&exporter).await;
    let mut number = 1;
    let mut next = || {
        number += 1;
        number
    };
    let mut guesses = vec![name(&[0; 16]), name(&[0xff; 16]), name(&token[..15]), "\0".into()];
    for bit in 0..128 {
        let mut near = token;
        near[bit / 8] ^= 1 << (bit % 8);
        guesses.push(name(&near));
    }
    guesses.push(name(&token).to_uppercase());
    guesses.push(name(&token)[1..].to_owned());
    guesses.push(format!("{}0", name(&token)));
    for guess in guesses {
        let code = peer.refusal(open(next(), Dir::Send, &guess)).await;
        assert_eq!(code, Code::UnknownName, "{guess:?}");
    }
    // The token, for something else than was offered.
    let right = name(&token);
    assert_eq!(peer.refusal(open(next(), Dir::Recv, &right)).await, Code::WrongDirection);
    let codec = "json".to_owned();
    let wrong = Open { codec, ..open(next(), Dir::Send, &right) };
    assert_eq!(peer.refusal(wrong).await, Code::CodecMismatch);
    for identity in [[0; 16], [1; 16], TypeIdentity::of::<String>().unwrap().0] {
        let wrong = Open { identity, ..open(next(), Dir::Send, &right) };
        assert_eq!(peer.refusal(wrong).await, Code::TypeMismatch);
    }
    // An end of plain values gives no answers, whatever type they are of.
    for answer_identity in [[0; 16], [1; 16], TypeIdentity::of::<u64>().unwrap().0] {
        let asking = open(next(), Dir::Send, &right);
        let wrong = Open { content: Content::Requests, answer_identity, ..asking };
        assert_eq!(peer.refusal(wrong).await, Code::TypeMismatch);
    }
    // None of them has done any harm.
    let number = next();
    peer.say(Frame::Open(open(number, Dir::Send, &right))).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Accept { window_values: 4, .. }));
    let run = Bytes::from_static(&[1 << 2, 9]);
    let channel = ChannelId(number);
    peer.say(Frame::Data(Data { channel, values: 1, partial: None, spent: Spent::default(), run }))
        .await;
    assert_eq!(guarded(answers.recv()).await.unwrap(), 9);
    peer.say(Frame::End { channel, values: 1 }).await;
    assert_eq!(take_all(&mut answers).await.1.reason, Reason::Finished);
    assert_eq!(exporter.status().await[0].offers, 0);
}

#[tokio::test]
async fn one_token_is_claimed_as_often_as_channels_are_left() {
    let exporter = Exporter::new(Config::builder().channels_max(10).build().unwrap());
    let Offered { mut peer, token, mut answers, _ask } = offered(&exporter).await;
    for number in 2..=10 {
        peer.say(Frame::Open(open(number, Dir::Send, &name(&token)))).await;
        assert!(matches!(guarded(peer.hear()).await, Frame::Accept { .. }));
    }
    let code = peer.refusal(open(11, Dir::Send, &name(&token))).await;
    assert_eq!(code, Code::TooManyChannels);
    // The first that ends releases the offer for those who come, and not for those who are there.
    peer.say(Frame::End { channel: ChannelId(2), values: 0 }).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Hangup { code: Code::Complete, .. }));
    assert_eq!(exporter.status().await[0].offers, 0);
    let code = peer.refusal(open(12, Dir::Send, &name(&token))).await;
    assert_eq!(code, Code::UnknownName);
    assert!(answers.try_recv().unwrap_err().to_string().contains("empty"));
    drop(peer);
    assert_eq!(take_all(&mut answers).await.1.origin, Origin::Link);
}

#[tokio::test]
async fn tokens_that_nobody_has_offered_are_refused_to_whoever_holds_them() {
    let exporter = Exporter::new(Config::builder().channels_max(4).build().unwrap());
    let mut ends =
        exporter.export_receiver::<Vec<RemoteSender<u64>>>("in", RecvSettings::default()).unwrap();
    let mut peer = Peer::new(&exporter).await;
    peer.say(Frame::Open(Open { identity: [0; 16], ..open(1, Dir::Send, "in") })).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Accept { .. }));
    // Five ends in one value: more than there can be channels.
    let mut value = vec![5];
    for number in 0..5 {
        value.extend([number; 16]);
    }
    let length = ((value.len() as u16) << 2) | 1;
    let run: Bytes = [&length.to_le_bytes()[..], &value].concat().into();
    peer.say(Frame::Data(Data {
        channel: ChannelId(1),
        values: 1,
        partial: None,
        spent: Spent::default(),
        run,
    }))
    .await;
    let ends = guarded(ends.recv()).await.unwrap();
    let senders = ends.into_iter().map(|end| end.into_sender().unwrap());
    let senders: Vec<_> = senders.collect();
    for number in 0..3 {
        let Frame::Open(open) = guarded(peer.hear()).await else { panic!("a claim comes") };
        assert_eq!(open.channel, ChannelId(ChannelId::FIRST_OF_EXPORTER.0 + number));
        assert_eq!(open.name, name(&[number as u8; 16]));
        let (channel, code, text) = (open.channel, Code::UnknownName, String::new());
        peer.say(Frame::Refuse { channel, code, text }).await;
    }
    for (number, sender) in senders.iter().enumerate() {
        let closed = guarded(sender.closed()).await;
        let is_fitting = match closed.reason {
            Reason::NotOffered => number < 3,
            Reason::Other(Code::TooManyChannels, _) => number >= 3,
            _ => false,
        };
        assert!(is_fitting, "{number}: {closed}");
    }
    assert_eq!(exporter.status().await[0].claims, 0);
}

#[tokio::test]
async fn more_ends_than_may_be_held_are_an_error_of_their_value() {
    let exporter = Exporter::new(Config::default());
    let settings = RecvSettings::default();
    let mut ends =
        exporter.export_receiver::<(u8, Vec<RemoteSender<u64>>)>("in", settings).unwrap();
    let mut peer = Peer::new(&exporter).await;
    peer.say(Frame::Open(Open { identity: [0; 16], ..open(1, Dir::Send, "in") })).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Accept { .. }));
    // 3,000 ends in each of the values.
    let mut value = vec![7, 251];
    value.extend(3000_u16.to_le_bytes());
    value.resize(value.len() + 3000 * 16, 9);
    let length = ((value.len() as u32) << 2) | 2;
    let run: Bytes = [&length.to_le_bytes()[..], &value].concat().into();
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..10 {
        let run = run.clone();
        peer.say(Frame::Data(Data {
            channel: ChannelId(1),
            values: 1,
            partial: None,
            spent: Spent::default(),
            run,
        }))
        .await;
        match guarded(ends.recv()).await {
            Ok(value) => held.push(value),
            Err(error) => {
                assert!(error.to_string().contains("as many as may be"), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), refused), (CLAIMS_MAX / 3000, 10 - CLAIMS_MAX / 3000));
}

#[tokio::test]
async fn no_exported_channel_has_a_name_like_an_offer() {
    let exporter = Exporter::new(Config::default());
    for name in ["\0", "\0numbers", &name(&[1; 16])] {
        let error = exporter.export_sender::<u8>(name, SendSettings::default()).unwrap_err();
        assert!(error.to_string().contains("must not begin with"), "{error}");
    }
    exporter.export_sender::<u8>("a\0b", SendSettings::default()).unwrap();
}

#[tokio::test]
async fn the_token_of_an_asking_end_is_for_those_who_mean_the_same_answers() {
    let exporter = Exporter::new(Config::default());
    let settings = SendSettings::default();
    let ask = exporter.export_sender::<RemoteCaller<u64, String>>("out", settings).unwrap();
    let (end, mut requests) = RemoteCaller::<u64, String>::channel(4).unwrap();
    ask.send(end).await.unwrap();
    let mut peer = Peer::new(&exporter).await;
    peer.say(Frame::Open(Open { identity: [0; 16], ..open(1, Dir::Recv, "out") })).await;
    assert!(matches!(guarded(peer.hear()).await, Frame::Accept { .. }));
    let Frame::Data(data) = guarded(peer.hear()).await else { panic!("a value comes") };
    let right = name(&data.run[data.run.len() - 16..]);
    // Who wants no answers means something else, and so does who wants others.
    assert_eq!(peer.refusal(open(2, Dir::Send, &right)).await, Code::TypeMismatch);
    let texts = TypeIdentity::of::<String>().unwrap().0;
    let asking = |number, answer_identity| {
        let content = Content::Requests;
        Open { content, answer_identity, ..open(number, Dir::Send, &right) }
    };
    for (number, identity) in [(3, [0; 16]), (4, [1; 16])] {
        assert_eq!(peer.refusal(asking(number, identity)).await, Code::TypeMismatch);
    }
    peer.say(Frame::Open(asking(5, texts))).await;
    let accepted = guarded(peer.hear()).await;
    let Frame::Accept { content, window_values, .. } = accepted else { panic!("{accepted:?}") };
    assert_eq!((content, window_values), (Content::Requests, 4));
    // A request, by its first byte, its number and no deadline; then the number 9.
    let run = Bytes::from_static(&[4 << 2, 1, 77, 0, 9]);
    peer.say(Frame::Data(Data {
        channel: ChannelId(5),
        values: 1,
        partial: None,
        spent: Spent::default(),
        run,
    }))
    .await;
    let (message, responder) = guarded(requests.recv()).await.unwrap().into_parts();
    assert_eq!(message, 9);
    responder.answer("nine".into()).unwrap();
    let answer = guarded(peer.hear()).await;
    let Frame::Data(data) = answer else { panic!("{answer:?}") };
    assert_eq!(data.channel, ChannelId(5).answers());
    assert_eq!(data.run[1..], *b"\x4d\x00\x04nine");
}
