//! Reads the shape of a body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Field, Masks, Scalar, Shape};

impl Shape {
    /// The shape of a body, whatever it contains.
    pub(crate) fn of_body(body: &[u8], masks: &Masks) -> Self {
        if body.is_empty() {
            return Self::scalar(Scalar::Nothing);
        }
        match serde_json::from_slice(body) {
            Ok(value) => Self::of(&value, masks),
            Err(_) => Self::scalar(Scalar::Text),
        }
    }

    /// The shape of a value.
    pub(crate) fn of(value: &Value, masks: &Masks) -> Self {
        read(value, masks, &mut Vec::new(), "")
    }
}

/// `key` is the nearest one, also within arrays.
fn read(value: &Value, masks: &Masks, path: &mut Vec<String>, key: &str) -> Shape {
    if masks.is_opaque(path) {
        return Shape::scalar(Scalar::Any);
    }
    match value {
        Value::Object(object) => {
            let keys_vary = masks.keys_vary(path);
            let mut fields = BTreeMap::<String, Field>::new();
            for (key, value) in object {
                path.push(key.clone());
                let shape = read(value, masks, path, key);
                path.pop();
                let name = if keys_vary { "<key>".to_owned() } else { masks.key(key) };
                let field = fields
                    .entry(name)
                    .or_insert_with(|| Field { shape: Shape::default(), is_optional: false });
                field.shape = std::mem::take(&mut field.shape).or(shape);
            }
            Shape::object(fields)
        }
        Value::Array(elements) => {
            path.push("*".to_owned());
            let elements = elements.iter().map(|element| read(element, masks, path, key));
            let elements = elements.reduce(Shape::or).unwrap_or_default();
            path.pop();
            Shape::array(elements)
        }
        scalar => Shape::scalar(read_scalar(scalar, masks, key)),
    }
}

fn read_scalar(value: &Value, masks: &Masks, key: &str) -> Scalar {
    match value {
        Value::Null => Scalar::Null,
        Value::Number(number) if number.is_f64() || Masks::may_have_fraction(key) => Scalar::Number,
        // Texts for people are free.
        Value::String(_) if key == "errorMessage" => Scalar::String,
        Value::String(text) if masks.apply(text) != *text => Scalar::Exactly(masks.apply(text)),
        Value::String(text) if kind(text) != Scalar::String => kind(text),
        // The edition is kept, and a licence is not.
        Value::String(text) if key == "license" && ["community", "enterprise"].contains(&text.as_str()) => {
            Scalar::exactly(value)
        }
        value if Masks::is_kept(key) => Scalar::exactly(value),
        Value::Bool(_) => Scalar::Bool,
        Value::Number(_) => Scalar::Integer,
        Value::String(_) => Scalar::String,
        Value::Array(_) | Value::Object(_) => Scalar::Any,
    }
}

fn kind(text: &str) -> Scalar {
    let is_time = text.len() >= 20
        && text.ends_with('Z')
        && text.bytes().zip("dddd-dd-ddTdd:dd:dd".bytes()).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        });
    if is_time {
        Scalar::Time
    } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Scalar::Digits
    } else if ["CRDN-", "PRMR-", "AGNT-", "SNGL-"].iter().any(|prefix| text.starts_with(prefix)) {
        Scalar::ServerId
    } else {
        Scalar::String
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(value: &Value) -> String {
        Shape::of(value, &Masks::default()).to_json().to_string()
    }

    #[test]
    fn values_that_vary_are_masked_and_enumerations_are_kept() {
        let body = json!({ "error": false, "code": 200, "id": "4711", "when": "2026-03-01T08:00:05Z", "n": 7, "status": "GOOD" });
        assert_eq!(
            shape(&body),
            r#"{"code":"=200","error":"=false","id":"digits","n":"integer","status":"=GOOD","when":"time"}"#
        );
    }

    #[test]
    fn a_key_that_some_elements_lack_is_optional() {
        assert_eq!(
            shape(&json!([{ "a": 1, "b": null }, { "a": "x" }])),
            r#"[{"a":"integer | string","b?":"null"}]"#
        );
    }

    #[test]
    fn servers_and_shards_are_all_alike() {
        let body = json!({ "PRMR-1": { "a": 1 }, "PRMR-2": { "a": 2 }, "s101": [], "s102": ["PRMR-1"] });
        assert_eq!(shape(&body), r#"{"<db-server>":{"a":"integer"},"<shard>":["server id"]}"#);
    }

    #[test]
    fn names_of_one_recording_are_replaced() {
        let masks = Masks { names: [("own_1".to_owned(), "database".to_owned())].into(), ..Masks::default() };
        let shape = Shape::of(&json!({ "own_1": "rw", "list": ["own_1"] }), &masks);
        assert_eq!(shape.to_json().to_string(), r#"{"list":["={database}"],"{database}":"string"}"#);
    }

    #[test]
    fn an_empty_body_a_text_and_json_differ() {
        let shape = |body: &str| Shape::of_body(body.as_bytes(), &Masks::default()).to_json().to_string();
        assert_eq!([shape(""), shape("# HELP"), shape("[]")], [r#""nothing""#, r#""text""#, "[]"]);
    }

    #[test]
    fn the_edition_is_kept_and_a_licence_is_not() {
        assert_eq!(shape(&json!([{ "license": "enterprise" }])), r#"[{"license":"=enterprise"}]"#);
        assert_eq!(shape(&json!([{ "license": "V0h/secret" }])), r#"[{"license":"string"}]"#);
    }

    #[test]
    fn nothing_is_kept_of_what_is_opaque() {
        let masks = Masks { opaque: vec!["/*/extra".to_owned()], ..Masks::default() };
        let shape = Shape::of(&json!([{ "user": "a", "extra": { "role": "secret" } }]), &masks);
        assert_eq!(shape.to_json().to_string(), r#"[{"extra":"any","user":"string"}]"#);
    }

    #[test]
    fn keys_that_vary_are_merged_where_the_script_says_so() {
        let masks = Masks { varying_keys: vec!["/a/*".to_owned()], ..Masks::default() };
        let shape = Shape::of(&json!({ "a": { "x": { "k": 1, "l": "s" } }, "b": { "k": 1 } }), &masks);
        assert_eq!(
            shape.to_json().to_string(),
            r#"{"a":{"x":{"<key>":"integer | string"}},"b":{"k":"integer"}}"#
        );
    }
}
