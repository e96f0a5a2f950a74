//! What the text of a query proves: that it only reads, or that it repeats nothing.

/// The words without which a query cannot write, or run a function that does.
///
/// They are reserved, and bind values are data. `CALL` and `APPLY` run functions by name.
const WORDS: [&str; 7] = ["insert", "update", "replace", "remove", "upsert", "call", "apply"];

/// Returns whether the text of a query proves that it only reads.
///
/// The whole text is cut into runs of `[A-Za-z0-9_]`, strings and comments included. Nothing is skipped, so the proof
/// does not depend on the server's rules of quoting. A query that is not proved may nevertheless only read.
pub(super) fn is_proved_read_only(text: &str) -> bool {
    // A user function has a namespace.
    !text.contains("::") && !has_word(text, &WORDS)
}

/// Returns whether the text of a query proves that it has no loop, so that it writes a few documents at most.
pub(super) fn is_proved_without_loop(text: &str) -> bool {
    !text.contains("::") && !has_word(text, &["for", "call", "apply"])
}

/// Returns the first word of a text without which a query cannot write.
#[inline]
pub(super) fn word_that_writes(text: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| has_word(text, &[word]))
}

fn has_word(text: &str, words: &[&str]) -> bool {
    text.as_bytes().split(|byte| !is_word(*byte)).any(|run| contains(run, words))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn contains(run: &[u8], words: &[&str]) -> bool {
    // The server reads a number and then a keyword from `1REMOVE`.
    let begins_with_digit = run.first().is_some_and(u8::is_ascii_digit);
    words.iter().any(|word| {
        let is_word = |part: &[u8]| part.eq_ignore_ascii_case(word.as_bytes());
        is_word(run) || begins_with_digit && run.windows(word.len()).any(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn queries_that_only_read_are_proved() {
        for text in [
            "FOR d IN c RETURN d",
            "FOR d IN c FILTER d.updatedAt > @from SORT d.removed RETURN REMOVE_VALUE(d.tags, @tag)",
            "RETURN REGEX_REPLACE(@text, 'a', 'b')",
            "FOR v IN 1..3 OUTBOUND @start GRAPH 'g' RETURN v",
            "RETURN 1e5",
            "",
        ] {
            assert!(is_proved_read_only(text), "{text}");
        }
    }

    #[test]
    fn queries_that_may_write_are_not_proved() {
        for text in [
            "FOR d IN c REMOVE d IN c",
            "INSERT {} INTO c",
            "FOR d IN c Update d WITH {} IN c",
            "UPSERT {} INSERT {} REPLACE {} IN c",
            // The server reads `1` and then the keyword.
            "FOR d IN c LIMIT 1REMOVE d IN c",
            "FOR d IN c LIMIT 1_remove d IN c",
            // Forward ticks quote names: what looks like a string is none.
            "FOR d IN ´a\"´ REMOVE d IN ´b\"´",
            "FOR d IN `a\"` REMOVE d IN `b\"`",
            "RETURN CALL (@f)",
            "RETURN Apply(@f, [])",
            "RETURN my::function()",
            // Only conservative: nothing is skipped.
            "RETURN 'please remove'",
            "RETURN 1 // update later",
            "/* insert */ RETURN 1",
            "RETURN d.update",
        ] {
            assert!(!is_proved_read_only(text), "{text}");
        }
    }

    #[test]
    fn a_query_without_a_loop_is_proved() {
        assert!(is_proved_without_loop("UPSERT { _key: @k } INSERT { n: 1 } UPDATE { n: OLD.n + 1 } IN c"));
        for text in
            ["FOR d IN c REMOVE d IN c", "LET a = (for d in c return d) INSERT {} INTO c", "LIMIT 1FOR"]
        {
            assert!(!is_proved_without_loop(text), "{text}");
        }
    }

    /// What the server may at least read as tokens: every split at a boundary of the text.
    fn has_keyword(text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        WORDS.iter().any(|word| {
            lower.match_indices(word).any(|(at, _)| {
                let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
                let before = lower[..at].chars().next_back();
                let after = lower[at + word.len()..].chars().next();
                // A number may stand directly before a keyword; a name may not go on after it.
                !before.is_some_and(is_letter)
                    && !after.is_some_and(|c| is_letter(c) || c.is_ascii_digit())
                    && !is_in_name(&lower[..at])
            })
        })
    }

    /// Whether digits at the end belong to a name, as in `a1`.
    fn is_in_name(before: &str) -> bool {
        let name = before.trim_end_matches(|c: char| c.is_ascii_digit());
        name.len() < before.len() && name.ends_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    proptest! {
        #[test]
        fn no_keyword_that_a_tokenizer_finds_is_proved(
            parts in prop::collection::vec("(?i:insert|update|replace|remove|upsert|call|apply)|[a-z0-9_]{1,3}|[ ´`\"'(){}.,\n@/*1]|é", 0..12),
        ) {
            let text = parts.concat();
            prop_assert!(!(has_keyword(&text) && is_proved_read_only(&text)), "{text}");
        }
    }
}
