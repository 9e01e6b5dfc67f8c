//! Names that show nothing: refused with a sentence wherever people would look for a name.

use crate::kit::{ADMIN1, Kit, SUPERUSER, U1, U2, scene::Scene, scene::Stored};
use serde_json::json;

const BLANK: [&str; 4] = [
    "\u{3164}",
    "\u{2800}\u{2800}",
    "\u{115f}\u{1160}",
    "\u{200b} \u{2060}",
];

#[tokio::test]
async fn a_name_that_shows_nothing_is_refused() {
    let scene = Scene::on(Kit::new().await).await;
    let admin = scene.token_of(ADMIN1);
    let before = Stored::all(&scene.pool).await;
    let session = format!("/chat/sessions/{}", scene.ids_of(ADMIN1).session);
    let user = format!("/admin/users/{}", U1.id);
    for blank in BLANK {
        let new = json!({ "email": "new@one.example", "password": "seven green bicycles", "full_name": blank });
        let invited = json!({ "email": "new@one.example", "full_name": blank });
        let tenant = json!({ "slug": "three", "name": blank });
        for (method, path, field, token, body) in [
            (
                "PATCH",
                "/login/me",
                "full_name",
                scene.token_of(U2),
                json!({ "full_name": blank }),
            ),
            (
                "PATCH",
                &user,
                "full_name",
                admin,
                json!({ "full_name": blank }),
            ),
            ("POST", "/admin/users", "full_name", admin, new),
            ("POST", "/admin/users/invite", "full_name", admin, invited),
            ("PATCH", &session, "title", admin, json!({ "title": blank })),
            (
                "POST",
                "/documents",
                "title",
                admin,
                json!({ "title": blank, "text": "A text." }),
            ),
            (
                "PATCH",
                "/tenants/current",
                "name",
                admin,
                json!({ "name": blank }),
            ),
            (
                "POST",
                "/tenants",
                "name",
                scene.token_of(SUPERUSER),
                tenant,
            ),
        ] {
            let refused = scene.ask(token, method, path, &body).await;
            assert_eq!(refused.fields(), [field], "{method} {path} {blank:?}");
        }
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
    let shown = json!({ "full_name": "\u{3164}\u{d55c}" });
    let shown = scene.patch(scene.token_of(U2), "/login/me", shown).await;
    assert_eq!(shown.status, 200, "what shows something is a name");
}
