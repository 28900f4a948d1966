//! Which entry of an object is which field: objects have no order, and the codecs know no names.

use crate::channel::identity::{Field, Shape, TypeIndex};
use crate::channel::json::JsonError;
use crate::channel::json::text::Json;
use crate::channel::json::trail::Place;

use super::Writing;

/// The values of all fields in the order of the schema, which has them in the struct, or in that variant
/// of the enum, `of`.
pub(super) fn fields<'a, E: serde::ser::Error>(
    writing: &Writing<'a>,
    of: TypeIndex,
    variant: Option<usize>,
    fields: &'a [Field],
    json: &Json<'a>,
) -> Result<Vec<Json<'a>>, E> {
    let entries = json.entries().ok_or_else(|| writing.unfit("an object", json))?;
    let mut found: Vec<Option<Json<'a>>> = Vec::new();
    found.resize_with(fields.len(), || None);
    for (key, raw) in entries {
        let place = writing.names.field(of, variant, fields, &key);
        match place.and_then(|place| found.get_mut(place)) {
            Some(vacant @ None) => *vacant = Some(Json::Value(raw)),
            Some(Some(_)) => {
                writing.trail.enter(Place::Named(key));
                return Err(writing.fail(|path| JsonError::Duplicate { path }));
            }
            None => {
                writing.trail.enter(Place::Named(key));
                return Err(writing.fail(|path| JsonError::UnknownField { path }));
            }
        }
    }
    let complete = |(field, found): (&'a Field, Option<Json<'a>>)| match found {
        Some(json) => Ok(json),
        // As serde's derive does for JSON.
        None if is_option(writing, field.content) => Ok(Json::Missing),
        None => {
            writing.trail.enter(Place::Field(&field.name));
            Err(writing.fail(|path| JsonError::MissingField { path }))
        }
    };
    fields.iter().zip(found).map(complete).collect()
}

fn is_option(writing: &Writing<'_>, content: TypeIndex) -> bool {
    let item = writing.schema.get(content);
    item.is_some_and(|item| matches!(item.shape, Shape::Option(_)))
}
