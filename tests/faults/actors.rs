//! What actors left behind or held on to.

use actix::prelude::*;
use netchan::net::{Config, SendSettings, Stream};
use netchan_actix::messages::{ErrorReport, Errors, ImportReceiver, ListenAndServe};
use netchan_actix::messages::{ServeConnection, Subscribe};
use netchan_actix::{ExporterActor, ImporterActor, SenderExt};
use tokio::sync::oneshot;

use crate::support::{exporter, guarded, settle};

#[actix::test]
async fn a_listener_that_waits_leaves_the_handshakes_to_the_others() {
    let config = Config::builder().handshakes_max(1).build().unwrap();
    let exporter = ExporterActor::new(config).start();
    let listen = || exporter.send(ListenAndServe("127.0.0.1:0".parse().expect("an address")));
    let _idle = listen().await.unwrap().unwrap();
    let address = listen().await.unwrap().unwrap();
    guarded(ImporterActor::connect(&address, Config::default())).await.unwrap();
}

#[derive(Message, serde::Serialize, serde::Deserialize)]
#[rtype(result = "()")]
struct Line(u32);

#[actix::test]
async fn recipients_that_are_gone_leave_no_task_behind() {
    let exporter = exporter();
    let sender = exporter.export_sender::<Line>("out", SendSettings::default()).unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for number in 0..200 {
        sender.recipient().do_send(Line(number));
        settle().await;
    }
    assert!(tasks() < before + 10, "{} tasks, {before} before", tasks());
}

/// Stops when it has been sent one error.
struct Subscriber(Option<oneshot::Sender<()>>);

impl Actor for Subscriber {
    type Context = Context<Self>;
}

impl Handler<ErrorReport> for Subscriber {
    type Result = ();

    fn handle(&mut self, _: ErrorReport, ctx: &mut Context<Self>) {
        ctx.stop();
        if let Some(told) = self.0.take() {
            told.send(()).expect("the test waits");
        }
    }
}

#[actix::test]
async fn errors_can_be_read_again_when_the_last_subscriber_is_gone() {
    let exporter = ExporterActor::new(Config::default()).start();
    let (near, far) = Stream::in_memory(64 * 1024);
    let (_served, importer) = tokio::join!(
        exporter.send(ServeConnection(near)),
        ImporterActor::over(far, Config::default())
    );
    let importer = importer.unwrap();
    let (told, is_told) = oneshot::channel();
    let subscriber = Subscriber(Some(told)).start().recipient();
    importer.send(Subscribe(subscriber)).await.unwrap();
    assert!(importer.send(ImportReceiver::<u32>::new("one")).await.unwrap().is_err());
    is_told.await.unwrap();
    settle().await;
    assert!(importer.send(ImportReceiver::<u32>::new("two")).await.unwrap().is_err());
    let mut errors = importer.send(Errors).await.unwrap();
    let report = guarded(errors.next_report()).await.unwrap();
    assert!(report.to_string().contains("two"), "{report}");
}
