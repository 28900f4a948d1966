//! What the users of channels of requests do: they take requests in any order, answer them, and
//! cancel them.

use netchan::limits::WINDOW_VALUES_MAX;
use netchan::session::{RequestTerms, Role};
use netchan::wire::Open;

use crate::model::Record;
use crate::requests::{answer_length, wants_answer};
use crate::world::World;

impl World {
    /// A side says yes to a channel of requests, if it is still wanted.
    pub(crate) fn accept_requests(&mut self, role: Role, open: &Open, channel: usize) {
        let World { model, sides, .. } = self;
        let record = &model[channel];
        let terms = RequestTerms {
            window_values: WINDOW_VALUES_MAX,
            window_bytes: record.window_bytes,
            answers_bytes: record.window_bytes,
            redelivers: record.redelivers,
            clock_ms: 0,
            identity: [0; 16],
        };
        let Some(session) = sides[role].live() else { return };
        if session.counters(open.channel).is_none() {
            return;
        }
        session.accept_requests(open, terms);
        let record_of_answers = Record::of_answers(channel, record, open.channel.answers());
        let answers = model.len();
        sides[record_of_answers.sender].queues.of(answers);
        model.push(record_of_answers);
        model[channel].asked_mut().answers = Some(answers);
        sides[role].begin_answers(open.channel, model);
    }

    /// The receiver's user takes up to so many requests, some before those that came first, and
    /// answers them; says how many there were.
    pub(crate) fn take_requests(&mut self, channel: usize, values_max: usize) -> usize {
        let mut count = 0;
        while count < values_max {
            let waiting = self.waiting(channel);
            if waiting == 0 {
                break;
            }
            let place = if values_max == usize::MAX { 0 } else { self.dice.index(waiting) };
            self.answer_request(channel, place);
            count += 1;
        }
        count
    }

    /// Values that the receiver's user can take.
    fn waiting(&self, channel: usize) -> usize {
        let record = &self.model[channel];
        let inlet = record.id.and_then(|id| self.sides[record.receiver()].inlets.get(&id));
        inlet.map_or(0, |inlet| inlet.waiting())
    }

    /// The receiver's user takes the request at a place among those that wait, and answers it unless
    /// it was cancelled.
    pub(crate) fn answer_request(&mut self, channel: usize, place: usize) {
        let (now, World { model, sides, statistics, .. }) = (self.now, &mut *self);
        let record = &mut model[channel];
        let receiver = &mut sides[record.receiver()];
        let id = record.id.expect("the channel is open");
        let inlet = receiver.inlets.get_mut(&id).expect("the channel is open");
        let number = inlet.take_at(record, place);
        statistics.values_delivered += 1;
        statistics.requests_taken_out_of_order += u64::from(place > 0);
        let (values, leading, bytes) = (record.taken, record.leading, inlet.taken_bytes);
        let role = receiver.role;
        if let Some(text) = self.reject(channel, number) {
            return self.end_channel(role, channel, |session, now, id| {
                session.end_with_rejected(now, id, (values, bytes, leading), text);
            });
        }
        let World { model, sides, .. } = self;
        if let Some(session) = sides[role].live() {
            session.taken_in_any_order(now, id, values, bytes, leading);
            sides[role].drain_events(model);
        }
        if !wants_answer(number) {
            return;
        }
        let requests = self.model[channel].asked();
        if requests.is_cancelled(number) {
            self.statistics.requests_passed_over += 1;
            return;
        }
        let answers = requests.answers.expect("they are open as long as the requests");
        if self.try_send(answers, &[answer_length(number)]) {
            self.statistics.requests_answered += 1;
            let answers = self.model[answers].answers.as_mut().expect("it carries answers");
            answers.requests.push(number);
        }
    }

    /// Whoever asks has taken the answers up to this one.
    pub(crate) fn hear_answers(&mut self, channel: usize) {
        let World { model, statistics, .. } = self;
        let taken = model[channel].taken as usize;
        let Some(answers) = &mut model[channel].answers else { return };
        let new: Vec<u64> = answers.requests[answers.arrived.len()..taken].to_vec();
        let of = answers.of;
        for number in &new {
            assert!(answers.arrived.insert(*number), "channel {channel}: {number} answered twice");
        }
        let record = &mut model[of];
        let sent = record.sent();
        let requests = record.asked_mut();
        for number in new {
            assert!(number < sent && wants_answer(number), "channel {channel}: nobody asked");
            statistics.answers_repeated += u64::from(!requests.note_answer(number));
        }
    }

    /// Whoever asks wants no answer to a request any more.
    pub(crate) fn cancel(&mut self, channel: usize, number: u64) {
        let World { model, sides, .. } = self;
        let record = &mut model[channel];
        let (Some(id), Some(requests)) = (record.id, &mut record.requests) else { return };
        let side = &mut sides[record.sender];
        if !requests.can_cancel || requests.has_cancelled(number) || !side.is_live() {
            return;
        }
        let queue = side.queues.of(channel);
        let is_certain = !queue.is_over && !queue.said_finished;
        side.live().expect("it is live").cancel(id, number);
        requests.cancel(number, is_certain);
        self.statistics.requests_cancelled += 1;
        self.say(|| format!("request {number} of channel {channel} is cancelled"));
    }

    /// Compares the answers that have come with the requests that went. Both channels are over.
    pub(crate) fn assert_answered(&self, channel: usize, given: u64) {
        let record = &self.model[channel];
        let answers = record.requests.as_ref().and_then(|requests| requests.answers);
        let Some(record_of_answers) = answers.map(|answers| &self.model[answers]) else { return };
        if !record.is_hung_up && !record_of_answers.is_hung_up {
            let answers = record_of_answers.answers.as_ref().expect("it carries answers");
            record.assert_answered(channel, given, &answers.arrived);
        }
    }

    /// A channel of answers ends when that of its requests has ended and all in hand are answered.
    pub(crate) fn finish_answers(&mut self, role: Role) {
        for channel in 0..self.model.len() {
            let record = &self.model[channel];
            let answers = record.requests.as_ref().and_then(|requests| requests.answers);
            if let Some(answers) = answers
                && record.receiver() == role
                && record.lost[role].is_some()
                && self.waiting(channel) == 0
            {
                self.finish(answers);
            }
        }
    }
}
