//! Tails files into CloudWatch Logs.
//!
//! A line moves on when CloudWatch has taken it, not when it was read: positions are journaled after delivery, so a crash
//! repeats lines and never skips them. The files are the buffer; when AWS is away, reading stops. What rotation or deletion took
//! away before it was read is counted in bytes.
//!
//! `files` looks at all files on a thread of its own: `pattern` and `listing` find them, `links` resolves them, `tail` reads their
//! lines. [`telemetry_delivery`] sends batches cut by the
//! exact rules of PutLogEvents, `journal` remembers.

mod clock;

mod identity;

mod event;

mod timestamp;

mod generation;

mod listing;

mod pattern;

mod links;

mod source;

mod batch;

mod lines;

mod tail;

mod progress;

mod journal;

mod left_out;

mod content;

mod files;

mod put_log_events;

mod shipper;

pub use links::FollowLinks;
pub use shipper::{Settings, Shipper};
pub use source::{Source, StartError, TimeZoneError};
