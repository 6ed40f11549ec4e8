//! [`FlushLayer`]: after the response, before the sandbox may freeze.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use lambda_runtime::{LambdaInvocation, Service};
use pin_project_lite::pin_project;
use telemetry_wire::Timestamp;
use tower_layer::Layer;

use crate::clock::wall_now;
use crate::recorder::{Recorder, current_recorder};

/// Default timeout of a flush. The wait is billed.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Left of the invocation's time when a flush ends.
const MARGIN: Duration = Duration::from_millis(100);

/// A layer for [`lambda_runtime::Runtime::layer`], for emitters that keep documents: waits after each invocation until they are sent.
///
/// The wait takes at most [`Self::timeout`], ends 100 ms before the invocation's deadline, and blocks none of the runtime's threads. After a
/// flush that did not send everything, later invocations do not wait until the receiver has taken what was left: a collector that is away
/// costs one timeout and not one per invocation. The default emitter, over UDP, keeps nothing, so nothing waits.
#[derive(Clone, Debug)]
pub struct FlushLayer {
    timeout: Duration,
    /// Set while documents of the last flush are left.
    has_failed: Arc<AtomicBool>,
}

impl Default for FlushLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl FlushLayer {
    /// A layer with the default timeout.
    #[must_use]
    pub fn new() -> Self {
        Self { timeout: TIMEOUT, has_failed: Arc::default() }
    }

    /// Sets the longest wait of an invocation for its documents. Default 1 second.
    #[must_use]
    pub const fn timeout(mut self, at_most: Duration) -> Self {
        self.timeout = at_most;
        self
    }
}

impl<S> Layer<S> for FlushLayer {
    type Service = Flush<S>;

    fn layer(&self, inner: S) -> Flush<S> {
        Flush { settings: self.clone(), inner }
    }
}

/// The service of [`FlushLayer`].
#[derive(Clone, Debug)]
pub struct Flush<S> {
    settings: FlushLayer,
    inner: S,
}

pin_project! {
    /// The future of [`Flush`].
    #[derive(Debug)]
    pub struct FlushFuture<F: Future> {
        settings: FlushLayer,
        deadline: Timestamp,
        #[pin]
        inner: F,
        flushing: Option<(Arc<Flushing>, F::Output)>,
    }
}

/// A flush on a thread of its own.
#[derive(Debug, Default)]
struct Flushing {
    is_done: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Flushing {
    /// Starts the thread; `None` if there is none, or nothing to wait for.
    fn start(settings: &FlushLayer, deadline: Timestamp) -> Option<Arc<Self>> {
        let recorder: &'static Recorder = current_recorder()?;
        if recorder.left() == 0 {
            settings.has_failed.store(false, Ordering::Relaxed);
            return None;
        }
        if settings.has_failed.load(Ordering::Relaxed) {
            return None;
        }
        let left = Duration::from_micros(deadline.as_micros().saturating_sub(wall_now().as_micros()));
        let at_most = settings.timeout.min(left.saturating_sub(MARGIN));
        let (flushing, has_failed) = (Arc::new(Self::default()), Arc::clone(&settings.has_failed));
        let shared = Arc::clone(&flushing);
        let run = move || {
            let left = recorder.flush(at_most);
            if left > 0 && !has_failed.swap(true, Ordering::Relaxed) {
                log::warn!("X-Ray: {left} documents could not be sent within {at_most:?}; invocations do not wait until they are");
            }
            shared.finish();
        };
        std::thread::Builder::new().name("xray-flush".into()).spawn(run).ok()?;
        Some(flushing)
    }

    fn finish(&self) {
        // Before the waker is taken: a poll that stores its waker afterwards sees it.
        self.is_done.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &TaskContext<'_>) -> Poll<()> {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if self.is_done.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<F: Future> Future for FlushFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.flushing.is_none() {
            let Poll::Ready(output) = this.inner.poll(cx) else { return Poll::Pending };
            match Flushing::start(this.settings, *this.deadline) {
                None => return Poll::Ready(output),
                Some(flushing) => *this.flushing = Some((flushing, output)),
            }
        }
        match this.flushing.take() {
            Some((flushing, output)) if flushing.poll(cx).is_ready() => Poll::Ready(output),
            pending => {
                *this.flushing = pending;
                Poll::Pending
            }
        }
    }
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Flush<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = FlushFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let deadline = Timestamp::from_system_time(invocation.context.deadline());
        FlushFuture { settings: self.settings.clone(), deadline, inner: self.inner.call(invocation), flushing: None }
    }
}
