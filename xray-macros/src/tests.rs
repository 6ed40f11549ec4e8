//! Expansions as people read them. The macro's behaviour is tested in `xray-sdk`.

use quote::quote;

use super::traced_tokens;

/// One statement or brace a line, so that a difference shows where it is.
fn lines(tokens: proc_macro2::TokenStream) -> String {
    tokens.to_string().replace("; ", ";\n").replace("{ ", "{\n").replace(" }", "\n}")
}

#[test]
fn a_function_becomes_a_call_in_a_subsegment() {
    let expanded = traced_tokens(
        quote!(annotate(order.id)),
        quote!(
            fn price(order: &Order) -> u64 {
                order.total()
            }
        ),
    );
    insta::assert_snapshot!(lines(expanded));
}

#[test]
fn an_async_function_that_returns_a_result_records_its_error() {
    let expanded = traced_tokens(
        quote!(),
        quote!(
            pub async fn charge(id: u64) -> Result<impl Display, Error> {
                gateway(id).await
            }
        ),
    );
    insta::assert_snapshot!(lines(expanded));
}

#[test]
fn a_boxed_future_is_traced_inside() {
    let item = quote!(
        fn run(&self) -> Pin<Box<dyn Future<Output = Result<(), E>> + Send + '_>> {
            Box::pin(async move { self.go().await })
        }
    );
    insta::assert_snapshot!(lines(traced_tokens(quote!(segment, name = "job", ret, err = classify), item)));
}

#[test]
fn a_returned_future_is_driven() {
    insta::assert_snapshot!(lines(traced_tokens(
        quote!(crate = my::xray),
        quote!(
            fn go() -> impl Future<Output = ()> {
                ready(())
            }
        )
    )));
}
