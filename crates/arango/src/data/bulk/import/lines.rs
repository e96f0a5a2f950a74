//! Reading JSON lines.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use tokio::io::AsyncBufRead;

/// The longest line, in bytes. No server accepts a document that is much longer.
const MAX_LINE: usize = 128 << 20;

/// Reads lines, one after the other.
pub(super) struct LineReader<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

/// One line.
pub(super) enum Line<'a> {
    /// A line with this number, from 1, without its end.
    Text(u64, &'a [u8]),
    /// A line that is longer than allowed. Its rest was skipped.
    TooLong(u64),
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0 }
    }

    /// Returns the next line; `None` at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut has_ended, mut is_too_long, mut has_begun) = (false, false, false);
        while !has_ended {
            let used = poll_fn(|context| {
                Pin::new(&mut self.reader).poll_fill_buf(context).map_ok(|buffer| {
                    let end = memchr(buffer);
                    has_ended = end.is_some() || buffer.is_empty();
                    has_begun |= !buffer.is_empty();
                    let part = &buffer[..end.unwrap_or(buffer.len())];
                    is_too_long |= self.line.len() + part.len() > MAX_LINE;
                    if !is_too_long {
                        self.line.extend_from_slice(part);
                    }
                    part.len() + usize::from(end.is_some())
                })
            })
            .await?;
            Pin::new(&mut self.reader).consume(used);
        }
        if !has_begun {
            return Ok(None);
        }
        self.number += 1;
        if is_too_long {
            return Ok(Some(Line::TooLong(self.number)));
        }
        // Some programs write a mark of the byte order at the beginning of a file.
        let line = self.line.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.number == 1);
        Ok(Some(Line::Text(self.number, line.unwrap_or(&self.line))))
    }
}

fn memchr(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    async fn lines(text: &[u8], capacity: usize) -> Vec<(u64, String)> {
        let mut reader = LineReader::new(BufReader::with_capacity(capacity, text));
        let mut lines = Vec::new();
        while let Some(Line::Text(number, line)) = reader.next().await.unwrap() {
            lines.push((number, String::from_utf8_lossy(line).into_owned()));
        }
        lines
    }

    #[tokio::test]
    async fn lines_are_the_same_whatever_the_buffer_is() {
        let text = b"\xef\xbb\xbf{\"a\":1}\n\n{}\r\n  {\"b\":2}";
        let expected = [(1, "{\"a\":1}"), (2, ""), (3, "{}\r"), (4, "  {\"b\":2}")]
            .map(|(n, line)| (n, line.to_owned()));
        for capacity in [1, 3, 7, 64] {
            assert_eq!(lines(text, capacity).await, expected, "{capacity}");
        }
        assert!(lines(b"", 4).await.is_empty());
        assert_eq!(lines(b"\n", 4).await, [(1, String::new())]);
    }
}
