//! X-Ray filter expressions: `service("api") { fault } AND responsetime > 2`.
//!
//! ```text
//! expr       = or
//! or         = and { "OR" and }
//! and        = unary { [ "AND" ] unary }          (two terms side by side mean AND)
//! unary      = ( "!" | "NOT" ) unary | "(" expr ")" | term
//! term       = ( service | edge | rootcause | annotation | keyword ) [ op value ]
//! service    = "service" "(" [ selector ] ")" [ "{" expr "}" ]
//! edge       = "edge" "(" selector "," selector ")" [ "{" expr "}" ]
//! rootcause  = "rootcause." kind [ "{" expr "}" ]  |  "rootcause.json" "=" "#" jsonarray
//! kind       = ("fault"|"error") ("." ("service"|"entity"|"exception")) | "responsetime." ("service"|"entity")
//! selector   = string | "id" "(" field { "," field } ")"
//! field      = ( "name" | "type" | "account.id" ) ":" string
//! annotation = "annotation." ident | "annotation" "[" ( ident | string ) "]"
//! op         = "=" | "!=" | "<" | "<=" | ">" | ">=" | "CONTAINS" | "BEGINSWITH" | "ENDSWITH"
//! value      = number | string | "true" | "false"
//! ```
//!
//! Keywords and word operators know no case, strings do. `!` binds tighter than AND, AND tighter than OR. Sources: the X-Ray
//! developer guide, "Use filter expressions", and the GetTraceSummaries API reference; typographic quotes, `NOT` and
//! parentheses are taken too, since people use them.
//!
//! [`Expression::parse`] gives a tree or says what is wrong where; [`Expression::matches`] evaluates it on [`TraceFacts`].

mod ast;
mod evaluate;
mod facts;
mod keyword;
mod lexer;
mod parser;
mod root_cause;

pub use ast::{Expression, Selector};
pub use facts::{AnnotationFact, EdgeFacts, EntityFacts, ExceptionFacts, NodeFacts, RootCauseFacts, RootCauseService, TraceFacts};
pub use lexer::ParseError;

#[cfg(test)]
mod tests;
