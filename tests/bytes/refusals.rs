//! What is refused: another codec, values that are too long, and more than the queue holds.

use bytes::Bytes;
use netchan::Exporter;
use netchan::channel::identity::Description;
use netchan::channel::{Codec, CodecError, Raw, TrySendError};
use netchan::limits::{QUEUE_BYTES_DEFAULT, VALUE_BYTES_MAX};
use netchan::net::{ImportError, ImportSettings, SendSettings};
use serde_bytes::ByteBuf;

use crate::support::{Links, TestResult, blob, connect, guarded, quick_config, raw};

#[tokio::test(start_paused = true)]
async fn bytes_with_a_codec_are_another_channel_of_the_same_type() -> TestResult {
    guarded(async {
        let described = <Raw as Codec<Bytes>>::describe()?;
        assert_eq!(described.identity(), Description::of::<ByteBuf>()?.identity());
        let exporter = Exporter::new(quick_config()?);
        let _sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let connection = connect(&exporter, &Links::default()).await?;
        let settings = ImportSettings::default();
        let refused = connection.import_receiver::<ByteBuf>("blobs", settings).await;
        assert!(matches!(refused, Err(ImportError::CodecMismatch { .. })), "{refused:?}");
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_too_long_comes_back() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let value = Bytes::from(vec![0; VALUE_BYTES_MAX + 1]);
        let Err(TrySendError::Unencodable(back, error)) = sender.try_send(value.clone()) else {
            return Err("it was sent".into());
        };
        assert_eq!(back.as_ptr(), value.as_ptr());
        assert_eq!(error, CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
        assert!(sender.reserve().await?.send(value.clone()).is_err());
        assert!(sender.is_empty());
        sender.try_send(value.slice(1..))?;
        assert_eq!(sender.len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn large_values_count_against_the_bytes_of_the_queue() -> TestResult {
    guarded(async {
        let exporter = Exporter::new(quick_config()?);
        let sender = exporter.export_sender_as("blobs", SendSettings::default(), raw())?;
        let value = blob(1, QUEUE_BYTES_DEFAULT / 2);
        sender.try_send(value.clone())?;
        sender.try_send(value.clone())?;
        match sender.try_send(value.clone()) {
            Err(TrySendError::Full(back)) => assert_eq!(back.as_ptr(), value.as_ptr()),
            other => return Err(format!("{other:?}").into()),
        }
        let connection = connect(&exporter, &Links::default()).await?;
        let settings = ImportSettings::default();
        let mut receiver = connection.import_receiver_as("blobs", settings, raw()).await?;
        sender.send(value.clone()).await?;
        for _ in 0..3 {
            assert!(receiver.recv().await? == value);
        }
        Ok(())
    })
    .await
}
