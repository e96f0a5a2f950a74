use proptest::prelude::*;

use super::parse;
use crate::syntax::tree::{ExpressionKind, StatementKind};

fn message(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert_eq!(error.number, 1501, "{error}");
    error.message
}

/// Returns the parts of an expression in the order in which they are computed.
fn shape(text: &str) -> String {
    let tree = parse(&format!("RETURN {text}")).unwrap_or_else(|error| panic!("{text}: {error}"));
    let StatementKind::Return(last) = &tree.block.statements[0].kind else { panic!("no RETURN") };
    show(&last.value)
}

fn show(expression: &crate::syntax::tree::Expression) -> String {
    match &expression.kind {
        ExpressionKind::Constant(value) => value.to_json_string(),
        ExpressionKind::Name(name) => name.to_string(),
        ExpressionKind::Unary(operator, operand) => format!("({operator:?} {})", show(operand)),
        ExpressionKind::Binary(operator, parts) => {
            format!("({} {operator:?} {})", show(&parts.0), show(&parts.1))
        }
        ExpressionKind::Range(parts) => format!("({} .. {})", show(&parts.0), show(&parts.1)),
        ExpressionKind::Ternary(parts) => {
            let then = parts.1.as_ref().map(show).unwrap_or_default();
            format!("({} ? {then} : {})", show(&parts.0), show(&parts.2))
        }
        ExpressionKind::Quantified(parts) => {
            format!("({} {:?} {})", show(&parts.left), parts.operator, show(&parts.right))
        }
        ExpressionKind::Call(call) => {
            let arguments: Vec<_> = call.arguments.iter().map(show).collect();
            format!("{}({})", call.name, arguments.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn assert_refused(text: &str, construct: &str, position: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.is_not_implemented(), "{text}: {error}");
    assert!(error.message.ends_with(construct), "{text}: {error}");
    assert_eq!(error.position.unwrap().to_string(), position, "{text}");
}

#[test]
fn operators_bind_as_in_the_servers_grammar() {
    for (text, expected) in [
        ("1 + 2 * 3", "(1 Add (2 Multiply 3))"),
        ("1 - 2 - 3", "((1 Subtract 2) Subtract 3)"),
        ("a || b && c", "(a Or (b And c))"),
        ("a == b < c", "(a Equal (b Less c))"),
        ("a IN b == c", "((a In b) Equal c)"),
        ("a NOT IN b", "(a NotIn b)"),
        ("NOT a IN b", "((Not a) In b)"),
        ("!a == b", "((Not a) Equal b)"),
        ("-a + b", "((Minus a) Add b)"),
        ("1..2 + 3", "(1 .. (2 Add 3))"),
        ("a < 1..2", "(a Less (1 .. 2))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ?: b", "(a ?  : b)"),
        ("a ? b : c || d", "(a ? b : (c Or d))"),
        ("a LIKE b", "LIKE(a, b)"),
        ("a NOT LIKE b", "(Not LIKE(a, b))"),
        ("a =~ b && c !~ d", "(REGEX_TEST(a, b) And (Not REGEX_TEST(c, d)))"),
        ("a ANY == b && c", "((a Equal b) And c)"),
        ("a + b ALL IN c", "((a Add b) In c)"),
        ("a AT LEAST (2) NOT IN b", "(a NotIn b)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn a_syntax_error_names_the_token_and_shows_what_follows() {
    for (text, expected) in [
        ("FRO x", "syntax error, unexpected identifier near 'FRO x' at position 1:1"),
        ("RETURN", "syntax error, unexpected end of query string near 'RETURN' at position 1:1"),
        (
            "RETURN 1 RETURN 2",
            "syntax error, unexpected RETURN declaration, expecting end of query string near 'RETURN 2' at position 1:10",
        ),
        (
            "FOR 1 IN c",
            "syntax error, unexpected integer number, expecting identifier near '1 IN c' at position 1:5",
        ),
        (
            "FOR x OF c",
            "syntax error, unexpected identifier, expecting IN keyword near 'OF c' at position 1:7",
        ),
        ("LET x 1", "syntax error, unexpected integer number, expecting assignment near '1' at position 1:7"),
        (
            "RETURN {filter: 1}",
            "syntax error, unexpected FILTER declaration near 'filter: 1}' at position 1:9",
        ),
        (
            "RETURN 'a'.b",
            "syntax error, unexpected '.', expecting end of query string near '.b' at position 1:11",
        ),
        (
            "RETURN 1 +\n  ) the rest is longer than what is shown",
            "syntax error, unexpected ) near ') the rest is longer than what i...' at position 2:3",
        ),
    ] {
        assert_eq!(message(text), expected);
    }
}

#[test]
fn qualifiers_are_words_only_in_their_place() {
    assert_eq!(
        message("FOR x IN c OPTION {} RETURN x"),
        "unexpected qualifier 'OPTION', expecting 'SEARCH' or 'OPTIONS' near 'OPTION {} RETURN x' at position 1:12"
    );
    for text in [
        "FOR options IN search FILTER options.keep RETURN {count: options, prune}",
        "LET current = 1 LET new = 2 LET to = current RETURN to + new",
        "FOR at IN least RETURN at",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn in_before_a_collection_is_not_an_operator() {
    for text in [
        "REMOVE 'a' IN c",
        "UPDATE d IN c RETURN NEW",
        "UPDATE d WITH {a: 1 IN x} IN c OPTIONS {keepNull: false}",
        "REMOVE x IN y IN c",
        "REMOVE x IN [1] IN c",
        "LET a = (REMOVE x IN c) RETURN a",
        "REPLACE d IN @@c",
        "INSERT {} IN 'c'",
        "UPSERT {a: 1} INSERT {a: 1} REPLACE {} IN c",
        "FOR d IN c LIMIT 1REMOVE d IN c",
    ] {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn a_query_ends_with_a_result_or_a_write() {
    assert_eq!(message("LET a = 1"), "syntax error, unexpected end of query string near '1' at position 1:9");
    parse("INSERT {} INTO a INSERT {} INTO b").unwrap();
    message("INSERT {} INTO a LET x = 1");
}

#[test]
fn what_this_crate_does_not_have_is_refused_by_name_and_position() {
    assert_refused("FOR v IN OUTBOUND SHORTEST_PATH 'a' TO 'b' e RETURN v", ": SHORTEST_PATH", "1:10");
    assert_refused("FOR p IN 1..2 ANY K_PATHS 'a' TO 'b' e RETURN p", "K_PATHS", "1:15");
    assert_refused("FOR d IN v SEARCH d.a == 1 RETURN d", "SEARCH", "1:12");
    assert_refused("FOR d IN c WINDOW {preceding: 1} AGGREGATE s = SUM(d) RETURN s", "WINDOW", "1:12");
    assert_refused("RETURN my::func(1)", "user-defined functions", "1:8");
    assert_refused("RETURN [...a]", "spread in arrays", "1:9");
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("-", ""), ("a[", "]"), ("f(", ")"), ("{a:", "}"), ("a ? ", " : 1")]
    {
        let deep = |depth: usize| format!("RETURN {}1{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(&deep(10_000)).unwrap_err().is_not_implemented(), "{open}");
        parse(&deep(50)).unwrap_or_else(|error| panic!("{open}: {error}"));
    }
    assert!(parse(&format!("RETURN 1{}", " + 1".repeat(10_000))).unwrap_err().is_not_implemented());
    assert!(parse(&format!("RETURN a{}", ".b".repeat(10_000))).unwrap_err().is_not_implemented());
    assert!(parse(&format!("RETURN a{}", "[*].b".repeat(10_000))).unwrap_err().is_not_implemented());
    parse(&format!("RETURN 1{}", " + 1".repeat(190))).unwrap();
}

/// Pieces of queries, so that random texts get past the first token.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "FOR x IN",
        "RETURN",
        "LET a =",
        "FILTER",
        "COLLECT",
        "WITH COUNT INTO",
        "AGGREGATE",
        "INTO",
        "KEEP",
        "SORT",
        "LIMIT",
        "INSERT",
        "UPDATE",
        "REMOVE",
        "UPSERT",
        "OPTIONS",
        "IN",
        "c",
        "a",
        "@b",
        "@@c",
        "1",
        "'s'",
        "`q`",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "?",
        ".",
        "..",
        "*",
        "==",
        "ANY",
        "AT LEAST",
        "NOT",
        "-",
        "f(",
        "=",
        "//\n",
        "´",
    ])
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        drop(parse(&text));
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic(pieces in prop::collection::vec(piece(), 0..40)) {
        drop(parse(&pieces.join(" ")));
        drop(parse(&pieces.concat()));
    }

    #[test]
    fn every_syntax_error_has_a_position(pieces in prop::collection::vec(piece(), 1..20)) {
        if let Err(error) = parse(&pieces.join(" ")) {
            prop_assert!(error.position.is_some(), "{}", error);
        }
    }
}
