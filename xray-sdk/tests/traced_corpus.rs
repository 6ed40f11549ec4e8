//! Two hundred functions with `#[traced]` and without: the same code compiles both times, under the same lints, and does the same.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs)]
#![allow(clippy::unwrap_used, unsafe_code, reason = "tests")]

use std::cell::RefCell;

thread_local! {
    /// Drops and notes, in the order in which they happen.
    static NOTES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

macro_rules! corpus {
    ($module:ident, $shape:path) => {
        #[allow(dead_code, unreachable_pub, unnecessary_transmutes, reason = "the shapes are what is tested")]
        // Those that the functions break without the attribute; with it they break no other.
        #[allow(
            clippy::boxed_local,
            clippy::cast_possible_truncation,
            clippy::drop_non_drop,
            clippy::elidable_lifetime_names,
            clippy::future_not_send,
            clippy::implicit_clone,
            clippy::let_and_return,
            clippy::literal_string_with_formatting_args,
            clippy::manual_async_fn,
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_value,
            clippy::needless_return,
            clippy::redundant_clone,
            clippy::redundant_closure,
            clippy::redundant_pub_crate,
            clippy::string_slice,
            clippy::too_many_arguments,
            clippy::too_many_lines,
            clippy::toplevel_ref_arg,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_unit,
            reason = "the shapes are what is tested"
        )]
        mod $module {
            use std::any::type_name;
            use std::borrow::Cow;
            use std::collections::BTreeMap;
            use std::error::Error;
            use std::fmt::{self, Debug, Display};
            use std::marker::PhantomData;
            use std::ops::ControlFlow;
            use std::panic::{Location, catch_unwind, panic_any};
            use std::pin::{Pin, pin};
            use std::rc::Rc;
            use std::sync::{Arc, Mutex, MutexGuard};
            use std::task::Poll;

            use futures_util::FutureExt as _;
            use futures_util::future::{BoxFuture, LocalBoxFuture};
            use tokio::task::yield_now;
            use $shape as shape;

            use super::NOTES;

            type Boxed = Box<dyn Error + Send + Sync>;
            type Alias<T> = Result<T, Boxed>;

            #[derive(Debug, Default)]
            struct Refused;

            impl Display for Refused {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("refused")
                }
            }

            impl Error for Refused {}

            #[derive(Debug)]
            struct Pair {
                left: u8,
                right: u8,
            }

            #[derive(Debug)]
            struct Wrapped<T>(T);

            #[derive(Debug)]
            struct Fixed<const N: usize>([u8; N]);

            #[derive(Debug)]
            struct SearchResult(u8);

            #[derive(Debug)]
            struct MyResult<T>(T);

            #[derive(Debug)]
            struct Countdown(u8);

            #[derive(Debug)]
            struct Noted(&'static str);

            trait CountZeros {
                fn count_zeros_of(self) -> u8;
            }

            impl CountZeros for u8 {
                fn count_zeros_of(self) -> u8 {
                    self.count_zeros() as Self
                }
            }

            fn text() -> String {
                "text".to_owned()
            }

            fn note(text: &'static str) {
                NOTES.with_borrow_mut(|notes| notes.push(text));
            }

            fn block_on<F: Future>(future: F) -> F::Output {
                tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
            }

            fn observed<T: Debug>(work: impl FnOnce() -> T) -> String {
                let result = format!("{:?}", work());
                format!("{result} {:?}", NOTES.take())
            }

            include!("corpus/functions.rs");
        }
    };
}

corpus!(without, rustversion::stable);
corpus!(with, xray_sdk::traced);

#[test]
fn two_hundred_functions_do_the_same_with_the_attribute() {
    std::panic::set_hook(Box::new(|_| ()));
    let expected = without::results();
    let (documents, traced) = xray_sdk::testing::with_recorded_documents(|| {
        let segment = xray_sdk::Segment::begin("corpus");
        segment.context().in_scope(with::results)
    });
    assert_eq!(traced, expected);
    let recorded: usize = documents.iter().map(count).sum();
    assert!(expected.len() >= 200 && recorded > expected.len(), "{} calls, {recorded} documents", expected.len());
}

fn count(document: &telemetry_wire::Document) -> usize {
    1 + document.subsegments.iter().map(count).sum::<usize>()
}
