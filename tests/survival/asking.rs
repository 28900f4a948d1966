//! Requests over links and sessions that are lost.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use actix::prelude::*;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use netchan::channel::{AskError, Caller, Requests};
use netchan::net::{Event, ImportSettings, Unconfirmed};
use netchan_actix::messages::{
    Events, ExportReceiver, ExportRequests, ImportCaller, ImportRecipient, ImportRequests,
};
use netchan_actix::{Host, Remote};
use serde::{Deserialize, Serialize};

use crate::support::{Proxy, Restarting, Scene, TestResult, guarded, is_waiting, wait_for};

/// A number to be doubled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
struct Double(u64);

/// How often each number was handled.
type Handled = Rc<RefCell<HashMap<u64, u32>>>;

/// Doubles, and counts.
struct Doubler {
    handled: Handled,
}

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Handler<Double> for Doubler {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, Double(number): Double, _: &mut Context<Self>) -> Self::Result {
        *self.handled.borrow_mut().entry(number).or_default() += 1;
        Box::pin(async move {
            for _ in 0..number % 7 {
                tokio::task::yield_now().await;
            }
            2 * number
        })
    }
}

#[actix::test]
async fn each_request_is_handled_once_and_answered_once_over_many_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let handled = Handled::default();
        let doubler = Doubler { handled: handled.clone() }.start().recipient();
        let export = ExportReceiver::<Double>::new("doubles").deliver_to(doubler);
        scene.exporter.send(export).await??;
        let import = ImportCaller::<Double, u64>::new("doubles");
        let caller = scene.importer.send(import).await??;

        let requests = 20_000;
        let mut in_flight = FuturesUnordered::new();
        let mut answered = 0;
        let mut next = 0;
        while answered < requests {
            while next < requests && in_flight.len() < 64 {
                let (caller, number) = (caller.clone(), next);
                in_flight.push(async move { (number, caller.ask(Double(number)).await) });
                next += 1;
            }
            let (number, answer) = in_flight.next().await.ok_or("nothing is in flight")?;
            assert_eq!(answer?, 2 * number);
            answered += 1;
            if answered % 1000 == 0 {
                scene.proxy.cut();
            }
        }
        let status = scene.importers_status().await?;
        assert!(status.resumes >= 10, "{status:?}");
        assert_eq!(status.lost_sessions, 0);
        assert_eq!(handled.borrow().len() as u64, requests);
        assert!(handled.borrow().values().all(|times| *times == 1));
        assert_eq!(caller.unanswered(), 0);
        Ok(())
    })
    .await
}

/// Whoever asks, and an exporter that dies with requests in its hands.
struct Interrupted {
    restarting: Restarting,
    caller: Caller<u64, u64>,
    requests: Requests<u64, u64>,
}

impl Interrupted {
    async fn new(settings: ImportSettings) -> TestResult<Interrupted> {
        let restarting = Restarting::new().await?;
        let export = ExportRequests::<u64, u64>::new("asks");
        let requests = restarting.process.exporter.send(export).await??;
        let import = ImportCaller::new("asks").settings(settings);
        let caller = restarting.importer.send(import).await??;
        Ok(Interrupted { restarting, caller, requests })
    }

    /// The exporter dies, and its next life exports the same channel.
    async fn restart(self) -> TestResult<Interrupted> {
        let Interrupted { restarting, caller, requests } = self;
        let restarting = restarting.restart().await?;
        drop(requests);
        let export = ExportRequests::<u64, u64>::new("asks");
        let requests = restarting.process.exporter.send(export).await??;
        restarting.up();
        Ok(Interrupted { restarting, caller, requests })
    }
}

#[actix::test]
async fn requests_of_unknown_fate_fail_and_others_go_to_the_next_life() -> TestResult {
    guarded(async {
        let mut scene = Interrupted::new(ImportSettings::default().size(3)).await?;
        let mut events = scene.restarting.importer.send(Events).await?;
        let in_hand = scene.caller.begin_ask(1).await?;
        let _held = scene.requests.recv().await?;
        let in_flight = scene.caller.begin_ask(2).await?;
        scene.caller.tell(3).await?;
        let mut queued = Box::pin(scene.caller.ask(4));
        assert!(is_waiting(&mut queued).await, "the window is full");
        while scene.requests.len() < 2 {
            tokio::task::yield_now().await;
        }
        let caller = scene.caller.clone();
        drop(queued);
        scene = scene.restart().await?;
        assert!(matches!(in_hand.await, Err(AskError::UnknownFate(_))));
        assert!(matches!(in_flight.await, Err(AskError::UnknownFate(_))));
        let (unconfirmed, again, given_up) = wait_for!(
            events,
            Event::Unconfirmed { unconfirmed_values, redelivered_values, discarded_values, .. } =>
                (unconfirmed_values, redelivered_values, discarded_values)
        );
        assert_eq!((unconfirmed, again, given_up), (3, 1, 2));
        let fresh = caller.begin_ask(5).await?;
        let told = scene.requests.recv().await?;
        assert!(!told.is_ask() && *told.message() == 3, "what is told is sent again");
        let (number, responder) = scene.requests.recv().await?.into_parts();
        assert_eq!(number, 5);
        responder.answer(10)?;
        assert_eq!(fresh.await?, 10);
        assert_eq!(caller.unanswered(), 0);
        Ok(())
    })
    .await
}

#[actix::test]
async fn requests_that_nobody_waits_for_are_not_counted_as_sent_again() -> TestResult {
    guarded(async {
        let settings = ImportSettings::default().size(3).redelivers_asks();
        let mut scene = Interrupted::new(settings).await?;
        let mut events = scene.restarting.importer.send(Events).await?;
        let given_up = scene.caller.begin_ask(1).await?;
        let wanted = scene.caller.begin_ask(2).await?;
        let _held = [scene.requests.recv().await?, scene.requests.recv().await?];
        drop(given_up);
        scene = scene.restart().await?;
        let (unconfirmed, again, dropped) = wait_for!(
            events,
            Event::Unconfirmed { unconfirmed_values, redelivered_values, discarded_values, .. } =>
                (unconfirmed_values, redelivered_values, discarded_values)
        );
        assert_eq!((unconfirmed, again, dropped), (2, 1, 1));
        let (number, responder) = scene.requests.recv().await?.into_parts();
        assert_eq!(number, 2);
        responder.answer(4)?;
        assert_eq!(wanted.await?, 4);
        Ok(())
    })
    .await
}

#[actix::test]
async fn requests_are_asked_again_if_so_wanted() -> TestResult {
    guarded(async {
        let settings = ImportSettings::default().size(4).redelivers_asks();
        let mut scene = Interrupted::new(settings).await?;
        let answers: Vec<_> =
            futures::future::try_join_all((1..4).map(|n| scene.caller.begin_ask(n))).await?;
        let _held = scene.requests.recv().await?;
        scene = scene.restart().await?;
        for expected in 1..4 {
            let (number, responder) = scene.requests.recv().await?.into_parts();
            assert_eq!(number, expected);
            responder.answer(2 * number)?;
        }
        for (answer, expected) in answers.into_iter().zip(1..4) {
            assert_eq!(answer.await?, 2 * expected);
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn requests_that_were_never_sent_are_answered_by_the_next_life() -> TestResult {
    guarded(async {
        let settings = ImportSettings::default().unconfirmed(Unconfirmed::Discard);
        let scene = Interrupted::new(settings).await?;
        let mut events = scene.restarting.importer.send(Events).await?;
        scene.restarting.proxy.cut_off();
        wait_for!(events, Event::LinkLost { .. });
        let early = scene.caller.begin_ask(1).await?;
        let given_up = scene.caller.begin_ask(2).await?;
        let late = scene.caller.begin_ask(3).await?;
        drop(given_up);
        let mut scene = scene.restart().await?;
        for expected in [1, 3] {
            let (number, responder) = scene.requests.recv().await?.into_parts();
            assert_eq!(number, expected);
            responder.answer(2 * number)?;
        }
        assert_eq!((early.await?, late.await?), (2, 6));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_request_can_be_given_up_while_there_is_no_link() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let mut requests = scene.exporter.send(ExportRequests::<u64, u64>::new("asks")).await??;
        let caller = scene.importer.send(ImportCaller::<u64, u64>::new("asks")).await??;
        let in_hand = caller.begin_ask(1).await?;
        let (_, responder) = requests.recv().await?.into_parts();
        let waiting = caller.begin_ask(2).await?;
        while requests.is_empty() {
            tokio::task::yield_now().await;
        }
        scene.proxy.cut_off();
        drop((in_hand, waiting));
        let last = caller.begin_ask(3).await?;
        assert!(!responder.is_cancelled());
        scene.proxy.admit();
        responder.cancelled().await;
        let (number, responder) = requests.recv().await?.into_parts();
        assert_eq!(number, 3);
        responder.answer(6)?;
        assert_eq!(last.await?, 6);
        Ok(())
    })
    .await
}

#[actix::test]
async fn answers_wait_for_the_next_link() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let mut requests = scene.exporter.send(ExportRequests::<u64, u64>::new("asks")).await??;
        let caller = scene.importer.send(ImportCaller::<u64, u64>::new("asks")).await??;
        let mut answers = Vec::new();
        for number in 0..10 {
            answers.push(caller.begin_ask(number).await?);
        }
        let mut responders = Vec::new();
        for _ in 0..10 {
            responders.push(requests.recv().await?.into_parts());
        }
        scene.proxy.cut_off();
        for (number, responder) in responders.into_iter().rev() {
            responder.answer(2 * number)?;
        }
        scene.proxy.admit();
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await?, 2 * number as u64);
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exporter_asks_its_importers_over_cuts() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let export = netchan_actix::messages::ExportCaller::<u64, u64>::new("work");
        let caller = scene.exporter.send(export).await??;
        let import = ImportRequests::<u64, u64>::new("work");
        let mut requests = scene.importer.send(import).await??;
        actix::spawn(async move {
            while let Ok(request) = requests.recv().await {
                let (number, responder) = request.into_parts();
                let _told = responder.answer(2 * number);
            }
        });
        for round in 0..20 {
            let asks = (0..100).map(|number| caller.ask(100 * round + number));
            let asks = futures::future::try_join_all(asks);
            scene.proxy.cut();
            let answers = asks.await?;
            assert!(answers.iter().enumerate().all(|(at, a)| *a == 2 * (100 * round + at as u64)));
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_recipient_gets_the_answers_of_the_actor_on_the_other_side() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let handled = Handled::default();
        let doubler = Doubler { handled: handled.clone() }.start().recipient();
        let export = ExportReceiver::<Double>::new("doubles").deliver_to(doubler);
        scene.exporter.send(export).await??;
        let doubles = scene.importer.send(ImportRecipient::<Double>::new("doubles")).await??;
        for round in 0..10 {
            let asks = (0..100).map(|number| doubles.send(Double(100 * round + number)));
            let asks = futures::future::try_join_all(asks);
            scene.proxy.cut();
            let answers = asks.await?;
            assert!(answers.iter().enumerate().all(|(at, a)| *a == 2 * (100 * round + at as u64)));
        }
        assert_eq!(handled.borrow().len(), 1000);
        assert!(handled.borrow().values().all(|times| *times == 1));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_recipient_alone_keeps_its_connection_over_cuts() -> TestResult {
    guarded(async {
        let proxy = Proxy::new();
        let far = proxy.listen().await?;
        let host = Host::listen("127.0.0.1:0").await?;
        let handled = Handled::default();
        host.publish("doubles", Doubler { handled: handled.clone() }.start().recipient()).await?;
        proxy.point_to(host.address());
        // Nothing is kept but the recipient.
        let doubles = Remote::connect(&far).await?.recipient::<Double>("doubles").await?;
        for round in 0..10 {
            let asks = (0..100).map(|number| doubles.send(Double(100 * round + number)));
            let asks = futures::future::try_join_all(asks);
            proxy.cut();
            let answers = asks.await?;
            assert!(answers.iter().enumerate().all(|(at, a)| *a == 2 * (100 * round + at as u64)));
        }
        assert_eq!(handled.borrow().len(), 1000);
        assert!(handled.borrow().values().all(|times| *times == 1));
        Ok(())
    })
    .await
}
