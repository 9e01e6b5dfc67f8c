//! Who changes a connector while its documents are read.

use super::{kit, read, site::Site, titles};
use crate::{
    kit::{ADMIN1, Answer, Kit},
    user_changes::until_waiting,
};
use serde_json::json;

/// Does something while a file of the connector's document is read: what it is, is locked, and then what it refers to.
async fn while_reading(kit: &Kit, deed: impl Future<Output = Answer>) -> Answer {
    let mut reading = kit.pool.begin().await.unwrap();
    let document =
        "select from parlance.documents where connector_id is not null for no key update";
    let document = sqlx::query(document).execute(&mut *reading).await;
    document.expect("nobody else has it");
    let read = async {
        until_waiting(kit, 1).await;
        // As the foreign key of the document does.
        let connector = sqlx::query("select from parlance.connectors for key share");
        let locked = connector.execute(&mut *reading).await;
        locked.expect("nobody waits for each other");
        reading.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(deed, read);
    done
}

#[tokio::test]
async fn neither_waits_for_the_other_for_ever() {
    let (kit, site) = (kit().await, Site::start().await);
    site.page("/", "Help", "Welcome.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    let admin = kit.token(ADMIN1).await;
    let settings = json!({ "name": "Help", "url": site.url("/"), "groups": ["staff"] });
    let changed = while_reading(&kit, kit.put(&admin, &connector, settings)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let kept = format!("{connector}?keep_documents=true");
    let deleted = while_reading(&kit, kit.delete(&admin, &kept)).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(titles(&kit).await, ["Help"]);
    site.page("/", "Other help", "Welcome.", &[]);
    let connector = read(&kit, &site, json!({})).await;
    let deleted = while_reading(&kit, kit.delete(&admin, &connector)).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(titles(&kit).await, ["Help"]);
}
