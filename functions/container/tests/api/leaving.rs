//! Who leaves is gone, with a receipt; a tenant that moves is there again elsewhere.

mod erasing;
mod moving;
mod refused;
mod resuming;

use crate::{
    commands::{Ended, run},
    kit::{Answer, JWT_SECRET_KEY, Kit, PASSWORD, Person, SECRET_KEY, provider::Provider},
};
use serde_json::json;

/// Asks for a login that may be refused.
async fn log_in(kit: &Kit, who: Person) -> Answer {
    let body = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
    kit.post("", "/login", body).await
}

/// Runs a command of the operator on the database of `kit`.
async fn parlance(kit: &Kit, provider: &Provider, command: &[&str]) -> Ended {
    let url = kit.database.url();
    let more = provider.vars();
    let mut vars = vec![
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
        ("INDEX_NAME", "knowledge"),
    ];
    vars.extend(more.iter().map(|(name, value)| (&**name, &**value)));
    run(command, &vars, "").await
}
