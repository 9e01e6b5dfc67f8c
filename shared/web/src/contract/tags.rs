//! What may be changed only as it was seen has a tag wherever it is told.

use super::rules::has_parameter;
use crate::IfMatch;
use utoipa::openapi::{
    Header, PathItem, RefOr,
    header::HeaderBuilder,
    schema::{ObjectBuilder, Type},
};

/// Tells of the `ETag` of what a path names, if one of its operations takes `If-Match`: with what is read there, and with what it
/// was changed to.
pub(super) fn tell(item: &mut PathItem) {
    let changes = item.patch.as_ref();
    if !changes.is_some_and(|patch| has_parameter(patch, IfMatch::HEADER)) {
        return;
    }
    for operation in [&mut item.get, &mut item.patch].into_iter().flatten() {
        if let Some(RefOr::T(told)) = operation.responses.responses.get_mut("200") {
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
