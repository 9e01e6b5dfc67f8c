//! What is taken along when a tenant moves to another deployment, table by table: what refers to something comes after that.

/// How the rows of a table are read, as JSON, and written again.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Opens the cursor `rows`.
    pub(super) declare: &'static str,
    /// So many rows at a time.
    pub(super) fetch: &'static str,
    /// Statements that take an array of rows, in this order. What is there already stays as it is.
    pub(super) put: &'static [&'static str],
}

/// Writes rows with every column that they have.
macro_rules! put {
    ($name:literal) => {
        concat!(
            "insert into ",
            $name,
            " select r.* from jsonb_populate_recordset(null::",
            $name,
            ", $1::jsonb) r on conflict do nothing"
        )
    };
}

/// A table of which every column is taken along; of all its rows, or of those that the rest of the statement says.
macro_rules! whole {
    ($name:literal, $most:literal) => {
        whole!($name, $most, "")
    };
    ($name:literal, $most:literal, $of:literal) => {
        Table {
            name: $name,
            declare: concat!(
                "declare rows no scroll cursor for select to_jsonb(t)::text from ",
                $name,
                " t",
                $of
            ),
            fetch: concat!("fetch ", $most, " from rows"),
            put: &[put!($name)],
        }
    };
}

/// What is of a document that is not being deleted.
macro_rules! of_document {
    ($name:literal, $most:literal) => {
        whole!(
            $name,
            $most,
            " join documents d on d.id = t.document_id where d.deleted_at is null"
        )
    };
}

pub(super) const TABLES: [Table; 13] = [
    whole!("sites", "100"),
    Table {
        name: "users",
        declare: "declare rows no scroll cursor for select (to_jsonb(t) - 'is_superuser')::text from users t",
        fetch: "fetch 200 from rows",
        // Nobody who comes is a superuser here: the service's own role cannot make one.
        put: &[
            "insert into users (tenant_id, id, email, full_name, password_hash, role, is_active, is_service, created_at, legacy,
                                site_id, subject, groups)
             select r.tenant_id, r.id, r.email, r.full_name, r.password_hash, r.role, r.is_active, r.is_service, r.created_at, r.legacy,
                    r.site_id, r.subject, r.groups
             from jsonb_populate_recordset(null::users, $1::jsonb) r on conflict do nothing",
            "update users u set limits = r.limits, last_login_at = r.last_login_at, updated_at = r.updated_at,
               password_changed_at = r.password_changed_at
             from jsonb_populate_recordset(null::users, $1::jsonb) r where u.id = r.id",
        ],
    },
    whole!("chat_sessions", "200"),
    whole!("chat_messages", "100"),
    whole!("message_feedback", "200"),
    Table {
        name: "connectors",
        // Its secret follows from this deployment's, and it must not read on in two places.
        declare: "declare rows no scroll cursor for
                  select (to_jsonb(t) - 'sealed' - 'secret_last4' || '{\"is_on\": false}')::text from connectors t",
        fetch: "fetch 100 from rows",
        put: &[
            "insert into connectors select r.* from jsonb_array_elements($1::jsonb) e
               cross join lateral jsonb_populate_record(null::connectors,
                 e - 'sealed' - 'secret_last4' || '{\"is_on\": false}') r on conflict do nothing",
        ],
    },
    whole!("documents", "100", " where t.deleted_at is null"),
    of_document!("document_texts", "20"),
    of_document!("document_files", "2"),
    of_document!("document_chunks", "200"),
    of_document!("document_words", "500"),
    whole!("document_stemmers", "100"),
    whole!("connector_pages", "200"),
];
