//! From Rust errors and panics to linked exceptions.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use telemetry_wire::{Details, Exception, Flags};

use super::database_error::Confidential;
use crate::entity::{Classification, add_exceptions, random_segment_id};
use crate::recorder::current_recorder;

/// Exceptions kept of one chain of sources; a chain that long is a loop or a mistake.
const CHAIN: usize = 16;
/// Errors of a chain in which confidential texts are looked for. A chain may be a loop.
const SEARCHED: usize = 64;
/// Characters of a message; whole documents have 64 kB.
const MESSAGE_CHARS: usize = 4_096;

/// A chain of exceptions, the outermost first, each linked to its cause by id.
#[derive(Debug)]
pub struct Exceptions(pub(crate) Vec<Exception>);

impl Exceptions {
    /// Describes `error` and its `source()` chain. Of an error of a database only its code and the names of table, column and constraint are
    /// recorded, here and in every error around it, unless [`Builder::database_messages`](crate::Builder::database_messages) is on.
    pub fn of<E: Error + ?Sized>(error: &E) -> Self {
        let path = std::any::type_name::<E>();
        // The name of a `dyn Error` says nothing.
        let kind = if path.starts_with("dyn ") { kind_in(&debug_of(error)) } else { short_type_name(path) };
        let first = Confidential::below(path, || debug_of(error), error.source());
        Self::chain((kind, text_of(error)), error.source(), first)
    }

    /// Describes an error of unknown type and its `source()` chain.
    pub(crate) fn of_source(error: &(dyn Error + 'static)) -> Self {
        Self::chain((kind_in(&debug_of(error)), text_of(error)), error.source(), Confidential::of(error))
    }

    fn chain(first: (String, String), source: Option<&(dyn Error + 'static)>, confidential: Option<Confidential>) -> Self {
        let mut links = vec![first];
        let mut confidential: Vec<Confidential> = confidential.into_iter().collect();
        let mut next = source;
        for _ in 0..SEARCHED {
            let Some(error) = next else { break };
            next = error.source();
            if links.len() < CHAIN {
                links.push((kind_in(&debug_of(error)), text_of(error)));
            }
            confidential.extend(caught(|| Confidential::of(error)).flatten());
        }
        if !current_recorder().is_some_and(|recorder| recorder.hooks.shows_database_messages) {
            for (_, text) in &mut links {
                *text = confidential.iter().fold(std::mem::take(text), |text, confidential| confidential.remove_from(&text));
            }
        }
        let mut chain: Vec<Exception> = links.into_iter().map(|(kind, text)| exception(kind, &text)).collect();
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
        Self(vec![exception(short_type_name(std::any::type_name::<E>()), &text_of(error))])
    }

    /// Describes what a called service said.
    #[cfg(feature = "aws-sdk")]
    pub(crate) fn remote(kind: &str, message: &str) -> Self {
        let mut exception = exception(kind.to_owned(), message);
        exception.remote = true;
        Self(vec![exception])
    }

    /// Describes anything by its `Debug` form.
    pub(crate) fn of_debug<E: std::fmt::Debug + ?Sized>(error: &E) -> Self {
        Self(vec![exception(short_type_name(std::any::type_name::<E>()), &debug_of(error))])
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

/// Returns the flags of a response with this status, as the application classifies it.
pub(super) fn flags_of_status(status: u16) -> Flags {
    current_recorder().map_or_else(|| Flags::of_status(status), |recorder| recorder.hooks.flags_of(status))
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
    let message = telemetry_wire::redact_urls(telemetry_wire::limits::cut(message, MESSAGE_CHARS)).into_owned();
    exception.message = Some(message);
    exception
}

/// `alloc::boxed::Box<my_app::errors::Gateway>` becomes `Box<Gateway>`. A name that every crate has keeps its crate, `my_app::Error`, or the module
/// of the standard library, `io::Error`.
fn short_type_name(path: &str) -> String {
    let mut short = String::new();
    for word in path.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        short.push_str(word.rsplit("::").next().unwrap_or(word));
    }
    let mut modules = path.split("::").filter(|name| !matches!(*name, "std" | "core" | "alloc"));
    match modules.next() {
        Some(module) if short == "Error" && module != "Error" => format!("{module}::Error"),
        _ => short,
    }
}

/// Finds a type in a `Debug` form, which nearly always begins with the name of the type or variant.
fn kind_in(debug: &str) -> String {
    let name: String = debug.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.starts_with(|c: char| c.is_ascii_uppercase()) { name } else { "Error".into() }
}

fn text_of<E: std::fmt::Display + ?Sized>(error: &E) -> String {
    caught(|| error.to_string()).unwrap_or_else(|| "not shown: its `Display` panicked".to_owned())
}

/// The `Debug` form of a value of the application's.
pub(crate) fn debug_of<E: std::fmt::Debug + ?Sized>(error: &E) -> String {
    caught(|| format!("{error:?}")).unwrap_or_else(|| "not shown: its `Debug` panicked".to_owned())
}

/// Calls code of the application's; a panic there costs what it would have returned, and not the request.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
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
        assert_eq!(short_type_name("(axum::StatusCode, alloc::string::String)"), "(StatusCode, String)");
        assert_eq!(short_type_name("shop::errors::Error"), "shop::Error");
        assert_eq!((&*short_type_name("std::io::error::Error"), &*short_type_name("Error")), ("io::Error", "Error"));
    }
}
