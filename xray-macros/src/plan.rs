//! Act two: what it means, as plain data.

use proc_macro2::{Span, TokenStream};
use syn::visit::Visit;
use syn::{Expr, Ident, ItemFn, Path, ReturnType, Type};

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
    /// `fn`: in the body, which runs in a closure, so that what it returns is seen. A boxed future that it returns is wrapped.
    Closure,
    /// `fn`: in the body, which stays where it is: a closure would change the location that `#[track_caller]` gives, or lose what the signature
    /// says about a closure that is returned.
    InPlace,
    /// `async fn`: in the body, as a future.
    Async,
    /// `fn -> impl Future`: in the future returned.
    ReturnsFuture,
}

/// What of the returned value is recorded.
pub(crate) struct Outcome {
    pub(crate) err: ErrPlan,
    pub(crate) ret: bool,
}

pub(crate) enum ErrPlan {
    /// `err = false`, or nothing that could fail.
    Off,
    /// An `Err` is a fault, if the type of the value turns out to be a `Result`.
    IfResult,
    /// `err`: the value has to be a `Result`.
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
        let outcome = Outcome::of(&arguments, &function, mistakes);
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
    if let ReturnType::Type(_, returned) = &function.sig.output
        && !is_impl(returned, "Future")
        && let Some(inner) = find_impl(returned, &["Future", "Stream"])
    {
        mistakes.add(syn::Error::new_spanned(inner, NOT_WRAPPED));
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

/// A wrapped one would be of another type.
const NOT_WRAPPED: &str = "what is returned here does its work later, outside of this function: trace the function that awaits it, \
    or use `.in_subsegment(\"...\")` on it (`xray_sdk::FutureExt`, `xray_sdk::stream`)";

impl Shape {
    fn of(function: &ItemFn) -> Self {
        let tracks_caller = function.attrs.iter().any(|attribute| attribute.path().is_ident("track_caller"));
        match &function.sig.output {
            _ if function.sig.asyncness.is_some() => Self::Async,
            ReturnType::Type(_, returned) if is_impl(returned, "Future") => Self::ReturnsFuture,
            ReturnType::Type(_, returned) if tracks_caller || has_impl(returned) && !is_result(returned) => Self::InPlace,
            _ if tracks_caller => Self::InPlace,
            _ => Self::Closure,
        }
    }
}

/// Returns whether the type is `impl Name<..>`.
fn is_impl(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::ImplTrait(returned) if names_trait(returned, name))
}

fn names_trait(returned: &syn::TypeImplTrait, name: &str) -> bool {
    returned.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|segment| segment.ident == name),
        _ => false,
    })
}

/// Returns whether the type contains an `impl Trait`.
fn has_impl(ty: &Type) -> bool {
    let mut found = Impls { names: &[], first: None };
    found.visit_type(ty);
    found.first.is_some()
}

/// Finds `impl Name` for one of these names.
fn find_impl<'ast>(ty: &'ast Type, names: &'static [&'static str]) -> Option<&'ast syn::TypeImplTrait> {
    let mut found = Impls { names, first: None };
    found.visit_type(ty);
    found.first
}

/// Visits the types that a function returns; those in the signatures of closures and trait objects are others'.
struct Impls<'ast> {
    /// Traits to look for; empty for any trait.
    names: &'static [&'static str],
    first: Option<&'ast syn::TypeImplTrait>,
}

impl<'ast> Visit<'ast> for Impls<'ast> {
    fn visit_type_impl_trait(&mut self, returned: &'ast syn::TypeImplTrait) {
        let is_wanted = self.names.is_empty() || self.names.iter().any(|name| names_trait(returned, name));
        self.first = self.first.or(is_wanted.then_some(returned));
    }

    fn visit_type_bare_fn(&mut self, _: &'ast syn::TypeBareFn) {}

    fn visit_type_trait_object(&mut self, _: &'ast syn::TypeTraitObject) {}
}

impl Outcome {
    fn of(arguments: &Arguments, function: &ItemFn, mistakes: &mut Mistakes) -> Self {
        let may_fail = may_be_result(&function.sig.output);
        let err = match &arguments.err {
            Some(Err::Off) => ErrPlan::Off,
            Some(Err::Classifier(classifier)) => ErrPlan::Classified(classifier.clone()),
            Some(Err::On(span)) if !may_fail => {
                mistakes.add(syn::Error::new(*span, "`err` needs a function that returns a Result"));
                ErrPlan::Off
            }
            Some(Err::On(_)) => ErrPlan::Fault,
            None if may_fail => ErrPlan::IfResult,
            None => ErrPlan::Off,
        };
        Self { err, ret: arguments.ret.is_some() }
    }
}

/// Returns whether the signature allows that a `Result` is returned: a name may be an alias of one, or of a future.
fn may_be_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, returned) = output else { return false };
    match &**returned {
        Type::Path(_) | Type::Macro(_) | Type::Infer(_) => true,
        Type::ImplTrait(returned) => names_trait(returned, "Future"),
        Type::Paren(inner) => may_be_result(&ReturnType::Type(Default::default(), inner.elem.clone())),
        Type::Group(inner) => may_be_result(&ReturnType::Type(Default::default(), inner.elem.clone())),
        _ => false,
    }
}

/// Returns whether the type is spelled `Result`.
fn is_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Result"))
}

/// Finds `T` in `impl Future<Output = T>`.
pub(crate) fn future_output(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, returned) = output else { return None };
    let Type::ImplTrait(returned) = &**returned else { return None };
    returned.bounds.iter().find_map(|bound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
            _ => None,
        })
    })
}
