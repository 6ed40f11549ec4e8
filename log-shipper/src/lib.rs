//! Tails files into CloudWatch Logs.
//!
//! A line moves on when CloudWatch has taken it, not when it was read: positions are journaled after delivery, so a crash
//! repeats lines and never skips them. The files are the buffer; when AWS is away, reading stops.
//!
//! `discover` finds files, `tail` reads their lines through renames and truncation, [`telemetry_delivery`] sends batches cut by
//! the exact rules of PutLogEvents, `journal` remembers.

mod clock;

mod identity;

mod event;

mod timestamp;

mod discover;

mod batch;

mod tail;

mod progress;

mod journal;

mod put_log_events;

mod shipper;

pub use shipper::{Settings, Shipper, Source, StartError};
