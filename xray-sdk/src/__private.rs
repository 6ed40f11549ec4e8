//! What `#[traced]` expands to. Not part of the API: it changes with the macro, which is pinned to this version.

use std::marker::PhantomData;
use std::pin::Pin;

use telemetry_wire::AnnotationValue;

pub use crate::api::{Owned, Owner};

/// The name of an entity.
pub type Name = std::borrow::Cow<'static, str>;

/// A name of any kind. Functions, since the user's code may have no prelude.
#[inline]
pub fn name(name: impl Into<Name>) -> Name {
    name.into()
}

/// Asks whose fault an error is.
pub fn classify<E>(classifier: impl FnOnce(&E) -> crate::Classification, error: &E) -> crate::Classification {
    classifier(error)
}

/// Begins a subsegment; the name is made only if it is recorded.
#[inline]
pub fn subsegment(name: impl FnOnce() -> Name) -> crate::Subsegment {
    let parent = crate::Context::current();
    crate::Subsegment::begin_in(parent, if parent.is_recording() { name() } else { Name::Borrowed("") })
}

/// Begins a segment, which needs its name to be sampled.
pub fn segment(name: impl FnOnce() -> Name) -> crate::Segment {
    crate::Segment::begin(name())
}

/// Sets the namespace of a subsegment, as `namespace = ".."` asks.
pub fn namespace(subsegment: &mut crate::Subsegment, namespace: &'static str) {
    subsegment.namespace(namespace);
}

/// Adds an annotation, unless there is nothing to say.
pub fn annotate(owner: &mut impl Owner, key: &'static str, value: Option<AnnotationValue>) {
    if let Some(value) = value {
        owner.annotate(key, value);
    }
}

/// Adds a value in the metadata namespace `default`.
pub fn metadata(owner: &mut impl Owner, key: &'static str, value: &impl serde::Serialize) {
    owner.metadata(key, value);
}

/// Records an error, unless it is classified as ignored.
pub fn failure(owner: &mut impl Owner, classification: crate::Classification, describe: impl FnOnce() -> crate::Exceptions) {
    if classification != crate::Classification::Ignored {
        owner.fail(classification, describe());
    }
}

/// Records what was returned by its `Debug` form.
pub fn returned(owner: &mut impl Owner, value: &impl std::fmt::Debug) {
    owner.metadata("return", &crate::api::debug_text(value));
}

/// The value that a function returned, and its entity if that is recorded.
#[derive(Debug)]
pub struct Ended<O, R> {
    owner: Option<O>,
    value: R,
}

/// Runs a function's body in its entity.
#[inline]
pub fn run<O: Owner, R>(mut owner: O, work: impl FnOnce() -> R) -> Ended<O, R> {
    if !owner.changes_context() {
        return Ended { owner: None, value: work() };
    }
    let value = crate::api::guarded(&mut owner, work);
    Ended { owner: Some(owner), value }
}

/// Ends the entity of a value. A boxed future has a method of the same name, which the compiler takes first.
pub trait EndValue<O, R> {
    fn end(self, finish: impl FnOnce(&mut O, &R)) -> R;
}

impl<O, R> EndValue<O, R> for Ended<O, R> {
    #[inline]
    fn end(self, finish: impl FnOnce(&mut O, &R)) -> R {
        if let Some(mut owner) = self.owner {
            finish(&mut owner, &self.value);
        }
        self.value
    }
}

macro_rules! end_with_future {
    ($(($($bound:ident),*)),*) => {$(
        impl<'a, O: Owner $(+ $bound)* + 'a, T: 'a> Ended<O, Pin<Box<dyn Future<Output = T> $(+ $bound)* + 'a>>> {
            /// Keeps the entity open until the future ends.
            pub fn end(self, finish: impl FnOnce(&mut O, &T) $(+ $bound)* + 'a) -> Pin<Box<dyn Future<Output = T> $(+ $bound)* + 'a>> {
                match self.owner {
                    Some(owner) => Box::pin(drive(owner, self.value, finish)),
                    None => self.value,
                }
            }
        }
    )*};
}

end_with_future!((), (Send), (Send, Sync));

/// An entity that is the current context until it is dropped, then ends.
#[derive(Debug)]
pub struct Entered<O: Owner> {
    // Dropped first: the context is left before the entity ends.
    guard: Option<crate::ContextGuard>,
    owner: O,
}

/// Enters an entity for the rest of a function.
#[inline]
pub fn entered<O: Owner>(owner: O) -> Entered<O> {
    let guard = owner.changes_context().then(|| owner.context().enter());
    Entered { guard, owner }
}

/// Looks at a value on its way out of a function.
#[inline]
pub fn observed<O: Owner, R>(entered: &mut Entered<O>, value: R, look: impl FnOnce(&mut O, &R)) -> R {
    if entered.guard.is_some() {
        look(&mut entered.owner, &value);
    }
    value
}

/// Runs what makes a future in the entity of the future.
pub fn enter<O: Owner, R>(owner: &O, work: impl FnOnce() -> R) -> R {
    if owner.changes_context() { owner.context().in_scope(work) } else { work() }
}

/// Polls a future in its entity.
pub fn drive<O: Owner, F: Future, N: FnOnce(&mut O, &F::Output)>(owner: O, future: F, finish: N) -> Owned<F, O, N> {
    Owned::new(owner, future, finish)
}

/// The output of a future as the signature has it, where that says more than the future does.
pub const fn output<T>() -> PhantomData<fn() -> T> {
    PhantomData
}

/// Polls a future with this output in its entity.
pub fn drive_to<O: Owner, F: Future<Output = T>, T, N: FnOnce(&mut O, &T)>(
    owner: O,
    future: F,
    _: PhantomData<fn() -> T>,
    finish: N,
) -> Owned<F, O, N> {
    Owned::new(owner, future, finish)
}

/// Makes an annotation of a value: a number, a truth or a text as it is, behind references too; what an option holds; else what it displays. The
/// compiler takes the first trait that fits, since each stands one reference further away than the one before.
pub mod annotated {
    use std::fmt::Display;

    use telemetry_wire::AnnotationValue;

    #[derive(Debug)]
    pub struct Annotated<'a, T: ?Sized>(pub &'a T);

    pub trait ByValue {
        fn annotation(&self) -> Option<AnnotationValue>;
    }

    impl<'a, T: ?Sized> ByValue for &&&Annotated<'a, T>
    where
        AnnotationValue: From<&'a T>,
    {
        fn annotation(&self) -> Option<AnnotationValue> {
            Some(self.0.into())
        }
    }

    pub trait ByReference {
        fn annotation(&self) -> Option<AnnotationValue>;
    }

    impl<'a, 'b: 'a, T: ?Sized> ByReference for &&Annotated<'a, &'b T>
    where
        AnnotationValue: From<&'b T>,
    {
        fn annotation(&self) -> Option<AnnotationValue> {
            Some((*self.0).into())
        }
    }

    pub trait ByOption {
        fn annotation(&self) -> Option<AnnotationValue>;
    }

    impl<'a, T> ByOption for &Annotated<'a, Option<T>>
    where
        AnnotationValue: From<&'a T>,
    {
        fn annotation(&self) -> Option<AnnotationValue> {
            self.0.as_ref().map(Into::into)
        }
    }

    /// A value that can be an annotation.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an annotation",
        note = "numbers, texts, `bool`, options of these and types with `Display` can; else write `key = expression`, or use `metadata(..)`"
    )]
    pub trait Annotatable {
        fn text(&self) -> String;
    }

    impl<T: Display + ?Sized> Annotatable for T {
        fn text(&self) -> String {
            self.to_string()
        }
    }

    pub trait ByDisplay<T: ?Sized> {
        fn annotation(&self) -> Option<AnnotationValue>
        where
            T: Annotatable;
    }

    impl<T: ?Sized> ByDisplay<T> for Annotated<'_, T> {
        fn annotation(&self) -> Option<AnnotationValue>
        where
            T: Annotatable,
        {
            Some(self.0.text().into())
        }
    }
}

/// Describes an error by the best it can do: its chain of sources, its text, its debug form, its type. The compiler takes the
/// first trait that fits, since each stands one reference further away than the one before.
pub mod describe {
    use std::convert::Infallible;
    use std::error::Error;
    use std::fmt::{Debug, Display};

    use super::Owner;
    use crate::{Classification, Exceptions};

    /// A borrow of the value that a function returned.
    #[derive(Debug)]
    pub struct Outcome<'a, R: ?Sized>(pub &'a R);

    pub trait ByResult<'a> {
        type Value;
        type Error;
        fn error(&self) -> Option<&'a Self::Error>;
        fn returned(&self, owner: &mut impl Owner)
        where
            Self::Value: Debug;
    }

    impl<'a, T, E> ByResult<'a> for &Outcome<'a, Result<T, E>> {
        type Value = T;
        type Error = E;

        fn error(&self) -> Option<&'a E> {
            self.0.as_ref().err()
        }

        fn returned(&self, owner: &mut impl Owner)
        where
            T: Debug,
        {
            if let Ok(value) = self.0 {
                super::returned(owner, value);
            }
        }
    }

    /// Anything but a `Result`.
    pub trait Other<'a, R: ?Sized> {
        fn error(&self) -> Option<&'a Infallible>;
        fn returned(&self, owner: &mut impl Owner)
        where
            R: Debug;
    }

    impl<'a, R> Other<'a, R> for Outcome<'a, R> {
        fn error(&self) -> Option<&'a Infallible> {
            None
        }

        fn returned(&self, owner: &mut impl Owner)
        where
            R: Debug,
        {
            super::returned(owner, self.0);
        }
    }

    /// Whose fault an error is: that of a status by its number, else this service's.
    pub trait ByStatus {
        fn classification(&self) -> Classification;
    }

    #[cfg(any(feature = "tower", feature = "reqwest", feature = "lambda", feature = "tonic"))]
    mod status {
        use http::StatusCode;

        use super::{ByStatus, Classification, Described};

        impl ByStatus for &Described<'_, StatusCode> {
            fn classification(&self) -> Classification {
                of(*self.0)
            }
        }

        impl<T> ByStatus for &Described<'_, (StatusCode, T)> {
            fn classification(&self) -> Classification {
                of(self.0.0)
            }
        }

        impl<T, U> ByStatus for &Described<'_, (StatusCode, T, U)> {
            fn classification(&self) -> Classification {
                of(self.0.0)
            }
        }

        fn of(status: StatusCode) -> Classification {
            match status.as_u16() {
                429 => Classification::Throttle,
                400..=499 => Classification::Error,
                _ => Classification::Fault,
            }
        }
    }

    impl<E> Described<'_, E> {
        /// Errors of other types.
        pub fn classification(&self) -> Classification {
            Classification::Fault
        }
    }

    #[derive(Debug)]
    pub struct Described<'a, E: ?Sized>(pub &'a E);

    pub trait ByError {
        fn describe(&self) -> Exceptions;
    }

    impl<E: Error> ByError for &&&&&Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of(self.0)
        }
    }

    pub trait ByInnerError {
        fn describe(&self) -> Exceptions;
    }

    impl<E: AsRef<dyn Error + Send + Sync>> ByInnerError for &&&&Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of_source(AsRef::<dyn Error + Send + Sync>::as_ref(self.0))
        }
    }

    pub trait ByLocalError {
        fn describe(&self) -> Exceptions;
    }

    impl<E: AsRef<dyn Error>> ByLocalError for &&&Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of_source(AsRef::<dyn Error>::as_ref(self.0))
        }
    }

    pub trait ByDisplay {
        fn describe(&self) -> Exceptions;
    }

    impl<E: Display> ByDisplay for &&Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of_display(self.0)
        }
    }

    pub trait ByDebug {
        fn describe(&self) -> Exceptions;
    }

    impl<E: Debug> ByDebug for &Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of_debug(self.0)
        }
    }

    pub trait ByType {
        fn describe(&self) -> Exceptions;
    }

    impl<E> ByType for Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::new(std::any::type_name::<E>(), "an error without a text")
        }
    }
}
