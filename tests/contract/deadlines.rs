//! Requests whose callers wait no longer, and actors that have not begun them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use netchan_actix::messages::{ExportReceiver, ExportRecipient, ImportReceiver, ImportRecipient};
use netchan_actix::messages::{ListenAndServe, Serve};
use netchan_actix::testing::{Network, block_on_paused_clock};
use netchan_actix::{ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::support::{TestResult, guarded, is_waiting};

/// Its answer is its number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Message)]
#[rtype(result = "u64")]
struct Job(u64);

const PATIENCE: Duration = Duration::from_secs(1);

/// Does one job after the other, and each when the gate is open.
struct Worker {
    begun: Rc<RefCell<Vec<u64>>>,
    gate: watch::Receiver<bool>,
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Job> for Worker {
    type Result = AtomicResponse<Self, u64>;

    fn handle(&mut self, Job(number): Job, _: &mut Context<Self>) -> Self::Result {
        self.begun.borrow_mut().push(number);
        let mut gate = self.gate.clone();
        AtomicResponse::new(Box::pin(
            async move {
                let _opened = gate.wait_for(|is_open| *is_open).await;
                number
            }
            .into_actor(self),
        ))
    }
}

struct Echo;

impl Actor for Echo {
    type Context = Context<Self>;
}

impl Handler<Job> for Echo {
    type Result = u64;

    fn handle(&mut self, Job(number): Job, _: &mut Context<Self>) -> u64 {
        number
    }
}

/// Returns when all that was sent before on the same connection has arrived.
async fn settle(echo: &Recipient<Job>) -> TestResult {
    for number in 0..3 {
        assert_eq!(echo.send(Job(number)).await?, number);
    }
    Ok(())
}

#[actix::test]
async fn a_timeout_takes_back_what_the_actor_has_not_begun() -> TestResult {
    guarded(async {
        let begun = Rc::default();
        let (gate, is_open) = watch::channel(false);
        let worker = Worker { begun: Rc::clone(&begun), gate: is_open }.start();
        let exporter = ExporterActor::new(Default::default()).start();
        let jobs = ExportReceiver::<Job>::new("jobs").deliver_to(worker.recipient());
        exporter.send(jobs).await??;
        let echo = ExportReceiver::<Job>::new("echo").deliver_to(Echo.start().recipient());
        exporter.send(echo).await??;
        let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
        let importer = ImporterActor::connect(&address, Default::default()).await?;
        let jobs = importer.send(ImportRecipient::<Job>::new("jobs")).await??;
        let echo = importer.send(ImportRecipient::<Job>::new("echo")).await??;

        let mut first = Box::pin(jobs.send(Job(1)));
        assert!(is_waiting(&mut first).await);
        let second = jobs.send(Job(2)).timeout(Duration::from_millis(10));
        assert_eq!(second.await, Err(MailboxError::Timeout));
        settle(&echo).await?;
        gate.send_replace(true);
        assert_eq!(jobs.send(Job(3)).await, Ok(3));
        assert_eq!(first.await, Ok(1));
        assert_eq!(*begun.borrow(), [1, 3]);
        Ok(())
    })
    .await
}

/// Which side asks.
#[derive(Clone, Copy)]
enum Asks {
    Importer,
    Exporter,
}

fn what_is_late_is_not_begun_without_a_link(who: Asks) -> TestResult {
    block_on_paused_clock(guarded(async move {
        let network = Network::new();
        let begun = Rc::default();
        let (gate, is_open) = watch::channel(false);
        let worker = Worker { begun: Rc::clone(&begun), gate: is_open }.start();
        let exporter = ExporterActor::new(Default::default()).start();
        exporter.send(Serve(network.listener())).await?;
        let importer =
            ImporterActor::new(network.dialler(), "exporter", Default::default()).start();
        let echo = ExportReceiver::<Job>::new("echo").deliver_to(Echo.start().recipient());
        exporter.send(echo).await??;
        let echo = importer.send(ImportRecipient::<Job>::new("echo")).await??;
        let target = worker.clone().recipient();
        let jobs = match who {
            Asks::Importer => {
                exporter.send(ExportReceiver::<Job>::new("jobs").deliver_to(target)).await??;
                let import = ImportRecipient::<Job>::new("jobs").ask_deadline(PATIENCE);
                importer.send(import).await??
            }
            Asks::Exporter => {
                let export = ExportRecipient::<Job>::new("jobs").ask_deadline(PATIENCE);
                let jobs = exporter.send(export).await??;
                importer.send(ImportReceiver::<Job>::new("jobs").deliver_to(target)).await??;
                jobs
            }
        };

        let mut late = Vec::new();
        for number in 1..=3 {
            let mut asked = Box::pin(jobs.send(Job(number)));
            assert!(is_waiting(&mut asked).await);
            late.push(asked);
        }
        settle(&echo).await?;
        assert_eq!(*begun.borrow(), [1]);

        // All three are with the actor. Nobody can tell it that their time is up.
        network.cut_off();
        tokio::time::advance(2 * PATIENCE).await;
        gate.send_replace(true);
        assert_eq!(worker.send(Job(4)).await, Ok(4));
        assert_eq!(*begun.borrow(), [1, 4]);

        network.admit();
        for asked in late {
            assert_eq!(asked.await, Err(MailboxError::Closed));
        }
        assert_eq!(jobs.send(Job(5)).await, Ok(5));
        Ok(())
    }))
}

#[test]
fn an_importer_s_deadline_holds_in_the_actor_s_mailbox_without_a_link() -> TestResult {
    what_is_late_is_not_begun_without_a_link(Asks::Importer)
}

#[test]
fn an_exporter_s_deadline_holds_in_the_actor_s_mailbox_without_a_link() -> TestResult {
    what_is_late_is_not_begun_without_a_link(Asks::Exporter)
}
