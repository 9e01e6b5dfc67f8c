//! The file that says where things are in a database that is not shaped as the known ones: `--map legacy.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The schema of the tables.
    pub schema: Option<String>,
    /// A revision in `alembic_version` that is meant by this file.
    pub revision: Option<String>,
    /// Of tenants.
    #[serde(default)]
    pub tenants: TableMapping,
    /// Of users.
    #[serde(default)]
    pub users: TableMapping,
    /// Of conversations.
    #[serde(default)]
    pub chat_sessions: TableMapping,
    /// Of messages.
    #[serde(default)]
    pub chat_messages: TableMapping,
}

/// What is said of one table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// Its name there.
    pub table: Option<String>,
    /// The names of its columns there, by their names here.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// What is the same for every row and has no column.
    #[serde(default)]
    pub constants: BTreeMap<String, toml::Value>,
    /// What stands for NULL.
    #[serde(default)]
    pub defaults: BTreeMap<String, toml::Value>,
    /// Columns there that are not to be copied.
    #[serde(default)]
    pub ignore: Vec<String>,
}

impl Mapping {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that says where it is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| {
            format!(
                "the file of --map cannot be read: {}",
                e.to_string().trim_end()
            )
        })
    }
}

/// A value of the file as SQL has it.
pub(crate) fn literal(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(quoted(text)),
        toml::Value::Boolean(value) => Some(value.to_string()),
        toml::Value::Integer(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A text as SQL has it, whatever `standard_conforming_strings` says.
pub(crate) fn quoted(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A name as SQL has it.
pub(crate) fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_is_where() {
        let text = "
            schema = \"app\"
            [users]
            table = \"user\"
            columns = { hashed_password = \"password_digest\" }
            constants = { is_active = true }
            ignore = [\"role\"]
            [chat_messages.defaults]
            role = \"user\"";
        let read = Mapping::read(text).unwrap();
        assert_eq!(read.users.columns["hashed_password"], "password_digest");
        assert_eq!(
            literal(&read.users.constants["is_active"]).as_deref(),
            Some("true")
        );
        assert_eq!(
            literal(&read.chat_messages.defaults["role"]).as_deref(),
            Some("E'user'")
        );
        for wrong in [
            "[user]",
            "[users]\nname = 1",
            "schema = ",
            "[users.columns]\nid = 1",
        ] {
            let said = Mapping::read(wrong).unwrap_err();
            assert!(said.contains("--map") && said.contains("line"), "{said}");
        }
    }

    #[test]
    fn names_and_texts_cannot_be_anything_else() {
        assert_eq!(name("a\"b; drop"), "\"a\"\"b; drop\"");
        assert_eq!(quoted("a'b\\'"), "E'a''b\\\\'''");
    }
}
