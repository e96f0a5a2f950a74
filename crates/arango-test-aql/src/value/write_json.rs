//! JSON out: values become bytes or parsed JSON.

use super::Value;
use super::number::write_double;

impl Value {
    /// Appends the value as JSON. A stored document is copied as it is.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        self.write(out, Documents::Verbatim);
    }

    fn write(&self, out: &mut Vec<u8>, documents: Documents) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::UInt(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Double(value) => out.extend_from_slice(write_double(*value).as_bytes()),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push(b'[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(b',');
                    }
                    item.write(out, documents);
                }
                out.push(b']');
            }
            Self::Object(object) => {
                out.push(b'{');
                for (position, (name, value)) in object.iter().enumerate() {
                    if position > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    value.write(out, documents);
                }
                out.push(b'}');
            }
            Self::Document(document) => match documents {
                Documents::Verbatim => out.extend_from_slice(document.json()),
                Documents::Parsed => document.parsed().write(out, documents),
            },
        }
    }

    /// Returns the value as JSON text without white space, even if a stored document has some.
    pub fn to_json_string(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out, Documents::Parsed);
        String::from_utf8(out).expect("JSON of strings is UTF-8")
    }

    /// Returns the value as parsed JSON.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self.resolve() {
            Self::Null | Self::Document(_) => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::UInt(value) => Json::from(*value),
            Self::Double(value) => whole_number(*value).unwrap_or_else(|| Json::from(*value)),
            Self::String(text) => Json::String(text.to_string()),
            Self::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Object(object) => {
                Json::Object(object.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
            }
        }
    }
}

/// How stored documents are written.
#[derive(Clone, Copy)]
enum Documents {
    Verbatim,
    Parsed,
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a string can be written to memory");
}

/// Returns a number whose text has no fraction: reading the text yields an integer.
fn whole_number(value: f64) -> Option<serde_json::Value> {
    let text = write_double(value);
    let signed = text.parse::<i64>().ok().filter(|value| *value != 0);
    signed.map(Into::into).or_else(|| text.parse::<u64>().ok().map(Into::into))
}
