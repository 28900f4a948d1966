//! Any bytes, and any frames, as what comes to a session, between whatever its user and the network do.
//!
//! Nothing panics, what the session writes is always frames, no counter goes backwards, and what it
//! keeps is bounded.

mod listener;
mod peer;
mod shell;
mod source;

use std::time::Duration;

use netchan::dir::Dir;
use netchan::session::{Document, Growth, OpenRequest, Rejection, Role, SessionError};
use netchan::wire::{Code, Content, Open, Subject};

use crate::program::Program;
use peer::Peer;
use shell::Shell;

/// Memory of one run, in bytes.
pub(crate) const BYTES_MAX: usize = 16 * 1024 * 1024;

/// How far windows grow.
const GROWTH: Growth = Growth { values_max: 64, bytes_max: 1 << 20 };

/// The first bytes say what session it is, and whether the rest is a program or what comes by the link.
pub(crate) fn run(data: &[u8]) {
    let mut program = Program::new(data);
    let role = program.pick(&[Role::Importer, Role::Exporter]);
    let is_kept = program.byte() < 0xc0;
    let channels_max = program.pick(&[8, 8, 1, 1000]);
    let mut shell = Shell::new(role, is_kept, channels_max);
    let opened = program.byte() % 5;
    (0..opened).for_each(|_| shell.open(request(&mut program)));
    let result = if program.flag() {
        hear_pieces(&mut program, &mut shell)
    } else {
        follow(&mut program, &mut shell, &mut Peer::of(role))
    };
    // A session that was wronged is still sound enough to say what is left of its channels.
    let _error = result.err();
    shell.end();
}

/// The rest comes by the link, in pieces of a length.
fn hear_pieces(program: &mut Program<'_>, shell: &mut Shell) -> Result<(), SessionError> {
    shell.source.values = 100;
    shell.ready();
    let length = 1 + program.number().min(100_000) as usize;
    while !program.is_over() {
        let piece = program.bytes(length);
        shell.hear(piece)?;
        shell.channels.clone().into_iter().for_each(|channel| shell.take(channel, 0));
        shell.wait(Duration::from_millis(1))?;
    }
    Ok(())
}

/// Follows the instructions of the rest.
fn follow(
    program: &mut Program<'_>,
    shell: &mut Shell,
    peer: &mut Peer,
) -> Result<(), SessionError> {
    while !program.is_over() {
        match program.byte() {
            0x00..=0x7f => {
                let frame = peer.say(program, shell);
                shell.hear(&frame)?;
            }
            0x80..=0x87 => {
                // A frame of which some bytes are others.
                let mut frame = peer.say(program, shell);
                for _ in 0..1 + program.byte() % 3 {
                    let at = program.number() as usize % frame.len();
                    frame[at] = program.byte();
                }
                shell.hear(&frame)?;
            }
            0x88..=0x8b => {
                let count = usize::from(program.byte());
                shell.hear(program.bytes(count))?;
            }
            0x8c..=0x97 => disturb(program, shell, peer)?,
            _ => use_session(program, shell),
        }
    }
    Ok(())
}

/// The network does something, or nothing for a while.
fn disturb(
    program: &mut Program<'_>,
    shell: &mut Shell,
    peer: &mut Peer,
) -> Result<(), SessionError> {
    match program.byte() % 6 {
        0 => shell.lose_link(),
        1 | 2 => {
            let known = shell.listener.received;
            let missed = program.number();
            let received = if missed < 0xc0 { known.saturating_sub(missed) } else { missed };
            shell.resume(received)?;
            shell.command(|session, _| peer.resume(session.received_frames()));
            Ok(())
        }
        3 => {
            shell.writes = !shell.writes;
            Ok(())
        }
        4 => shell.wait(Duration::from_millis(program.number().min(100))),
        _ => shell.wait(Duration::from_secs(program.number().min(100))),
    }
}

/// The user does something.
fn use_session(program: &mut Program<'_>, shell: &mut Shell) {
    let action = program.byte() % 16;
    let channel = peer::channel(program, shell);
    match action {
        0 => shell.open(request(program)),
        1..=3 => {
            if let Some(open) = shell.requests.pop() {
                let window_values = program.number() as u32;
                shell.accept(&open, window_values, program.number(), action == 1);
            }
        }
        4 => {
            if let Some(open) = shell.requests.pop() {
                shell.command(|session, _| session.refuse(open.channel, Code::Busy, "not now"));
            }
        }
        5..=7 => {
            shell.source.values += program.number().min(1000);
            shell.source.length = program.number().min(200_000) as usize;
            shell.ready();
        }
        8 => {
            shell.source.skipped = shell.source.skipped.saturating_add(program.number());
            shell.source.is_finished = program.flag();
            shell.ready();
        }
        9..=11 => shell.take(channel, if action == 9 { program.number() } else { 0 }),
        12 => shell.command(|session, now| session.hangup(now, channel, Code::HungUp, "enough")),
        13 => {
            let request = program.number();
            shell.command(|session, _| session.cancel(channel, request));
        }
        14 => {
            let is_flushing = program.flag();
            shell.command(|session, _| session.set_flushing(is_flushing));
        }
        _ => match program.byte() {
            0..0x10 => shell.command(|session, _| session.goodbye(Code::Closed, "bye")),
            0x10..0x40 => shell.command(|session, _| session.list("name")),
            0x40..0x70 => shell.answer_list(program.number().min(64 * 1024) as usize),
            0x70..0xa0 => {
                let (position, values) = (program.number(), program.number());
                let rejection = Rejection { position, values, text: "odd".into() };
                shell.command(|session, now| session.reject(now, channel, rejection));
            }
            0xa0..0xd0 => {
                let document = document(program);
                match shell.requests.pop() {
                    Some(Open { channel, .. }) => shell.command(|session, _| {
                        session.refuse_with(channel, Code::TypeMismatch, "other", &document);
                    }),
                    None => {
                        if let Some(refused) = shell.refused.pop() {
                            shell.command(|session, _| {
                                session.show(refused, &document);
                            });
                        }
                    }
                }
            }
            _ => shell.ready(),
        },
    }
}

/// A schema, of which the session does not look at a byte.
fn document(program: &mut Program<'_>) -> Document {
    let bytes = vec![7; program.number().min(100_000) as usize].into();
    let subject = program.pick(&[Subject::Values, Subject::Answers]);
    Document { subject, older_types: program.byte().into(), bytes }
}

/// What the user asks for.
fn request(program: &mut Program<'_>) -> OpenRequest {
    OpenRequest {
        dir: program.pick(&[Dir::Recv, Dir::Send]),
        content: program.pick(&[Content::Values, Content::Requests]),
        name: "lines".into(),
        codec: "bytes".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        window_values: program.number() as u32,
        window_bytes: program.number(),
        limit: program.flag().then(|| program.number()),
        clock_ms: 0,
        redelivers: program.flag(),
        growth: GROWTH,
    }
}
