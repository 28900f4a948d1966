//! The codec's name is compared as well.

use netchan::channel::identity::{Description, TraceError};
use netchan::channel::{Bincode, Codec, CodecError, Format, SerdeCodec};
use netchan::net::{ImportError, ImportSettings, RecvSettings, SendSettings};
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
