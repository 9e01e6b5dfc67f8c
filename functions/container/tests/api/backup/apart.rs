//! That tenants are kept apart where a backup was restored.

use crate::kit::{Kit, SECRET_KEY, T1, U1, V1, database::connect_to, scene::Scene};
use db::Roles;
use secrecy::ExposeSecret;
use sqlx::Executor;
use tenant_auth::RootSecret;
use uuid::Uuid;

/// Nobody reaches another tenant there: not by a request, and not by a statement of the service's own role that forgets the tenant.
pub(super) async fn assert_kept_apart(scene: &Scene, kit: &Kit, url: &str) {
    let (own, foreign) = (scene.ids_of(U1), scene.ids_of(V1));
    let token = kit.token(U1).await;
    let read = |session| format!("/chat/sessions/{session}/messages");
    assert_eq!(kit.get(&token, &read(own.session)).await.status, 200);
    let across = kit.get(&token, &read(foreign.session)).await;
    assert_eq!(across.problem(404), "not_found");
    let there = kit.get(&kit.token(V1).await, &read(foreign.session)).await;
    assert_eq!(there.status, 200, "{}", there.text);

    let root = RootSecret::new(&SECRET_KEY.into()).unwrap();
    let roles = Roles::new("parlance").unwrap();
    let login = roles.login(&url.to_owned().into(), &roles.app(), &root);
    let mut app = connect_to(login.unwrap().expose_secret()).await;
    let unsaid = app.execute("select from parlance.chat_messages").await;
    let unsaid = unsaid.expect_err("no tenant was said");
    let code = unsaid.as_database_error().and_then(|e| e.code());
    assert_eq!(code.as_deref(), Some("42501"), "{unsaid}");
    let mut tx = sqlx::Connection::begin(&mut app).await.unwrap();
    let said = "select set_config('app.tenant_id', $1, true)";
    let said = sqlx::query(said).bind(T1.to_string());
    said.execute(&mut *tx).await.unwrap();
    let seen: Vec<Uuid> =
        sqlx::query_scalar("select distinct tenant_id from parlance.chat_messages")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    assert_eq!(seen, [T1]);
}
