//! [`ConnectLayer`]: around a connector.

use std::cell::RefCell;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::call::{Connects, IS_USED, current};
use crate::{Classification, Context, Exceptions, Subsegment};

type BoxError = Box<dyn Error + Send + Sync>;

/// Records connects. For `reqwest::ClientBuilder::connector_layer` and around the connectors of hyper-util.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectLayer {}

impl ConnectLayer {
    /// A layer.
    #[must_use]
    pub fn new() -> Self {
        IS_USED.store(true, Ordering::Relaxed);
        Self {}
    }
}

impl<S> Layer<S> for ConnectLayer {
    type Service = Connect<S>;

    fn layer(&self, inner: S) -> Connect<S> {
        Connect { inner }
    }
}

/// The connector of [`ConnectLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Connect<S> {
    inner: S,
}

thread_local! {
    /// Whether the connect that is polled on this thread looks its host up.
    static LOOKS_UP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Says that the connect that is polled now looks its host up, until it is dropped.
#[derive(Debug)]
pub(super) struct LookUp(Option<Arc<AtomicBool>>);

impl LookUp {
    pub(super) fn begin() -> Self {
        let looks_up = LOOKS_UP.with_borrow(Clone::clone);
        looks_up.iter().for_each(|looks_up| looks_up.store(true, Ordering::Relaxed));
        Self(looks_up)
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        self.0.iter().for_each(|looks_up| looks_up.store(false, Ordering::Relaxed));
    }
}

/// An open connect; the call hears of its end, however it comes.
#[derive(Debug)]
struct Open {
    connect: Subsegment,
    dial: Option<Subsegment>,
    looks_up: Arc<AtomicBool>,
    of_call: Option<Arc<Connects>>,
}

impl Open {
    fn begin() -> Option<Self> {
        let parent = Context::current();
        if !parent.is_recording() {
            return None;
        }
        let of_call = current();
        of_call.iter().for_each(|connects| {
            connects.begun.fetch_add(1, Ordering::Relaxed);
            connects.open.fetch_add(1, Ordering::Relaxed);
        });
        Some(Self { connect: Subsegment::begin_in(parent, "connect"), dial: None, looks_up: Arc::default(), of_call })
    }
}

impl Open {
    /// Fails the phase that is under way, and the connect.
    fn fail(&mut self, describe: impl Fn() -> Exceptions) {
        for phase in self.dial.iter_mut().chain([&mut self.connect]) {
            phase.failure(Classification::Fault, &describe);
        }
    }

    fn dropped(&mut self) {
        if self.of_call.as_ref().is_some_and(Connects::gave_up) {
            return self.fail(|| Exceptions::new("timed out", "the client gave up before it was connected"));
        }
        for phase in self.dial.iter_mut().chain([&mut self.connect]) {
            phase.cancelled();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.of_call.iter().for_each(|connects| {
            connects.open.fetch_sub(1, Ordering::Relaxed);
        });
        // Before the connect.
        self.dial = None;
    }
}

pin_project! {
    /// The future of a [`Connect`].
    #[derive(Debug)]
    pub struct Connecting<F> {
        #[pin]
        inner: F,
        open: Option<Open>,
    }

    impl<F> PinnedDrop for Connecting<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(open) = this.project().open {
                open.dropped();
            }
        }
    }
}

impl<S, Q> Service<Q> for Connect<S>
where
    S: Service<Q>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    /// Runs within a poll of the call's future: the one moment that knows its context for certain.
    fn call(&mut self, target: Q) -> Self::Future {
        let open = Open::begin();
        Connecting { inner: self.inner.call(target), open }
    }
}

/// Puts back what was current, also after a panic.
struct Restore(Option<Arc<AtomicBool>>);

impl Drop for Restore {
    fn drop(&mut self) {
        LOOKS_UP.set(self.0.take());
    }
}

impl<F, T, E> Future for Connecting<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    /// The connector does not say when the host is looked up, so `dial` begins at the first poll after which nothing looks it up.
    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(open) = this.open else { return this.inner.poll(cx).map_err(Into::into) };
        let context = open.connect.context();
        let polled = {
            let _restore = Restore(LOOKS_UP.replace(Some(Arc::clone(&open.looks_up))));
            context.in_scope(|| this.inner.poll(cx)).map_err(Into::into)
        };
        if open.dial.is_none() && !open.looks_up.load(Ordering::Relaxed) && !matches!(polled, Poll::Ready(Err(_))) {
            open.dial = Some(Subsegment::begin_in(context, "dial"));
        }
        if let Poll::Ready(result) = &polled {
            if let Err(error) = result {
                open.fail(|| Exceptions::of_source(&**error));
            }
            *this.open = None;
        }
        polled
    }
}
