//! Drives the service through its public door, with a real database and as the role it has in production.

mod kit;
mod smoke;
