//! The documents of a body, in each of its formats.

use arango_test_aql::{Object, Value};

use super::ends::EndPrefixes;
use crate::http::json;
use crate::http::reply::ApiError;
use crate::http::request::Query;
use crate::store::error::DocumentError;

/// The documents of a body, and what is wrong with the rest of it.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) documents: Vec<Value>,
    /// The number of empty lines.
    pub(super) empty: usize,
    pub(super) failures: Vec<Failure>,
}

/// Why a document was not imported.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) number: u32,
    pub(super) message: String,
}

impl Failure {
    fn at(position: usize, number: u32, text: impl AsRef<str>) -> Self {
        Self { number, message: format!("at position {position}: {}", text.as_ref()) }
    }

    pub(super) fn of_write(position: usize, error: &DocumentError, document: &Value) -> Self {
        let text = if error.number == 1210 { "unique constraint violated" } else { &error.message };
        let document = excerpt(document);
        let text = format!("creating document failed with error '{text}', offending document: {document}");
        Self::at(position, error.number, text)
    }
}

impl Input {
    /// Reads a body. Edges get the prefixes of their ends.
    pub(super) fn read(query: &Query, body: &[u8], prefixes: Option<&EndPrefixes>) -> Result<Self, ApiError> {
        let mut input = Self::default();
        match query.get("type").unwrap_or_default() {
            "" => input.read_tuples(query, body, prefixes)?,
            "documents" => input.read_lines(body, prefixes),
            "array" | "list" => input.read_array(body, prefixes)?,
            "auto" if body.trim_ascii_start().starts_with(b"[") => input.read_array(body, prefixes)?,
            "auto" => input.read_lines(body, prefixes),
            _ => return Err(ApiError::bad_parameter("invalid value for 'type'")),
        }
        Ok(input)
    }

    fn read_array(&mut self, body: &[u8], prefixes: Option<&EndPrefixes>) -> Result<(), ApiError> {
        let invalid = |text: &str| ApiError::new(400, 400, text);
        let documents: Value =
            json::parse_value(body).map_err(|_| invalid("expecting a valid JSON array in the request"))?;
        let documents =
            documents.as_array().ok_or_else(|| invalid("expecting a JSON array in the request"))?;
        for (index, document) in documents.iter().enumerate() {
            self.add(index + 1, document.clone(), prefixes);
        }
        Ok(())
    }

    fn read_lines(&mut self, body: &[u8], prefixes: Option<&EndPrefixes>) {
        for (position, line) in lines(body) {
            self.read_line(position, line, |input, document| input.add(position, document, prefixes));
        }
    }

    /// Reads arrays of values. The first line has the names of the attributes.
    fn read_tuples(
        &mut self,
        query: &Query,
        body: &[u8],
        prefixes: Option<&EndPrefixes>,
    ) -> Result<(), ApiError> {
        let invalid = |text: &str| ApiError::new(400, 400, text);
        let end = body.iter().position(|byte| *byte == b'\n');
        let (first, rest) = body.split_at(end.ok_or_else(|| invalid("no JSON array found in second line"))?);
        let names = names(first).ok_or_else(|| invalid("no JSON string array found in first line"))?;
        let ignores_missing = query.is_true("ignoreMissing");
        let before = query.get("line").and_then(|line| line.parse::<usize>().ok()).unwrap_or(0);
        for (position, line) in lines(&rest[1..]) {
            let position = position + before;
            self.read_line(position, line, |input, values| {
                match document_of(&names, &values, ignores_missing) {
                    Ok(document) => input.add(position, document, prefixes),
                    Err(text) => input.failures.push(Failure::at(position, 4, text)),
                }
            });
        }
        Ok(())
    }

    fn read_line(&mut self, position: usize, line: &[u8], read: impl FnOnce(&mut Self, Value)) {
        if line.is_empty() {
            self.empty += 1;
            return;
        }
        if let Ok(value) = json::parse_value(line) {
            read(self, value);
        } else {
            let context = shortened(&String::from_utf8_lossy(line));
            let text = "invalid JSON type (expecting object, probably parse error), offending context: ";
            self.failures.push(Failure::at(position, 4, format!("{text}{context}")));
        }
    }

    fn add(&mut self, position: usize, document: Value, prefixes: Option<&EndPrefixes>) {
        if document.as_object().is_none() {
            let text = "invalid JSON type (expecting object), offending document: ";
            self.failures.push(Failure::at(position, 1227, format!("{text}{}", excerpt(&document))));
            return;
        }
        let Some(prefixes) = prefixes else { return self.documents.push(document) };
        if let Some(edge) = prefixes.add_to(&document) {
            self.documents.push(edge);
        } else {
            let text = "missing '_from' or '_to' attribute, offending document: ";
            self.failures.push(Failure::at(position, 1233, format!("{text}{}", excerpt(&document))));
        }
    }
}

/// Returns the lines with their numbers from 1 on. What follows the last line break is a line only if it is not empty.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines).take(if body.is_empty() { 0 } else { usize::MAX })
}

fn names(line: &[u8]) -> Option<Vec<String>> {
    let names: Vec<String> = serde_json::from_slice(line).ok()?;
    (!names.is_empty()).then_some(names)
}

/// Builds a document of names and values. An attribute whose value is null is left out.
fn document_of(names: &[String], values: &Value, ignores_missing: bool) -> Result<Value, String> {
    let values = values.as_array().ok_or("no valid JSON array data")?;
    if values.len() != names.len() && !ignores_missing {
        let (got, expected) = (values.len(), names.len());
        return Err(format!("wrong number of JSON values (got {got}, expected {expected})"));
    }
    let mut document = Object::new();
    for (name, value) in names.iter().zip(values).filter(|(_, value)| !value.is_null()) {
        document.set(name.as_str(), value.clone());
    }
    Ok(Value::object(document))
}

fn excerpt(value: &Value) -> String {
    let mut json = Vec::new();
    value.write_json(&mut json);
    shortened(&String::from_utf8_lossy(&json))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(255) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
