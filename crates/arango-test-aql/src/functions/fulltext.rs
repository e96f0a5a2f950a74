//! Searches for words.

use std::collections::BTreeSet;

use super::arguments::argument;
use super::context::Context;
use super::geometry::at;
use crate::error::{QueryError, number};
use crate::store::SearchIndex;
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, QueryError>;

/// One word of a search.
#[derive(Debug, PartialEq)]
struct Term {
    operator: Operator,
    /// Whether the word may be the beginning of a longer one.
    is_prefix: bool,
    word: String,
}

/// How a word restricts or extends what was found before it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    And,
    Or,
    Not,
}

pub(super) fn fulltext(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let text = |position| argument(arguments, position).as_str();
    let (Some(collection), Some(field), Some(search)) = (text(0), text(1), text(2)) else {
        return Err(context.argument_error());
    };
    let limit = match argument(arguments, 3) {
        Value::Null => usize::MAX,
        limit if limit.is_number() => usize::try_from(limit.to_integer()).unwrap_or(0),
        _ => return Err(context.argument_error()),
    };
    let documents = context.documents.scan(collection)?;
    let indexes = context.documents.search_indexes(collection);
    let min_length = indexes.iter().find_map(|index| match index {
        SearchIndex::Fulltext { field: of_index, min_length } if of_index == field => Some(*min_length),
        _ => None,
    });
    let Some(min_length) = min_length else {
        let message = format!("no suitable fulltext index found for fulltext query on '{collection}'");
        return Err(QueryError::new(number::FULLTEXT_INDEX_MISSING, message));
    };
    let terms = terms(search)?;
    let mut found = Vec::new();
    for document in documents {
        let words = words_of(context, &at(&document, field), min_length)?;
        if matches(&terms, &words) {
            found.push(document);
        }
    }
    found.truncate(limit);
    Ok(Value::array(found))
}

/// Reads a search: words with commas between them.
fn terms(search: &str) -> Result<Vec<Term>> {
    let mut terms = Vec::new();
    for part in search.split(',').map(str::trim) {
        let (operator, rest) = match part.as_bytes().first() {
            Some(b'+') => (Operator::And, &part[1..]),
            Some(b'|') => (Operator::Or, &part[1..]),
            Some(b'-') => (Operator::Not, &part[1..]),
            _ => (Operator::And, part),
        };
        let (is_prefix, word) = match rest.split_once(':') {
            Some(("prefix", word)) => (true, word),
            Some(("complete", word)) => (false, word),
            _ => (false, rest),
        };
        if word.is_empty() {
            return Err(QueryError::new(number::BAD_PARAMETER, "bad parameter"));
        }
        terms.push(Term { operator, is_prefix, word: word.to_lowercase() });
    }
    Ok(terms)
}

/// Applies the words of a search one after the other.
fn matches(terms: &[Term], words: &BTreeSet<String>) -> bool {
    let has = |term: &Term| {
        if term.is_prefix {
            words.range(term.word.clone()..).next().is_some_and(|word| word.starts_with(&term.word))
        } else {
            words.contains(&term.word)
        }
    };
    let (first, others) = match terms.split_first() {
        Some((first, others)) => (first.operator != Operator::Not && has(first), others),
        None => (false, terms),
    };
    others.iter().fold(first, |found, term| match term.operator {
        Operator::And => found && has(term),
        Operator::Or => found || has(term),
        Operator::Not => found && !has(term),
    })
}

/// Returns the words of a text, of the texts in an array, or of those that are attributes of an object.
fn words_of(context: &Context<'_>, value: &Value, min_length: usize) -> Result<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    let mut add = |text: &Value| match text.as_str() {
        Some(text) => add_words(context, text, min_length, &mut words),
        None => Ok(()),
    };
    if let Some(items) = value.as_array() {
        items.iter().try_for_each(&mut add)?;
    } else if let Some(object) = value.as_object() {
        object.iter().map(|(_, item)| item).try_for_each(&mut add)?;
    } else {
        add(value)?;
    }
    Ok(words)
}

/// Adds the words of a text: its longest parts of letters and digits.
fn add_words(
    context: &Context<'_>,
    text: &str,
    min_length: usize,
    words: &mut BTreeSet<String>,
) -> Result<()> {
    let characters: Vec<char> = text.chars().collect();
    let is_part = |index: Option<usize>| {
        index.and_then(|index| characters.get(index)).is_some_and(|character| character.is_alphanumeric())
    };
    for (index, character) in characters.iter().enumerate() {
        // Whether such a character ends a word depends on rules of the language, which are not here.
        let may_join = matches!(character, '\'' | '’' | '.' | ':' | '_' | '·');
        if may_join && is_part(index.checked_sub(1)) && is_part(Some(index + 1)) {
            return Err(context.not_implemented("punctuation within a word"));
        }
    }
    let parts = text.split(|character: char| !character.is_alphanumeric());
    words.extend(parts.filter(|word| word.chars().count() >= min_length.max(1)).map(str::to_lowercase));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(search: &str, words: &[&str]) -> bool {
        matches(&terms(search).unwrap(), &words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn words_of_a_search_are_applied_in_their_order() {
        assert!(finds("foo,bar", &["foo", "bar"]) && !finds("foo,bar", &["foo"]));
        assert!(finds("foo,|bar", &["bar"]) && finds("Foo,|bar", &["foo"]));
        assert!(finds("foo,-bar", &["foo"]) && !finds("foo,-bar", &["foo", "bar"]));
        assert!(finds("prefix:fo", &["foo"]) && !finds("complete:fo", &["foo"]));
    }

    #[test]
    fn a_search_without_a_word_is_refused() {
        for search in ["", "+", "|", "foo,", "prefix:"] {
            assert_eq!(terms(search).unwrap_err().number, number::BAD_PARAMETER, "{search}");
        }
    }
}
