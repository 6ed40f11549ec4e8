//! Statements without their literals.

use crate::sql_lexer::{Lexer, SqlDialect, Token};

/// Bytes of a sanitised statement. A document has 64 kB for everything.
const SHOWN: usize = 4_096;

/// Returns the statement with each literal replaced by `?`, without comments, with single blanks, lists of values shortened to one, cut at 4 kB.
///
/// ```
/// use telemetry_wire::{SqlDialect, sanitize_sql};
///
/// let statement = sanitize_sql("SELECT * FROM users WHERE name = 'bob' AND age IN (1, 2)", SqlDialect::PostgreSql);
/// assert_eq!(statement, "SELECT * FROM users WHERE name = ? AND age IN (?)");
/// ```
#[must_use]
pub fn sanitize_sql(sql: &str, dialect: SqlDialect) -> String {
    let mut shown = Shown::default();
    let mut lexer = Lexer::new(sql, dialect);
    while let Some((token, from, to)) = lexer.next() {
        let text = sql.get(from..to).unwrap_or_default();
        match token {
            Token::Blank | Token::Comment => shown.blank(),
            Token::Literal => shown.value(),
            Token::Placeholder if matches!(text, "?") => shown.value(),
            Token::DoubleQuoted if dialect == SqlDialect::Sqlite && !shown.expects_name() && !is_qualifier(sql, to) => shown.value(),
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

/// Returns for each statement of a text whether it inserts, updates or deletes rows. Statements are separated by semicolons; empty ones do not count.
#[must_use]
pub fn changes_rows(sql: &str, dialect: SqlDialect) -> Vec<bool> {
    let mut statements = Vec::new();
    let mut current = None;
    let mut lexer = Lexer::new(sql, dialect);
    while let Some((token, from, to)) = lexer.next() {
        let text = sql.get(from..to).unwrap_or_default();
        match token {
            Token::Blank | Token::Comment => {}
            Token::Symbol if text == ";" => statements.extend(current.take()),
            Token::Word => {
                let changes = ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|word| text.eq_ignore_ascii_case(word));
                // The first word decides, except after the common table expressions of `WITH`.
                match &mut current {
                    None => current = Some(Statement { changes, is_with: text.eq_ignore_ascii_case("WITH") }),
                    Some(statement) => statement.changes |= changes && statement.is_with,
                }
            }
            _ => drop(current.get_or_insert_default()),
        }
    }
    statements.extend(current);
    statements.into_iter().map(|statement| statement.changes).collect()
}

#[derive(Default)]
struct Statement {
    changes: bool,
    is_with: bool,
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
            let mut words = text.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
            let (last, before) = (words.next().filter(|word| text.ends_with(*word)).unwrap_or_default(), words.next().unwrap_or_default());
            // `IS DISTINCT FROM "value"` compares.
            let is_comparison = last.eq_ignore_ascii_case("FROM") && before.eq_ignore_ascii_case("DISTINCT");
            !is_comparison && BEFORE_NAMES.iter().any(|word| word.eq_ignore_ascii_case(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_dialect_knows_its_own_literals() {
        use SqlDialect::{MySql, PostgreSql, Sqlite};
        for (dialect, sql, expected) in [
            (PostgreSql, "SELECT * FROM t WHERE a = 'x''y' AND b = 42", "SELECT * FROM t WHERE a = ? AND b = ?"),
            (PostgreSql, r"SELECT E'it\'s', U&'\0041', B'01', X'1F'", "SELECT ?"),
            (PostgreSql, "SELECT $$a 'b$$, $f$ $$ $f$ FROM \"Users\"", "SELECT ? FROM \"Users\""),
            (PostgreSql, "SELECT a FROM t1 WHERE id = $1::int", "SELECT a FROM t1 WHERE id = $1::int"),
            (PostgreSql, "SELECT /* a /* b */ 'c' */ 1 -- 'secret", "SELECT ?"),
            (PostgreSql, "SELECT data->>'key', 1.5e-3, .5, 0x1F, 1_000 + a", "SELECT data->>? + a"),
            (MySql, r#"SELECT "it""s", 'a''b', `from` # secret"#, "SELECT ?, `from`"),
            (
                Sqlite,
                "SELECT 1 WHERE name IS NOT DISTINCT FROM \"secret\" AND a IN (SELECT b FROM \"names\")",
                "SELECT ? WHERE name IS NOT DISTINCT FROM ? AND a IN (SELECT b FROM \"names\")",
            ),
            (MySql, "SELECT 5--1, a FROM t", "SELECT ?--?, a FROM t"),
            (MySql, "SELECT _utf8mb4'x', x'1F', 0b01, @var, n'y'", "SELECT ?, @var, ?"),
            (Sqlite, "SELECT \"secret\" FROM \"users\" WHERE u.\"id\" = [a b]", "SELECT ? FROM \"users\" WHERE u.\"id\" = [a b]"),
            (Sqlite, "SELECT ?1, :name, @name, $name", "SELECT ?1, :name, @name, $name"),
            (Sqlite, "SELECT 'open", "SELECT ?"),
        ] {
            assert_eq!(sanitize_sql(sql, dialect), expected, "{sql}");
        }
    }

    #[test]
    fn statements_that_change_rows_are_known_by_their_first_word() {
        let of = |sql| changes_rows(sql, SqlDialect::Sqlite);
        assert_eq!(of("SELECT 'a; INSERT' FROM t WHERE insert_id = 1"), [false]);
        assert_eq!(of("/* note */ insert INTO t VALUES (1); SELECT 1;; UPDATE t SET a = 1 -- ;"), [true, false, true]);
        assert_eq!(of("WITH c AS (SELECT 1) DELETE FROM t"), [true]);
        assert_eq!(of("EXPLAIN DELETE FROM t"), [false]);
        assert!(of(" ; ").is_empty());
    }

    #[test]
    fn lists_become_one_value() {
        let shown = |sql| sanitize_sql(sql, SqlDialect::PostgreSql);
        assert_eq!(shown("SELECT 1 WHERE a IN (1, 2,\n 3) AND b IN ('x')"), "SELECT ? WHERE a IN (?) AND b IN (?)");
        assert_eq!(shown("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')"), "INSERT INTO t (a, b) VALUES (?)");
    }

    #[test]
    fn a_large_statement_is_cut_between_characters() {
        let shown = sanitize_sql(&format!("SELECT {}", "é".repeat(500_000)), SqlDialect::Any);
        assert!(shown.len() <= SHOWN && shown.len() > SHOWN - 4, "{}", shown.len());
    }

    #[test]
    fn what_a_setting_lets_a_server_read_in_two_ways_is_hidden_to_the_end() {
        use SqlDialect::{Any, MySql, PostgreSql};
        for (dialect, sql, expected) in [
            (PostgreSql, "SELECT E'foo'\n'b\\'s3cret z'", "SELECT ? ?"),
            (PostgreSql, "SELECT 'a\\'s3cret z'", "SELECT ?"),
            (PostgreSql, "SELECT -- it's\r 'a\ns3cret z'", "SELECT ?"),
            (PostgreSql, "SELECT a |` b, 's3cret z'", "SELECT a |` b, ?"),
            (MySql, "SELECT 'a\\', 's3cret z'", "SELECT ?"),
            (MySql, "SELECT 'a\\\\', b, 's3cret z'", "SELECT ?, b, ?"),
            (MySql, "SELECT 5--'1\ns3cret z'", "SELECT ?--?"),
            (Any, "SELECT a #it's\n, 's3cret'", "SELECT a ?"),
            (Any, "SELECT a --it's\n, 's3cret'", "SELECT a ?"),
            (Any, "SELECT /* /* */ it's */ 's3cret'", "SELECT ?"),
            (Any, "SELECT `it's`, 's3cret'", "SELECT ?"),
            (Any, "SELECT $a$, 'x $a$ s3cret'", "SELECT ?"),
        ] {
            assert_eq!(sanitize_sql(sql, dialect), expected, "{sql}");
        }
    }

    const SECRET: &str = "s3cret";

    /// A literal that holds the secret, in every form of the dialect.
    fn literal() -> impl Strategy<Value = (SqlDialect, String)> {
        use SqlDialect::{MySql, PostgreSql, Sqlite};
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
            let shown = sanitize_sql(&format!("SELECT {before}{literal}"), dialect);
            prop_assert!(!shown.contains(SECRET), "{shown}");
            let unknown = sanitize_sql(&format!("SELECT {before}{literal}"), SqlDialect::Any);
            prop_assert!(dialect == SqlDialect::Sqlite || !unknown.contains(SECRET), "{unknown}");
        }

        #[test]
        fn no_number_survives(number in 10_000_u64.., fraction in 10_000_u32..) {
            for sql in [format!("a={number}"), format!("a=-{number}.{fraction}e+{fraction}"), format!("({number},{fraction})")] {
                let shown = sanitize_sql(&sql, SqlDialect::PostgreSql);
                prop_assert!(!shown.contains(&number.to_string()) && !shown.contains(&fraction.to_string()), "{shown}");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            for dialect in [SqlDialect::PostgreSql, SqlDialect::MySql, SqlDialect::Sqlite, SqlDialect::Any] {
                drop(sanitize_sql(&text, dialect));
            }
        }
    }
}
