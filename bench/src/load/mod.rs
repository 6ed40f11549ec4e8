//! Load: numbered documents by UDP, with the moment of sending inside, and what the kernel dropped of them.

mod document;
mod kernel;
mod sender;

pub(crate) use document::{Documents, micros, read};
pub(crate) use kernel::{Socket, socket_of};
pub(crate) use sender::{Generator, Load};
