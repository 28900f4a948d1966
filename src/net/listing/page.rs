//! The layout of a page, which `docs/protocol.md` describes in section 20.
//!
//! A page is what a peer says: each length is compared with what is there before anything is taken, and
//! names must go up, so that a list comes to an end.

use bytes::{Buf, BufMut, Bytes};

use crate::channel::identity::{Description, Schema, TypeIdentity};
use crate::channel::{Bincode, ChannelDescription, SerdeCodec, Shape, Slow, TypeDescription};
use crate::dir::Dir;
use crate::limits::{
    CODEC_BYTES_MAX, LISTED_SCHEMA_BYTES_MAX, LISTING_PAGE_BYTES_MAX, NAME_BYTES_MAX,
};
use crate::net::listing::{ListError, ListedPage};

/// The first byte of a page.
const LISTED: u8 = 0;
const SWITCHED_OFF: u8 = 1;

/// A channel, as its exporter has it.
pub(in crate::net) struct Entry<'a> {
    pub(in crate::net) name: &'a str,
    pub(in crate::net) importer_dir: Dir,
    pub(in crate::net) shape: Shape,
    pub(in crate::net) codec: &'a str,
    pub(in crate::net) values: &'a Description,
    pub(in crate::net) answers: Option<&'a Description>,
    pub(in crate::net) has_ended: bool,
}

impl Entry<'_> {
    pub(in crate::net) fn describe(&self) -> ChannelDescription {
        ChannelDescription {
            name: self.name.to_owned(),
            importer_dir: self.importer_dir,
            shape: self.shape,
            codec: self.codec.to_owned(),
            values: self.values.into(),
            answers: self.answers.map(Into::into),
            has_ended: self.has_ended,
        }
    }
}

/// The page of an exporter that does not list its channels.
pub(in crate::net) fn switched_off() -> Bytes {
    Bytes::from_static(&[SWITCHED_OFF, 0])
}

/// A page with as many of the channels as it has room for.
pub(in crate::net) fn write<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Bytes {
    let mut page = vec![LISTED, 0];
    for entry in entries {
        let before = page.len();
        write_entry(&mut page, &entry);
        if page.len() > LISTING_PAGE_BYTES_MAX {
            page.truncate(before);
            page[1] = 1;
            break;
        }
    }
    page.into()
}

fn write_entry(page: &mut Vec<u8>, entry: &Entry<'_>) {
    let start = page.len();
    page.put_u32_le(0);
    page.put_u8(match entry.importer_dir {
        Dir::Recv => 1,
        Dir::Send => 2,
    });
    page.put_u8(shape_number(entry.shape));
    page.put_u8(u8::from(entry.answers.is_some()));
    page.put_u8(u8::from(entry.has_ended));
    let identity = |description: &Description| description.identity().0;
    page.put_slice(&identity(entry.values));
    page.put_slice(&entry.answers.map_or([0; 16], identity));
    for text in [entry.codec, entry.name] {
        // Both are shorter by far, see `limits`.
        page.put_u16_le(text.len() as u16);
        page.put_slice(text.as_bytes());
    }
    write_schema(page, Some(entry.values));
    write_schema(page, entry.answers);
    let length = (page.len() - start - 4) as u32;
    page[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// A schema behind its length, or a length of zero if there is none or if it is too long.
fn write_schema(page: &mut Vec<u8>, description: Option<&Description>) {
    let start = page.len();
    page.put_u32_le(0);
    let Some(description) = description else { return };
    let schema = description.schema().as_ref();
    let is_encoded = <Bincode as SerdeCodec>::encode(schema, page).is_ok();
    if !is_encoded || page.len() - start - 4 > LISTED_SCHEMA_BYTES_MAX {
        page.truncate(start + 4);
    }
    let length = (page.len() - start - 4) as u32;
    page[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn shape_number(shape: Shape) -> u8 {
    match shape {
        Shape::Queue => 0,
        Shape::Broadcast(Slow::Wait) => 1,
        Shape::Broadcast(Slow::DropOldest) => 2,
        Shape::Broadcast(Slow::Disconnect) => 3,
        Shape::Latest => 4,
    }
}

fn shape_of(number: u8) -> Result<Shape, ListError> {
    Ok(match number {
        0 => Shape::Queue,
        1 => Shape::Broadcast(Slow::Wait),
        2 => Shape::Broadcast(Slow::DropOldest),
        3 => Shape::Broadcast(Slow::Disconnect),
        4 => Shape::Latest,
        _ => return Err(malformed("a shape that is not known")),
    })
}

/// Reads what came for a question about the channels behind `after`.
pub(in crate::net) fn read(page: Bytes, after: &str) -> Result<ListedPage, ListError> {
    let mut fields = Fields(page);
    match fields.u8()? {
        LISTED => {}
        SWITCHED_OFF => return Err(ListError::SwitchedOff),
        _ => return Err(malformed("a page of an unknown kind")),
    }
    let has_more = fields.flag()?;
    let mut channels: Vec<ChannelDescription> = Vec::new();
    while fields.0.has_remaining() {
        let length = fields.u32()? as usize;
        let channel = read_entry(Fields(fields.bytes(length)?))?;
        if channel.name.as_str() <= channels.last().map_or(after, |last| &last.name) {
            return Err(malformed("names that do not go up"));
        }
        channels.push(channel);
    }
    if has_more && channels.is_empty() {
        return Err(malformed("a page with nothing but more behind it"));
    }
    Ok(ListedPage { channels, has_more })
}

fn read_entry(mut fields: Fields) -> Result<ChannelDescription, ListError> {
    let importer_dir = match fields.u8()? {
        1 => Dir::Recv,
        2 => Dir::Send,
        _ => return Err(malformed("a direction that is not known")),
    };
    let shape = shape_of(fields.u8()?)?;
    let has_answers = fields.flag()?;
    let has_ended = fields.flag()?;
    let (identity, answer_identity) = (fields.identity()?, fields.identity()?);
    let codec = fields.name(CODEC_BYTES_MAX)?;
    let name = fields.name(NAME_BYTES_MAX)?;
    let (schema, answer_schema) = (fields.schema()?, fields.schema()?);
    // What follows is of a later version.
    Ok(ChannelDescription {
        name,
        importer_dir,
        shape,
        codec,
        values: TypeDescription::new(identity, schema),
        answers: has_answers.then(|| TypeDescription::new(answer_identity, answer_schema)),
        has_ended,
    })
}

fn malformed(what: &'static str) -> ListError {
    ListError::Malformed { what }
}

/// A part of a page that is read field by field.
struct Fields(Bytes);

impl Fields {
    fn bytes(&mut self, length: usize) -> Result<Bytes, ListError> {
        if self.0.len() < length {
            return Err(malformed("a page that is cut off"));
        }
        Ok(self.0.split_to(length))
    }

    fn u8(&mut self) -> Result<u8, ListError> {
        self.bytes(1).map(|mut bytes| bytes.get_u8())
    }

    fn u16(&mut self) -> Result<u16, ListError> {
        self.bytes(2).map(|mut bytes| bytes.get_u16_le())
    }

    fn u32(&mut self) -> Result<u32, ListError> {
        self.bytes(4).map(|mut bytes| bytes.get_u32_le())
    }

    fn flag(&mut self) -> Result<bool, ListError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(malformed("a mark that is neither set nor not")),
        }
    }

    fn identity(&mut self) -> Result<TypeIdentity, ListError> {
        let mut identity = [0; 16];
        self.bytes(16)?.copy_to_slice(&mut identity);
        Ok(TypeIdentity(identity))
    }

    fn name(&mut self, bytes_max: usize) -> Result<String, ListError> {
        let length = usize::from(self.u16()?);
        if length == 0 || length > bytes_max {
            return Err(malformed("a name of an impossible length"));
        }
        let bytes = self.bytes(length)?;
        let name = std::str::from_utf8(&bytes).map_err(|_| malformed("a name that is no text"))?;
        Ok(name.to_owned())
    }

    fn schema(&mut self) -> Result<Option<Schema>, ListError> {
        let length = self.u32()? as usize;
        if length > LISTED_SCHEMA_BYTES_MAX {
            return Err(malformed("a schema that is too long"));
        }
        let bytes = self.bytes(length)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        <Bincode as SerdeCodec>::decode(&bytes)
            .map(Some)
            .map_err(|_| malformed("a schema that is none"))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use serde::Deserialize;

    use super::*;
    use crate::channel::identity;
    use crate::channel::identity::{Primitive, Type, TypeIndex};

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its type matters")]
    struct Divide {
        a: u64,
        b: u64,
    }

    fn entry<'a>(name: &'a str, values: &'a Description) -> Entry<'a> {
        Entry {
            name,
            importer_dir: Dir::Recv,
            shape: Shape::Latest,
            codec: "bincode2",
            values,
            answers: None,
            has_ended: false,
        }
    }

    /// The page that the document shows.
    fn example() -> Bytes {
        let (divide, quotient) = (Description::of::<Divide>(), Description::of::<Option<u64>>());
        let (divide, quotient) = (divide.unwrap(), quotient.unwrap());
        let mut divider = entry("divider", &divide);
        (divider.importer_dir, divider.shape) = (Dir::Send, Shape::Queue);
        divider.answers = Some(&quotient);
        write([divider].into_iter())
    }

    #[test]
    fn the_example_of_the_document_is_such_a_page() {
        let document = include_str!("../../../docs/protocol.md");
        let shown = document.split("```page\n").nth(1).expect("the document shows a page");
        let shown = shown.split("```").next().unwrap();
        let digits = shown
            .lines()
            .flat_map(|line| line.split(';').next().unwrap_or_default().split_whitespace());
        let mut hex = String::new();
        for byte in &example() {
            write!(hex, "{byte:02x} ").unwrap();
        }
        assert_eq!(digits.collect::<Vec<_>>().join(" "), hex.trim_end());
    }

    #[test]
    fn a_page_survives_and_has_room_for_the_longest_entry() {
        // A schema that is just short enough, and one that is not.
        let described = |units: usize| {
            let mut types = vec![Type { name: None, shape: identity::Shape::Tuple(Vec::new()) }];
            types[0].shape = identity::Shape::Tuple(vec![TypeIndex::at(1); units]);
            let unit = identity::Shape::Primitive(Primitive::Unit);
            types.push(Type { name: None, shape: unit });
            Description::by_hand(Schema::from_types("T", types).unwrap())
        };
        let (long, too_long) = (described(LISTED_SCHEMA_BYTES_MAX - 20), described(20_000));
        let name = "n".repeat(NAME_BYTES_MAX);
        let mut longest = entry(&name, &long);
        longest.answers = Some(&long);
        let page = write([longest].into_iter());
        assert!(page.len() > 2 * LISTED_SCHEMA_BYTES_MAX, "{} bytes", page.len());
        let read = read(page, "").unwrap();
        assert!(!read.has_more);
        let answers = read.channels[0].answers.as_ref().unwrap();
        assert_eq!(answers.schema.as_ref(), Some(long.schema().as_ref()));
        let page = write([entry("a", &too_long), entry("b", &long)].into_iter());
        let read = super::read(page, "").unwrap();
        assert_eq!(read.channels[0].values.schema, None);
        assert_eq!(read.channels[0].values.identity, too_long.identity());
        assert!(read.channels[1].values.schema.is_some());
    }

    #[test]
    fn a_page_ends_before_what_does_not_fit() {
        let number = Description::of::<u64>().unwrap();
        let names: Vec<String> = (0..2000).map(|name| format!("{name:0200}")).collect();
        let mut after = String::new();
        let mut found = Vec::new();
        loop {
            let rest = names.iter().filter(|name| **name > after);
            let page = write(rest.map(|name| entry(name, &number)));
            assert!(page.len() <= LISTING_PAGE_BYTES_MAX);
            let ListedPage { channels, has_more } = read(page, &after).unwrap();
            found.extend(channels.into_iter().map(|channel| channel.name));
            after.clone_from(found.last().unwrap());
            if !has_more {
                break;
            }
        }
        assert_eq!(found, names);
    }

    #[test]
    fn a_page_that_is_cut_or_changed_is_refused_or_read_and_never_panics() {
        let page = example();
        for cut in 0..page.len() {
            let is_listed = read(page.slice(..cut), "").is_ok();
            assert_eq!(is_listed, cut == 2, "cut at {cut}");
        }
        for at in 0..page.len() {
            for value in [0, 1, 2, 0x7f, 0x80, 0xff] {
                let mut changed = page.to_vec();
                changed[at] = value;
                let _any = read(changed.into(), "");
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let what = |page: Bytes, after: &str| match read(page, after) {
            Err(ListError::Malformed { what }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(Bytes::from_static(&[0, 1]), ""), "a page with nothing but more behind it");
        assert_eq!(what(Bytes::from_static(&[9, 0]), ""), "a page of an unknown kind");
        assert_eq!(what(Bytes::from_static(&[0, 2]), ""), "a mark that is neither set nor not");
        assert_eq!(what(example(), "divider"), "names that do not go up");
        let number = Description::of::<u64>().unwrap();
        let twice = write([entry("a", &number), entry("a", &number)].into_iter());
        assert_eq!(what(twice, ""), "names that do not go up");
        let huge = Bytes::from_static(&[0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(what(huge, ""), "a page that is cut off");
        assert!(matches!(read(switched_off(), ""), Err(ListError::SwitchedOff)));
    }

    #[test]
    fn what_a_later_version_appends_to_a_channel_is_skipped() {
        let mut page = example().to_vec();
        let length = u32::from_le_bytes([page[2], page[3], page[4], page[5]]) + 3;
        page[2..6].copy_from_slice(&length.to_le_bytes());
        page.extend_from_slice(b"new");
        assert_eq!(read(page.into(), "").unwrap(), read(example(), "").unwrap());
    }
}
