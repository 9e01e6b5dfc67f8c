//! What is said of a path or a query that does not fit.

use crate::{
    kit::{ADMIN1, Kit},
    problems::assert_tells_nothing,
};

#[tokio::test] // R54
async fn a_parameter_that_is_refused_is_named_and_told_what_would_be_right() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for (path, field, message) in [
        (
            "/tenants/current/secrets/chatgpt",
            "provider",
            "must be one of `deepseek`, `openai`, `pinecone`",
        ),
        (
            "/tenants/me",
            "tenant_id",
            "is neither an id (a UUID) nor `current`, which is your own tenant",
        ),
        ("/documents/x", "id", "is not an id (a UUID)"),
        ("/documents/%ff", "id", "is not text"),
        ("/documents?limit=many", "limit", "must be a whole number"),
        (
            "/admin/api-keys?order=title",
            "order",
            "is not known here: use `limit` or `cursor`",
        ),
        (
            "/admin/users?role=owner",
            "role",
            "must be `admin` or `member`",
        ),
        (
            "/admin/users?is_active=1",
            "is_active",
            "must be true or false",
        ),
        (
            "/admin/audit?from=now",
            "from",
            "must be a moment such as 2026-01-31T09:30:00Z",
        ),
    ] {
        let refused = match path.contains("secrets") {
            true => kit.delete(&admin, path).await,
            false => kit.get(&admin, path).await,
        };
        assert_eq!(refused.fields(), [field], "{path}");
        assert_eq!(refused.json["errors"][0]["message"], message, "{path}");
        assert_tells_nothing(&refused);
    }
}

#[tokio::test] // R87
async fn the_log_knows_no_moment_outside_its_years() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for moment in [
        "-5000-01-01T00:00:00Z",
        "0000-12-31T00:00:00Z",
        "%2B10000-01-01T00:00:00Z",
    ] {
        for end in ["from", "to"] {
            let path = format!("/admin/audit?{end}={moment}");
            assert_eq!(kit.get(&admin, &path).await.fields(), [end], "{moment}");
        }
    }
}
