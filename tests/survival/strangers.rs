//! Who may continue a session: scripted peers that show a wrong token, an old epoch, or more
//! acknowledgements than frames were sent.

use actix::prelude::*;
use bytes::{Bytes, BytesMut};
use netchan::id::{Incarnation, NodeId, SessionId, SessionToken};
use netchan::limits::FRAME_BYTES_MAX;
use netchan::net::{Address, Event, Report};
use netchan::wire::{
    Code, Frame, Hello, Opening, PREAMBLE, Resume, VERSION, Welcome, check_preamble, decode,
};
use netchan_actix::messages::{
    Errors, Events, ExportReceiver, ExportSender, ImportReceiver, ImportSender, ListenAndServe,
};
use netchan_actix::{ExporterActor, ImporterActor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{
    Number, Scene, TestResult, guarded, loopback, numbers, quick_config, take, wait_for,
};

/// An importer that says what the test wants.
struct Script {
    stream: TcpStream,
    input: BytesMut,
}

fn hello(resume: Option<Resume>, received: u64) -> Hello {
    Hello {
        version_min: VERSION,
        version_max: VERSION,
        node: NodeId([1; 16]),
        incarnation: Incarnation([2; 16]),
        resume,
        received,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        expiry_ms: 60_000,
        features: 0,
        credentials: Bytes::new(),
    }
}

impl Script {
    /// Says hello, and hears the answer.
    async fn greet(address: &Address, hello: &Hello) -> TestResult<(Script, Opening)> {
        let Address::Tcp(place) = address else { panic!("{address} is not TCP") };
        let stream = TcpStream::connect(place).await?;
        let mut script = Script { stream, input: BytesMut::new() };
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        hello.encode(&mut bytes);
        script.stream.write_all(&bytes).await?;
        while !check_preamble(&mut script.input)? {
            script.read().await?;
        }
        loop {
            if let Some(opening) = Opening::decode(&mut script.input)? {
                return Ok((script, opening));
            }
            script.read().await?;
        }
    }

    /// Begins a session.
    async fn begin(address: &Address) -> TestResult<(Script, Welcome)> {
        match Script::greet(address, &hello(None, 0)).await? {
            (script, Opening::Welcome(welcome)) => Ok((script, welcome)),
            (_, other) => Err(format!("{other:?}").into()),
        }
    }

    /// Hears the hello of an importer, as its exporter.
    async fn hear_hello(listener: &TcpListener) -> TestResult<(Script, Hello)> {
        let (stream, _) = listener.accept().await?;
        let mut script = Script { stream, input: BytesMut::new() };
        while !check_preamble(&mut script.input)? {
            script.read().await?;
        }
        loop {
            if let Some(hello) = Hello::decode(&mut script.input)? {
                return Ok((script, hello));
            }
            script.read().await?;
        }
    }

    async fn welcome(&mut self, session: u8, epoch: u64, received: u64) -> TestResult {
        let welcome = Welcome {
            version: VERSION,
            node: NodeId([3; 16]),
            incarnation: Incarnation([4; 16]),
            session: SessionId([session; 16]),
            token: SessionToken([5; 16]),
            epoch,
            received,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            channels_max: 10,
            expiry_ms: 60_000,
            features: 0,
        };
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        Opening::Welcome(welcome).encode(&mut bytes);
        self.stream.write_all(&bytes).await?;
        Ok(())
    }

    async fn read(&mut self) -> TestResult {
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err("the link has ended".into()),
            _ => Ok(()),
        }
    }

    /// Hears frames up to the goodbye.
    async fn hear_goodbye(&mut self) -> TestResult<Code> {
        loop {
            match decode(&mut self.input, FRAME_BYTES_MAX)?.map(|decoded| decoded.frame) {
                Some(Frame::Goodbye { code, .. }) => return Ok(code),
                Some(_) => {}
                None => self.read().await?,
            }
        }
    }

    /// Hears that the link ends.
    async fn hear_end(&mut self) {
        while self.read().await.is_ok() {}
    }
}

fn rejection(opening: &Opening) -> Option<Code> {
    match opening {
        Opening::Reject(reject) => Some(reject.code),
        Opening::Welcome(_) => None,
    }
}

async fn exporter() -> TestResult<(Addr<ExporterActor>, Address)> {
    let exporter = ExporterActor::new(quick_config()).start();
    let address = exporter.send(ListenAndServe(loopback())).await??;
    Ok((exporter, address))
}

#[actix::test]
async fn a_stranger_without_the_token_is_rejected_and_the_session_does_not_notice() -> TestResult {
    guarded(async {
        let scene = Scene::new().await?;
        let out = scene.exporter.send(ExportSender::<Number>::new("out")).await??;
        let mut inward = scene.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let mut outward = scene.importer.send(ImportReceiver::<Number>::new("out")).await??;
        let into = scene.importer.send(ImportSender::<Number>::new("in")).await??;
        let mut errors = scene.exporter.send(Errors).await?;
        let session = scene.importers_status().await?.session.ok_or("no session")?;
        for (round, epoch) in [1, 2, u64::MAX].into_iter().enumerate() {
            let resume = Resume { session, token: SessionToken([9; 16]), epoch };
            let (mut stranger, answer) =
                Script::greet(&scene.address, &hello(Some(resume), 0)).await?;
            assert_eq!(rejection(&answer), Some(Code::UnknownSession));
            stranger.hear_end().await;
            let report = errors.next_report().await.ok_or("no report")?;
            assert!(matches!(report, Report::HandshakeFailed { .. }), "{report:?}");
            let from = 5 * round as u64;
            out.send_all(numbers(from..from + 5)).await?;
            into.send_all(numbers(from..from + 5)).await?;
            assert_eq!(take(&mut outward, 5).await?, numbers(from..from + 5));
            assert_eq!(take(&mut inward, 5).await?, numbers(from..from + 5));
        }
        assert_eq!(scene.exporters_status().await?.resumes, 0);
        assert_eq!(scene.importers_status().await?.resumes, 0);
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_link_that_is_as_old_as_one_before_is_superseded() -> TestResult {
    guarded(async {
        let (_exporter, address) = exporter().await?;
        let (mut first, Welcome { session, token, epoch, .. }) = Script::begin(&address).await?;
        assert_eq!(epoch, 1);
        let resume = |token, epoch| Some(Resume { session, token, epoch });
        // The first link seems to be alive, and has to go.
        let (mut third, answer) = Script::greet(&address, &hello(resume(token, 3), 0)).await?;
        let Opening::Welcome(welcome) = answer else { panic!("{answer:?}") };
        assert_eq!((welcome.session, welcome.epoch, welcome.received), (session, 3, 0));
        first.hear_end().await;
        // An attempt from before comes late.
        for epoch in [1, 2, 3] {
            let late = hello(resume(token, epoch), 0);
            let (_, answer) = Script::greet(&address, &late).await?;
            assert_eq!(rejection(&answer), Some(Code::Superseded), "epoch {epoch}");
        }
        let next = hello(resume(welcome.token, 4), 0);
        let (_fourth, answer) = Script::greet(&address, &next).await?;
        assert_eq!(rejection(&answer), None);
        third.hear_end().await;
        // The new token was used, so the one before the last is not valid any more.
        let (_, answer) = Script::greet(&address, &hello(resume(token, 5), 0)).await?;
        assert_eq!(rejection(&answer), Some(Code::UnknownSession));
        Ok(())
    })
    .await
}

#[actix::test]
async fn whoever_claims_to_have_received_more_than_was_sent_loses_the_session() -> TestResult {
    guarded(async {
        for received in [1, u64::MAX] {
            let (exporter, address) = exporter().await?;
            let mut events = exporter.send(Events).await?;
            let (_first, Welcome { session, token, .. }) = Script::begin(&address).await?;
            let resume = Some(Resume { session, token, epoch: 2 });
            let (mut second, answer) = Script::greet(&address, &hello(resume, received)).await?;
            if rejection(&answer).is_none() {
                assert_eq!(second.hear_goodbye().await?, Code::Violation);
            }
            let ended = wait_for!(
                events,
                Event::SessionLost { session, .. } => session
            );
            assert_eq!(ended, session);
            wait_for!(events, Event::Ended { .. });
            let resume = Some(Resume { session, token, epoch: 3 });
            let (_, answer) = Script::greet(&address, &hello(resume, 0)).await?;
            assert_eq!(rejection(&answer), Some(Code::UnknownSession));
        }
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_session_that_the_importer_does_not_want_kept_is_not() -> TestResult {
    guarded(async {
        let (exporter, address) = exporter().await?;
        let mut events = exporter.send(Events).await?;
        let fleeting = Hello { expiry_ms: 0, ..hello(None, 0) };
        let (script, answer) = Script::greet(&address, &fleeting).await?;
        let Opening::Welcome(welcome) = answer else { panic!("{answer:?}") };
        assert_eq!(welcome.expiry_ms, 0);
        drop(script);
        wait_for!(events, Event::Ended { .. });
        let Welcome { session, token, .. } = welcome;
        let resume = Some(Resume { session, token, epoch: 2 });
        let (_, answer) = Script::greet(&address, &hello(resume, 0)).await?;
        assert_eq!(rejection(&answer), Some(Code::UnknownSession));
        Ok(())
    })
    .await
}

#[actix::test]
async fn an_exporter_that_claims_to_have_received_more_than_was_sent_is_told_and_asked_anew()
-> TestResult {
    guarded(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address: Address = listener.local_addr()?.into();
        let importer = ImporterActor::new(address, "script", quick_config()).start();
        let mut events = importer.send(Events).await?;
        let (mut first, hello) = Script::hear_hello(&listener).await?;
        assert!(hello.resume.is_none());
        first.welcome(1, 1, 0).await?;
        wait_for!(events, Event::Connected { .. });
        drop(first);
        let (mut second, hello) = Script::hear_hello(&listener).await?;
        let resume = hello.resume.ok_or("it resumes")?;
        assert_eq!((resume.session, resume.epoch), (SessionId([1; 16]), 2));
        second.welcome(1, 2, 5).await?;
        assert_eq!(second.hear_goodbye().await?, Code::Violation);
        drop(second);
        wait_for!(events, Event::SessionLost { .. });
        let (mut third, hello) = Script::hear_hello(&listener).await?;
        assert!(hello.resume.is_none());
        third.welcome(2, 1, 0).await?;
        let session = wait_for!(events, Event::Connected { session, .. } => session);
        assert_eq!(session, SessionId([2; 16]));
        Ok(())
    })
    .await
}

#[actix::test]
async fn a_welcome_to_another_session_than_was_asked_for_is_not_taken() -> TestResult {
    guarded(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address: Address = listener.local_addr()?.into();
        let importer = ImporterActor::new(address, "script", quick_config()).start();
        let mut events = importer.send(Events).await?;
        let (mut first, _) = Script::hear_hello(&listener).await?;
        first.welcome(1, 1, 0).await?;
        drop(first);
        let (mut second, _) = Script::hear_hello(&listener).await?;
        second.welcome(9, 2, 0).await?;
        second.hear_end().await;
        let (mut third, hello) = Script::hear_hello(&listener).await?;
        assert!(hello.resume.is_none());
        third.welcome(2, 1, 0).await?;
        let lost = wait_for!(events, Event::SessionLost { session, .. } => session);
        assert_eq!(lost, SessionId([1; 16]));
        wait_for!(events, Event::Connected { session, .. } if session == SessionId([2; 16]));
        Ok(())
    })
    .await
}
