//! What may be changed only as it was seen has a tag wherever it is told.

use super::rules::{has_parameter, operations};
use crate::IfMatch;
use utoipa::openapi::{
    Header, PathItem, RefOr,
    header::HeaderBuilder,
    path::Operation,
    schema::{ObjectBuilder, Type},
};

/// Tells of the `ETag` of what a path names, if one of its operations takes `If-Match`: with what is read there, and with what it
/// was changed to.
pub(super) fn tell(item: &mut PathItem) {
    let changes = |operation: &Operation| has_parameter(operation, IfMatch::HEADER);
    if !operations(item).any(|operation| changes(operation)) {
        return;
    }
    item.get.as_mut().into_iter().for_each(tell_in);
    operations(item)
        .filter(|operation| changes(operation))
        .for_each(tell_in);
}

fn tell_in(operation: &mut Operation) {
    for status in ["200", "202"] {
        if let Some(RefOr::T(told)) = operation.responses.responses.get_mut(status) {
            told.headers.insert("ETag".into(), tag().into());
        }
    }
}

fn tag() -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(
            "Tells it from what it was, and becomes: for `If-Match`",
        ))
        .build()
}
