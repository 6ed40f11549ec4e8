//! [`TraceLayer`]: the configuration.

use std::borrow::Cow;
use std::sync::Arc;

use tower_layer::Layer;

use super::naming::Naming;
use super::service::Trace;
use super::settings::Settings;

/// Opens a segment per request. See the [module](super).
#[derive(Clone, Debug)]
pub struct TraceLayer {
    settings: Arc<Settings>,
}

impl TraceLayer {
    /// Names every segment `name`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self::named(Naming::Fixed(name.into()))
    }

    /// Names segments by `naming`.
    #[must_use]
    pub fn named(naming: Naming) -> Self {
        Self { settings: Arc::new(Settings { naming, excluded: Vec::new(), answers: true, attributes: None }) }
    }

    /// Opens no segment for paths that match; for health checks. Knows `*` and `?`. Default: none.
    #[must_use]
    pub fn exclude(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.settings).excluded.push(path.into());
        self
    }

    /// What sampling rules with `Attributes` can look at, from each request's head. Default: nothing but
    /// [`Builder::sampling_attribute`](crate::Builder::sampling_attribute).
    #[must_use]
    pub fn sampling_attributes(
        mut self,
        attributes: impl Fn(&http::request::Parts) -> Vec<(&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.settings).attributes = Some(Arc::new(attributes));
        self
    }

    /// Whether responses carry `X-Amzn-Trace-Id`. Default: yes.
    #[must_use]
    pub fn response_header(mut self, answers: bool) -> Self {
        Arc::make_mut(&mut self.settings).answers = answers;
        self
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace::new(inner, Arc::clone(&self.settings))
    }
}
