//! `#[traced]` on functions of every shape: each compiles as it does without, returns the same, and is recorded rightly.

#![deny(warnings, clippy::pedantic, clippy::nursery, unused_results)]
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::future_not_send, reason = "the shapes are what is tested")]

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::{Location, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use telemetry_wire::Document;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{Segment, traced};

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

type Boxed = Box<dyn std::error::Error + Send + Sync>;
type Alias<T> = Result<T, Boxed>;

/// Records `work` in a segment and returns its only child.
fn child_of<R>(work: impl FnOnce() -> R) -> (Document, R) {
    let (mut documents, result) = with_recorded_documents(|| Segment::begin("app").context().in_scope(work));
    assert_eq!((documents.len(), documents[0].subsegments.len()), (1, 1), "{documents:#?}");
    (documents.remove(0).subsegments.remove(0), result)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn is_fault<R>(work: impl FnOnce() -> R) -> bool {
    child_of(work).0.fault
}

#[test]
fn types_whose_names_end_in_result_are_what_they_are() {
    #[derive(Debug, PartialEq)]
    struct SearchResult(u8);
    #[traced]
    fn plain() -> SearchResult {
        SearchResult(1)
    }
    #[traced]
    async fn later() -> SearchResult {
        std::future::ready(SearchResult(2)).await
    }
    #[traced]
    fn alias(fails: bool) -> Alias<u8> {
        if fails { Err("no".into()) } else { Ok(1) }
    }
    #[traced(err)]
    fn forced() -> Alias<u8> {
        Err(Refused)?
    }
    assert_eq!((child_of(plain).1, child_of(|| block_on(later())).1), (SearchResult(1), SearchResult(2)));
    assert_eq!((is_fault(|| alias(true)), is_fault(|| alias(false)), is_fault(forced)), (true, false, true));
}

#[test]
fn futures_are_traced_by_any_spelling() {
    #[traced]
    fn spelled_out() -> Pin<Box<dyn Future<Output = Result<u8, Boxed>> + Send>> {
        Box::pin(async move {
            fails()?;
            Ok(1)
        })
    }
    #[traced]
    fn boxed() -> BoxFuture<'static, Result<u8, Refused>> {
        async move {
            tokio::task::yield_now().await;
            drop(xray_sdk::subsegment("inside"));
            Err(Refused)
        }
        .boxed()
    }
    #[traced]
    fn local<'a>(text: &'a str) -> LocalBoxFuture<'a, Result<u8, String>> {
        let counter = std::rc::Rc::new(text.len());
        async move { Err(counter.to_string()) }.boxed_local()
    }
    #[traced]
    fn named(number: u8) -> Pin<Box<dyn Future<Output = Result<u8, String>>>> {
        if number == 9 {
            return Box::pin(async move { Err("nine".to_owned()) });
        }
        let future = async move { Ok(number) };
        Box::pin(future)
    }
    #[traced]
    fn returned() -> impl Future<Output = Alias<u8>> + Send {
        async move {
            fails()?;
            Ok(1)
        }
    }
    #[traced]
    fn without_error_trait() -> impl Future<Output = Result<u8, String>> {
        async move { Ok(1) }
    }
    fn fails() -> Result<(), Refused> {
        Err(Refused)
    }
    assert!(is_fault(|| block_on(spelled_out())));
    let (child, _) = child_of(|| block_on(boxed()));
    assert!(child.fault && child.child("inside").is_some());
    assert!(is_fault(|| block_on(local("abc"))));
    assert!(is_fault(|| block_on(named(9))) && !is_fault(|| block_on(named(1))));
    assert!(is_fault(|| block_on(returned())) && !is_fault(|| block_on(without_error_trait())));
}

#[test]
fn a_future_that_is_never_polled_is_not_cancelled() {
    #[traced]
    fn unpolled() -> impl Future<Output = ()> {
        std::future::ready(())
    }
    let (child, ()) = child_of(|| drop(unpolled()));
    assert!(!child.error && !child.fault);
}

#[test]
fn functions_may_return_closures_and_iterators() {
    #[traced]
    fn measures() -> impl Fn(&str) -> usize {
        |text| text.len()
    }
    #[traced]
    fn same() -> impl for<'a> Fn(&'a str) -> &'a str {
        |text| text
    }
    #[traced]
    fn counts(to: u8) -> Option<impl Iterator<Item = u8>> {
        (to > 0).then_some(0..to)
    }
    #[traced]
    fn tried(to: u8) -> Result<impl Iterator<Item = u8>, Refused> {
        if to > 0 { Ok(0..to) } else { Err(Refused) }
    }
    assert_eq!((child_of(measures).1("abc"), child_of(same).1("x")), (3, "x"));
    assert_eq!(child_of(|| counts(3).unwrap().count()).1, 3);
    assert!(is_fault(|| tried(0).map(Iterator::count)) && !is_fault(|| tried(2).map(Iterator::count)));
}

#[test]
fn track_caller_gives_the_callers_location() {
    #[track_caller]
    #[traced]
    fn here() -> &'static Location<'static> {
        Location::caller()
    }
    #[track_caller]
    #[traced]
    fn checked(value: u8) -> Result<&'static Location<'static>, Boxed> {
        if value == 1 {
            return Err(Refused.into());
        }
        even(value)?;
        Ok(Location::caller())
    }
    fn even(value: u8) -> Result<(), Refused> {
        if value.is_multiple_of(2) { Ok(()) } else { Err(Refused) }
    }
    let (line, found) = (line!(), child_of(here).1);
    assert_ne!(found.line(), 0);
    let ((_, location), expected) = (child_of(|| here()), line!());
    assert_eq!((location.file(), location.line()), (file!(), expected), "not {line}");
    let ((_, location), expected) = (child_of(|| checked(2)), line!());
    assert_eq!(location.unwrap().line(), expected);
    assert!(is_fault(|| checked(1)) && is_fault(|| checked(3)));
}

/// Drops in the order in which they happen.
#[derive(Default)]
struct Drops(RefCell<Vec<&'static str>>);

struct Noted<'a>(&'static str, &'a Drops);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.1.0.borrow_mut().push(self.0);
    }
}

#[test]
fn arguments_are_dropped_in_the_same_order() {
    fn plain(a: Noted<'_>, _b: Noted<'_>, _: Noted<'_>, (c, d): (Noted<'_>, Noted<'_>)) {
        let _local = Noted("local", a.1);
        drop(c);
        let _ = &d;
    }
    #[traced]
    fn traced_too(a: Noted<'_>, _b: Noted<'_>, _: Noted<'_>, (c, d): (Noted<'_>, Noted<'_>)) {
        let _local = Noted("local", a.1);
        drop(c);
        let _ = &d;
    }
    async fn plain_later(a: Noted<'_>, _b: Noted<'_>) {
        std::future::ready(()).await;
        let _local = Noted("local", a.1);
    }
    #[traced]
    async fn traced_later(a: Noted<'_>, _b: Noted<'_>) {
        std::future::ready(()).await;
        let _local = Noted("local", a.1);
    }
    let of = |function: for<'a> fn(Noted<'a>, Noted<'a>, Noted<'a>, (Noted<'a>, Noted<'a>))| {
        let drops = Drops::default();
        function(Noted("a", &drops), Noted("b", &drops), Noted("_", &drops), (Noted("c", &drops), Noted("d", &drops)));
        drops.0.take()
    };
    assert_eq!(of(plain), child_of(|| of(traced_too)).1);
    let drops = Drops::default();
    block_on(plain_later(Noted("a", &drops), Noted("b", &drops)));
    let expected = drops.0.take();
    drop(child_of(|| block_on(traced_later(Noted("a", &drops), Noted("b", &drops)))));
    assert_eq!(drops.0.take(), expected);
}

macro_rules! job {
    ($name:ident, $key:ident) => {
        #[traced(annotate($key, double = $key * 2), metadata($key))]
        fn $name($key: u8) -> u8 {
            $key
        }
    };
}

job!(from_macro, order);

#[test]
fn names_of_ours_and_of_the_function_do_not_meet() {
    #[traced(annotate(r#type, xray, value, error, owner))]
    fn collides(r#type: u8, xray: u8, value: u8, error: u8, owner: u8) -> Result<u8, Refused> {
        if xray > 0 { Err(Refused) } else { Ok(r#type + value + error + owner) }
    }
    let (child, _) = child_of(|| collides(1, 2, 3, 4, 5));
    assert!(child.fault);
    assert_eq!((&child.annotations["type"], &child.annotations["owner"]), (&1.into(), &5.into()));
    assert_eq!(child_of(|| from_macro(4)).0.annotations["double"], 8.into());
}

#[test]
fn bodies_may_have_inner_attributes_and_stand_on_one_line() {
    #[traced]
    fn inner() -> u8 {
        #![allow(unused_variables, reason = "an inner attribute")]
        //! About the body.
        let unused = 1;
        2
    }
    #[rustfmt::skip]
    #[traced] async fn line() -> u8 { 7 }
    #[rustfmt::skip]
    #[traced] fn sync_line() -> u8 { 7 }
    assert_eq!((child_of(inner).1, child_of(|| block_on(line())).1, child_of(sync_line).1), (2, 7, 7));
}

#[test]
fn functions_that_never_return_compile() {
    #[traced]
    fn never() -> ! {
        std::panic::panic_any(1_u8)
    }
    #[traced]
    async fn never_later() -> ! {
        std::future::pending::<()>().await;
        std::panic::panic_any(1_u8)
    }
    let (child, _) = child_of(|| std::panic::catch_unwind(|| never()).unwrap_err());
    assert!(child.fault);
    drop(never_later());
}

#[test]
fn annotations_take_references_options_and_what_displays() {
    #[traced(annotate(id, name, shared, some, none, big, float = ratio, unit = std::num::NonZeroU8::MIN))]
    fn annotated(id: &u64, name: &String, shared: &Arc<str>, some: Option<u8>, none: Option<&'static str>, big: u128, ratio: &f32) {
        let _ = (id, name, shared, some, none, big, ratio);
    }
    let (child, ()) = child_of(|| annotated(&7, &"n".to_owned(), &"s".into(), Some(1), None, 1 << 100, &0.5));
    let of = |key: &str| child.annotations.get(key).cloned();
    assert_eq!((of("id"), of("name"), of("shared")), (Some(7.into()), Some("n".into()), Some("s".into())));
    assert_eq!((of("some"), of("none"), of("unit")), (Some(1.into()), None, Some("1".into())));
    assert_eq!((of("big"), of("float")), (Some((1_u128 << 100).to_string().into()), Some(0.5.into())));
}

#[test]
fn errors_keep_their_types_and_a_status_says_whose_fault_it_is() {
    use axum::http::StatusCode;
    #[traced]
    fn status(code: u16) -> Result<(), StatusCode> {
        Err(StatusCode::from_u16(code).unwrap())
    }
    #[traced]
    fn with_text() -> Result<(), (StatusCode, String)> {
        Err((StatusCode::NOT_FOUND, "no order".into()))
    }
    #[traced]
    fn boxed() -> Result<(), Boxed> {
        Err(Refused.into())
    }
    let flags = |child: &Document| (child.error, child.throttle, child.fault);
    let kind = |child: &Document| child.cause.as_ref().unwrap().exceptions()[0].kind.clone().unwrap();
    let (child, _) = child_of(|| status(404));
    assert_eq!((flags(&child), kind(&child)), ((true, false, false), "StatusCode".to_owned()));
    assert_eq!(flags(&child_of(|| status(429)).0), (true, true, false));
    assert_eq!(flags(&child_of(|| status(500)).0), (false, false, true));
    let (child, _) = child_of(with_text);
    assert_eq!((flags(&child), kind(&child)), ((true, false, false), "(StatusCode, String)".to_owned()));
    assert_eq!(kind(&child_of(boxed).0), "Refused");
}

#[test]
fn traced_futures_are_send_and_unwind_safe_as_before() {
    #[traced]
    async fn work(text: String) -> Result<usize, Refused> {
        tokio::task::yield_now().await;
        Ok(text.len())
    }
    fn check<T: Send + Sync + UnwindSafe>(_: &T) {}
    fn check_send<T: Send>(_: &T) {}
    let future = work("a".into());
    check(&xray_sdk::Context::current());
    check_send(&future);
    drop(future);
    let context = xray_sdk::Context::current();
    std::panic::catch_unwind(|| context.in_scope(|| ())).unwrap();
}

#[test]
fn a_handle_of_running_work_is_the_function_that_started_it() {
    #[traced]
    fn spawned() -> tokio::task::JoinHandle<u8> {
        tokio::spawn(async { 1 })
    }
    let (child, value) = child_of(|| block_on(async { spawned().await.unwrap() }));
    assert_eq!((value, child.error), (1, false));
}

#[test]
fn what_is_returned_is_recorded_on_request() {
    #[traced(ret)]
    fn value() -> u8 {
        7
    }
    #[traced(ret)]
    async fn result(fails: bool) -> Result<u8, Refused> {
        if fails { Err(Refused) } else { Ok(7) }
    }
    let returned = |child: Document| child.metadata.get("default").and_then(|entries| entries.get("return")).cloned();
    assert_eq!(returned(child_of(value).0), Some("7".into()));
    assert_eq!(returned(child_of(|| block_on(result(false))).0), Some("7".into()));
    assert_eq!(returned(child_of(|| block_on(result(true))).0), None);
}

#[test]
fn an_empty_future_grows_by_80_bytes_at_most() {
    #[expect(clippy::unused_async, reason = "the smallest future there is")]
    async fn plain() {}
    #[traced]
    async fn traced_too() {}
    // 64 of the open subsegment; the two states of the futures cannot share its padding.
    let added = size_of_val(&traced_too()) - size_of_val(&plain());
    assert!(added <= 80, "{added}");
}
