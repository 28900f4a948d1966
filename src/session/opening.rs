//! How channels come to be: one side asks for them, the other one accepts or refuses.

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::{WINDOW_BYTES_MAX, WINDOW_BYTES_MIN, WINDOW_VALUES_MAX};
use crate::session::channel::{Channel, Flow, Stated};
use crate::session::credit::{Allowance, Window};
use crate::session::untaken::Untaken;
use crate::session::{OpenError, OpenRequest, RequestTerms, Session};
use crate::wire::{Code, Content, Frame, Open};

impl Session {
    /// Asks the peer for a channel. Either side may.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the session cannot have another channel.
    pub fn open(&mut self, request: OpenRequest) -> Result<ChannelId, OpenError> {
        if self.is_closing {
            return Err(OpenError::Closing);
        }
        if self.table.len() >= self.parameters.channels_max {
            return Err(OpenError::TooManyChannels(self.table.len()));
        }
        let id = self.table.unused(self.parameters.role).ok_or(OpenError::NumbersUsedUp)?;
        let window_values = request.window_values.clamp(1, WINDOW_VALUES_MAX);
        // On the wire, zero stands for no limit.
        let limit = request.limit.map(|limit| limit.max(1));
        let bytes = request.window_bytes.clamp(WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
        let (mut channel, window_bytes) = match (request.dir, request.content) {
            (Dir::Send, Content::Values) => (Channel::outgoing(id, limit, request.redelivers), 0),
            // What this side receives then is answers.
            (Dir::Send, Content::Requests) => {
                (Channel::outgoing(id, limit, request.redelivers), bytes)
            }
            (Dir::Recv, _) => {
                let mut window = Window::new(window_values, bytes, limit);
                if request.content == Content::Values {
                    window.let_grow(request.growth);
                }
                (Channel::incoming(id, window), bytes)
            }
        };
        if let Flow::Out(outbound) = &mut channel.flow {
            outbound.tells_spent.values = request.growth.values_max > 0;
        }
        channel.content = request.content;
        channel.stated = Stated { values: window_values, bytes };
        self.table.insert(channel);
        self.link.push(&Frame::Open(Open {
            channel: id,
            dir: request.dir,
            content: request.content,
            name: request.name,
            codec: request.codec,
            identity: request.identity,
            answer_identity: request.answer_identity,
            also_accepts: request.also_accepts,
            window_values,
            window_bytes,
            limit,
            clock_ms: request.clock_ms,
        }));
        Ok(id)
    }

    /// Accepts what [`Event::OpenRequested`](crate::session::Event::OpenRequested) asked for. `window_values` and `window_bytes` count
    /// if this side receives, `redelivers` if it sends: then values are kept until they are taken.
    /// Does nothing if the channel is over meanwhile.
    pub fn accept(&mut self, open: &Open, window_values: u32, window_bytes: u64, redelivers: bool) {
        self.accept_as(open, window_values, window_bytes, redelivers, [0; 16]);
    }

    /// The same, and states the identity of the type of the values, if this side sends them; all zero
    /// does not.
    pub fn accept_as(
        &mut self,
        open: &Open,
        window_values: u32,
        window_bytes: u64,
        redelivers: bool,
        identity: [u8; 16],
    ) {
        let settled = self.settle(open, Content::Values, window_values, window_bytes, redelivers);
        let Some(Stated { values: window_values, bytes: window_bytes }) = settled else { return };
        let (channel, content) = (open.channel, Content::Values);
        let clock_ms = 0;
        let accept =
            Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity };
        self.link.push(&accept);
        self.join_round(channel);
    }

    /// Accepts a channel that [`Event::OpenRequested`](crate::session::Event::OpenRequested) asked for as one of requests, and with it the
    /// channel for the answers. Does nothing if the channel is over meanwhile.
    pub fn accept_requests(&mut self, open: &Open, terms: RequestTerms) {
        let RequestTerms {
            window_values,
            window_bytes,
            answers_bytes,
            redelivers,
            clock_ms,
            identity,
        } = terms;
        let content = Content::Requests;
        let Some(settled) = self.settle(open, content, window_values, window_bytes, redelivers)
        else {
            return;
        };
        // As many answers as requests. Their bytes are the asker's to say.
        let (this_side_asks, answers) = match open.dir {
            Dir::Recv => {
                let bytes = answers_bytes.clamp(WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
                (true, Stated { values: open.window_values, bytes })
            }
            Dir::Send => (false, Stated { values: settled.values, bytes: open.window_bytes }),
        };
        let channel = open.channel;
        self.table.insert(Channel::for_answers(channel, this_side_asks, answers));
        let window_values = settled.values;
        let window_bytes = if this_side_asks { answers.bytes } else { settled.bytes };
        let accept =
            Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity };
        self.link.push(&accept);
        self.join_round(channel);
    }

    /// Settles the windows of a channel that is accepted; returns this side's, which is nothing if it
    /// sends.
    fn settle(
        &mut self,
        open: &Open,
        content: Content,
        window_values: u32,
        window_bytes: u64,
        redelivers: bool,
    ) -> Option<Stated> {
        let channel = self.table.find_mut(open.channel)?;
        channel.is_accepted = true;
        channel.content = content;
        Some(match &mut channel.flow {
            Flow::Out(outbound) => {
                let (values, bytes) = (open.window_values, open.window_bytes);
                outbound.allowance = Allowance::new(values, bytes, open.limit);
                outbound.untaken = redelivers.then(Untaken::default);
                Stated::default()
            }
            Flow::In(inbound) => {
                let values = window_values.clamp(1, open.window_values.min(WINDOW_VALUES_MAX));
                let bytes = window_bytes.clamp(WINDOW_BYTES_MIN, WINDOW_BYTES_MAX);
                inbound.window = Window::new(values, bytes, open.limit);
                Stated { values, bytes }
            }
        })
    }

    /// Refuses what [`Event::OpenRequested`](crate::session::Event::OpenRequested) asked for.
    pub fn refuse(&mut self, id: ChannelId, code: Code, text: impl Into<String>) {
        if self.table.remove(id).is_some() {
            self.link.push(&Frame::Refuse { channel: id, code, text: text.into() });
        }
    }
}
