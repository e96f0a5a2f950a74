//! Open questions about servers: what no source says, each with requests that answer it.

mod expectation;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use self::expectation::Expectation;
use super::answer::{Answer, Finding};
use super::script::{Group, Step, read_json};
use super::session::{Exchange, Outcome, Session};
use super::version::Version;

/// Something that is believed, and was never seen on a server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) id: String,
    #[serde(rename = "question")]
    pub(crate) text: String,
    /// What leaves it open: pages of this repository, or the reason in plain words.
    pub(crate) from: Vec<String>,
    pub(crate) believed: String,
    pub(crate) otherwise: String,
    #[serde(default)]
    steps: Vec<Step>,
    /// What is believed of the responses, by the name of the step.
    #[serde(default)]
    expect: BTreeMap<String, Expectation>,
    #[serde(default)]
    since: Option<Version>,
    #[serde(default)]
    until: Option<Version>,
    /// It is never asked of an external cluster, because much would be lost if a server did not refuse.
    #[serde(default)]
    only_started_here: bool,
    /// It takes minutes.
    #[serde(default)]
    slow: bool,
    /// Why no request can answer it.
    #[serde(default)]
    cannot: Option<String>,
}

/// Reads the table.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn read() -> Result<Vec<Question>> {
    read_json("questions.json")
}

impl Question {
    /// The requests, as a group of a script.
    pub(crate) fn group(&self) -> Group {
        Group { operations: vec![self.id.clone()], effect: None, steps: self.steps.clone() }
    }

    /// Returns whether it may be asked of an external cluster.
    pub(crate) fn may_ask_external(&self) -> bool {
        !self.only_started_here
    }

    /// Sends the requests, and compares the responses with what is believed.
    pub(crate) async fn ask(&self, session: &mut Session, version: &Version, slow: bool) -> Answer {
        let not_checked = |why: &str| Answer { finding: Finding::NotChecked, found: why.to_owned() };
        if let Some(why) = &self.cannot {
            return not_checked(why);
        }
        if self.since.as_ref().is_some_and(|since| version < since)
            || self.until.as_ref().is_some_and(|until| version >= until)
        {
            return not_checked("it is about other versions");
        }
        if self.only_started_here && session.is_external() {
            return not_checked("it is never sent to an external cluster");
        }
        if self.slow && !slow {
            return not_checked("it takes minutes: --slow");
        }
        let group = self.group();
        let mut exchanges = BTreeMap::new();
        let mut skipped = None;
        for step in &self.steps {
            match session.perform(&group, step).await {
                Outcome::Responded(exchange) => {
                    exchanges.insert(step.name.clone(), exchange);
                }
                // The later steps undo what the earlier ones have done.
                Outcome::Skipped(why) => skipped = skipped.or(Some(format!("{}: {why}", step.name))),
                Outcome::Background => {}
            }
        }
        for (id, exchange) in session.finish().await {
            let name = id.split_once(": ").map_or(id.as_str(), |(_, name)| name);
            exchanges.insert(name.to_owned(), exchange);
        }
        self.judge(&exchanges, skipped)
    }

    fn judge(&self, exchanges: &BTreeMap<String, Exchange>, skipped: Option<String>) -> Answer {
        let mut found = Vec::new();
        for (name, expectation) in &self.expect {
            let Some(exchange) = exchanges.get(name) else {
                let why = skipped.unwrap_or_else(|| format!("{name}: not sent"));
                return Answer { finding: Finding::NotChecked, found: why };
            };
            // What is believed to be absent is absent from no response, too.
            if !exchange.recorded.is_response() {
                return Answer { finding: Finding::NotChecked, found: format!("{name}: no response") };
            }
            found.extend(expectation.differences(exchange).map(|one| format!("{name}: {one}")));
        }
        let finding = if found.is_empty() { Finding::AsBelieved } else { Finding::Different };
        Answer { finding, found: found.join("; ") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::contract::recording::Recorded;
    use crate::contract::script::{Effect, Placeholders, Script};
    use crate::contract::shape::Shape;
    use crate::workspace;

    #[test]
    fn no_question_is_lost() {
        assert_eq!(read().unwrap().len(), 31);
    }

    #[test]
    fn each_page_that_leaves_a_question_open_exists() {
        for question in read().unwrap() {
            for from in question.from.iter().filter(|from| from.starts_with("docs/")) {
                let (page, part) = from.split_once(": ").unwrap_or((from, ""));
                assert!(
                    workspace::root().join(page).is_file() && !part.is_empty(),
                    "{}: {from}",
                    question.id
                );
            }
        }
    }

    #[test]
    fn what_would_destroy_a_cluster_of_others_is_never_asked_of_one() {
        let drops_system =
            |step: &Step| step.request.starts_with("DELETE ") && step.request.ends_with("/database/_system");
        let questions = read().unwrap();
        let dropping: Vec<_> = questions.iter().filter(|one| one.steps.iter().any(drops_system)).collect();
        assert_eq!(dropping.len(), 1);
        assert!(dropping.iter().all(|one| !one.may_ask_external()));
        let script = Script::read().unwrap();
        let groups = script.groups.iter().chain(&script.last);
        assert_eq!(groups.flat_map(|group| &group.steps).filter(|step| drops_system(step)).count(), 0);
    }

    #[test]
    fn a_question_can_be_answered_or_says_why_not() {
        let mut seen = BTreeSet::new();
        for question in read().unwrap() {
            assert!(seen.insert(question.id.clone()), "{} is there twice", question.id);
            let names: BTreeSet<_> = question.steps.iter().map(|step| &step.name).collect();
            let expects_of: BTreeSet<_> = question.expect.keys().collect();
            assert!(expects_of.is_subset(&names), "{}", question.id);
            assert_eq!(names.len(), question.steps.len(), "{}", question.id);
            assert_eq!(expects_of.is_empty(), question.cannot.is_some(), "{}", question.id);
            assert!(!question.from.is_empty() && !question.otherwise.is_empty(), "{}", question.id);
        }
    }

    #[test]
    fn neither_silence_nor_an_empty_response_is_what_is_believed() {
        let exchange = |status| Exchange {
            recorded: Recorded {
                request: String::new(),
                status,
                headers: BTreeMap::new(),
                body: Shape::default(),
            },
            body: Value::Null,
            text: String::new(),
        };
        for question in read().unwrap().into_iter().filter(|question| question.cannot.is_none()) {
            let finding = |status| {
                let exchanges = question.expect.keys().map(|name| (name.clone(), exchange(status))).collect();
                question.judge(&exchanges, None).finding
            };
            let id = &question.id;
            assert_eq!((id, finding(0), finding(599)), (id, Finding::NotChecked, Finding::Different));
        }
    }

    #[test]
    fn the_requests_of_questions_say_what_they_change_and_use_known_placeholders() {
        let script = Script::read().unwrap();
        let saved =
            |steps: Vec<&Step>| steps.into_iter().flat_map(|step| step.save.keys().cloned()).collect();
        let mut known: BTreeSet<String> =
            saved(script.groups.iter().flat_map(|group| &group.steps).collect());
        known.extend(Placeholders::INITIAL.iter().map(ToString::to_string));
        for question in read().unwrap() {
            let group = question.group();
            for step in &question.steps {
                let id = group.id_of(step);
                assert!(step.effect.is_some() || step.only_reads_by_method(), "{id} has no effect");
                let is_own = step.request.contains("{database}") || step.request.contains("{user}");
                assert!(group.effect_of(step) != Effect::Own || is_own, "{id}: {}", step.request);
                known.extend(step.save.keys().cloned());
                for name in step.placeholders() {
                    assert!(known.contains(&name), "{id}: nothing saves {{{name}}}");
                }
            }
        }
    }
}
