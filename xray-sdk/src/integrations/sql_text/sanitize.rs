//! Statements without their literals.

use super::lexer::{Dialect, Lexer, Token};

/// Bytes of a sanitised statement. A document has 64 kB for everything.
const SHOWN: usize = 4_096;

/// The statement with each literal replaced by `?`, without comments, with single blanks, lists of values shortened to one, cut at 4 kB.
pub(crate) fn sanitize(sql: &str, dialect: Dialect) -> String {
    let mut shown = Shown::default();
    let mut lexer = Lexer::new(sql, dialect);
    while let Some((token, from, to)) = lexer.next() {
        let text = sql.get(from..to).unwrap_or_default();
        match token {
            Token::Blank | Token::Comment => shown.blank(),
            Token::Literal => shown.value(),
            Token::Placeholder if matches!(text, "?") => shown.value(),
            Token::DoubleQuoted if dialect == Dialect::Sqlite && !shown.expects_name() && !is_qualifier(sql, to) => shown.value(),
            Token::Placeholder | Token::DoubleQuoted | Token::Word => shown.word(text),
            Token::Symbol => shown.symbol(text),
        }
        if shown.text.len() > SHOWN {
            break;
        }
    }
    let end = shown.text.floor_char_boundary(SHOWN);
    shown.text.truncate(end);
    shown.text
}

/// A message of a database without what it quotes: names it may quote too, but nobody can tell them from values.
#[cfg(any(feature = "sqlx", test))]
pub(crate) fn without_quoted(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut within = None;
    for (at, character) in message.char_indices() {
        match within {
            Some(quote) if character == quote => {
                within = None;
                shown.push(character);
            }
            Some(_) => {}
            None => {
                shown.push(character);
                let begins_word = !message.get(..at).unwrap_or_default().ends_with(char::is_alphanumeric);
                if matches!(character, '\'' | '"' | '`') && begins_word {
                    within = Some(character);
                    shown.push('?');
                }
            }
        }
    }
    shown
}

/// Whether `"name"` is followed by a dot.
fn is_qualifier(sql: &str, end: usize) -> bool {
    sql.as_bytes().get(end) == Some(&b'.')
}

/// The sanitised text so far.
#[derive(Debug, Default)]
struct Shown {
    text: String,
    /// A blank is due before whatever comes next.
    is_apart: bool,
}

/// What makes a double-quoted word after it a name, in SQLite.
const BEFORE_NAMES: [&str; 12] = ["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "INDEX", "VIEW", "AS", "COLUMN", "EXISTS", "REFERENCES", "TO"];

impl Shown {
    const fn blank(&mut self) {
        self.is_apart = true;
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.is_apart) && !self.text.is_empty() {
            self.text.push(' ');
        }
    }

    fn word(&mut self, word: &str) {
        self.begin();
        self.text.push_str(word);
    }

    /// The second and later values of a list go, and so do the second and later rows of values.
    fn value(&mut self) {
        let before = self.text.trim_end();
        if let Some(list) = before.strip_suffix(',')
            && list.trim_end().ends_with('?')
        {
            let length = list.trim_end().len();
            self.text.truncate(length);
            self.is_apart = false;
            return;
        }
        self.begin();
        self.text.push('?');
    }

    fn symbol(&mut self, symbol: &str) {
        self.begin();
        self.text.push_str(symbol);
        if symbol == ")" {
            self.join_rows();
        }
    }

    /// `(?), (?)` becomes `(?)`.
    fn join_rows(&mut self) {
        let Some(before) = self.text.strip_suffix("(?)") else { return };
        if let Some(rows) = before.trim_end().strip_suffix(',')
            && rows.trim_end().ends_with("(?)")
        {
            let length = rows.trim_end().len();
            self.text.truncate(length);
        }
    }

    fn expects_name(&self) -> bool {
        let text = self.text.trim_end();
        text.ends_with('.') || {
            let last = text.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
            BEFORE_NAMES.iter().any(|word| word.eq_ignore_ascii_case(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_dialect_knows_its_own_literals() {
        use Dialect::{MySql, PostgreSql, Sqlite};
        for (dialect, sql, expected) in [
            (PostgreSql, "SELECT * FROM t WHERE a = 'x''y' AND b = 42", "SELECT * FROM t WHERE a = ? AND b = ?"),
            (PostgreSql, r"SELECT E'it\'s', U&'\0041', B'01', X'1F'", "SELECT ?"),
            (PostgreSql, "SELECT $$a 'b$$, $f$ $$ $f$ FROM \"Users\"", "SELECT ? FROM \"Users\""),
            (PostgreSql, "SELECT a FROM t1 WHERE id = $1::int", "SELECT a FROM t1 WHERE id = $1::int"),
            (PostgreSql, "SELECT /* a /* b */ 'c' */ 1 -- 'secret", "SELECT ?"),
            (PostgreSql, "SELECT data->>'key', 1.5e-3, .5, 0x1F, 1_000 + a", "SELECT data->>? + a"),
            (MySql, r#"SELECT "it\"s", 'a\'b', `from` # secret"#, "SELECT ?, `from`"),
            (MySql, "SELECT _utf8mb4'x', x'1F', 0b01, @var, n'y'", "SELECT ?, @var, ?"),
            (Sqlite, "SELECT \"secret\" FROM \"users\" WHERE u.\"id\" = [a b]", "SELECT ? FROM \"users\" WHERE u.\"id\" = [a b]"),
            (Sqlite, "SELECT ?1, :name, @name, $name", "SELECT ?1, :name, @name, $name"),
            (Sqlite, "SELECT 'open", "SELECT ?"),
        ] {
            assert_eq!(sanitize(sql, dialect), expected, "{sql}");
        }
    }

    #[test]
    fn lists_become_one_value() {
        let shown = |sql| sanitize(sql, Dialect::PostgreSql);
        assert_eq!(shown("SELECT 1 WHERE a IN (1, 2,\n 3) AND b IN ('x')"), "SELECT ? WHERE a IN (?) AND b IN (?)");
        assert_eq!(shown("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')"), "INSERT INTO t (a, b) VALUES (?)");
    }

    #[test]
    fn a_large_statement_is_cut_between_characters() {
        let shown = sanitize(&format!("SELECT {}", "é".repeat(500_000)), Dialect::Any);
        assert!(shown.len() <= SHOWN && shown.len() > SHOWN - 4, "{}", shown.len());
    }

    #[test]
    fn messages_lose_what_they_quote() {
        assert_eq!(without_quoted("Duplicate entry 'bob@x.com' for key 'email'"), "Duplicate entry '?' for key '?'");
        assert_eq!(without_quoted("invalid input: \"secret"), "invalid input: \"?");
        assert_eq!(without_quoted("can't connect"), "can't connect");
    }

    const SECRET: &str = "s3cret";

    /// A literal that holds the secret, in every form of the dialect.
    fn literal() -> impl Strategy<Value = (Dialect, String)> {
        use Dialect::{MySql, PostgreSql, Sqlite};
        let any = prop_oneof![Just(PostgreSql), Just(MySql), Just(Sqlite)];
        let noise = "[ a-z0-9=,()$?.;-]{0,8}";
        let plain = (any, noise, noise).prop_map(|(dialect, a, b)| (dialect, format!("'{a}{SECRET}''{b}'")));
        let tag = "[a-z_]{0,4}";
        let dollar = (tag, noise).prop_map(|(tag, a)| (PostgreSql, format!("${tag}${}{SECRET}${tag}$", a.replace('$', ""))));
        let escaped = (prop_oneof![Just((PostgreSql, "E")), Just((MySql, ""))], noise);
        let escaped = escaped.prop_map(|((dialect, prefix), a)| (dialect, format!(r"{prefix}'{a}\'{SECRET}\\'")));
        let double = noise.prop_map(|a| (MySql, format!("\"{a}{SECRET}\"\"\"")));
        let prefixed = (prop_oneof![Just("X"), Just("B"), Just("N"), Just("U&"), Just("_utf8")], noise);
        let prefixed = prefixed.prop_map(|(prefix, a)| (PostgreSql, format!("{prefix}'{a}{SECRET}'")));
        let comment = noise.prop_map(|a| (PostgreSql, format!("/* {a} /* */ {SECRET} */")));
        let open = noise.prop_map(|a| (Sqlite, format!("'{a}{SECRET}")));
        prop_oneof![plain, dollar, escaped, double, prefixed, comment, open]
    }

    proptest! {
        #[test]
        fn no_literal_survives((dialect, literal) in literal(), before in "[a-z ]{0,10}[=(, ]") {
            let shown = sanitize(&format!("SELECT {before}{literal}"), dialect);
            prop_assert!(!shown.contains(SECRET), "{shown}");
            let unknown = sanitize(&format!("SELECT {before}{literal}"), Dialect::Any);
            prop_assert!(dialect == Dialect::Sqlite || literal.starts_with("/*") || !unknown.contains(SECRET), "{unknown}");
        }

        #[test]
        fn no_number_survives(number in 10_000_u64.., fraction in 10_000_u32..) {
            for sql in [format!("a={number}"), format!("a=-{number}.{fraction}e+{fraction}"), format!("({number},{fraction})")] {
                let shown = sanitize(&sql, Dialect::PostgreSql);
                prop_assert!(!shown.contains(&number.to_string()) && !shown.contains(&fraction.to_string()), "{shown}");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::Sqlite, Dialect::Any] {
                sanitize(&text, dialect);
            }
            without_quoted(&text);
        }
    }
}
