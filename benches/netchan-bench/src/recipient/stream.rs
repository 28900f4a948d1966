//! As many messages as will go, by `do_send`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

use actix::dev::RecipientRequest;
use actix::{Actor, Addr, Message, Recipient};
use netchan::channel::{Overflow, Value};
use netchan_actix::messages::Close;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::link::Runtime;
use crate::plain::name;
use crate::recipient::target::{Finish, Target};
use crate::recipient::{Tell, accept, close, export, exporter, import, open};
use crate::{End, Failure, Item, Plan, Received, Sent, number};

/// Requests among the messages that may be unanswered. Between two of them stands this part of a window,
/// so that about one window waits at most, in the mailbox and on its way: `do_send` itself never waits.
const UNANSWERED_MAX: usize = 8;

/// Bytes between two requests at most.
const PACE_BYTES: usize = 256 * 1024;

/// Sends from importers to an actor for each channel until the time is up. It is over when all has
/// been handled.
///
/// # Errors
///
/// When a value is missing, doubled or swapped, and when a channel ends too early.
pub fn stream<V: Item + Value>(plan: Plan) -> Result<(Sent, Received), Failure> {
    let (near, far) = plan.link.ends(plan.connections)?;
    let (finished, is_finished) = oneshot::channel();
    let importer = async || {
        let sent = send_all::<V>(plan, near).await;
        // Also after a failure: the exporter must not wait for ever.
        let _failed_itself = finished.send(());
        sent
    };
    let exporter = async || receive_all::<V>(plan, far, is_finished).await;
    let ((sent, done), values) = plan.link.run(Runtime::Actix, importer, exporter)?;
    Ok((sent, Received { values, done }))
}

async fn send_all<V: Item + Value>(plan: Plan, ends: Vec<End>) -> Result<(Sent, Instant), Failure> {
    let (mut importers, mut all_recipients) = (Vec::new(), Vec::new());
    for end in ends {
        let importer = open(end).await?;
        let mut recipients: Vec<Recipient<Tell<V>>> = Vec::new();
        for channel in 0..plan.channels {
            let window = Some(plan.window);
            recipients.push(import(&importer, &name(channel), window, Overflow::Wait).await?);
        }
        importers.push(importer);
        all_recipients.push(recipients);
    }
    let mut tasks = JoinSet::new();
    for (connection, recipients) in all_recipients.into_iter().enumerate() {
        tasks.spawn(send(plan, connection, recipients));
    }
    let mut sum = Sent { values: 0, began: Instant::now() };
    while let Some(sent) = tasks.join_next().await {
        sum = sum.and(sent??);
    }
    let done = Instant::now();
    for importer in importers {
        importer.send(Close).await?;
    }
    Ok((sum, done))
}

/// Sends to each actor in turn until the time is up.
async fn send<V: Item>(
    plan: Plan,
    connection: usize,
    recipients: Vec<Recipient<Tell<V>>>,
) -> Result<Sent, Failure> {
    let value = |channel, count| Tell(V::new(number(connection, channel, count), plan.bytes));
    let mut pacers: Vec<Pacer<Tell<V>>> = Vec::new();
    for recipient in recipients {
        pacers.push(Pacer::new(recipient, plan));
    }
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < plan.run {
        for count in count..count + plan.burst() {
            for (channel, pacer) in pacers.iter_mut().enumerate() {
                pacer.send(value(channel, count)).await?;
            }
        }
        count += plan.burst();
    }
    for (channel, pacer) in pacers.iter_mut().enumerate() {
        pacer.finish(value(channel, count)).await?;
    }
    count += 1;
    Ok(Sent { values: count * pacers.len() as u64, began })
}

async fn receive_all<V: Item + Value>(
    plan: Plan,
    ends: Vec<End>,
    is_finished: oneshot::Receiver<()>,
) -> Result<u64, Failure> {
    let exporter = exporter();
    let mut targets: Vec<Addr<Target>> = Vec::new();
    for channel in 0..plan.channels {
        let target = Target::of_channel(channel, plan.connections).start();
        export(&exporter, &name(channel), target.clone().recipient::<Tell<V>>()).await?;
        targets.push(target);
    }
    accept(&exporter, ends).await?;
    is_finished.await?;
    let mut values = 0;
    for target in targets {
        values += target.send(Finish).await??;
    }
    close(exporter).await?;
    Ok(values)
}

/// Sends by `do_send`, and by `send` now and then, to wait for those who handle it.
struct Pacer<M: Message + Send + 'static>
where
    M::Result: Send,
{
    recipient: Recipient<M>,
    unanswered: VecDeque<Pin<Box<RecipientRequest<M>>>>,
    pace: usize,
    since: usize,
}

impl<M: Message + Send + 'static> Pacer<M>
where
    M::Result: Send,
{
    fn new(recipient: Recipient<M>, plan: Plan) -> Pacer<M> {
        let pace =
            (plan.window as usize / UNANSWERED_MAX).min(PACE_BYTES / plan.bytes.max(1)).max(1);
        Pacer { recipient, unanswered: VecDeque::new(), pace, since: 0 }
    }

    /// Sends a message, and waits if too many are not handled.
    async fn send(&mut self, message: M) -> Result<(), Failure> {
        self.since += 1;
        if self.since < self.pace {
            self.recipient.do_send(message);
            return Ok(());
        }
        self.since = 0;
        self.ask(message).await?;
        if self.unanswered.len() > UNANSWERED_MAX
            && let Some(oldest) = self.unanswered.pop_front()
        {
            oldest.await?;
        }
        Ok(())
    }

    /// Sends the last message, and waits until all are handled.
    async fn finish(&mut self, message: M) -> Result<(), Failure> {
        self.ask(message).await?;
        for answer in self.unanswered.drain(..) {
            answer.await?;
        }
        Ok(())
    }

    /// Puts a request into the mailbox, which happens when it is polled for the first time.
    async fn ask(&mut self, message: M) -> Result<(), Failure> {
        let mut request = Box::pin(self.recipient.send(message));
        match poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx))).await {
            Poll::Pending => self.unanswered.push_back(request),
            Poll::Ready(answer) => drop(answer?),
        }
        Ok(())
    }
}
