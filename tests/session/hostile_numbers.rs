//! A hostile peer: the largest and smallest numbers in every field of every frame, in every state
//! of a session. Whatever they mean, nothing overflows and nothing panics.

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::{Growth, Parameters, Role, Session};
use netchan::wire::{Code, Content, Data, Frame, Open, Partial, Spent, encode};

use crate::loose::Loose;
use crate::pair::{Ask, BOTH, Pair};

const LONG: [u64; 8] = [0, 1, 2, 1 << 31, u32::MAX as u64, 1 << 32, u64::MAX - 1, u64::MAX];
const SHORT: [u32; 6] = [0, 1, 2, 1 << 31, u32::MAX - 1, u32::MAX];

fn texts() -> [String; 2] {
    [String::new(), "x".repeat(600)]
}

fn opens(frames: &mut Vec<Frame>, number: u32) {
    for dir in [Dir::Recv, Dir::Send] {
        for window_values in SHORT {
            for window_bytes in LONG {
                for limit in [None, Some(1), Some(u64::MAX)] {
                    frames.push(Frame::Open(Open {
                        channel: ChannelId(number),
                        dir,
                        name: "lines".into(),
                        codec: "bytes".into(),
                        identity: [0xff; 16],
                        answer_identity: [0; 16],
                        also_accepts: Vec::new(),
                        content: Content::Values,
                        clock_ms: 0,
                        window_values,
                        window_bytes,
                        limit,
                    }));
                }
            }
        }
    }
}

/// Frames for one channel with extreme numbers, except for requests.
fn extremes(number: u32) -> Vec<Frame> {
    let channel = ChannelId(number);
    let mut frames = Vec::new();
    for a in LONG {
        frames.push(Frame::Ack { received: a });
        frames.push(Frame::Ping { token: a });
        frames.push(Frame::Pong { token: a });
        frames.push(Frame::End { channel, values: a });
        for text in texts() {
            frames.push(Frame::Hangup {
                channel,
                code: Code::from_number(a as u16),
                values: a,
                text,
            });
        }
        for window_values in SHORT {
            frames.push(Frame::Accept {
                channel,
                window_values,
                window_bytes: a,
                content: Content::Values,
                clock_ms: 0,
                identity: [0; 16],
            });
        }
        for b in LONG {
            for c in LONG {
                frames.push(Frame::Grant { channel, values: a, bytes: b, taken: c, freed: c });
            }
        }
    }
    for values in SHORT {
        for run_bytes in [1, 2, 1000, 20_000] {
            let run = Bytes::from(vec![0; run_bytes]);
            let near = [run_bytes as u32 - 1, run_bytes as u32];
            for tail in SHORT.into_iter().chain(near) {
                for rest in SHORT {
                    let partial = Some(Partial { tail, rest });
                    frames.push(Frame::Data(Data {
                        channel,
                        values,
                        partial,
                        spent: Spent::default(),
                        run: run.clone(),
                    }));
                }
            }
            frames.push(Frame::Data(Data {
                channel,
                values,
                partial: None,
                spent: Spent::default(),
                run,
            }));
        }
    }
    for text in texts() {
        let code = Code::Other(u16::MAX);
        frames.push(Frame::Goodbye { code, text: text.clone() });
        frames.push(Frame::Refuse { channel, code, text });
    }
    frames
}

fn bytes(frames: &[Frame], mut sequence: u32) -> BytesMut {
    let mut bytes = BytesMut::new();
    for frame in frames {
        encode(frame, sequence, &mut bytes);
        sequence += u32::from(frame.is_counted());
    }
    bytes
}

/// What brings a session into its states, from the script's side.
fn preludes(role: Role) -> Vec<Vec<Frame>> {
    let first = ChannelId(1);
    let partial = |tail, rest| {
        Frame::Data(Data {
            channel: first,
            values: 0,
            partial: Some(Partial { tail, rest }),
            spent: Spent::default(),
            run: Bytes::from(vec![0; tail as usize]),
        })
    };
    let end = Frame::End { channel: first, values: 0 };
    let start = match role {
        Role::Exporter => vec![
            vec![crate::script::open(1, Dir::Send, u32::MAX)],
            vec![crate::script::open(1, Dir::Recv, u32::MAX)],
        ],
        Role::Importer => (1..=2)
            .map(|number| {
                vec![Frame::Accept {
                    channel: ChannelId(number),
                    window_values: u32::MAX,
                    window_bytes: u64::MAX,
                    content: Content::Values,
                    clock_ms: 0,
                    identity: [0; 16],
                }]
            })
            .collect(),
    };
    let mut preludes = vec![Vec::new()];
    let receiving = start[0].clone();
    preludes.extend(start);
    for next in [
        vec![partial(5, 5)],
        vec![partial(5, (1 << 28) - 5)],
        vec![partial(5, 5), partial(2, 3)],
        vec![end],
    ] {
        preludes.push([receiving.clone(), next].concat());
    }
    preludes
}

#[test]
fn no_number_in_any_frame_overflows_anything() {
    for role in BOTH {
        for prelude in preludes(role) {
            let counted = prelude.iter().filter(|frame| frame.is_counted()).count();
            let opening: Vec<BytesMut> = (1..)
                .zip(&prelude)
                .map(|(sequence, frame)| bytes(std::slice::from_ref(frame), sequence))
                .collect();
            for number in [1, 2, u32::MAX] {
                for frame in extremes(number) {
                    let mut loose = Loose::new(role, true);
                    for frame in &opening {
                        loose.feed(frame).expect("the prelude is sound");
                    }
                    let frame = [frame];
                    let result = loose.feed(&bytes(&frame, counted as u32 + 1));
                    if result.is_ok() {
                        // Once more: totals that were accepted must not overflow later.
                        let _result = loose.feed(&bytes(&frame, counted as u32 + 2));
                    }
                }
            }
        }
    }
}

#[test]
fn no_number_in_any_request_overflows_anything() {
    let mut requests = Vec::new();
    opens(&mut requests, 1);
    for request in requests {
        for takes in [false, true] {
            let mut loose = Loose::new(Role::Exporter, takes);
            if loose.feed(&bytes(std::slice::from_ref(&request), 1)).is_err() {
                continue;
            }
            let run = Frame::Data(Data {
                channel: ChannelId(1),
                values: 1000,
                partial: None,
                spent: Spent::default(),
                run: Bytes::from(vec![0; 1000]),
            });
            let _result = loose.feed(&bytes(&[run.clone(), run], 2));
        }
    }
}

#[test]
fn a_resume_with_any_number_does_not_overflow() {
    for role in BOTH {
        for peer_received in LONG {
            let mut loose = Loose::new(role, true);
            let resumed = loose.resume(peer_received);
            assert!(resumed.is_ok() || peer_received > 0);
        }
    }
}

#[test]
fn any_frame_length_that_a_peer_accepts_can_be_served() {
    for frame_bytes_max in [0, 1, 12, 13, 1024, 1 << 40, usize::MAX] {
        let mut pair = Pair::with(|parameters: &mut Parameters| {
            parameters.peer_frame_bytes_max = frame_bytes_max;
        });
        let channel = pair.opened(Dir::Recv, Ask::default());
        pair.send(channel, [0, 10, 20_000, 200_000]);
        pair.finish(channel);
        pair.run_and_take_all();
        pair.assert_all_arrived(channel);
        pair.assert_all_over();
    }
}

#[test]
fn an_importer_window_of_any_size_is_served() {
    let now = std::time::Instant::now();
    for window_values in SHORT {
        for window_bytes in LONG {
            let mut session = Session::new(crate::side::parameters(Role::Importer), now);
            let request = netchan::session::OpenRequest {
                dir: Dir::Recv,
                name: "lines".into(),
                codec: "bytes".into(),
                identity: [0; 16],
                answer_identity: [0; 16],
                also_accepts: Vec::new(),
                content: Content::Values,
                clock_ms: 0,
                window_values,
                window_bytes,
                limit: Some(window_bytes),
                redelivers: true,
                growth: Growth::NONE,
            };
            assert!(session.open(request).is_ok());
        }
    }
}
