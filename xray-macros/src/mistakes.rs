//! Collects mistakes, so that all of them are shown at once.

use proc_macro2::TokenStream;

#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(crate) fn add(&mut self, mistake: syn::Error) {
        match &mut self.0 {
            Some(mistakes) => mistakes.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    /// Keeps the value or the mistake.
    pub(crate) fn check<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The mistakes, and the item as it was, so that its users do not fail too.
    pub(crate) fn into_tokens(self, item: TokenStream) -> TokenStream {
        let mut tokens = self.0.map(syn::Error::into_compile_error).unwrap_or_default();
        tokens.extend(item);
        tokens
    }
}
