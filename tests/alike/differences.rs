//! What differs from a `Recipient` of an actor here: one test for each point of the list in
//! `docs/guide.md`, with the name that it has there.

use std::task::Poll;
use std::time::Duration;

use actix::dev::SendError;
use actix::prelude::*;
use netchan::channel::Overflow;
use netchan::limits::{OUTLET_HAND_MESSAGES, OUTLET_MAILBOX_MESSAGES};
use netchan_actix::messages::{
    ExportReceiver, ExportRecipient, ExportRequests, Hangup, ImportReceiver, ImportRecipient, Serve,
};
use netchan_actix::{ExporterActor, Target};
use serde::{Deserialize, Serialize, Serializer};

use crate::actors::{Manner, Task, Worker, by};
use crate::place::{Link, Sides, TestResult, Way, guarded, is_waiting, quick_config, until};

const CLOSED: Result<u64, MailboxError> = Err(MailboxError::Closed);

async fn sides() -> TestResult<Sides> {
    Sides::new(Link::Memory, Way::ToExporter).await
}

const fn now(number: u64) -> Task {
    Task(number, Manner::Now)
}

#[test]
fn each_point_of_the_guide_has_its_test() {
    let guide = include_str!("../../docs/guide.md");
    let (_, rest) = guide.split_once("### What differs from an actor here").unwrap_or_default();
    let (list, _) = rest.split_once("\n## ").unwrap_or_default();
    let points: Vec<String> = list
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once(".**"))
        .map(|(point, _)| point.to_lowercase().replace('`', "").replace([' ', '-'], "_"))
        .collect();
    let tests: Vec<&str> = include_str!("differences.rs")
        .lines()
        .zip(include_str!("differences.rs").lines().skip(1))
        .filter(|(attribute, _)| *attribute == "#[actix::test]")
        .filter_map(|(_, line)| line.strip_prefix("async fn ")?.split_once('('))
        .map(|(name, _)| name)
        .collect();
    assert!(points.len() > 5, "there is a list");
    for test in &tests {
        assert!(points.iter().any(|point| point == test), "{test} is not in the guide");
    }
    assert_eq!(points.len(), tests.len(), "each point has a test");
}

#[actix::test]
async fn full_is_the_window_and_the_mailbox_before_it() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let _requests = sides.exporter.send(ExportRequests::<Task, u64>::new("tasks")).await??;
        let import = ImportRecipient::<Task>::new("tasks").size(8);
        let recipient = sides.importer.send(import).await??;
        let mut taken = 0;
        // Full, and still full when everything else has run.
        for _ in 0..1000 {
            match recipient.try_send(now(taken)) {
                Ok(()) => taken += 1,
                Err(SendError::Full(_)) => tokio::task::yield_now().await,
                Err(error) => return Err(error.into()),
            }
        }
        let (least, most) = (8 + OUTLET_MAILBOX_MESSAGES, 8 + 2 * OUTLET_MAILBOX_MESSAGES);
        let most = most + OUTLET_HAND_MESSAGES;
        assert!((least..=most).contains(&(taken as usize)), "{taken} were taken");
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_idle_actor_that_has_gone_is_noticed_with_the_next_message() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, seen) = Worker::start();
        let recipient = sides.lead_to("tasks", worker.clone().recipient()).await?;
        assert_eq!(recipient.send(now(1)).await, Ok(1));
        worker.send(Task(2, Manner::AndStop)).await?;
        until(|| !worker.connected()).await;
        assert!(recipient.connected(), "nobody has told");
        assert_eq!(recipient.send(now(3)).await, CLOSED);
        until(|| !recipient.connected()).await;
        assert_eq!(seen.begun(), [1, 2]);
        Ok(())
    })
    .await
}

#[actix::test]
async fn the_message_that_finds_nobody_goes_to_the_next_actor() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, _seen) = Worker::start();
        let (target, replacements) = Target::replaceable(worker.clone().recipient());
        let recipient = sides.lead_to("tasks", target).await?;
        for life in 0..10 {
            assert_eq!(recipient.send(now(life)).await, Ok(life));
        }
        worker.send(Task(2, Manner::AndStop)).await?;
        until(|| !worker.connected()).await;
        let mut asked: Vec<_> =
            (0..100).map(|number| Box::pin(recipient.send(now(number)))).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        for waiting in &mut asked {
            assert!(is_waiting(waiting).await);
        }
        let (next, seen) = Worker::start();
        replacements.replace(next.recipient());
        let answers = futures::future::try_join_all(asked).await?;
        assert!(answers.into_iter().eq(0..100));
        assert!(seen.done().into_iter().eq(0..100));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_recipient_that_is_dropped_does_not_stop_the_actor() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, _seen) = Worker::start();
        let kept = worker.clone();
        let recipient = sides.lead_to("tasks", worker.recipient()).await?;
        assert_eq!(recipient.send(now(1)).await, Ok(1));
        drop(recipient);
        // It lives for as long as there is somebody on its own side who holds it.
        assert_eq!(kept.send(now(2)).await, Ok(2));
        Ok(())
    })
    .await
}

#[actix::test]
async fn two_channels_to_one_actor_are_not_equal() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, _seen) = Worker::start();
        let one = sides.lead_to("one", worker.clone().recipient()).await?;
        let other = sides.lead_to("other", worker.clone().recipient()).await?;
        assert!(worker.clone().recipient::<Task>() == worker.recipient::<Task>());
        assert!(one != other);
        Ok(())
    })
    .await
}

/// Cannot be sent if it is odd.
#[derive(Deserialize, Message)]
#[rtype(result = "Picky")]
struct Picky(u64);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 2 == 1 {
            return Err(serde::ser::Error::custom("it is odd"));
        }
        serializer.serialize_newtype_struct("Picky", &self.0)
    }
}

#[actix::test]
async fn what_cannot_be_encoded_is_closed() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let halving = by(|Picky(number)| MessageResult::<Picky>(Picky(number / 2)));
        let recipient = sides.lead_to("halves", halving.recipient()).await?;
        let halved = |number| {
            let asked = recipient.send(Picky(number));
            async { asked.await.map(|Picky(half)| half) }
        };
        assert_eq!(halved(4).await, Ok(2));
        assert_eq!(halved(1).await, CLOSED, "the request");
        assert_eq!(halved(2).await, CLOSED, "its answer");
        assert_eq!(halved(8).await, Ok(4), "the channel goes on");
        assert!(recipient.connected());
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_lost_link_is_a_delay() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let recipient = sides.lead_to("tasks", Worker::start().0.recipient()).await?;
        assert_eq!(recipient.send(now(1)).await, Ok(1));
        sides.network.cut_off();
        assert!(recipient.connected());
        let mut asked = Box::pin(recipient.send(now(2)));
        let timed_out = recipient.send(now(3)).timeout(Duration::from_millis(20)).await;
        assert_eq!(timed_out, Err(MailboxError::Timeout));
        assert!(is_waiting(&mut asked).await);
        sides.network.admit();
        assert_eq!(asked.await, Ok(2));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_lost_session_closes_what_is_begun() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, seen) = Worker::start();
        let recipient = sides.lead_to("tasks", worker.clone().recipient()).await?;
        let mut asked = Box::pin(recipient.send(Task(1, Manner::Held)));
        assert!(is_waiting(&mut asked).await);
        until(|| seen.begun() == [1]).await;
        let listener = sides.network.restart_exporter();
        let exporter = ExporterActor::new(quick_config()).start();
        let export = ExportReceiver::<Task>::new("tasks").deliver_to(worker.recipient());
        exporter.send(export).await??;
        exporter.send(Serve(listener)).await?;
        assert_eq!(asked.await, CLOSED);
        assert!(recipient.connected());
        assert_eq!(recipient.send(now(2)).await, Ok(2));
        assert_eq!(seen.begun(), [1, 2]);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_hangup_closes_what_is_begun_and_the_handler_may_have_run() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, seen) = Worker::start();
        let recipient = sides.lead_to("tasks", worker.clone().recipient()).await?;
        let mut asked = Box::pin(recipient.send(Task(1, Manner::Held)));
        assert!(is_waiting(&mut asked).await);
        until(|| seen.begun() == [1]).await;
        sides.importer.send(Hangup::new("tasks")).await??;
        assert_eq!(asked.await, CLOSED);
        assert!(!recipient.connected());
        assert!(worker.connected());
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_flood_by_do_send_may_be_dropped_if_so_wanted() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, seen) = Worker::start();
        let export = ExportReceiver::<Task>::new("tasks").deliver_to(worker.recipient());
        sides.exporter.send(export).await??;
        let import = ImportRecipient::<Task>::new("tasks").overflow(Overflow::DropNewest);
        let recipient = sides.importer.send(import).await??;
        for number in 0..50_000 {
            recipient.do_send(now(number));
        }
        assert_eq!(recipient.send(now(50_000)).await, Ok(50_000));
        let done = seen.done();
        assert!(done.len() < 50_000 && done.is_sorted());
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exported_recipient_waits_for_the_next_importer() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let recipient = sides.exporter.send(ExportRecipient::<Task>::new("tasks")).await??;
        let (worker, _seen) = Worker::start();
        let import = || ImportReceiver::<Task>::new("tasks");
        sides.importer.send(import().deliver_to(worker.recipient())).await??;
        let mut last = Box::pin(recipient.send(Task(1, Manner::AndStop)));
        let mut waiting: Vec<_> =
            (2..100).map(|number| Box::pin(recipient.send(now(number)))).collect();
        assert!(is_waiting(&mut last).await);
        assert_eq!(last.await, Ok(1));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(recipient.connected());
        // Those that were in the actor's hands are closed, the others wait.
        let mut closed = 0;
        let mut others = Vec::new();
        for mut asked in waiting.drain(..) {
            match std::future::poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await {
                Poll::Ready(answer) => {
                    assert_eq!(answer, CLOSED);
                    closed += 1;
                }
                Poll::Pending => others.push(asked),
            }
        }
        let (next, seen) = Worker::start();
        sides.importer.send(import().deliver_to(next.recipient())).await??;
        assert_eq!(recipient.send(now(100)).await, Ok(100));
        futures::future::try_join_all(others).await?;
        assert!(seen.done().into_iter().eq(2 + closed..=100));
        Ok(())
    })
    .await
}

#[actix::test]
async fn one_that_came_in_a_message_ends_with_its_session() -> TestResult {
    guarded(async {
        let sides = sides().await?;
        let (worker, _seen) = Worker::start();
        let named = sides.lead_to("tasks", worker.clone().recipient()).await?;
        let carried = sides.carry("message", worker.clone().recipient()).await?;
        assert_eq!(carried.send(now(1)).await, Ok(1));
        sides.network.cut();
        assert_eq!(carried.send(now(2)).await, Ok(2));
        // The exporter's program comes back, and knows nothing of the message.
        let listener = sides.network.restart_exporter();
        let next = ExporterActor::new(quick_config()).start();
        let export = ExportReceiver::<Task>::new("tasks").deliver_to(worker.clone().recipient());
        next.send(export).await??;
        next.send(Serve(listener)).await?;
        until(|| !carried.connected()).await;
        assert_eq!(carried.send(now(3)).await, CLOSED);
        assert_eq!(named.send(now(4)).await, Ok(4));
        assert!(worker.connected());
        Ok(())
    })
    .await
}
