//! Reads a query word by word.

use serde_json::Value;

use super::Operand;

/// The unread rest of a query. A method returns `None` if the next token is not of its kind.
pub(super) struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.trim())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a keyword or a name.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        if self.0.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let is_of_it = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let end = self.0.find(|character| !is_of_it(character)).unwrap_or(self.0.len());
        (end > 0).then(|| self.take(end))
    }

    /// Reads this keyword, in any case.
    pub(super) fn keyword(&mut self, keyword: &str) -> Option<()> {
        self.word().filter(|word| word.eq_ignore_ascii_case(keyword)).map(drop)
    }

    /// Reads `@name` or a value in JSON.
    pub(super) fn value(&mut self) -> Option<Operand> {
        if self.symbol("@").is_some() {
            return Some(Operand::Parameter(self.word()?.to_owned()));
        }
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let end = values.byte_offset();
        self.take(end);
        Some(Operand::Literal(value))
    }

    /// Reads `@@name` or a name.
    pub(super) fn collection(&mut self) -> Option<Operand> {
        if self.symbol("@@").is_some() {
            return Some(Operand::Parameter(format!("@{}", self.word()?)));
        }
        Some(Operand::Literal(self.word()?.into()))
    }

    /// Reads `1..9`. If there is no range, nothing is consumed.
    pub(super) fn range(&mut self) -> Option<(i64, i64)> {
        let before = self.0;
        let range = self.range_bounds();
        if range.is_none() {
            self.0 = before;
        }
        range
    }

    fn range_bounds(&mut self) -> Option<(i64, i64)> {
        let from = self.integer()?;
        self.symbol("..")?;
        self.take(0);
        Some((from, self.integer()?))
    }

    fn integer(&mut self) -> Option<i64> {
        let is_of_it =
            |(at, character): (usize, char)| character.is_ascii_digit() || (at == 0 && character == '-');
        let end = self.0.char_indices().find(|one| !is_of_it(*one)).map_or(self.0.len(), |(at, _)| at);
        let integer = self.0[..end].parse().ok()?;
        self.take(end);
        Some(integer)
    }

    /// Reads a symbol. No blank need follow it.
    fn symbol(&mut self, symbol: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(symbol)?;
        Some(())
    }

    /// Consumes this number of bytes and the blanks after them.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(bytes);
        self.0 = rest.trim_start();
        taken
    }
}
