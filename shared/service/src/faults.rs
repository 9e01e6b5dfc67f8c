//! What is wrong with what was given, field by field.

use crate::{Error, FieldError, Result};

/// What is wrong with the fields so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes that a field is `wrong`, if it is.
    pub fn refuse(&mut self, field: &str, wrong: bool, message: impl Into<String>) {
        if wrong {
            let (field, message) = (field.to_owned(), message.into());
            self.0.push(FieldError { field, message });
        }
    }

    /// A text that is given has so many characters, and so many without the blanks around it.
    pub fn text(&mut self, field: &str, text: Option<&String>, min: usize, max: usize) {
        let fits = |text: &String| {
            (min..=max).contains(&text.trim().chars().count()) && text.chars().count() <= max
        };
        let wrong = text.is_some_and(|text| !fits(text));
        self.refuse(field, wrong, format!("must be {min} to {max} characters"));
    }

    /// A value that is given is one of these.
    pub fn choice<'a>(
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

    /// A number that is given is within these bounds.
    pub fn number<N: Copy + PartialOrd + std::fmt::Display>(
        &mut self,
        field: &str,
        number: Option<N>,
        min: N,
        max: N,
    ) {
        let wrong = number.is_some_and(|n| !(min..=max).contains(&n));
        self.refuse(field, wrong, format!("must be from {min} to {max}"));
    }

    /// Adds what somebody else found.
    pub fn add(&mut self, faults: impl IntoIterator<Item = FieldError>) {
        self.0.extend(faults);
    }

    /// Confirms that nothing is wrong.
    ///
    /// # Errors
    /// 422 with all of it.
    pub fn none(self) -> Result<()> {
        Error::if_any(self.0)
    }
}
