//! Recipients in messages, over links that are cut and programs that restart.

use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use netchan::net::Config;
use netchan::testing::{Dialler, Network};
use netchan_actix::messages::{ExportReceiver, ImportSender, Serve, Status};
use netchan_actix::testing::block_on_paused_clock;
use netchan_actix::{ExporterActor, ImporterActor, RemoteRecipient, SenderExt};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::support::TestResult;

const LEASE: Duration = Duration::from_secs(100);

#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
struct Job {
    number: u64,
    reply_to: RemoteRecipient<Reply>,
}

/// The answer says whether it was the first.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "bool")]
struct Reply(u64);

/// Waits for one reply. The lives of all are counted.
struct Asker {
    replies: Vec<u64>,
    replied: mpsc::UnboundedSender<Vec<u64>>,
    _alive: Rc<()>,
}

impl Asker {
    fn start(alive: &Rc<()>) -> (Recipient<Reply>, mpsc::UnboundedReceiver<Vec<u64>>) {
        let (replied, replies) = mpsc::unbounded_channel();
        let asker = Asker { replies: Vec::new(), replied, _alive: alive.clone() };
        (asker.start().recipient(), replies)
    }
}

impl Actor for Asker {
    type Context = Context<Self>;

    /// Nobody holds it any more.
    fn stopped(&mut self, _: &mut Context<Self>) {
        let _unread = self.replied.send(std::mem::take(&mut self.replies));
    }
}

impl Handler<Reply> for Asker {
    type Result = bool;

    fn handle(&mut self, Reply(number): Reply, _: &mut Context<Self>) -> bool {
        self.replies.push(number);
        self.replies.len() == 1
    }
}

/// Passes jobs on.
struct Desk(mpsc::UnboundedSender<Job>);

impl Actor for Desk {
    type Context = Context<Self>;
}

impl Handler<Job> for Desk {
    type Result = ();

    fn handle(&mut self, job: Job, _: &mut Context<Self>) {
        let _unread = self.0.send(job);
    }
}

fn config() -> Config {
    Config::builder().offer_lease(LEASE).build().expect("the settings can work")
}

/// A life of the exporter's program, and the jobs that it gets.
async fn offer() -> TestResult<(Addr<ExporterActor>, mpsc::UnboundedReceiver<Job>)> {
    let exporter = ExporterActor::new(config()).start();
    let (desk, jobs) = mpsc::unbounded_channel();
    let export = ExportReceiver::<Job>::new("jobs").deliver_to(Desk(desk).start().recipient());
    exporter.send(export).await??;
    Ok((exporter, jobs))
}

async fn import(dialler: Dialler) -> TestResult<(Addr<ImporterActor>, Recipient<Job>)> {
    let importer = ImporterActor::new(dialler, "exporter", config()).start();
    let jobs = importer.send(ImportSender::<Job>::new("jobs")).await??.recipient();
    Ok((importer, jobs))
}

fn run(test: impl Future<Output = TestResult>) -> TestResult {
    block_on_paused_clock(async {
        let hours = Duration::from_secs(5 * 60 * 60);
        tokio::time::timeout(hours, test).await.map_err(|_| "the test hangs")?
    })
}

#[test]
fn ten_thousand_recipients_over_many_cuts_leave_nothing_behind() -> TestResult {
    run(async {
        let network = Network::new();
        let (exporter, mut jobs) = offer().await?;
        exporter.send(Serve(network.listener())).await?;
        let (importer, ask) = import(network.dialler()).await?;
        actix::spawn(async move {
            while let Some(Job { number, reply_to }) = jobs.recv().await {
                let reply_to = reply_to.recipient();
                actix::spawn(async move {
                    reply_to.do_send(Reply(number));
                    assert!(matches!(reply_to.send(Reply(number + 1)).await, Ok(false)));
                });
            }
        });
        let alive = Rc::new(());
        for round in 0..200 {
            let mut replies = Vec::new();
            for number in 0..50 {
                let (asker, replied) = Asker::start(&alive);
                ask.do_send(Job { number, reply_to: asker.into() });
                replies.push(replied);
            }
            if round % 10 == 5 {
                network.cut();
            }
            for (number, mut replied) in (0..).zip(replies) {
                // All have come, once and in order, and then it was let go.
                let replies = replied.recv().await.ok_or("the asker is gone")?;
                assert_eq!(replies, [number, number + 1]);
            }
            assert_eq!(Rc::strong_count(&alive), 1, "in round {round}");
        }
        let statuses = [importer.send(Status).await?, exporter.send(Status).await?];
        for status in statuses.iter().flatten() {
            assert_eq!((status.offers, status.claims), (0, 0));
            assert_eq!(status.channels.len(), 1, "{status:?}");
        }
        assert!(network.traffic().links_made > 10);
        Ok(())
    })
}

#[test]
fn a_recipient_ends_with_the_life_of_the_program_that_it_leads_to() -> TestResult {
    run(async {
        let network = Network::new();
        let (exporter, mut jobs) = offer().await?;
        exporter.send(Serve(network.listener())).await?;
        let (_importer, ask) = import(network.dialler()).await?;
        let alive = Rc::new(());
        let (asker, _replies) = Asker::start(&alive);
        ask.do_send(Job { number: 1, reply_to: asker.into() });
        let reply_to = jobs.recv().await.ok_or("no job")?.reply_to.recipient();
        assert!(reply_to.send(Reply(1)).await?);
        // From here the importer's program is dead, and another one comes in its place.
        let dialler = network.restart_importer();
        let waiting = reply_to.send(Reply(2));
        let (_next_importer, ask) = import(dialler).await?;
        assert!(matches!(waiting.await, Err(MailboxError::Closed)));
        assert!(!reply_to.connected());
        assert!(matches!(reply_to.send(Reply(3)).await, Err(MailboxError::Closed)));
        // The next one has recipients of its own.
        let (asker, mut replies) = Asker::start(&alive);
        ask.do_send(Job { number: 4, reply_to: asker.into() });
        let job = jobs.recv().await.ok_or("no job")?;
        assert!(job.reply_to.recipient().send(Reply(job.number)).await?);
        drop(job);
        assert_eq!(replies.recv().await, Some(vec![4]));
        Ok(())
    })
}

#[test]
fn an_actor_is_let_go_when_its_holder_is_lost_and_the_lease_has_run_out() -> TestResult {
    run(async {
        let network = Network::new();
        let (exporter, mut jobs) = offer().await?;
        exporter.send(Serve(network.listener())).await?;
        let (importer, ask) = import(network.dialler()).await?;
        let alive = Rc::new(());
        let (asker, mut replies) = Asker::start(&alive);
        ask.do_send(Job { number: 1, reply_to: asker.into() });
        let reply_to = jobs.recv().await.ok_or("no job")?.reply_to.recipient();
        assert!(reply_to.send(Reply(1)).await?);
        let listener = network.restart_exporter();
        let (next_exporter, _next_jobs) = offer().await?;
        next_exporter.send(Serve(listener)).await?;
        let lost_at = tokio::time::Instant::now();
        // The holder of the first life is still there, and must not matter.
        assert_eq!(replies.recv().await, Some(vec![1]));
        assert!(lost_at.elapsed() >= LEASE, "{:?}", lost_at.elapsed());
        assert_eq!(Rc::strong_count(&alive), 1);
        assert!(importer.send(Status).await?.iter().all(|status| status.offers == 0));
        drop(reply_to);
        Ok(())
    })
}

#[test]
fn a_recipient_in_a_message_that_waits_leads_back_from_the_next_life() -> TestResult {
    run(async {
        let network = Network::new();
        let (exporter, jobs) = offer().await?;
        exporter.send(Serve(network.listener())).await?;
        let (_importer, ask) = import(network.dialler()).await?;
        drop(jobs);
        let listener = network.restart_exporter();
        let alive = Rc::new(());
        let (asker, mut replies) = Asker::start(&alive);
        ask.do_send(Job { number: 1, reply_to: asker.into() });
        let (next_exporter, mut jobs) = offer().await?;
        next_exporter.send(Serve(listener)).await?;
        let Job { number, reply_to } = jobs.recv().await.ok_or("no job")?;
        assert!(reply_to.recipient().send(Reply(number)).await?);
        drop(reply_to);
        assert_eq!(replies.recv().await, Some(vec![1]));
        Ok(())
    })
}
