//! Code of others that panics, in a stream or in what dials, costs a link and nothing else; code of the
//! driver itself costs the session.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use netchan::net::{
    Connection, ConnectionEnd, Event, EventStream, ImportSettings, RecvSettings, SendSettings,
    Stream, UnreadReports,
};
use netchan::{Exporter, Receiver, Sender};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use crate::support::{
    LONG, Number, Proxy, TestResult, guarded_by_paused_clock, numbers, quick, quick_config, redial,
    take, wait_for,
};

/// Where the code of others panics next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(usize)]
enum Place {
    Nowhere,
    Read,
    Write,
    Flush,
    Dial,
    DialLater,
}

/// Panics at a place, once.
#[derive(Clone, Default)]
struct Trap(Arc<AtomicUsize>);

impl Trap {
    fn set(&self, place: Place) {
        self.0.store(place as usize, Ordering::Relaxed);
    }

    fn spring(&self, place: Place) {
        let nowhere = Place::Nowhere as usize;
        let order = Ordering::Relaxed;
        if self.0.compare_exchange(place as usize, nowhere, order, order).is_ok() {
            panic!("as the test wants it, in {place:?}");
        }
    }
}

/// A stream with a trap in it.
struct Brittle {
    inner: DuplexStream,
    trap: Trap,
}

impl AsyncRead for Brittle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.trap.spring(Place::Read);
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Brittle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.trap.spring(Place::Write);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.trap.spring(Place::Flush);
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// An importer whose streams have a trap, with a channel in each direction.
struct Scene {
    importer: Connection,
    trap: Trap,
    proxy: Proxy,
    events: EventStream,
    out: Sender<Number>,
    outward: Receiver<Number>,
    into: Sender<Number>,
    inward: Receiver<Number>,
}

async fn scene() -> TestResult<Scene> {
    let config = quick_config();
    let exporter = Exporter::new(config.clone());
    let proxy = Proxy::new();
    proxy.point_to_exporter(&exporter);
    let (trap, pipes) = (Trap::default(), proxy.clone());
    let set = trap.clone();
    let dial = move || {
        set.spring(Place::Dial);
        let (trap, pipe) = (set.clone(), pipes.pipe());
        async move {
            tokio::task::yield_now().await;
            trap.spring(Place::DialLater);
            Ok(Stream::new(Brittle { inner: pipe?, trap }, "brittle"))
        }
    };
    let (importer, driver) = Connection::dial(dial, &config, UnreadReports::DropOldest).await?;
    tokio::spawn(driver.run());
    let events = importer.events();
    let out = exporter.export_sender("out", SendSettings::default())?;
    let inward = exporter.export_receiver("in", RecvSettings::default())?;
    let outward = importer.import_receiver("out", ImportSettings::default()).await?;
    let into = importer.import_sender("in", ImportSettings::default()).await?;
    Ok(Scene { importer, trap, proxy, events, out, outward, into, inward })
}

impl Scene {
    /// Values go both ways, and none is missing or comes twice.
    async fn carries(&mut self, from: u64) -> TestResult {
        let values = numbers(from..from + 10);
        self.out.send_all(values.clone()).await?;
        self.into.send_all(values.clone()).await?;
        assert_eq!(take(&mut self.outward, 10).await?, values);
        assert_eq!(take(&mut self.inward, 10).await?, values);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_costs_its_link() -> TestResult {
    guarded_by_paused_clock(async {
        let mut scene = scene().await?;
        for (round, place) in [Place::Read, Place::Write, Place::Flush].into_iter().enumerate() {
            scene.trap.set(place);
            scene.carries(10 * round as u64).await?;
            let end = wait_for!(scene.events, Event::LinkLost { end, .. } => end);
            assert!(matches!(end, ConnectionEnd::Panicked { in_transport: true }), "{end}");
            wait_for!(scene.events, Event::Resumed { .. });
        }
        let status = scene.importer.status().await?;
        assert_eq!((status.resumes, status.lost_sessions), (3, 0));
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_attempt_to_dial_that_panics_is_followed_by_another_one() -> TestResult {
    guarded_by_paused_clock(async {
        let mut scene = scene().await?;
        for (round, place) in [Place::Dial, Place::DialLater].into_iter().enumerate() {
            scene.trap.set(place);
            scene.proxy.cut();
            scene.carries(10 * round as u64).await?;
            wait_for!(scene.events, Event::Resumed { .. });
        }
        let status = scene.importer.status().await?;
        assert_eq!((status.resumes, status.lost_sessions), (2, 0));
        scene.importer.drain(LONG).await?;
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_dials_and_always_panics_is_given_up_after_as_many_attempts_as_any_other() -> TestResult
{
    guarded_by_paused_clock(async {
        let config = quick().redial(redial().attempts(3)).build()?;
        let dialled = Arc::new(AtomicUsize::new(0));
        let count = dialled.clone();
        let dial = move || {
            let earlier = count.fetch_add(1, Ordering::Relaxed);
            assert_ne!(earlier, 1, "as the test wants it");
            async move {
                tokio::task::yield_now().await;
                panic!("as the test wants it");
            }
        };
        let (_importer, driver) =
            Connection::dial_later(dial, "nobody", &config, UnreadReports::DropOldest);
        let end = driver.run().await;
        assert!(matches!(end, ConnectionEnd::GaveUp { attempts: 3, .. }), "{end:?}");
        assert_eq!(dialled.load(Ordering::Relaxed), 3);
        Ok(())
    })
    .await
}

/// Panics at a log line of a driver, when it has come so often: the only way into its own code.
struct Saboteur {
    line: &'static str,
    lines_left: Arc<AtomicUsize>,
}

/// Whether a log line says something.
struct Says {
    what: &'static str,
    found: bool,
}

impl Visit for Says {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.found |= field.name() == "message" && format!("{value:?}") == self.what;
    }
}

impl Subscriber for Saboteur {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut says = Says { what: self.line, found: false };
        event.record(&mut says);
        if says.found && self.lines_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            panic!("as the test wants it, at {:?}", self.line);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_drivers_own_code_costs_the_session_and_not_the_importer() -> TestResult {
    guarded_by_paused_clock(async {
        // The exporter comes to that line first, and then the importer.
        for lines in [1, 2] {
            let mut scene = scene().await?;
            scene.carries(0).await?;
            let lines_left = Arc::new(AtomicUsize::new(lines));
            let saboteur = Saboteur { line: "resumed", lines_left };
            let _guard = tracing::subscriber::set_default(saboteur);
            scene.proxy.cut();
            let end = wait_for!(scene.events, Event::SessionLost { end, .. } => end);
            match (lines, end) {
                (1, ConnectionEnd::Forgotten) => {}
                (2, ConnectionEnd::Panicked { in_transport: false }) => {}
                (_, end) => return Err(end.into()),
            }
            // The next session has the same channels in the same hands.
            wait_for!(scene.events, Event::Connected { .. });
            let values = numbers(10..20);
            scene.out.send_all(values.clone()).await?;
            scene.into.send_all(values.clone()).await?;
            for receiver in [&mut scene.outward, &mut scene.inward] {
                // The first ones were taken, but nobody may know that.
                let mut arrived = take(receiver, 10).await?;
                while arrived.last() != Some(&Number(19)) {
                    arrived.push(receiver.recv().await?);
                }
                assert!(arrived.ends_with(&values) && arrived.len() <= 20, "{arrived:?}");
            }
            scene.importer.drain(LONG).await?;
            let status = scene.importer.status().await?;
            assert_eq!((status.is_linked, status.lost_sessions), (true, 1));
        }
        Ok(())
    })
    .await
}
