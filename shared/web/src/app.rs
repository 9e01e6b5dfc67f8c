//! What every handler is given.

use crate::health::Readiness;
use service::{Seldom, Service};
use std::{ops::Deref, sync::Arc};

/// The service, as the state of the routes. One pointer: a request passes it on several times.
#[derive(Clone)]
pub struct App(Arc<State>);

struct State {
    service: Arc<Service>,
    /// Which origins were refused within the last minute.
    refused_origins: Seldom,
    readiness: Readiness,
}

impl App {
    /// The state of routes that `service` answers.
    pub fn new(service: Service) -> Self {
        Self(Arc::new(State {
            service: Arc::new(service),
            refused_origins: Seldom::of_many(),
            readiness: Readiness::default(),
        }))
    }

    /// The service itself, for work that is no request.
    pub fn service(&self) -> Arc<Service> {
        self.0.service.clone()
    }

    pub(crate) fn refused_origins(&self) -> &Seldom {
        &self.0.refused_origins
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }
}

impl Deref for App {
    type Target = Service;
    fn deref(&self) -> &Service {
        &self.0.service
    }
}
