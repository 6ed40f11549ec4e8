//! The `#[traced]` attribute of `xray-sdk`, where it is documented and tested.
//!
//! Three acts: `args` reads what was written, `plan` says what it means, `expand` only quotes (with `observe` and `in_place`). All mistakes are collected
//! and shown at once.

mod mistakes;

mod args;

mod plan;

mod observe;

mod in_place;

mod expand;

use proc_macro::TokenStream;

/// Records a function as a subsegment, or with `segment` as a segment. Documented at `xray_sdk::traced`.
#[proc_macro_attribute]
pub fn traced(attribute: TokenStream, item: TokenStream) -> TokenStream {
    traced_tokens(attribute.into(), item.into()).into()
}

/// The whole macro on tokens that tests can make.
fn traced_tokens(attribute: proc_macro2::TokenStream, item: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut mistakes = mistakes::Mistakes::default();
    let arguments = args::Arguments::parse(attribute, &mut mistakes);
    match plan::Plan::make(arguments, item.clone(), &mut mistakes) {
        Some(plan) if mistakes.is_empty() => expand::expand(plan),
        _ => mistakes.into_tokens(item),
    }
}

#[cfg(test)]
mod tests;
