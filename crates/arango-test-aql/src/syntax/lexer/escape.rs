//! Escapes within strings and quoted names.

/// Returns the offset of the mark that ends the text; a mark after a backslash does not.
pub(super) fn find_end(text: &str, mark: char) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((offset, char)) = chars.next() {
        if char == mark {
            return Some(offset);
        }
        if char == '\\' {
            chars.next();
        }
    }
    None
}

/// Replaces escapes: those of JSON; any other character after a backslash stands for itself.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let Some(escaped) = rest.chars().next() else { break };
        let mut length = escaped.len_utf8();
        match escaped {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => match code_point(rest) {
                Some((char, passed)) => {
                    out.push(char);
                    length = passed;
                }
                None => out.push('u'),
            },
            other => out.push(other),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Reads `u` and four digits, or two such escapes that form one character; returns the length, too.
fn code_point(text: &str) -> Option<(char, usize)> {
    let first = unit(text)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, 5));
    }
    let second = text[5..].strip_prefix('\\').and_then(unit);
    let pair = second.filter(|second| first < 0xdc00 && (0xdc00..0xe000).contains(second));
    match pair {
        Some(second) => {
            let char = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            Some((char?, 11))
        }
        None => Some((char::REPLACEMENT_CHARACTER, 5)),
    }
}

fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}
