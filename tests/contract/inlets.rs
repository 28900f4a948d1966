//! A channel that receives can be delivered to an actor: in order, and no faster than it handles.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::dev::{MessageResponse, OneshotSender};
use actix::prelude::*;
use netchan::Sender;
use netchan::channel::{Origin, Reason, TrySendError};
use netchan::net::SendSettings;
use netchan_actix::messages::{ExportReceiver, ExportSender, ImportReceiver, ImportSender};
use tokio::sync::{Semaphore, mpsc};

use crate::support::{Collector, Link, Number, Pair, Stop, TestResult, closed, exporter, guarded};
use crate::support::{next_of, numbers, take};

over_each_link!(
    an_export_delivers_to_an_actor_in_order,
    an_import_delivers_to_an_actor_in_order,
    a_stuck_handler_of_an_export_stops_its_sender_and_nobody_else,
    a_stuck_handler_of_an_import_stops_its_sender_and_nobody_else,
    more_than_the_window_is_never_in_an_actor_s_hands,
    asynchronous_handlers_start_in_order,
    atomic_handlers_run_one_after_the_other,
    an_actor_that_is_gone_ends_the_channel,
    an_actor_that_restarts_goes_on,
    an_actor_that_restarts_in_the_middle_of_a_value_goes_on,
    several_importers_deliver_to_one_actor,
    what_was_sent_before_the_end_is_delivered,
    a_limited_import_delivers_so_many_values,
);

/// From an importer to an actor of the exporter.
async fn into_export(
    pair: &Pair,
    recipient: Recipient<Number>,
    size: u32,
) -> TestResult<Sender<Number>> {
    let export = ExportReceiver::<Number>::new("numbers").deliver_to(recipient);
    pair.exporter.send(export).await??;
    Ok(pair.importer.send(ImportSender::new("numbers").size(size)).await??)
}

/// From the exporter to an actor of an importer.
async fn into_import(
    pair: &Pair,
    recipient: Recipient<Number>,
    size: u32,
) -> TestResult<Sender<Number>> {
    let settings = SendSettings::default().capacity_values(size);
    let export = ExportSender::<Number>::new("numbers").settings(settings);
    let sender = pair.exporter.send(export).await??;
    let import = ImportReceiver::<Number>::new("numbers").size(size).deliver_to(recipient);
    pair.importer.send(import).await??;
    Ok(sender)
}

/// An actor whose handlers wait until the test lets them finish. An atomic one takes no other value
/// meanwhile.
struct Worker<const IS_ATOMIC: bool> {
    started: mpsc::UnboundedSender<Number>,
    may_finish: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    running_max: Arc<AtomicUsize>,
}

/// What a test sees of a [`Worker`].
struct Watch {
    started: mpsc::UnboundedReceiver<Number>,
    may_finish: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    running_max: Arc<AtomicUsize>,
}

impl<const IS_ATOMIC: bool> Worker<IS_ATOMIC> {
    fn new() -> (Self, Watch) {
        let (started, receiver) = mpsc::unbounded_channel();
        let may_finish = Arc::new(Semaphore::new(0));
        let (running, running_max) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let watch = Watch {
            started: receiver,
            may_finish: may_finish.clone(),
            running: running.clone(),
            running_max: running_max.clone(),
        };
        (Worker { started, may_finish, running, running_max }, watch)
    }

    fn work(&self, number: Number) -> impl Future<Output = ()> + 'static {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.running_max.fetch_max(running, Ordering::SeqCst);
        let _test_is_over = self.started.send(number);
        let (may_finish, still_running) = (self.may_finish.clone(), self.running.clone());
        async move {
            if let Ok(permit) = may_finish.acquire().await {
                permit.forget();
            }
            still_running.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl<const IS_ATOMIC: bool> Actor for Worker<IS_ATOMIC> {
    type Context = Context<Self>;
}

impl<const IS_ATOMIC: bool> Supervised for Worker<IS_ATOMIC> {}

impl Handler<Number> for Worker<false> {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, number: Number, _: &mut Context<Self>) -> Self::Result {
        Box::pin(self.work(number).into_actor(self))
    }
}

impl Handler<Number> for Worker<true> {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, number: Number, _: &mut Context<Self>) -> Self::Result {
        AtomicResponse::new(Box::pin(self.work(number).into_actor(self)))
    }
}

impl<const IS_ATOMIC: bool> Handler<Stop> for Worker<IS_ATOMIC> {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

async fn an_export_delivers_to_an_actor_in_order(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (actor, mut received) = Collector::start();
    let sender = into_export(&pair, actor.recipient(), 4).await?;
    sender.send_all(numbers(0..10_000)).await?;
    assert_eq!(next_of(&mut received, 10_000).await?, numbers(0..10_000));
    Ok(())
}

async fn an_import_delivers_to_an_actor_in_order(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (actor, mut received) = Collector::start();
    let sender = into_import(&pair, actor.recipient(), 4).await?;
    sender.send_all(numbers(0..10_000)).await?;
    assert_eq!(next_of(&mut received, 10_000).await?, numbers(0..10_000));
    Ok(())
}

/// A channel each way beside the one that is stuck.
async fn others_go_on(pair: &Pair) -> TestResult {
    let out = pair.exporter.send(ExportSender::<Number>::new("out")).await??;
    let mut out_received =
        pair.importer.send(ImportReceiver::<Number>::new("out").size(2)).await??;
    let mut in_received = pair.exporter.send(ExportReceiver::<Number>::new("in")).await??;
    let into = pair.importer.send(ImportSender::new("in").size(2)).await??;
    let sending =
        async { tokio::try_join!(out.send_all(numbers(0..500)), into.send_all(numbers(0..500))) };
    let (sent, outward, inward) =
        tokio::join!(sending, take(&mut out_received, 500), take(&mut in_received, 500));
    sent?;
    assert_eq!(outward?, numbers(0..500));
    assert_eq!(inward?, numbers(0..500));
    Ok(())
}

async fn a_stuck_handler_of_an_export_stops_its_sender_and_nobody_else(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<true>::new();
    let sender = into_export(&pair, worker.start().recipient(), 4).await?;
    sender.send_all(numbers(0..4)).await?;
    assert_eq!(next_of(&mut watch.started, 1).await?, numbers(0..1));
    assert!(matches!(sender.try_send(Number(4)), Err(TrySendError::Full(_))));
    others_go_on(&pair).await?;
    assert!(matches!(sender.try_send(Number(4)), Err(TrySendError::Full(_))));
    assert!(watch.started.is_empty(), "it is still busy with the first");
    // A value that was handled makes room for one.
    watch.may_finish.add_permits(1);
    sender.send(Number(4)).await?;
    assert!(matches!(sender.try_send(Number(5)), Err(TrySendError::Full(_))));
    watch.may_finish.add_permits(4);
    assert_eq!(next_of(&mut watch.started, 4).await?, numbers(1..5));
    Ok(())
}

async fn a_stuck_handler_of_an_import_stops_its_sender_and_nobody_else(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<true>::new();
    let sender = into_import(&pair, worker.start().recipient(), 4).await?;
    // Four in the window and four in the exporter's queue.
    sender.send_all(numbers(0..8)).await?;
    assert_eq!(next_of(&mut watch.started, 1).await?, numbers(0..1));
    assert!(matches!(sender.try_send(Number(8)), Err(TrySendError::Full(_))));
    others_go_on(&pair).await?;
    assert!(matches!(sender.try_send(Number(8)), Err(TrySendError::Full(_))));
    assert!(watch.started.is_empty(), "it is still busy with the first");
    watch.may_finish.add_permits(1);
    sender.send(Number(8)).await?;
    watch.may_finish.add_permits(8);
    assert_eq!(next_of(&mut watch.started, 8).await?, numbers(1..9));
    Ok(())
}

async fn more_than_the_window_is_never_in_an_actor_s_hands(link: Link) -> TestResult {
    let pair = link.pair().await?;
    // This actor would start them all at once.
    let (worker, mut watch) = Worker::<false>::new();
    let sender = into_export(&pair, worker.start().recipient(), 5).await?;
    sender.send_all(numbers(0..5)).await?;
    assert_eq!(next_of(&mut watch.started, 5).await?, numbers(0..5));
    others_go_on(&pair).await?;
    assert!(matches!(sender.try_send(Number(5)), Err(TrySendError::Full(_))));
    assert_eq!(watch.running.load(Ordering::SeqCst), 5);
    watch.may_finish.add_permits(1000);
    sender.send_all(numbers(5..1000)).await?;
    assert_eq!(next_of(&mut watch.started, 995).await?, numbers(5..1000));
    assert!(watch.running_max.load(Ordering::SeqCst) <= 5);
    Ok(())
}

async fn asynchronous_handlers_start_in_order(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<false>::new();
    let may_finish = watch.may_finish.clone();
    let sender = into_import(&pair, worker.start().recipient(), 64).await?;
    let sending = sender.send_all(numbers(0..1000));
    let finishing = async {
        let mut started = Vec::new();
        while started.len() < 1000 {
            started.extend(next_of(&mut watch.started, 1).await?);
            may_finish.add_permits(1);
        }
        TestResult::Ok(started)
    };
    let (sent, started) = tokio::join!(sending, finishing);
    sent?;
    assert_eq!(started?, numbers(0..1000));
    Ok(())
}

async fn atomic_handlers_run_one_after_the_other(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<true>::new();
    watch.may_finish.add_permits(1000);
    let sender = into_export(&pair, worker.start().recipient(), 64).await?;
    sender.send_all(numbers(0..1000)).await?;
    assert_eq!(next_of(&mut watch.started, 1000).await?, numbers(0..1000));
    assert_eq!(watch.running_max.load(Ordering::SeqCst), 1);
    Ok(())
}

async fn an_actor_that_is_gone_ends_the_channel(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<false>::new();
    watch.may_finish.add_permits(1);
    let worker = worker.start();
    let sender = into_export(&pair, worker.clone().recipient(), 4).await?;
    sender.send(Number(0)).await?;
    assert_eq!(next_of(&mut watch.started, 1).await?, numbers(0..1));
    worker.send(Stop).await?;
    // The next value finds nobody.
    sender.send(Number(1)).await?;
    assert_eq!(sender.closed().await, closed(Origin::Peer, Reason::ReceiverDropped));
    others_go_on(&pair).await
}

async fn an_actor_that_restarts_goes_on(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<false>::new();
    watch.may_finish.add_permits(1000);
    let worker = Supervisor::start(|_| worker);
    let sender = into_export(&pair, worker.clone().recipient(), 4).await?;
    for number in 0..10 {
        sender.send(Number(number)).await?;
        assert_eq!(next_of(&mut watch.started, 1).await?, [Number(number)]);
        worker.send(Stop).await?;
    }
    assert!(!sender.is_closed());
    Ok(())
}

async fn an_actor_that_restarts_in_the_middle_of_a_value_goes_on(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (worker, mut watch) = Worker::<false>::new();
    let worker = Supervisor::start(|_| worker);
    let sender = into_export(&pair, worker.clone().recipient(), 4).await?;
    sender.send_all(numbers(0..4)).await?;
    assert_eq!(next_of(&mut watch.started, 4).await?, numbers(0..4));
    // The four handlers are dropped; the actor takes the next values.
    worker.send(Stop).await?;
    watch.may_finish.add_permits(100);
    sender.send_all(numbers(4..100)).await?;
    assert_eq!(next_of(&mut watch.started, 96).await?, numbers(4..100));
    assert!(!sender.is_closed());
    Ok(())
}

async fn several_importers_deliver_to_one_actor(link: Link) -> TestResult {
    let exporter = exporter();
    let (actor, mut received) = Collector::start();
    let export = ExportReceiver::<Number>::new("numbers").deliver_to(actor.recipient());
    exporter.send(export).await??;
    let mut senders = Vec::new();
    for _ in 0..3 {
        let importer = link.importer_of(&exporter).await?;
        let import = ImportSender::<Number>::new("numbers").size(4);
        senders.push((importer.send(import).await??, importer));
    }
    let sending = senders
        .iter()
        .zip([0, 1000, 2000])
        .map(|((sender, _), first)| sender.send_all(numbers(first..first + 1000)));
    futures::future::try_join_all(sending).await?;
    let mut values = next_of(&mut received, 3000).await?;
    for first in [0, 1000, 2000] {
        let of_one = values.iter().filter(|value| (first..first + 1000).contains(&value.0));
        assert!(of_one.is_sorted(), "each importer keeps its order");
    }
    values.sort();
    assert_eq!(values, numbers(0..3000));
    Ok(())
}

async fn what_was_sent_before_the_end_is_delivered(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (actor, mut received) = Collector::start();
    let sender = into_import(&pair, actor.recipient(), 4).await?;
    sender.send_all(numbers(0..100)).await?;
    drop(sender);
    assert_eq!(next_of(&mut received, 100).await?, numbers(0..100));
    // The actor had no other address: it ends with the channel.
    assert!(received.recv().await.is_none());
    Ok(())
}

async fn a_limited_import_delivers_so_many_values(link: Link) -> TestResult {
    let Pair { exporter, importer } = link.pair().await?;
    let sender = exporter.send(ExportSender::<Number>::new("numbers")).await??;
    sender.send_all(numbers(0..100)).await?;
    let (actor, mut received) = Collector::start();
    let import = ImportReceiver::<Number>::new("numbers").limit(10);
    importer.send(import.deliver_to(actor.recipient())).await??;
    assert_eq!(next_of(&mut received, 10).await?, numbers(0..10));
    assert!(received.recv().await.is_none(), "the channel has ended, and so the delivery");
    Ok(())
}

#[actix::test]
async fn an_actor_in_another_arbiter_may_have_a_small_and_busy_mailbox() -> TestResult {
    guarded(async {
        let arbiter = Arbiter::new();
        let pair = Link::Tcp.pair().await?;
        let (actor, mut received) = Collector::<Number>::start_in(&arbiter.handle());
        let sender = into_export(&pair, actor.clone().recipient(), 64).await?;
        // Others fill its mailbox meanwhile.
        let local = actor.clone().recipient();
        let sending = sender.send_all(numbers(0..10_000));
        let noise = async {
            for number in numbers(1_000_000..1_010_000) {
                local.do_send(number);
                tokio::task::yield_now().await;
            }
        };
        let (sent, ()) = tokio::join!(sending, noise);
        sent?;
        let values = next_of(&mut received, 20_000).await?;
        let remote: Vec<Number> = values.into_iter().filter(|value| value.0 < 1_000_000).collect();
        assert_eq!(remote, numbers(0..10_000));
        Ok(())
    })
    .await
}

/// An actor that answers nothing and stops when it is told to: what a panic looks like from outside
/// when the actor's thread takes its time.
struct Silent {
    started: mpsc::UnboundedSender<Number>,
}

struct NoAnswer;

impl<A: Actor, M: Message> MessageResponse<A, M> for NoAnswer {
    fn handle(self, _: &mut A::Context, _: Option<OneshotSender<M::Result>>) {}
}

impl Actor for Silent {
    type Context = Context<Self>;
}

impl Handler<Number> for Silent {
    type Result = NoAnswer;

    fn handle(&mut self, number: Number, _: &mut Context<Self>) -> NoAnswer {
        let _test_is_over = self.started.send(number);
        NoAnswer
    }
}

impl Handler<Stop> for Silent {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

#[actix::test]
async fn an_actor_that_drops_a_value_and_then_stops_ends_the_channel() -> TestResult {
    guarded(async {
        let pair = Link::Memory.pair().await?;
        let (started, mut received) = mpsc::unbounded_channel();
        let actor = Silent { started }.start();
        let sender = into_export(&pair, actor.clone().recipient(), 4).await?;
        sender.send(Number(0)).await?;
        assert_eq!(next_of(&mut received, 1).await?, [Number(0)]);
        // The value is not being handled any more when the next one finds room.
        sender.send_all(numbers(1..8)).await?;
        assert_eq!(next_of(&mut received, 7).await?, numbers(1..8));
        actor.send(Stop).await?;
        assert_eq!(sender.closed().await, closed(Origin::Peer, Reason::ReceiverDropped));
        Ok(())
    })
    .await
}
