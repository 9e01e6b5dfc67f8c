//! Libraries of OAuth 2 as they are; left out where there is no Python, or where they cannot be had.

use crate::kit::{Kit, PASSWORD, U1, http::Served, packages::pip};
use serde_json::{Value, json};
use tokio::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/oauth/libraries.py");

#[tokio::test]
async fn libraries_log_in_renew_and_log_out() {
    let Some(python) = pip("oauth-libraries", include_str!("libraries.txt")) else {
        return;
    };
    let kit = Kit::new().await;
    let served = Served::new(&kit).await;
    let ran = Command::new(python)
        .args([
            SCRIPT,
            &format!("http://{}", served.address),
            U1.email,
            PASSWORD,
            "one",
        ])
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{stderr}");
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();

    let wrong = json!(["invalid_grant", "Email, password or tenant is wrong."]);
    let by_oauthlib = &said["oauthlib"];
    assert_eq!(by_oauthlib["me"], U1.email);
    assert_eq!(by_oauthlib["renewed"], true);
    assert_eq!(by_oauthlib["renewed_by"], "bearer");
    assert_eq!(by_oauthlib["in_the_form"], true);
    assert_eq!(by_oauthlib["wrong"], wrong);
    assert_eq!(by_oauthlib["used"][0], "invalid_grant");
    assert_eq!(by_oauthlib["by_itself"], json!([200, 1]));
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let by_authlib = &said[method];
        assert_eq!(by_authlib["me"], U1.email, "{method}");
        assert_eq!(by_authlib["by_itself"], true, "{method}");
        assert_eq!(by_authlib["wrong"], wrong, "{method}");
        assert_eq!(by_authlib["grant"][0], "unsupported_grant_type", "{method}");
        assert_eq!(by_authlib["revoked"], 204, "{method}");
        assert_eq!(by_authlib["after"][0], "invalid_grant", "{method}");
    }
}
