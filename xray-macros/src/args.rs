//! Act one: what was written in the parentheses.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Path, Token};

use crate::mistakes::Mistakes;

/// The arguments as written, each at most once.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<Expr>,
    pub(crate) segment: Option<Span>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) annotate: Vec<Pair>,
    pub(crate) metadata: Vec<Pair>,
    pub(crate) err: Option<Err>,
    pub(crate) ret: Option<Span>,
    pub(crate) krate: Option<Path>,
}

/// `key = expression`, or an argument's name for both.
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: Expr,
}

/// `err`, `err = false`, or `err = classifier`.
pub(crate) enum Err {
    On(Span),
    Off,
    Classifier(Expr),
}

const KNOWN: &str = "name, segment, namespace, annotate(...), metadata(...), err, ret, crate";

impl Arguments {
    /// Reads all arguments, going on after each mistake as far as a comma can be found.
    pub(crate) fn parse(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut arguments = Self::default();
        for argument in split_at_commas(tokens) {
            let span = argument.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
            let mut found = Found { arguments: &mut arguments, mistakes };
            let result = (|input: ParseStream<'_>| found.argument(input)).parse2(argument);
            if let Err(mistake) = result {
                mistakes.add(if mistake.to_string().is_empty() { syn::Error::new(span, "expected an argument") } else { mistake });
            }
        }
        arguments
    }
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (proc_macro2::TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

struct Found<'a> {
    arguments: &'a mut Arguments,
    mistakes: &'a mut Mistakes,
}

impl Found<'_> {
    fn argument(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            return self.krate(input);
        }
        if input.peek(LitStr) {
            let literal: LitStr = input.parse()?;
            return Err(syn::Error::new(literal.span(), format!("write `name = {:?}`", literal.value())));
        }
        let key: Ident = input.parse()?;
        match key.to_string().as_str() {
            "name" => {
                let value = self.value(&key, input)?;
                once(&mut self.arguments.name, value, &key)
            }
            "segment" => once(&mut self.arguments.segment, key.span(), &key),
            "namespace" => {
                let value = self.value(&key, input)?;
                once(&mut self.arguments.namespace, value, &key)
            }
            "annotate" => {
                self.arguments.annotate.extend(pairs(&key, input)?);
                Ok(())
            }
            "metadata" => {
                self.arguments.metadata.extend(pairs(&key, input)?);
                Ok(())
            }
            "err" => {
                let value = err(&key, input)?;
                once(&mut self.arguments.err, value, &key)
            }
            "ret" => once(&mut self.arguments.ret, key.span(), &key),
            "skip" | "skip_all" | "fields" | "level" | "target" => {
                self.mistakes.add(syn::Error::new(key.span(), hint_for_tracing(&key)));
                input.parse::<TokenStream>().map(drop)
            }
            _ => Err(syn::Error::new(key.span(), format!("unknown argument `{key}`, expected one of {KNOWN}"))),
        }?;
        if input.is_empty() { Ok(()) } else { Err(input.error(format!("unexpected after `{key}`"))) }
    }

    fn krate(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let keyword: Token![crate] = input.parse()?;
        input.parse::<Token![=]>()?;
        let path = Path::parse_mod_style(input)?;
        once(&mut self.arguments.krate, path, &Ident::new("krate", keyword.span))
    }

    fn value<T: Parse>(&self, key: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
        if input.is_empty() {
            return Err(syn::Error::new(key.span(), format!("`{key}` needs a value: `{key} = ...`")));
        }
        input.parse::<Token![=]>()?;
        input.parse()
    }
}

fn once<T>(slot: &mut Option<T>, value: T, key: &Ident) -> syn::Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(syn::Error::new(key.span(), format!("`{key}` is given twice"))),
    }
}

fn err(key: &Ident, input: ParseStream<'_>) -> syn::Result<Err> {
    if input.is_empty() {
        return Ok(Err::On(key.span()));
    }
    input.parse::<Token![=]>()?;
    if input.peek(syn::LitBool) {
        let flag: syn::LitBool = input.parse()?;
        return Ok(if flag.value { Err::On(flag.span) } else { Err::Off });
    }
    input.parse().map(Err::Classifier)
}

fn pairs(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Pair>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), format!("write `{key}(key = expression, argument)`")));
    }
    let content;
    syn::parenthesized!(content in input);
    let pairs: Punctuated<Pair, Token![,]> = content.parse_terminated(Pair::parse, Token![,])?;
    Ok(pairs.into_iter().collect())
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Self { key: key.value(), value: input.parse()? });
        }
        if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Self { key: key.unraw().to_string(), value: input.parse()? });
        }
        let value: Expr = input.parse()?;
        let key = short_key(&value).ok_or_else(|| syn::Error::new_spanned(&value, "give the value a key: `key = expression`"))?;
        Ok(Self { key, value })
    }
}

/// `order` for `order`, `id` for `order.id`, also behind `&` and `*`.
fn short_key(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => path.path.get_ident().map(|name| name.unraw().to_string()),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name.unraw().to_string()),
            syn::Member::Unnamed(_) => None,
        },
        Expr::Reference(reference) => short_key(&reference.expr),
        Expr::Unary(unary) => short_key(&unary.expr),
        _ => None,
    }
}

fn hint_for_tracing(key: &Ident) -> String {
    match key.to_string().as_str() {
        "skip" | "skip_all" => {
            format!("`{key}` is not needed: arguments are recorded only when listed in `annotate(...)` or `metadata(...)`")
        }
        "fields" => "write `annotate(...)` for values to search by, `metadata(...)` for others".to_owned(),
        _ => format!("`{key}` belongs to #[tracing::instrument]; sampling decides what is recorded here"),
    }
}
