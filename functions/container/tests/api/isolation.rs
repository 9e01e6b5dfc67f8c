//! Nobody reaches what is somebody else's: every operation of the published contract is tried.

mod doors;
mod identity;
mod input;
pub(crate) mod matrix;
mod pages;
mod roles;
