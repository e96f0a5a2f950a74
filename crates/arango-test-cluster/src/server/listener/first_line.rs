//! The first line that a client sends, as far as the version of HTTP in it.

/// How many bytes of the line are kept. A longer URL is refused for its length.
const MAX_LENGTH: usize = 17 * 1024;

/// Collects the first line of a connection.
#[derive(Debug, Default)]
pub(super) struct FirstLine {
    bytes: Vec<u8>,
    is_complete: bool,
}

impl FirstLine {
    /// Takes bytes that were read.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        if self.is_complete {
            return;
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        self.bytes.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        self.is_complete = end.is_some() || self.bytes.len() > MAX_LENGTH;
    }

    /// Returns whether the line is that of a request in a version of HTTP that a server does not have.
    ///
    /// The line may end within the version, where a parser has already given up.
    pub(super) fn has_unknown_version(&self) -> bool {
        let line = self.bytes.strip_suffix(b"\r").unwrap_or(&self.bytes);
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(_), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return false;
        };
        let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
        let is_unknown = match version.strip_prefix(b"HTTP/") {
            Some([b'1', b'.', minor]) => minor.is_ascii_digit() && !matches!(minor, b'0' | b'1'),
            Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
            Some([major] | [major, b'.']) => !self.is_complete && major.is_ascii_digit() && *major != b'1',
            _ => false,
        };
        is_method && is_unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(parts: &[&str]) -> FirstLine {
        let mut line = FirstLine::default();
        for part in parts {
            line.extend(part.as_bytes());
        }
        line
    }

    #[test]
    fn other_versions_are_found_in_a_line_that_comes_in_pieces() {
        for parts in [
            &["GET / HTTP/1.2\r\n"][..],
            &["GE", "T / HTTP/3", ".0\r", "\nHost: x"],
            &["GET / HTTP/2.0\n"],
            &["GET / HTTP/3"],
        ] {
            assert!(line(parts).has_unknown_version(), "{parts:?}");
        }
    }

    #[test]
    fn known_versions_and_lines_that_are_no_requests_are_not_meant() {
        for text in [
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.0\r\n",
            "GET / HTTP/1",
            "GET / HTTP/3\r\n",
            "this is HTTP/1.2\r\n",
            "GET / HTTP/x.y\r\n",
            "GET HTTP/1.2\r\n",
            "\r\n",
        ] {
            assert!(!line(&[text]).has_unknown_version(), "{text:?}");
        }
    }
}
