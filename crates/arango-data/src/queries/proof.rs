//! What the text of a query proves: that it only reads, or that it repeats nothing.

/// The words without which a query cannot write, or run a function that does.
///
/// They are reserved, and bind values are data. `CALL` and `APPLY` run functions by name.
const WORDS_THAT_WRITE: [&str; 7] = ["insert", "update", "replace", "remove", "upsert", "call", "apply"];

/// The words without which a query cannot repeat anything.
const WORDS_THAT_REPEAT: [&str; 3] = ["for", "call", "apply"];

/// What the text of a query proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    /// It only reads. A query without this proof may nevertheless only read.
    pub(super) only_reads: bool,
    /// It has no loop, so that it writes a few documents at most.
    pub(super) has_no_loop: bool,
}

impl Proof {
    /// Reads a text once.
    ///
    /// The whole text is cut into runs of `[A-Za-z0-9_]`, strings and comments included. Nothing is skipped, so the proof
    /// does not depend on the server's rules of quoting.
    pub(super) fn of(text: &str) -> Self {
        // A user function has a namespace.
        let calls_no_user_function = !text.contains("::");
        let mut proof = Self { only_reads: calls_no_user_function, has_no_loop: calls_no_user_function };
        for run in runs(text).filter(|run| may_contain(run)) {
            proof.only_reads &= !contains(run, &WORDS_THAT_WRITE);
            proof.has_no_loop &= !contains(run, &WORDS_THAT_REPEAT);
        }
        proof
    }

    /// Returns what two texts prove together, with a space or a line break between them.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            only_reads: self.only_reads && other.only_reads,
            has_no_loop: self.has_no_loop && other.has_no_loop,
        }
    }
}

/// Returns the first word of a text without which a query cannot write.
#[inline]
pub(super) fn word_that_writes(text: &str) -> Option<&'static str> {
    WORDS_THAT_WRITE.into_iter().find(|word| runs(text).any(|run| contains(run, &[word])))
}

fn runs(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| !IS_IN_RUN[usize::from(*byte)])
}

/// Which bytes belong to a run. A table, because each byte of each query is looked at.
const IS_IN_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

/// Returns whether a run can contain one of the words, by its first letter and its length: most cannot.
fn may_contain(run: &[u8]) -> bool {
    match run {
        [b'0'..=b'9', ..] => true,
        [b'a' | b'A' | b'c' | b'C' | b'f' | b'F' | b'i' | b'I' | b'r' | b'R' | b'u' | b'U', rest @ ..] => {
            (2..7).contains(&rest.len())
        }
        _ => false,
    }
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

    fn is_proved_read_only(text: &str) -> bool {
        Proof::of(text).only_reads
    }

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
        assert!(Proof::of("UPSERT { _key: @k } INSERT { n: 1 } UPDATE { n: OLD.n + 1 } IN c").has_no_loop);
        for text in
            ["FOR d IN c REMOVE d IN c", "LET a = (for d in c return d) INSERT {} INTO c", "LIMIT 1FOR"]
        {
            assert!(!Proof::of(text).has_no_loop, "{text}");
        }
    }

    #[test]
    fn no_word_is_dismissed_by_its_first_letter_or_its_length() {
        for word in WORDS_THAT_WRITE.into_iter().chain(WORDS_THAT_REPEAT) {
            assert!(
                may_contain(word.as_bytes()) && may_contain(word.to_ascii_uppercase().as_bytes()),
                "{word}"
            );
        }
    }

    /// What the server may at least read as tokens: every split at a boundary of the text.
    fn has_keyword(text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        WORDS_THAT_WRITE.iter().any(|word| {
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
        fn texts_prove_together_what_each_of_them_proves(
            first in "(?i:for|insert|call|a:| |1){0,4}", second in "(?i:for|remove|apply|:a| |_){0,4}",
        ) {
            let together = Proof::of(&format!("{first}\n{second}"));
            prop_assert_eq!(together, Proof::of(&first).and(Proof::of(&second)));
        }

        #[test]
        fn no_keyword_that_a_tokenizer_finds_is_proved(
            parts in prop::collection::vec("(?i:insert|update|replace|remove|upsert|call|apply)|[a-z0-9_]{1,3}|[ ´`\"'(){}.,\n@/*1]|é", 0..12),
        ) {
            let text = parts.concat();
            prop_assert!(!(has_keyword(&text) && is_proved_read_only(&text)), "{text}");
        }
    }
}
