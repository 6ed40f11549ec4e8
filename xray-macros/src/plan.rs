//! Act two: what it means, as plain data.

use proc_macro2::{Span, TokenStream};
use syn::{Block, Expr, Ident, ItemFn, Path, ReturnType, Stmt, Type};

use crate::args::{Arguments, Err, Pair};
use crate::mistakes::Mistakes;

pub(crate) struct Plan {
    pub(crate) function: ItemFn,
    pub(crate) shape: Shape,
    pub(crate) krate: Path,
    pub(crate) name: Expr,
    pub(crate) is_segment: bool,
    pub(crate) namespace: Option<syn::LitStr>,
    pub(crate) annotate: Vec<Pair>,
    pub(crate) metadata: Vec<Pair>,
    pub(crate) outcome: Outcome,
}

/// Where the work is.
pub(crate) enum Shape {
    /// `fn`: in the body.
    Sync,
    /// `async fn`: in the body, as a future.
    Async,
    /// `fn` that ends in `Box::pin(async move { .. })`, as `async_trait` writes it: in that block.
    Pinned(Box<PinnedTail>),
    /// `fn -> impl Future`: in the future returned.
    ReturnsFuture,
}

pub(crate) struct PinnedTail {
    pub(crate) before: Vec<Stmt>,
    pub(crate) pin: Expr,
    pub(crate) future: Expr,
}

/// What of the returned value is recorded.
pub(crate) struct Outcome {
    pub(crate) err: ErrPlan,
    pub(crate) ret: bool,
}

pub(crate) enum ErrPlan {
    Off,
    Fault,
    Classified(Expr),
}

const NAMESPACES: [&str; 2] = ["aws", "remote"];

impl Plan {
    pub(crate) fn make(arguments: Arguments, item: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let function = mistakes.check(syn::parse2::<ItemFn>(item.clone()).map_err(|_| not_a_function(&item)))?;
        check_function(&function, mistakes);
        check_arguments(&arguments, mistakes);
        let shape = Shape::of(&function);
        let outcome = Outcome::of(&arguments, &function, &shape, mistakes);
        let name = arguments.name.unwrap_or_else(|| default_name(&function.sig.ident));
        Some(Self {
            shape,
            krate: arguments.krate.unwrap_or_else(|| syn::parse_quote!(::xray_sdk)),
            name,
            is_segment: arguments.segment.is_some(),
            namespace: arguments.namespace,
            annotate: arguments.annotate,
            metadata: arguments.metadata,
            outcome,
            function,
        })
    }
}

fn not_a_function(item: &TokenStream) -> syn::Error {
    let span = item.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    syn::Error::new(span, "#[traced] goes on a function or method with a body")
}

fn default_name(ident: &Ident) -> Expr {
    let name = ident.to_string();
    let name = name.strip_prefix("r#").unwrap_or(&name);
    syn::parse_quote!(#name)
}

fn check_function(function: &ItemFn, mistakes: &mut Mistakes) {
    if let Some(constness) = &function.sig.constness {
        mistakes.add(syn::Error::new(constness.span, "a const fn cannot be traced: recording happens at run time"));
    }
}

fn check_arguments(arguments: &Arguments, mistakes: &mut Mistakes) {
    if let Some(namespace) = &arguments.namespace {
        if !NAMESPACES.contains(&namespace.value().as_str()) {
            mistakes
                .add(syn::Error::new(namespace.span(), "X-Ray knows the namespaces \"aws\" and \"remote\"; leave it out for local work"));
        }
        if arguments.segment.is_some() {
            mistakes.add(syn::Error::new(namespace.span(), "a segment has no namespace: it is this service's own work"));
        }
    }
    for pair in &arguments.annotate {
        let is_key = !pair.key.is_empty() && pair.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_key {
            mistakes.add(syn::Error::new_spanned(
                &pair.value,
                format!("X-Ray refuses the annotation key `{}`: use letters, digits and _", pair.key),
            ));
        }
    }
}

impl Shape {
    fn of(function: &ItemFn) -> Self {
        if function.sig.asyncness.is_some() {
            return Self::Async;
        }
        match pinned_tail(&function.block) {
            Some(tail) => Self::Pinned(Box::new(tail)),
            None if returns_impl_future(&function.sig.output) => Self::ReturnsFuture,
            None => Self::Sync,
        }
    }
}

/// Recognises the tail `Box::pin(async move { .. })`, which `async_trait` and people write.
fn pinned_tail(block: &Block) -> Option<PinnedTail> {
    let (Stmt::Expr(Expr::Call(call), None), before) = block.stmts.split_last()? else { return None };
    let Expr::Path(path) = &*call.func else { return None };
    let mut names = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let is_box_pin = names.next().as_deref() == Some("pin") && names.next().as_deref() == Some("Box");
    match (is_box_pin, call.args.len(), call.args.first()) {
        (true, 1, Some(future @ Expr::Async(_))) => {
            Some(PinnedTail { before: before.to_vec(), pin: (*call.func).clone(), future: future.clone() })
        }
        _ => None,
    }
}

fn returns_impl_future(output: &ReturnType) -> bool {
    let ReturnType::Type(_, returned) = output else { return false };
    let Type::ImplTrait(returned) = &**returned else { return false };
    returned.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|segment| segment.ident == "Future"),
        _ => false,
    })
}

impl Outcome {
    fn of(arguments: &Arguments, function: &ItemFn, shape: &Shape, mistakes: &mut Mistakes) -> Self {
        let is_result = returns_result(&function.sig.output, shape);
        let err = match &arguments.err {
            Some(Err::Off) => ErrPlan::Off,
            Some(Err::Classifier(classifier)) => ErrPlan::Classified(classifier.clone()),
            Some(Err::On(span)) if is_result == Some(false) => {
                mistakes.add(syn::Error::new(*span, "`err` needs a function that returns a Result"));
                ErrPlan::Off
            }
            Some(Err::On(_)) => ErrPlan::Fault,
            None if is_result == Some(true) => ErrPlan::Fault,
            None => ErrPlan::Off,
        };
        Self { err, ret: arguments.ret.is_some() }
    }
}

/// Whether the function returns a `Result`; `None` when its signature does not tell, as with type aliases of futures.
fn returns_result(output: &ReturnType, shape: &Shape) -> Option<bool> {
    let ReturnType::Type(_, returned) = output else { return Some(false) };
    match shape {
        Shape::Sync | Shape::Async => Some(is_result(returned)),
        Shape::Pinned(_) | Shape::ReturnsFuture => future_output(returned).map(is_result),
    }
}

fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident.to_string().ends_with("Result")),
        Type::Paren(inner) => is_result(&inner.elem),
        Type::Group(inner) => is_result(&inner.elem),
        _ => false,
    }
}

/// Finds `Output = T` in `impl Future<Output = T>` and `Pin<Box<dyn Future<Output = T> + Send>>`.
fn future_output(ty: &Type) -> Option<&Type> {
    let bounds = match ty {
        Type::ImplTrait(returned) => &returned.bounds,
        Type::TraitObject(returned) => &returned.bounds,
        Type::Path(path) => {
            let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
            return arguments.args.iter().find_map(|argument| match argument {
                syn::GenericArgument::Type(inner) => future_output(inner),
                _ => None,
            });
        }
        _ => return None,
    };
    bounds.iter().find_map(|bound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
            _ => None,
        })
    })
}
