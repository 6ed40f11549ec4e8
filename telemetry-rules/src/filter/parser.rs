//! From tokens to the tree. Nesting is bounded, so no text can exhaust the stack.

use super::ast::{Cause, Compare, Expression, Level, Node, RootCauseKind, Scalar, Selector, TextOp};
use super::keyword::{Flag, Keyword, Number, Text};
use super::lexer::{ParseError, Placed, Token, error, tokens};

/// Levels of parentheses, blocks and negations.
const DEPTH: usize = 64;

impl Expression {
    /// Parses an expression. Blank text matches every trace.
    ///
    /// # Errors
    /// Says what was expected and at which character.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse(text).map(Self)
    }
}

fn parse(text: &str) -> Result<Node, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count(), depth: 0, is_in_block: false };
    if parser.tokens.is_empty() {
        return Ok(Node::Everything);
    }
    let node = parser.or()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.expected("AND, OR or the end")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    end: usize,
    depth: usize,
    is_in_block: bool,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(position, _)| *position)
    }

    fn expected(&self, what: &str) -> ParseError {
        error(self.position(), format!("expected {what}"))
    }

    /// Takes a word of the language, in any case.
    fn take_word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(is_it);
        is_it
    }

    fn take_sign(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn need_sign(&mut self, wanted: &str) -> Parsed<()> {
        if self.take_sign(wanted) { Ok(()) } else { Err(self.expected(&format!("`{wanted}`"))) }
    }

    fn need_string(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.expected("a string in double quotes")),
        }
    }

    fn or(&mut self) -> Parsed<Node> {
        let mut branches = vec![self.and()?];
        while self.take_word("or") {
            branches.push(self.and()?);
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Or(branches) })
    }

    fn and(&mut self) -> Parsed<Node> {
        let mut terms = vec![self.unary()?];
        while self.take_word("and") || self.begins_term() {
            terms.push(self.unary()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Node::And(terms) })
    }

    fn begins_term(&self) -> bool {
        match self.peek() {
            Some(Token::Word(word)) => !word.eq_ignore_ascii_case("or"),
            Some(Token::Sign(sign)) => matches!(*sign, "!" | "("),
            _ => false,
        }
    }

    fn unary(&mut self) -> Parsed<Node> {
        if self.depth == DEPTH {
            return Err(error(self.position(), format!("nested more than {DEPTH} levels deep")));
        }
        self.depth += 1;
        let node = self.unary_at_depth();
        self.depth -= 1;
        node
    }

    fn unary_at_depth(&mut self) -> Parsed<Node> {
        if self.take_sign("!") || self.take_word("not") {
            return Ok(Node::Not(Box::new(self.unary()?)));
        }
        if self.take_sign("(") {
            let node = self.or()?;
            self.need_sign(")")?;
            return Ok(node);
        }
        self.term()
    }

    fn term(&mut self) -> Parsed<Node> {
        let start = self.position();
        let Some(Token::Word(word)) = self.peek() else { return Err(self.expected("a keyword")) };
        let (word, lower) = (word.clone(), word.to_ascii_lowercase());
        self.at += 1;
        match lower.as_str() {
            "service" => self.service(),
            "edge" => self.edge(),
            "annotation" => self.bracketed_annotation(start),
            "rootcause.json" => self.root_cause_json(),
            _ if lower.starts_with("annotation.") => self.annotation(start, word.get("annotation.".len()..).unwrap_or_default()),
            _ if lower.starts_with("rootcause.") => self.root_cause(start, lower.get("rootcause.".len()..).unwrap_or_default()),
            _ => match Keyword::of(&lower) {
                Some(keyword) => self.keyword(start, keyword),
                None => Err(error(start, format!("unknown keyword `{word}`; there are {}", Keyword::ALL))),
            },
        }
    }

    fn keyword(&mut self, start: usize, keyword: Keyword) -> Parsed<Node> {
        match keyword {
            Keyword::Flag(flag) => self.flag(flag),
            Keyword::Number(number) => self.number(number),
            Keyword::Text(text @ (Text::GroupName | Text::GroupArn)) if self.is_in_block => {
                Err(error(start, format!("{text:?} cannot stand inside a block")))
            }
            Keyword::Text(text) => self.text(text),
        }
    }

    fn flag(&mut self, flag: Flag) -> Parsed<Node> {
        let Some(compare) = self.compare() else { return Ok(Node::Flag(flag, true)) };
        let position = self.position();
        let wanted = match (self.take_word("true"), self.take_word("false")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err(self.expected("true or false")),
        };
        match compare {
            Compare::Equal => Ok(Node::Flag(flag, wanted)),
            Compare::NotEqual => Ok(Node::Flag(flag, !wanted)),
            _ => Err(error(position, "true and false have no order: use = or !=")),
        }
    }

    fn number(&mut self, number: Number) -> Parsed<Node> {
        let Some(compare) = self.compare() else { return Ok(Node::HasNumber(number)) };
        match self.peek() {
            Some(Token::Number(value)) => {
                let value = *value;
                self.at += 1;
                Ok(Node::Number(number, compare, value))
            }
            _ => Err(self.expected("a number")),
        }
    }

    fn text(&mut self, text: Text) -> Parsed<Node> {
        let position = self.position();
        if let Some(op) = self.text_op() {
            return Ok(Node::Text(text, op, self.need_string()?));
        }
        match self.compare() {
            None => Ok(Node::HasText(text)),
            Some(_) => Err(error(position, "texts have no order: use =, !=, CONTAINS, BEGINSWITH or ENDSWITH")),
        }
    }

    fn compare(&mut self) -> Option<Compare> {
        let compare = match self.peek()? {
            Token::Sign("=") => Compare::Equal,
            Token::Sign("!=") => Compare::NotEqual,
            Token::Sign("<") => Compare::Less,
            Token::Sign("<=") => Compare::LessOrEqual,
            Token::Sign(">") => Compare::Greater,
            Token::Sign(">=") => Compare::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(compare)
    }

    fn text_op(&mut self) -> Option<TextOp> {
        let op = match self.peek()? {
            Token::Sign("=") => TextOp::Equal,
            Token::Sign("!=") => TextOp::NotEqual,
            Token::Word(word) if word.eq_ignore_ascii_case("contains") => TextOp::Contains,
            Token::Word(word) if word.eq_ignore_ascii_case("beginswith") => TextOp::BeginsWith,
            Token::Word(word) if word.eq_ignore_ascii_case("endswith") => TextOp::EndsWith,
            _ => return None,
        };
        self.at += 1;
        Some(op)
    }

    fn bracketed_annotation(&mut self, start: usize) -> Parsed<Node> {
        self.need_sign("[")?;
        let key = match self.peek() {
            Some(Token::Word(key) | Token::Text(key)) => key.clone(),
            _ => return Err(self.expected("an annotation's key")),
        };
        self.at += 1;
        self.need_sign("]")?;
        self.annotation(start, &key)
    }

    fn annotation(&mut self, start: usize, key: &str) -> Parsed<Node> {
        if self.is_in_block {
            return Err(error(start, "an annotation cannot stand inside a block; put it beside the block"));
        }
        if key.is_empty() {
            return Err(error(start, "expected a key after `annotation.`"));
        }
        let before = self.at;
        if let Some(op) = self.text_op() {
            if matches!(self.peek(), Some(Token::Text(_))) || !matches!(op, TextOp::Equal | TextOp::NotEqual) {
                return Ok(Node::AnnotationText(key.into(), op, self.need_string()?));
            }
            self.at = before;
        }
        let Some(compare) = self.compare() else { return Ok(Node::Annotation(key.into(), None)) };
        let value = self.scalar()?;
        let is_ordered = !matches!(compare, Compare::Equal | Compare::NotEqual);
        if is_ordered && matches!(value, Scalar::Bool(_)) {
            return Err(error(before, "true and false have no order: use = or !="));
        }
        Ok(Node::Annotation(key.into(), Some((compare, value))))
    }

    fn scalar(&mut self) -> Parsed<Scalar> {
        if self.take_word("true") {
            return Ok(Scalar::Bool(true));
        }
        if self.take_word("false") {
            return Ok(Scalar::Bool(false));
        }
        match self.peek() {
            Some(Token::Number(number)) => {
                let number = *number;
                self.at += 1;
                Ok(Scalar::Number(number))
            }
            _ => Err(self.expected("a number, a string, true or false")),
        }
    }

    fn service(&mut self) -> Parsed<Node> {
        self.need_sign("(")?;
        let selector = if matches!(self.peek(), Some(Token::Sign(")"))) { None } else { Some(self.selector()?) };
        self.need_sign(")")?;
        Ok(Node::Service(selector, self.block()?))
    }

    fn edge(&mut self) -> Parsed<Node> {
        self.need_sign("(")?;
        let from = self.selector()?;
        if !self.take_sign(",") {
            return Err(self.expected("`,` and the second service: edge(\"from\", \"to\")"));
        }
        let to = self.selector()?;
        self.need_sign(")")?;
        Ok(Node::Edge(from, to, self.block()?))
    }

    fn selector(&mut self) -> Parsed<Selector> {
        if !self.take_word("id") {
            return Ok(Selector { name: Some(self.need_string()?), ..Selector::default() });
        }
        self.need_sign("(")?;
        let mut selector = Selector::default();
        loop {
            self.field(&mut selector)?;
            if !self.take_sign(",") {
                break;
            }
        }
        self.need_sign(")")?;
        Ok(selector)
    }

    fn field(&mut self, selector: &mut Selector) -> Parsed<()> {
        let slot = if self.take_word("name") {
            &mut selector.name
        } else if self.take_word("type") {
            &mut selector.kind
        } else if self.take_word("account.id") {
            &mut selector.account_id
        } else {
            return Err(self.expected("name, type or account.id"));
        };
        self.need_sign(":")?;
        *slot = Some(self.need_string()?);
        Ok(())
    }

    fn block(&mut self) -> Parsed<Option<Box<Node>>> {
        if !self.take_sign("{") {
            return Ok(None);
        }
        if matches!(self.peek(), Some(Token::Sign("}"))) {
            return Err(self.expected("a condition: a block must not be empty"));
        }
        let outer = std::mem::replace(&mut self.is_in_block, true);
        let node = self.or();
        self.is_in_block = outer;
        let node = node?;
        self.need_sign("}")?;
        Ok(Some(Box::new(node)))
    }

    fn root_cause(&mut self, start: usize, kind: &str) -> Parsed<Node> {
        let (cause, level) = kind.split_once('.').unwrap_or((kind, "service"));
        let cause = match cause {
            "fault" => Cause::Fault,
            "error" => Cause::Error,
            "responsetime" => Cause::ResponseTime,
            _ => return Err(error(start, "expected rootcause.fault, rootcause.error, rootcause.responsetime or rootcause.json")),
        };
        let level = match level {
            "service" => Level::Service,
            "entity" => Level::Entity,
            "exception" if cause != Cause::ResponseTime => Level::Exception,
            _ => return Err(error(start, "expected .service, .entity or, for faults and errors, .exception")),
        };
        Ok(Node::RootCause(RootCauseKind { cause, level }, self.block()?))
    }

    fn root_cause_json(&mut self) -> Parsed<Node> {
        self.need_sign("=")?;
        match self.peek() {
            Some(Token::Json(wanted)) => {
                let wanted = wanted.clone();
                self.at += 1;
                Ok(Node::RootCauseJson(wanted))
            }
            _ => Err(self.expected("# and a JSON array")),
        }
    }
}
