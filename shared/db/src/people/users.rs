//! The people of a tenant.

use crate::{AdminReadTx, AdminTx, Deed, PageOf, Result};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a user may do in its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    /// Manage it: users, settings, keys, documents.
    Admin,
    /// Chat.
    Member,
    /// Chat, without an account: whoever came in by a web page. Nobody is made one.
    #[serde(skip_deserializing)]
    Visitor,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Visitor => "visitor",
        })
    }
}

/// A user.
#[derive(Clone, Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct User {
    /// The user's id.
    pub id: Uuid,
    /// The tenant the user belongs to.
    pub tenant_id: Uuid,
    /// The address the user logs in with, in lower case.
    #[schema(example = "ada@acme.example")]
    pub email: String,
    /// The user's name; may be empty.
    #[schema(example = "Ada Lovelace")]
    pub full_name: String,
    /// What the user may do in its tenant.
    pub role: Role,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user may manage tenants.
    pub is_superuser: bool,
    /// Whether the user was invited and has not chosen a password yet, so that nobody can log in as it.
    pub is_invited: bool,
    /// The groups that the user is in: documents can be limited to them.
    #[schema(example = json!(["staff"]))]
    pub groups: Vec<String>,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// When the user last logged in.
    pub last_login_at: Option<DateTime<Utc>>,
}

macro_rules! user_columns {
    () => {
        "id, tenant_id, email, full_name, role, is_active, is_superuser, password_hash is null as is_invited,
         groups, created_at, last_login_at"
    };
}
pub(crate) use user_columns;

/// A user to be created.
#[derive(Debug)]
pub struct NewUser {
    /// The user's id.
    pub id: Uuid,
    /// In lower case; unique in the tenant.
    pub email: String,
    /// May be empty.
    pub full_name: String,
    /// The PHC string of the first password.
    pub password_hash: SecretString,
    /// What the user may do.
    pub role: Role,
}

/// Which users are wanted: those that fit all that is given.
#[derive(Debug, Default)]
pub struct UserFilter {
    /// A part of the address or the name, in whatever case.
    pub search: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they may log in.
    pub is_active: Option<bool>,
}

impl AdminTx {
    /// Creates a user in the managed tenant. A taken address is refused by the constraint
    /// `users_email_key`.
    pub async fn create_user(&mut self, new: &NewUser) -> Result<User> {
        let user: User = sqlx::query_as(concat!(
            "insert into users (id, email, full_name, password_hash, role) values ($1, $2, $3, $4, $5)
             returning ", user_columns!()
        ))
        .bind(new.id)
        .bind(&new.email)
        .bind(&new.full_name)
        .bind(new.password_hash.expose_secret())
        .bind(new.role)
        .fetch_one(self.conn())
        .await?;
        let created = Deed::done("user.create", user.id).detail(new.role);
        self.audit(created).await?;
        Ok(user)
    }

    /// One user of the managed tenant.
    pub async fn user(&mut self, id: Uuid) -> Result<Option<User>> {
        let sql = concat!(
            "select ",
            user_columns!(),
            " from users where id = $1 and not is_service"
        );
        Ok(sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?)
    }
}

impl AdminReadTx {
    /// The users of the managed tenant that fit `filter`, newest first.
    pub async fn users(&mut self, filter: &UserFilter, page: PageOf) -> Result<Vec<User>> {
        // A position, not LIKE: no character of what is looked for means anything but itself.
        let sql = concat!(
            "select ",
            user_columns!(),
            " from users
             where not is_service and ($1::uuid is null or id < $1)
               and ($3::text is null or position(lower($3) in email) > 0
                                     or position(lower($3) in lower(full_name)) > 0)
               and ($4::text is null or role = $4)
               and ($5::boolean is null or is_active = $5)
             order by id desc
             limit $2"
        );
        let rows = sqlx::query_as(sql)
            .bind(page.after)
            .bind(page.limit)
            .bind(&filter.search)
            .bind(filter.role)
            .bind(filter.is_active);
        Ok(rows.fetch_all(self.conn()).await?)
    }
}
