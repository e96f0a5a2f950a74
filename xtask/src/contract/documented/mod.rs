//! Documented responses: public facts about servers, each marked with its source.

mod known_differences;
mod operation_names;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use self::known_differences::KnownDifferences;
pub(crate) use self::operation_names::operation_names;
use super::compare::{self, Difference, Grade};
use super::recording::{Recorded, Recording};
use super::script::{FILES, LAST, Script, read_json};
use super::shape::Shape;
use super::version::Version;

/// All that is documented.
#[derive(Debug)]
pub(crate) struct Documented {
    entries: Vec<Entry>,
    /// What the names of sources stand for.
    sources: BTreeMap<String, String>,
    /// Operations without a documented success or error, and why.
    exceptions: BTreeMap<String, NotDocumented>,
}

/// The documented response to a step, or one of several.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    step: String,
    /// The source, by its name.
    from: String,
    #[serde(default)]
    since: Option<Version>,
    #[serde(default)]
    until: Option<Version>,
    status: u16,
    /// The payload beside `error` and `code`.
    #[serde(default)]
    flat: Option<Value>,
    /// The payload below `result`, beside `error` and `code`.
    #[serde(default)]
    result: Option<Value>,
    /// The whole body.
    #[serde(default)]
    raw: Option<Value>,
    /// The number of an error.
    #[serde(default)]
    error: Option<i64>,
    /// Keys of an error beside the usual ones.
    #[serde(default)]
    with: Option<Value>,
    /// Headers that have to be there.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotDocumented {
    #[serde(default)]
    success: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

impl Documented {
    /// Reads the files.
    ///
    /// # Errors
    /// If one of them cannot be read, names an unknown source, or an entry has no single form.
    pub(crate) fn read() -> Result<Self> {
        let mut entries = Vec::new();
        // A file for each of the script.
        for name in FILES.iter().chain(&LAST) {
            entries.extend(read_json::<Vec<Entry>>(&format!("documented/{name}.json"))?);
        }
        let sources: BTreeMap<String, String> = read_json("documented/sources.json")?;
        for entry in &entries {
            ensure!(sources.contains_key(&entry.from), "{}: unknown source `{}`", entry.step, entry.from);
            entry.body().with_context(|| format!("what is documented of {}", entry.step))?;
        }
        Ok(Self { entries, sources, exceptions: read_json("documented/not-documented.json")? })
    }

    /// Compares a recording with what is documented for its version.
    ///
    /// # Errors
    /// If the version of the recording cannot be read.
    pub(crate) fn compare(&self, recording: &Recording) -> Result<Vec<Difference>> {
        let version = Version::read(&recording.cluster.version).context("the recording has no version")?;
        let mut by_step = BTreeMap::<&str, Vec<&Entry>>::new();
        for entry in self.entries.iter().filter(|entry| entry.is_for(version)) {
            by_step.entry(&entry.step).or_default().push(entry);
        }
        let mut differences = Vec::new();
        for (id, entries) in by_step {
            let Some(found) = recording.get(id) else { continue };
            let mut closest: Option<Vec<Difference>> = None;
            for entry in entries {
                let one = entry.compare(id, &found)?;
                // The gravest difference decides, then how many there are.
                let weight = |all: &Vec<Difference>| (all.iter().map(|one| one.grade).max(), all.len());
                if closest.as_ref().is_none_or(|other| weight(&one) < weight(other)) {
                    closest = Some(one);
                }
            }
            differences.extend(closest.unwrap_or_default());
        }
        Ok(differences)
    }

    /// Names what lacks a documented success or error without a reason, and reasons that are not needed.
    pub(crate) fn uncovered(&self, script: &Script, operations: &BTreeSet<String>) -> Vec<String> {
        let mut succeeding = BTreeSet::new();
        let mut failing = BTreeSet::new();
        let mut faults = Vec::new();
        let groups: BTreeMap<String, &[String]> =
            script.steps().map(|(group, step)| (group.id_of(step), group.operations.as_slice())).collect();
        for entry in &self.entries {
            match groups.get(&entry.step) {
                Some(operations) if entry.status < 400 => succeeding.extend(operations.iter()),
                Some(operations) => failing.extend(operations.iter()),
                None => faults.push(format!("{}: documented, but not in the script", entry.step)),
            }
        }
        let called: BTreeSet<String> = script.operations().into_iter().map(str::to_owned).collect();
        for operation in operations.difference(&called) {
            faults.push(format!("{operation}: not in the script"));
        }
        for operation in operations.union(&called) {
            let reasons = self.exceptions.get(operation);
            let kinds = [
                ("success", succeeding.contains(operation), reasons.and_then(|one| one.success.as_ref())),
                ("error", failing.contains(operation), reasons.and_then(|one| one.error.as_ref())),
            ];
            for (kind, is_documented, reason) in kinds {
                match (is_documented, reason) {
                    (false, None) => faults.push(format!("{operation}: no documented {kind}, and no reason")),
                    (true, Some(_)) => {
                        faults.push(format!("{operation}: a documented {kind}, and a reason for none"));
                    }
                    _ => {}
                }
            }
        }
        let known = |name: &&String| !operations.contains(*name) && !called.contains(*name);
        faults.extend(self.exceptions.keys().filter(known).map(|name| format!("{name}: unknown operation")));
        let used: BTreeSet<_> = self.entries.iter().map(|entry| &entry.from).collect();
        let unused = self.sources.keys().filter(|name| !used.contains(name));
        faults.extend(unused.map(|name| format!("{name}: a source that nothing is from")));
        faults
    }
}

impl Entry {
    fn is_for(&self, version: Version) -> bool {
        self.since.is_none_or(|since| version >= since) && self.until.is_none_or(|until| version < until)
    }

    fn compare(&self, id: &str, found: &Recorded) -> Result<Vec<Difference>> {
        let expected = Recorded {
            request: found.request.clone(),
            status: self.status,
            headers: self.headers.clone(),
            body: self.body()?,
        };
        let mut differences = compare::responses(id, &expected, found);
        // Only the documented headers are compared.
        differences.retain(|one| !one.place.starts_with("header ") || one.grade != Grade::Extra);
        Ok(differences)
    }

    fn body(&self) -> Result<Shape> {
        let envelope = json!({ "error": "=false", "code": format!("={}", self.status) });
        let body = match (&self.flat, &self.result, &self.raw, self.error) {
            (Some(payload), None, None, None) => merged(envelope, payload)?,
            (None, Some(result), None, None) => merged(envelope, &json!({ "result": result }))?,
            (None, None, Some(raw), None) => raw.clone(),
            (None, None, None, Some(number)) => {
                let error = json!({
                    "error": "=true",
                    "code": format!("={}", self.status),
                    "errorNum": format!("={number}"),
                    "errorMessage": "string",
                });
                merged(error, self.with.as_ref().unwrap_or(&json!({})))?
            }
            _ => anyhow::bail!("one of `flat`, `result`, `raw` and `error` has to be there"),
        };
        Shape::from_json(&body)
    }
}

fn merged(mut envelope: Value, payload: &Value) -> Result<Value> {
    let payload = payload.as_object().context("an object is expected")?;
    let object = envelope.as_object_mut().context("an envelope is an object")?;
    object.extend(payload.clone());
    Ok(envelope)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn every_operation_has_a_documented_success_and_error_or_a_reason_why_not() {
        let operations = operation_names().unwrap();
        assert!(operations.len() >= 168, "only {} operations are listed", operations.len());
        let faults = Documented::read().unwrap().uncovered(&Script::read().unwrap(), &operations);
        assert!(faults.is_empty(), "{faults:#?}");
    }

    fn entry(value: Value) -> Entry {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_envelopes_are_those_of_the_server() {
        let body = |value: Value| {
            let value = merged(json!({ "step": "a: b", "from": "docs", "status": 200 }), &value).unwrap();
            entry(value).body().unwrap().to_json()
        };
        assert_eq!(
            body(json!({ "flat": { "id": "string" } })),
            json!({ "error": "=false", "code": "=200", "id": "string" })
        );
        assert_eq!(
            body(json!({ "result": ["bool"] })),
            json!({ "error": "=false", "code": "=200", "result": ["bool"] })
        );
        assert_eq!(body(json!({ "raw": "=OK" })), json!("=OK"));
        assert_eq!(body(json!({ "error": 9 }))["errorNum"], "=9");
    }

    #[test]
    fn an_entry_has_one_form() {
        for form in [json!({}), json!({ "raw": "any", "error": 9 })] {
            let value = merged(json!({ "step": "a: b", "from": "docs", "status": 200 }), &form).unwrap();
            assert!(entry(value).body().is_err());
        }
    }
}
