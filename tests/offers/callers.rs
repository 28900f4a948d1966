//! Asking ends that travel in messages.

use std::time::Duration;

use netchan::channel::identity::TypeIdentity;
use netchan::channel::{AskError, Caller, Origin, Reason, RecvError, RemoteCaller, RemoteSender};
use netchan::channel::{Requests, Value};
use netchan::net::{ImportSettings, RecvSettings, SendSettings};
use netchan::wire::Code;
use netchan::{Exporter, Receiver, Sender};
use serde::{Deserialize, Serialize};

use crate::support::{Joined, guarded, quick};

/// A message with a place for questions.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    number: u64,
    questions: RemoteCaller<u64, String>,
}

fn job(number: u64, window: u32) -> (Job, Requests<u64, String>) {
    let (questions, asked) = RemoteCaller::channel(window).expect("numbers and texts can be sent");
    (Job { number, questions }, asked)
}

fn questions(job: Job) -> Caller<u64, String> {
    job.questions.into_caller().expect("it has travelled")
}

async fn to_exporter(joined: &Joined) -> (Sender<Job>, Receiver<Job>) {
    let settings = RecvSettings::default().stays_open();
    let jobs = joined.exporter.export_receiver("jobs", settings).expect("a free name");
    let send = joined.importer.import_sender("jobs", Default::default()).await;
    (send.expect("the channel is exported"), jobs)
}

async fn to_importer(joined: &Joined) -> (Sender<Job>, Receiver<Job>) {
    let send = joined.exporter.export_sender("jobs", SendSettings::default()).expect("a free name");
    let jobs = joined.importer.import_receiver("jobs", Default::default()).await;
    (send, jobs.expect("the channel is exported"))
}

/// Sends a job, and gives both ends of its channel of requests.
async fn send(
    (sender, jobs): &mut (Sender<Job>, Receiver<Job>),
    window: u32,
) -> (Caller<u64, String>, Requests<u64, String>) {
    let (message, asked) = job(7, window);
    sender.send(message).await.expect("the channel is open");
    let message = guarded(jobs.recv()).await.expect("a value comes");
    assert_eq!(message.number, 7);
    (questions(message), asked)
}

/// Answers all that come with their text; returns what was told, in its order.
fn answer_all(mut asked: Requests<u64, String>) -> tokio::task::JoinHandle<(Vec<u64>, RecvError)> {
    tokio::spawn(async move {
        let mut told = Vec::new();
        loop {
            match asked.recv().await {
                Ok(request) if request.is_ask() => {
                    let (number, responder) = request.into_parts();
                    responder.answer(number.to_string()).expect("texts encode");
                }
                Ok(request) => told.push(request.into_parts().0),
                Err(error) => return (told, error),
            }
        }
    })
}

async fn ask_and_tell(caller: Caller<u64, String>, asked: Requests<u64, String>) {
    let answering = answer_all(asked);
    for number in 0..1000 {
        caller.tell(number).await.expect("the channel is open");
        if number % 10 == 0 {
            let answer = guarded(caller.ask(number)).await;
            assert_eq!(answer, Ok(number.to_string()));
        }
    }
    drop(caller);
    let (told, end) = guarded(answering).await.expect("no panic");
    assert_eq!(told, Vec::from_iter(0..1000));
    let RecvError::Closed(closed) = end else { panic!("{end}") };
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::Finished));
}

#[tokio::test]
async fn an_exporter_asks_back() {
    let joined = Joined::new().await;
    let mut channel = to_exporter(&joined).await;
    let (caller, asked) = send(&mut channel, 4).await;
    assert_eq!(joined.importer_status().await.offers, 1);
    assert_eq!(joined.exporter_status().await.claims, 1);
    ask_and_tell(caller, asked).await;
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn an_importer_asks_back() {
    let joined = Joined::new().await;
    let mut channel = to_importer(&joined).await;
    let (caller, asked) = send(&mut channel, 4).await;
    ask_and_tell(caller, asked).await;
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn links_that_break_lose_and_repeat_no_request() {
    let joined = Joined::new().await;
    let mut channel = to_exporter(&joined).await;
    let (caller, asked) = send(&mut channel, 64).await;
    let line = joined.line.clone();
    let answering = answer_all(asked);
    for number in 0..300 {
        caller.tell(number).await.expect("the channel is open");
        let asking = caller.begin_ask(number).await.expect("the channel is open");
        if number % 30 == 0 {
            line.cut();
        }
        assert_eq!(guarded(asking).await, Ok(number.to_string()));
    }
    drop(caller);
    assert_eq!(guarded(answering).await.expect("no panic").0, Vec::from_iter(0..300));
    joined.wait_until_empty(1).await;
}

/// The first machine sends to the second, and that to the third.
struct Chain {
    first: Joined,
    second: Joined,
}

impl Chain {
    async fn new() -> Chain {
        Chain { first: Joined::new().await, second: Joined::new().await }
    }

    /// What the third machine and the first have of a job.
    async fn send(&self, window: u32) -> (Caller<u64, String>, Requests<u64, String>) {
        let (near, mut between) = to_exporter(&self.first).await;
        let (onward, mut far) = to_exporter(&self.second).await;
        let (message, asked) = job(7, window);
        near.send(message).await.expect("the channel is open");
        let message = guarded(between.recv()).await.expect("a value comes");
        onward.send(message).await.expect("the channel is open");
        (questions(guarded(far.recv()).await.expect("a value comes")), asked)
    }

    async fn wait_until_empty(&self) {
        // The channels of the jobs have come to their end, too.
        self.first.wait_until_empty(0).await;
        self.second.wait_until_empty(0).await;
    }
}

#[tokio::test]
async fn requests_and_answers_pass_through_the_second_machine() {
    let chain = Chain::new().await;
    let (caller, asked) = chain.send(4).await;
    ask_and_tell(caller, asked).await;
    chain.wait_until_empty().await;
}

#[tokio::test]
async fn a_slow_answer_does_not_delay_others_on_the_second_machine() {
    let chain = Chain::new().await;
    let (caller, mut asked) = chain.send(4).await;
    let slow = caller.begin_ask(1).await.expect("there is a slot");
    let quick = caller.begin_ask(2).await.expect("there is a slot");
    let (_, first) = guarded(asked.recv()).await.expect("a request").into_parts();
    let (_, second) = guarded(asked.recv()).await.expect("a request").into_parts();
    second.answer("quick".into()).expect("texts encode");
    assert_eq!(guarded(quick).await, Ok("quick".into()));
    first.answer("slow".into()).expect("texts encode");
    assert_eq!(guarded(slow).await, Ok("slow".into()));
}

#[tokio::test]
async fn whoever_gives_up_is_heard_behind_the_second_machine() {
    let chain = Chain::new().await;
    let (caller, mut asked) = chain.send(4).await;
    let asking = caller.begin_ask(1).await.expect("there is a slot");
    let (_, responder) = guarded(asked.recv()).await.expect("a request").into_parts();
    assert!(!responder.is_cancelled());
    drop(asking);
    guarded(responder.cancelled()).await;
}

#[tokio::test]
async fn what_is_not_answered_is_told_through_the_second_machine() {
    let chain = Chain::new().await;
    let (caller, mut asked) = chain.send(4).await;
    let asking = caller.begin_ask(1).await.expect("there is a slot");
    drop(guarded(asked.recv()).await.expect("a request"));
    assert_eq!(guarded(asking).await, Err(AskError::NotAnswered));
    // Nobody receives any more: all ways are closed, and those who wait are told.
    let asking = caller.begin_ask(2).await.expect("there is a slot");
    let request = guarded(asked.recv()).await.expect("a request");
    drop((asked, request));
    assert_eq!(guarded(asking).await, Err(AskError::NotAnswered));
    let closed = guarded(caller.closed()).await;
    assert_eq!((closed.origin, closed.reason), (Origin::Peer, Reason::ReceiverDropped));
    drop(caller);
    chain.wait_until_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_behind_the_second_machine() {
    let chain = Chain::new().await;
    let (caller, mut asked) = chain.send(1).await;
    // The only place is taken, so the next one waits between the machines.
    let first = caller.begin_ask(1).await.expect("there is a slot");
    let (_, responder) = guarded(asked.recv()).await.expect("a request").into_parts();
    let hasty = caller.clone().with_deadline(Duration::from_secs(1));
    let second = hasty.begin_ask(2).await.expect("there is a slot");
    let third = caller.begin_ask(3).await.expect("there is a slot");
    tokio::time::sleep(Duration::from_secs(2)).await;
    responder.answer("first".into()).expect("texts encode");
    assert_eq!(guarded(first).await, Ok("first".into()));
    let (number, responder) = guarded(asked.recv()).await.expect("a request").into_parts();
    assert_eq!(number, 3);
    responder.answer("third".into()).expect("texts encode");
    assert_eq!(guarded(second).await, Err(AskError::DeadlineExceeded { by: Origin::Peer }));
    assert_eq!(guarded(third).await, Ok("third".into()));
}

#[tokio::test]
async fn requests_end_with_a_peer_that_restarts() {
    let joined = Joined::new().await;
    let mut channel = to_importer(&joined).await;
    let (caller, mut asked) = send(&mut channel, 4).await;
    let asking = caller.begin_ask(1).await.expect("there is a slot");
    let request = guarded(asked.recv()).await.expect("a request");
    joined.line.point_to(&Exporter::new(quick().build().expect("the settings can work")));
    joined.line.cut();
    let error = guarded(asking).await.expect_err("its fate is unknown");
    let AskError::UnknownFate(closed) = error else { panic!("{error:?}") };
    assert_eq!(closed.origin, Origin::Link);
    assert!(caller.is_closed());
    assert_eq!(joined.importer_status().await.claims, 0);
    drop(request);
}

#[tokio::test]
async fn who_means_other_answers_cannot_claim() {
    /// As a job, but the answers are of another type.
    #[derive(Debug, Serialize, Deserialize)]
    struct Other {
        number: u64,
        questions: RemoteCaller<u64, u64>,
    }
    let joined = Joined::new().await;
    let (send, _jobs) = to_importer(&joined).await;
    let settings = ImportSettings::default();
    // A name carries one type, so that is found when it is imported.
    let refused = joined.importer.import_receiver::<Other>("jobs", settings).await;
    assert!(refused.is_err());
    drop(send);
}

#[tokio::test(start_paused = true)]
async fn asking_ends_beyond_the_channels_of_a_connection_are_closed_and_the_others_work() {
    let config = quick().channels_max(11).build().expect("the settings can work");
    let joined = Joined::with(config).await;
    let (send, mut jobs) = to_importer(&joined).await;
    let mut held = Vec::new();
    for number in 0..20 {
        let (message, asked) = job(number, 1);
        send.send(message).await.expect("the channel is open");
        let caller = questions(guarded(jobs.recv()).await.expect("a value comes"));
        let answering = answer_all(asked);
        let outcome = guarded(caller.ask(number)).await;
        held.push((caller, answering, outcome));
    }
    // Two channels each, besides the one of the jobs.
    for (number, (caller, _, outcome)) in (0..).zip(&held) {
        if number < 5 {
            assert_eq!(*outcome, Ok(number.to_string()));
        } else {
            let closed = caller.closed_by().expect("it is closed");
            assert!(matches!(closed.reason, Reason::Other(Code::TooManyChannels, _)), "{closed}");
            assert_eq!(*outcome, Err(AskError::NotSent(closed)));
        }
    }
    drop(held);
    // Those that were never claimed wait for their lease.
    while joined.exporter_status().await.offers > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut channel = (send, jobs);
    let (caller, asked) = self::send(&mut channel, 4).await;
    ask_and_tell(caller, asked).await;
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn thousands_of_asking_ends_at_once_leave_nothing_behind() {
    let joined = Joined::new().await;
    let (send, mut jobs) = to_exporter(&joined).await;
    let mut held = Vec::new();
    for number in 0..3000 {
        let (message, asked) = job(number, 1);
        send.send(message).await.expect("the channel is open");
        let caller = questions(guarded(jobs.recv()).await.expect("a value comes"));
        held.push((caller, answer_all(asked)));
    }
    assert_eq!(joined.exporter_status().await.claims, 3000);
    let asks = (0..).zip(&held).map(|(number, (caller, _))| caller.begin_ask(number));
    let answers = futures::future::try_join_all(asks).await.expect("there are slots");
    joined.line.cut();
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(guarded(answer).await, Ok(number.to_string()));
    }
    for (caller, answering) in held {
        drop(caller);
        guarded(answering).await.expect("no panic");
    }
    joined.wait_until_empty(1).await;
}

#[tokio::test]
async fn requests_fill_the_window_and_no_more_is_on_its_way() {
    let chain = Chain::new().await;
    let (caller, mut asked) = chain.send(2).await;
    let mut answers = Vec::new();
    let mut idle = 0;
    while idle < 1000 {
        match caller.try_ask(answers.len() as u64) {
            Ok(answer) => {
                answers.push(answer);
                idle = 0;
            }
            Err(error) => {
                assert!(error.is_full(), "{error:?}");
                idle += 1;
                tokio::task::yield_now().await;
            }
        }
    }
    assert!(answers.len() < 1000, "{} requests are on their way", answers.len());
    assert_eq!(asked.len(), 2);
    for (number, answer) in (0..).zip(answers) {
        let (came, responder) = guarded(asked.recv()).await.expect("a request").into_parts();
        assert_eq!(came, number);
        responder.answer(number.to_string()).expect("texts encode");
        assert_eq!(guarded(answer).await, Ok(number.to_string()));
    }
}

#[test]
fn what_is_asked_and_answered_is_part_of_the_type() {
    fn identity<T: Value>() -> TypeIdentity {
        TypeIdentity::of::<T>().expect("it can be sent")
    }
    /// An end for messages of its own type.
    #[derive(Serialize, Deserialize)]
    struct Round {
        end: RemoteCaller<Round, Option<RemoteCaller<Round, ()>>>,
    }
    let ends = [
        identity::<RemoteCaller<u64, String>>(),
        identity::<RemoteCaller<u64, u64>>(),
        identity::<RemoteCaller<String, u64>>(),
        identity::<RemoteSender<u64>>(),
        identity::<Round>(),
        identity::<[u8; 16]>(),
    ];
    for (at, end) in ends.iter().enumerate() {
        assert!(!ends[..at].contains(end), "{at}");
    }
}
