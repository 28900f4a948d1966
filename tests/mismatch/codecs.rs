//! The codec's name is compared as well.

use bytes::Bytes;
use netchan::channel::identity::{Description, TraceError};
use netchan::channel::{Bincode, Codec, CodecError, Encoded, Format, SerdeCodec};
use netchan::limits::CODEC_BYTES_MAX;
use netchan::net::{ExportError, ImportError, ImportSettings, RecvSettings, SendSettings};
use netchan::wire::Code;

use crate::support::{Place, TestResult, guarded, receive, send};

/// A codec that only this test knows.
enum Backwards {}

impl Codec<u32> for Backwards {
    const NAME: &'static str = "backwards";

    fn describe() -> Result<Description, TraceError> {
        Description::of::<u32>()
    }

    fn encode(value: &u32, output: &mut Vec<u8>) -> Result<(), CodecError> {
        <Bincode as SerdeCodec>::encode(&value.swap_bytes(), output)
    }

    fn decode(input: &[u8]) -> Result<u32, CodecError> {
        <Bincode as SerdeCodec>::decode::<u32>(input).map(u32::swap_bytes)
    }

    fn decode_guarded(input: &[u8]) -> Result<u32, CodecError> {
        Self::decode(input)
    }
}

#[tokio::test]
async fn another_codec_is_refused_and_both_sides_are_told() -> TestResult {
    let mut place = Place::new().await?;
    let backwards = Format::<u32, Backwards>::new;
    let out = place.exporter.export_sender_as("out", SendSettings::default(), backwards())?;
    let mut inward =
        place.exporter.export_receiver_as("in", RecvSettings::default(), backwards())?;
    let expected = "exporter backwards, importer bincode2";
    let refused =
        [receive::<u32>(&place.importer, "out").await, send::<u32>(&place.importer, "in").await];
    for refused in refused {
        match refused {
            Err(ImportError::CodecMismatch { text, .. }) => assert_eq!(text, expected),
            other => panic!("{other:?}"),
        }
        let (code, difference, text) = place.refusal().await?;
        assert_eq!((code, difference, &text[..]), (Code::CodecMismatch, None, expected));
        place.expect_alive().await?;
    }
    let settings = ImportSettings::default();
    let mut received = place.importer.import_receiver_as("out", settings, backwards()).await?;
    out.send(1).await?;
    assert_eq!(guarded(received.recv()).await?, 1);
    let sender = place.importer.import_sender_as("in", settings, backwards()).await?;
    sender.send(2).await?;
    assert_eq!(guarded(inward.recv()).await?, 2);
    Ok(())
}

/// The format of values whose codec is known at run time.
fn encoded(codec: &str) -> Result<Format<Bytes, Encoded>, TraceError> {
    Ok(Format::encoded(codec, Description::of::<u32>()?))
}

#[tokio::test]
async fn a_name_that_no_peer_would_read_is_refused_before_it_is_sent() -> TestResult {
    let mut place = Place::new().await?;
    let longest = "x".repeat(CODEC_BYTES_MAX);
    let too_long = "x".repeat(CODEC_BYTES_MAX + 1);
    let expected = "the setting codec must be a name of 1 to 32 bytes";
    for name in ["", &too_long] {
        let settings = SendSettings::default();
        match place.exporter.export_sender_as("out", settings, encoded(name)?) {
            Err(ExportError::Setting(error)) => assert_eq!(error.to_string(), expected),
            other => panic!("{other:?}"),
        }
        let settings = ImportSettings::default();
        let import = place.importer.import_receiver_as("out", settings, encoded(name)?);
        match guarded(import).await {
            Err(ImportError::Setting(error)) => assert_eq!(error.to_string(), expected),
            other => panic!("{other:?}"),
        }
        place.expect_alive().await?;
    }
    let settings = SendSettings::default();
    let out = place.exporter.export_sender_as("out", settings, encoded(&longest)?)?;
    let settings = ImportSettings::default();
    let import = place.importer.import_receiver_as("out", settings, encoded(&longest)?);
    let mut received = guarded(import).await?;
    out.send(Bytes::from_static(b"seven")).await?;
    assert_eq!(guarded(received.recv()).await?, "seven");
    Ok(())
}

#[tokio::test]
async fn messages_and_answers_have_the_same_codec() -> TestResult {
    let place = Place::new().await?;
    let expected = "the setting codec must be the same for messages and answers";
    let formats = || Ok::<_, TraceError>((encoded("one")?, encoded("another")?));
    let exporter = &place.exporter;
    let (messages, answers) = formats()?;
    match exporter.export_caller_as("ask", SendSettings::default(), messages, answers) {
        Err(ExportError::Setting(error)) => assert_eq!(error.to_string(), expected),
        other => panic!("{other:?}"),
    }
    let (messages, answers) = formats()?;
    match exporter.export_requests_as("ask", RecvSettings::default(), messages, answers) {
        Err(ExportError::Setting(error)) => assert_eq!(error.to_string(), expected),
        other => panic!("{other:?}"),
    }
    let (settings, (messages, answers)) = (ImportSettings::default(), formats()?);
    match place.importer.import_caller_as("ask", settings, messages, answers).await {
        Err(ImportError::Setting(error)) => assert_eq!(error.to_string(), expected),
        other => panic!("{other:?}"),
    }
    let (messages, answers) = formats()?;
    match place.importer.import_requests_as("ask", settings, messages, answers).await {
        Err(ImportError::Setting(error)) => assert_eq!(error.to_string(), expected),
        other => panic!("{other:?}"),
    }
    Ok(())
}
