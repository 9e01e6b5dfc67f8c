//! What follows from what an operation is, so that no route can forget it: how it may fail, and in which shape; and that
//! lists name what they hold.

use super::{
    failures::{FAILURES, PROBLEM, in_words, problem},
    is_public, needs_login,
};
use crate::{IdempotencyKey, words::MARK};
use utoipa::openapi::{
    Components, OpenApi, PathItem, Ref, RefOr, Required,
    path::{Operation, ParameterIn},
    schema::{ArrayItems, Schema},
};

/// Completes what the routes say.
pub(super) fn complete(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    for failure in &FAILURES {
        let response = failure.response();
        components
            .responses
            .insert(failure.name.into(), response.into());
    }
    name_lists(components);
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        require_body(operation);
        fail(operation);
        tell_in_words(operation, components);
        describe(operation, components);
    }
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ];
    methods.into_iter().filter_map(Option::as_mut)
}

/// Whoever reads a body wants one, though a route cannot say so of one that comes in two forms.
fn require_body(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required = Some(Required::True);
    }
}

/// Adds how the operation may fail, being what it is. What its route says of a status counts.
fn fail(operation: &mut Operation) {
    let security = operation.security.as_deref();
    let (public, login) = (is_public(security), needs_login(security));
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let in_path = |p: &RefOr<_>| matches!(p, RefOr::T(p) if is_in_path(p));
    let has_body = operation.request_body.is_some();
    let is_key = |p: &RefOr<_>| matches!(p, RefOr::T(p) if is_key(p));
    let follows = [
        ("Malformed", has_body),
        ("Unauthorized", !public),
        ("OriginNotAllowed", login),
        ("NotFound", parameters.iter().any(in_path)),
        ("TooLarge", has_body),
        ("UnsupportedMediaType", has_body),
        ("InvalidOrReused", parameters.iter().any(is_key)),
        ("Invalid", has_body || !parameters.is_empty()),
        ("TooManyRequests", login),
        ("Unavailable", true),
        ("Failed", true),
    ];
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        let shared = FAILURES.iter().find(|failure| failure.status == status);
        match (&mut *response, shared) {
            (RefOr::T(said), Some(shared)) if said.description.is_empty() => {
                *response = shared.reference();
            }
            (RefOr::T(said), _) if status.as_str() >= "400" && said.content.is_empty() => {
                said.content.insert(PROBLEM.into(), problem().into());
            }
            _ => {}
        }
    }
    for (name, _) in follows.into_iter().filter(|(_, follows)| *follows) {
        let failure = FAILURES.iter().find(|failure| failure.name == name);
        let failure = failure.expect("it is in the list");
        let status = failure.status.to_owned();
        responses
            .entry(status)
            .or_insert_with(|| failure.reference());
    }
}

/// Has the failures of an operation that is marked so be plain text, with the code in a header.
fn tell_in_words(operation: &mut Operation, components: &mut Components) {
    let marks = operation.extensions.as_mut();
    if marks.and_then(|marks| marks.remove(MARK)).is_none() {
        return;
    }
    let responses = operation.responses.responses.iter_mut();
    for (_, response) in responses.filter(|(status, _)| status.as_str() >= "400") {
        match response {
            RefOr::T(response) => in_words(response),
            RefOr::Ref(shared) => {
                let name = shared.ref_location.rsplit('/').next().unwrap_or_default();
                let failure = FAILURES.iter().find(|failure| failure.name == name);
                let failure = failure.expect("it is in the list");
                let name = format!("{name}InWords");
                *response = Ref::from_response_name(&name).into();
                let told = failure.in_words().into();
                components.responses.insert(name, told);
            }
        }
    }
}

fn is_in_path(parameter: &utoipa::openapi::path::Parameter) -> bool {
    matches!(parameter.parameter_in, ParameterIn::Path)
}

fn is_key(parameter: &utoipa::openapi::path::Parameter) -> bool {
    parameter.name == IdempotencyKey::HEADER
}

/// Describes a good answer as what is in it describes itself, and names the list that is in it.
fn describe(operation: &mut Operation, components: &Components) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let contents = response.content.values_mut();
        let schemas = contents.filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_mut(),
            RefOr::Ref(_) => None,
        });
        let mut description = None;
        for schema in schemas {
            let RefOr::Ref(target) = schema else { continue };
            if let Some(item) = target
                .ref_location
                .strip_prefix("#/components/schemas/Listing_")
            {
                *target = Ref::from_schema_name(list_of(item));
            }
            description = description.or_else(|| described(components, &target.ref_location));
        }
        if response.description.is_empty() {
            let usual = match status.as_str() {
                "204" => "It is done.",
                _ => "The answer.",
            };
            response.description = description.unwrap_or_else(|| usual.to_owned());
        }
    }
}

fn described(components: &Components, location: &str) -> Option<String> {
    let name = location.strip_prefix("#/components/schemas/")?;
    match components.schemas.get(name)? {
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        _ => None,
    }
}

/// The name of a page of items.
fn list_of(item: &str) -> String {
    format!("{item}List")
}

/// Gives the pages of lists names that a client can guess, and has them name what they hold: generic types are written
/// out where they are used.
fn name_lists(components: &mut Components) {
    let lists = components
        .schemas
        .keys()
        .filter_map(|name| name.strip_prefix("Listing_"));
    let lists: Vec<String> = lists.map(str::to_owned).collect();
    for item in lists {
        let list = components.schemas.remove(&format!("Listing_{item}"));
        let mut list = list.expect("it was there");
        if let RefOr::T(Schema::Object(page)) = &mut list
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            let item = Ref::from_schema_name(&item);
            items.items = ArrayItems::RefOrSchema(Box::new(item.into()));
        }
        components.schemas.insert(list_of(&item), list);
    }
}
