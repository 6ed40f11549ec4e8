//! The body of a function that stays where it is, with the places where it ends observed.
//!
//! The value of the tail, of each `return` and the error of each `?` are looked at on their way out. What a macro returns, such as `bail!`, is not
//! seen: its tokens are its own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{Block, Expr, Stmt, parse_quote};

use crate::observe::{Names, observe_failure, observe_value};
use crate::plan::{ErrPlan, Plan};

/// The statements of the function between the begin and the end of its entity.
pub(crate) fn body(plan: &Plan, names: &Names, begin: &TokenStream) -> TokenStream {
    let (krate, owner) = (&plan.krate, &names.owner);
    let mut block = (*plan.function.block).clone();
    let mut exits = Exits { plan, names };
    exits.visit_block_mut(&mut block);
    exits.observe_tail(&mut block);
    let statements = &block.stmts;
    quote! {
        #begin
        #[allow(unused_mut, unused_variables, reason = "only what is observed changes it")]
        let mut #owner = #krate::__private::entered(#owner);
        #(#statements)*
    }
}

struct Exits<'a> {
    plan: &'a Plan,
    names: &'a Names,
}

impl Exits<'_> {
    fn observed(&self, expression: &Expr, statements: &TokenStream) -> Expr {
        let (krate, Names { owner, value, .. }) = (&self.plan.krate, self.names);
        parse_quote!(#krate::__private::observed(&mut #owner, #expression, |#owner, #value| { #statements }))
    }

    /// Observes what the function returns here.
    fn exit(&self, expression: &mut Expr) {
        let (failure, value) = (observe_failure(self.plan, self.names), observe_value(self.plan, self.names));
        if failure.is_some() || value.is_some() {
            *expression = self.observed(expression, &quote!(#failure #value));
        }
    }

    /// Observes an error before it is converted. A classifier takes the error of the function, which that may not be.
    fn question(&self, expression: &mut Expr) {
        if let (ErrPlan::IfResult | ErrPlan::Fault, Some(failure)) = (&self.plan.outcome.err, observe_failure(self.plan, self.names)) {
            *expression = self.observed(expression, &failure);
        }
    }

    fn observe_tail(&self, block: &mut Block) {
        if let Some(Stmt::Expr(tail, None)) = block.stmts.last_mut()
            && !matches!(tail, Expr::Return(_))
        {
            self.exit(tail);
        }
    }
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            // Their exits are not those of the function.
            Expr::Closure(_) | Expr::Async(_) | Expr::TryBlock(_) => return,
            _ => visit_expr_mut(self, expression),
        }
        match expression {
            Expr::Return(exit) => {
                if let Some(value) = &mut exit.expr {
                    self.exit(value);
                }
            }
            Expr::Try(question) => self.question(&mut question.expr),
            _ => {}
        }
    }

    /// Functions inside have exits of their own.
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
