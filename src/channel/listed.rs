//! What a program can know of a channel that it has not imported.

use std::fmt::{self, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::channel::identity::{Description, Schema, TypeIdentity};
use crate::channel::{Encoded, Format, Shape};
use crate::dir::Dir;

/// An exported channel, as its exporter describes it. What a peer says of its channels is only what it
/// says: what counts is compared again when a channel is imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelDescription {
    /// Its name.
    pub name: String,
    /// The direction to import it with: [`Dir::Recv`] if the importer receives.
    pub importer_dir: Dir,
    /// To which of its importers a value goes. A channel on which importers send is a
    /// [`Shape::Queue`]: their values merge.
    pub shape: Shape,
    /// The name of the codec of its values, and of its answers.
    pub codec: String,
    /// The values, or the messages of a channel of requests.
    pub values: TypeDescription,
    /// The answers. `None` if it is no channel of requests.
    pub answers: Option<TypeDescription>,
    /// It has ended, and its name is not used again yet: an import is refused.
    pub has_ended: bool,
}

/// A type of a channel's values, as its exporter describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TypeDescription {
    /// What is compared at import.
    pub identity: TypeIdentity,
    /// All types that a value may contain. `None` if it is longer than
    /// [`LISTED_SCHEMA_BYTES_MAX`](crate::limits::LISTED_SCHEMA_BYTES_MAX), encoded.
    pub schema: Option<Schema>,
}

impl ChannelDescription {
    /// Whether it is a channel of requests, which has answers.
    #[must_use]
    pub fn has_requests(&self) -> bool {
        self.answers.is_some()
    }

    /// The format with which the channel is imported by a program that does not know its type: its values
    /// stay [encoded](Encoded). If the channel has another codec or another type by then, the import is
    /// refused.
    ///
    /// ```
    /// # use netchan::net::{Config, Exporter, ImportSettings, SendSettings, Stream, UnreadReports};
    /// # use netchan::Connection;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (near, far) = Stream::in_memory(1024);
    /// # let exporter = Exporter::new(Config::default());
    /// # let sender = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
    /// # sender.send(7).await?;
    /// # tokio::spawn(async move {
    /// #     let _served = exporter.serve(near).await;
    /// # });
    /// # let (connection, driver) =
    /// #     Connection::open(far, &Config::default(), UnreadReports::DropOldest).await?;
    /// # tokio::spawn(driver.run());
    /// let channels = connection.list_channels().await?;
    /// let numbers = channels.iter().find(|channel| channel.name == "numbers").ok_or("not there")?;
    /// println!("{numbers}"); // numbers: Recv, queue, bincode2, u32
    ///
    /// let (settings, format) = (ImportSettings::default(), numbers.format());
    /// let mut numbers = connection.import_receiver_as("numbers", settings, format).await?;
    /// assert_eq!(&numbers.recv().await?[..], &[7]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn format(&self) -> Format<Bytes, Encoded> {
        Format::encoded(&self.codec, self.values.to_encoded())
    }

    /// The same for the answers of a channel of requests.
    #[must_use]
    pub fn answer_format(&self) -> Option<Format<Bytes, Encoded>> {
        let answers = self.answers.as_ref()?;
        Some(Format::encoded(&self.codec, answers.to_encoded()))
    }
}

impl TypeDescription {
    pub(crate) fn new(identity: TypeIdentity, schema: Option<Schema>) -> TypeDescription {
        TypeDescription { identity, schema }
    }

    fn to_encoded(&self) -> Description {
        Description::of_encoded(self.identity, self.schema.clone().map(Into::into))
    }
}

impl From<&Description> for TypeDescription {
    fn from(description: &Description) -> TypeDescription {
        TypeDescription::new(description.identity(), Some(description.schema().as_ref().clone()))
    }
}

impl fmt::Display for ChannelDescription {
    /// One line: the name, what an importer can do, how values are spread and encoded, and their types.
    /// What is not printable in it is escaped, because it comes from the peer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChannelDescription { name, importer_dir, shape, codec, values, answers, has_ended } =
            self;
        let (name, codec) = (Printable(name), Printable(codec));
        write!(f, "{name}: {importer_dir}, {shape}, {codec}, {values}")?;
        if let Some(answers) = answers {
            write!(f, " -> {answers}")?;
        }
        if *has_ended { f.write_str(", ended") } else { Ok(()) }
    }
}

impl fmt::Display for TypeDescription {
    /// The name of the type, or its identity if there is no schema.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => Printable(schema.name()).fmt(f),
            None => write!(f, "{}", self.identity),
        }
    }
}

/// A text of a peer, which may end up in a terminal: what would do something there is escaped.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\'' | '"' => f.write_char(letter),
            letter => write!(f, "{}", letter.escape_debug()),
        })
    }
}
