//! From Rust errors and panics to linked exceptions.

use std::any::Any;
use std::error::Error;

use telemetry_wire::{Details, Exception, Flags};

use crate::entity::{Classification, add_exceptions, random_segment_id};
use crate::recorder::current_recorder;

/// Exceptions kept of one chain of sources; a chain that long is a loop or a mistake.
const CHAIN: usize = 16;
/// Bytes of a message; whole documents have 64 kB.
const MESSAGE_CHARS: usize = 4_096;

/// A chain of exceptions, the outermost first, each linked to its cause by id.
#[derive(Debug)]
pub struct Exceptions(pub(crate) Vec<Exception>);

impl Exceptions {
    /// Describes `error` and its `source()` chain.
    pub fn of<E: Error + ?Sized>(error: &E) -> Self {
        Self::chain(exception(short_type_name(std::any::type_name::<E>()), &error.to_string()), error.source())
    }

    /// Describes an error of unknown type and its `source()` chain.
    #[cfg(any(
        feature = "reqwest",
        feature = "hyper",
        feature = "tonic",
        feature = "connection",
        feature = "tracing",
        feature = "aws-sdk"
    ))]
    pub(crate) fn of_source(error: &(dyn Error + 'static)) -> Self {
        Self::chain(exception(type_name_of(error), &error.to_string()), error.source())
    }

    fn chain(first: Exception, mut source: Option<&(dyn Error + 'static)>) -> Self {
        let mut chain = vec![first];
        while let Some(error) = source.filter(|_| chain.len() < CHAIN) {
            chain.push(exception(type_name_of(error), &error.to_string()));
            source = error.source();
        }
        link(&mut chain);
        Self(chain)
    }

    /// Appends what caused the last of these.
    #[cfg(any(feature = "reqwest", feature = "hyper", feature = "tonic", feature = "aws-sdk"))]
    pub(crate) fn because(&mut self, causes: Self) {
        self.0.extend(causes.0);
        link(&mut self.0);
    }

    /// Describes anything that can be shown, for errors that are no [`Error`].
    pub fn of_display<E: std::fmt::Display + ?Sized>(error: &E) -> Self {
        Self(vec![exception(short_type_name(std::any::type_name::<E>()), &error.to_string())])
    }

    /// Describes what a called service said.
    #[cfg(feature = "aws-sdk")]
    pub(crate) fn remote(kind: &str, message: &str) -> Self {
        let mut exception = exception(kind.to_owned(), message);
        exception.remote = true;
        Self(vec![exception])
    }

    /// Describes anything by its `Debug` form.
    #[cfg(feature = "lambda")]
    pub(crate) fn of_debug<E: std::fmt::Debug + ?Sized>(error: &E) -> Self {
        Self(vec![exception(short_type_name(std::any::type_name::<E>()), &format!("{error:?}"))])
    }

    /// Describes something by type and message.
    #[must_use]
    pub fn new(kind: &str, message: &str) -> Self {
        Self(vec![exception(kind.to_owned(), message)])
    }
}

/// Records exceptions; of what would be a fault the application may think otherwise.
pub(super) fn fail(flags: &mut Flags, details: &mut Details, classification: Classification, exceptions: Exceptions) {
    let classification = match (classification, current_recorder()) {
        (Classification::Fault, Some(recorder)) => recorder.hooks.classify(&exceptions.0),
        _ => classification,
    };
    if classification != Classification::Ignored {
        *flags = flags.or(classification.flags());
        add_exceptions(details, exceptions.0);
    }
}

/// Makes each exception the cause of the one before.
fn link(chain: &mut [Exception]) {
    for index in 1..chain.len() {
        chain[index - 1].cause = Some(chain[index].id);
    }
}

/// Describes the payload of a panic.
pub(crate) fn panic_exception(payload: &(dyn Any + Send)) -> Exceptions {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Exceptions::new("panic", text.unwrap_or("a payload that is no text"))
}

fn exception(kind: String, message: &str) -> Exception {
    let mut exception = Exception::new(random_segment_id());
    exception.kind = Some(kind);
    exception.message = Some(telemetry_wire::limits::cut(message, MESSAGE_CHARS).to_owned());
    exception
}

/// `alloc::boxed::Box<my_app::errors::Gateway>` becomes `Box<Gateway>`.
fn short_type_name(name: &str) -> String {
    let mut short = String::new();
    for word in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        short.push_str(word.rsplit("::").next().unwrap_or(word));
    }
    short
}

/// The type of a `dyn Error` is unknown, but its `Debug` form nearly always begins with the type's or variant's name.
fn type_name_of(error: &(dyn Error + 'static)) -> String {
    let debug = format!("{error:?}");
    let name: String = debug.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.starts_with(|c: char| c.is_ascii_uppercase()) { name } else { "Error".into() }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io;

    use super::*;

    #[derive(Debug)]
    struct Gateway(io::Error);

    impl fmt::Display for Gateway {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no answer")
        }
    }

    impl Error for Gateway {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_source_chain_becomes_linked_exceptions() {
        let Exceptions(chain) = Exceptions::of(&Gateway(io::Error::new(io::ErrorKind::TimedOut, "300 ms")));
        let kinds: Vec<_> = chain.iter().filter_map(|exception| exception.kind.as_deref()).collect();
        assert_eq!(kinds, ["Gateway", "Custom"]);
        assert_eq!(chain[0].cause, Some(chain[1].id));
        assert_eq!((chain[1].cause, chain[1].message.as_deref()), (None, Some("300 ms")));
    }

    #[test]
    fn types_lose_their_paths() {
        assert_eq!(short_type_name("alloc::boxed::Box<dyn core::error::Error + core::marker::Send>"), "Box<dyn Error + Send>");
        assert_eq!(short_type_name("str"), "str");
    }
}
