//! A known caller that may not do what it tries: written into its tenant's audit log, and told apart from one that is
//! unknown.

use crate::{App, Error};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::Caller;
use std::sync::{Arc, OnceLock};

/// Who the extractors found to be asking.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<OnceLock<Caller>>);

impl Known {
    /// Several extractors of one handler may each find the caller; it is the same one.
    pub(crate) fn is(&self, caller: &Caller) {
        self.0.get_or_init(|| caller.clone());
    }
}

/// Writes a 403 down before it is sent: the first in a minute of each user at each route, so that repeating it fills no
/// table. Where that cannot be written, the answer says so instead.
pub(crate) async fn denied(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let known = Known::default();
    request.extensions_mut().insert(known.clone());
    let answer = next.run(request).await;
    let error = answer.extensions().get::<Arc<Error>>();
    let Some(Error::Forbidden(code, _)) = error.map(|e| &**e) else {
        return answer;
    };
    let (Some(caller), Some(path)) = (known.0.get(), path) else {
        return answer;
    };
    let route = format!("{method} {}", path.as_str());
    // In a box: hardly any request comes here.
    match Box::pin(app.write_denied(caller, &route, code)).await {
        Ok(()) => answer,
        Err(e) => Error::from(e).into_response(),
    }
}
