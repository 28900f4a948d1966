//! A hostile peer: the largest and smallest numbers in every frame that concerns a channel of
//! requests, and the channel for its answers. Whatever they mean, nothing overflows.

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::Role;
use netchan::wire::{Code, Content, Data, Frame, Open, Spent, encode};

use crate::loose::Loose;

const LONG: [u64; 8] = [0, 1, 2, 1 << 31, u32::MAX as u64, 1 << 32, u64::MAX - 1, u64::MAX];
const SHORT: [u32; 6] = [0, 1, 2, 1 << 31, u32::MAX - 1, u32::MAX];

fn bytes(frame: &Frame, sequence: u32) -> BytesMut {
    let mut bytes = BytesMut::new();
    encode(frame, sequence, &mut bytes);
    bytes
}

fn open(dir: Dir, window_values: u32, window_bytes: u64, clock_ms: u64) -> Frame {
    Frame::Open(Open {
        channel: ChannelId(1),
        dir,
        content: Content::Requests,
        name: "lines".into(),
        codec: "bytes".into(),
        identity: [0xff; 16],
        answer_identity: [0xff; 16],
        also_accepts: Vec::new(),
        window_values,
        window_bytes,
        limit: None,
        clock_ms,
    })
}

fn accept(channel: u32, window_values: u32, window_bytes: u64, clock_ms: u64) -> Frame {
    let (channel, content) = (ChannelId(channel), Content::Requests);
    Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity: [0; 16] }
}

/// Extreme frames for a channel that is open.
fn extremes(channel: ChannelId) -> Vec<Frame> {
    let mut frames = Vec::new();
    for a in LONG {
        frames.push(Frame::Cancel { channel, request: a });
        frames.push(Frame::End { channel, values: a });
        let (code, text) = (Code::HungUp, String::new());
        frames.push(Frame::Hangup { channel, code, values: a, text });
        for b in LONG {
            frames.extend(LONG.map(|c| Frame::Grant {
                channel,
                values: a,
                bytes: b,
                taken: c,
                freed: c,
            }));
        }
    }
    for values in SHORT {
        let run = Bytes::from(vec![0; 1000]);
        frames.push(Frame::Data(Data {
            channel,
            values,
            partial: None,
            spent: Spent::default(),
            run,
        }));
    }
    frames
}

/// What opens a channel of requests, from the script's side, and its number.
fn openings(role: Role) -> Vec<(Frame, u32)> {
    let mut openings = Vec::new();
    for values in [0, 1, u32::MAX] {
        for bytes in [0, 1 << 31, u64::MAX] {
            match role {
                Role::Exporter => {
                    openings.push((open(Dir::Recv, values, bytes, bytes), 1));
                    openings.push((open(Dir::Send, values, bytes, bytes), 1));
                }
                Role::Importer => {
                    openings.extend([1, 2].map(|id| (accept(id, values, bytes, bytes), id)));
                }
            }
        }
    }
    openings
}

#[test]
fn no_number_about_requests_overflows_anything() {
    let mut sound = 0;
    for role in crate::pair::BOTH {
        for (opening, number) in openings(role) {
            let opening = bytes(&opening, 1);
            if Loose::asking(role).feed(&opening).is_err() {
                continue;
            }
            sound += 1;
            for channel in [ChannelId(number), ChannelId(number).answers()] {
                for frame in extremes(channel) {
                    let mut loose = Loose::asking(role);
                    loose.feed(&opening).expect("it is sound");
                    if loose.feed(&bytes(&frame, 2)).is_ok() {
                        // Once more: totals that were accepted must not overflow later.
                        let _result = loose.feed(&bytes(&frame, 3));
                    }
                }
            }
        }
    }
    assert!(sound > 12, "{sound} channels were opened");
}
