//! The agent's TCP port and its socket, asked by HTTP: for sampling rules, and to hand over what must not be lost.
//!
//! One plain request at a time to a process beside us: no TLS, no proxy, no redirects. Everything is bounded: the time, the head, the body.
//! It runs on threads of the SDK's own, never on a request's path.

mod answer;
mod client;

pub(crate) use client::{AgentClient, Endpoint};
