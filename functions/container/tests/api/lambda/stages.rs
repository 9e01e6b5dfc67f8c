//! A stage has a name, which is in some paths and not in others. Routes are found whichever it is.

use crate::kit::{
    Kit, PASSWORD, U1,
    lambda::{
        event::{Event, SHAPES},
        functions::Function,
    },
};
use serde_json::json;

/// Asks the login function through `way`; the statuses of a login, of a refusal and of a path that is not there.
async fn statuses(way: impl Fn(Event) -> Event) -> Vec<[u64; 3]> {
    let kit = Kit::new().await;
    let mut function = Function::start("login", &kit, &[]).await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let mut statuses = Vec::new();
    for shape in SHAPES {
        let mut of_shape = [0; 3];
        let asked = [
            Event::new(shape, "POST", "/login").json(&login),
            Event::new(shape, "GET", "/login/me"),
            Event::new(shape, "GET", "/nowhere"),
        ];
        for (status, event) in of_shape.iter_mut().zip(asked) {
            let answer = function.invoke(way(event)).await;
            *status = answer.status();
            answer.text().await;
        }
        statuses.push(of_shape);
    }
    statuses
}

#[tokio::test]
async fn a_stage_without_a_name_is_in_no_path() {
    let found = statuses(|event| event).await;
    assert_eq!(found, [[200, 401, 404]; 2]);
}

#[tokio::test]
async fn a_stage_in_the_path_is_no_part_of_the_route() {
    let found = statuses(|event| event.stage("live")).await;
    assert_eq!(found, [[200, 401, 404]; 2]);
}

#[tokio::test]
async fn a_stage_that_a_host_name_is_mapped_to_is_not_added() {
    let found = statuses(|event| event.stage("live").custom_domain()).await;
    assert_eq!(found, [[200, 401, 404]; 2]);
}

#[tokio::test]
async fn a_stage_with_the_name_of_a_group_hides_no_route() {
    let found = statuses(|event| event.stage("login")).await;
    assert_eq!(found, [[200, 401, 404]; 2]);
}
