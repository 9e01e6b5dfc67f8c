//! What every answer has in its head, asserted of every answer that a test gets.

use axum::http::HeaderMap;

/// How browsers must treat an answer.
const SAFE: &[(&str, &[&str])] = &[
    ("x-content-type-options", &["nosniff"]),
    ("referrer-policy", &["no-referrer"]),
    ("strict-transport-security", &["max-age=63072000"]),
];

/// Likewise, of what is for whoever asked, and of the files of widget and console: those are the same for everybody, and
/// pages of every site load and keep them.
const OWN: &[(&str, &[&str])] = &[
    ("cross-origin-resource-policy", &["same-site"]),
    ("vary", &["Origin", "Accept-Encoding, Origin"]),
];
const EVERYBODYS: &[(&str, &[&str])] = &[
    ("cross-origin-resource-policy", &["cross-origin"]),
    ("vary", &["Accept-Encoding, Origin"]),
];

/// Bearer tokens only: no leave to send a cookie, and none is set but that of cookies.rs. Nor does an answer tell what made it.
const ABSENT: &[&str] = &[
    "access-control-allow-credentials",
    "server",
    "via",
    "x-powered-by",
];

/// What pages of other origins may read besides what all may: whatever clients look for, of ours and of the protocols of
/// others.
pub const EXPOSED: &[&str] = &[
    "content-disposition",
    "etag",
    "limit-warning",
    "location",
    "openai-processing-ms",
    "preference-applied",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "retry-after-ms",
    "www-authenticate",
    "x-error-code",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
    "x-should-retry",
    "x-vercel-ai-ui-message-stream",
];

/// What is for browsers and proxies, not for pages; and what every page may read.
const NOT_EXPOSED: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    // For the browser alone.
    "set-cookie",
    "cache-control",
    "content-length",
    "content-security-policy",
    // Of the connection, not of the answer.
    "connection",
    "content-encoding",
    "content-type",
    "cross-origin-resource-policy",
    "date",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-accel-buffering",
    "x-content-type-options",
];

/// What the console may do, which is a page of the service: load and ask the service alone.
const CONSOLE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether a policy lets nothing run that is not named by its hash, and nothing load but from the service. Only the pages
/// of `/docs` and `/console` have one that lets anything run at all.
fn is_strict(policy: &str) -> bool {
    policy == "default-src 'none'; frame-ancestors 'none'"
        || policy == CONSOLE
        || (policy.starts_with("default-src 'none'; script-src 'sha256-")
            && policy.ends_with("frame-ancestors 'none'")
            && !["unsafe", "*", "http", "blob:"]
                .iter()
                .any(|word| policy.contains(word)))
}

/// Asserts R69 and R70.
pub fn assert_safe(headers: &HeaderMap) {
    let is = |name: &str, text: &str| headers.get(name).is_some_and(|value| value == text);
    // A proxy must not hold back what is streamed either, nor compress it.
    let streamed = is("content-type", "text/event-stream");
    let is_file = is("content-type", "text/javascript; charset=utf-8")
        || is("content-type", "text/css; charset=utf-8");
    let cache: &[&str] = match (streamed, is_file) {
        (true, _) => &["no-cache, no-transform"],
        (_, true) => &["public, max-age=300", "public, max-age=31536000, immutable"],
        _ => &["no-store"],
    };
    let whose = if is_file { EVERYBODYS } else { OWN };
    assert_eq!(is("x-accel-buffering", "no"), streamed);
    for (name, allowed) in SAFE
        .iter()
        .chain(whose)
        .copied()
        .chain([("cache-control", cache)])
    {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        let safe = matches!(values[..], [value] if allowed.iter().any(|text| value == text));
        assert!(safe, "{name}: {values:?}");
    }
    let policy = headers.get_all("content-security-policy").iter();
    let policy: Vec<_> = policy
        .map(|value| value.to_str().expect("it is text"))
        .collect();
    assert!(
        matches!(policy[..], [policy] if is_strict(policy)),
        "{policy:?}"
    );
    for &name in ABSENT {
        assert!(!headers.contains_key(name), "{name}");
    }
    for cookie in headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("it is text");
        assert!(cookie.starts_with("__Host-rt="), "{cookie}");
    }
    assert!(headers.contains_key("x-request-id"));
    for name in headers.keys().map(|name| name.as_str()) {
        assert!(
            EXPOSED.contains(&name) || NOT_EXPOSED.contains(&name),
            "an answer has {name}: add it to what pages may read, in shared/web/src/cors/headers.rs and above, or to what \
             is none of theirs"
        );
    }
}
