//! Whether JavaScript code is one function.
//!
//! The code is not parsed in full. What is found to be invalid is invalid; other errors of the code stay unnoticed.

use super::tokens::{Failure, Kind, Token, split};

/// What code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A function, as far as its outline shows.
    Function,
    /// It has an error, or is no function.
    Invalid(&'static str),
    /// Only running it would show whether it yields a function.
    Unknown,
}

/// Words that cannot be names.
const RESERVED: &[&str] = &[
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "null",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Names that mean something before another word.
const CONTEXTUAL: &[&str] =
    &["accessor", "as", "async", "await", "from", "get", "let", "of", "set", "static", "using", "yield"];

/// Returns what the code is.
pub(super) fn shape(code: &str) -> Shape {
    let tokens = match split(code) {
        Ok(tokens) => tokens,
        Err(Failure::Invalid(reason)) => return Shape::Invalid(reason),
        Err(Failure::Undecided) => return Shape::Unknown,
    };
    if tokens.windows(2).any(|pair| is_value(&pair[0]) && is_value(&pair[1]) && !pair[1].after_newline) {
        return Shape::Invalid("two names or values without an operator");
    }
    let tokens = without_semicolons(&tokens);
    let tokens = without_parentheses(tokens);
    match tokens {
        [] => Shape::Invalid("it is empty"),
        [Token { kind: Kind::Number | Kind::Text, .. }] => Shape::Invalid("it is no function"),
        _ if is_function(tokens) || is_arrow(tokens) => Shape::Function,
        [Token { kind: Kind::Symbol(open @ ('{' | '[')), .. }, ..]
            if closing(tokens, *open) == Some(tokens.len() - 1) =>
        {
            Shape::Invalid("it is no function")
        }
        _ => Shape::Unknown,
    }
}

/// Returns whether the token is a value that no other value may follow on its line.
fn is_value(token: &Token) -> bool {
    match &token.kind {
        Kind::Word(word) => {
            // A name with an escape may spell any word.
            !RESERVED.contains(&word.as_str()) && !CONTEXTUAL.contains(&word.as_str()) && !word.contains('\\')
        }
        Kind::Number | Kind::Text => true,
        Kind::Pattern | Kind::Arrow | Kind::Symbol(_) => false,
    }
}

fn without_semicolons(tokens: &[Token]) -> &[Token] {
    let is_last = |token: &Token| token.kind != Kind::Symbol(';');
    &tokens[..tokens.iter().rposition(is_last).map_or(0, |last| last + 1)]
}

/// Removes the parentheses that enclose all of the code.
fn without_parentheses(mut tokens: &[Token]) -> &[Token] {
    while tokens.len() > 1 && closing(tokens, '(') == Some(tokens.len() - 1) {
        tokens = &tokens[1..tokens.len() - 1];
    }
    tokens
}

/// Returns the place of the bracket that closes the first token, if that opens one of this kind.
fn closing(tokens: &[Token], open: char) -> Option<usize> {
    if tokens.first()?.kind != Kind::Symbol(open) {
        return None;
    }
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token.kind {
            Kind::Symbol('(' | '[' | '{') => depth += 1,
            Kind::Symbol(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

fn is_word(token: Option<&Token>, word: &str) -> bool {
    token.is_some_and(|token| matches!(&token.kind, Kind::Word(own) if own == word))
}

/// Returns whether the tokens are `function name(…) {…}` and nothing else.
fn is_function(tokens: &[Token]) -> bool {
    let tokens = if is_word(tokens.first(), "async") { &tokens[1..] } else { tokens };
    if !is_word(tokens.first(), "function") {
        return false;
    }
    let mut tokens = &tokens[1..];
    for may_precede in [|kind: &Kind| *kind == Kind::Symbol('*'), |kind: &Kind| matches!(kind, Kind::Word(_))]
    {
        if tokens.first().is_some_and(|token| may_precede(&token.kind)) {
            tokens = &tokens[1..];
        }
    }
    let Some(end) = closing(tokens, '(') else { return false };
    let body = &tokens[end + 1..];
    closing(body, '{').is_some_and(|end| end + 1 == body.len())
}

/// Returns whether the tokens are `(…) => …` and nothing else.
fn is_arrow(tokens: &[Token]) -> bool {
    let is_async = is_word(tokens.first(), "async")
        && tokens.get(1).is_some_and(|next| next.kind != Kind::Arrow && !next.after_newline);
    let tokens = if is_async { &tokens[1..] } else { tokens };
    let parameters = match tokens.first().map(|token| &token.kind) {
        Some(Kind::Word(word)) if !RESERVED.contains(&word.as_str()) => 1,
        _ => closing(tokens, '(').map_or(0, |end| end + 1),
    };
    let Some(Token { kind: Kind::Arrow, .. }) = tokens.get(parameters).filter(|_| parameters > 0) else {
        return false;
    };
    let body = &tokens[parameters + 1..];
    match closing(body, '{') {
        Some(end) => end + 1 == body.len(),
        None => !body.is_empty() && !has_separator(body),
    }
}

/// Returns whether a comma or semicolon separates parts outside of brackets.
fn has_separator(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    tokens.iter().any(|token| match token.kind {
        Kind::Symbol('(' | '[' | '{') => {
            depth += 1;
            false
        }
        Kind::Symbol(')' | ']' | '}') => {
            depth -= 1;
            false
        }
        Kind::Symbol(',' | ';') => depth == 0,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_all_forms_are_accepted() {
        for code in [
            "function (celsius) { return celsius * 1.8 + 32; }",
            "function f(a, b) { 'use strict'; let x = a\nlet y = b\nreturn x + y }",
            "(function () { return /[/\"']/.test('x'); });",
            "async function* () { yield 1; }",
            "x => x + 1",
            "(a, { b }) => ({ a, b })",
            "async (a) => { await a; }",
            "function (a) { // why not\n return `${a} and ${`it's ${a}`}`; /* \" */ }",
            "function (o) { for (const k of o) { if (typeof k === \"string\") return k; }\n return o / 2 / 1; }",
            "function () { class A { static get x() { return 1; } }\n return new A().x; }",
            "function (π) { return π\n  ? 1 : 2; }",
        ] {
            assert_eq!(shape(code), Shape::Function, "{code}");
        }
    }

    #[test]
    fn errors_in_the_outline_are_found() {
        for code in [
            "function (celsius) { invalid syntax }",
            "function (a) { return a;",
            "function (a) { return (a]; }",
            "function () { return 'it; }",
            "function () { return `it; }",
            "function () { return 1 } // done",
            "function () { /* never closed }",
            "function () { return \"a\" \"b\"; }",
            "1",
            "'function () {}'",
            "{ a: 1 }",
            " ",
            "function () { § }",
        ] {
            assert!(matches!(shape(code), Shape::Invalid(_)), "{code}: {:?}", shape(code));
        }
    }

    #[test]
    fn what_only_running_it_would_show_is_not_decided() {
        for code in [
            "function () { return 1; }()",
            "require('x').f",
            "function () {}; function () {}",
            "x => x, 1",
            "class A {}",
            "function (a) { if (a) /it's/.test(a); }",
        ] {
            assert_eq!(shape(code), Shape::Unknown, "{code}");
        }
    }
}
