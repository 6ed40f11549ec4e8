//! Splits SQL into tokens as PostgreSQL, MySQL and SQLite do, as far as it takes to tell literals from the rest.
//!
//! What is unterminated goes to the end of the text, so that a cut statement cannot show half of a literal.

/// Whose literals, comments and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Dollar quotes, `E'..'`, nested comments; double quotes are names.
    PostgreSql,
    /// Backslashes in strings, double quotes are strings, `#` comments; MariaDB too.
    MySql,
    /// Double quotes are names or, where no such name exists, strings.
    Sqlite,
    /// Unknown: what any of the three takes for a literal is one.
    Any,
}

impl Dialect {
    /// By sqlx's name of the database.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "PostgreSQL" => Self::PostgreSql,
            "MySQL" => Self::MySql,
            "SQLite" => Self::Sqlite,
            _ => Self::Any,
        }
    }

    const fn has_backslashes(self) -> bool {
        matches!(self, Self::MySql | Self::Any)
    }

    const fn has_dollar_quotes(self) -> bool {
        matches!(self, Self::PostgreSql | Self::Any)
    }

    const fn has_hash_comments(self) -> bool {
        matches!(self, Self::MySql)
    }

    const fn nests_comments(self) -> bool {
        matches!(self, Self::PostgreSql)
    }
}

/// What a stretch of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Blank,
    Comment,
    /// A string, number, bit string or binary, whatever its form.
    Literal,
    /// Quoted by double quotes in a dialect where that is a name, or may be one.
    DoubleQuoted,
    /// A keyword or name, also one quoted by backticks or brackets.
    Word,
    /// `$1`, `?`, `?1`, `:name`, `@name`.
    Placeholder,
    Symbol,
}

/// The tokens of a text, each with its end.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    dialect: Dialect,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text: text.as_bytes(), at: 0, dialect }
    }

    /// The next token: what it is, from where, to where.
    pub(super) fn next(&mut self) -> Option<(Token, usize, usize)> {
        let from = self.at;
        let first = self.peek(0)?;
        let token = self.token(first);
        self.at = self.at.max(from + 1).min(self.text.len());
        Some((token, from, self.at))
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn token(&mut self, first: u8) -> Token {
        match (first, self.peek(1)) {
            (b, _) if b.is_ascii_whitespace() => self.run(Token::Blank, |b| b.is_ascii_whitespace()),
            (b'-', Some(b'-')) => self.run(Token::Comment, |b| b != b'\n'),
            (b'#', _) if self.dialect.has_hash_comments() => self.run(Token::Comment, |b| b != b'\n'),
            (b'/', Some(b'*')) => self.block_comment(),
            (b'\'', _) => self.quoted(b'\'', self.dialect.has_backslashes()),
            (b'"', _) => self.double_quoted(),
            (b'`', _) => self.name_in(b'`'),
            (b'[', _) if self.dialect == Dialect::Sqlite => self.name_in(b']'),
            (b'$', _) => self.dollar(),
            (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => self.number(),
            (b'?', _) => self.run_after_first(Token::Placeholder, |b| b.is_ascii_digit()),
            (b':', Some(b':')) => {
                self.at += 2;
                Token::Symbol
            }
            (b':' | b'@', Some(b)) if is_word(b) => self.run_after_first(Token::Placeholder, is_word),
            (b, _) if is_word(b) => self.word(),
            _ => {
                self.at += 1;
                Token::Symbol
            }
        }
    }

    fn run(&mut self, token: Token, belongs: impl Fn(u8) -> bool) -> Token {
        while self.peek(0).is_some_and(&belongs) {
            self.at += 1;
        }
        token
    }

    fn run_after_first(&mut self, token: Token, belongs: impl Fn(u8) -> bool) -> Token {
        self.at += 1;
        self.run(token, belongs)
    }

    fn block_comment(&mut self) -> Token {
        self.at += 2;
        let mut depth = 1;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'*', Some(b'/')) => {
                    self.at += 2;
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                (b'/', Some(b'*')) if self.dialect.nests_comments() => {
                    self.at += 2;
                    depth += 1;
                }
                _ => self.at += 1,
            }
        }
        Token::Comment
    }

    /// From a quote to the one that ends it; doubled ones are inside.
    fn quoted(&mut self, quote: u8, has_backslashes: bool) -> Token {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if has_backslashes => self.at += 2,
                b if b == quote && self.peek(1) == Some(quote) => self.at += 2,
                b if b == quote => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        Token::Literal
    }

    fn double_quoted(&mut self) -> Token {
        self.quoted(b'"', self.dialect.has_backslashes());
        match self.dialect {
            Dialect::PostgreSql | Dialect::Sqlite => Token::DoubleQuoted,
            Dialect::MySql | Dialect::Any => Token::Literal,
        }
    }

    fn name_in(&mut self, end: u8) -> Token {
        self.quoted(end, false);
        Token::Word
    }

    /// `$1`, `$tag$ .. $tag$`, or in SQLite `$name`.
    fn dollar(&mut self) -> Token {
        if self.dialect.has_dollar_quotes()
            && let Some(tag) = self.dollar_tag()
        {
            self.at += tag.len();
            let rest = self.text.get(self.at..).unwrap_or_default();
            let end = rest.windows(tag.len()).position(|window| window == tag);
            self.at = end.map_or(self.text.len(), |end| self.at + end + tag.len());
            return Token::Literal;
        }
        self.run_after_first(Token::Placeholder, is_word)
    }

    fn dollar_tag(&self) -> Option<&'a [u8]> {
        let rest = self.text.get(self.at..)?;
        let inner = rest.get(1..)?.iter().position(|&b| b == b'$')?;
        let tag = rest.get(1..1 + inner)?;
        let is_tag = tag.iter().all(|&b| is_word(b) && b != b'$') && !tag.first().is_some_and(u8::is_ascii_digit);
        is_tag.then(|| rest.get(..inner + 2)).flatten()
    }

    /// Digits, `1_000`, `0x1F`, `1.5e-3`.
    fn number(&mut self) -> Token {
        let mut last = 0;
        while let Some(byte) = self.peek(0) {
            let is_sign_of_exponent = matches!(byte, b'+' | b'-') && matches!(last, b'e' | b'E');
            if !(is_word(byte) && byte != b'$' || byte == b'.' || is_sign_of_exponent) {
                break;
            }
            last = byte;
            self.at += 1;
        }
        Token::Literal
    }

    /// A word, or a literal that begins with letters: `E'..'`, `x'..'`, `U&'..'`, `_utf8mb4'..'`.
    fn word(&mut self) -> Token {
        let from = self.at;
        self.run(Token::Word, is_word);
        let prefix = self.text.get(from..self.at).unwrap_or_default();
        let is_unicode = matches!(prefix, b"u" | b"U") && self.peek(0) == Some(b'&') && self.peek(1) == Some(b'\'');
        if is_unicode {
            self.at += 1;
        }
        if self.peek(0) != Some(b'\'') {
            return Token::Word;
        }
        let is_escaped = self.dialect.has_backslashes() || matches!(prefix, b"e" | b"E");
        self.quoted(b'\'', is_escaped)
    }
}

/// Names may have any letter; a multi-byte character counts as one.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
