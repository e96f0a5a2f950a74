//! Splits JavaScript code into tokens, as far as its outline needs.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Whether the token before is on an earlier line.
    pub(super) after_newline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word(String),
    Number,
    /// A string in quotes.
    Text,
    /// A template or a regular expression.
    Pattern,
    /// `=>`
    Arrow,
    Symbol(char),
}

/// Why code could not be split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The code is invalid.
    Invalid(&'static str),
    /// A slash may divide or begin a regular expression, and only a full parser knows.
    Undecided,
}

/// Words after which a slash begins a regular expression.
const BEFORE_EXPRESSION: &[&str] = &[
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

/// Splits code. Each bracket that opens has its partner.
pub(super) fn split(code: &str) -> Result<Vec<Token>, Failure> {
    let mut lexer = Lexer { rest: code, newline: false, undecided: false };
    match lexer.tokens(false) {
        Err(Failure::Invalid(_)) if lexer.undecided => Err(Failure::Undecided),
        result => result,
    }
}

struct Lexer<'a> {
    rest: &'a str,
    newline: bool,
    /// Whether a slash was taken for a division without being sure.
    undecided: bool,
}

impl Lexer<'_> {
    /// Reads to the end, or within a template to the brace that ends its expression.
    fn tokens(&mut self, in_template: bool) -> Result<Vec<Token>, Failure> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut open = Vec::new();
        while let Some(next) = self.rest.chars().next() {
            if self.skip_blank(next)? {
                continue;
            }
            if next == '}' && in_template && open.is_empty() {
                self.advance(1);
                return Ok(tokens);
            }
            let kind = self.token(next, tokens.last())?;
            match kind {
                Kind::Symbol('(') => open.push(')'),
                Kind::Symbol('[') => open.push(']'),
                Kind::Symbol('{') => open.push('}'),
                Kind::Symbol(closing @ (')' | ']' | '}')) if open.pop() != Some(closing) => {
                    return Err(Failure::Invalid("a bracket is closed that is not open"));
                }
                _ => {}
            }
            tokens.push(Token { kind, after_newline: std::mem::take(&mut self.newline) });
        }
        if in_template || !open.is_empty() {
            return Err(Failure::Invalid("unexpected end"));
        }
        Ok(tokens)
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Skips white space or a comment. Returns whether there was one.
    fn skip_blank(&mut self, next: char) -> Result<bool, Failure> {
        if next.is_whitespace() || next == '\u{feff}' {
            self.newline |= is_line_end(next);
            self.advance(next.len_utf8());
        } else if self.rest.starts_with("//") {
            // A server puts its own code behind it, on the same line.
            let end = self.rest.find(is_line_end).ok_or(Failure::Invalid("a comment hides the end"))?;
            self.advance(end);
        } else if self.rest.starts_with("/*") {
            let end = self.rest[2..].find("*/").ok_or(Failure::Invalid("a comment is not closed"))? + 2;
            self.newline |= self.rest[..end].contains(is_line_end);
            self.advance(end + 2);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn token(&mut self, next: char, before: Option<&Token>) -> Result<Kind, Failure> {
        let begins_number = next.is_ascii_digit()
            || (next == '.' && self.rest[1..].starts_with(|digit: char| digit.is_ascii_digit()));
        if begins_number {
            let is_part = |part: char| part.is_ascii_alphanumeric() || matches!(part, '.' | '_');
            let end = self.rest.find(|part| !is_part(part)).unwrap_or(self.rest.len());
            self.advance(end);
            return Ok(Kind::Number);
        }
        if is_word_part(next) {
            let end = self.rest.find(|part| !is_word_part(part)).unwrap_or(self.rest.len());
            let word = self.rest[..end].to_owned();
            self.advance(end);
            return Ok(Kind::Word(word));
        }
        match next {
            '"' | '\'' => self.text(next),
            '`' => self.template(),
            '/' if self.begins_pattern(before) => self.regular_expression(),
            '=' if self.rest.starts_with("=>") => {
                self.advance(2);
                Ok(Kind::Arrow)
            }
            _ if "{}()[];,<>=!+-*/%&|^~?:.@".contains(next) => {
                self.advance(1);
                Ok(Kind::Symbol(next))
            }
            _ => Err(Failure::Invalid("a character that is not one of the language")),
        }
    }

    fn text(&mut self, quote: char) -> Result<Kind, Failure> {
        let mut is_escaped = false;
        for (at, next) in self.rest.char_indices().skip(1) {
            if next == quote && !is_escaped {
                self.advance(at + 1);
                return Ok(Kind::Text);
            }
            if matches!(next, '\n' | '\r') && !is_escaped {
                break;
            }
            is_escaped = next == '\\' && !is_escaped;
        }
        Err(Failure::Invalid("a string is not closed"))
    }

    fn template(&mut self) -> Result<Kind, Failure> {
        self.advance(1);
        while let Some(next) = self.rest.chars().next() {
            if self.rest.starts_with("${") {
                self.advance(2);
                self.tokens(true)?;
                continue;
            }
            self.advance(next.len_utf8());
            match next {
                '`' => return Ok(Kind::Pattern),
                '\\' => self.advance(self.rest.chars().next().map_or(0, char::len_utf8)),
                _ => {}
            }
        }
        Err(Failure::Invalid("a template is not closed"))
    }

    fn begins_pattern(&mut self, before: Option<&Token>) -> bool {
        match before.map(|token| &token.kind) {
            None | Some(Kind::Arrow) => true,
            Some(Kind::Symbol(')' | '}')) => {
                self.undecided = true;
                false
            }
            Some(Kind::Symbol(symbol)) => *symbol != ']',
            Some(Kind::Word(word)) => BEFORE_EXPRESSION.contains(&word.as_str()),
            Some(Kind::Number | Kind::Text | Kind::Pattern) => false,
        }
    }

    fn regular_expression(&mut self) -> Result<Kind, Failure> {
        let (mut is_escaped, mut in_class) = (false, false);
        for (at, next) in self.rest.char_indices().skip(1) {
            match next {
                _ if is_line_end(next) => break,
                '/' if !is_escaped && !in_class => {
                    self.advance(at + 1);
                    let flags = self.rest.find(|flag| !is_word_part(flag)).unwrap_or(self.rest.len());
                    self.advance(flags);
                    return Ok(Kind::Pattern);
                }
                '[' if !is_escaped => in_class = true,
                ']' if !is_escaped => in_class = false,
                _ => {}
            }
            is_escaped = next == '\\' && !is_escaped;
        }
        Err(Failure::Invalid("a regular expression is not closed"))
    }
}

fn is_line_end(next: char) -> bool {
    matches!(next, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a name can contain it. An escape counts as one character of a name.
fn is_word_part(next: char) -> bool {
    next.is_alphanumeric() || matches!(next, '_' | '$' | '#' | '\\' | '\u{200c}' | '\u{200d}')
}
