//! Reading a query from its beginning to its end, a word at a time.

use serde_json::Value;

use super::Operand;

/// What is left of a query. What cannot be read as wanted is `None`, and ends the reading.
pub(super) struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.trim())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// A keyword or a name.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        if self.0.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let is_of_it = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let end = self.0.find(|character| !is_of_it(character)).unwrap_or(self.0.len());
        (end > 0).then(|| self.take(end))
    }

    /// This keyword, in any case.
    pub(super) fn keyword(&mut self, keyword: &str) -> Option<()> {
        self.word().filter(|word| word.eq_ignore_ascii_case(keyword)).map(drop)
    }

    /// `@name`, or a value in JSON.
    pub(super) fn value(&mut self) -> Option<Operand> {
        if self.symbol("@").is_some() {
            return Some(Operand::Bound(self.word()?.to_owned()));
        }
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let end = values.byte_offset();
        self.take(end);
        Some(Operand::Given(value))
    }

    /// `@@name`, or a name.
    pub(super) fn collection(&mut self) -> Option<Operand> {
        if self.symbol("@@").is_some() {
            return Some(Operand::Bound(format!("@{}", self.word()?)));
        }
        Some(Operand::Given(self.word()?.into()))
    }

    /// `1..9`. Nothing is taken if there is none.
    pub(super) fn range(&mut self) -> Option<(i64, i64)> {
        let before = self.0;
        let range = self.both_ends();
        if range.is_none() {
            self.0 = before;
        }
        range
    }

    fn both_ends(&mut self) -> Option<(i64, i64)> {
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

    /// What nothing need follow, not even a blank.
    fn symbol(&mut self, symbol: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(symbol)?;
        Some(())
    }

    /// Takes so many bytes, and whatever blank follows them.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(bytes);
        self.0 = rest.trim_start();
        taken
    }
}
