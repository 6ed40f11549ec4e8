//! What `#[traced]` records, for every kind of function.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use telemetry_wire::Document;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{Classification, Segment, traced};

#[derive(Debug)]
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

/// Records `work` in a segment and gives its first child.
fn child_of<R>(work: impl FnOnce() -> R) -> (Document, R) {
    let (documents, result) = with_recorded_documents(|| Segment::begin("app").context().in_scope(work));
    (documents[0].subsegments[0].clone(), result)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn a_function_is_named_after_itself_and_keeps_its_value() {
    #[traced(annotate(sku, double = count * 2), metadata(list = vec![count; 2]), ret)]
    fn price(sku: String, count: u32) -> usize {
        sku.len() + count as usize
    }
    let (child, value) = child_of(|| price("abc".into(), 4));
    assert_eq!((&*child.name, value), ("price", 7));
    assert_eq!(child.annotations["sku"], "abc".into());
    assert_eq!(child.annotations["double"], 8.into());
    assert_eq!(child.metadata["default"]["list"], serde_json::json!([4, 4]));
    assert_eq!(child.metadata["default"]["return"], "7");
}

#[test]
fn an_err_is_a_fault_with_its_chain_and_early_returns_work() {
    #[traced]
    fn fails(early: bool) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
        if early {
            Err(Refused("early"))?;
        }
        Err("late".into())
    }
    let (child, result) = child_of(|| fails(true));
    assert!(child.fault && result.is_err());
    let exception = &child.cause.as_ref().unwrap().exceptions()[0];
    assert_eq!(exception.message.as_deref(), Some("early"));
    assert!(child_of(|| fails(false)).0.fault);
}

#[test]
fn a_classifier_decides_whose_fault_it_is_and_false_turns_it_off() {
    fn whose(error: &Refused) -> Classification {
        if error.0 == "no funds" { Classification::Error } else { Classification::Ignored }
    }
    #[traced(err = whose)]
    fn pay(refusal: &'static str) -> Result<(), Refused> {
        Err(Refused(refusal))
    }
    #[traced(err = false)]
    fn quiet() -> Result<(), Refused> {
        Err(Refused("quiet"))
    }
    let flags = |child: Document| (child.error, child.fault);
    assert_eq!(flags(child_of(|| pay("no funds")).0), (true, false));
    assert_eq!(flags(child_of(|| pay("card gone")).0), (false, false));
    assert_eq!(flags(child_of(quiet).0), (false, false));
}

#[test]
fn errors_without_display_or_debug_still_have_their_type() {
    struct Mute;
    #[traced]
    fn mute() -> Result<(), Mute> {
        Err(Mute)
    }
    let exception = child_of(mute).0.cause.unwrap().exceptions()[0].clone();
    assert!(exception.kind.unwrap().contains("Mute"));
}

#[test]
fn methods_generics_lifetimes_and_impl_trait_work() {
    struct Shop {
        name: String,
        sold: u32,
    }
    impl Shop {
        #[traced(annotate(shop = self.name))]
        fn sell(&mut self, count: u32) -> &mut u32 {
            self.sold += count;
            &mut self.sold
        }

        #[traced]
        fn longest<'a, T>(&'a self, other: &'a T) -> &'a str
        where
            T: AsRef<str> + fmt::Debug + ?Sized,
        {
            if other.as_ref().len() > self.name.len() { other.as_ref() } else { &self.name }
        }

        #[traced]
        fn names(self, (first, mut second): (impl Into<String>, u8)) -> impl Iterator<Item = String> {
            second += 1;
            std::iter::repeat_n(first.into(), usize::from(second))
        }
    }
    let mut shop = Shop { name: "corner".into(), sold: 1 };
    let (child, ()) = child_of(|| *shop.sell(2) += 1);
    assert_eq!((shop.sold, &child.annotations["shop"]), (4, &"corner".into()));
    assert_eq!(child_of(|| shop.longest("longer name").to_owned()).1, "longer name");
    assert_eq!(child_of(|| shop.names(("x", 1)).count()).1, 2);
}

#[test]
fn async_functions_hold_their_subsegment_over_await() {
    #[traced]
    async fn outer(text: &str) -> Result<usize, Refused> {
        inner(text.len()).await?;
        tokio::task::yield_now().await;
        Ok(text.len())
    }
    #[traced(err = |_| Classification::Throttle)]
    async fn inner(length: usize) -> Result<(), Refused> {
        tokio::task::yield_now().await;
        if length > 3 { Err(Refused("too long")) } else { Ok(()) }
    }
    let (child, result) = child_of(|| block_on(outer("abc")));
    assert_eq!((result.unwrap(), child.fault, child.subsegments.len()), (3, false, 1));
    let (child, _) = child_of(|| block_on(outer("abcd")));
    assert!(child.fault && child.child("inner").unwrap().throttle);
}

#[test]
fn boxed_and_returned_futures_are_traced_inside() {
    #[traced]
    fn boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = Result<usize, Refused>> + Send + 'a>> {
        let length = text.len();
        Box::pin(async move {
            drop(xray_sdk::subsegment("inside"));
            if length > 3 { Err(Refused(text.len().to_string().leak())) } else { Ok(length) }
        })
    }
    #[traced]
    fn returned(length: usize) -> impl Future<Output = Result<(), Refused>> + Send {
        async move {
            tokio::task::yield_now().await;
            if length > 3 { Err(Refused("long")) } else { Ok(()) }
        }
    }
    let (child, _) = child_of(|| block_on(boxed("abcdef")));
    assert!(child.fault && child.child("inside").is_some());
    assert!(child_of(|| block_on(returned(9))).0.fault);
}

#[test]
fn async_trait_methods_are_traced() {
    #[async_trait::async_trait]
    trait Store {
        async fn load(&self, id: u64) -> Result<String, Refused>;
    }
    struct Memory(u64);
    #[async_trait::async_trait]
    impl Store for Memory {
        #[traced(annotate(id, known = self.0))]
        async fn load(&self, id: u64) -> Result<String, Refused> {
            tokio::task::yield_now().await;
            if id == self.0 { Ok("found".into()) } else { Err(Refused("unknown")) }
        }
    }
    let (child, _) = child_of(|| block_on(Memory(1).load(2)));
    assert!(child.fault);
    assert_eq!((&child.annotations["id"], &child.annotations["known"]), (&2.into(), &1.into()));
}

#[test]
fn a_panic_is_recorded_and_re_raised_untouched() {
    #[traced]
    fn sync() {
        std::panic::panic_any(7_u8);
    }
    #[traced]
    async fn later() {
        tokio::task::yield_now().await;
        panic!("later, {}", 1);
    }
    let (child, payload) = child_of(|| std::panic::catch_unwind(sync).unwrap_err());
    assert!(child.fault);
    assert_eq!(payload.downcast_ref::<u8>(), Some(&7));
    let (child, _) = child_of(|| std::panic::catch_unwind(|| block_on(later())).unwrap_err());
    let exceptions = child.cause.unwrap().exceptions().to_vec();
    assert_eq!((exceptions.len(), exceptions[0].message.as_deref()), (1, Some("later, 1")));
}

#[test]
fn a_dropped_future_is_marked() {
    #[traced]
    async fn forever() {
        std::future::pending::<()>().await;
    }
    let (child, ()) = child_of(|| {
        block_on(async {
            let mut future = Box::pin(forever());
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        });
    });
    assert!(child.error && !child.fault);
}

#[test]
fn segment_opens_a_trace_and_arguments_wait_for_sampling() {
    #[traced(segment, name = format!("job {number}"), annotate(number))]
    fn job(number: u32) {
        step();
    }
    #[traced(annotate(evaluated = never_called()))]
    fn step() {}
    fn never_called() -> bool {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        true
    }
    thread_local!(static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });

    step();
    assert_eq!(CALLS.get(), 0, "not recorded, not evaluated");
    let (documents, ()) = with_recorded_documents(|| job(3));
    assert_eq!((&*documents[0].name, documents[0].subsegments.len(), CALLS.get()), ("job 3", 1, 1));
}
