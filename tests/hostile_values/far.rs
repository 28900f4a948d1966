//! An importer that sends whatever it likes, and the exporter that receives it.

use std::marker::PhantomData;

use netchan::channel::identity::{Description, TraceError};
use netchan::channel::{Bincode, Codec, CodecError, Format, RecvError, SerdeCodec, Value};
use netchan::net::{Config, ImportSettings, RecvSettings, Stream, UnreadReports};
use netchan::{Connection, Exporter, Receiver, Sender};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use tokio::runtime::Runtime;

/// Any bytes in the place of a `T`. It has the identity of `T`, so a channel of it is the same.
pub(crate) struct Raw<T> {
    bytes: Vec<u8>,
    meant_as: PhantomData<fn() -> T>,
}

impl<T> From<Vec<u8>> for Raw<T> {
    fn from(bytes: Vec<u8>) -> Raw<T> {
        Raw { bytes, meant_as: PhantomData }
    }
}

impl<T> Serialize for Raw<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The elements of a tuple have nothing around them on the wire.
        let mut tuple = serializer.serialize_tuple(self.bytes.len())?;
        self.bytes.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw<T>, D::Error> {
        T::deserialize(deserializer).map(|_| Raw::from(Vec::new()))
    }
}

/// The usual codec, but whoever encodes does not look at the values.
enum Careless {}

impl<T: DeserializeOwned + 'static> Codec<Raw<T>> for Careless {
    const NAME: &'static str = <Bincode as SerdeCodec>::NAME;

    fn describe() -> Result<Description, TraceError> {
        Description::of::<T>()
    }

    fn encode(value: &Raw<T>, output: &mut Vec<u8>) -> Result<(), CodecError> {
        <Bincode as SerdeCodec>::encode(value, output)
    }

    fn decode(input: &[u8]) -> Result<Raw<T>, CodecError> {
        <Bincode as SerdeCodec>::decode(input)
    }

    fn decode_guarded(input: &[u8]) -> Result<Raw<T>, CodecError> {
        <Bincode as SerdeCodec>::decode(input)
    }
}

/// A channel whose sending end is in hostile hands.
pub(crate) struct Hostile<T> {
    sender: Sender<Raw<T>>,
    receiver: Receiver<T>,
    /// Kept, because channels do not keep it alive.
    _connection: Connection,
}

impl<T: Value> Hostile<T> {
    pub(crate) async fn channel() -> Hostile<T> {
        let exporter = Exporter::new(Config::default());
        let receiver = exporter.export_receiver::<T>("values", RecvSettings::default()).unwrap();
        let (near, far) = Stream::in_memory(64 * 1024);
        let config = Config::default();
        let (accepted, opened) = tokio::join!(
            exporter.accept(near),
            Connection::open(far, &config, UnreadReports::DropOldest)
        );
        let (accepted, driver) = accepted.unwrap().into_new().unwrap();
        tokio::spawn(async move {
            driver.run().await;
            drop(accepted);
        });
        let (connection, driver) = opened.unwrap();
        tokio::spawn(driver.run());
        let format = Format::<_, Careless>::new();
        let settings = ImportSettings::default();
        let sender = connection.import_sender_as("values", settings, format).await.unwrap();
        Hostile { sender, receiver, _connection: connection }
    }

    /// What becomes of `bytes` at the receiver.
    pub(crate) async fn send(&mut self, bytes: Vec<u8>) -> Result<T, CodecError> {
        let sent = self.sender.send(Raw::from(bytes)).await;
        sent.unwrap();
        match self.receiver.recv().await {
            Ok(value) => Ok(value),
            Err(RecvError::Undecodable(value)) => Err(value.error),
            Err(error) => panic!("the channel goes on, but: {error}"),
        }
    }
}

/// The same on a channel of its own. A test's thread has the same stack as a worker of tokio.
pub(crate) fn received<T: Value>(bytes: Vec<u8>) -> Result<T, CodecError> {
    run(async { Hostile::channel().await.send(bytes).await })
}

pub(crate) fn run<F: Future>(test: F) -> F::Output {
    runtime().block_on(test)
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The bytes of a value.
pub(crate) fn bytes_of<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap()
}
