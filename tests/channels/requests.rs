//! Channels whose messages may ask for an answer.

use std::time::Duration;

use futures::future::join_all;
use netchan::Dir;
use netchan::channel::{
    AskError, Caller, Origin, Reason, Requests, TryRecvError, TrySendError, Value,
};
use netchan::limits::UNANSWERED_REQUESTS_MAX;
use netchan::net::{ImportError, ImportSettings, RecvSettings, SendSettings};

use crate::support::{GUARD, Medium, Peers, World, each_way, guarded, poll_once, settle};

/// A channel of requests of a size, seen from the importer.
async fn requests<Q: Value, R: Value>(
    world: &World,
    peers: &Peers,
    dir: Dir,
    size: u32,
) -> (Caller<Q, R>, Requests<Q, R>) {
    let import = ImportSettings::default().size(size);
    match dir {
        Dir::Recv => {
            let queue = SendSettings::default().capacity_values(size);
            let caller = world.exporter.export_caller("asks", queue).expect("a free name");
            (caller, peers.importer.import_requests("asks", import).await.expect("it asks"))
        }
        Dir::Send => {
            let requests = world.exporter.export_requests("asks", RecvSettings::default());
            let caller = peers.importer.import_caller("asks", import).await;
            (caller.expect("it answers"), requests.expect("a free name"))
        }
    }
}

async fn scene<Q: Value, R: Value>(
    medium: Medium,
    dir: Dir,
    size: u32,
) -> (Caller<Q, R>, Requests<Q, R>, World, Peers) {
    let world = World::new(medium).await;
    let peers = world.connect().await;
    let (caller, requests) = requests(&world, &peers, dir, size).await;
    (caller, requests, world, peers)
}

/// Answers all numbers with their doubles until the channel ends.
fn double(mut requests: Requests<u64, u64>) -> tokio::task::JoinHandle<Vec<u64>> {
    tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Ok(request) = requests.recv().await {
            let (number, responder) = request.into_parts();
            seen.push(number);
            responder.answer(2 * number).expect("a number encodes");
        }
        seen
    })
}

#[tokio::test]
async fn a_request_comes_to_its_answer() {
    each_way(async |medium, dir| {
        let (caller, requests, _world, _peers) = scene::<u64, u64>(medium, dir, 4).await;
        let answering = double(requests);
        for number in 0..100 {
            assert_eq!(caller.ask(number).await, Ok(2 * number));
        }
        let many = join_all((0..1000).map(|number| caller.ask(number))).await;
        assert!(many.into_iter().enumerate().all(|(at, answer)| answer == Ok(2 * at as u64)));
        assert_eq!(caller.unanswered(), 0);
        drop(caller);
        assert_eq!(answering.await.unwrap().len(), 1100);
    })
    .await;
}

#[tokio::test]
async fn what_is_told_and_what_is_asked_keep_their_order() {
    each_way(async |medium, dir| {
        let (caller, requests, _world, _peers) = scene::<u64, u64>(medium, dir, 8).await;
        let answering = double(requests);
        let mut answers = Vec::new();
        for number in 0..500 {
            if number % 3 == 0 {
                answers.push(caller.begin_ask(number).await.unwrap());
            } else {
                caller.tell(number).await.unwrap();
            }
        }
        assert_eq!(answers.pop().unwrap().await, Ok(2 * 498));
        drop((answers, caller));
        assert_eq!(answering.await.unwrap(), (0..500).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_slow_answer_does_not_delay_the_next_one() {
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, _peers) = scene::<u64, u64>(medium, dir, 4).await;
        let mut slow = Box::pin(caller.ask(0));
        assert!(poll_once(&mut slow).is_none());
        let (_, held) = requests.recv().await.unwrap().into_parts();
        let answering = double(requests);
        for number in 1..200 {
            assert_eq!(caller.ask(number).await, Ok(2 * number));
        }
        held.answer(7).unwrap();
        assert_eq!(slow.await, Ok(7));
        drop(caller);
        answering.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn so_many_requests_as_the_window_has_are_in_hand() {
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, _peers) = scene::<u64, u64>(medium, dir, 3).await;
        let mut answers = Vec::new();
        let mut held = Vec::new();
        for number in 0..3 {
            answers.push(caller.begin_ask(number).await.unwrap());
            held.push(requests.recv().await.unwrap().into_parts().1);
        }
        // An exporter's queue has slots of its own.
        while let Ok(answer) = caller.try_ask(9) {
            answers.push(answer);
        }
        assert!(answers.len() <= 6);
        assert_eq!(caller.capacity(), 0);
        settle().await;
        assert_eq!(requests.try_recv().unwrap_err(), TryRecvError::Empty);
        held.pop().unwrap().answer(0).unwrap();
        assert_eq!(answers.remove(2).await, Ok(0));
        caller.has_room().await;
        drop(held);
        assert_eq!(answers.remove(0).await, Err(AskError::NotAnswered));
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_given_up_is_not_begun() {
    each_way(async |medium, dir| {
        let (caller, mut requests, world, peers) = scene::<u64, u64>(medium, dir, 8).await;
        // One that has been received, and one that is in hand.
        let first = caller.begin_ask(1).await.unwrap();
        let second = caller.begin_ask(2).await.unwrap();
        let third = caller.begin_ask(3).await.unwrap();
        let (number, responder) = requests.recv().await.unwrap().into_parts();
        assert_eq!(number, 1);
        assert!(!responder.is_cancelled());
        drop((first, second));
        guarded("the asker gives up", responder.cancelled()).await;
        drop(responder);
        let (number, responder) = requests.recv().await.unwrap().into_parts();
        assert_eq!(number, 3, "the second is passed over");
        responder.answer(6).unwrap();
        assert_eq!(third.await, Ok(6));
        assert_eq!(caller.unanswered(), 0);
        // Their slots are free again.
        let answering = double(requests);
        for number in 0..20 {
            assert_eq!(caller.ask(number).await, Ok(2 * number));
        }
        drop((caller, world, peers));
        answering.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_given_up_in_the_queue_is_not_sent() {
    let world = World::new(Medium::Memory).await;
    let caller = world.exporter.export_caller::<u64, u64>("asks", SendSettings::default()).unwrap();
    let kept = caller.try_ask(1).unwrap();
    for number in 2..100 {
        drop(caller.try_ask(number).unwrap());
    }
    let last = caller.try_ask(100).unwrap();
    assert_eq!(caller.unanswered(), 2);
    let peers = world.connect().await;
    let requests = peers.importer.import_requests("asks", Default::default()).await.unwrap();
    let answering = double(requests);
    assert_eq!((kept.await, last.await), (Ok(2), Ok(200)));
    drop(caller);
    assert_eq!(answering.await.unwrap(), [1, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_time_is_up_is_not_begun() {
    for dir in [Dir::Recv, Dir::Send] {
        let (caller, mut requests, _world, _peers) =
            scene::<u64, u64>(Medium::Memory, dir, 8).await;
        let mut soon = Box::pin(caller.ask_within(1, Duration::from_secs(1)));
        assert!(poll_once(&mut soon).is_none());
        let mut late = Box::pin(caller.ask_within(2, Duration::from_secs(3)));
        assert!(poll_once(&mut late).is_none());
        // Nobody polls the first one, so it is not cancelled: its deadline has travelled with it.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (number, responder) = requests.recv().await.unwrap().into_parts();
        assert_eq!(number, 2);
        responder.answer(4).unwrap();
        assert_eq!(late.await, Ok(4));
        assert!(matches!(soon.await, Err(AskError::DeadlineExceeded { .. })));
        let patient = caller.clone().with_deadline(Duration::from_secs(1));
        let forgotten = patient.begin_ask(3).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(requests.try_recv().unwrap_err(), TryRecvError::Empty);
        let by = Origin::Peer;
        assert_eq!(forgotten.await, Err(AskError::DeadlineExceeded { by }));
        let nobody = caller.ask_within(3, Duration::from_secs(1)).await;
        assert_eq!(nobody, Err(AskError::DeadlineExceeded { by: Origin::Local }));
        assert_eq!(caller.unanswered(), 0);
    }
}

#[tokio::test]
async fn askers_are_told_when_the_channel_ends() {
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, peers) = scene::<u64, u64>(medium, dir, 2).await;
        let in_hand = caller.begin_ask(1).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        let in_flight = caller.begin_ask(2).await.unwrap();
        while requests.is_empty() {
            tokio::task::yield_now().await;
        }
        drop(requests);
        let dropped = in_flight.await.unwrap_err();
        // What is in hand can still be answered.
        responder.answer(11).unwrap();
        assert_eq!(in_hand.await, Ok(11));
        assert_eq!(dropped, AskError::NotAnswered);
        if dir == Dir::Send {
            let closed = caller.closed().await;
            assert_eq!((closed.origin, &closed.reason), (Origin::Peer, &Reason::ReceiverDropped));
            assert!(matches!(caller.ask(3).await, Err(AskError::NotSent(_))));
        }
        peers.importer.close().await;
    })
    .await;
}

#[tokio::test]
async fn askers_are_told_when_the_connection_ends() {
    each_way(async |medium, dir| {
        let (caller, mut requests, world, peers) = scene::<u64, u64>(medium, dir, 2).await;
        let in_hand = caller.begin_ask(1).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        let hidden = Box::pin(async { responder.cancelled().await });
        peers.importer.close().await;
        assert!(matches!(in_hand.await, Err(AskError::UnknownFate(_))));
        guarded("nobody waits", hidden).await;
        responder.answer(1).unwrap();
        assert_eq!(caller.unanswered(), 0);
        drop(world);
    })
    .await;
}

#[tokio::test]
async fn answers_that_do_not_decode_fail_alone() {
    /// Encodes as a number, and decodes only if that is even.
    #[derive(Debug, PartialEq)]
    struct Even(u64);
    impl serde::Serialize for Even {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 == 13 {
                return Err(serde::ser::Error::custom("unlucky"));
            }
            self.0.serialize(serializer)
        }
    }
    impl<'de> serde::Deserialize<'de> for Even {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Even, D::Error> {
            let number = u64::deserialize(deserializer)?;
            assert_ne!(number, 77, "this panics where it is decoded");
            if number % 2 == 0 { Ok(Even(number)) } else { Err(serde::de::Error::custom("odd")) }
        }
    }
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, _peers) = scene::<u64, Even>(medium, dir, 4).await;
        tokio::spawn(async move {
            while let Ok(request) = requests.recv().await {
                let (number, responder) = request.into_parts();
                let _reported = responder.answer(Even(number));
            }
        });
        assert_eq!(caller.ask(4).await, Ok(Even(4)));
        assert!(matches!(caller.ask(3).await, Err(AskError::AnswerUndecodable(_))));
        assert!(matches!(caller.ask(13).await, Err(AskError::AnswerRefused(_))));
        assert!(matches!(caller.ask(77).await, Err(AskError::AnswerUndecodable(_))));
        assert_eq!(caller.ask(6).await, Ok(Even(6)));
    })
    .await;
}

#[tokio::test]
async fn requests_that_do_not_decode_fail_alone() {
    #[derive(Debug, serde::Serialize)]
    struct Odd(u64);
    impl<'de> serde::Deserialize<'de> for Odd {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Odd, D::Error> {
            let number = u64::deserialize(deserializer)?;
            if number % 2 == 0 && number > 100 {
                return Err(serde::de::Error::custom("even"));
            }
            Ok(Odd(number))
        }
    }
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, _peers) = scene::<Odd, u64>(medium, dir, 4).await;
        let refused = caller.begin_ask(Odd(102)).await.unwrap();
        let good = caller.begin_ask(Odd(103)).await.unwrap();
        assert!(requests.recv().await.is_err());
        let (number, responder) = requests.recv().await.unwrap().into_parts();
        responder.answer(number.0).unwrap();
        assert!(matches!(refused.await, Err(AskError::RequestRefused(_))));
        assert_eq!(good.await, Ok(103));
    })
    .await;
}

#[tokio::test]
async fn plain_ends_and_answering_ends_fit_where_they_can() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let (exporter, importer) = (&world.exporter, &peers.importer);

    // A plain sender tells.
    let mut requests =
        exporter.export_requests::<u64, u64>("to requests", Default::default()).unwrap();
    let sender = importer.import_sender::<u64>("to requests", Default::default()).await.unwrap();
    sender.send(5).await.unwrap();
    let (number, responder) = requests.recv().await.unwrap().into_parts();
    assert!(number == 5 && !responder.is_ask());

    let sender = exporter.export_sender::<u64>("from plain", Default::default()).unwrap();
    let mut requests =
        importer.import_requests::<u64, u64>("from plain", Default::default()).await.unwrap();
    sender.send(6).await.unwrap();
    assert_eq!(*requests.recv().await.unwrap().message(), 6);

    // Whoever asks needs answers.
    let _receiver = exporter.export_receiver::<u64>("plain", Default::default()).unwrap();
    let refused = importer.import_caller::<u64, u64>("plain", Default::default()).await;
    assert!(matches!(refused, Err(ImportError::NoAnswers { .. })));
    let _caller = exporter.export_caller::<u64, u64>("asking", Default::default()).unwrap();
    let refused = importer.import_receiver::<u64>("asking", Default::default()).await;
    assert!(matches!(refused, Err(ImportError::NoAnswers { .. })));

    // And of the right type.
    let refused = importer.import_requests::<u64, String>("asking", Default::default()).await;
    assert!(matches!(refused, Err(ImportError::TypeMismatch { .. })));
    let refused = importer.import_requests::<String, u64>("asking", Default::default()).await;
    assert!(matches!(refused, Err(ImportError::TypeMismatch { .. })));
}

#[tokio::test]
async fn each_of_several_importers_answers_what_it_was_asked() {
    let world = World::new(Medium::Tcp).await;
    let caller = world
        .exporter
        .export_caller::<u64, u64>("asks", SendSettings::default().capacity_values(16))
        .unwrap();
    let mut workers = Vec::new();
    for worker in 0..4_u64 {
        let peers = world.connect().await;
        let mut requests = peers
            .importer
            .import_requests::<u64, u64>("asks", ImportSettings::default().size(4))
            .await
            .unwrap();
        workers.push(peers);
        tokio::spawn(async move {
            while let Ok(request) = requests.recv().await {
                let (number, responder) = request.into_parts();
                tokio::task::yield_now().await;
                responder.answer(10 * number + worker).unwrap();
            }
        });
    }
    let answers = join_all((0..1000).map(|number| caller.ask(number))).await;
    let mut by_worker = [0; 4];
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap();
        assert_eq!(answer / 10, number as u64);
        by_worker[(answer % 10) as usize] += 1;
    }
    assert!(by_worker.iter().all(|count| *count > 50), "{by_worker:?}");
}

#[tokio::test]
async fn a_channel_that_is_hung_up_can_be_imported_again() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let requests = RecvSettings::default().stays_open();
    let answering = double(world.exporter.export_requests("asks", requests).unwrap());
    for number in 0..10 {
        let caller =
            peers.importer.import_caller::<u64, u64>("asks", Default::default()).await.unwrap();
        assert_eq!(caller.ask(number).await, Ok(2 * number));
        if number % 2 == 0 {
            peers.importer.hangup("asks").await.unwrap();
            assert!(matches!(caller.ask(0).await, Err(AskError::NotSent(_))));
        } else {
            drop(caller);
            peers.importer.drain(GUARD).await.unwrap();
        }
    }
    let status = peers.exporter.status().await.unwrap();
    assert!(status.channels.len() <= 1, "{status:?}");
    world.exporter.close().await;
    assert_eq!(answering.await.unwrap(), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_in_hand_when_nobody_takes_more_is_not_cancelled() {
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, peers) = scene::<u64, u64>(medium, dir, 4).await;
        let answer = caller.begin_ask(1).await.unwrap();
        let unwanted = caller.begin_ask(2).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        let (_, kept) = requests.recv().await.unwrap().into_parts();
        drop(requests);
        settle().await;
        assert!(!responder.is_cancelled());
        assert!(poll_once(responder.cancelled()).is_none());
        responder.answer(7).unwrap();
        assert_eq!(answer.await, Ok(7));
        peers.importer.close().await;
        kept.cancelled().await;
        assert!(unwanted.await.is_err());
    })
    .await;
}

#[tokio::test]
async fn an_answer_whose_encoding_panics_is_none() {
    #[derive(serde::Deserialize)]
    struct Mine(#[allow(dead_code)] u64);
    impl serde::Serialize for Mine {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("no more");
        }
    }
    each_way(async |medium, dir| {
        let (caller, mut requests, _world, _peers) = scene::<u64, Mine>(medium, dir, 4).await;
        let answer = caller.begin_ask(1).await.unwrap();
        let (_, responder) = requests.recv().await.unwrap().into_parts();
        let answering = tokio::spawn(async move { responder.answer(Mine(1)) });
        assert!(answering.await.unwrap_err().is_panic());
        assert!(matches!(answer.await, Err(AskError::NotAnswered)));
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_of_either_side_does_not_wait_for_answers() {
    each_way(async |medium, dir| {
        for importer_shuts_down in [true, false] {
            let (caller, mut requests, world, peers) = scene::<u64, u64>(medium, dir, 4).await;
            let (first, second) = (caller.begin_ask(1).await, caller.begin_ask(2).await);
            let (first, second) = (first.unwrap(), second.unwrap());
            let (_, responder) = requests.recv().await.unwrap().into_parts();
            let (_, held) = requests.recv().await.unwrap().into_parts();
            responder.answer(7).unwrap();
            let report = if importer_shuts_down {
                peers.importer.shut_down(GUARD).await
            } else {
                world.exporter.shut_down(GUARD).await
            };
            assert!(report.is_complete(), "{report:?}");
            assert_eq!(first.await, Ok(7));
            assert!(matches!(second.await, Err(AskError::UnknownFate(_))));
            held.cancelled().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_importer_that_takes_all_and_answers_nothing_fills_the_channel() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let caller = world.exporter.export_caller::<u64, u64>("asks", SendSettings::default()).unwrap();
    let import = ImportSettings::default().size(u32::MAX);
    let mut requests = peers.importer.import_requests::<u64, u64>("asks", import).await.unwrap();
    let mut answers = Vec::new();
    let mut held = Vec::new();
    while answers.len() < UNANSWERED_REQUESTS_MAX {
        answers.push(guarded("there is room", caller.begin_ask(0)).await.unwrap());
        held.push(requests.recv().await.unwrap().into_parts().1);
    }
    assert!(matches!(caller.try_ask(0), Err(TrySendError::Full(0))));
    let mut waiting = Box::pin(caller.begin_ask(1));
    assert!(poll_once(&mut waiting).is_none());
    held.swap_remove(0).answer(7).unwrap();
    let answer = guarded("there is room again", waiting).await.unwrap();
    assert_eq!(answers.swap_remove(0).await, Ok(7));
    // So it is when one is given up.
    let mut waiting = Box::pin(caller.begin_ask(2));
    assert!(poll_once(&mut waiting).is_none());
    drop(answer);
    let _answer = guarded("there is room again", waiting).await.unwrap();
}
