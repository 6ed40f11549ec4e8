//! Act three: quotes only.
//!
//! Names of ours have the hygiene of the macro (`mixed_site`), so that they neither hide names of the function nor are hidden by them, also where
//! an argument comes out of a `macro_rules`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{AttrStyle, FnArg, Pat, ReturnType, Stmt, Type, parse_quote};

use crate::args::Pair;
use crate::in_place;
use crate::observe::{Names, observe_failure, observe_value};
use crate::plan::{Plan, Shape, future_output};

pub(crate) fn expand(mut plan: Plan) -> TokenStream {
    let kept = keep_arguments(&mut plan);
    let names = Names::new();
    let body = match &plan.shape {
        Shape::Closure => closure_body(&plan, &names, &kept),
        Shape::InPlace => in_place::body(&plan, &names, &begin(&plan, &names)),
        Shape::Async => async_body(&plan, &names, &kept),
        Shape::ReturnsFuture => returned_future(&plan, &names, &kept),
    };
    let (inner, outer): (Vec<_>, Vec<_>) = plan.function.attrs.iter().partition(|attribute| matches!(attribute.style, AttrStyle::Inner(_)));
    let (visibility, signature) = (&plan.function.vis, &plan.function.sig);
    quote! {
        #(#outer)*
        #visibility #signature {
            #(#inner)*
            #body
        }
    }
}

/// Makes the body capture all arguments, as a function owns them all: what it does not use would otherwise be dropped later than it was. The last is
/// named first, since captures are dropped in the order in which they are named. An argument without a name gets one.
fn keep_arguments(plan: &mut Plan) -> TokenStream {
    let mut kept = Vec::new();
    for (number, input) in plan.function.sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                let this = receiver.self_token;
                kept.push(quote!(let _ = &#this;));
            }
            FnArg::Typed(typed) => {
                if let Pat::Wild(_) = &*typed.pat {
                    let name = Ident::new(&format!("_argument{number}"), Span::mixed_site());
                    typed.pat = parse_quote!(#name);
                }
                let mut bound = Bound::default();
                bound.visit_pat(&typed.pat);
                // Resolved where the argument is and located in the expansion, so that no lint takes this for a use in the function.
                bound.0.iter_mut().for_each(|name| name.set_span(Span::mixed_site().resolved_at(name.span())));
                let conditions: Vec<_> = typed.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
                kept.extend(bound.0.iter().map(|name| {
                    // clippy takes even this for a use.
                    let is_unused = name.to_string().starts_with('_');
                    let allow = is_unused.then(|| quote!(#[allow(clippy::used_underscore_binding, reason = "kept until the end")]));
                    quote!(#(#conditions)* #allow let _ = &#name;)
                }));
            }
        }
    }
    kept.into_iter().rev().collect()
}

/// The names that a pattern binds.
#[derive(Default)]
struct Bound(Vec<Ident>);

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.0.push(pattern.ident.clone());
        syn::visit::visit_pat_ident(self, pattern);
    }
}

/// Opens the entity, and looks at the arguments only if it is recorded.
fn begin(plan: &Plan, names: &Names) -> TokenStream {
    let (krate, name, owner) = (&plan.krate, &plan.name, &names.owner);
    let borrowed = &names.value;
    let open = if plan.is_segment { quote!(segment) } else { quote!(subsegment) };
    let namespace = plan.namespace.iter().map(|namespace| quote!(#krate::__private::namespace(&mut #owner, #namespace);));
    let annotations = plan.annotate.iter().map(|Pair { key, value }| {
        quote_spanned! {value.span()=>
            match &(#value) {
                #borrowed => {
                    #[allow(unused_imports, reason = "the type decides which is used")]
                    use #krate::__private::annotated::{ByDisplay as _, ByOption as _, ByReference as _, ByValue as _};
                    #krate::__private::annotate(&mut #owner, #key, (&&&&#krate::__private::annotated::Annotated(#borrowed)).annotation());
                }
            }
        }
    });
    let metadata = plan
        .metadata
        .iter()
        .map(|Pair { key, value }| quote_spanned!(value.span()=> #krate::__private::metadata(&mut #owner, #key, &(#value));));
    let details: TokenStream = namespace.chain(annotations).chain(metadata).collect();
    let record = (!details.is_empty()).then(|| {
        quote! {
            if #owner.is_recording() {
                #details
            }
        }
    });
    let mutability = record.is_some().then(|| quote!(mut));
    quote! {
        let #mutability #owner = #krate::__private::#open(|| #krate::__private::name(#name));
        #record
    }
}

/// A closure that looks at what is returned.
fn finish(plan: &Plan, names: &Names) -> TokenStream {
    let Names { owner, value, .. } = names;
    let (failure, returned) = (observe_failure(plan, names), observe_value(plan, names));
    if failure.is_none() && returned.is_none() {
        return quote!(|_, _| ());
    }
    quote!(|#owner, #value| { #failure #returned })
}

/// Returns the statements of the function's body; in their own braces if they end without a value, which then is a mistake of the body and not of the
/// attribute. Braces around a value would be a lint of their own.
fn statements(plan: &Plan) -> TokenStream {
    let block = &plan.function.block;
    let ends_with_value = match block.stmts.last() {
        Some(Stmt::Expr(_, semicolon)) => semicolon.is_none(),
        Some(Stmt::Macro(last)) => last.semi_token.is_none(),
        Some(Stmt::Local(_) | Stmt::Item(_)) | None => false,
    };
    if ends_with_value { block.stmts.iter().map(ToTokens::to_token_stream).collect() } else { block.to_token_stream() }
}

fn closure_body(plan: &Plan, names: &Names, kept: &TokenStream) -> TokenStream {
    let (krate, statements, owner) = (&plan.krate, statements(plan), &names.owner);
    let (begin, finish) = (begin(plan, names), finish(plan, names));
    let ended = Ident::new("ended", Span::mixed_site());
    let hint = erased_output(&plan.function.sig.output).map(|output| quote!(-> #output));
    quote! {
        #begin
        match #krate::__private::run(#owner, move || #hint { #kept #statements }) {
            #ended => {
                #[allow(unused_imports, reason = "boxed futures have a method of their own")]
                use #krate::__private::EndValue as _;
                #ended.end(#finish)
            }
        }
    }
}

fn async_body(plan: &Plan, names: &Names, kept: &TokenStream) -> TokenStream {
    let (krate, statements, owner) = (&plan.krate, statements(plan), &names.owner);
    let (begin, finish) = (begin(plan, names), finish(plan, names));
    let hint = erased_output(&plan.function.sig.output).filter(|output| !has_never(output)).map(|output| {
        quote! {
            #[allow(
                unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value, clippy::needless_return,
                reason = "gives the type, and never runs"
            )]
            if false {
                let returned: #output = loop {};
                return returned;
            }
        }
    });
    quote! {
        #begin
        #krate::__private::drive(#owner, async move { #kept #hint #statements }, #finish).await
    }
}

fn returned_future(plan: &Plan, names: &Names, kept: &TokenStream) -> TokenStream {
    let (krate, statements, owner) = (&plan.krate, statements(plan), &names.owner);
    let (begin, finish) = (begin(plan, names), finish(plan, names));
    let future = Ident::new("future", Span::mixed_site());
    let output = future_output(&plan.function.sig.output).cloned();
    let hint = match output.map(erased) {
        Some(output) => quote!(#krate::__private::output::<#output>()),
        None => quote!(#krate::__private::output()),
    };
    quote! {
        #begin
        let #future = #krate::__private::enter(&#owner, move || { #kept #statements });
        #krate::__private::drive_to(#owner, #future, #hint, #finish)
    }
}

/// The return type with `_` for each `impl Trait`; nothing when that leaves nothing to say.
fn erased_output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else { return Some(parse_quote!(())) };
    let output = erased((**output).clone());
    (!matches!(output, Type::Infer(_))).then_some(output)
}

fn erased(mut ty: Type) -> Type {
    EraseImplTrait.visit_type_mut(&mut ty);
    ty
}

/// Returns whether the type contains `!`, which a variable cannot have in stable Rust.
fn has_never(ty: &Type) -> bool {
    ty.to_token_stream().into_iter().any(|token| matches!(&token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '!'))
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
