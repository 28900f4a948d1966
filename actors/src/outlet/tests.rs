//! Answers that come later, from a stand-in for a channel that has them.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use actix::{MailboxError, Message, Recipient};
use futures::FutureExt;
use futures::future::BoxFuture;
use netchan::channel::{Closed, Feeder, Origin, Overflowed, Reason, TrySendError};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::outlet::OutletBuilder;
use crate::outlet::outbound::{Asked, Outbound};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Question(u32);

impl Message for Question {
    type Result = Result<u32, String>;
}

/// A question that has arrived, and where its answer goes.
type Arrived = (u32, Option<oneshot::Sender<Result<u32, String>>>);

/// Takes questions while it has room.
#[derive(Clone)]
struct Desk {
    arrived: mpsc::UnboundedSender<Arrived>,
    room: Arc<Mutex<usize>>,
    has_room: Arc<Notify>,
    closed: Arc<Mutex<bool>>,
    has_closed: Arc<Notify>,
}

impl Desk {
    fn new(room: usize) -> (Desk, mpsc::UnboundedReceiver<Arrived>) {
        let (arrived, questions) = mpsc::unbounded_channel();
        let desk = Desk {
            arrived,
            room: Arc::new(Mutex::new(room)),
            has_room: Arc::default(),
            closed: Arc::default(),
            has_closed: Arc::default(),
        };
        (desk, questions)
    }

    fn make_room(&self, room: usize) {
        *self.room.lock() += room;
        self.has_room.notify_one();
    }

    fn close(&self) {
        *self.closed.lock() = true;
        self.has_closed.notify_one();
    }

    fn take<R>(
        &self,
        question: Question,
        put: impl FnOnce(u32) -> R,
    ) -> Result<R, TrySendError<Question>> {
        if *self.closed.lock() {
            return Err(TrySendError::Closed(question, Closed::new(Origin::Local, Reason::HungUp)));
        }
        let mut room = self.room.lock();
        if *room == 0 {
            return Err(TrySendError::Full(question));
        }
        *room -= 1;
        Ok(put(question.0))
    }
}

impl Outbound<Question> for Desk {
    type Answer = BoxFuture<'static, Option<Result<u32, String>>>;

    fn try_tell(&self, question: Question) -> Result<(), TrySendError<Question>> {
        self.take(question, |number| _ = self.arrived.send((number, None)))
    }

    fn try_ask(
        &self,
        question: Question,
    ) -> Result<Asked<Result<u32, String>, Self::Answer>, TrySendError<Question>> {
        self.take(question, |number| {
            let (reply, answer) = oneshot::channel();
            _ = self.arrived.send((number, Some(reply)));
            Asked::Pending(answer.map(Result::ok).boxed())
        })
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        self.has_room.notified().boxed()
    }

    fn watch_closed(&self) -> BoxFuture<'static, Closed> {
        let has_closed = self.has_closed.clone();
        let closed = Closed::new(Origin::Local, Reason::HungUp);
        async move { has_closed.notified().await }.map(|()| closed).boxed()
    }

    fn slots(&self) -> usize {
        4
    }

    fn add_feeder(&self, _: Arc<dyn Feeder>) {}

    fn tell_overflow(&self, _: Overflowed) {}
}

fn recipient(desk: &Desk) -> Recipient<Question> {
    OutletBuilder::new(desk.clone()).start().0
}

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// The next question to which there is an answer.
async fn asked(
    questions: &mut mpsc::UnboundedReceiver<Arrived>,
) -> Result<(u32, oneshot::Sender<Result<u32, String>>), &'static str> {
    let (number, reply) = questions.recv().await.ok_or("the outlet is gone")?;
    Ok((number, reply.ok_or("it was told, not asked")?))
}

#[actix::test]
async fn answers_come_in_any_order_and_each_to_its_caller() -> TestResult {
    let (desk, mut questions) = Desk::new(100);
    let recipient = recipient(&desk);
    let asks: Vec<_> = (0..10).map(|number| recipient.clone().send(Question(number))).collect();
    let mut replies = Vec::new();
    for number in 0..10 {
        let (came, reply) = asked(&mut questions).await?;
        assert_eq!(came, number, "they are asked in order");
        replies.push(reply);
    }
    for (number, reply) in replies.into_iter().enumerate().rev() {
        let answer = if number == 3 { Err("three".into()) } else { Ok(number as u32 * 2) };
        reply.send(answer).map_err(|_| "nobody waits")?;
    }
    for (number, ask) in asks.into_iter().enumerate() {
        let answer = if number == 3 { Err("three".into()) } else { Ok(number as u32 * 2) };
        assert_eq!(ask.await?, answer);
    }
    Ok(())
}

#[actix::test]
async fn an_ask_that_is_given_up_drops_its_answer() -> TestResult {
    let (desk, mut questions) = Desk::new(100);
    let recipient = recipient(&desk);
    let ask = recipient.send(Question(1));
    let (_, mut reply) = asked(&mut questions).await?;
    let is_waited_for = poll_fn(|cx| Poll::Ready(reply.poll_closed(cx).is_pending())).await;
    assert!(is_waited_for);
    drop(ask);
    reply.closed().await;
    Ok(())
}

#[actix::test]
async fn an_ask_that_is_given_up_while_it_waits_is_not_sent() -> TestResult {
    let (desk, mut questions) = Desk::new(0);
    let recipient = recipient(&desk);
    recipient.do_send(Question(1));
    let given_up = recipient.send(Question(2));
    recipient.do_send(Question(3));
    let kept = recipient.send(Question(4));
    tokio::task::yield_now().await;
    drop(given_up);
    desk.make_room(100);
    assert_eq!(questions.recv().await.map(|(number, _)| number), Some(1));
    assert_eq!(questions.recv().await.map(|(number, _)| number), Some(3));
    let (number, reply) = asked(&mut questions).await?;
    assert_eq!(number, 4);
    reply.send(Ok(5)).map_err(|_| "nobody waits")?;
    assert_eq!(kept.await?, Ok(5));
    Ok(())
}

#[actix::test]
async fn an_ask_outlives_its_recipient() -> TestResult {
    let (desk, mut questions) = Desk::new(100);
    let recipient = recipient(&desk);
    let ask = recipient.send(Question(1));
    drop(recipient);
    let (_, reply) = asked(&mut questions).await?;
    tokio::task::yield_now().await;
    reply.send(Ok(2)).map_err(|_| "nobody waits")?;
    assert_eq!(ask.await?, Ok(2));
    // With the last answer the outlet ends, and so does the channel.
    drop(desk);
    assert!(questions.recv().await.is_none());
    Ok(())
}

#[actix::test]
async fn an_ask_that_gets_no_answer_is_refused() -> TestResult {
    let (desk, mut questions) = Desk::new(2);
    let recipient = recipient(&desk);
    let asks: Vec<_> = (0..4).map(|number| recipient.clone().send(Question(number))).collect();
    let (_, lost) = asked(&mut questions).await?;
    let (_, answered) = asked(&mut questions).await?;
    desk.close();
    drop(lost);
    answered.send(Ok(7)).map_err(|_| "nobody waits")?;
    let results = futures::future::join_all(asks).await;
    // What was asked before the end may still be answered.
    let closed = Err(MailboxError::Closed);
    assert_eq!(results, [closed.clone(), Ok(Ok(7)), closed.clone(), closed]);
    assert!(!recipient.connected());
    Ok(())
}
