//! How far a value has come through its schema.

use super::number::Number;
use super::{END_OF_CHANNEL, Manner, Misfit, Stop, TOKEN_BYTES, TOKEN_FIELD};
use crate::channel::identity::difference::describe_index;
use crate::channel::identity::path::{Step, joined};
use crate::channel::identity::schema::Schema;
use crate::channel::identity::shape::{
    Field, Primitive, Shape, TypeIndex, Variant, VariantContent,
};
use crate::limits::PARTS_CHECKED_MAX;

/// What is still to come, from the inside out, and where.
#[derive(Debug)]
pub(super) struct Cursor<'s> {
    schema: &'s Schema,
    manner: Manner,
    frames: Vec<Frame<'s>>,
    /// From the root to what was looked at last.
    path: Vec<Place<'s>>,
    /// What was looked at last.
    at: TypeIndex,
    /// How long the path was when the value wrote something.
    written_at: usize,
    structs: u64,
    /// How many parts are still looked at.
    parts_left: usize,
    misfit: Option<Misfit>,
}

/// Parts of one type that are still to come.
#[derive(Debug)]
struct Frame<'s> {
    /// How long the path to the type is.
    depth: usize,
    parts: Parts<'s>,
}

#[derive(Debug)]
enum Parts<'s> {
    One(TypeIndex, Option<Place<'s>>),
    Elements {
        types: &'s [TypeIndex],
        next: usize,
    },
    /// Numbered, so that whoever follows a struct by its names knows it again.
    Fields {
        fields: &'s [Field],
        next: usize,
        number: u64,
    },
    Repeated {
        element: TypeIndex,
        left: usize,
    },
    Pairs {
        key: TypeIndex,
        value: TypeIndex,
        left: usize,
    },
    /// Bytes that are written one by one.
    Loose {
        left: usize,
    },
}

impl Frame<'_> {
    /// Whether nothing is left of it, and it is not the struct of this number.
    fn is_done(&self, struct_number: Option<u64>) -> bool {
        match &self.parts {
            Parts::One(..) => false,
            Parts::Elements { types, next } => *next == types.len(),
            Parts::Fields { fields, next, number } => {
                *next == fields.len() && Some(*number) != struct_number
            }
            Parts::Repeated { left, .. } | Parts::Pairs { left, .. } | Parts::Loose { left } => {
                *left == 0
            }
        }
    }
}

/// A [`Step`] that owns nothing.
#[derive(Debug, Clone, Copy)]
enum Place<'s> {
    Field(&'s str),
    Position(usize),
    Element,
    Key,
    Value,
    Some,
    Variant(&'s str),
}

/// What the value has to write next.
#[derive(Debug, Clone, Copy)]
enum Leaf<'s> {
    Primitive(Primitive),
    Option(TypeIndex),
    Sequence(TypeIndex),
    Map(TypeIndex, TypeIndex),
    Enum(&'s [Variant]),
}

/// What comes next that is not written by itself.
#[derive(Debug, PartialEq, Eq)]
enum Group {
    Struct,
    Unit,
    None,
}

type Checked = Result<(), Stop>;

/// What a value has where it has nothing.
const LEFT_OUT: &str = "nothing: it was left out";

impl<'s> Cursor<'s> {
    pub(super) fn new(schema: &'s Schema, manner: Manner) -> Cursor<'s> {
        let root = Frame { depth: 0, parts: Parts::One(TypeIndex::ROOT, None) };
        Cursor {
            schema,
            manner,
            frames: vec![root],
            path: Vec::new(),
            at: TypeIndex::ROOT,
            written_at: 0,
            structs: 0,
            parts_left: PARTS_CHECKED_MAX,
            misfit: None,
        }
    }

    pub(super) fn take_misfit(&mut self) -> Option<Misfit> {
        self.misfit.take()
    }

    // What the value writes.

    pub(super) fn number(&mut self, number: Number, found: &str) -> Checked {
        let Some(leaf) = self.next_leaf()? else { return self.nothing_is_left(found) };
        match leaf {
            Leaf::Primitive(primitive) if number.fits(primitive) => Ok(()),
            _ if self.manner == Manner::Kinds => self.fail(found),
            Leaf::Option(part) if number.byte() == Some(1) => self.expect_some(part),
            Leaf::Option(_) if number.byte() == Some(0) => Ok(()),
            Leaf::Enum(variants) => {
                match number.unsigned().and_then(|tag| usize::try_from(tag).ok()) {
                    Some(tag) if tag < variants.len() => self.expect_content(&variants[tag]),
                    _ => self.fail(found),
                }
            }
            _ => self.fail(found),
        }
    }

    pub(super) fn option(&mut self, is_some: bool) -> Checked {
        let found = if is_some { "an option" } else { "no value" };
        if self.manner == Manner::Places {
            return self.number(Number::Byte(is_some.into()), found);
        }
        match self.next_leaf()? {
            Some(Leaf::Option(part)) if is_some => self.expect_some(part),
            Some(Leaf::Option(_)) => Ok(()),
            _ => self.fail(found),
        }
    }

    /// A unit, which is written by itself where kinds are.
    pub(super) fn unit(&mut self) -> Checked {
        if self.manner == Manner::Places {
            return Ok(());
        }
        match self.next_group(|_| false, true)? {
            Group::Unit => Ok(()),
            _ => self.fail("a unit"),
        }
    }

    /// Text, or bytes that are no text.
    pub(super) fn bytes(&mut self, bytes: &[u8], is_text: bool) -> Checked {
        let found = if is_text { "string" } else { "bytes" };
        let Some(leaf) = self.next_leaf()? else { return self.nothing_is_left(found) };
        match leaf {
            Leaf::Primitive(Primitive::Bytes) => Ok(()),
            Leaf::Primitive(Primitive::String) if is_text || std::str::from_utf8(bytes).is_ok() => {
                Ok(())
            }
            Leaf::Sequence(element) => {
                self.repeat(element, bytes.len());
                bytes.iter().try_for_each(|byte| self.number(Number::Byte(*byte), found))
            }
            Leaf::Primitive(Primitive::String) => self.fail("bytes that are no text"),
            _ => self.fail(found),
        }
    }

    /// A sequence or a map of a length.
    pub(super) fn length(&mut self, length: usize, found: &str) -> Checked {
        let Some(leaf) = self.next_leaf()? else { return self.nothing_is_left(found) };
        match leaf {
            Leaf::Sequence(element) => self.repeat(element, length),
            Leaf::Map(key, value) => {
                let parts = Parts::Pairs { key, value, left: length.saturating_mul(2) };
                self.push(parts);
            }
            Leaf::Primitive(Primitive::Bytes | Primitive::String) => {
                self.push(Parts::Loose { left: length });
            }
            _ => return self.fail(found),
        }
        Ok(())
    }

    pub(super) fn variant(&mut self, index: u32, name: &str) -> Checked {
        let found = || format!("variant {index} `{name}`");
        let Some(leaf) = self.next_leaf()? else { return self.nothing_is_left(&found()) };
        let Leaf::Enum(variants) = leaf else {
            // A type that writes a variant and reads a number.
            return match leaf {
                Leaf::Primitive(primitive)
                    if self.manner == Manner::Places
                        && Number::Unsigned(index.into()).fits(primitive) =>
                {
                    Ok(())
                }
                _ => self.fail(&found()),
            };
        };
        let is_called = |variant: &Variant| has_name(&variant.name, name);
        if self.manner == Manner::Kinds {
            return match variants.iter().find(|variant| is_called(variant)) {
                Some(variant) => self.expect_content(variant),
                None => self.fail(&found()),
            };
        }
        match variants.get(index as usize) {
            // A name that the type does not read at all was changed on purpose.
            Some(variant) if is_called(variant) || !variants.iter().any(is_called) => {
                self.expect_content(variant)
            }
            other => {
                let expected = match (other, variants.iter().position(is_called)) {
                    (_, Some(position)) => format!("`{name}` as variant {position}"),
                    (_, None) => format!("{} variants", variants.len()),
                };
                self.fail_with(expected, found())
            }
        }
    }

    /// The sending end of a channel, which is a token on the wire. A type that was traced has a struct in
    /// its place that says what the channel carries.
    pub(super) fn end_of_channel(&mut self) -> Checked {
        let is_token = |fields: &[Field]| {
            fields.first().is_some_and(|first| first.name.starts_with(TOKEN_FIELD))
        };
        if self.next_group(is_token, false)? == Group::Struct {
            self.frames.pop();
            return Ok(());
        }
        (0..TOKEN_BYTES).try_for_each(|_| self.number(Number::Byte(0), END_OF_CHANNEL))
    }

    // Names.

    /// A struct of so many fields begins. Returns its number if the type has a struct there, too, to
    /// follow its fields.
    pub(super) fn enter_struct(&mut self, written: usize) -> Result<Option<u64>, Stop> {
        // One without fields may stand for a unit, or be the first part of something else, and must not be
        // taken for what is around it or comes behind it.
        let is_empty = written == 0 && self.manner == Manner::Places;
        let is_wanted = |fields: &[Field]| !is_empty || fields.is_empty();
        match self.next_group(is_wanted, is_empty || self.manner == Manner::Kinds)? {
            Group::Struct => {
                self.open()?;
                Ok(self.entered())
            }
            _ if self.manner == Manner::Kinds => Err(Stop::Unknown),
            Group::Unit | Group::None => Ok(None),
        }
    }

    /// Goes to what comes next: up to a struct that is wanted, which is on top then, behind a unit if it
    /// shall stop at one, or up to what is written by itself.
    fn next_group(
        &mut self,
        is_wanted: impl Fn(&[Field]) -> bool,
        stops_at_units: bool,
    ) -> Result<Group, Stop> {
        loop {
            let Some(Frame { parts, .. }) = self.frames.last() else { return Ok(Group::None) };
            let Parts::One(index, _) = parts else {
                if !self.advance()? {
                    return Ok(Group::None);
                }
                continue;
            };
            match self.shape(*index) {
                Shape::Struct(fields) if is_wanted(fields) => return Ok(Group::Struct),
                Shape::Primitive(Primitive::Unit) | Shape::UnitStruct => {
                    self.open()?;
                    if stops_at_units {
                        return Ok(Group::Unit);
                    }
                }
                Shape::NewtypeStruct(_)
                | Shape::Tuple(_)
                | Shape::TupleStruct(_)
                | Shape::Struct(_) => {
                    self.open()?;
                }
                _ => return Ok(Group::None),
            }
        }
    }

    /// The number of a struct, or a struct variant, whose fields come next.
    pub(super) fn entered(&self) -> Option<u64> {
        match self.frames.last() {
            Some(Frame { parts: Parts::Fields { next: 0, number, .. }, .. }) => Some(*number),
            _ => None,
        }
    }

    /// A field begins of a struct that has `written` fields in all. Those before it which the value has
    /// left out must not take a byte, nor a place if kinds are written.
    pub(super) fn field(
        &mut self,
        number: Option<u64>,
        name: &'static str,
        written: usize,
    ) -> Checked {
        let Some((fields, next)) = self.fields_of(number) else { return Ok(()) };
        let is_called = |field: &Field| has_name(&field.name, name);
        if fields.get(next).is_some_and(is_called) {
            return Ok(());
        }
        match fields.iter().position(is_called) {
            Some(_) if next < fields.len() && self.manner == Manner::Kinds => {
                let expected = describe_index(self.schema, fields[next].content, 0);
                self.fail_at_field(&fields[next].name, expected, LEFT_OUT.to_owned())
            }
            Some(position) if position > next => self.leave_out(position),
            Some(position) => {
                let expected = match fields.get(next) {
                    Some(field) => format!("`{}`", field.name),
                    None => format!("it as field {position} alone"),
                };
                self.fail_at_field(name, expected, "another order of fields".to_owned())
            }
            // It is called otherwise where it is read.
            None if written <= fields.len() && next < fields.len() => Ok(()),
            None => self.fail_at_field(name, "no such field".to_owned(), "one".to_owned()),
        }
    }

    /// A struct is at its end.
    pub(super) fn end_struct(&mut self, number: Option<u64>) -> Checked {
        match self.fields_of(number) {
            // Whoever reads it sees how many fields there are, and may do without the last ones.
            Some(_) if self.manner == Manner::Kinds => {
                self.frames.pop();
                Ok(())
            }
            Some((fields, next)) if next < fields.len() => self.leave_out(fields.len()),
            _ => Ok(()),
        }
    }

    /// The value is at its end.
    pub(super) fn finish(&mut self) -> Checked {
        match self.next_leaf()? {
            None => Ok(()),
            Some(_) => self.fail(LEFT_OUT),
        }
    }

    /// The fields of a struct, and how many were written, if they are what comes next.
    fn fields_of(&mut self, struct_number: Option<u64>) -> Option<(&'s [Field], usize)> {
        while self.frames.last().is_some_and(|frame| frame.is_done(struct_number)) {
            self.frames.pop();
        }
        match self.frames.last() {
            Some(Frame { parts: Parts::Fields { fields, next, number }, .. })
                if Some(*number) == struct_number =>
            {
                Some((*fields, *next))
            }
            _ => None,
        }
    }

    /// Passes over the fields up to a position, which the value does not write.
    fn leave_out(&mut self, position: usize) -> Checked {
        let height = self.frames.len();
        loop {
            match self.frames.last() {
                Some(Frame { parts: Parts::Fields { next, .. }, .. })
                    if self.frames.len() == height && *next >= position =>
                {
                    return Ok(());
                }
                Some(Frame { parts: Parts::One(..), .. }) => {
                    if self.open()?.is_some() {
                        return self.fail(LEFT_OUT);
                    }
                }
                _ => {
                    self.advance()?;
                }
            }
        }
    }

    // The schema.

    fn shape(&self, index: TypeIndex) -> &'s Shape {
        // INVARIANT: the references of a schema were checked when it was made.
        &self.schema.get(index).expect("a type of this schema").shape
    }

    fn push(&mut self, parts: Parts<'s>) {
        self.frames.push(Frame { depth: self.path.len(), parts });
    }

    fn push_fields(&mut self, fields: &'s [Field]) {
        self.structs += 1;
        self.push(Parts::Fields { fields, next: 0, number: self.structs });
    }

    fn repeat(&mut self, element: TypeIndex, left: usize) {
        self.push(Parts::Repeated { element, left });
    }

    fn expect_some(&mut self, part: TypeIndex) -> Checked {
        self.push(Parts::One(part, Some(Place::Some)));
        Ok(())
    }

    fn expect_content(&mut self, variant: &'s Variant) -> Checked {
        self.path.push(Place::Variant(&variant.name));
        match &variant.content {
            VariantContent::Unit => {}
            VariantContent::Newtype(part) => {
                self.push(Parts::One(*part, Some(Place::Position(0))));
            }
            VariantContent::Tuple(types) => self.push(Parts::Elements { types, next: 0 }),
            VariantContent::Struct(fields) => self.push_fields(fields),
        }
        Ok(())
    }

    /// What the value has to write next, or nothing if it has written all.
    fn next_leaf(&mut self) -> Result<Option<Leaf<'s>>, Stop> {
        loop {
            let leaf = match self.frames.last_mut() {
                None => return Ok(None),
                Some(Frame { parts: Parts::One(..), .. }) => self.open()?,
                Some(Frame { parts: Parts::Loose { left }, .. }) if *left > 0 => {
                    *left -= 1;
                    self.parts_left = self.parts_left.checked_sub(1).ok_or(Stop::Unknown)?;
                    Some(Leaf::Primitive(Primitive::U8))
                }
                Some(_) => {
                    self.advance()?;
                    None
                }
            };
            if leaf.is_some() {
                self.written_at = self.path.len();
                return Ok(leaf);
            }
        }
    }

    /// Takes the next part of the innermost type, or leaves that. `false`: nothing is left at all.
    fn advance(&mut self) -> Result<bool, Stop> {
        let Some(Frame { depth, parts }) = self.frames.last_mut() else { return Ok(false) };
        let depth = *depth;
        self.parts_left = self.parts_left.checked_sub(1).ok_or(Stop::Unknown)?;
        let next = match parts {
            Parts::One(..) => return Ok(true),
            Parts::Elements { types, next } => types.get(*next).map(|part| {
                *next += 1;
                (*part, Place::Position(*next - 1))
            }),
            Parts::Fields { fields, next, .. } => fields.get(*next).map(|field| {
                *next += 1;
                (field.content, Place::Field(&field.name))
            }),
            Parts::Repeated { element, left } => left.checked_sub(1).map(|rest| {
                *left = rest;
                (*element, Place::Element)
            }),
            Parts::Pairs { key, value, left } => left.checked_sub(1).map(|rest| {
                *left = rest;
                if rest % 2 == 1 { (*key, Place::Key) } else { (*value, Place::Value) }
            }),
            Parts::Loose { left: 0 } => None,
            Parts::Loose { .. } => return Ok(false),
        };
        match next {
            Some((part, place)) => {
                self.frames.push(Frame { depth, parts: Parts::One(part, Some(place)) });
            }
            None => {
                self.frames.pop();
            }
        }
        Ok(!self.frames.is_empty())
    }

    /// Opens the one type that is on top: its parts come next, unless it is written by itself.
    fn open(&mut self) -> Result<Option<Leaf<'s>>, Stop> {
        let Some(Frame { depth, parts: Parts::One(index, place) }) = self.frames.pop() else {
            return Ok(None);
        };
        self.path.truncate(depth);
        self.path.extend(place);
        self.at = index;
        self.written_at = self.written_at.min(depth);
        if self.path.len() > self.written_at + self.schema.types().len() + 1 {
            // A type that is nothing but itself again: it has no value, and no end.
            return Err(Stop::Unknown);
        }
        match self.shape(index) {
            Shape::Primitive(Primitive::Unit) | Shape::UnitStruct => {}
            Shape::Primitive(primitive) => return Ok(Some(Leaf::Primitive(*primitive))),
            Shape::Option(part) => return Ok(Some(Leaf::Option(*part))),
            Shape::Sequence(element) => return Ok(Some(Leaf::Sequence(*element))),
            Shape::Map { key, value } => return Ok(Some(Leaf::Map(*key, *value))),
            Shape::Enum(variants) => return Ok(Some(Leaf::Enum(variants))),
            Shape::NewtypeStruct(part) => self.push(Parts::One(*part, Some(Place::Position(0)))),
            Shape::Tuple(types) | Shape::TupleStruct(types) => {
                self.push(Parts::Elements { types, next: 0 });
            }
            Shape::Struct(fields) => self.push_fields(fields),
        }
        Ok(None)
    }

    // Errors.

    fn nothing_is_left(&mut self, found: &str) -> Checked {
        self.path.clear();
        self.fail_with("nothing more".to_owned(), format!("{found} behind its last part"))
    }

    /// What was looked at last is something else.
    fn fail(&mut self, found: &str) -> Checked {
        self.fail_with(describe_index(self.schema, self.at, 0), found.to_owned())
    }

    fn fail_at_field(&mut self, name: &str, expected: String, found: String) -> Checked {
        let depth = self.frames.last().map_or(0, |frame| frame.depth);
        self.path.truncate(depth);
        let path = joined(self.root(), &self.steps()) + "." + name;
        self.stop(Misfit { path, expected, found })
    }

    fn fail_with(&mut self, expected: String, found: String) -> Checked {
        if self.manner == Manner::Kinds {
            return Err(Stop::Unknown);
        }
        let path = joined(self.root(), &self.steps());
        self.stop(Misfit { path, expected, found })
    }

    fn stop(&mut self, misfit: Misfit) -> Checked {
        self.misfit.get_or_insert_with(|| misfit.clone());
        Err(Stop::Misfit(Box::new(misfit)))
    }

    fn root(&self) -> String {
        self.schema.name().to_owned()
    }

    fn steps(&self) -> Vec<Step> {
        self.path.iter().map(|place| place.to_step()).collect()
    }
}

/// Whether a name is one of those that a field or a variant has.
fn has_name(names: &str, name: &str) -> bool {
    names.split('|').any(|one| one == name) || names == name
}

impl Place<'_> {
    fn to_step(self) -> Step {
        match self {
            Place::Field(name) => Step::Field(name.to_owned()),
            Place::Position(position) => Step::Position(position),
            Place::Element => Step::Element,
            Place::Key => Step::Key,
            Place::Value => Step::Value,
            Place::Some => Step::Some,
            Place::Variant(name) => Step::Variant(name.to_owned()),
        }
    }
}
