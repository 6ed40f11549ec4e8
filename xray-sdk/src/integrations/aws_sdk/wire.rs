//! Service, region, operation and resource, read off a request.

use std::borrow::Cow;
use std::net::IpAddr;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use percent_encoding::percent_decode_str;

use super::names::canonical;

/// The facts of an operation that its request shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WireFacts {
    pub(super) service: Cow<'static, str>,
    pub(super) operation: Option<String>,
    pub(super) region: Option<String>,
    /// Members of the input that name resources, of services whose input is not a body in JSON.
    pub(super) resources: Vec<(&'static str, String)>,
}

impl WireFacts {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name);
        let mut scope = header("authorization").and_then(credential_scope).unwrap_or_default().split('/').skip(2);
        let (region, signed) = (scope.next(), scope.next());
        let agent = header("x-amz-user-agent").and_then(service_of_agent);
        let known = agent.or(signed).unwrap_or_else(|| host_of(request.uri()));
        let target = header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let service = canonical(known);
        let of_s3 = || if service == "S3" { of_s3(request) } else { None };
        let operation = target.or_else(|| of_path(request.uri())).or_else(of_s3).map(str::to_owned);
        let operation = operation.or_else(|| of_form(request.body().bytes(), "Action"));
        let resources = resources(&service, request);
        Self { service, operation, region: region.map(str::to_owned), resources }
    }
}

fn resources(service: &str, request: &HttpRequest) -> Vec<(&'static str, String)> {
    let form = |member| of_form(request.body().bytes(), member).map(|value| (member, value));
    match service {
        "S3" => bucket(request.uri()).map(|bucket| ("Bucket", bucket)).into_iter().collect(),
        "SNS" => ["TopicArn", "TargetArn"].into_iter().filter_map(form).collect(),
        "Lambda" => function(request.uri()),
        _ => Vec::new(),
    }
}

/// Host, path and query of a URI.
fn parts(uri: &str) -> (&str, &str, &str) {
    let (uri, query) = uri.split_once('?').unwrap_or((uri, ""));
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    (host, path, query)
}

/// The first label of a virtual-hosted name, or the first segment of the path. Of other hosts neither is certain: it might be the key.
fn bucket(uri: &str) -> Option<String> {
    let (host, path, _) = parts(uri);
    if let Some((bucket, _)) = host.split_once(".s3.").or_else(|| host.split_once(".s3-")).or_else(|| host.split_once(".s3express-")) {
        return Some(bucket.to_owned());
    }
    is_path_style(host).then(|| path.split('/').nth(1).filter(|bucket| !bucket.is_empty())).flatten().map(decoded)
}

/// S3's own names without a bucket, and addresses, which can have no bucket before them.
fn is_path_style(host: &str) -> bool {
    let name = host.strip_prefix('[').and_then(|rest| rest.split(']').next()).or_else(|| host.split(':').next()).unwrap_or(host);
    host.starts_with("s3.") || host.starts_with("s3-") || name.parse::<IpAddr>().is_ok()
}

/// Operations of S3 without `x-id`, by method and query; AWS's SDK adds that to the others.
fn of_s3(request: &HttpRequest) -> Option<&'static str> {
    let (host, path, query) = parts(request.uri());
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
    let has_key = segments > usize::from(is_path_style(host));
    match request.method() {
        "POST" if has("uploads") => Some("CreateMultipartUpload"),
        "POST" if has("uploadId") => Some("CompleteMultipartUpload"),
        "POST" if has("delete") => Some("DeleteObjects"),
        "GET" if query.split('&').any(|pair| pair == "list-type=2") => Some("ListObjectsV2"),
        "HEAD" if bucket(request.uri()).is_some() => Some(if has_key { "HeadObject" } else { "HeadBucket" }),
        "PUT" if bucket(request.uri()).is_some() && !has_key && query.is_empty() => Some("CreateBucket"),
        "DELETE" if bucket(request.uri()).is_some() && !has_key && query.is_empty() => Some("DeleteBucket"),
        _ => None,
    }
}

/// Reads name and qualifier of a function out of `/2015-03-31/functions/NAME/invocations?Qualifier=1`.
fn function(uri: &str) -> Vec<(&'static str, String)> {
    let (_, path, query) = parts(uri);
    let name = path.split_once("/functions/").and_then(|(_, rest)| rest.split('/').next()).filter(|name| !name.is_empty());
    let qualifier = query.split('&').find_map(|pair| pair.strip_prefix("Qualifier="));
    let named = [("FunctionName", name), ("Qualifier", qualifier)];
    named.into_iter().filter_map(|(member, value)| value.map(|value| (member, decoded(value)))).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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

/// A member of a form: `Action=Publish&TopicArn=..`. The AWS SDK writes no `+` for a space.
fn of_form(body: Option<&[u8]>, member: &str) -> Option<String> {
    let form = std::str::from_utf8(body?.strip_prefix(b"Action=").and(body)?).ok()?;
    let value = form.split('&').find_map(|pair| pair.strip_prefix(member)?.strip_prefix('='))?;
    Some(decoded(value))
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
        let WireFacts { service, operation, region, .. } = WireFacts::of(&request);
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

    fn s3(method: &str, uri: &str) -> (Option<String>, Option<String>) {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(method).expect("a method");
        request.set_uri(uri.to_owned()).expect("a URI");
        request.headers_mut().insert("x-amz-user-agent", "aws-sdk-rust/1.3 api/s3/1.1");
        let facts = WireFacts::of(&request);
        (facts.operation, facts.resources.into_iter().next().map(|(_, bucket)| bucket))
    }

    #[test]
    fn buckets_and_operations_of_s3_are_read_in_both_styles_and_never_a_key() {
        let of = |operation: Option<&str>, bucket: Option<&str>| (operation.map(str::to_owned), bucket.map(str::to_owned));
        assert_eq!(s3("PUT", "https://b.s3.eu-west-1.amazonaws.com/key?x-id=PutObject"), of(Some("PutObject"), Some("b")));
        assert_eq!(s3("HEAD", "https://my.dotted.s3.amazonaws.com/key"), of(Some("HeadObject"), Some("my.dotted")));
        assert_eq!(s3("HEAD", "https://s3.eu-west-1.amazonaws.com/b/k/e/y"), of(Some("HeadObject"), Some("b")));
        assert_eq!(s3("HEAD", "https://b.s3.amazonaws.com/"), of(Some("HeadBucket"), Some("b")));
        assert_eq!(s3("PUT", "http://127.0.0.1:9000/b/"), of(Some("CreateBucket"), Some("b")));
        assert_eq!(s3("PUT", "http://[::1]:9000/b"), of(Some("CreateBucket"), Some("b")));
        assert_eq!(s3("GET", "https://b.s3.amazonaws.com/?list-type=2&prefix=p"), of(Some("ListObjectsV2"), Some("b")));
        assert_eq!(s3("POST", "https://b.s3.amazonaws.com/key?uploads"), of(Some("CreateMultipartUpload"), Some("b")));
        assert_eq!(s3("POST", "https://b.s3.amazonaws.com/key?uploadId=7"), of(Some("CompleteMultipartUpload"), Some("b")));
        assert_eq!(s3("POST", "https://b.s3.amazonaws.com/?delete"), of(Some("DeleteObjects"), Some("b")));
        assert_eq!(s3("HEAD", "https://storage.example.com/key/or/bucket"), of(None, None));
    }

    #[test]
    fn topics_and_functions_are_read() {
        let of = |uri: &str, agent: &'static str, body: &'static str| {
            let mut request = HttpRequest::new(SdkBody::from(body));
            request.set_uri(uri.to_owned()).expect("a URI");
            request.headers_mut().insert("x-amz-user-agent", agent);
            WireFacts::of(&request).resources
        };
        let topic = of("https://h/", "api/sns/1", "Action=Publish&TopicArn=arn%3Aaws%3Asns%3A%3A1%3At&Message=s3cret");
        assert_eq!(topic, [("TopicArn", "arn:aws:sns::1:t".to_owned())]);
        let function = of("https://h/2015-03-31/functions/arn%3Aaws/invocations?Qualifier=%24LATEST", "api/lambda/1", "TopicArn=x");
        assert_eq!(function, [("FunctionName", "arn:aws".to_owned()), ("Qualifier", "$LATEST".to_owned())]);
    }
}
