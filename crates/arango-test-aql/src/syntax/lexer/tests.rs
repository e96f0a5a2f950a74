use super::lex;
use crate::syntax::token::{Keyword, Symbol, Token};

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = lex(text).unwrap().into_iter().map(|spanned| spanned.token).collect();
    assert_eq!(tokens.pop(), Some(Token::End));
    tokens
}

fn end(text: &str) -> String {
    lex(text).unwrap().last().unwrap().position.to_string()
}

#[test]
fn a_number_ends_within_a_word() {
    let expected = [Token::Integer(1), Token::Keyword(Keyword::Remove)];
    assert_eq!(tokens("1REMOVE"), expected);
    assert_eq!(tokens("0b2"), [Token::Integer(0), Token::Name("b2".into())]);
    assert_eq!(tokens("01"), [Token::Integer(0), Token::Integer(1)]);
}

#[test]
fn numbers_have_bases_fractions_and_exponents() {
    assert_eq!(tokens("0xFF 0b101 12"), [Token::Integer(255), Token::Integer(5), Token::Integer(12)]);
    assert_eq!(tokens("1.5 .5 1e3 2E-1"), [1.5, 0.5, 1000.0, 0.2].map(Token::Double));
    assert_eq!(tokens("9223372036854775808"), [Token::Double(9_223_372_036_854_775_808.0)]);
    assert_eq!(tokens("1e999"), [Token::OutOfRange]);
}

#[test]
fn a_range_is_not_a_fraction() {
    let range = Token::Symbol(Symbol::Range);
    assert_eq!(tokens("1..2"), [Token::Integer(1), range.clone(), Token::Integer(2)]);
    assert_eq!(tokens("1.5..2"), [Token::Double(1.5), range, Token::Integer(2)]);
}

#[test]
fn keywords_have_any_case_but_are_whole_words() {
    assert_eq!(tokens("fOr"), [Token::Keyword(Keyword::For)]);
    assert_eq!(tokens("FORX _for $for"), ["FORX", "_for", "$for"].map(|name| Token::Name(name.into())));
}

#[test]
fn names_are_quoted_by_backticks_and_forward_ticks() {
    let expected = ["filter", "a\"", "x`y"].map(|name| Token::Name(name.into()));
    assert_eq!(tokens(r#"`filter` ´a"´ `x\`y`"#), expected);
}

#[test]
fn strings_have_escapes_and_either_quote() {
    let expected = ["a\nb", "it's", "é\u{1f600}", "q"].map(|text| Token::Quoted(text.into()));
    assert_eq!(tokens(r#""a\nb" 'it\'s' "\u00e9\ud83d\ude00" "\q""#), expected);
}

#[test]
fn half_of_a_character_is_replaced() {
    assert_eq!(tokens(r#""\ud83d" "\u12""#), ["\u{fffd}", "u12"].map(|text| Token::Quoted(text.into())));
}

#[test]
fn a_collection_parameter_keeps_one_mark() {
    let expected = [Token::Bind("x1".into()), Token::CollectionBind("@_c".into()), Token::Bind("1".into())];
    assert_eq!(tokens("@x1 @@_c @1"), expected);
    assert_eq!(tokens("@_"), [Token::Unknown('@'), Token::Unknown('_')]);
}

#[test]
fn comments_are_skipped() {
    assert_eq!(tokens("1 // 2\n/* 3\n* */4"), [Token::Integer(1), Token::Integer(4)]);
}

#[test]
fn at_least_is_one_token() {
    assert_eq!(tokens("at \n LEAST"), [Token::Symbol(Symbol::AtLeast)]);
    assert_eq!(tokens("AT LEASTS"), ["AT", "LEASTS"].map(|name| Token::Name(name.into())));
}

#[test]
fn the_end_stands_where_the_last_match_begins() {
    assert_eq!(end(""), "1:1");
    assert_eq!(end("FOR u IN"), "1:7");
    assert_eq!(end("RETURN "), "1:7");
    assert_eq!(end("RETURN\n    "), "2:1");
    assert_eq!(end("RETURN\n"), "2:7");
}

#[test]
fn what_has_no_end_is_reported_where_it_begins() {
    for (text, problem) in [
        ("RETURN 'a", "unexpected unterminated string literal near ''a' at position 1:8"),
        ("RETURN `a", "unexpected unterminated identifier near '`a' at position 1:8"),
        ("/* a", "unexpected unterminated multi-line comment near '/* a' at position 1:1"),
    ] {
        assert_eq!(lex(text).unwrap_err().message, problem);
    }
}
