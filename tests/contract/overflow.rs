//! What becomes of messages to a `Recipient` whose channel is full, by each policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::dev::SendError;
use actix::prelude::*;
use netchan::channel::{Overflow, Receiver, Sender};
use netchan::limits::{OUTLET_MAILBOX_MESSAGES, OUTLET_SWEEP_MESSAGES, OUTLET_SWEEP_MESSAGES_EACH};
use netchan::net::{Config, Connection, Event, Stream, UnreadReports};
use netchan_actix::messages::{Events, ExportReceiver, ExportRequests, Hangup};
use netchan_actix::messages::{ImportCaller, ImportRecipient, ImportSender};
use netchan_actix::{CallerExt, ExporterActor, SenderExt};
use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;

use crate::support::is_waiting;
use crate::support::{Link, Number, Pair, TestResult, guarded, joined, numbers, take_all};

over_each_link!(
    the_newest_are_dropped_and_the_rest_keeps_its_order,
    the_oldest_are_dropped_and_the_rest_keeps_its_order,
    try_send_finds_it_full_and_loses_nothing,
    asks_are_not_dropped_and_keep_their_place,
    an_episode_is_told_of_twice,
    what_an_imported_recipient_drops_is_told_and_counted,
    what_waits_is_freed_when_the_channel_ends,
    a_stalled_recipient_does_not_delay_another,
);

const POLICIES: [Overflow; 3] = [Overflow::Wait, Overflow::DropNewest, Overflow::DropOldest];
const WINDOW: usize = 4;
const WAITING: usize = 10;

/// The bound of mailboxes is one for all of the process, so the tests of it run one by one.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// With a few outlets that drop messages: those of a test, and of one that has just ended.
const MAILBOXES_MAX: usize = OUTLET_SWEEP_MESSAGES + 5 * OUTLET_SWEEP_MESSAGES_EACH;

/// A message that is counted while it is in the memory of who sends.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "()")]
struct Tracked {
    number: u64,
    #[serde(skip)]
    _life: Option<Life>,
}

#[derive(Debug)]
struct Life(Arc<AtomicUsize>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Makes messages in sequence, and knows how many there are.
#[derive(Default)]
struct Source {
    alive: Arc<AtomicUsize>,
    most: usize,
    next: u64,
}

impl Source {
    fn make(&mut self) -> Tracked {
        self.most = self.most.max(self.alive.fetch_add(1, Ordering::SeqCst) + 1);
        self.next += 1;
        Tracked { number: self.next - 1, _life: Some(Life(self.alive.clone())) }
    }

    fn flood(&mut self, recipient: &Recipient<Tracked>, messages: usize) {
        (0..messages).for_each(|_| recipient.do_send(self.make()));
    }
}

/// A channel that nobody reads.
struct Stalled {
    _alone: MutexGuard<'static, ()>,
    pair: Pair,
    sender: Sender<Tracked>,
    receiver: Receiver<Tracked>,
}

impl Stalled {
    async fn over(link: Link) -> TestResult<Stalled> {
        let _alone = ALONE.lock().await;
        let pair = link.pair().await?;
        let receiver = pair.exporter.send(ExportReceiver::new("tracked")).await??;
        let import = ImportSender::new("tracked").size(WINDOW as u32);
        let sender = pair.importer.send(import).await??;
        Ok(Stalled { _alone, pair, sender, receiver })
    }
}

/// All that comes until the channel's end.
async fn arrived(receiver: &mut Receiver<Tracked>) -> TestResult<Vec<u64>> {
    let (values, end) = take_all(receiver).await?;
    assert!(end.is_finished(), "{end}");
    Ok(values.into_iter().map(|tracked| tracked.number).collect())
}

const FLOOD: usize = 50_000;

async fn the_newest_are_dropped_and_the_rest_keeps_its_order(link: Link) -> TestResult {
    let Stalled { _alone, pair: _pair, sender, mut receiver } = Stalled::over(link).await?;
    let builder = sender.outlet().overflow(Overflow::DropNewest).waiting_max(WAITING);
    let (recipient, outlet) = builder.start();
    drop(sender);
    let mut source = Source::default();
    source.flood(&recipient, FLOOD);
    assert!(source.most <= WINDOW + WAITING + MAILBOXES_MAX, "{} messages", source.most);
    drop(recipient);
    let numbers = arrived(&mut receiver).await?;
    assert_eq!(numbers.len() as u64 + outlet.dropped_messages(), FLOOD as u64);
    assert!(numbers.is_sorted());
    assert!(numbers.starts_with(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]));
    assert!(outlet.dropped_messages() as usize >= FLOOD - WINDOW - WAITING - MAILBOXES_MAX);
    assert_eq!(outlet.waiting_messages(), 0);
    assert_eq!(source.alive.load(Ordering::SeqCst), 0);
    Ok(())
}

async fn the_oldest_are_dropped_and_the_rest_keeps_its_order(link: Link) -> TestResult {
    let Stalled { _alone, pair: _pair, sender, mut receiver } = Stalled::over(link).await?;
    let builder = sender.outlet().overflow(Overflow::DropOldest).waiting_max(WAITING);
    let (recipient, outlet) = builder.start();
    drop(sender);
    let mut source = Source::default();
    // What is in the channel is too late to be dropped.
    for _ in 0..WINDOW {
        recipient.send(source.make()).await?;
    }
    source.flood(&recipient, FLOOD);
    assert!(source.most <= WINDOW + WAITING + MAILBOXES_MAX, "{} messages", source.most);
    drop(recipient);
    let numbers = arrived(&mut receiver).await?;
    assert_eq!(numbers.len() as u64 + outlet.dropped_messages(), (WINDOW + FLOOD) as u64);
    assert!(numbers.is_sorted());
    assert!(numbers.starts_with(&[0, 1, 2, 3]));
    // Without a gap up to the last one.
    let last = source.next - 1;
    let waited = &numbers[WINDOW..];
    assert!(waited.len() >= WAITING);
    assert_eq!(waited, (last + 1 - waited.len() as u64..=last).collect::<Vec<_>>());
    assert_eq!(source.alive.load(Ordering::SeqCst), 0);
    Ok(())
}

async fn try_send_finds_it_full_and_loses_nothing(link: Link) -> TestResult {
    for policy in POLICIES {
        let Stalled { _alone, pair, sender, mut receiver } = Stalled::over(link).await?;
        let (recipient, outlet) = sender.outlet().overflow(policy).waiting_max(WAITING).start();
        drop(sender);
        let mut source = Source::default();
        for _ in 0..WINDOW {
            recipient.send(source.make()).await?;
        }
        let mut sent: Vec<u64> = (0..WINDOW as u64).collect();
        let mut full = 0;
        for _ in 0..10_000 {
            let message = source.make();
            let number = message.number;
            match recipient.try_send(message) {
                Ok(()) => sent.push(number),
                Err(SendError::Full(message)) => {
                    assert_eq!(message.number, number);
                    full += 1;
                }
                Err(error) => return Err(error.into()),
            }
            tokio::task::yield_now().await;
        }
        // The mailbox, one for the handle, and one that the outlet has taken out of it.
        let most = WINDOW + OUTLET_MAILBOX_MESSAGES + 2;
        assert!(sent.len() <= most, "{policy}: {} messages", sent.len());
        assert!(full >= 10_000 - most);
        // While it is read slowly, too.
        let mut came = Vec::new();
        while came.len() < 1000 {
            came.push(receiver.recv().await?.number);
            for _ in 0..100 {
                let message = source.make();
                let number = message.number;
                if recipient.try_send(message).is_ok() {
                    sent.push(number);
                }
            }
        }
        drop(recipient);
        came.extend(arrived(&mut receiver).await?);
        assert!(came == sent, "{policy}: {} of {}", came.len(), sent.len());
        assert_eq!(outlet.dropped_messages(), 0, "{policy}");
        drop(pair);
    }
    Ok(())
}

async fn asks_are_not_dropped_and_keep_their_place(link: Link) -> TestResult {
    for policy in POLICIES {
        let Stalled { _alone, pair, sender, mut receiver } = Stalled::over(link).await?;
        let (recipient, outlet) = sender.outlet().overflow(policy).waiting_max(WAITING).start();
        drop(sender);
        let mut source = Source::default();
        let (mut asks, mut asked) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            source.flood(&recipient, 1000);
            asked.push(source.next);
            // A handle of its own: one that found the mailbox full sends when it is polled.
            asks.push(recipient.clone().send(source.make()));
        }
        // Nobody waits for this one any more, so it is not sent.
        source.flood(&recipient, 1000);
        let given_up = source.next;
        drop(recipient.clone().send(source.make()));
        drop(recipient);
        let (numbers, replies) =
            tokio::join!(arrived(&mut receiver), futures::future::join_all(asks));
        let numbers = numbers?;
        assert!(replies.iter().all(Result::is_ok), "{policy}");
        assert!(numbers.is_sorted(), "{policy}");
        assert!(asked.iter().all(|number| numbers.binary_search(number).is_ok()), "{policy}");
        assert!(numbers.binary_search(&given_up).is_err(), "{policy}");
        assert_eq!(numbers.len() as u64 + outlet.dropped_messages(), source.next - 1, "{policy}");
        drop(pair);
    }
    Ok(())
}

async fn an_episode_is_told_of_twice(link: Link) -> TestResult {
    let Stalled { _alone, pair, sender, mut receiver } = Stalled::over(link).await?;
    let mut events = pair.importer.send(Events).await?;
    let builder = sender.outlet().overflow(Overflow::DropNewest).waiting_max(WAITING);
    let (recipient, outlet) = builder.start();
    let mut source = Source::default();
    let mut before = 0;
    for _ in 0..2 {
        source.flood(&recipient, 20_000);
        let reading = async {
            // It ends with what is sent for it alone.
            let mut last = Box::pin(recipient.send(source.make()));
            while is_waiting(&mut last).await {
                receiver.recv().await?;
            }
            TestResult::Ok(())
        };
        let told = async {
            let mut told = Vec::new();
            while told.len() < 2 {
                let event = events.next_event().await.ok_or("no more events")?;
                if let Event::MessagesDropped { name, policy, dropped_messages, is_over, .. } =
                    event
                {
                    assert_eq!((name.as_str(), policy), ("tracked", Overflow::DropNewest));
                    told.push((dropped_messages, is_over));
                }
            }
            TestResult::Ok(told)
        };
        let (told, read) = tokio::join!(told, reading);
        read?;
        let [(first, false), (total, true)] = told?[..] else { return Err("another order".into()) };
        assert!(0 < first && first <= total);
        assert_eq!(total, outlet.dropped_messages() - before);
        before = outlet.dropped_messages();
    }
    Ok(())
}

async fn what_an_imported_recipient_drops_is_told_and_counted(link: Link) -> TestResult {
    let _alone = ALONE.lock().await;
    let pair = link.pair().await?;
    let mut events = pair.importer.send(Events).await?;
    let mut dropped_by = async |dropping: &str| loop {
        let event = events.next_event().await.ok_or("no more events")?;
        if let Event::MessagesDropped { name, dropped_messages, .. } = event {
            assert_eq!(name, dropping);
            return TestResult::Ok(dropped_messages);
        }
    };

    // Nobody takes anything. A recipient alone has events; a caller beside it has a count as well.
    let _told = pair.exporter.send(ExportRequests::<Tracked, ()>::new("told")).await??;
    let import = ImportRecipient::<Tracked>::new("told").overflow(Overflow::DropOldest);
    let recipient = pair.importer.send(import).await??;
    Source::default().flood(&recipient, 20_000);
    assert!(dropped_by("told").await? > 0);

    let _counted = pair.exporter.send(ExportRequests::<Tracked, ()>::new("counted")).await??;
    let import = ImportCaller::<Tracked, ()>::new("counted");
    let caller = pair.importer.send(import).await??;
    let builder = caller.outlet().overflow(Overflow::DropNewest).waiting_max(WAITING);
    let (recipient, outlet) = builder.start();
    Source::default().flood(&recipient, 20_000);
    let told = dropped_by("counted").await?;
    assert!(0 < told && told <= outlet.dropped_messages());
    Ok(())
}

async fn what_waits_is_freed_when_the_channel_ends(link: Link) -> TestResult {
    for policy in POLICIES {
        let Stalled { _alone, pair, sender, receiver: _receiver } = Stalled::over(link).await?;
        let (recipient, outlet) = sender.outlet().overflow(policy).waiting_max(WAITING).start();
        let mut source = Source::default();
        source.flood(&recipient, 5000);
        let waiting = recipient.send(source.make());
        pair.importer.send(Hangup::new("tracked")).await??;
        assert_eq!(waiting.await, Err(MailboxError::Closed), "{policy}");
        assert!(!recipient.connected(), "{policy}");
        // The recipient outlives it and holds nothing.
        assert_eq!(source.alive.load(Ordering::SeqCst), 0, "{policy}");
        assert_eq!(outlet.waiting_messages(), 0);
        source.flood(&recipient.clone(), 10);
        assert_eq!(source.alive.load(Ordering::SeqCst), 0, "{policy}");
        assert!(matches!(recipient.try_send(source.make()), Err(SendError::Closed(_))));
    }
    Ok(())
}

async fn a_stalled_recipient_does_not_delay_another(link: Link) -> TestResult {
    for policy in POLICIES {
        let Stalled { _alone, pair, sender, receiver: _stalled } = Stalled::over(link).await?;
        let (stalled, _) = sender.outlet().overflow(policy).waiting_max(WAITING).start();
        let mut pings = pair.exporter.send(ExportReceiver::<Number>::new("pings")).await??;
        let ping = pair.importer.send(ImportSender::<Number>::new("pings").size(1)).await??;
        let (ping, outlet) = ping.outlet().overflow(policy).start();
        let mut source = Source::default();
        for number in numbers(0..200) {
            source.flood(&stalled, 100);
            ping.do_send(number);
            assert_eq!(pings.recv().await?, number);
        }
        assert_eq!(outlet.dropped_messages(), 0);
    }
    Ok(())
}

#[actix::test]
async fn a_stalled_recipient_delays_no_heartbeat() -> TestResult {
    guarded(async {
        let _alone = ALONE.lock().await;
        let times = (Duration::from_millis(100), Duration::from_secs(1));
        let config = || Config::builder().heartbeat(times.0, times.1).build();
        let exporter = ExporterActor::new(config()?).start();
        let (near, far) = Stream::in_memory(64 * 1024);
        let (importer, _) = joined(&exporter, far, near).await?;
        let _receiver = exporter.send(ExportReceiver::<Tracked>::new("tracked")).await??;
        let sender = importer.send(ImportSender::<Tracked>::new("tracked").size(1)).await??;
        let mut events = exporter.send(Events).await?;
        let (recipient, outlet) = sender.outlet().overflow(Overflow::DropOldest).start();
        let mut source = Source::default();
        let flooding = async {
            loop {
                source.flood(&recipient, 1000);
                tokio::task::yield_now().await;
            }
        };
        let lost = async {
            while let Some(event) = events.next_event().await {
                if matches!(event, Event::LinkLost { .. } | Event::Ended { .. }) {
                    return event;
                }
            }
            std::future::pending().await
        };
        tokio::select! {
            _ = tokio::time::timeout(times.1 * 3 / 2, flooding) => {}
            event = lost => return Err(format!("{event:?}").into()),
        }
        assert!(outlet.dropped_messages() > 0);
        assert!(recipient.connected());
        Ok(())
    })
    .await
}

#[actix::test]
async fn thousands_of_clones_on_many_threads_lose_only_what_is_counted() -> TestResult {
    guarded(async {
        for policy in POLICIES {
            let Stalled { _alone, pair: _pair, sender, mut receiver } =
                Stalled::over(Link::Tcp).await?;
            let (recipient, outlet) = sender.outlet().overflow(policy).waiting_max(WAITING).start();
            drop(sender);
            let alive = Arc::new(AtomicUsize::new(0));
            let most = Arc::new(AtomicUsize::new(0));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let clones: Vec<_> = (0..1000).map(|_| recipient.clone()).collect();
                    let (alive, most) = (alive.clone(), most.clone());
                    std::thread::spawn(move || {
                        for (number, clone) in clones.iter().cycle().take(10_000).enumerate() {
                            let now = alive.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            let _life = Some(Life(alive.clone()));
                            clone.do_send(Tracked { number: number as u64, _life });
                        }
                    })
                })
                .collect();
            drop(recipient);
            let joining = tokio::task::spawn_blocking(|| {
                threads.into_iter().for_each(|thread| thread.join().expect("a thread panicked"));
            });
            joining.await?;
            if policy != Overflow::Wait {
                let most = most.load(Ordering::SeqCst);
                // Each thread may have in its hands what it is about to drop.
                assert!(most <= WINDOW + WAITING + 5 * MAILBOXES_MAX, "{policy}: {most}");
            }
            let numbers = arrived(&mut receiver).await?;
            assert_eq!(numbers.len() as u64 + outlet.dropped_messages(), 40_000, "{policy}");
            assert_eq!(alive.load(Ordering::SeqCst), 0);
            assert_eq!(policy == Overflow::Wait, outlet.dropped_messages() == 0);
        }
        Ok(())
    })
    .await
}

#[test]
fn a_recipient_needs_no_actix_system() -> TestResult {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = Config::default();
        let exporter = netchan::Exporter::new(config.clone());
        let mut receiver = exporter.export_receiver::<Number>("numbers", Default::default())?;
        let (near, far) = Stream::in_memory(64 * 1024);
        let (opened, served) = tokio::join!(
            Connection::open(near, &config, UnreadReports::DropOldest),
            exporter.serve(far)
        );
        let (connection, driver) = opened?;
        let _served = served?;
        tokio::spawn(driver.run());
        let sender = connection.import_sender("numbers", Default::default()).await?;
        let recipient = sender.recipient();
        drop(sender);
        let sending = std::thread::spawn(move || {
            numbers(0..10_000).into_iter().for_each(|number| recipient.do_send(number));
        });
        let (values, end) = take_all(&mut receiver).await?;
        assert_eq!(values, numbers(0..10_000));
        assert!(end.is_finished());
        sending.join().map_err(|_| "it panicked")?;
        Ok(())
    })
}
