//! Reads an HTTP/1.1 answer.

use std::io::{self, BufRead, Read};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether another request may follow on this connection.
    pub(super) is_reusable: bool,
}

/// Bytes of the head.
const HEAD: usize = 16 * 1024;
/// Bytes of the body: thousands of rules.
const BODY: u64 = 4 * 1024 * 1024;
/// Lines of the head.
const FIELDS: usize = 64;

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the agent's answer {why}"))
}

/// How long a body is.
enum Length {
    Known(u64),
    Chunked,
    UntilClosed,
}

impl Answer {
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let head = read_head(from)?;
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        let is_whole = parsed.parse(&head).map_err(|error| invalid(&format!("is no HTTP: {error}")))?.is_complete();
        let status = parsed.code.filter(|_| is_whole).ok_or_else(|| invalid("has no status"))?;
        let field = |name: &str| {
            let found = parsed.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
            found.and_then(|field| std::str::from_utf8(field.value).ok())
        };
        let is_chunked = field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let length = match field("content-length").map(str::parse) {
            _ if is_chunked => Length::Chunked,
            Some(Ok(length)) => Length::Known(length),
            Some(Err(_)) => return Err(invalid("has a length that is no number")),
            None if status == 204 || status == 304 => Length::Known(0),
            None => Length::UntilClosed,
        };
        let stays_open = !field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let is_reusable = stays_open && !matches!(length, Length::UntilClosed);
        Ok(Self { status, body: read_body(from, length)?, is_reusable })
    }
}

fn read_head(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut limited = from.take(HEAD as u64);
    loop {
        let before = head.len();
        limited.read_until(b'\n', &mut head)?;
        match head.get(before..) {
            Some(b"\r\n" | b"\n") => return Ok(head),
            Some([]) | None if head.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Some([]) | None => return Err(invalid("has no end of its head, or a head of more than 16 kB")),
            Some(_) => {}
        }
    }
}

fn read_body(from: &mut impl BufRead, length: Length) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    match length {
        Length::Known(length) if length > BODY => return Err(invalid("is larger than 4 MB")),
        Length::Known(length) => {
            from.take(length).read_to_end(&mut body)?;
            if body.len() as u64 != length {
                return Err(invalid("breaks off"));
            }
        }
        Length::UntilClosed => {
            from.take(BODY + 1).read_to_end(&mut body)?;
        }
        Length::Chunked => while read_chunk(from, &mut body)? {},
    }
    if body.len() as u64 > BODY { Err(invalid("is larger than 4 MB")) } else { Ok(body) }
}

/// Whether another chunk follows.
fn read_chunk(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let line = read_line(from)?;
    let digits = line.split(';').next().unwrap_or_default().trim();
    let length = u64::from_str_radix(digits, 16).map_err(|_| invalid("has a chunk of no known length"))?;
    if length == 0 {
        while !read_line(from)?.trim().is_empty() {}
        return Ok(false);
    }
    if body.len() as u64 + length > BODY {
        return Err(invalid("is larger than 4 MB"));
    }
    let before = body.len();
    from.take(length).read_to_end(body)?;
    if (body.len() - before) as u64 != length || !read_line(from)?.trim().is_empty() {
        return Err(invalid("breaks off"));
    }
    Ok(true)
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.take(HEAD as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(invalid("breaks off"));
    }
    String::from_utf8(line).map_err(|_| invalid("has a chunk of no known length"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> io::Result<Answer> {
        Answer::read(&mut text.as_bytes())
    }

    #[test]
    fn bodies_of_every_framing_are_read() {
        let known = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more").unwrap();
        assert_eq!((known.status, &*known.body, known.is_reusable), (200, &b"{}"[..], true));
        let chunked = read("HTTP/1.1 429 Too\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").unwrap();
        assert_eq!((chunked.status, &*chunked.body, chunked.is_reusable), (429, &b"abcde"[..], true));
        let open = read("HTTP/1.0 500 No\r\n\r\nrest").unwrap();
        assert_eq!((&*open.body, open.is_reusable), (&b"rest"[..], false));
        assert!(!read("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").unwrap().is_reusable);
    }

    #[test]
    fn broken_answers_are_errors() {
        let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(20_000));
        for text in [
            "",
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
            "HTTP/1.1 200",
            &long,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, chunked: bool) {
            let head: &[u8] = if chunked { b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" } else { b"HTTP/1.1 " };
            drop(Answer::read(&mut [head, &bytes].concat().as_slice()));
        }
    }
}
