//! Recordings: what a cluster has responded to the script, as a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::shape::Shape;

/// The number of the format. Files with another one are refused.
const FORMAT: u32 = 1;

/// What a cluster has responded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    format: u32,
    pub(crate) cluster: RecordedCluster,
    /// The headers that most responses have.
    usual_headers: BTreeMap<String, String>,
    steps: BTreeMap<String, RecordedStep>,
    /// Steps that were not sent, and why.
    pub(crate) skipped: BTreeMap<String, String>,
    /// What was found out about the open questions.
    pub(crate) questions: BTreeMap<String, Answer>,
}

/// The cluster that has responded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedCluster {
    pub(crate) backend: String,
    pub(crate) version: String,
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recorded {
    /// Method and path, with their placeholders.
    pub(crate) request: String,
    /// 0 if there was no response.
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Shape,
}

/// A response in a file: only the headers that are not the usual ones; `null` for one that is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedStep {
    request: String,
    status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Option<String>>,
    body: Shape,
}

impl Recorded {
    /// Whether there was a response.
    pub(crate) fn is_response(&self) -> bool {
        self.status != 0
    }
}

impl Recording {
    pub(crate) fn new(
        cluster: RecordedCluster,
        responses: BTreeMap<String, Recorded>,
        skipped: BTreeMap<String, String>,
        questions: BTreeMap<String, Answer>,
    ) -> Self {
        let usual_headers = usual_headers(responses.values());
        let steps = responses.into_iter().map(|(id, response)| (id, without(response, &usual_headers)));
        Self { format: FORMAT, cluster, steps: steps.collect(), usual_headers, skipped, questions }
    }

    /// The response to a step.
    pub(crate) fn get(&self, id: &str) -> Option<Recorded> {
        let step = self.steps.get(id)?;
        let mut headers = self.usual_headers.clone();
        for (name, value) in &step.headers {
            match value {
                Some(value) => headers.insert(name.clone(), value.clone()),
                None => headers.remove(name),
            };
        }
        Some(Recorded {
            request: step.request.clone(),
            status: step.status,
            headers,
            body: step.body.clone(),
        })
    }

    /// The ids of the steps that were sent.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(String::as_str)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no recording of this format.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = || format!("cannot read the recording {}", path.display());
        let text = fs::read_to_string(path).with_context(name)?;
        let format: Value = serde_json::from_str(&text).with_context(name)?;
        ensure!(
            format["format"] == FORMAT,
            "{} has the format {}, and this command reads {FORMAT}: record it again",
            path.display(),
            format["format"]
        );
        serde_json::from_value(format).with_context(name)
    }

    /// Writes it as JSON, one line for each step, so that differences of files can be read.
    ///
    /// # Errors
    /// None are known: all keys are strings.
    pub(crate) fn to_text(&self) -> Result<String> {
        let mut text = String::from("{\n");
        writeln!(text, "  \"format\": {},", self.format)?;
        writeln!(text, "  \"cluster\": {},", serde_json::to_string(&self.cluster)?)?;
        writeln!(text, "  \"usual_headers\": {},", serde_json::to_string(&self.usual_headers)?)?;
        lines(&mut text, "steps", &self.steps, ",\n")?;
        lines(&mut text, "skipped", &self.skipped, ",\n")?;
        lines(&mut text, "questions", &self.questions, "\n")?;
        text.push_str("}\n");
        Ok(text)
    }
}

fn lines<T: Serialize>(text: &mut String, name: &str, map: &BTreeMap<String, T>, end: &str) -> Result<()> {
    write!(text, "  \"{name}\": {{")?;
    for (index, (key, value)) in map.iter().enumerate() {
        let separator = if index == 0 { "\n" } else { ",\n" };
        write!(text, "{separator}    {}: {}", serde_json::to_string(key)?, serde_json::to_string(value)?)?;
    }
    write!(text, "{}}}{end}", if map.is_empty() { "" } else { "\n  " })?;
    Ok(())
}

/// The headers that more than half of the responses have, with their most frequent value.
fn usual_headers<'a>(responses: impl Iterator<Item = &'a Recorded>) -> BTreeMap<String, String> {
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    let mut total = 0;
    for response in responses {
        total += 1;
        for (name, value) in &response.headers {
            *counts.entry((name, value)).or_default() += 1;
        }
    }
    let usual = counts.into_iter().filter(|(_, count)| count * 2 > total);
    usual.map(|((name, value), _)| (name.to_owned(), value.to_owned())).collect()
}

fn without(response: Recorded, usual: &BTreeMap<String, String>) -> RecordedStep {
    let missing = usual.keys().filter(|name| !response.headers.contains_key(*name));
    let mut headers: BTreeMap<_, _> = missing.map(|name| (name.clone(), None)).collect();
    let others = response.headers.into_iter().filter(|(name, value)| usual.get(name) != Some(value));
    headers.extend(others.map(|(name, value)| (name, Some(value))));
    RecordedStep { request: response.request, status: response.status, headers, body: response.body }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::answer::Finding;

    fn response(headers: &[(&str, &str)]) -> Recorded {
        Recorded {
            request: "GET /".to_owned(),
            status: 200,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: Shape::from_json(&json!({ "a": "string" })).unwrap(),
        }
    }

    #[test]
    fn a_recording_is_read_as_it_is_written_and_usual_headers_are_written_once() {
        let usual = response(&[("content-type", "json"), ("server", "ArangoDB")]);
        let other = response(&[("etag", "\"…\""), ("server", "ArangoDB")]);
        let steps = [("a: 1", usual.clone()), ("a: 2", usual.clone()), ("b: 1", other.clone())];
        let recording = Recording::new(
            RecordedCluster { backend: "embedded".to_owned(), version: "3.12.5".to_owned() },
            steps.map(|(id, response)| (id.to_owned(), response)).into(),
            [("c: 1".to_owned(), "why".to_owned())].into(),
            [("q".to_owned(), Answer { finding: Finding::AsBelieved, found: String::new() })].into(),
        );
        let text = recording.to_text().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("r.json"), &text).unwrap();
        let read = Recording::read(&folder.path().join("r.json")).unwrap();

        assert_eq!(read, recording);
        assert_eq!((read.get("a: 1"), read.get("b: 1")), (Some(usual), Some(other)));
        assert_eq!(text.matches("ArangoDB").count(), 1, "{text}");
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        fs::write(&path, r#"{"format":0}"#).unwrap();
        assert!(Recording::read(&path).unwrap_err().to_string().contains("has the format 0"));
        fs::write(&path, "{").unwrap();
        assert!(Recording::read(&path).is_err());
    }
}
