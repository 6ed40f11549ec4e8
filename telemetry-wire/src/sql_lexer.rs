//! Splits SQL into tokens as PostgreSQL, MySQL and SQLite do, as far as it takes to tell literals from the rest.
//!
//! An unterminated literal extends to the end of the text, so that a cut statement cannot show half of one. So does text that a server may read in
//! two ways, by a setting that a client does not see (`standard_conforming_strings`, `NO_BACKSLASH_ESCAPES`) or because the dialect is unknown:
//! after such a place nobody can tell literals from the rest.

/// Whose literals, comments and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlDialect {
    /// Dollar quotes, `E'..'`, nested comments; double quotes are names.
    PostgreSql,
    /// Backslashes in strings, double quotes are strings, `#` comments; MariaDB too.
    MySql,
    /// Double quotes are names or, where no such name exists, strings.
    Sqlite,
    /// Unknown: what any of the three takes for a literal is one.
    Any,
}

impl SqlDialect {
    /// Returns the dialect of a database by its name: as sqlx and X-Ray spell it (`PostgreSQL`), or as OpenTelemetry does (`postgresql`).
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "PostgreSQL" | "postgresql" => Self::PostgreSql,
            "MySQL" | "mysql" | "mariadb" => Self::MySql,
            "SQLite" | "sqlite" => Self::Sqlite,
            _ => Self::Any,
        }
    }

    /// In a string without a prefix.
    const fn backslashes(self) -> Backslashes {
        match self {
            // `standard_conforming_strings` of PostgreSQL, `NO_BACKSLASH_ESCAPES` of MySQL.
            Self::PostgreSql | Self::MySql | Self::Any => Backslashes::MayEscape,
            Self::Sqlite => Backslashes::AreText,
        }
    }

    const fn has_backtick_names(self) -> bool {
        matches!(self, Self::MySql | Self::Sqlite)
    }

    /// Returns the meaning of `--` before this byte: in MySQL it begins a comment only before a blank or a control character, since `5--1` is a sum.
    const fn dashes(self, after: Option<u8>) -> Dashes {
        let is_apart = match after {
            None => true,
            Some(byte) => byte <= b' ',
        };
        match self {
            Self::PostgreSql | Self::Sqlite => Dashes::Comment,
            Self::MySql | Self::Any if is_apart => Dashes::Comment,
            Self::MySql => Dashes::Operators,
            Self::Any => Dashes::Either,
        }
    }

    /// PostgreSQL's comments end at a carriage return too.
    const fn ends_comment(self, byte: u8) -> bool {
        byte == b'\n' || byte == b'\r' && matches!(self, Self::PostgreSql)
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

/// The meaning of a backslash in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backslashes {
    /// It escapes the next character.
    Escape,
    /// It is a character as any other.
    AreText,
    /// A setting of the server decides.
    MayEscape,
}

/// The meaning of `--`.
enum Dashes {
    Comment,
    Operators,
    Either,
}

/// What a stretch of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
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
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    dialect: SqlDialect,
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(text: &'a str, dialect: SqlDialect) -> Self {
        Self { text: text.as_bytes(), at: 0, dialect }
    }

    /// The next token: what it is, from where, to where.
    pub(crate) fn next(&mut self) -> Option<(Token, usize, usize)> {
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
            (b'-', Some(b'-')) => self.dashes(),
            (b'#', _) if self.dialect.has_hash_comments() => self.line_comment(),
            (b'#', _) if self.dialect == SqlDialect::Any => self.rest(),
            (b'/', Some(b'*')) => self.block_comment(),
            (b'\'', _) => self.quoted(b'\'', self.dialect.backslashes()),
            (b'"', _) => self.double_quoted(),
            (b'`', _) if self.dialect.has_backtick_names() => self.name_in(b'`'),
            (b'`' | b'[', _) if self.dialect == SqlDialect::Any => self.rest(),
            (b'[', _) if self.dialect == SqlDialect::Sqlite => self.name_in(b']'),
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

    /// Takes all that follows for one literal.
    const fn rest(&mut self) -> Token {
        self.at = self.text.len();
        Token::Literal
    }

    fn dashes(&mut self) -> Token {
        match self.dialect.dashes(self.peek(2)) {
            Dashes::Comment => self.line_comment(),
            Dashes::Either => self.rest(),
            Dashes::Operators => {
                self.at += 2;
                Token::Symbol
            }
        }
    }

    fn line_comment(&mut self) -> Token {
        let dialect = self.dialect;
        self.run(Token::Comment, |byte| !dialect.ends_comment(byte))
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
                (b'/', Some(b'*')) if self.dialect == SqlDialect::Any => return self.rest(),
                _ => self.at += 1,
            }
        }
        Token::Comment
    }

    /// From a quote to the one that ends it; doubled ones are inside. To the end of the text where a backslash leaves open which one that is.
    fn quoted(&mut self, quote: u8, backslashes: Backslashes) -> Token {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if backslashes == Backslashes::Escape => self.at += 2,
                b'\\' if backslashes == Backslashes::MayEscape && self.peek(1) == Some(quote) => return self.rest(),
                // A pair of them ends nothing in either reading.
                b'\\' if self.peek(1) == Some(b'\\') => self.at += 2,
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
        match self.dialect {
            SqlDialect::PostgreSql | SqlDialect::Sqlite => {
                self.quoted(b'"', Backslashes::AreText);
                Token::DoubleQuoted
            }
            SqlDialect::MySql | SqlDialect::Any => self.quoted(b'"', self.dialect.backslashes()),
        }
    }

    fn name_in(&mut self, end: u8) -> Token {
        self.quoted(end, Backslashes::AreText);
        Token::Word
    }

    /// `$1`, `$tag$ .. $tag$`, or in SQLite `$name`.
    fn dollar(&mut self) -> Token {
        if self.dialect.has_dollar_quotes()
            && let Some(tag) = self.dollar_tag()
        {
            self.at += tag.len();
            let rest = self.text.get(self.at..).unwrap_or_default();
            if self.dialect == SqlDialect::Any {
                return self.rest();
            }
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
        let is_escaped = self.dialect == SqlDialect::PostgreSql && matches!(prefix, b"e" | b"E");
        self.quoted(b'\'', if is_escaped { Backslashes::Escape } else { self.dialect.backslashes() })
    }
}

/// Names may have any letter; a multi-byte character counts as one.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
