//! The language on four traces. The rows are a catalogue: one expression, the traces it matches.

use proptest::prelude::*;

use super::*;

fn node(name: &str, kind: &str) -> NodeFacts {
    NodeFacts { names: vec![name.into()], kind: Some(kind.into()), response_time: Some(0.1), ..NodeFacts::default() }
}

fn text(key: &str, value: &str) -> (String, AnnotationFact) {
    (key.into(), AnnotationFact::Text(value.into()))
}

/// api answers 200 in 0.25 s, calls DynamoDB.
fn t1() -> TraceFacts {
    TraceFacts {
        response_time: Some(0.25),
        duration: Some(0.25),
        http_status: Some(200.0),
        http_url: Some("http://api.example.com/v1/orders".into()),
        http_method: Some("GET".into()),
        http_user_agent: Some("curl/8".into()),
        http_client_ip: Some("10.0.0.9".into()),
        users: vec!["alice".into()],
        annotations: vec![text("tenant", "t1"), ("n".into(), AnnotationFact::Number(5.0)), ("vip".into(), AnnotationFact::Bool(true))],
        groups: vec![("g".into(), "arn:g".into())],
        nodes: vec![
            NodeFacts { is_root: true, http_status: Some(200.0), ..node("api", "AWS::EC2::Instance") },
            NodeFacts { is_inferred: true, ..node("orders", "AWS::DynamoDB::Table") },
        ],
        edges: vec![EdgeFacts { from: 0, to: 1, call: node("orders", "AWS::DynamoDB::Table") }],
        ..TraceFacts::default()
    }
}

/// api answers 500 after 2.4 s, since payments answered 503.
fn t2() -> TraceFacts {
    let gateway = ExceptionFacts { name: "GatewayTimeout".into(), message: "no answer".into() };
    let charge = EntityFacts { name: "charge".into(), is_remote: true, coverage: Some(0.9), exceptions: vec![gateway] };
    let entry = EntityFacts { name: "api".into(), coverage: Some(1.0), ..EntityFacts::default() };
    let path = vec![
        RootCauseService {
            name: "api".into(),
            kind: Some("AWS::EC2::Instance".into()),
            entities: vec![entry],
            ..RootCauseService::default()
        },
        RootCauseService {
            name: "payments".into(),
            kind: Some("remote".into()),
            is_inferred: true,
            entities: vec![charge],
            ..RootCauseService::default()
        },
    ];
    TraceFacts {
        has_fault: true,
        response_time: Some(2.4),
        duration: Some(6.0),
        http_status: Some(500.0),
        http_url: Some("http://api.example.com/v2/pay".into()),
        http_method: Some("POST".into()),
        users: vec!["bob".into()],
        annotations: vec![text("tenant", "t2"), ("n".into(), AnnotationFact::Number(40.0))],
        nodes: vec![
            NodeFacts { is_root: true, is_fault: true, ..node("api", "AWS::EC2::Instance") },
            NodeFacts { is_inferred: true, is_fault: true, http_status: Some(503.0), ..node("payments", "remote") },
        ],
        edges: vec![EdgeFacts { from: 0, to: 1, call: NodeFacts { is_fault: true, ..node("payments", "remote") } }],
        root_causes: RootCauseFacts { fault: vec![path.clone()], response_time: vec![path], ..RootCauseFacts::default() },
        ..TraceFacts::default()
    }
}

/// web answers 200 although api answered 429.
fn t3() -> TraceFacts {
    TraceFacts {
        has_throttle: true,
        response_time: Some(0.9),
        duration: Some(0.9),
        http_status: Some(200.0),
        http_url: Some("http://web.example.com/".into()),
        http_method: Some("GET".into()),
        nodes: vec![
            NodeFacts { is_root: true, ..node("web", "AWS::ECS::Container") },
            NodeFacts { is_error: true, is_throttle: true, ..node("api", "AWS::EC2::Instance") },
        ],
        edges: vec![EdgeFacts {
            from: 0,
            to: 1,
            call: NodeFacts { is_error: true, is_throttle: true, ..node("api", "AWS::EC2::Instance") },
        }],
        ..TraceFacts::default()
    }
}

/// worker is still open after 8 s; its function failed.
fn t4() -> TraceFacts {
    TraceFacts {
        is_partial: true,
        duration: Some(8.0),
        annotations: vec![text("tenant", "t1"), text("user.id", "u-9")],
        nodes: vec![
            NodeFacts { is_root: true, is_partial: true, response_time: None, ..node("worker", "AWS::Lambda") },
            NodeFacts { is_fault: true, ..node("worker", "AWS::Lambda::Function") },
        ],
        ..TraceFacts::default()
    }
}

fn matching(expression: &str) -> String {
    let expression = Expression::parse(expression).unwrap();
    let traces = [("T1", t1()), ("T2", t2()), ("T3", t3()), ("T4", t4())];
    traces.iter().filter(|(_, trace)| expression.matches(trace)).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a catalogue")]
fn expressions_match_the_traces_they_should() {
    for (expression, expected) in [
        ("", "T1 T2 T3 T4"),
        ("fault", "T2"),
        ("error", ""),
        ("throttle", "T3"),
        ("ok", "T1 T3"),
        ("!ok", "T2 T4"),
        ("NOT ok", "T2 T4"),
        ("ok = false", "T2 T4"),
        ("fault != true", "T1 T3 T4"),
        ("partial", "T4"),
        ("responsetime > 2", "T2"),
        ("responseTime <= .25", "T1"),
        ("duration >= 6 AND duration <= 8", "T2 T4"),
        ("http.status = 200", "T1 T3"),
        ("http.status != 200", "T2"),
        ("http.url CONTAINS \"/v2/\"", "T2"),
        ("http.url BEGINSWITH \"http://web\"", "T3"),
        ("http.url ENDSWITH \"/pay\" OR http.useragent CONTAINS \"curl\"", "T1 T2"),
        ("http.method = \"get\"", ""),
        ("http.clientip = \"10.0.0.9\"", "T1"),
        ("user CONTAINS \"\"", "T1 T2"),
        ("user", "T1 T2"),
        ("user = \u{201c}bob\u{201d}", "T2"),
        ("annotation.tenant = \"t1\"", "T1 T4"),
        ("annotation[user.id] = \"u-9\"", "T4"),
        ("annotation[\"user.id\"] BEGINSWITH \"u\"", "T4"),
        ("annotation.n > 5", "T2"),
        ("annotation.n = \"5\"", ""),
        ("annotation.tenant = 1", ""),
        ("annotation.vip", "T1"),
        ("annotation.vip = true", "T1"),
        ("annotation.missing != \"x\"", ""),
        ("service(\"api\")", "T1 T2 T3"),
        ("service(\"api\") { fault }", "T2"),
        ("service() { throttle }", "T3"),
        ("service() { ok = true inferred }", "T1"),
        ("service(id(name: \"worker\", type: \"AWS::Lambda::Function\")) { fault }", "T4"),
        ("service(id(type: \"AWS::DynamoDB::Table\"))", "T1"),
        ("!service(id(type: \"AWS::EC2::Instance\"))", "T4"),
        ("edge(\"web\", \"api\") { error }", "T3"),
        ("edge(\"web\", id(type: \"AWS::EC2::Instance\"))", "T3"),
        ("edge(\"api\", \"web\")", ""),
        ("fault OR throttle AND http.method = \"GET\"", "T2 T3"),
        ("(fault OR throttle) AND http.method = \"GET\"", "T3"),
        ("throttle http.method = \"GET\"", "T3"),
        ("inferred", "T1 T2"),
        ("service(\"api\") { fault } AND annotation.tenant = \"t2\"", "T2"),
        ("group.name = \"g\"", "T1"),
        ("groupname = \"g\"", "T1"),
        ("rootcause.fault.service { name = \"payments\" AND last }", "T2"),
        ("rootcause.fault.service { name = \"payments\" AND first }", ""),
        ("rootcause.fault.entity { remote AND coverage > 0.5 }", "T2"),
        ("rootcause.fault.exception { message CONTAINS \"answer\" }", "T2"),
        ("rootcause.responsetime.entity { index = 1 }", "T2"),
        ("rootcause.error.service", ""),
        (r#"rootcause.json = #[{"Services":[{"Name":"api"},{"Name":"payments","EntityPath":[{"Name":"charge"}]}]}]"#, "T2"),
        (r#"rootcause.json = #[{"Services":[{"Name":"payments"},{"Name":"api"}]}] OR partial"#, "T4"),
    ] {
        assert_eq!(matching(expression), expected, "{expression}");
    }
}

#[test]
fn mistakes_are_named_with_their_position() {
    for (expression, position, message) in [
        ("responsetime >", 14, "expected a number"),
        ("edge(\"a\") {fault}", 8, "`,` and the second service"),
        ("fault AND foo = 1", 10, "unknown keyword `foo`"),
        ("service(\"a\") { }", 15, "must not be empty"),
        ("http.url CONTAINS 5", 18, "a string in double quotes"),
        ("http.url > \"a\"", 9, "texts have no order"),
        ("user = \"bob", 7, "not closed"),
        ("service(\"a\") { annotation.x = 1 }", 15, "cannot stand inside a block"),
        ("(fault", 6, "expected `)`"),
        ("fault )", 6, "AND, OR or the end"),
        ("fault = maybe", 8, "true or false"),
        ("rootcause.fault.thing", 0, "expected .service"),
        ("fault & error", 6, "`&` is not part of the language"),
        ("http.status = 1.2.3", 14, "`1.2.3` is no number"),
        ("OR fault", 0, "unknown keyword `OR`"),
    ] {
        let error = Expression::parse(expression).unwrap_err();
        assert_eq!(error.position, position, "{expression}: {error}");
        assert!(error.message.contains(message), "{expression}: {error}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    for open in ["(", "!", "NOT ", "service() { "] {
        assert!(Expression::parse(&format!("{}fault", open.repeat(10_000))).unwrap_err().message.contains("levels deep"));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", words in prop::collection::vec("(fault|AND|OR|!|\\(|\\)|service|edge|\\{|\\}|\"a\"|=|>|5|annotation\\.x|#\\[\\]|id|:|,)", 0..12)) {
        for text in [text, words.join(" ")] {
            if let Ok(expression) = Expression::parse(&text) {
                std::hint::black_box(expression.matches(&t2()));
            }
        }
    }
}
