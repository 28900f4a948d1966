//! What an exporter tells of its channels, and what it does not.

use std::collections::BTreeSet;

use netchan::channel::identity::{
    Description, Primitive, Schema, Shape as Layout, Type, TypeIndex,
};
use netchan::channel::{ChannelDescription, Format, RemoteSender};
use netchan::limits::{CHANNELS_MAX, LISTED_SCHEMA_BYTES_MAX, NAME_BYTES_MAX};
use netchan::net::{Config, ImportSettings, ListError, RecvSettings, SendSettings, Shape, Slow};
use netchan::{Dir, Exporter};
use serde::{Deserialize, Serialize};

use crate::support::{TestResult, guarded, importer_of, names};

#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    lines: Vec<(String, u32)>,
}

#[tokio::test]
async fn an_exporter_without_channels_has_an_empty_list() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let importer = importer_of(&exporter).await?;
        assert_eq!(importer.list_channels().await?, []);
        assert_eq!(exporter.list_channels(), []);
        let page = importer.list_channels_after("x").await?;
        assert!(page.channels.is_empty() && !page.has_more);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn each_kind_of_channel_is_described() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let send = SendSettings::default();
        let _orders = exporter.export_sender::<Order>("a queue", send)?;
        let shape = Shape::Broadcast(Slow::DropOldest);
        let _prices = exporter.export_sender::<u32>("b broadcast", send.shape(shape))?;
        let _weather = exporter.export_sender::<f64>("c latest", send.shape(Shape::Latest))?;
        let _texts = exporter.export_receiver::<String>("d taken", RecvSettings::default())?;
        let _asks = exporter.export_caller::<u64, Order>("e asks", send)?;
        let _answers = exporter.export_requests::<Order, ()>("f asked", RecvSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let listed = importer.list_channels().await?;
        assert_eq!(listed, exporter.list_channels());
        let shown: Vec<String> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a queue: Recv, queue, bincode2, Order",
                "b broadcast: Recv, broadcast that drops values for the slow, bincode2, u32",
                "c latest: Recv, latest value, bincode2, f64",
                "d taken: Send, queue, bincode2, String",
                "e asks: Recv, queue, bincode2, u64 -> Order",
                "f asked: Send, queue, bincode2, Order -> ()",
            ]
        );
        let order = Description::of::<Order>()?;
        assert_eq!(listed[0].values.identity, order.identity());
        assert_eq!(listed[0].values.schema.as_ref(), Some(order.schema().as_ref()));
        assert_eq!((listed[1].shape, listed[1].importer_dir), (shape, Dir::Recv));
        assert_eq!(listed.iter().filter(|channel| channel.has_requests()).count(), 2);
        assert!(listed.iter().all(|channel| !channel.has_ended));
        // A tool writes them down as it likes.
        let json = serde_json::to_string(&listed)?;
        assert_eq!(serde_json::from_str::<Vec<ChannelDescription>>(&json)?, listed);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_name_does_nothing_to_a_terminal() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let name = "it's \"red\"\n\u{1b}[31m\u{202e}é";
        let _sender = exporter.export_sender::<u32>(name, SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let listed = importer.list_channels().await?;
        assert_eq!(listed[0].name, name);
        let shown = "it's \"red\"\\n\\u{1b}[31m\\u{202e}é: Recv, queue, bincode2, u32";
        assert_eq!(listed[0].to_string(), shown);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn as_many_channels_as_a_session_may_have_are_listed() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let mut ends = Vec::new();
        for number in 0..CHANNELS_MAX {
            let name = format!("{number:05}");
            ends.push(exporter.export_receiver::<Order>(&name, RecvSettings::default())?);
        }
        let importer = importer_of(&exporter).await?;
        let listed = importer.list_channels().await?;
        assert_eq!(listed, exporter.list_channels());
        assert_eq!(listed.len(), CHANNELS_MAX);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_thousand_channels_with_the_longest_names_come_page_by_page() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let long = |number: usize| format!("{number:0width$}", width = NAME_BYTES_MAX);
        let mut ends = Vec::new();
        for number in 0..1000 {
            ends.push(exporter.export_sender::<Order>(&long(number), SendSettings::default())?);
        }
        let importer = importer_of(&exporter).await?;
        let expected: Vec<String> = (0..1000).map(long).collect();
        assert_eq!(names(&importer.list_channels().await?), expected);
        let (mut found, mut pages, mut after) = (Vec::new(), 0, String::new());
        loop {
            let page = importer.list_channels_after(&after).await?;
            pages += 1;
            found.extend(page.channels);
            let Some(last) = found.last().filter(|_| page.has_more) else { break };
            after.clone_from(&last.name);
        }
        assert_eq!(names(&found), expected);
        assert!((5..20).contains(&pages), "{pages} pages");
        let middle = importer.list_channels_after(&long(989)).await?;
        assert_eq!((middle.channels.len(), middle.has_more), (10, false));
        let too_long = importer.list_channels_after(&"x".repeat(NAME_BYTES_MAX + 1)).await;
        assert!(matches!(too_long, Err(ListError::Name(_))), "{too_long:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn several_can_ask_at_the_same_time() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let mut ends = Vec::new();
        for number in 0..2000 {
            let name = format!("{number:04}");
            ends.push(exporter.export_sender::<Order>(&name, SendSettings::default())?);
        }
        let importer = importer_of(&exporter).await?;
        let asking = (0..50).map(|at| {
            let importer = importer.clone();
            tokio::spawn(
                async move { importer.list_channels_after(&format!("{:04}", at * 30)).await },
            )
        });
        let asking: Vec<_> = asking.collect();
        // Some give up, the first of them at once.
        for task in asking.iter().step_by(3) {
            task.abort();
        }
        for (at, task) in asking.into_iter().enumerate() {
            match task.await {
                Ok(page) => assert_eq!(page?.channels[0].name, format!("{:04}", at * 30 + 1)),
                Err(error) => assert!(error.is_cancelled() && at % 3 == 0, "{error}"),
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_schema_that_is_too_long_is_left_out() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let parts = LISTED_SCHEMA_BYTES_MAX;
        let types = vec![
            Type { name: None, shape: Layout::Tuple(vec![TypeIndex::at(1); parts]) },
            Type { name: None, shape: Layout::Primitive(Primitive::U8) },
        ];
        let schema = Schema::from_types("Big", types)?;
        let identity = schema.identity();
        let format = Format::<Vec<u8>>::new().with_schema(schema);
        let _big = exporter.export_sender_as("big", SendSettings::default(), format)?;
        let _next = exporter.export_sender::<u8>("next", SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let listed = importer.list_channels().await?;
        assert_eq!(names(&listed), ["big", "next"]);
        assert_eq!((listed[0].values.identity, &listed[0].values.schema), (identity, &None));
        assert_eq!(listed[0].to_string(), format!("big: Recv, queue, bincode2, {identity}"));
        assert!(listed[1].values.schema.is_some());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_exporter_that_does_not_list_says_so_and_serves_all_the_same() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::builder().lists_channels(false).build()?);
        let numbers = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
        let importer = importer_of(&exporter).await?;
        let refused = importer.list_channels().await;
        assert!(matches!(refused, Err(ListError::SwitchedOff)), "{refused:?}");
        let refused = importer.list_channels_after("a").await;
        assert!(matches!(refused, Err(ListError::SwitchedOff)), "{refused:?}");
        assert_eq!(names(&exporter.list_channels()), ["numbers"]);
        numbers.send(5).await?;
        let settings = ImportSettings::default();
        assert_eq!(importer.import_receiver::<u32>("numbers", settings).await?.recv().await?, 5);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_exporters_end_of_a_connection_has_nobody_to_ask() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let _importer = importer_of(&exporter).await?;
        let there = exporter.connections().pop().ok_or("it is connected")?;
        let refused = there.list_channels().await;
        assert!(matches!(refused, Err(ListError::NotImporter)), "{refused:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_has_ended_is_marked_and_what_was_hung_up_is_gone() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let ended = exporter.export_sender::<u32>("ended", SendSettings::default())?;
        let _gone = exporter.export_sender::<u32>("gone", SendSettings::default())?;
        let _stays = exporter.export_receiver::<u32>("stays", RecvSettings::default())?;
        drop(ended);
        exporter.hangup("gone").await?;
        let importer = importer_of(&exporter).await?;
        let listed = importer.list_channels().await?;
        assert_eq!(names(&listed), ["ended", "stays"]);
        assert_eq!(
            listed.iter().map(|channel| channel.has_ended).collect::<Vec<_>>(),
            [true, false]
        );
        assert!(listed[0].to_string().ends_with(", ended"), "{}", listed[0]);
        importer.close().await;
        let closed = importer.list_channels().await;
        assert!(matches!(closed, Err(ListError::Disconnected(_))), "{closed:?}");
        Ok(())
    })
    .await
}

/// A message with the end of a channel.
#[derive(Serialize, Deserialize)]
struct Ask(RemoteSender<u32>);

#[tokio::test]
async fn ends_of_channels_in_messages_are_not_listed() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let asks = exporter.export_sender::<Ask>("asks", SendSettings::default())?;
        let (reply_to, _answers) = RemoteSender::channel(4)?;
        let importer = importer_of(&exporter).await?;
        asks.send(Ask(reply_to)).await.map_err(|error| error.to_string())?;
        let settings = ImportSettings::default();
        let Ask(_held) = importer.import_receiver::<Ask>("asks", settings).await?.recv().await?;
        assert_eq!(importer.status().await?.claims, 1);
        assert_eq!(names(&importer.list_channels().await?), ["asks"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn channels_that_stay_are_listed_while_others_come_and_go() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(Config::default());
        let mut ends = Vec::new();
        for number in 0..1500 {
            let name = format!("stays {number:04}");
            ends.push(exporter.export_sender::<Order>(&name, SendSettings::default())?);
        }
        let importer = importer_of(&exporter).await?;
        let churn = exporter.clone();
        let churning = tokio::spawn(async move {
            let mut round = 0_u64;
            loop {
                let name = format!("stays {:04}, not", round * 37 % 1500);
                let end = churn.export_sender::<u32>(&name, SendSettings::default());
                tokio::task::yield_now().await;
                drop(end);
                let _report = churn.hangup(&name).await;
                round += 1;
            }
        });
        for _ in 0..10 {
            let listed = importer.list_channels().await?;
            let found: BTreeSet<&str> = names(&listed).into_iter().collect();
            assert_eq!(found.len(), listed.len());
            for number in 0..1500 {
                assert!(found.contains(&format!("stays {number:04}")[..]), "{number}");
            }
        }
        churning.abort();
        Ok(())
    })
    .await
}
