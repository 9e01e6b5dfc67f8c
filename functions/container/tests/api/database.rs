//! What holds in Postgres itself, whatever the program above it does.

mod cancelled;
mod catalogue;
mod context;
mod definers;
mod fitness;
mod injection;
mod keys;
mod released;
mod roles;
mod sources;
mod stress;
