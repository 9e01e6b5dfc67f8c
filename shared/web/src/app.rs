//! What every handler is given.

use service::Service;
use std::{ops::Deref, sync::Arc};

/// The service, as the state of the routes. One pointer: a request passes it on several times.
#[derive(Clone)]
pub struct App(Arc<Service>);

impl App {
    /// The state of routes that `service` answers.
    pub fn new(service: Service) -> Self {
        Self(Arc::new(service))
    }

    /// The service itself, for work that is no request.
    pub fn service(&self) -> Arc<Service> {
        self.0.clone()
    }
}

impl Deref for App {
    type Target = Service;
    fn deref(&self) -> &Service {
        &self.0
    }
}
