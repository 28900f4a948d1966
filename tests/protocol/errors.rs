//! The document's table of what a session refuses: each row is provoked.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use netchan::Dir;
use netchan::id::ChannelId;
use netchan::limits::*;
use netchan::session::{
    Chunk, Event, Growth, OpenRequest, Role, Session, SessionError, Supply, ValueSource,
};
use netchan::wire::{
    Code, Content, DOCUMENT_PREFIX_BYTES, Data, Frame, HEADER_BYTES, Header, Kind, Open, Partial,
    Piece, Spent, Subject, encode,
};

use crate::conversation::{events, parameters, written};
use crate::document;

/// The channel that is open in all these sessions.
pub(crate) const CHANNEL: ChannelId = ChannelId(1);

/// A number that no channel ever had.
const UNUSED: ChannelId = ChannelId(2);

/// The window of [`CHANNEL`], in values.
const WINDOW_VALUES: u32 = 4;

/// A session, and what its peer says to it.
pub(crate) struct Listener {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    pub(crate) sequence: u32,
}

impl Listener {
    fn new(role: Role) -> Listener {
        let now = Instant::now();
        Listener { session: Session::new(parameters(role), now), now, sequence: 0 }
    }

    /// An importer that has sent an Open.
    pub(crate) fn asking(dir: Dir) -> Listener {
        let mut listener = Listener::new(Role::Importer);
        listener.session.open(request(dir)).expect("the session has room");
        listener
    }

    /// An importer whose Open was accepted.
    pub(crate) fn importer(dir: Dir) -> Listener {
        let mut listener = Listener::asking(dir);
        let (window_values, window_bytes) = match dir {
            Dir::Recv => (0, 0),
            Dir::Send => (WINDOW_VALUES, WINDOW_BYTES_MIN),
        };
        let accept = Frame::Accept {
            channel: CHANNEL,
            window_values,
            window_bytes,
            content: Content::Values,
            clock_ms: 0,
            identity: [0; 16],
        };
        listener.hear(accept).expect("the importer has asked");
        listener
    }

    /// An exporter that has accepted an Open. The direction is the importer's.
    pub(crate) fn exporter(dir: Dir) -> Listener {
        let mut listener = Listener::new(Role::Exporter);
        listener.sequence += 1;
        let mut input = BytesMut::new();
        encode(&Frame::Open(open(CHANNEL, dir)), listener.sequence, &mut input);
        listener.session.handle_input(listener.now, &mut input).expect("Open is in order");
        for event in events(&mut listener.session) {
            if let Event::OpenRequested(open) = event {
                listener.session.accept(&open, WINDOW_VALUES, WINDOW_BYTES_MIN, true);
            }
        }
        listener
    }

    /// The peer says a frame, with the right sequence number.
    pub(crate) fn hear(&mut self, frame: Frame) -> Result<Vec<Event>, SessionError> {
        self.sequence += u32::from(frame.is_counted());
        self.hear_again(frame)
    }

    /// The peer says a frame, with the sequence number of the last one.
    pub(crate) fn hear_again(&mut self, frame: Frame) -> Result<Vec<Event>, SessionError> {
        let mut input = BytesMut::new();
        encode(&frame, self.sequence, &mut input);
        self.hear_bytes(&input)
    }

    fn hear_bytes(&mut self, bytes: &[u8]) -> Result<Vec<Event>, SessionError> {
        let result = self.session.handle_input(self.now, &mut BytesMut::from(bytes));
        let events = events(&mut self.session);
        result.map(|()| events)
    }

    /// The peer says a frame whose bytes `change` has touched.
    fn hear_changed(
        &mut self,
        frame: Frame,
        change: impl FnOnce(&mut BytesMut),
    ) -> Result<Vec<Event>, SessionError> {
        self.sequence += u32::from(frame.is_counted());
        let mut input = BytesMut::new();
        encode(&frame, self.sequence, &mut input);
        change(&mut input);
        self.hear_bytes(&input)
    }
}

fn request(dir: Dir) -> OpenRequest {
    OpenRequest {
        dir,
        name: "lines".into(),
        codec: "bincode2".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: WINDOW_VALUES,
        window_bytes: WINDOW_BYTES_MIN,
        limit: None,
        redelivers: true,
        growth: Growth::NONE,
    }
}

fn open(channel: ChannelId, dir: Dir) -> Open {
    Open {
        channel,
        dir,
        name: "lines".into(),
        codec: "bincode2".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: WINDOW_VALUES,
        window_bytes: if dir == Dir::Recv { WINDOW_BYTES_MIN } else { 0 },
        limit: None,
    }
}

/// Values without bytes of their own.
pub(crate) fn empty_values(channel: ChannelId, values: u32) -> Frame {
    let run = Bytes::from(vec![0; values as usize]);
    Frame::Data(Data { channel, values, partial: None, spent: Spent::default(), run })
}

/// The first `tail` bytes of a value of which `rest` bytes are to come.
pub(crate) fn begun_value(tail: u32, rest: u32) -> Frame {
    let run = Bytes::from(vec![0; tail as usize]);
    let partial = Some(Partial { tail, rest });
    Frame::Data(Data { channel: CHANNEL, values: 0, partial, spent: Spent::default(), run })
}

pub(crate) fn hangup(code: Code) -> Frame {
    Frame::Hangup { channel: CHANNEL, code, values: 0, text: String::new() }
}

fn accept() -> Frame {
    let (window_values, window_bytes) = (WINDOW_VALUES, WINDOW_BYTES_MIN);
    Frame::Accept {
        channel: CHANNEL,
        window_values,
        window_bytes,
        content: Content::Values,
        clock_ms: 0,
        identity: [0; 16],
    }
}

fn end(values: u64) -> Frame {
    Frame::End { channel: CHANNEL, values }
}

fn grant(values: u64, taken: u64) -> Frame {
    Frame::Grant { channel: CHANNEL, values, bytes: WINDOW_BYTES_MIN, taken, freed: taken }
}

fn skipped(values: u64) -> Frame {
    Frame::Skipped { channel: CHANNEL, values }
}

fn piece(channel: ChannelId, is_last: bool, bytes: &[u8]) -> Piece {
    let bytes = Bytes::copy_from_slice(bytes);
    Piece { channel, subject: Subject::Values, is_last, older_types: 0, bytes }
}

fn document(channel: ChannelId, is_last: bool, bytes: &[u8]) -> Frame {
    Frame::Document(piece(channel, is_last, bytes))
}

pub(crate) fn rejected(position: u64, values: u64) -> Frame {
    Frame::Rejected { channel: CHANNEL, position, values, text: String::new() }
}

/// A side that has sent three values on its channel.
pub(crate) fn sender_of_three() -> Listener {
    let mut exporter = Listener::exporter(Dir::Recv);
    let now = exporter.now;
    exporter.session.ready(CHANNEL);
    written(&mut exporter.session, now, &mut ThreeValues);
    exporter
}

struct ThreeValues;

impl ValueSource for ThreeValues {
    fn refill(&mut self, _: ChannelId, _: u64, _: usize, chunk: &mut Chunk) -> Supply {
        // Their prefixes are all that there is of them.
        chunk.bytes.extend_from_slice(&[0; 3]);
        chunk.values = 3;
        Supply::Empty
    }
}

fn header(kind: Kind, length: u32) -> [u8; HEADER_BYTES] {
    Header { kind, flags: 0, channel: ChannelId::NONE, sequence: 0, length }.to_bytes()
}

const PING: Frame = Frame::Ping { token: 1 };

type Outcome = Result<Vec<Event>, SessionError>;

/// What a session says when a row of the table happens to it. Several times, where it can happen
/// in several ways.
fn provoke(row: &str) -> Vec<Outcome> {
    let outcomes = provoke_form(row)
        .or_else(|| provoke_link(row))
        .or_else(|| provoke_opening(row))
        .or_else(|| provoke_values(row));
    outcomes.unwrap_or_else(|| panic!("nobody knows how to provoke: {row}"))
}

fn provoke_form(row: &str) -> Option<Vec<Outcome>> {
    let mut importer = Listener::importer(Dir::Recv);
    let mut ping = |change: fn(&mut BytesMut)| importer.hear_changed(PING, change);
    let outcomes = match row {
        "unknown kind" => vec![ping(|bytes| bytes[0] = 0x77)],
        "reserved flag or byte is not zero" => {
            vec![ping(|bytes| bytes[1] = 1), ping(|bytes| bytes[2] = 1), ping(|bytes| bytes[3] = 1)]
        }
        "channel number missing or out of place" => {
            let missing = Listener::importer(Dir::Recv).hear(empty_values(ChannelId::NONE, 1));
            vec![ping(|bytes| bytes[4] = 1), missing]
        }
        "body longer than its kind allows" => {
            vec![importer.hear_bytes(&header(Kind::Ping, CONTROL_BODY_BYTES_MAX as u32 + 1))]
        }
        "body of another length than its fields need" => {
            let shorter = |bytes: &mut BytesMut| {
                bytes[12] = 7;
                bytes.truncate(HEADER_BYTES + 7);
            };
            let longer = |bytes: &mut BytesMut| {
                bytes[12] = 9;
                bytes.extend_from_slice(&[0]);
            };
            vec![ping(shorter), ping(longer)]
        }
        "List or Listing with an impossible field" => {
            let piece = Bytes::from_static(b"p");
            let listing = Frame::Listing { token: 1, is_last: true, piece };
            let list = Frame::List { token: 1, after: "x".into() };
            let nothing = Frame::Listing { token: 1, is_last: false, piece: Bytes::new() };
            let last = |bytes: &mut BytesMut| *bytes.last_mut().expect("a name") = 0xff;
            vec![
                importer.hear_changed(listing, |bytes| bytes[HEADER_BYTES + 8] = 2),
                importer.hear(nothing),
                Listener::exporter(Dir::Recv).hear_changed(list, last),
                Listener::exporter(Dir::Recv)
                    .hear(Frame::List { token: 1, after: "x".repeat(NAME_BYTES_MAX + 1) }),
            ]
        }
        "page longer than LISTING_PAGE_BYTES_MAX" => {
            importer.session.list("");
            crate::conversation::written(
                &mut importer.session,
                importer.now,
                &mut crate::rules::Empty,
            );
            let piece = Bytes::from(vec![0; 1000]);
            let listing = || Frame::Listing { token: 1, is_last: false, piece: piece.clone() };
            for _ in 0..LISTING_PAGE_BYTES_MAX / 1000 {
                importer.hear(listing()).expect("a page may be so long");
            }
            vec![importer.hear(listing())]
        }
        "Hello, Welcome or Reject after the handshake" => {
            let kinds = [Kind::Hello, Kind::Welcome, Kind::Reject];
            kinds.map(|kind| importer.hear_bytes(&header(kind, 0))).into()
        }
        "frame for a number that was never used" => vec![
            importer.hear(empty_values(UNUSED, 1)),
            importer.hear(Frame::End { channel: UNUSED, values: 0 }),
            importer.hear(Frame::Grant {
                channel: UNUSED,
                values: 0,
                bytes: 0,
                taken: 0,
                freed: 0,
            }),
        ],
        "silence of DEAD_AFTER" => {
            let later = importer.now + DEAD_AFTER + Duration::from_millis(1);
            vec![importer.session.handle_timeout(later).map(|()| Vec::new())]
        }
        _ => return None,
    };
    Some(outcomes)
}

fn provoke_link(row: &str) -> Option<Vec<Outcome>> {
    let mut importer = Listener::importer(Dir::Recv);
    let outcomes = match row {
        "sequence number on a frame that is not counted" => {
            vec![importer.hear_changed(PING, |bytes| bytes[8] = 1)]
        }
        "gap in the sequence numbers" => {
            importer.sequence += 1;
            vec![importer.hear(empty_values(CHANNEL, 1))]
        }
        "List from the exporter, or Listing from the importer" => {
            let list = Frame::List { token: 1, after: String::new() };
            let listing = Frame::Listing { token: 1, is_last: true, piece: Bytes::new() };
            vec![importer.hear(list), Listener::exporter(Dir::Recv).hear(listing)]
        }
        "Ack of more frames than were sent" => vec![importer.hear(Frame::Ack { received: 2 })],
        _ => return None,
    };
    Some(outcomes)
}

fn provoke_opening(row: &str) -> Option<Vec<Outcome>> {
    let mut exporter = Listener::exporter(Dir::Recv);
    let outcomes = match row {
        "Open with an impossible field" => {
            let mut changed = |change: fn(&mut BytesMut)| {
                exporter.sequence -= 1;
                exporter.hear_changed(Frame::Open(open(UNUSED, Dir::Recv)), change)
            };
            vec![
                changed(|bytes| bytes[HEADER_BYTES] = 3),
                changed(|bytes| bytes[HEADER_BYTES + 4] = 0),
                changed(|bytes| *bytes.last_mut().expect("a name") = 0xff),
                // A list of identities that ends within one.
                changed(|bytes| bytes[HEADER_BYTES + 64] = 1),
                changed(|bytes| bytes[HEADER_BYTES + 65] = 1),
            ]
        }
        "Open for another number than the next" => {
            vec![exporter.hear(Frame::Open(open(ChannelId(3), Dir::Recv)))]
        }
        "Open for a number of the other side" => {
            let mut importer = Listener::importer(Dir::Recv);
            let of_exporter = Frame::Open(open(ChannelId::FIRST_OF_EXPORTER, Dir::Recv));
            vec![
                importer.hear(Frame::Open(open(UNUSED, Dir::Recv))),
                Listener::exporter(Dir::Recv).hear(of_exporter),
            ]
        }
        "Open or Accept with a window below WINDOW_BYTES_MIN" => {
            let mut open = open(UNUSED, Dir::Recv);
            open.window_bytes = WINDOW_BYTES_MIN - 1;
            let window_bytes = WINDOW_BYTES_MIN - 1;
            let accept = Frame::Accept {
                channel: CHANNEL,
                window_values: 1,
                window_bytes,
                content: Content::Values,
                clock_ms: 0,
                identity: [0; 16],
            };
            vec![exporter.hear(Frame::Open(open)), Listener::asking(Dir::Send).hear(accept)]
        }
        "Accept with content that was not asked for" => [Dir::Recv, Dir::Send]
            .map(|dir| {
                let (channel, content) = (CHANNEL, Content::Requests);
                let (window_values, window_bytes) = (1, WINDOW_BYTES_MIN);
                let clock_ms = 0;
                Listener::asking(dir).hear(Frame::Accept {
                    channel,
                    content,
                    window_values,
                    window_bytes,
                    clock_ms,
                    identity: [0; 16],
                })
            })
            .into(),
        "Document with an impossible field" => {
            let refused = || Listener::asking(Dir::Recv);
            let document = || document(CHANNEL, true, b"schema");
            vec![
                refused().hear_changed(document(), |bytes| bytes[HEADER_BYTES] = 2),
                refused().hear_changed(document(), |bytes| bytes[HEADER_BYTES + 1] = 2),
            ]
        }
        "Document about a channel that is not refused" => {
            let document = || document(CHANNEL, true, b"schema");
            vec![
                exporter.hear(document()),
                Listener::importer(Dir::Recv).hear(document()),
                Listener::importer(Dir::Send).hear(document()),
            ]
        }
        "Document of another schema before the last piece" => {
            let begun = || {
                let mut importer = Listener::asking(Dir::Recv);
                importer.hear(document(CHANNEL, false, b"sch")).expect("a first piece");
                importer
            };
            let mut other_channel = begun();
            let request = request(Dir::Recv);
            other_channel.session.open(request).expect("the session has room");
            let other = Piece { subject: Subject::Answers, ..piece(CHANNEL, true, b"ema") };
            let more = Piece { older_types: 7, ..piece(CHANNEL, true, b"ema") };
            vec![
                other_channel.hear(document(UNUSED, true, b"ema")),
                begun().hear(Frame::Document(other)),
                begun().hear(Frame::Document(more)),
            ]
        }
        "schema longer than SCHEMA_BYTES_MAX" => {
            let mut importer = Listener::asking(Dir::Recv);
            let piece = [7; CONTROL_BODY_BYTES_MAX - DOCUMENT_PREFIX_BYTES];
            for _ in 0..SCHEMA_BYTES_MAX / piece.len() {
                importer.hear(document(CHANNEL, false, &piece)).expect("it is not too long yet");
            }
            vec![importer.hear(document(CHANNEL, true, &piece))]
        }
        "Cancel from the receiver, before Accept, or on a channel without requests" => {
            let cancel = || Frame::Cancel { channel: CHANNEL, request: 1 };
            vec![
                Listener::importer(Dir::Send).hear(cancel()),
                Listener::importer(Dir::Recv).hear(cancel()),
                Listener::asking(Dir::Recv).hear(cancel()),
            ]
        }
        "Accept or Refuse that answers no Open" => {
            let (code, text) = (Code::UnknownName, String::new());
            let refuse = Frame::Refuse { channel: CHANNEL, code, text };
            let mut importer = Listener::importer(Dir::Send);
            vec![importer.hear(accept()), importer.hear(refuse), exporter.hear(accept())]
        }
        "Hangup from the answerer before Accept, unless the opener has said Hangup" => {
            vec![Listener::asking(Dir::Recv).hear(hangup(Code::HungUp))]
        }
        "Data, End or Grant before Accept" => vec![
            Listener::asking(Dir::Recv).hear(empty_values(CHANNEL, 1)),
            Listener::asking(Dir::Recv).hear(end(0)),
            Listener::asking(Dir::Send).hear(grant(4, 0)),
        ],
        _ => return None,
    };
    Some(outcomes)
}

fn provoke_values(row: &str) -> Option<Vec<Outcome>> {
    let mut importer = Listener::importer(Dir::Recv);
    let outcomes = match row {
        "Data with an impossible number of values or an impossible PARTIAL" => vec![
            importer.hear_changed(empty_values(CHANNEL, 1), |bytes| bytes[HEADER_BYTES] = 2),
            importer.hear_changed(empty_values(CHANNEL, 1), |bytes| bytes[HEADER_BYTES] = 0),
            importer.hear_changed(begun_value(4, 1), |bytes| bytes[HEADER_BYTES + 4] = 5),
            importer.hear_changed(begun_value(4, 1), |bytes| bytes[HEADER_BYTES + 8] = 0),
        ],
        "Data or End from the receiver, Grant from the sender" => {
            let mut exporter = Listener::exporter(Dir::Recv);
            vec![
                exporter.hear(empty_values(CHANNEL, 1)),
                exporter.hear(end(0)),
                importer.hear(grant(4, 0)),
            ]
        }
        "Data or End after the sender's last word" => [empty_values(CHANNEL, 1), end(1)]
            .map(|late| {
                let mut importer = Listener::importer(Dir::Recv);
                importer.hear(empty_values(CHANNEL, 1)).expect("a value within the window");
                importer.hear(end(1)).expect("the end after one value");
                importer.hear(late)
            })
            .into(),
        "Data that does not go on with the unfinished value" => {
            importer.hear(begun_value(4, 10)).expect("the start of a value");
            vec![importer.hear(begun_value(4, 5))]
        }
        "End with another number of values than came, or within a value" => {
            let mut other = Listener::importer(Dir::Recv);
            other.hear(begun_value(4, 10)).expect("the start of a value");
            vec![importer.hear(end(1)), other.hear(end(0))]
        }
        "Skipped from the receiver, before Accept, or after the sender's last word" => {
            vec![
                Listener::exporter(Dir::Recv).hear(skipped(1)),
                Listener::asking(Dir::Recv).hear(skipped(1)),
                // A value is not taken, so the channel is not over.
                {
                    importer.hear(empty_values(CHANNEL, 1)).expect("a value within the window");
                    importer.hear(end(1)).expect("the end after one value");
                    importer.hear(skipped(1))
                },
            ]
        }
        "Skipped of no more values than before, or within a value" => {
            let mut within = Listener::importer(Dir::Recv);
            within.hear(begun_value(4, 10)).expect("the start of a value");
            importer.hear(skipped(2)).expect("two values were left out");
            vec![
                importer.hear(skipped(2)),
                Listener::importer(Dir::Recv).hear(skipped(0)),
                within.hear(skipped(1)),
            ]
        }
        "Rejected from the sender, or before Accept" => {
            vec![importer.hear(rejected(0, 1)), Listener::asking(Dir::Send).hear(rejected(0, 1))]
        }
        "Rejected of a value that was not sent, or of no more values than before" => {
            let mut again = sender_of_three();
            again.hear(rejected(2, 2)).expect("two of three values");
            vec![
                Listener::exporter(Dir::Recv).hear(rejected(0, 1)),
                sender_of_three().hear(rejected(3, 1)),
                sender_of_three().hear(rejected(0, 4)),
                sender_of_three().hear(rejected(0, 0)),
                again.hear(rejected(1, 2)),
            ]
        }
        "Grant of less than was freed, of less freed than taken, or of more freed than was sent" => {
            let grant = |values, taken, freed| {
                let bytes = WINDOW_BYTES_MIN;
                let grant = Frame::Grant { channel: CHANNEL, values, bytes, taken, freed };
                Listener::exporter(Dir::Recv).hear(grant)
            };
            vec![grant(4, 1, 1), grant(4, 0, 1), grant(4, 1, 0), grant(0, 0, 1)]
        }
        "more values or bytes than were granted" => {
            let bytes = vec![0; WINDOW_BYTES_MIN as usize + 1];
            let run = Bytes::from(bytes);
            let data =
                Data { channel: CHANNEL, values: 1, partial: None, spent: Spent::default(), run };
            let mut other = Listener::importer(Dir::Recv);
            let too_many = other.hear(empty_values(CHANNEL, WINDOW_VALUES + 1));
            vec![importer.hear(Frame::Data(data)), too_many]
        }
        "value longer than VALUE_BYTES_MAX" => {
            vec![importer.hear(begun_value(8, VALUE_BYTES_MAX as u32))]
        }
        _ => return None,
    };
    Some(outcomes)
}

#[test]
fn each_error_of_the_table_has_its_code() {
    for row in document::table("errors") {
        let [what, code] = &row[..] else {
            panic!("a row of errors has two cells");
        };
        let what = what.replace('`', "");
        for (at, outcome) in provoke(&what).into_iter().enumerate() {
            let error = outcome.err().unwrap_or_else(|| panic!("nothing is wrong: {what} ({at})"));
            assert_eq!(format!("{:?}", error.code()), *code, "{what} ({at}): {error}");
        }
    }
}
