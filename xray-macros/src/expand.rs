//! Act three: quotes only.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{ReturnType, Type, parse_quote};

use crate::args::Pair;
use crate::plan::{ErrPlan, PinnedTail, Plan, Shape};

pub(crate) fn expand(plan: Plan) -> TokenStream {
    let begin = begin(&plan);
    let finish = finish(&plan);
    let body = match &plan.shape {
        Shape::Sync => sync_body(&plan, &begin, &finish),
        Shape::Async => async_body(&plan, &begin, &finish),
        Shape::Pinned(tail) => pinned_body(&plan, tail, &begin, &finish),
        Shape::ReturnsFuture => returned_future(&plan, &begin, &finish),
    };
    let (attributes, visibility, signature) = (&plan.function.attrs, &plan.function.vis, &plan.function.sig);
    quote! {
        #(#attributes)*
        #visibility #signature {
            #body
        }
    }
}

/// Opens the entity as `__xray`, and looks at the arguments only if it is recorded.
fn begin(plan: &Plan) -> TokenStream {
    let (krate, name) = (&plan.krate, &plan.name);
    let open = if plan.is_segment { quote!(segment) } else { quote!(subsegment) };
    let namespace = plan.namespace.iter().map(|namespace| quote!(__xray.namespace(#namespace);));
    let annotations = plan
        .annotate
        .iter()
        .map(|Pair { key, value }| quote_spanned!(value.span()=> __xray.annotate(#key, #krate::__private::annotation(&(#value)));));
    let metadata = plan
        .metadata
        .iter()
        .map(|Pair { key, value }| quote_spanned!(value.span()=> __xray.metadata(#key, #krate::__private::shared(&(#value)));));
    let details: TokenStream = namespace.chain(annotations).chain(metadata).collect();
    let record = (!details.is_empty()).then(|| {
        quote! {
            if __xray.is_recording() {
                #details
            }
        }
    });
    let mutability = record.is_some().then(|| quote!(mut));
    quote! {
        let #mutability __xray = #krate::__private::#open(|| #krate::__private::name(#name));
        #record
    }
}

/// A closure that looks at the result.
fn finish(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    let describe = quote! {{
        use #krate::__private::describe::*;
        (&&&&&&Described(__error)).describe()
    }};
    let fault = match &plan.outcome.err {
        ErrPlan::Off => None,
        ErrPlan::Fault => Some(quote!(__xray.failure(#krate::Classification::Fault, || #describe);)),
        ErrPlan::Classified(classifier) => {
            Some(quote_spanned!(classifier.span()=> __xray.failure(#krate::__private::classify(#classifier, __error), || #describe);))
        }
    };
    let returned = |value: TokenStream| plan.outcome.ret.then(|| quote!(__xray.metadata("return", ::std::format!("{:?}", #value));));
    match fault {
        Some(fault) => {
            let ok = returned(quote!(__ok));
            let pattern = if ok.is_some() { quote!(__ok) } else { quote!(_) };
            quote! {
                |__xray, __result| match __result {
                    ::core::result::Result::Ok(#pattern) => { #ok }
                    ::core::result::Result::Err(__error) => { #fault }
                }
            }
        }
        None => match returned(quote!(__result)) {
            Some(returned) => quote!(|__xray, __result| { #returned }),
            None => quote!(|_, _| ()),
        },
    }
}

fn sync_body(plan: &Plan, begin: &TokenStream, finish: &TokenStream) -> TokenStream {
    let (krate, block) = (&plan.krate, &plan.function.block);
    let output = erased_output(&plan.function.sig.output);
    let hint = output.as_ref().map(|output| quote!(-> #output));
    let body = if hint.is_some() { quote!(#block) } else { quote!({ #block }) };
    quote! {
        #begin
        #krate::__private::call(__xray, move || #hint #body, #finish)
    }
}

fn async_body(plan: &Plan, begin: &TokenStream, finish: &TokenStream) -> TokenStream {
    let (krate, block) = (&plan.krate, &plan.function.block);
    let hint = erased_output(&plan.function.sig.output).map(|output| {
        quote! {
            #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value, clippy::needless_return, reason = "tells the type, never runs")]
            if false {
                let __returned: #output = loop {};
                return __returned;
            }
        }
    });
    quote! {
        #begin
        #krate::__private::drive(__xray, async move { #hint #block }, #finish).await
    }
}

fn pinned_body(plan: &Plan, tail: &PinnedTail, begin: &TokenStream, finish: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let PinnedTail { before, pin, future } = tail;
    quote! {
        #(#before)*
        #pin(async move {
            #begin
            #krate::__private::drive(__xray, #future, #finish).await
        })
    }
}

fn returned_future(plan: &Plan, begin: &TokenStream, finish: &TokenStream) -> TokenStream {
    let (krate, block) = (&plan.krate, &plan.function.block);
    quote! {
        #begin
        let __future = #krate::__private::enter(&__xray, move || #block);
        #krate::__private::drive(__xray, __future, #finish)
    }
}

/// The return type with `_` for each `impl Trait`; nothing when that leaves nothing to say.
fn erased_output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else { return Some(parse_quote!(())) };
    let mut output = (**output).clone();
    EraseImplTrait.visit_type_mut(&mut output);
    (!matches!(output, Type::Infer(_))).then_some(output)
}

struct EraseImplTrait;

impl VisitMut for EraseImplTrait {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => *ty = parse_quote!(_),
            // An `impl Trait` in here belongs to an argument or a projection, where `_` may not stand.
            Type::BareFn(_) | Type::TraitObject(_) => {}
            _ => visit_type_mut(self, ty),
        }
    }
}
