//! Cuts the text of a query into tokens.

mod escape;
mod number;

use std::sync::Arc;

use super::message::syntax_error;
use super::token::{Keyword, Spanned, Symbol, Token};
use crate::error::{Position, QueryError};

/// Returns the tokens of a query; the last one is [`Token::End`].
///
/// The end stands where the last token, comment or run of spaces begins: there the server reports a query that ends too
/// early.
///
/// # Errors
/// If a string, a quoted name or a comment has no end (1501).
pub(super) fn lex(text: &str) -> Result<Vec<Spanned>, QueryError> {
    let mut lexer = Lexer { text, offset: 0, line: 1, line_start: 0 };
    let mut tokens = Vec::new();
    let mut last = (0, Position { line: 1, column: 1 });
    loop {
        let start = lexer.offset;
        let position = lexer.position();
        if start == text.len() {
            tokens.push(Spanned { token: Token::End, start: last.0, position: last.1 });
            return Ok(tokens);
        }
        let token = lexer.next(position)?;
        last = lexer.last_match(start, position);
        if let Some(token) = token {
            tokens.push(Spanned { token, start, position });
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn position(&self) -> Position {
        Position { line: self.line, column: self.offset - self.line_start + 1 }
    }

    /// Moves on, and counts the lines that end on the way.
    fn advance(&mut self, length: usize) -> &'a str {
        let passed = &self.text[self.offset..self.offset + length];
        for (index, _) in passed.match_indices('\n') {
            self.line += 1;
            self.line_start = self.offset + index + 1;
        }
        self.offset += length;
        passed
    }

    /// Returns the place of the last thing that was passed.
    fn last_match(&self, start: usize, position: Position) -> (usize, Position) {
        if self.text.as_bytes()[self.offset - 1] == b'\n' {
            // The server has counted the line already, but not yet gone back to its first column.
            let column =
                self.offset - 1 - self.text[..self.offset - 1].rfind('\n').map_or(0, |end| end + 1) + 1;
            return (self.text.len(), Position { line: self.line, column });
        }
        (start, position)
    }

    /// Passes one token, or a space or comment, for which it returns `None`.
    fn next(&mut self, position: Position) -> Result<Option<Token>, QueryError> {
        let rest = self.rest();
        let first = rest.chars().next().expect("the text does not end here");
        if first == '\n' {
            self.advance(1);
            return Ok(None);
        }
        let spaces = prefix(rest, |char| matches!(char, ' ' | '\t' | '\r'));
        if spaces > 0 {
            self.advance(spaces);
            return Ok(None);
        }
        if rest.starts_with("//") {
            self.advance(prefix(rest, |char| char != '\n'));
            return Ok(None);
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            let Some(end) = comment.find("*/") else {
                return Err(self.unterminated(position, "unexpected unterminated multi-line comment"));
            };
            self.advance(end + 4);
            return Ok(None);
        }
        match first {
            '`' | '\u{b4}' => {
                self.quoted(first, position, "unexpected unterminated identifier").map(Token::Name)
            }
            '"' | '\'' => {
                self.quoted(first, position, "unexpected unterminated string literal").map(Token::Quoted)
            }
            _ => Ok(self.plain(first)),
        }
        .map(Some)
    }

    fn plain(&mut self, first: char) -> Token {
        let rest = self.rest();
        if let Some((token, length)) = number::number(rest) {
            self.advance(length);
            return token;
        }
        if let Some((token, length)) = bind(rest) {
            self.advance(length);
            return token;
        }
        let length = name(rest);
        if length > 0 {
            if let Some(both) = at_least(rest, length) {
                self.advance(both);
                return Token::Symbol(Symbol::AtLeast);
            }
            let word = self.advance(length);
            return Keyword::find(word).map_or_else(|| Token::Name(word.into()), Token::Keyword);
        }
        if let Some((text, symbol)) = Symbol::ALL.iter().find(|(text, _)| rest.starts_with(text)) {
            self.advance(text.len());
            return Token::Symbol(*symbol);
        }
        self.advance(first.len_utf8());
        Token::Unknown(first)
    }

    /// Passes a text between two equal marks and returns it unescaped.
    fn quoted(&mut self, mark: char, position: Position, missing: &str) -> Result<Arc<str>, QueryError> {
        let width = mark.len_utf8();
        let inner = &self.rest()[width..];
        let Some(end) = escape::find_end(inner, mark) else {
            return Err(self.unterminated(position, missing));
        };
        let text = escape::unescape(&inner[..end]);
        self.advance(end + 2 * width);
        Ok(text.into())
    }

    fn unterminated(&self, position: Position, problem: &str) -> QueryError {
        syntax_error(self.text, self.offset, position, problem)
    }
}

/// Returns the number of bytes at the begin that are characters of a kind.
fn prefix(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is_part(char)).unwrap_or(text.len())
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Returns the length of a bare name: a letter after underscores or one `$`, then letters, digits and underscores.
fn name(text: &str) -> usize {
    let leading = if text.starts_with('$') { 1 } else { prefix(text, |char| char == '_') };
    let rest = &text[leading..];
    if rest.starts_with(|char: char| char.is_ascii_alphabetic()) {
        leading + prefix(rest, is_word)
    } else {
        0
    }
}

/// Returns `@name` or `@@name` and its length.
fn bind(text: &str) -> Option<(Token, usize)> {
    let marks = prefix(text, |char| char == '@').min(2);
    let name = &text[marks..];
    let length = prefix(name, is_word);
    if marks == 0 || name[..length].trim_start_matches('_').is_empty() {
        return None;
    }
    let token = match marks {
        1 => Token::Bind(text[1..=length].into()),
        _ => Token::CollectionBind(text[1..length + 2].into()),
    };
    Some((token, marks + length))
}

/// Returns the length of `AT LEAST`, if the first word is `AT`.
fn at_least(text: &str, first: usize) -> Option<usize> {
    let spaces = prefix(&text[first..], |char| matches!(char, ' ' | '\t' | '\r' | '\n'));
    let second = &text[first + spaces..];
    let length = name(second);
    (text[..first].eq_ignore_ascii_case("AT") && second[..length].eq_ignore_ascii_case("LEAST"))
        .then_some(first + spaces + length)
}

#[cfg(test)]
mod tests;
