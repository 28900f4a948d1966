//! The conversation of the document's appendix, held by two sessions.
//!
//! What the sessions write must be what the document shows, and what the document shows must lead
//! the sessions through the same events.

use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;
use netchan::id::ChannelId;
use netchan::limits::{
    ACK_DELAY, DEAD_AFTER, GROWTH_BYTES_MAX, HEARTBEAT_AFTER, SESSION_EXPIRY, WINDOW_BYTES_DEFAULT,
};
use netchan::session::{
    Chunk, Event, Growth, Heartbeat, OpenRequest, Parameters, Role, Session, Supply, ValueSource,
};
use netchan::wire::{Code, Content, Frame, PREAMBLE, decode};
use netchan::{Dir, limits, prefix};

use crate::document::{self, Corrections};
use crate::examples::{self, STEP};
use crate::layout;

/// The importer and its exporter settle on this.
pub(crate) fn parameters(role: Role) -> Parameters {
    Parameters {
        role,
        frame_bytes_max: limits::FRAME_BYTES_MAX,
        peer_frame_bytes_max: limits::FRAME_BYTES_MAX,
        channels_max: limits::CHANNELS_MAX,
        expiry: SESSION_EXPIRY,
        heartbeat: Heartbeat { ask_after: HEARTBEAT_AFTER, dead_after: DEAD_AFTER },
        growth_bytes_max: GROWTH_BYTES_MAX,
    }
}

/// A queue with all its values, given at once.
#[derive(Default)]
struct Queue {
    chunk: Chunk,
}

impl Queue {
    fn of(values: &[u32]) -> Queue {
        let mut chunk = Chunk::default();
        let mut encoder = prefix::Encoder::default();
        for value in values {
            let encode = |buffer: &mut Vec<u8>| {
                let config = bincode::config::standard();
                bincode::serde::encode_into_std_write(value, buffer, config).map(|_bytes| ())
            };
            encoder.append(&mut chunk.bytes, encode).expect("a number is encoded");
            chunk.values += 1;
        }
        Queue { chunk }
    }
}

impl ValueSource for Queue {
    fn refill(&mut self, _: ChannelId, values_max: u64, _: usize, chunk: &mut Chunk) -> Supply {
        assert!(u64::from(self.chunk.values) <= values_max, "the window has room for all values");
        std::mem::swap(chunk, &mut self.chunk);
        Supply::Finished
    }
}

/// What a session writes now.
pub(crate) fn written(
    session: &mut Session,
    now: Instant,
    source: &mut dyn ValueSource,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.poll_transmit(now, source) {
        let mut slices = [IoSlice::new(&[]); 8];
        let filled = session.unwritten(&mut slices);
        let before = bytes.len();
        slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
        session.handle_written(bytes.len() - before);
    }
    bytes
}

/// The events that are due.
pub(crate) fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

/// A step of the conversation: who writes, and what.
type Step = (String, Vec<u8>);

/// Holds the conversation. `on_the_way` is given each step and says what the other side reads.
fn hold(on_the_way: impl Fn(&Step) -> Vec<u8>) -> Vec<Step> {
    let now = Instant::now();
    let mut steps = Vec::new();
    let mut say = |who: &str, bytes: Vec<u8>| {
        let step = (format!("{STEP}{} {who}", steps.len() + 1), bytes);
        let read = on_the_way(&step);
        steps.push(step);
        BytesMut::from(&read[..])
    };
    let nothing = &mut Queue::default();

    say("importer", [&PREAMBLE, &examples::hello(None, 0).to_bytes()[..]].concat());
    say("exporter", [&PREAMBLE, &examples::welcome().to_bytes()[..]].concat());
    let mut importer = Session::new(parameters(Role::Importer), now);
    let mut exporter = Session::new(parameters(Role::Exporter), now);

    let request = OpenRequest {
        dir: Dir::Recv,
        name: "numbers".into(),
        codec: "bincode2".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: 4,
        window_bytes: WINDOW_BYTES_DEFAULT,
        limit: None,
        redelivers: true,
        growth: Growth::NONE,
    };
    let channel = importer.open(request).expect("the session has room for a channel");
    let mut input = say("importer", written(&mut importer, now, nothing));

    exporter.handle_input(now, &mut input).expect("the exporter understands Open");
    let [Event::OpenRequested(open)] = &events(&mut exporter)[..] else {
        panic!("Open is a request");
    };
    exporter.accept(open, 0, 0, true);
    exporter.ready(channel);
    let mut input = say("exporter", written(&mut exporter, now, &mut Queue::of(&[1, 2, 300])));

    importer.handle_input(now, &mut input).expect("the importer understands the values");
    let [
        Event::Accepted { .. },
        Event::Run { values: 3, tail_bytes: 0, bytes, .. },
        Event::Ended { .. },
    ] = &events(&mut importer)[..]
    else {
        panic!("the importer learns of its channel, of three values, and of their end");
    };
    importer.taken(now, channel, 3, bytes.len() as u64);
    let closed = events(&mut importer);
    assert!(matches!(closed[..], [Event::Closed { lost_values: 0, .. }]), "{closed:?}");
    let mut input = say("importer", written(&mut importer, now, nothing));

    exporter.handle_input(now, &mut input).expect("the exporter understands Hangup");
    let closed = events(&mut exporter);
    assert!(matches!(closed[..], [Event::Closed { lost_values: 0, .. }]), "{closed:?}");
    assert!(written(&mut exporter, now, nothing).is_empty(), "an acknowledgement waits");
    let now = now + ACK_DELAY;
    let mut input = say("exporter", written(&mut exporter, now, nothing));

    importer.handle_input(now, &mut input).expect("the importer understands Ack");
    importer.goodbye(Code::Closed, "");
    let mut input = say("importer", written(&mut importer, now, nothing));

    exporter.handle_input(now, &mut input).expect("the exporter understands Goodbye");
    let last = events(&mut exporter);
    assert!(matches!(last[..], [Event::Goodbye { code: Code::Closed, .. }]), "{last:?}");
    assert!(written(&mut exporter, now, nothing).is_empty(), "a goodbye is not answered");
    steps
}

#[test]
fn sessions_write_what_the_document_shows() {
    let steps = hold(|(_, bytes)| bytes.clone());
    let mut corrections = Corrections::default();
    for (name, bytes) in &steps {
        corrections.expect(&document::block("hex", name), &layout::lay_out(bytes));
    }
    corrections.finish();
    let shown = document::blocks("hex").into_iter().filter(|block| block.name.starts_with(STEP));
    let shown: Vec<String> = shown.map(|block| block.name).collect();
    let held: Vec<String> = steps.into_iter().map(|(name, _)| name).collect();
    assert_eq!(shown, held);
}

#[test]
fn sessions_read_what_the_document_shows() {
    hold(|(name, _)| document::bytes_of(&document::block("hex", name)));
}

#[test]
fn the_conversation_has_the_frames_that_it_tells_of() {
    let mut frames = Vec::new();
    for (name, _) in hold(|(_, bytes)| bytes.clone()).into_iter().skip(2) {
        let mut input = BytesMut::from(&document::bytes_of(&document::block("hex", &name))[..]);
        while let Some(sequenced) = decode(&mut input, 1024).expect("a frame") {
            frames.push(sequenced);
        }
        assert!(input.is_empty(), "{name} ends with a whole frame");
    }
    let kinds: Vec<_> =
        frames.iter().map(|sequenced| (sequenced.sequence, &sequenced.frame)).collect();
    assert!(
        matches!(
            kinds[..],
            [
                (1, Frame::Open(_)),
                (1, Frame::Accept { window_values: 0, window_bytes: 0, .. }),
                (2, Frame::Data(data)),
                (3, Frame::End { values: 3, .. }),
                (0, Frame::Ack { received: 1 }),
                (2, Frame::Hangup { code: Code::Complete, values: 3, .. }),
                (0, Frame::Ack { received: 3 }),
                (0, Frame::Ack { received: 2 }),
                (0, Frame::Goodbye { code: Code::Closed, .. }),
            ] if data.run[..] == [4, 1, 4, 2, 12, 0xfb, 44, 1]
        ),
        "{kinds:?}"
    );
}
