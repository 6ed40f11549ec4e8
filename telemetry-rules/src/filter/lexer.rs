//! Words, strings, numbers and signs, each with its place.

use std::fmt;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The character, from 0.
    pub position: usize,
    /// What was expected.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid filter expression at position {}: {}", self.position, self.message)
    }
}

impl std::error::Error for ParseError {}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Letters, digits, `_`, `.` and `-`, beginning with a letter or `_`; as written.
    Word(String),
    Text(String),
    Number(f64),
    /// One of `( ) { } [ ] , : ! = != < <= > >=`.
    Sign(&'static str),
    /// `#` and the JSON array behind it.
    Json(Vec<serde_json::Value>),
}

pub(super) type Placed = (usize, Token);

const SIGNS: [&str; 15] = ["!=", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", ":", "!", "=", "<", ">"];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ParseError> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&keep) {
            self.at += 1;
        }
        self.chars.get(start..self.at).unwrap_or_default().iter().collect()
    }

    fn next(&mut self) -> Result<Option<Placed>, ParseError> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let token = match first {
            '"' | '\u{201c}' | '\u{201d}' => self.string(start)?,
            '#' => self.json(start)?,
            c if c.is_ascii_digit() || self.is_negative_number() || self.is_fraction() => self.number(start)?,
            c if c.is_alphabetic() || c == '_' => Token::Word(self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))),
            _ => self.sign(start)?,
        };
        Ok(Some((start, token)))
    }

    fn is_negative_number(&self) -> bool {
        self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| c.is_ascii_digit() || *c == '.')
    }

    fn is_fraction(&self) -> bool {
        self.peek() == Some('.') && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit)
    }

    fn string(&mut self, start: usize) -> Result<Token, ParseError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(error(start, "the string is not closed")) };
            self.at += 1;
            match c {
                '"' | '\u{201c}' | '\u{201d}' => return Ok(Token::Text(text)),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                c => text.push(c),
            }
        }
    }

    fn number(&mut self, start: usize) -> Result<Token, ParseError> {
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
        text.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Token::Number)
            .ok_or_else(|| error(start, format!("`{text}` is no number")))
    }

    fn json(&mut self, start: usize) -> Result<Token, ParseError> {
        self.at += 1;
        let rest: String = self.chars.get(self.at..).unwrap_or_default().iter().collect();
        let mut values = serde_json::Deserializer::from_str(&rest).into_iter::<Vec<serde_json::Value>>();
        let Some(Ok(array)) = values.next() else { return Err(error(start, "expected a JSON array after #")) };
        let read = values.byte_offset();
        self.at += rest.get(..read).unwrap_or(&rest).chars().count();
        Ok(Token::Json(array))
    }

    fn sign(&mut self, start: usize) -> Result<Token, ParseError> {
        let begins = |sign: &&&str| sign.chars().enumerate().all(|(offset, c)| self.chars.get(start + offset) == Some(&c));
        let Some(sign) = SIGNS.iter().find(begins) else {
            return Err(error(start, format!("`{}` is not part of the language", self.chars.get(start).copied().unwrap_or(' '))));
        };
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }
}

pub(super) fn error(position: usize, message: impl Into<String>) -> ParseError {
    ParseError { position, message: message.into() }
}
