//! What a type is answered, under guard: values, and access to the parts of a value.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{Guarded, Level, Watch};

/// A visitor of a value with parts, which are at `level`.
pub(super) struct GuardedVisitor<'w, V> {
    visitor: V,
    level: Level<'w>,
    /// The peer says how many parts there are, and not the type.
    is_claimed: bool,
}

impl<'w, V> GuardedVisitor<'w, V> {
    /// For a value whose number of parts is fixed by its type.
    pub(super) fn of_fixed(visitor: V, level: Level<'w>) -> Self {
        GuardedVisitor { visitor, level, is_claimed: false }
    }

    /// For a value that comes with its number of parts.
    pub(super) fn of_claimed(visitor: V, level: Level<'w>) -> Self {
        GuardedVisitor { visitor, level, is_claimed: true }
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for GuardedVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.visitor.visit_bool(value)
    }

    fn visit_i8<E: Error>(self, value: i8) -> Result<V::Value, E> {
        self.visitor.visit_i8(value)
    }

    fn visit_i16<E: Error>(self, value: i16) -> Result<V::Value, E> {
        self.visitor.visit_i16(value)
    }

    fn visit_i32<E: Error>(self, value: i32) -> Result<V::Value, E> {
        self.visitor.visit_i32(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.visitor.visit_i64(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<V::Value, E> {
        self.visitor.visit_i128(value)
    }

    fn visit_u8<E: Error>(self, value: u8) -> Result<V::Value, E> {
        self.visitor.visit_u8(value)
    }

    fn visit_u16<E: Error>(self, value: u16) -> Result<V::Value, E> {
        self.visitor.visit_u16(value)
    }

    fn visit_u32<E: Error>(self, value: u32) -> Result<V::Value, E> {
        self.visitor.visit_u32(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.visitor.visit_u64(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<V::Value, E> {
        self.visitor.visit_u128(value)
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<V::Value, E> {
        self.visitor.visit_f32(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.visitor.visit_f64(value)
    }

    fn visit_char<E: Error>(self, value: char) -> Result<V::Value, E> {
        self.visitor.visit_char(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.visitor.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.visitor.visit_borrowed_str(value)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        self.visitor.visit_string(value)
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<V::Value, E> {
        self.visitor.visit_bytes(value)
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<V::Value, E> {
        self.visitor.visit_borrowed_bytes(value)
    }

    fn visit_byte_buf<E: Error>(self, value: Vec<u8>) -> Result<V::Value, E> {
        self.visitor.visit_byte_buf(value)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(self.level.guard(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(self.level.guard(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let claim = self.is_claimed.then(|| Claim::new(access.size_hint(), self.level.watch));
        self.visitor.visit_seq(Parts { access, level: self.level, claim })
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let claim = self.is_claimed.then(|| Claim::new(access.size_hint(), self.level.watch));
        self.visitor.visit_map(Parts { access, level: self.level, claim })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(self.level.guard(access))
    }
}

/// Access to elements, fields or entries.
struct Parts<'w, A> {
    access: A,
    level: Level<'w>,
    claim: Option<Claim>,
}

/// A number of parts that a peer claims.
struct Claim {
    /// How many of them may be believed before they come.
    believed: usize,
    /// The watch's reads when the last part was asked for.
    reads_before: Option<u64>,
}

impl Claim {
    fn new(claimed: Option<usize>, watch: &Watch) -> Claim {
        Claim { believed: watch.expect_elements(claimed.unwrap_or(0)), reads_before: None }
    }
}

impl<A> Parts<'_, A> {
    /// Judges the part before this one, now that it is complete.
    fn begin_part<E: Error>(&mut self) -> Result<(), E> {
        let Some(claim) = &mut self.claim else { return Ok(()) };
        let reads = self.level.watch.reads.get();
        if claim.reads_before.replace(reads) == Some(reads) {
            self.level.watch.count_zero_length_element()?;
        }
        Ok(())
    }

    fn believable(&self, parts: usize) -> usize {
        self.claim.as_ref().map_or(parts, |claim| parts.min(claim.believed))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Parts<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.begin_part()?;
        self.access.next_element_seed(self.level.guard(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.access.size_hint().map(|parts| self.believable(parts))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Parts<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.begin_part()?;
        self.access.next_key_seed(self.level.guard(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.access.next_value_seed(self.level.guard(seed))
    }

    fn next_entry_seed<K: DeserializeSeed<'de>, S: DeserializeSeed<'de>>(
        &mut self,
        key: K,
        value: S,
    ) -> Result<Option<(K::Value, S::Value)>, A::Error> {
        self.begin_part()?;
        self.access.next_entry_seed(self.level.guard(key), self.level.guard(value))
    }

    fn size_hint(&self) -> Option<usize> {
        self.access.size_hint().map(|parts| self.believable(parts))
    }
}

impl<'de, 'w, A: EnumAccess<'de>> EnumAccess<'de> for Guarded<'w, A> {
    type Error = A::Error;
    type Variant = Guarded<'w, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Guarded<'w, A::Variant>), A::Error> {
        let (value, variant) = self.inner.variant_seed(self.level.guard(seed))?;
        Ok((value, self.level.guard(variant)))
    }
}

/// The content of a variant is a level with its enum, which was counted.
impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(self.level.guard(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, GuardedVisitor::of_fixed(visitor, self.level))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, GuardedVisitor::of_fixed(visitor, self.level))
    }
}
