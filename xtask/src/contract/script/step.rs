//! One request of the script.

use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

#[cfg(test)]
use super::names_in;

/// Requests for one operation, or for several that send the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    /// Names of the client's operations, or of what is none of them, such as `login`.
    pub(crate) operations: Vec<String>,
    /// The effect of its steps. Default: reading, for methods that only read.
    #[serde(default)]
    pub(crate) effect: Option<Effect>,
    pub(crate) steps: Vec<Step>,
}

/// What a request changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// What the recording has created: a database, a user.
    Own,
    /// What others use.
    Destructive,
}

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// What is special about it; with the operation before it, it is its id.
    pub(crate) name: String,
    /// Method and path, such as `GET /_api/version`.
    pub(crate) request: String,
    #[serde(default)]
    pub(crate) body: Option<Value>,
    /// A body that is not JSON.
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, rename = "as")]
    pub(crate) identity: Identity,
    /// The coordinator that is asked, from 0.
    #[serde(default)]
    pub(crate) coordinator: usize,
    #[serde(default)]
    pub(crate) effect: Option<Effect>,
    /// Placeholders, and where the response has their values: a JSON pointer, or `header NAME`.
    #[serde(default)]
    pub(crate) save: BTreeMap<String, String>,
    /// The request is repeated until then.
    #[serde(default)]
    pub(crate) until: Option<Until>,
    /// The body with which the same request ends what this one begins, if the recording does not get that far.
    #[serde(default)]
    pub(crate) ended_by: Option<Value>,
    /// Not waited for before the next step.
    #[serde(default)]
    pub(crate) background: bool,
    /// Milliseconds before the request.
    #[serde(default)]
    pub(crate) pause: u64,
    /// Paths of objects whose keys vary.
    #[serde(default)]
    pub(crate) keys_vary: Vec<String>,
    /// Paths of values of which nothing is recorded, since they may contain what belongs to others.
    #[serde(default)]
    pub(crate) opaque: Vec<String>,
}

/// What a repeated request waits for, at most 30 seconds: a status, or a value in the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Until {
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) pointer: Option<String>,
    #[serde(default)]
    pub(crate) is: Vec<Value>,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Identity {
    /// `root`, or the user of an external cluster.
    #[default]
    Root,
    /// The superuser, with a token.
    Superuser,
    /// The user that the recording has created.
    User,
    /// Without credentials.
    Unknown,
}

impl Group {
    /// The name of a step in recordings.
    pub(crate) fn id_of(&self, step: &Step) -> String {
        format!("{}: {}", self.operations.first().map_or("", String::as_str), step.name)
    }

    /// What a step changes. What does not say so counts as destructive.
    pub(crate) fn effect_of(&self, step: &Step) -> Effect {
        match step.effect.or(self.effect) {
            Some(effect) => effect,
            None if step.only_reads_by_method() => Effect::Reads,
            None => Effect::Destructive,
        }
    }
}

impl Step {
    /// Returns whether its method never changes anything.
    pub(crate) fn only_reads_by_method(&self) -> bool {
        ["GET ", "HEAD ", "OPTIONS "].iter().any(|method| self.request.starts_with(method))
    }

    /// The placeholders that it needs.
    #[cfg(test)]
    pub(crate) fn placeholders(&self) -> BTreeSet<String> {
        let body = self.body.as_ref().map(Value::to_string);
        let texts = [Some(&self.request), body.as_ref(), self.text.as_ref()];
        texts.into_iter().flatten().chain(self.headers.values()).flat_map(|text| names_in(text)).collect()
    }
}

impl Until {
    /// Returns whether a response is what is waited for.
    pub(crate) fn is_met(&self, status: u16, body: &[u8]) -> bool {
        if self.status.is_some_and(|expected| expected != status) {
            return false;
        }
        let Some(pointer) = &self.pointer else { return true };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body.pointer(pointer).is_some_and(|value| self.is.contains(value))
    }
}
