//! What follows from what an operation is, so that no route can forget it: how it may fail, and in which shape.

use super::{
    described::{describe, name_lists},
    failures::{FAILURES, PROBLEM, in_words, problem},
    is_public, mcp, needs_login, openai, tags,
};
use crate::{IdempotencyKey, IfMatch, mcp::is_mcp, openai::is_openai, words::is_in_words};
use utoipa::openapi::{
    Components, Content, OpenApi, PathItem, Ref, RefOr, Required,
    path::{Operation, ParameterIn},
};

/// The media type of what programs read.
pub(super) const JSON: &str = "application/json";

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
    openai::add(components);
    mcp::add(components);
    for (path, item) in &mut api.paths.paths {
        let (is_openai, is_mcp) = (is_openai(path), is_mcp(path));
        tags::tell(item);
        for operation in operations(item) {
            require_body(operation);
            match is_openai {
                true => openai::fail(operation),
                false if is_mcp => mcp::fail(operation),
                false => fail(operation),
            }
            if is_in_words(path) {
                tell_in_words(operation, components);
            }
            describe(operation, components);
        }
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
    let in_path = has_path_parameter(operation);
    let has_parameters = operation.parameters.iter().flatten().next().is_some();
    let has_body = operation.request_body.is_some();
    let follows = [
        ("Malformed", has_body),
        ("Unauthorized", !public),
        ("OriginNotAllowed", login),
        ("NotFound", in_path),
        ("Changed", has_parameter(operation, IfMatch::HEADER)),
        ("TooLarge", has_body),
        ("UnsupportedMediaType", has_body),
        (
            "InvalidOrReused",
            has_parameter(operation, IdempotencyKey::HEADER),
        ),
        ("Invalid", has_body || has_parameters),
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

/// Has the failures of an operation be plain text, with the code in a header.
fn tell_in_words(operation: &mut Operation, components: &mut Components) {
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

/// Gives the failures that a route tells of itself the body of its kind, as JSON.
pub(super) fn give_body(operation: &mut Operation, body: &Content) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(said) = response
            && status.as_str() >= "400"
            && said.content.is_empty()
        {
            said.content.insert(JSON.into(), body.clone().into());
        }
    }
}

/// Whether it takes a parameter of that name.
pub(super) fn has_parameter(operation: &Operation, name: &str) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|p| matches!(p, RefOr::T(p) if p.name == name))
}

/// Whether it names something in its path.
pub(super) fn has_path_parameter(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|p| matches!(p, RefOr::T(p) if matches!(p.parameter_in, ParameterIn::Path)))
}
