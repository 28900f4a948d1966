//! Recipients travel in messages, and behave on arrival as those of actors there.

use actix::prelude::*;
use netchan::channel::{RemoteCaller, TrySendError};
use netchan_actix::RemoteRecipient;
use netchan_actix::SenderExt;
use netchan_actix::messages::{
    ExportReceiver, ExportRequests, ExportSender, Hangup, ImportReceiver, ImportRecipient,
    ImportSender,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::support::{Collector, Link, Pair, TestResult, exporter, guarded, is_waiting, next};

over_each_link!(
    a_recipient_leads_back_to_the_importer,
    a_recipient_leads_back_to_the_exporter,
    a_recipient_comes_in_an_answer,
    a_recipient_leads_through_the_second_machine,
    a_recipient_of_another_machine_travels_on,
    an_actor_is_let_go_with_the_last_holder,
    whoever_holds_a_recipient_of_an_actor_that_is_gone_is_told,
    a_recipient_works_where_it_was_made,
    whoever_gives_a_request_up_takes_it_out_of_the_mailbox,
);

/// A message with a place for replies.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
struct Job {
    reply_to: RemoteRecipient<Square>,
}

/// Asks for a square.
#[derive(Clone, Copy, Debug, PartialEq, Message, Serialize, Deserialize)]
#[rtype(result = "u64")]
struct Square(u64);

/// Answers, and passes on what it is sent. Its end shows that nobody holds it.
struct Squarer(mpsc::UnboundedSender<u64>);

impl Squarer {
    fn start() -> (Addr<Squarer>, mpsc::UnboundedReceiver<u64>) {
        let (squared, numbers) = mpsc::unbounded_channel();
        (Squarer(squared).start(), numbers)
    }
}

impl Actor for Squarer {
    type Context = Context<Self>;
}

impl Handler<Square> for Squarer {
    type Result = u64;

    fn handle(&mut self, Square(number): Square, _: &mut Context<Self>) -> u64 {
        let _unread = self.0.send(number);
        number * number
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Squarer {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

type Jobs = mpsc::UnboundedReceiver<Job>;

/// From the importer to an actor of the exporter.
async fn to_exporter(pair: &Pair) -> TestResult<(Recipient<Job>, Jobs)> {
    let (collector, jobs) = Collector::start();
    let export = ExportReceiver::<Job>::new("jobs").deliver_to(collector.recipient());
    pair.exporter.send(export).await??;
    Ok((pair.importer.send(ImportSender::new("jobs")).await??.recipient(), jobs))
}

/// From the exporter to an actor of the importer.
async fn to_importer(pair: &Pair) -> TestResult<(Recipient<Job>, Jobs)> {
    let sender = pair.exporter.send(ExportSender::<Job>::new("jobs")).await??;
    let (collector, jobs) = Collector::start();
    let import = ImportReceiver::<Job>::new("jobs").deliver_to(collector.recipient());
    pair.importer.send(import).await??;
    Ok((sender.recipient(), jobs))
}

/// Sends a recipient, and gives what has arrived.
async fn send(
    (ask, jobs): &mut (Recipient<Job>, Jobs),
    recipient: Recipient<Square>,
) -> TestResult<RemoteRecipient<Square>> {
    ask.do_send(Job { reply_to: recipient.into() });
    Ok(next(jobs).await?.reply_to)
}

async fn use_it(
    remote: Recipient<Square>,
    numbers: &mut mpsc::UnboundedReceiver<u64>,
) -> TestResult {
    assert!(remote.connected());
    for number in 0..100 {
        remote.do_send(Square(number));
    }
    assert_eq!(remote.send(Square(100)).await?, 10_000);
    let other = remote.clone();
    assert!(other.try_send(Square(101)).is_ok());
    for number in 0..=101 {
        assert_eq!(next(numbers).await?, number);
    }
    Ok(())
}

async fn a_recipient_leads_back_to_the_importer(link: Link) -> TestResult {
    let mut channel = to_exporter(&link.pair().await?).await?;
    let (squarer, mut numbers) = Squarer::start();
    let remote = send(&mut channel, squarer.recipient()).await?.recipient();
    use_it(remote, &mut numbers).await
}

async fn a_recipient_leads_back_to_the_exporter(link: Link) -> TestResult {
    let mut channel = to_importer(&link.pair().await?).await?;
    let (squarer, mut numbers) = Squarer::start();
    let remote = send(&mut channel, squarer.recipient()).await?.recipient();
    use_it(remote, &mut numbers).await
}

/// Asks for a place to send to.
#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "RemoteRecipient<Square>")]
struct WhereTo;

async fn a_recipient_comes_in_an_answer(link: Link) -> TestResult {
    let pair = link.pair().await?;
    let (squarer, mut numbers) = Squarer::start();
    let export = ExportRequests::<WhereTo, RemoteRecipient<Square>>::new("desk");
    let mut requests = pair.exporter.send(export).await??;
    let desk = pair.importer.send(ImportRecipient::<WhereTo>::new("desk")).await??;
    let answering = async {
        let (_, responder) = requests.recv().await?.into_parts();
        responder.answer(squarer.recipient().into())?;
        TestResult::Ok(())
    };
    let (answered, answer) = tokio::join!(answering, desk.send(WhereTo));
    answered?;
    use_it(answer?.recipient(), &mut numbers).await
}

async fn a_recipient_leads_through_the_second_machine(link: Link) -> TestResult {
    let mut near = to_exporter(&link.pair().await?).await?;
    let mut far = to_importer(&link.pair().await?).await?;
    let (squarer, mut numbers) = Squarer::start();
    let between = send(&mut near, squarer.recipient()).await?;
    far.0.do_send(Job { reply_to: between });
    let remote = next(&mut far.1).await?.reply_to.recipient();
    use_it(remote.clone(), &mut numbers).await?;
    // The last holder is on the third machine; the actor is on the first.
    drop(remote);
    assert_eq!(numbers.recv().await, None);
    Ok(())
}

async fn a_recipient_of_another_machine_travels_on(link: Link) -> TestResult {
    let far = link.pair().await?;
    let (squarer, mut numbers) = Squarer::start();
    let export = ExportReceiver::<Square>::new("squares").deliver_to(squarer.recipient());
    far.exporter.send(export).await??;
    // As a channel of the second machine, it is a recipient like any other.
    let squares = far.importer.send(ImportRecipient::<Square>::new("squares")).await??;
    let mut channel = to_importer(&link.pair().await?).await?;
    let remote = send(&mut channel, squares).await?.recipient();
    use_it(remote, &mut numbers).await
}

async fn an_actor_is_let_go_with_the_last_holder(link: Link) -> TestResult {
    let mut channel = to_exporter(&link.pair().await?).await?;
    let (squarer, mut numbers) = Squarer::start();
    let handle = send(&mut channel, squarer.recipient()).await?;
    let (first, second) = (handle.recipient(), handle.clone());
    drop((handle, second));
    assert_eq!(first.send(Square(3)).await?, 9);
    assert_eq!(next(&mut numbers).await?, 3);
    assert!(is_waiting(&mut Box::pin(numbers.recv())).await);
    drop(first);
    assert_eq!(numbers.recv().await, None);
    Ok(())
}

async fn whoever_holds_a_recipient_of_an_actor_that_is_gone_is_told(link: Link) -> TestResult {
    let mut channel = to_importer(&link.pair().await?).await?;
    let (squarer, _numbers) = Squarer::start();
    let handle = send(&mut channel, squarer.clone().recipient()).await?;
    let remote = handle.recipient();
    assert_eq!(remote.send(Square(2)).await?, 4);
    squarer.send(Stop).await?;
    while squarer.connected() {
        tokio::task::yield_now().await;
    }
    assert!(matches!(remote.send(Square(3)).await, Err(MailboxError::Closed)));
    // The channel is closed behind that message.
    while remote.connected() {
        tokio::task::yield_now().await;
    }
    assert!(remote.try_send(Square(4)).is_err());
    assert!(!handle.recipient().connected());
    // One that comes too late is closed from the beginning.
    let late = send(&mut channel, squarer.recipient()).await?.recipient();
    assert!(matches!(late.send(Square(5)).await, Err(MailboxError::Closed)));
    Ok(())
}

async fn a_recipient_works_where_it_was_made(_: Link) -> TestResult {
    let (squarer, mut numbers) = Squarer::start();
    let handle = RemoteRecipient::from(squarer.recipient());
    assert_eq!(handle.recipient().send(Square(4)).await?, 16);
    assert_eq!(next(&mut numbers).await?, 4);
    drop(handle);
    assert_eq!(numbers.recv().await, None);
    Ok(())
}

/// Takes a message only when the one before is done.
struct Slow {
    begun: mpsc::UnboundedSender<u64>,
    may_finish: std::sync::Arc<tokio::sync::Semaphore>,
}

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Square> for Slow {
    type Result = AtomicResponse<Self, u64>;

    fn handle(&mut self, Square(number): Square, _: &mut Context<Self>) -> Self::Result {
        let _unread = self.begun.send(number);
        let may_finish = self.may_finish.clone();
        let handling = async move {
            may_finish.acquire().await.expect("it is never closed").forget();
            number * number
        };
        AtomicResponse::new(Box::pin(handling.into_actor(self)))
    }
}

async fn whoever_gives_a_request_up_takes_it_out_of_the_mailbox(link: Link) -> TestResult {
    let mut channel = to_exporter(&link.pair().await?).await?;
    let (begun, mut numbers) = mpsc::unbounded_channel();
    let may_finish = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let slow = Slow { begun, may_finish: may_finish.clone() }.start();
    let remote = send(&mut channel, slow.recipient()).await?.recipient();
    let mut first = Box::pin(remote.send(Square(1)));
    let mut second = Box::pin(remote.send(Square(2)));
    let mut third = Box::pin(remote.send(Square(3)));
    assert!(is_waiting(&mut first).await);
    assert!(is_waiting(&mut second).await);
    assert!(is_waiting(&mut third).await);
    assert_eq!(next(&mut numbers).await?, 1);
    drop(second);
    // What comes back now was behind the cancellation, there and here.
    for _ in 0..2 {
        let (other, _) = Squarer::start();
        let other = send(&mut channel, other.recipient()).await?.recipient();
        assert_eq!(other.send(Square(5)).await?, 25);
    }
    may_finish.add_permits(3);
    let (first, third) = tokio::join!(first, third);
    assert_eq!((first?, third?), (1, 9));
    assert_eq!(next(&mut numbers).await?, 3);
    assert!(numbers.try_recv().is_err());
    Ok(())
}

#[actix::test]
async fn two_recipients_of_one_handle_keep_their_common_order() -> TestResult {
    guarded(async {
        let mut channel = to_exporter(&Link::Memory.pair().await?).await?;
        let (squarer, mut numbers) = Squarer::start();
        let handle = send(&mut channel, squarer.recipient()).await?;
        for number in 0..200 {
            handle.recipient().do_send(Square(number));
        }
        for number in 0..200 {
            assert_eq!(next(&mut numbers).await?, number);
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_message_with_a_recipient_that_is_not_sent_lets_it_go() -> TestResult {
    guarded(async {
        let exporter = exporter();
        let jobs = exporter.send(ExportSender::<Job>::new("jobs")).await??;
        let (squarer, mut numbers) = Squarer::start();
        jobs.send(Job { reply_to: squarer.recipient().into() }).await.map_err(|_| "not sent")?;
        assert!(is_waiting(&mut Box::pin(numbers.recv())).await);
        // Nobody has imported it.
        exporter.send(Hangup { name: "jobs".into() }).await??;
        drop(jobs);
        assert_eq!(numbers.recv().await, None);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_recipient_travels_only_from_within_a_runtime() -> TestResult {
    guarded(async {
        let jobs = exporter().send(ExportSender::<Job>::new("jobs")).await??;
        let (squarer, mut numbers) = Squarer::start();
        let reply_to = RemoteRecipient::from(squarer.recipient());
        let sent = std::thread::spawn(move || jobs.try_send(Job { reply_to }));
        let sent = sent.join().map_err(|_| "it panicked")?;
        let Err(TrySendError::Unencodable(job, error)) = sent else { panic!("{sent:?}") };
        assert!(error.to_string().contains("tokio runtime"), "{error}");
        // It comes back, and can be used.
        assert_eq!(job.reply_to.recipient().send(Square(4)).await?, 16);
        assert_eq!(next(&mut numbers).await?, 4);
        drop(job);
        assert_eq!(numbers.recv().await, None);
        Ok(())
    })
    .await
}

#[actix::test]
async fn recipients_and_plain_callers_understand_each_other() -> TestResult {
    /// What a program without actors makes of a job.
    #[derive(Serialize, Deserialize)]
    struct Plain {
        reply_to: RemoteCaller<Square, u64>,
    }
    guarded(async {
        let pair = Link::Memory.pair().await?;
        let mut jobs = pair.exporter.send(ExportReceiver::<Plain>::new("jobs")).await??;
        let ask = pair.importer.send(ImportSender::<Job>::new("jobs")).await??;
        let (squarer, mut numbers) = Squarer::start();
        ask.send(Job { reply_to: squarer.recipient().into() }).await.map_err(|_| "not sent")?;
        let caller = jobs.recv().await?.reply_to.into_caller().map_err(|_| "it has travelled")?;
        caller.tell(Square(1)).await.map_err(|_| "not sent")?;
        assert_eq!(caller.ask(Square(2)).await?, 4);
        assert_eq!((next(&mut numbers).await?, next(&mut numbers).await?), (1, 2));
        Ok(())
    })
    .await
}
