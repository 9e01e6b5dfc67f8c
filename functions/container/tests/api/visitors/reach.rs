//! How far a visitor reaches: to what is its own, and to nothing of its tenant's people, of other visitors, or of anybody else.

use super::{PAGE, VISITORS, ask, from, identities::Known, site, visitor};
use crate::{
    isolation::matrix::{asked, exchange, nothing, refusal, visible},
    kit::{
        ADMIN1, Kit, U1, V1,
        api::{Ids, operations},
        scene::{Scene, Stored},
    },
};
use serde_json::{Value, json};

/// A visitor who has asked something, and what is its own.
struct Visitor {
    token: String,
    ids: Ids,
}

impl Visitor {
    async fn new(scene: &Scene, token: String) -> Self {
        let answer = ask(&scene.kit, &token, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let me = from(&scene.kit, PAGE, &token, "GET", "/login/me", &Value::Null).await;
        let ids = Ids {
            user: me.id_at("/user/id"),
            session: answer.id("session_id"),
            message: answer.id("message_id"),
            // What no visitor may name.
            ..scene.ids_of(U1)
        };
        Self { token, ids }
    }
}

/// A service that lets one visitor ask as often as a test does.
async fn scene() -> Scene {
    let limits = r#"{"tenant": {"concurrent_answers": null}, "user": {"concurrent_answers": null},
                     "visitor": {"requests_per_minute": null, "concurrent_answers": null}}"#;
    let kit = Kit::with([
        ("LIMITS", limits),
        ("VISITOR_QUESTIONS_PER_MINUTE_BY_NETWORK", "100000"),
        ("CHANGES_PER_MINUTE_BY_TENANT", "100000"),
        ("SEARCHES_PER_MINUTE_BY_TENANT", "100000"),
    ]);
    Scene::on(kit.await).await
}

#[tokio::test] // R25 R26
async fn what_is_somebody_elses_is_to_a_visitor_what_never_was() {
    let scene = scene().await;
    let known = Known::new(&scene.kit, "optional").await;
    let elsewhere = site(&scene.kit, json!({})).await;
    let token = visitor(&scene.kit, &known.site).await;
    let one = Visitor::new(&scene, token).await;
    let mut others = vec![
        ("a member's", scene.ids_of(U1)),
        ("an administrator's", scene.ids_of(ADMIN1)),
        ("another tenant's", scene.ids_of(V1)),
    ];
    for (whose, token) in [
        ("another visitor's", visitor(&scene.kit, &known.site).await),
        (
            "an identified one's",
            known.visitor(&scene.kit, "ada").await,
        ),
        ("another page's", visitor(&scene.kit, &elsewhere).await),
    ] {
        others.push((whose, Visitor::new(&scene, token).await.ids));
    }
    let before = Stored::all(&scene.pool).await;
    let mut tried = 0;
    let open = operations().into_iter();
    for operation in open.filter(|operation| VISITORS.contains(&&*operation.name())) {
        let name = operation.name();
        for place in operation.names_ids() {
            let Some(status) = refusal(&name, &place) else {
                continue;
            };
            // A visitor names what is somebody else's; and people name what is a visitor's.
            let named = others.iter().map(|(whose, theirs)| {
                let mine = (&*one.token, PAGE, one.ids);
                (mine, *theirs, format!("{name} {place}: {whose}"))
            });
            let people = [U1, ADMIN1, V1].map(|who| {
                let what = format!("{name} {place}: {} names a visitor's", who.email);
                ((scene.token_of(who), "", scene.ids_of(who)), one.ids, what)
            });
            for ((token, page, mine), theirs, what) in named.chain(people) {
                let mut answers = Vec::new();
                for ids in [theirs, nothing()] {
                    let (path, body) = asked(&operation, &place, exchange(mine, &place, ids));
                    let method = &operation.method;
                    answers.push(from(&scene.kit, page, token, method, &path, &body).await);
                }
                assert_eq!(answers[0].status, status, "{what}: {}", answers[0].text);
                let [foreign, absent] = [0, 1].map(|n| visible(&answers[n], theirs));
                assert_eq!(foreign, absent, "{what}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} attempts are not all");
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R25
async fn a_visitor_finds_takes_along_and_deletes_its_own_alone() {
    let scene = scene().await;
    let page = site(&scene.kit, json!({})).await;
    let mut visitors = Vec::new();
    for _ in 0..2 {
        let token = visitor(&scene.kit, &page).await;
        visitors.push(Visitor::new(&scene, token).await);
    }
    let (one, other) = (&visitors[0], &visitors[1]);
    let asked = async |visitor: &Visitor, method: &str, path: &str| {
        let (kit, token) = (&scene.kit, &visitor.token);
        let answer = from(kit, PAGE, token, method, path, &Value::Null).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answer.text
    };
    // "question" is in what everybody of the tenant has asked, "refund" in what both visitors have.
    for path in [
        "/chat/sessions",
        "/chat/search?q=refund",
        "/chat/search?q=question",
        "/chat/export",
    ] {
        let told = asked(one, "GET", path).await;
        let has = |ids: Ids| told.contains(&ids.session.to_string());
        assert_eq!(has(one.ids), path != "/chat/search?q=question", "{told}");
        for theirs in [other.ids, scene.ids_of(U1), scene.ids_of(ADMIN1)] {
            assert!(!has(theirs), "{path}: {told}");
        }
    }
    asked(one, "DELETE", "/chat/sessions?confirm=all").await;
    assert!(
        !asked(one, "GET", "/chat/sessions")
            .await
            .contains("\"title\"")
    );
    let own = other.ids.session.to_string();
    assert!(asked(other, "GET", "/chat/sessions").await.contains(&own));
    let member = scene.get(scene.token_of(U1), "/chat/sessions").await;
    let its = scene.ids_of(U1).session.to_string();
    assert!(member.text.contains(&its), "{}", member.text);
}
