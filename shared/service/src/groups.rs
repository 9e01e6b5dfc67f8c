//! Groups of a tenant's users, by name: documents can be limited to them.

use crate::{FieldError, is_visible};

/// The most groups of one user, API key or document.
const MOST: usize = 50;
/// The most characters of a name.
const NAME: usize = 64;

/// What is wrong with a list of groups, that is called `field`. Names are compared letter by letter.
pub fn group_faults(field: &str, groups: &[String]) -> Vec<FieldError> {
    let fault = |field: String, message: &str| FieldError {
        field,
        message: message.to_owned(),
    };
    if groups.len() > MOST {
        return vec![fault(field.to_owned(), "must be at most 50")];
    }
    let fits = |name: &str| {
        (1..=NAME).contains(&name.chars().count()) && name.trim() == name && is_visible(name)
    };
    let wrong = groups.iter().enumerate().filter(|(_, name)| !fits(name));
    wrong
        .map(|(nth, _)| {
            let message = "must be 1 to 64 characters that people can see, without spaces around";
            fault(format!("{field}[{nth}]"), message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_by_what_people_can_see() {
        let faults = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let faults = group_faults("groups", &names);
            faults
                .into_iter()
                .map(|fault| fault.field)
                .collect::<Vec<_>>()
        };
        let long = "x".repeat(64);
        assert!(faults(&["Sales EU", "a", "Größe", &long, "a"]).is_empty());
        let longer = "x".repeat(65);
        assert_eq!(
            faults(&["a", "", " a", "a ", "\u{200b}", "a\0", &longer]),
            [1, 2, 3, 4, 5, 6].map(|n| format!("groups[{n}]"))
        );
        assert_eq!(faults(&["a"; 51]), ["groups"]);
    }
}
