//! Good answers describe themselves, and lists name what they hold.

use utoipa::openapi::{
    Components, Ref, RefOr,
    path::Operation,
    schema::{ArrayItems, Schema},
};

/// Describes a good answer as what is in it describes itself, and names the list that is in it.
pub(super) fn describe(operation: &mut Operation, components: &Components) {
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
pub(super) fn name_lists(components: &mut Components) {
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
