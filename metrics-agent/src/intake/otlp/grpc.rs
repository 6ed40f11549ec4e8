//! `TraceService/Export`: OTLP by gRPC.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use telemetry_wire::otlp::{ExportTraceServiceRequest, ExportTraceServiceResponse, PartialSuccess};
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, UnaryService};
use tonic_prost::ProstCodec;

use super::body::LIMIT;
use super::taker::{Full, SpanTaker};

/// The method's path.
pub(super) const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

struct Export(Arc<SpanTaker>);

impl UnaryService<ExportTraceServiceRequest> for Export {
    type Response = ExportTraceServiceResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<ExportTraceServiceRequest>) -> Self::Future {
        let taker = Arc::clone(&self.0);
        Box::pin(async move {
            let partial = taker.take(request.into_inner()).await.map_err(|Full| tonic::Status::unavailable("no room for now"))?;
            let partial_success = (partial != PartialSuccess::default()).then_some(partial);
            Ok(tonic::Response::new(ExportTraceServiceResponse { partial_success }))
        })
    }
}

pub(super) async fn take(State(taker): State<Arc<SpanTaker>>, request: Request) -> Response {
    let mut grpc = Grpc::new(ProstCodec::default()).accept_compressed(CompressionEncoding::Gzip).max_decoding_message_size(LIMIT);
    grpc.unary(Export(taker), request).await.map(Body::new).into_response()
}
