//! A program that knows no types: it lists channels, and reads, sends, asks and answers what stays
//! encoded.

use bytes::Bytes;
use netchan::channel::{Bincode, ChannelDescription, Encoded, Format, SerdeCodec};
use netchan::limits::VALUE_BYTES_MAX;
use netchan::net::{Config, ImportError, ImportSettings, RecvSettings, SendSettings};
use netchan::{Connection, Exporter};
use serde::{Deserialize, Serialize};

use crate::support::{TestResult, guarded, importer_of};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Order {
    id: u64,
    lines: Vec<String>,
}

fn order(id: u64) -> Order {
    Order { id, lines: vec!["bolts".into(), "nuts".into()] }
}

fn encoded<T: Serialize>(value: &T) -> TestResult<Bytes> {
    let mut bytes = Vec::new();
    <Bincode as SerdeCodec>::encode(value, &mut bytes)?;
    Ok(bytes.into())
}

async fn find(importer: &Connection, name: &str) -> TestResult<ChannelDescription> {
    let listed = importer.list_channels().await?;
    Ok(listed.into_iter().find(|channel| channel.name == name).ok_or("it is exported")?)
}

#[tokio::test]
async fn values_are_read_as_they_are_encoded() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let orders = exporter.export_sender::<Order>("orders", SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let format = find(&importer, "orders").await?.format();
        let settings = ImportSettings::default();
        let mut values = importer.import_receiver_as("orders", settings, format).await?;
        for id in 0..100 {
            orders.send(order(id)).await?;
            let value: Bytes = values.recv().await?;
            assert_eq!(value, encoded(&order(id))?);
            assert_eq!(<Bincode as SerdeCodec>::decode::<Order>(&value)?, order(id));
        }
        let long = Order { id: 0, lines: vec!["x".repeat(1 << 20)] };
        orders.send(long).await?;
        assert!(values.recv().await?.len() > 1 << 20);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn values_are_sent_that_are_encoded_already() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let mut orders = exporter.export_receiver::<Order>("orders", RecvSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let format = find(&importer, "orders").await?.format();
        let settings = ImportSettings::default();
        let values = importer.import_sender_as("orders", settings, format).await?;
        values.send(encoded(&order(7))?).await?;
        assert_eq!(orders.recv().await?, order(7));
        // What is no such value is the sender's mistake, and hurts nothing else.
        values.send(Bytes::from_static(&[0xff; 3])).await?;
        assert!(orders.recv().await.is_err());
        values.send(encoded(&order(8))?).await?;
        assert_eq!(orders.recv().await?, order(8));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn requests_are_asked_and_answered_encoded() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let mut asked = exporter.export_requests::<Order, u64>("price", RecvSettings::default())?;
        let asks = exporter.export_caller::<u64, Order>("which", SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let settings = ImportSettings::default();

        let price = find(&importer, "price").await?;
        let answers = price.answer_format().ok_or("it has answers")?;
        let caller = importer.import_caller_as("price", settings, price.format(), answers).await?;
        tokio::spawn(async move {
            while let Ok(request) = asked.recv().await {
                let (order, responder) = request.into_parts();
                let _gone = responder.answer(order.id * 100);
            }
        });
        assert_eq!(caller.ask(encoded(&order(5))?).await?, encoded(&500_u64)?);

        let which = find(&importer, "which").await?;
        let answers = which.answer_format().ok_or("it has answers")?;
        let mut requests =
            importer.import_requests_as("which", settings, which.format(), answers).await?;
        let answer = asks.begin_ask(9).await.map_err(|error| error.to_string())?;
        let (number, responder) = requests.recv().await?.into_parts();
        assert_eq!(number, encoded(&9_u64)?);
        responder.answer(encoded(&order(9))?)?;
        assert_eq!(answer.await?, order(9));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_channel_that_was_replaced_meanwhile_is_refused() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let first = exporter.export_sender::<u32>("values", SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let values = find(&importer, "values").await?;
        exporter.hangup("values").await?;
        drop(first);
        let _second = exporter.export_sender::<u64>("values", SendSettings::default())?;
        let settings = ImportSettings::default();
        let refused = importer.import_receiver_as("values", settings, values.format()).await;
        assert!(matches!(refused, Err(ImportError::TypeMismatch { .. })), "{refused:?}");
        exporter.hangup("values").await?;
        let format = Format::<Bytes, Encoded>::new();
        let _third = exporter.export_sender_as("values", SendSettings::default(), format)?;
        let refused = importer.import_receiver_as("values", settings, values.format()).await;
        assert!(matches!(refused, Err(ImportError::CodecMismatch { .. })), "{refused:?}");
        let third = find(&importer, "values").await?;
        assert_eq!(third.codec, "encoded");
        assert!(importer.import_receiver_as("values", settings, third.format()).await.is_ok());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_format_can_come_from_elsewhere_and_a_channel_be_passed_on() -> TestResult {
    guarded(async {
        // What one exporter has is exported by another one, which does not know what it is.
        let source = Exporter::new(Config::default());
        let orders = source.export_sender::<Order>("orders", SendSettings::default())?;
        let between = importer_of(&source).await?;
        let described = find(&between, "orders").await?;
        let settings = ImportSettings::default();
        let mut values = between.import_receiver_as("orders", settings, described.format()).await?;
        let relay = Exporter::new(Config::default());
        let onwards =
            relay.export_sender_as("orders", SendSettings::default(), described.format())?;
        tokio::spawn(async move {
            while let Ok(value) = values.recv().await {
                let _gone = onwards.send(value).await;
            }
        });
        let importer = importer_of(&relay).await?;
        assert_eq!(find(&importer, "orders").await?, described);
        let mut received = importer.import_receiver::<Order>("orders", settings).await?;
        orders.send(order(3)).await?;
        assert_eq!(received.recv().await?, order(3));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn encoded_values_have_the_bound_of_all_values() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let format = Format::<Bytes, Encoded>::new();
        let sender = exporter.export_sender_as("values", SendSettings::default(), format)?;
        let too_long = Bytes::from(vec![0; VALUE_BYTES_MAX + 1]);
        assert!(sender.send(too_long).await.is_err());
        Ok(())
    })
    .await
}
