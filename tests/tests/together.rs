//! The tests that share a process, one module a behaviour: one program links in a tenth of the time of ten. A test that installs a recorder
//! or measures time is a program of its own beside this one.

mod support;

mod agent;
mod aws;
mod aws_both_ways;
mod databases;
mod deploy;
mod hostile_documents;
mod log_files;
mod lossless;
mod opentelemetry;
mod other_sdks;
mod same_documents;
