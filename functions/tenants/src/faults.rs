//! What is wrong with settings, field by field.

use axum::http::HeaderMap;
use service::{FieldError, Origin};
use web::{App, Result, is_everybodys};

/// What is wrong with the fields so far.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    pub(crate) fn refuse(&mut self, field: &str, wrong: bool, message: impl Into<String>) {
        if wrong {
            let (field, message) = (field.to_owned(), message.into());
            self.0.push(FieldError { field, message });
        }
    }

    pub(crate) fn text(&mut self, field: &str, text: Option<&String>, min: usize, max: usize) {
        let fits = |text: &String| {
            (min..=max).contains(&text.trim().chars().count()) && text.chars().count() <= max
        };
        let wrong = text.is_some_and(|text| !fits(text));
        self.refuse(field, wrong, format!("must be {min} to {max} characters"));
    }

    pub(crate) fn choice<'a>(
        &mut self,
        field: &str,
        value: Option<&String>,
        choices: impl Iterator<Item = &'a str>,
    ) {
        let choices: Vec<&str> = choices.collect();
        let wrong = value.is_some_and(|value| !choices.contains(&value.as_str()));
        let message = format!("must be one of `{}`", choices.join("`, `"));
        self.refuse(field, wrong, message);
    }

    pub(crate) fn number<N: Copy + PartialOrd + std::fmt::Display>(
        &mut self,
        field: &str,
        number: Option<N>,
        min: N,
        max: N,
    ) {
        let wrong = number.is_some_and(|n| !(min..=max).contains(&n));
        self.refuse(field, wrong, format!("must be from {min} to {max}"));
    }

    pub(crate) fn model(&mut self, field: &str, name: Option<&Option<String>>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
        let fits = |name: &String| (1..=100).contains(&name.len()) && name.chars().all(plain);
        let wrong = name.is_some_and(|name| name.as_ref().is_some_and(|name| !fits(name)));
        self.refuse(
            field,
            wrong,
            "must be 1 to 100 of letters, digits and . _ : / -",
        );
    }

    pub(crate) fn origins(&mut self, app: &App, headers: &HeaderMap, origins: &[String]) {
        self.refuse("allowed_origins", origins.len() > 50, "must be at most 50");
        for (n, origin) in origins.iter().enumerate() {
            let field = format!("allowed_origins[{n}]");
            match Origin::parse(origin) {
                Err(e) => self.refuse(&field, true, e.to_string()),
                Ok(origin) => self.refuse(
                    &field,
                    is_everybodys(app, headers, &origin),
                    "is open to every tenant of this service already: leave it out",
                ),
            }
        }
    }

    pub(crate) fn add(&mut self, faults: impl Iterator<Item = FieldError>) {
        self.0.extend(faults);
    }

    pub(crate) fn none(self) -> Result<()> {
        Ok(service::Error::if_any(self.0)?)
    }
}
