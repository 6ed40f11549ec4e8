//! OpenTelemetry 0.33 and AWS X-Ray: spans as segments, the trace header, X-Ray's sampling rules, ids that X-Ray takes.
//!
//! A crate of its own, so that no type of OpenTelemetry is in the API of `xray-sdk`; it changes version with every minor of OpenTelemetry.
//!
//! ```no_run
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//! use xray_opentelemetry::{XrayExporter, XrayIdGenerator, XrayPropagator, XraySampler};
//! use xray_sdk::sampling::{CentralSampler, LocalSampler};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let sampler = CentralSampler::new("127.0.0.1:2000", LocalSampler::default());
//! let provider = SdkTracerProvider::builder()
//!     .with_id_generator(XrayIdGenerator::default())
//!     .with_sampler(XraySampler::new("orders", sampler))
//!     .with_batch_exporter(XrayExporter::udp()?)
//!     .build();
//! opentelemetry::global::set_text_map_propagator(XrayPropagator);
//! opentelemetry::global::set_tracer_provider(provider.clone());
//! # Ok(()) }
//! ```
//!
//! **Exporter.** A span without a parent, with a parent in another process, or of kind server is a segment, so no root is lost whatever its kind. The
//! others nest into the document of their parent where both are in one batch, and follow as documents of their own where not. A span that cannot be
//! sent costs that span: the rest of the batch goes on. Attributes follow AWS's mapping, by old and new names; what the mapping does not
//! know is metadata, or an annotation where [`XrayExporter::index`] names it. URLs lose credentials and query.
//!
//! **Propagator.** `X-Amzn-Trace-Id` in any order and case; a header with `Root` only, as load balancers send it, keeps its trace; `Lineage`
//! and unknown keys are passed on. **Sampler.** Any of `xray-sdk`, asked where the caller has not decided. Use the two together: the
//! samplers of OpenTelemetry take *not decided* for *no*.

mod incoming;

mod ids;

mod propagator;

mod attributes;

mod sampler;

mod convert;

mod exporter;

pub use exporter::{ExportCounts, XrayExporter};
pub use ids::XrayIdGenerator;
pub use propagator::XrayPropagator;
pub use sampler::XraySampler;
