//! The same with actors and their recipients.

use actix::{Actor, Context, Handler, Recipient};
use netchan::channel::Format;
use netchan::net::{Address, ImportSettings, RecvSettings};
use netchan_actix::messages::{
    Close, ExportReceiver, ExportRecipient, ImportReceiver, ImportRecipient, ImportSender,
    ListenAndServe,
};
use netchan_actix::{ExporterActor, Host, ImporterActor, Remote};

use crate::support::{TestResult, guarded};
use crate::upgrades::{Order, OrderV1, Receipt, ReceiptV1, order, orders, receipt, receipts};

/// An actor that was upgraded, and one that was not.
struct New;

struct Old;

impl Actor for New {
    type Context = Context<Self>;
}

impl Actor for Old {
    type Context = Context<Self>;
}

impl Handler<Order> for New {
    type Result = actix::MessageResult<Order>;

    fn handle(&mut self, Order { qty, .. }: Order, _: &mut Context<Self>) -> Self::Result {
        actix::MessageResult(receipt(qty * 10))
    }
}

impl Handler<OrderV1> for Old {
    type Result = actix::MessageResult<OrderV1>;

    fn handle(&mut self, OrderV1 { qty }: OrderV1, _: &mut Context<Self>) -> Self::Result {
        actix::MessageResult(ReceiptV1 { total: qty * 10 })
    }
}

/// A message whose answer did not change with it.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, actix::Message)]
#[rtype(result = "u64")]
struct Count {
    text: String,
    twice: bool,
}

#[derive(serde::Serialize, serde::Deserialize, actix::Message)]
#[rtype(result = "u64")]
struct CountV1 {
    text: String,
}

impl From<CountV1> for Count {
    fn from(CountV1 { text }: CountV1) -> Count {
        Count { text, twice: false }
    }
}

impl Handler<Count> for New {
    type Result = u64;

    fn handle(&mut self, Count { text, twice }: Count, _: &mut Context<Self>) -> u64 {
        text.len() as u64 * if twice { 2 } else { 1 }
    }
}

#[actix::test]
async fn a_host_that_was_upgraded_answers_remotes_of_both_versions() -> TestResult {
    let host = Host::listen("127.0.0.1:0").await?;
    let counts = Format::<Count>::new().also_accepts::<CountV1>();
    host.publish_as("count", New.start().recipient::<Count>(), counts, Format::new()).await?;

    let old = Remote::connect(host.address()).await?;
    let old: Recipient<CountV1> = old.recipient("count").await?;
    let new = Remote::connect(host.address()).await?;
    let new: Recipient<Count> = new.recipient("count").await?;
    assert_eq!(guarded(old.send(CountV1 { text: "four".into() })).await?, 4);
    assert_eq!(guarded(new.send(Count { text: "four".into(), twice: true })).await?, 8);
    host.addr().send(Close).await?;
    Ok(())
}

#[actix::test]
async fn a_remote_that_was_upgraded_takes_what_an_older_exporter_sends_and_answers() -> TestResult {
    let exporter = ExporterActor::new(Default::default()).start();
    let address: Address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
    // The exporter sends, and asks.
    let out = exporter.send(ExportRecipient::<CountV1>::new("count")).await??;
    let remote = Remote::connect(&address.to_string()[..]).await?;
    let counts = Format::<Count>::new().also_accepts::<CountV1>();
    remote.deliver_as("count", New.start().recipient::<Count>(), counts, Format::new()).await?;
    assert_eq!(guarded(out.send(CountV1 { text: "seven".into() })).await?, 5);

    // The exporter answers as it always has.
    let settings = RecvSettings::default().stays_open();
    let old = ExportReceiver::<OrderV1>::new("orders").settings(settings);
    exporter.send(old.deliver_to(Old.start().recipient())).await??;
    let import = ImportRecipient::<Buy>::new("orders").formats(Format::new(), receipts());
    let buy = remote.addr().send(import).await??;
    assert_eq!(guarded(buy.send(Buy { qty: 3 })).await?, Receipt { total: 30, is_old: true });
    let buy = Remote::connect(&address.to_string()[..]).await?;
    let buy: Recipient<Buy> = buy.recipient_as("orders", Format::new(), receipts()).await?;
    assert_eq!(guarded(buy.send(Buy { qty: 4 })).await?, Receipt { total: 40, is_old: true });
    exporter.send(Close).await?;
    Ok(())
}

/// What an order was, with the receipt that it has now: whoever asks reads answers first.
#[derive(serde::Serialize, serde::Deserialize, actix::Message)]
#[rtype(result = "Receipt")]
struct Buy {
    qty: u32,
}

#[actix::test]
async fn formats_go_with_each_message_that_makes_a_channel() -> TestResult {
    let exporter = ExporterActor::new(Default::default()).start();
    let address: Address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
    let importer = ImporterActor::connect(&address, Default::default()).await?;

    let settings = RecvSettings::default().stays_open();
    let export = ExportReceiver::<Order>::new("in").settings(settings).format(orders());
    let mut received = exporter.send(export).await??;
    let sender = importer.send(ImportSender::<OrderV1>::new("in")).await??;
    sender.send(OrderV1 { qty: 1 }).await?;
    assert_eq!(guarded(received.recv()).await?.note.as_deref(), Some("from V1"));

    let export = netchan_actix::messages::ExportSender::<OrderV1>::new("out");
    let out = exporter.send(export).await??;
    let import =
        ImportReceiver::<Order>::new("out").format(orders()).settings(ImportSettings::default());
    let mut received = importer.send(import).await??;
    out.send(OrderV1 { qty: 2 }).await?;
    assert_eq!(guarded(received.recv()).await?.qty, 2);

    let export = ExportReceiver::<Order>::new("ask").settings(settings).format(orders());
    let export = export.deliver_to(New.start().recipient()).answers(Format::new());
    exporter.send(export).await??;
    let ask = importer.send(ImportRecipient::<Order>::new("ask")).await??;
    assert_eq!(guarded(ask.send(order(2))).await?, receipt(20));
    exporter.send(Close).await?;
    Ok(())
}
