//! What may be wrong with the settings of a tenant alone.

use axum::http::HeaderMap;
use service::{Faults, Origin};
use web::{App, is_everybodys};

/// A model that is named has a name that can be one.
pub(crate) fn check_model(faults: &mut Faults, field: &str, name: Option<&Option<String>>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    let fits = |name: &String| (1..=100).contains(&name.len()) && name.chars().all(plain);
    let wrong = name.is_some_and(|name| name.as_ref().is_some_and(|name| !fits(name)));
    faults.refuse(
        field,
        wrong,
        "must be 1 to 100 of letters, digits and . _ : / -",
    );
}

/// Origins that are given are some, and none of everybody's.
pub(crate) fn check_origins(
    faults: &mut Faults,
    app: &App,
    headers: &HeaderMap,
    origins: &[String],
) {
    faults.refuse("allowed_origins", origins.len() > 50, "must be at most 50");
    for (n, origin) in origins.iter().enumerate() {
        let field = format!("allowed_origins[{n}]");
        match Origin::parse(origin) {
            Err(e) => faults.refuse(&field, true, e.to_string()),
            Ok(origin) => faults.refuse(
                &field,
                is_everybodys(app, headers, &origin),
                "is open to every tenant of this service already: leave it out",
            ),
        }
    }
}
