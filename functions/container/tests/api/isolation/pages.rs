//! A token of one tenant does nothing from a browser page of another.

use crate::kit::{
    ADMIN1, ADMIN2, Kit, Person, T1, T2, U1,
    api::{Operation, operations},
    request,
    scene::{Scene, Stored},
};
use axum::body::Body;

const PAGES: [(&str, Person); 2] = [
    ("https://one.example", ADMIN1),
    ("https://two.example", ADMIN2),
];

#[tokio::test] // R68
async fn no_operation_works_from_another_tenants_page() {
    let kit = Kit::new().await;
    for ((page, _), tenant) in PAGES.into_iter().zip([T1, T2]) {
        kit.give_origin(tenant, page).await;
    }
    let scene = Scene::on(kit).await;
    let before = Stored::all(&scene.pool).await;
    let [(one, _), (two, _)] = PAGES;
    let mut tried = 0;
    for operation in operations().iter().filter(|o| o.needs_login()) {
        for (who, page) in [(U1, two), (ADMIN1, two), (ADMIN2, one)] {
            let answer = ask(&scene, operation, who, page).await;
            assert_eq!(
                answer.problem(403),
                "origin_not_allowed",
                "{}",
                operation.name()
            );
            assert_eq!(answer.header("access-control-allow-origin"), "");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    assert_eq!(Stored::all(&scene.pool).await, before);
    for (page, who) in PAGES {
        let me = operations()
            .into_iter()
            .find(|o| o.name() == "GET /login/me");
        let answer = ask(&scene, &me.expect("there is one"), who, page).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

async fn ask(scene: &Scene, operation: &Operation, who: Person, page: &str) -> crate::kit::Answer {
    let path = operation.path_of(&scene.ids_of(who));
    let request = request(scene.token_of(who), &operation.method, &path)
        .header("origin", page)
        .header("content-type", "application/json");
    let body = operation.body("").to_string();
    scene.send(request, Body::from(body)).await
}
