//! Conversions that fail, or panic; and formats that cannot be.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures::FutureExt;
use netchan::channel::identity::{Description, TraceError};
use netchan::channel::{
    Bincode, Codec, CodecError, Format, Raw, RecvError, RemoteSender, Verbatim,
};
use netchan::limits::OLDER_TYPES_MAX;
use netchan::net::{ExportError, ImportError, ImportSettings, RecvSettings};
use serde::{Deserialize, Serialize};

use crate::support::{Place, TestResult, guarded};
use crate::upgrades::{Order, OrderV1};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Even {
    half: u32,
}

impl TryFrom<OrderV1> for Even {
    type Error = String;

    fn try_from(OrderV1 { qty }: OrderV1) -> Result<Even, String> {
        assert_ne!(qty, 13, "nobody wants so many");
        if qty % 2 == 0 { Ok(Even { half: qty / 2 }) } else { Err(format!("{qty} is odd")) }
    }
}

#[tokio::test]
async fn a_conversion_that_fails_costs_its_value_and_no_other() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let format = Format::<Even>::new().also_accepts::<OrderV1>();
    let mut received = place.exporter.export_receiver_as("numbers", settings, format)?;
    let settings = ImportSettings::default();
    let sender = place.importer.import_sender::<OrderV1>("numbers", settings).await?;
    sender.send_all([2, 3, 4, 13, 6].map(|qty| OrderV1 { qty })).await?;
    assert_eq!(guarded(received.recv()).await?, Even { half: 1 });
    let Err(RecvError::Undecodable(refused)) = guarded(received.recv()).await else {
        return Err("3 is odd".into());
    };
    assert_eq!(refused.position, 1);
    assert_eq!(refused.error, CodecError::Refused("3 is odd".into()));
    assert_eq!(guarded(received.recv()).await?, Even { half: 2 });
    let panicked = AssertUnwindSafe(guarded(received.recv())).catch_unwind().await;
    assert!(panicked.is_err(), "the program's own code has panicked");
    assert_eq!(guarded(received.recv()).await?, Even { half: 3 });
    Ok(())
}

#[tokio::test]
async fn a_request_whose_conversion_fails_is_answered_so() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let format = Format::<Even>::new().also_accepts::<OrderV1>();
    let mut requests =
        place.exporter.export_requests_as("halves", settings, format, Format::<u32>::new())?;
    let settings = ImportSettings::default();
    let caller = place.importer.import_caller::<OrderV1, u32>("halves", settings).await?;
    let answering = async {
        let refused = requests.recv().await;
        assert!(matches!(refused, Err(RecvError::Undecodable(_))), "{refused:?}");
        let (Even { half }, responder) = requests.recv().await.expect("a request").into_parts();
        responder.answer(half).expect("a number can be sent");
    };
    let asking = async {
        let refused = caller.ask(OrderV1 { qty: 3 }).await.expect_err("it is odd");
        assert!(refused.to_string().contains("3 is odd"), "{refused}");
        caller.ask(OrderV1 { qty: 8 }).await
    };
    let (half, ()) = guarded(async { tokio::join!(asking, answering) }).await;
    assert_eq!(half?, 4);
    Ok(())
}

/// A list of numbers, and the end of a channel in it: one needs a guard, the other a connection.
#[derive(Serialize, Deserialize)]
enum List {
    End,
    Node(u32, Box<List>),
}

#[derive(Serialize, Deserialize)]
struct Wish {
    number: u32,
    reply_to: Option<RemoteSender<u32>>,
}

#[derive(Serialize, Deserialize)]
struct OldWish {
    reply_to: RemoteSender<u32>,
}

impl From<OldWish> for Wish {
    fn from(OldWish { reply_to }: OldWish) -> Wish {
        Wish { number: 1, reply_to: Some(reply_to) }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Length(u64);

impl From<List> for Length {
    fn from(mut list: List) -> Length {
        let mut length = 0;
        while let List::Node(_, next) = list {
            length += 1;
            list = *next;
        }
        Length(length)
    }
}

fn list(length: u32) -> List {
    (0..length).fold(List::End, |list, number| List::Node(number, list.into()))
}

#[tokio::test]
async fn older_types_are_guarded_and_carry_ends_as_their_own_need() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let format = Format::<Length>::new().also_accepts::<List>();
    let mut lengths = place.exporter.export_receiver_as("lists", settings, format)?;
    let sender = place.importer.import_sender::<List>("lists", Default::default()).await?;
    sender.send(list(10)).await.map_err(|_| "it is sent")?;
    sender.send(list(200)).await.map_err(|_| "it is sent")?;
    assert_eq!(guarded(lengths.recv()).await?, Length(10));
    let too_deep = guarded(lengths.recv()).await;
    assert!(matches!(too_deep, Err(RecvError::Undecodable(_))), "{too_deep:?}");

    let format = Format::<Wish>::new().also_accepts::<OldWish>();
    let mut wishes = place.exporter.export_receiver_as("wishes", settings, format)?;
    let sender = place.importer.import_sender::<OldWish>("wishes", Default::default()).await?;
    let (reply_to, mut replies) = RemoteSender::channel(4)?;
    sender.send(OldWish { reply_to }).await.map_err(|_| "it is sent")?;
    let Wish { number, reply_to } = guarded(wishes.recv()).await?;
    let reply_to = reply_to.ok_or("there is one")?.into_sender().map_err(|_| "it has travelled")?;
    reply_to.send(number).await?;
    assert_eq!(guarded(replies.recv()).await?, 1);
    Ok(())
}

#[tokio::test]
async fn there_are_no_more_older_types_than_may_be() -> TestResult {
    let place = Place::new().await?;
    let with = |count: usize| {
        (0..count).fold(Format::<Order>::new(), |format, _| format.also_accepts::<OrderV1>())
    };
    let settings = RecvSettings::default().stays_open();
    let many = place.exporter.export_receiver_as("many", settings, with(OLDER_TYPES_MAX + 1));
    assert!(matches!(many, Err(ExportError::Setting(_))), "{many:?}");
    let settings = ImportSettings::default();
    let import = place.importer.import_receiver_as("many", settings, with(OLDER_TYPES_MAX + 1));
    let many = guarded(import).await;
    assert!(matches!(many, Err(ImportError::Setting(_))), "{many:?}");

    let settings = RecvSettings::default().stays_open();
    let _some = place.exporter.export_receiver_as("some", settings, with(OLDER_TYPES_MAX))?;
    let import = place.importer.import_sender::<OrderV1>("some", Default::default());
    guarded(import).await?;
    Ok(())
}

/// An older type that cannot be traced makes the channel impossible, as its own type would.
#[tokio::test]
async fn an_older_type_that_cannot_be_sent_is_found_when_the_channel_is_made() -> TestResult {
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u32),
        Text(String),
    }
    #[derive(Serialize, Deserialize)]
    struct Tagged(String);
    impl From<Untagged> for Tagged {
        fn from(old: Untagged) -> Tagged {
            match old {
                Untagged::Number(number) => Tagged(number.to_string()),
                Untagged::Text(text) => Tagged(text),
            }
        }
    }
    let place = Place::new().await?;
    let format = Format::<Tagged>::new().also_accepts::<Untagged>();
    let refused = place.exporter.export_receiver_as("tagged", RecvSettings::default(), format);
    assert!(matches!(refused, Err(ExportError::Type(_))), "{refused:?}");
    Ok(())
}

/// Bytes, or what an older version had in their place.
struct Blob {
    bytes: Bytes,
    reply_to: Option<RemoteSender<u32>>,
}

impl From<OldWish> for Blob {
    fn from(OldWish { reply_to }: OldWish) -> Blob {
        Blob { bytes: Bytes::new(), reply_to: Some(reply_to) }
    }
}

/// A codec of both, of which one is bytes already.
enum Blobs {}

impl Codec<Blob> for Blobs {
    const NAME: &'static str = "blobs";

    fn describe() -> Result<Description, TraceError> {
        Raw::describe()
    }

    fn encode(value: &Blob, output: &mut Vec<u8>) -> Result<(), CodecError> {
        Raw::encode(&value.bytes, output)
    }

    fn decode(input: &[u8]) -> Result<Blob, CodecError> {
        Ok(Blob { bytes: Raw::decode(input)?, reply_to: None })
    }

    fn decode_guarded(input: &[u8]) -> Result<Blob, CodecError> {
        Self::decode(input)
    }

    fn verbatim() -> Option<Verbatim<Blob>> {
        let value_of = |bytes| Ok(Blob { bytes, reply_to: None });
        Some(Verbatim { bytes_of: |blob| &blob.bytes, value_of })
    }
}

impl Codec<OldWish> for Blobs {
    const NAME: &'static str = "blobs";

    fn describe() -> Result<Description, TraceError> {
        <Bincode as Codec<OldWish>>::describe()
    }

    fn encode(value: &OldWish, output: &mut Vec<u8>) -> Result<(), CodecError> {
        <Bincode as Codec<OldWish>>::encode(value, output)
    }

    fn decode(input: &[u8]) -> Result<OldWish, CodecError> {
        <Bincode as Codec<OldWish>>::decode(input)
    }

    fn decode_guarded(input: &[u8]) -> Result<OldWish, CodecError> {
        <Bincode as Codec<OldWish>>::decode_guarded(input)
    }
}

#[tokio::test]
async fn ends_in_what_bytes_were_before_are_claimed() -> TestResult {
    let place = Place::new().await?;
    let settings = RecvSettings::default().stays_open();
    let format = Format::<Blob, Blobs>::new().also_accepts::<OldWish>();
    let mut blobs = place.exporter.export_receiver_as("blobs", settings, format)?;
    let format = Format::<OldWish, Blobs>::new();
    let sender = place.importer.import_sender_as("blobs", Default::default(), format).await?;
    let (reply_to, mut replies) = RemoteSender::channel(4)?;
    sender.send(OldWish { reply_to }).await.map_err(|_| "it is sent")?;
    let Blob { reply_to, .. } = guarded(blobs.recv()).await?;
    let reply_to = reply_to.ok_or("there is one")?.into_sender().map_err(|_| "it has travelled")?;
    reply_to.send(7).await?;
    assert_eq!(guarded(replies.recv()).await?, 7);
    Ok(())
}
