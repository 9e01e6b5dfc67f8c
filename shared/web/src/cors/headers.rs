//! The headers that a page may send, and those that it may read.

use axum::http::{HeaderName, HeaderValue};

/// What a page may send that does not ask.
const USUAL: &str =
    "authorization, content-type, accept, idempotency-key, if-match, x-request-id, last-event-id";

/// What a page may read besides what every page may (Fetch, "CORS-safelisted response-header name"). Some are those that
/// clients of OpenAI's and the AI SDK's protocols look for. A wildcard would do the same, but not in older browsers.
const EXPOSED: &str = "content-disposition, etag, limit-warning, location, openai-processing-ms, preference-applied, \
    ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, retry-after-ms, www-authenticate, x-error-code, \
    x-ratelimit-limit-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-requests, x-ratelimit-remaining-tokens, x-ratelimit-reset-requests, \
    x-ratelimit-reset-tokens, x-request-id, x-should-retry, x-vercel-ai-ui-message-stream";

/// Longer than any client's: some have a dozen names.
const LONGEST: usize = 4096;

/// What the browser alone says, or nobody (Fetch, "forbidden request-header"). No page can ask for them.
const FORBIDDEN: [&str; 19] = [
    "accept-charset",
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// The headers that a page may send: those that it asks for. Libraries add their own, such as `traceparent` and
/// `x-stainless-os`, and who is allowed to send the token may send the others, too. What is no list of names is passed
/// over.
pub(super) fn allowed(wanted: Option<&HeaderValue>) -> HeaderValue {
    let given_back = wanted.and_then(|wanted| {
        let wanted = wanted.to_str().ok().filter(|w| w.len() <= LONGEST)?;
        let names = wanted.split(',').map(str::trim).filter(|n| !n.is_empty());
        let names: Option<Vec<HeaderName>> = names.map(|name| name.parse().ok()).collect();
        let mut names = names?;
        names.retain(|name| !is_forbidden(name.as_str()));
        let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
        let list = (!names.is_empty()).then(|| names.join(","))?;
        HeaderValue::try_from(list).ok()
    });
    given_back.unwrap_or(HeaderValue::from_static(USUAL))
}

fn is_forbidden(name: &str) -> bool {
    // To browsers, `*` is no name but all of them.
    let like = ["access-control-", "proxy-", "sec-", "*"];
    FORBIDDEN.contains(&name) || like.iter().any(|prefix| name.starts_with(prefix))
}

/// The headers that a page may read.
pub(super) fn exposed() -> HeaderValue {
    HeaderValue::from_static(EXPOSED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(wanted: &str) -> String {
        let wanted = HeaderValue::from_str(wanted).unwrap();
        allowed(Some(&wanted)).to_str().unwrap().to_owned()
    }

    #[test]
    fn what_libraries_add_is_given_back() {
        for list in [
            "authorization,content-type,sentry-trace,baggage",
            "traceparent,tracestate,x-requested-with",
            "authorization,openai-beta,openai-organization,x-stainless-arch,x-stainless-retry-count",
            "x!#$%&'+-.^_`|~1",
        ] {
            assert_eq!(of(list), list);
        }
        assert_eq!(
            of("Authorization, X-Stainless-OS ,,"),
            "authorization,x-stainless-os"
        );
    }

    #[test]
    fn what_is_no_list_of_names_is_passed_over() {
        let long = "a".repeat(LONGEST + 1);
        for list in [
            "", " ", ",,", "x\"y", "a b", "a:b", "<script>", "x(y)", &long, "a;b", "\u{e9}",
        ] {
            assert_eq!(of(list), USUAL, "{list}");
        }
        assert_eq!(allowed(None), USUAL);
        assert_eq!(
            allowed(Some(&HeaderValue::from_bytes(b"a,\xff").unwrap())),
            USUAL
        );
    }

    #[test]
    fn what_no_page_sends_is_left_out() {
        assert_eq!(
            of("cookie,authorization,Host,sec-fetch-site,proxy-authorization"),
            "authorization"
        );
        assert_eq!(of("*"), USUAL);
        assert_eq!(of("*,accept"), "accept");
    }

    proptest! {
        #[test]
        fn whatever_is_asked_a_list_of_names_is_allowed(wanted in "[ -~]{0,200}") {
            let allowed = of(&wanted);
            for name in allowed.split(',').map(str::trim) {
                prop_assert!(name.parse::<HeaderName>().is_ok() && !is_forbidden(name), "{allowed}");
            }
        }
    }
}
