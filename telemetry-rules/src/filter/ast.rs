//! The tree of a parsed expression.

use super::keyword::{Flag, Number, Text};

/// A parsed filter expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(pub(super) Node);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Matches everything: the empty expression.
    Everything,
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Flag(Flag, bool),
    Number(Number, Compare, f64),
    /// The number is there at all.
    HasNumber(Number),
    Text(Text, TextOp, String),
    /// The text is there at all.
    HasText(Text),
    Annotation(String, Option<(Compare, Scalar)>),
    AnnotationText(String, TextOp, String),
    Service(Option<Selector>, Option<Box<Node>>),
    Edge(Selector, Selector, Option<Box<Node>>),
    RootCause(RootCauseKind, Option<Box<Node>>),
    RootCauseJson(Vec<serde_json::Value>),
}

/// Names a node of the service graph; what is not given matches any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Any of the service's names.
    pub name: Option<String>,
    /// `AWS::EC2::Instance`, `remote`, ...
    pub kind: Option<String>,
    /// The account.
    pub account_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOp {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

impl TextOp {
    pub(super) fn holds(self, text: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => text == wanted,
            Self::NotEqual => text != wanted,
            Self::Contains => text.contains(wanted),
            Self::BeginsWith => text.starts_with(wanted),
            Self::EndsWith => text.ends_with(wanted),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Number(f64),
    Bool(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Fault,
    Error,
    ResponseTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Service,
    Entity,
    Exception,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RootCauseKind {
    pub(super) cause: Cause,
    pub(super) level: Level,
}
