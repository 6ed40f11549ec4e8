//! Statements that look at what a function returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::plan::{ErrPlan, Plan};

/// Names of ours in the expansion.
pub(crate) struct Names {
    /// The open segment or subsegment.
    pub(crate) owner: Ident,
    /// A borrow of the returned value.
    pub(crate) value: Ident,
    error: Ident,
}

impl Names {
    pub(crate) fn new() -> Self {
        let name = |text| Ident::new(text, Span::mixed_site());
        Self { owner: name("xray"), value: name("value"), error: name("error") }
    }
}

/// Statements that record an `Err`.
pub(crate) fn observe_failure(plan: &Plan, Names { owner, value, error }: &Names) -> Option<TokenStream> {
    let krate = &plan.krate;
    let private = quote!(#krate::__private::describe);
    // The trait that fits first describes the error; without names, so that nothing of the function is hidden.
    let described = quote! {
        #[allow(unused_imports, reason = "the type decides which is used")]
        use #private::{
            ByDebug as _, ByDisplay as _, ByError as _, ByInnerError as _, ByLocalError as _, ByResult as _, ByStatus as _, ByType as _, Other as _,
        };
    };
    let describe = quote!(|| (&&&&&&#private::Described(#error)).describe());
    let classification = quote!((&&#private::Described(#error)).classification());
    match &plan.outcome.err {
        ErrPlan::Off => None,
        ErrPlan::IfResult => Some(quote! {
            #described
            if let ::core::option::Option::Some(#error) = (&&#private::Outcome(#value)).error() {
                #krate::__private::failure(#owner, #classification, #describe);
            }
        }),
        ErrPlan::Fault => Some(quote! {
            #described
            if let ::core::result::Result::Err(#error) = #value {
                #krate::__private::failure(#owner, #classification, #describe);
            }
        }),
        ErrPlan::Classified(classifier) => Some(quote_spanned! {classifier.span()=>
            #described
            if let ::core::result::Result::Err(#error) = #value {
                #krate::__private::failure(#owner, #krate::__private::classify(#classifier, #error), #describe);
            }
        }),
    }
}

/// Statements that record the value, of a `Result` its `Ok`.
pub(crate) fn observe_value(plan: &Plan, Names { owner, value, .. }: &Names) -> Option<TokenStream> {
    let krate = &plan.krate;
    plan.outcome.ret.then(|| match &plan.outcome.err {
        ErrPlan::Fault | ErrPlan::Classified(_) => quote! {
            if let ::core::result::Result::Ok(#value) = #value {
                #krate::__private::returned(#owner, #value);
            }
        },
        ErrPlan::IfResult => quote! {
            (&&#krate::__private::describe::Outcome(#value)).returned(#owner);
        },
        ErrPlan::Off => quote!(#krate::__private::returned(#owner, #value);),
    })
}
