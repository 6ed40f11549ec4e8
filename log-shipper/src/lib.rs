//! Tails files into CloudWatch Logs.
//!
//! A line moves on when CloudWatch has taken it, not when it was read: positions are journaled after delivery, so a crash
//! repeats lines and never skips them. The files are the buffer; when AWS is away, reading stops.
//!
//! `discover` finds files, `tail` reads their lines through renames and truncation, [`telemetry_delivery`] sends batches cut by
//! the exact rules of PutLogEvents, `journal` remembers.

mod batch;
mod clock;
mod discover;
mod event;
mod identity;
mod journal;
mod progress;
mod put_log_events;
mod shipper;
mod tail;
mod timestamp;

pub use shipper::{Settings, Shipper, Source, StartError};
