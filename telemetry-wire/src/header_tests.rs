use proptest::prelude::*;

use super::*;

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

#[test]
fn any_order_case_and_blanks_are_read() {
    let header = TraceHeader::parse(" sampled = 1 ; PARENT=53995C3F42CD8AD8;;root=1-5759e988-bd862e3fe1be46a994272793;");
    assert_eq!(header.root, TraceId::parse(ROOT).ok());
    assert_eq!(header.parent, SegmentId::parse("53995c3f42cd8ad8").ok());
    assert_eq!(header.sampling, SamplingState::Sampled);
}

#[test]
fn a_load_balancers_header_has_no_parent() {
    let text = format!("Self=1-67891234-12456789abcdef012345678;Root={ROOT}");
    let header = TraceHeader::parse(&text);
    assert_eq!((header.parent, header.sampling), (None, SamplingState::Unknown));
    assert_eq!(header.self_id(), Some("1-67891234-12456789abcdef012345678"));
    assert_eq!(header.text().to_string(), format!("Root={ROOT}"));
}

#[test]
fn lineage_and_unknown_keys_are_passed_on() {
    let text = format!("Lineage=a87bd80c:1|68fd508a:5;Root={ROOT};Sampled=?;CalledFrom=app");
    let header = TraceHeader::parse(&text);
    assert_eq!(header.lineage(), Some("a87bd80c:1|68fd508a:5"));
    assert_eq!(header.text().to_string(), format!("Root={ROOT};Sampled=?;Lineage=a87bd80c:1|68fd508a:5;CalledFrom=app"));
}

#[test]
fn the_last_valid_of_duplicate_keys_wins() {
    let text = format!("Root={ROOT};Root=junk;Sampled=0;Sampled=1;Parent=53995c3f42cd8ad8;Parent=xyz");
    let header = TraceHeader::parse(&text);
    assert_eq!((header.root, header.sampling), (TraceId::parse(ROOT).ok(), SamplingState::Sampled));
    assert_eq!(header.parent, SegmentId::parse("53995c3f42cd8ad8").ok());
}

#[test]
fn ids_of_zeros_are_none() {
    let header = TraceHeader::parse("Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1");
    assert_eq!((header.root, header.parent, header.sampling), (None, None, SamplingState::Sampled));
}

#[test]
fn ten_kilobytes_of_extras_are_cut_at_256_bytes() {
    let extras: String = (0..1_000).map(|n| format!("key{n}=value;")).collect();
    let written = TraceHeader::parse(&format!("{extras}Root={ROOT}")).text().to_string();
    assert!(written.starts_with(&format!("Root={ROOT};key0=value")));
    assert!(written.len() <= "Root=".len() + ROOT.len() + EXTRAS_LIMIT, "{}", written.len());
}

#[test]
fn line_breaks_cannot_be_smuggled_into_the_next_request() {
    let header = TraceHeader::parse("a=b\r\nx;c=d\u{e9};ok=1");
    assert_eq!(header.text().to_string(), "ok=1");
}

#[test]
fn traceparent_of_any_version_but_ff_is_read() {
    let good = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    let parsed = Traceparent::parse(good).unwrap();
    assert_eq!(parsed.to_string(), good);
    assert_eq!(parsed.to_trace_header().text().to_string(), format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"));
    assert!(Traceparent::parse(&good.replacen("00", "cc", 1)).is_some());
    for bad in [
        "",
        "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8",
        "ff-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
        "00-00000000000000000000000000000000-53995c3f42cd8ad8-01",
        "00-5759e988bd862e3fe1be46a994272793-0000000000000000-01",
        "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01-extra",
    ] {
        assert_eq!(Traceparent::parse(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn what_we_write_we_read(root: u128, parent: Option<u64>, state in 0_usize..4) {
        let sampling = [SamplingState::Sampled, SamplingState::NotSampled, SamplingState::Requested, SamplingState::Unknown][state];
        let header = TraceHeader::new(TraceId::from_u128(root), parent.map(SegmentId::from_u64), sampling);
        let text = header.text().to_string();
        let read = TraceHeader::parse(&text);
        prop_assert_eq!((read.root, read.parent, read.sampling), (header.root, header.parent, header.sampling));
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let written = TraceHeader::parse(&text).text().to_string();
        prop_assert!(written.len() <= 128 + EXTRAS_LIMIT);
        std::hint::black_box(Traceparent::parse(&text));
    }
}
