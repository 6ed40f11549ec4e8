//! What one call of each integration costs beside the bare call and beside the best other crate.

mod aws;

mod axum;

mod peers;

mod reqwest;

mod rounds;

mod sql;

mod table;

pub(crate) use table::run;
