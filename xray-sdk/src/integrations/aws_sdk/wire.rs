//! Service, region and operation, read off a request.

use std::borrow::Cow;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::names::canonical;

/// What a request tells of its operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WireFacts {
    pub(super) service: Cow<'static, str>,
    pub(super) operation: Option<String>,
    pub(super) region: Option<String>,
}

impl WireFacts {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name);
        let mut scope = header("authorization").and_then(credential_scope).unwrap_or_default().split('/').skip(2);
        let (region, signed) = (scope.next(), scope.next());
        let agent = header("x-amz-user-agent").and_then(service_of_agent);
        let known = agent.or(signed).unwrap_or_else(|| host_of(request.uri()));
        let target = header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let operation = target.or_else(|| of_path(request.uri())).map(str::to_owned).or_else(|| of_form(request.body().bytes()));
        Self { service: canonical(known), operation, region: region.map(str::to_owned) }
    }
}

/// `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/sqs/aws4_request, ..`.
fn credential_scope(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("Credential=")?;
    authorization.starts_with("AWS4-HMAC-").then(|| rest.split(',').next()).flatten()
}

/// `.. api/dynamodb/1.136.0 ..`.
fn service_of_agent(agent: &str) -> Option<&str> {
    agent.split(' ').find_map(|part| part.strip_prefix("api/"))?.split('/').next()
}

fn host_of(uri: &str) -> &str {
    let host = uri.split("://").nth(1).unwrap_or(uri).split(['/', '?']).next().unwrap_or_default();
    host.split(['.', ':']).next().filter(|first| !first.is_empty()).unwrap_or("AWS")
}

/// `/service/X/operation/PutMetricData`, `?x-id=GetObject`, Lambda's `/functions/NAME/invocations`.
fn of_path(uri: &str) -> Option<&str> {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let of_cbor = path.rsplit_once("/operation/").map(|(_, operation)| operation);
    let of_s3 = || query.split('&').find_map(|pair| pair.strip_prefix("x-id="));
    let of_lambda = || path.ends_with("/invocations").then_some("Invoke");
    of_cbor.or_else(of_s3).or_else(of_lambda)
}

/// `Action=Publish&..`.
fn of_form(body: Option<&[u8]>) -> Option<String> {
    let first = body?.strip_prefix(b"Action=")?.split(|&byte| byte == b'&').next()?;
    String::from_utf8(first.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn facts(uri: &str, headers: &[(&'static str, &'static str)], body: &'static str) -> (String, Option<String>, Option<String>) {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri.to_owned()).expect("a URI");
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        let WireFacts { service, operation, region } = WireFacts::of(&request);
        (service.into_owned(), operation, region)
    }

    fn expected(service: &str, operation: Option<&str>, region: Option<&str>) -> (String, Option<String>, Option<String>) {
        (service.to_owned(), operation.map(str::to_owned), region.map(str::to_owned))
    }

    #[test]
    fn each_protocol_tells_its_operation() {
        let scope = ("authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=host");
        let cbor = "http://h/service/GraniteServiceVersion20100801/operation/PutMetricData";
        assert_eq!(facts(cbor, &[scope], ""), expected("CloudWatch", Some("PutMetricData"), Some("eu-west-1")));
        let agent = ("x-amz-user-agent", "aws-sdk-rust/1.3 ua/2.1 api/sns/1.1 os/linux");
        assert_eq!(facts("http://h/", &[agent], "Action=Publish&TopicArn=a"), expected("SNS", Some("Publish"), None));
        assert_eq!(facts("http://h/", &[("x-amz-target", "AmazonSQS.SendMessage")], "{}"), expected("h", Some("SendMessage"), None));
        assert_eq!(facts("https://s3.us-east-1.amazonaws.com/b/k?x-id=GetObject", &[], ""), expected("S3", Some("GetObject"), None));
        assert_eq!(facts("https://lambda.x/2015-03-31/functions/f/invocations", &[], ""), expected("Lambda", Some("Invoke"), None));
    }
}
