//! What can be read of each table, and what it may be called and be there.

/// What a column may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An integer, a UUID or a text.
    Id,
    /// A text, or bytes that are one.
    Text,
    /// Yes or no.
    Bool,
    /// A time, with its zone or without.
    Time,
    /// JSON of either type.
    Json,
    /// What `EncryptedType` wrote: bytes or a text.
    Secret,
}

impl Kind {
    /// Whether a column of this type of PostgreSQL can be one.
    pub(crate) fn takes(self, of: &str) -> bool {
        let text = matches!(of, "text" | "citext") || of.starts_with("character");
        match self {
            Self::Id => text || matches!(of, "smallint" | "integer" | "bigint" | "uuid"),
            Self::Text => text || matches!(of, "bytea" | "enum"),
            Self::Secret => text || of == "bytea",
            Self::Bool => of == "boolean",
            Self::Time => of.starts_with("timestamp"),
            Self::Json => matches!(of, "json" | "jsonb"),
        }
    }

    /// What it is called where it is missed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "an integer, a uuid or a text",
            Self::Text => "a text",
            Self::Bool => "boolean",
            Self::Time => "timestamp or timestamptz",
            Self::Json => "json or jsonb",
            Self::Secret => "bytea or a text",
        }
    }
}

/// By what the rows of another table refer to a row, where that is not its id.
pub(crate) const KEY: &str = "key";

/// One thing that is read of a table.
#[derive(Debug)]
pub(crate) struct Field {
    /// What it is called by the mapping.
    pub(crate) name: &'static str,
    /// What it may be called there besides.
    pub(crate) others: &'static [&'static str],
    pub(crate) kind: Kind,
    /// Whether nothing works without it.
    pub(crate) is_required: bool,
}

const fn must(name: &'static str, others: &'static [&'static str], kind: Kind) -> Field {
    Field {
        name,
        others,
        kind,
        is_required: true,
    }
}

const fn may(name: &'static str, others: &'static [&'static str], kind: Kind) -> Field {
    Field {
        name,
        others,
        kind,
        is_required: false,
    }
}

/// Of tenants.
pub(crate) const TENANTS: &[Field] = &[
    must("id", &["tenant_id"], Kind::Id),
    may("name", &[], Kind::Text),
    may("is_active", &[], Kind::Bool),
    may("system_prompt", &[], Kind::Text),
    may("openai_api_key", &[], Kind::Secret),
    may("pinecone_api_key", &[], Kind::Secret),
    may("pinecone_environment", &[], Kind::Secret),
    may("pinecone_index", &["pinecone_index_name"], Kind::Text),
    may("created_at", &[], Kind::Time),
    may("updated_at", &[], Kind::Time),
];

/// Of users.
pub(crate) const USERS: &[Field] = &[
    must("id", &[], Kind::Id),
    must("email", &[], Kind::Text),
    must(
        "hashed_password",
        &["password_hash", "password"],
        Kind::Text,
    ),
    may("tenant_id", &[], Kind::Id),
    may("full_name", &[], Kind::Text),
    may("is_active", &[], Kind::Bool),
    may("is_superuser", &[], Kind::Bool),
    may("profile_settings", &[], Kind::Json),
    may("created_at", &[], Kind::Time),
];

/// Of conversations.
pub(crate) const SESSIONS: &[Field] = &[
    must("id", &[], Kind::Id),
    must("user_id", &[], Kind::Id),
    may("tenant_id", &[], Kind::Id),
    may("title", &[], Kind::Text),
    may("created_at", &[], Kind::Time),
    may("updated_at", &[], Kind::Time),
];

/// Of messages.
pub(crate) const MESSAGES: &[Field] = &[
    must("id", &[], Kind::Id),
    must("session_id", &[], Kind::Id),
    may("tenant_id", &[], Kind::Id),
    must("role", &[], Kind::Text),
    must("content", &[], Kind::Text),
    may("sources", &[], Kind::Json),
    may("timestamp", &["created_at"], Kind::Time),
];

/// The revisions of the known schema, the oldest first, and what each must have besides what those before it have.
pub(crate) const REVISIONS: [(&str, &[(&str, &str)]); 5] = [
    ("796c6b7bfada", &[]),
    ("8adfa00db3b0", &[("tenants", "id")]),
    ("66c9e4aafc9e", &[("tenants", "system_prompt")]),
    ("3e87f40d465d", &[("users", "is_superuser")]),
    ("a37f538b1088", &[("users", "tenant_id")]),
];
