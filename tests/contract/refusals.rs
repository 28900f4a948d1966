//! Imports that are refused: a typed error on that call and on the error stream, and nothing else
//! is hurt.

use netchan::channel::Origin;
use netchan::net::{ExportError, ImportError, Report};
use netchan::wire::Code;
use netchan::{Dir, Receiver, Sender};
use netchan_actix::messages::{ErrorReport, Errors, ExportReceiver, ExportSender};
use netchan_actix::messages::{ImportReceiver, ImportSender, Subscribe};

use crate::support::{Collector, Link, Pair, TestResult, next};

over_each_link!(
    an_unknown_name_is_refused,
    a_wrong_direction_is_refused,
    a_wrong_type_is_refused,
    a_name_that_cannot_be_is_refused,
    importing_twice_is_refused,
    a_channel_that_has_ended_is_refused,
    a_refusal_is_on_the_error_streams_of_both_sides,
    a_refusal_is_sent_to_all_subscribers,
);

/// A pair with a channel each way, which must live on whatever else happens.
struct Living {
    pair: Pair,
    sender: Sender<u64>,
    receiver: Receiver<u64>,
    sent: u64,
}

impl Living {
    async fn over(link: Link) -> TestResult<Living> {
        let pair = link.pair().await?;
        let sender = pair.exporter.send(ExportSender::new("living")).await??;
        let receiver = pair.importer.send(ImportReceiver::new("living")).await??;
        Ok(Living { pair, sender, receiver, sent: 0 })
    }

    async fn live_on(&mut self) -> TestResult {
        self.sent += 1;
        self.sender.send(self.sent).await?;
        assert_eq!(self.receiver.recv().await?, self.sent);
        Ok(())
    }
}

async fn an_unknown_name_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let importer = &living.pair.importer;
    let refused = importer.send(ImportReceiver::<u8>::new("unknown")).await?;
    assert!(matches!(refused, Err(ImportError::UnknownName { name }) if name == "unknown"));
    let refused = importer.send(ImportSender::<u8>::new("unknown")).await?;
    assert!(matches!(refused, Err(ImportError::UnknownName { name }) if name == "unknown"));
    living.live_on().await
}

async fn a_wrong_direction_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    let _out = exporter.send(ExportSender::<u8>::new("out")).await??;
    let _in = exporter.send(ExportReceiver::<u8>::new("in")).await??;
    let refused = importer.send(ImportSender::<u8>::new("out")).await?;
    assert!(
        matches!(refused, Err(ImportError::WrongDirection { name, dir: Dir::Send }) if name == "out")
    );
    let refused = importer.send(ImportReceiver::<u8>::new("in")).await?;
    assert!(
        matches!(refused, Err(ImportError::WrongDirection { name, dir: Dir::Recv }) if name == "in")
    );
    // The right direction still works.
    importer.send(ImportReceiver::<u8>::new("out")).await??;
    importer.send(ImportSender::<u8>::new("in")).await??;
    living.live_on().await
}

async fn a_wrong_type_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    let out = exporter.send(ExportSender::<u32>::new("out")).await??;
    let _in = exporter.send(ExportReceiver::<(u32, String)>::new("in")).await??;
    out.send(5).await?;
    let refused = importer.send(ImportReceiver::<u64>::new("out")).await?;
    assert!(matches!(refused, Err(ImportError::TypeMismatch { name, .. }) if name == "out"));
    let refused = importer.send(ImportSender::<(u32, Vec<u8>)>::new("in")).await?;
    assert!(matches!(refused, Err(ImportError::TypeMismatch { name, .. }) if name == "in"));
    // No value has moved.
    let mut right = importer.send(ImportReceiver::<u32>::new("out")).await??;
    assert_eq!(right.recv().await?, 5);
    living.live_on().await
}

async fn a_name_that_cannot_be_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    for name in [String::new(), "n".repeat(256), "ä".repeat(128)] {
        let exported = exporter.send(ExportSender::<u8>::new(&*name)).await?;
        assert!(matches!(exported, Err(ExportError::Name(_))), "{exported:?}");
        let exported = exporter.send(ExportReceiver::<u8>::new(&*name)).await?;
        assert!(matches!(exported, Err(ExportError::Name(_))), "{exported:?}");
        let imported = importer.send(ImportSender::<u8>::new(&*name)).await?;
        assert!(matches!(imported, Err(ImportError::Name(_))), "{imported:?}");
        let imported = importer.send(ImportReceiver::<u8>::new(&*name)).await?;
        assert!(matches!(imported, Err(ImportError::Name(_))), "{imported:?}");
    }
    let longest = "n".repeat(255);
    let sender = exporter.send(ExportSender::<u8>::new(&*longest)).await??;
    let mut receiver = importer.send(ImportReceiver::<u8>::new(&*longest)).await??;
    sender.send(9).await?;
    assert_eq!(receiver.recv().await?, 9);
    living.live_on().await
}

async fn importing_twice_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    let again = importer.send(ImportReceiver::<u64>::new("living")).await?;
    assert!(matches!(again, Err(ImportError::AlreadyImported { name }) if name == "living"));
    let _in = exporter.send(ExportReceiver::<u8>::new("in")).await??;
    let (one, other) = tokio::join!(
        importer.send(ImportSender::<u8>::new("in")),
        importer.send(ImportSender::<u8>::new("in"))
    );
    let (one, other) = (one?, other?);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = one.err().or(other.err());
    assert!(matches!(refused, Some(ImportError::AlreadyImported { .. })), "{refused:?}");
    living.live_on().await
}

async fn a_channel_that_has_ended_is_refused(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    drop(exporter.send(ExportSender::<u8>::new("out")).await??);
    drop(exporter.send(ExportReceiver::<u8>::new("in")).await??);
    let refused = importer.send(ImportReceiver::<u8>::new("out")).await?;
    assert!(matches!(refused, Err(ImportError::Ended { name }) if name == "out"));
    let refused = importer.send(ImportSender::<u8>::new("in")).await?;
    assert!(matches!(refused, Err(ImportError::Ended { name }) if name == "in"));
    living.live_on().await
}

fn is_refusal(report: &Report, of: &str, because: Code, origin: Origin) -> bool {
    matches!(
        report,
        Report::ImportRefused { name, by, code, .. }
            if name == of && *by == origin && *code == because
    )
}

async fn a_refusal_is_on_the_error_streams_of_both_sides(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    let (mut there, mut here) = (exporter.send(Errors).await?, importer.send(Errors).await?);
    let _unknown = importer.send(ImportReceiver::<u8>::new("unknown")).await?;
    let _wrong = importer.send(ImportSender::<u64>::new("living")).await?;
    for (name, code) in [("unknown", Code::UnknownName)] {
        let report = here.next_report().await.ok_or("no report here")?;
        assert!(is_refusal(&report, name, code, Origin::Peer), "{report}");
        let report = there.next_report().await.ok_or("no report there")?;
        assert!(is_refusal(&report, name, code, Origin::Local), "{report}");
    }
    living.live_on().await
}

async fn a_refusal_is_sent_to_all_subscribers(link: Link) -> TestResult {
    let mut living = Living::over(link).await?;
    let Pair { exporter, importer } = &living.pair;
    let (here, mut at_importer) = Collector::<ErrorReport>::start();
    let (too, mut at_importer_too) = Collector::<ErrorReport>::start();
    let (there, mut at_exporter) = Collector::<ErrorReport>::start();
    importer.send(Subscribe(here.recipient())).await?;
    importer.send(Subscribe(too.recipient())).await?;
    exporter.send(Subscribe(there.recipient())).await?;
    // More than wait unread: subscribers read.
    for number in 0..30 {
        let name = format!("unknown {number}");
        let refused = importer.send(ImportReceiver::<u8>::new(&*name)).await?;
        assert!(matches!(refused, Err(ImportError::UnknownName { .. })), "{refused:?}");
        for received in [&mut at_importer, &mut at_importer_too] {
            let ErrorReport(report) = next(received).await?;
            assert!(is_refusal(&report, &name, Code::UnknownName, Origin::Peer), "{report}");
        }
        let ErrorReport(report) = next(&mut at_exporter).await?;
        assert!(is_refusal(&report, &name, Code::UnknownName, Origin::Local), "{report}");
    }
    living.live_on().await
}
