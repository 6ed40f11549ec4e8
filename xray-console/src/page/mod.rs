//! The web page: its files and its data.
//!
//! The files are built by Vite from `web/` and embedded, so neither `cargo install` nor a new machine needs Node. The data is
//! plain JSON under `/api`; nothing is kept per tab.

mod assets;
mod data;
mod guard;
mod traces;
mod routes;

pub(crate) use guard::Guard;
pub(crate) use routes::routes;
