//! The elements of an array within a JSON object, found without decoding them.

use std::ops::Range;

use super::members::{first_value, members};
use super::punctuation::punctuation;

/// An array within an object, by its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Array {
    /// Where the array stands in the text.
    pub(crate) span: Range<usize>,
    /// Where each of its elements stands.
    pub(crate) elements: Vec<Range<usize>>,
}

/// Returns the array at the top level of `json` that has this name, in one pass up to its end.
///
/// `None` if there is none, or if it is no list with commas in between. Whether the elements are valid JSON is found out when they
/// are decoded.
pub(crate) fn array(json: &[u8], name: &str) -> Option<Array> {
    let start = array_start(json, name)?;
    let (mut elements, mut depth, mut element) = (Vec::new(), 0_usize, start + 1);
    for (distance, byte) in punctuation(&json[start..]) {
        let at = start + distance;
        match byte {
            b'{' | b'[' => depth += 1,
            b',' if depth == 1 => {
                elements.push(trim(json, element..at)?);
                element = at + 1;
            }
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' => {
                match trim(json, element..at) {
                    Some(last) => elements.push(last),
                    None if elements.is_empty() => {}
                    None => return None,
                }
                return (byte == b']').then_some(Array { span: start..at + 1, elements });
            }
            _ => {}
        }
    }
    None
}

/// The first element of an array within an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FirstElement {
    /// Where the array begins.
    pub(crate) array: usize,
    /// The length of the element, at least 1.
    pub(crate) len: usize,
}

/// Returns the first element of the array at the top level of `json` that has this name, in one pass up to its end.
///
/// `None` if there is none. Whether the element and what follows are valid JSON is found out when they are decoded.
pub(crate) fn first_element(json: &[u8], name: &str) -> Option<FirstElement> {
    let array = array_start(json, name)?;
    let element = first_value(json, array + 1);
    (!element.is_empty()).then_some(FirstElement { array, len: element.len() })
}

/// Returns where the array at the top level of `json` begins that has this name.
fn array_start(json: &[u8], name: &str) -> Option<usize> {
    let start = members(json)?.find_value(name)?;
    (json.get(start) == Some(&b'[')).then_some(start)
}

/// Returns the range without the space at both of its ends; `None` if nothing is left.
fn trim(json: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let text = json[range.clone()].trim_ascii_start();
    let start = range.end - text.len();
    let end = start + text.trim_ascii_end().len();
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn the_elements_of_an_array_are_found_among_other_members() {
        let json = r#" {"a":[0], "b" : [ {"x":[1,"]"]} ,2, "\"," , null,[ ] ] ,"c":{}}"#;
        let found = array(json.as_bytes(), "b").unwrap();
        let elements: Vec<_> = found.elements.iter().map(|element| &json[element.clone()]).collect();
        assert_eq!(elements, [r#"{"x":[1,"]"]}"#, "2", r#""\",""#, "null", "[ ]"]);
        assert!(json[..found.span.start].ends_with(": ") && json[found.span.end..].starts_with(" ,\"c\""));
        assert!(array(br#"{"b":[ ]}"#, "b").unwrap().elements.is_empty());
        for none in [
            "{}",
            r#"{"b":{}}"#,
            r#"{"b":[1,"#,
            r#"{"b":["}"#,
            r#"{"b":[1,,2]}"#,
            r#"{"b":[1,]}"#,
            r#"{"b":[,1]}"#,
            "[]",
            "",
        ] {
            assert_eq!(array(none.as_bytes(), "b"), None, "{none}");
        }
    }

    #[test]
    fn the_first_element_of_an_array_is_found_without_the_others() {
        let first = |json: &str| {
            let FirstElement { array, len } = first_element(json.as_bytes(), "b")?;
            let start = array + json[array..].find(|char| !matches!(char, '[' | ' ')).unwrap();
            Some(json[start..start + len].to_owned())
        };
        for (json, element) in [
            (r#"{"a":[0],"b":[ {"x":[1,"]"]} ,2"#, r#"{"x":[1,"]"]}"#),
            (r#"{"b":["\"," ,3]}"#, r#""\",""#),
            (r#"{"b":[17]}"#, "17"),
            (r#"{"b":[17 , 2"#, "17"),
        ] {
            assert_eq!(first(json).as_deref(), Some(element), "{json}");
        }
        for none in [r#"{"b":[]}"#, r#"{"b":[ ]}"#, r#"{"b":["#, r#"{"b":{}}"#, "{}", "[]", ""] {
            assert_eq!(first(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn the_elements_of_any_array_are_found(values: Vec<String>, numbers: Vec<i64>, pretty: bool) {
            let elements: Vec<_> = values.into_iter().map(Value::from).chain([Value::from(numbers)]).collect();
            let body = serde_json::json!({ "a": { "result": [1] }, "result": elements, "z": "]" });
            let json = if pretty { format!("{body:#}") } else { body.to_string() };
            let found = array(json.as_bytes(), "result").unwrap();
            let decode = |place| serde_json::from_str::<Value>(&json[place]).unwrap();
            prop_assert_eq!(found.elements.into_iter().map(decode).collect::<Vec<_>>(), elements);
            prop_assert_eq!(&decode(found.span), &body["result"]);
        }

        #[test]
        fn no_text_causes_a_panic(text in ".{0,60}") {
            _ = array(text.as_bytes(), "result");
            let text = format!("{{\"result\":[{text}");
            _ = (array(text.as_bytes(), "result"), first_element(text.as_bytes(), "result"));
        }
    }
}
