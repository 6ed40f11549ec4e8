//! What `#[traced]` expands to. Not part of the API: it changes with the macro, which is pinned to this version.

use telemetry_wire::AnnotationValue;

pub use crate::api::{Owned, Owner};

/// The name of an entity.
pub type Name = std::borrow::Cow<'static, str>;

/// A name of any kind. Functions, since the user's code may have no prelude.
#[inline]
pub fn name(name: impl Into<Name>) -> Name {
    name.into()
}

/// Takes a value by reference, so that the function can still use it.
pub fn annotation<'a, T: ?Sized>(value: &'a T) -> AnnotationValue
where
    AnnotationValue: From<&'a T>,
{
    value.into()
}

/// Takes a value by reference, whatever it is.
pub const fn shared<T: ?Sized>(value: &T) -> &T {
    value
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

/// Runs a function's body in its entity.
#[inline]
pub fn call<O: Owner, R>(mut owner: O, work: impl FnOnce() -> R, finish: impl FnOnce(&mut O, &R)) -> R {
    if !owner.changes_context() {
        return work();
    }
    let result = crate::api::guarded(&mut owner, work);
    finish(&mut owner, &result);
    result
}

/// Runs what makes a future in the entity of the future.
pub fn enter<O: Owner, R>(owner: &O, work: impl FnOnce() -> R) -> R {
    if owner.changes_context() { owner.context().in_scope(work) } else { work() }
}

/// Polls a future in its entity.
pub fn drive<O: Owner, F: Future, N: FnOnce(&mut O, &F::Output)>(owner: O, future: F, finish: N) -> Owned<F, O, N> {
    Owned::new(owner, future, finish)
}

/// Describes an error by the best it can do: its chain of sources, its text, its debug form, its type. The compiler takes the
/// first trait that fits, since each stands one reference further away than the one before.
pub mod describe {
    use std::error::Error;
    use std::fmt::{Debug, Display};

    use crate::Exceptions;

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
            Exceptions::of::<dyn Error + Send + Sync>(self.0.as_ref())
        }
    }

    pub trait ByLocalError {
        fn describe(&self) -> Exceptions;
    }

    impl<E: AsRef<dyn Error>> ByLocalError for &&&Described<'_, E> {
        fn describe(&self) -> Exceptions {
            Exceptions::of::<dyn Error>(self.0.as_ref())
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
            Exceptions::of_display::<str>(&format!("{:?}", self.0))
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
