//! Faults as words of a command line. The cluster decides what they mean: here they only become JSON.

use std::str::FromStr;

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

use crate::cluster::member::{Member, Role};

/// Keys whose values are text, whatever they look like.
const TEXT: [&str; 5] = ["body", "content_type", "message", "method", "path"];

/// Where a fault is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultTarget {
    /// At one coordinator, from 0.
    Coordinator(usize),
    /// At each of them.
    All,
}

impl FromStr for FaultTarget {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.parse() {
            _ if name == "all" => Ok(Self::All),
            Ok(Member { role: Role::Coordinator, index }) => Ok(Self::Coordinator(index)),
            _ => Err(format!("`{name}` is no coordinator; they are `coordinator1`, …, or `all`")),
        }
    }
}

/// A key and its value, with `=` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    key: String,
    value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.replace('-', "_"), value: value.to_owned() })
            }
            _ => Err(format!("`{word}` has to be a key and a value, such as `times=1`")),
        }
    }
}

/// Returns a fault as the control address takes it.
///
/// # Errors
/// If a key is given twice, or is the kind.
pub(super) fn fault(kind: &str, pairs: &[Pair]) -> Result<Value> {
    let mut fault = Map::from_iter([("kind".to_owned(), json!(kind))]);
    for Pair { key, value } in pairs {
        ensure!(!fault.contains_key(key), "`{key}` is given twice");
        fault.insert(key.clone(), read(key, value));
    }
    Ok(Value::Object(fault))
}

fn read(key: &str, value: &str) -> Value {
    match (value.parse::<u64>(), value) {
        _ if TEXT.contains(&key) => json!(value),
        (Ok(number), _) => json!(number),
        (Err(_), "true") => json!(true),
        (Err(_), "false") => json!(false),
        (Err(_), _) => json!(value),
    }
}

/// A value without quotation marks.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(words: &[&str]) -> Vec<Pair> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn numbers_truth_and_text_have_their_types() {
        let words =
            pairs(&["status=503", "error-num=503", "after_execution=true", "message=1", "path=/a?b=c"]);

        assert_eq!(
            fault("response", &words).unwrap(),
            json!({
                "kind": "response", "status": 503, "error_num": 503, "after_execution": true, "message": "1",
                "path": "/a?b=c",
            })
        );
    }

    #[test]
    fn what_is_no_pair_or_comes_twice_is_refused_with_the_word() {
        assert!("times".parse::<Pair>().unwrap_err().contains("`times`"));
        assert!("=1".parse::<Pair>().is_err());
        assert!(fault("hang", &pairs(&["times=1", "times=2"])).unwrap_err().to_string().contains("`times`"));
        assert!(fault("hang", &pairs(&["kind=close"])).is_err());
    }

    #[test]
    fn faults_are_injected_at_coordinators_only() {
        assert_eq!("all".parse(), Ok(FaultTarget::All));
        assert_eq!("coordinator2".parse(), Ok(FaultTarget::Coordinator(1)));
        for name in ["dbserver1", "agent1", "everywhere", "coordinator0"] {
            assert!(name.parse::<FaultTarget>().unwrap_err().contains("`coordinator1`"), "{name}");
        }
    }
}
