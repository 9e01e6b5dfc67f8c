//! What is somebody else's answers exactly as what never was.

mod attempts;

use crate::kit::{
    ADMIN1, ADMIN2, Answer, Person, T1,
    api::{Ids, Operation, operations},
    scene::{Scene, Stored},
};
use attempts::{Attempt, attempts};
use serde_json::{Value, json};
use uuid::Uuid;

/// The ids with one thing exchanged: the tenant if the place says so, else what an `id` is there.
pub(crate) fn exchange(mine: Ids, place: &str, theirs: Ids) -> Ids {
    if place.ends_with("tenant_id") {
        Ids {
            tenant: theirs.tenant,
            ..mine
        }
    } else if place == "path:key_id" {
        Ids {
            identity_key: theirs.identity_key,
            ..mine
        }
    } else if place == "path:message_id" {
        Ids {
            question: theirs.question,
            ..mine
        }
    } else if place.starts_with("body:") && place != "body:session_id" {
        Ids {
            message: theirs.message,
            ..mine
        }
    } else {
        Ids {
            tenant: mine.tenant,
            ..theirs
        }
    }
}

pub(crate) fn nothing() -> Ids {
    let [
        tenant,
        user,
        login,
        session,
        message,
        document,
        api_key,
        site,
        connector,
        identity_key,
        rehearsal,
        question,
    ] = std::array::from_fn(|_| Uuid::now_v7());
    Ids {
        tenant,
        user,
        login,
        session,
        message,
        document,
        api_key,
        site,
        connector,
        identity_key,
        rehearsal,
        question,
    }
}

/// The path and the body of a request that names these ids, at a place of its body or query if that is meant.
pub(crate) fn asked(operation: &Operation, place: &str, ids: Ids) -> (String, Value) {
    let mut path = operation.path_of(&ids);
    let mut body = operation.body("");
    match place {
        "query:actor_id" => path = format!("{path}?actor_id={}", ids.user),
        "body:session_id" => body["session_id"] = json!(ids.session),
        // An answer serves for all of them: a foreign question is refused as it is.
        "body:regenerate" => body = json!({ "regenerate": ids.message }),
        place if place.starts_with("body:") => {
            body[place.trim_start_matches("body:")] = json!(ids.message);
        }
        _ => {}
    }
    (path, body)
}

async fn ask(scene: &Scene, operation: &Operation, place: &str, who: Person, ids: Ids) -> Answer {
    let (path, body) = asked(operation, place, ids);
    scene
        .ask(scene.token_of(who), &operation.method, &path, &body)
        .await
}

/// What whoever names somebody else's at a place is answered; nothing where everybody has names of their own.
pub(crate) fn refusal(operation: &str, place: &str) -> Option<u16> {
    attempts(operation, place)?
        .first()
        .map(|attempt| attempt.status)
}

/// What a client can tell answers apart by.
pub(crate) fn visible(answer: &Answer, ids: Ids) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    headers.sort();
    let mut json = answer.json.clone();
    if let Some(problem) = json.as_object_mut() {
        problem.remove("instance");
    }
    for id in [
        ids.tenant,
        ids.user,
        ids.login,
        ids.session,
        ids.message,
        ids.document,
        ids.api_key,
        ids.site,
        ids.connector,
        ids.identity_key,
        ids.rehearsal,
        ids.question,
    ] {
        assert!(
            !json.to_string().contains(&id.to_string()),
            "the answer repeats an id: {json}"
        );
    }
    (answer.status.as_u16(), headers, json)
}

#[tokio::test] // R25 R26
async fn what_is_somebody_elses_answers_as_what_never_was() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let mut tried = 0;
    for operation in operations() {
        for place in operation.names_ids() {
            let name = operation.name();
            let attempts = attempts(&name, &place)
                .unwrap_or_else(|| {
                panic!("{name} takes {place}: say in `attempts` in tests/api/isolation/matrix/attempts.rs who may not name what there")
            });
            for Attempt { who, whose, status } in attempts {
                let (who, mine) = (*who, scene.ids_of(*who));
                if place.ends_with("tenant_id") && whose.tenant_id == who.tenant_id {
                    continue;
                }
                let theirs = exchange(mine, &place, scene.ids_of(*whose));
                let nothing = exchange(mine, &place, nothing());
                let foreign = ask(&scene, &operation, &place, who, theirs).await;
                let absent = ask(&scene, &operation, &place, who, nothing).await;
                let what = format!(
                    "{name} {place}: {} names what is {}'s",
                    who.email, whose.email
                );
                assert_eq!(foreign.status, *status, "{what}: {}", foreign.text);
                let ids = scene.ids_of(*whose);
                assert_eq!(visible(&foreign, ids), visible(&absent, ids), "{what}");
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried} attempts are not all");
    assert_eq!(Stored::all(&scene.pool).await, before);
}

#[tokio::test] // R25
async fn the_owner_reaches_it() {
    let scene = Scene::new().await;
    let mut operations = operations();
    // What another version replaces is looked at before.
    operations.sort_by_key(|operation| operation.method != "GET");
    // Nothing is shared here; conversations.rs has it.
    operations.retain(|operation| !operation.path.starts_with("/admin/conversations/"));
    for operation in operations {
        for place in operation.names_ids() {
            for Attempt { whose, status, .. } in
                attempts(&operation.name(), &place).unwrap_or_default()
            {
                // The administrator where a role is needed.
                let who = match (operation.path.starts_with("/chat"), whose.tenant_id == T1) {
                    (true, _) => *whose,
                    (false, true) => ADMIN1,
                    (false, false) => ADMIN2,
                };
                if *status == 403 || operation.method == "DELETE" || operation.method == "POST" {
                    continue;
                }
                let ids = scene.ids_of(*whose);
                let answer = ask(&scene, &operation, &place, who, ids).await;
                assert!(
                    answer.status.is_success(),
                    "{} {place}: {}",
                    operation.name(),
                    answer.text
                );
            }
        }
    }
}

#[tokio::test] // R26 R56
async fn a_cursor_of_another_tenants_list_is_no_cursor() {
    let scene = Scene::new().await;
    let list = |token: String, path: String| {
        let scene = &scene;
        async move { scene.get(&token, &path).await }
    };
    for admin in [ADMIN1, ADMIN2] {
        let token = scene.token_of(admin);
        scene.add_document(admin, "Another", "Another text.").await;
        let key = json!({ "name": "Another", "scopes": ["chat"] });
        let made = scene.post(token, "/admin/api-keys", key).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let more = json!({ "message": "More?" });
        assert_eq!(scene.post(token, "/chat", more).await.status, 200);
    }
    let session = scene.ids_of(ADMIN1).session;
    for path in [
        "/documents".to_owned(),
        "/chat/sessions".to_owned(),
        "/admin/audit".to_owned(),
        "/admin/users".to_owned(),
        "/admin/api-keys".to_owned(),
        format!("/chat/sessions/{session}/messages"),
    ] {
        let page = list(scene.token_of(ADMIN1).into(), format!("{path}?limit=1")).await;
        let cursor = page.json["next_cursor"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", page.text));
        let theirs = path.replace(
            &session.to_string(),
            &scene.ids_of(ADMIN2).session.to_string(),
        );
        let answer = list(
            scene.token_of(ADMIN2).into(),
            format!("{theirs}?cursor={cursor}"),
        )
        .await;
        assert_eq!(answer.fields(), ["cursor"], "{path}");
    }
}
