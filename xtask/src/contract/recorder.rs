//! Records a cluster: the script, the open questions, and what is sent at the end.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use super::questions::{self, Question};
use super::recording::{RecordedCluster, Recording};
use super::script::{Effect, Group, Script, Step};
use super::session::{Outcome, Session};
use super::version::Version;
use crate::cluster::ClusterInfo;
use crate::consent::ConsentFlags;
use crate::interruption::unless_interrupted;

/// The step without which nothing else can be sent.
const FIRST: &str = "database.create: a new one";

/// What is recorded, and how.
#[derive(Debug)]
pub(crate) struct Recorder {
    script: Script,
    questions: Vec<Question>,
    slow: bool,
}

impl Recorder {
    /// Reads the script and the questions.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn read(slow: bool) -> Result<Self> {
        Ok(Self { script: Script::read()?, questions: questions::read()?, slow })
    }

    /// Records a cluster that was started here. Everything is sent.
    ///
    /// # Errors
    /// If the cluster does not respond, or what was created cannot be dropped.
    pub(crate) async fn record(&self, info: &ClusterInfo) -> Result<Recording> {
        let mut session = unless_interrupted(Session::new(info)).await?;
        session.allow_destructive();
        self.run(&mut session, info).await
    }

    /// Records a cluster that belongs to others: only what reads, and what changes a database and a user that are created
    /// for this and dropped at the end. The rest needs consent.
    ///
    /// # Errors
    /// As [`record`](Self::record), or if the consent is for another cluster.
    pub(crate) async fn record_external(
        &self,
        info: &ClusterInfo,
        consent: &ConsentFlags,
    ) -> Result<Recording> {
        let session = unless_interrupted(Session::new(info)).await?;
        let is_allowed = unless_interrupted(consent.check(session.cluster_id())).await?;
        self.record_of_others(session, info, is_allowed).await
    }

    /// Records a cluster that belongs to others, after consent was asked for.
    pub(super) async fn record_of_others(
        &self,
        mut session: Session,
        info: &ClusterInfo,
        is_allowed: bool,
    ) -> Result<Recording> {
        session.protect_external();
        if is_allowed {
            session.allow_destructive();
        }
        anstream::eprintln!("The cluster belongs to others. Beside reading, this will be sent:");
        for (effect, id, request) in self.requests_of(Question::may_ask_external) {
            if effect == Effect::Own || (effect == Effect::Destructive && is_allowed) {
                let warning = if effect == Effect::Destructive { "  DISTURBS OTHERS" } else { "" };
                anstream::eprintln!("  {}  ({id}){warning}", session.fill(&request));
            }
        }
        self.run(&mut session, info).await
    }

    /// All requests, with their effects and ids, in order.
    pub(crate) fn requests(&self) -> Vec<(Effect, String, String)> {
        self.requests_of(|_| true)
    }

    fn requests_of(&self, is_asked: impl Fn(&Question) -> bool) -> Vec<(Effect, String, String)> {
        let asked = self.questions.iter().filter(|question| is_asked(question));
        let questions: Vec<Group> = asked.map(Question::group).collect();
        let groups = self.script.groups.iter().chain(&questions).chain(&self.script.last);
        let line =
            |group: &Group, step: &Step| (group.effect_of(step), group.id_of(step), step.request.clone());
        groups.flat_map(|group| group.steps.iter().map(move |step| line(group, step))).collect()
    }

    async fn run(&self, session: &mut Session, info: &ClusterInfo) -> Result<Recording> {
        let recording = unless_interrupted(self.send(session, info)).await;
        // What was created is dropped in any case.
        let created = session.fill("the database {database} and the user {user}");
        let cleaned = unless_interrupted(session.clean_up()).await;
        let cleaned = cleaned.with_context(|| format!("{created} may still be there"));
        match (recording, cleaned) {
            (recording, Ok(())) => recording,
            (Ok(_), Err(error)) => Err(error),
            (Err(error), Err(left)) => {
                anstream::eprintln!("warning: {left:#}");
                Err(error)
            }
        }
    }

    async fn send(&self, session: &mut Session, info: &ClusterInfo) -> Result<Recording> {
        let version = Version::read(&info.version).context("the cluster does not report its version")?;
        let mut sent = Sent::default();
        sent.groups(session, &self.script.groups).await?;
        let mut answers = BTreeMap::new();
        for question in &self.questions {
            answers.insert(question.id.clone(), question.ask(session, &version, self.slow).await);
            session.check_responses()?;
        }
        sent.groups(session, &self.script.last).await?;
        let cluster = RecordedCluster { backend: info.backend.clone(), version: info.version.clone() };
        Ok(Recording::new(cluster, sent.responses, sent.skipped, answers))
    }
}

#[derive(Default)]
struct Sent {
    responses: BTreeMap<String, super::recording::Recorded>,
    skipped: BTreeMap<String, String>,
}

impl Sent {
    async fn groups(&mut self, session: &mut Session, groups: &[Group]) -> Result<()> {
        for group in groups {
            for step in &group.steps {
                let id = group.id_of(step);
                match session.perform(group, step).await {
                    Outcome::Responded(exchange) => {
                        let status = exchange.recorded.status;
                        ensure!(
                            id != FIRST || status == 201,
                            "the database of the recording cannot be created: status {status}"
                        );
                        self.responses.insert(id, exchange.recorded);
                    }
                    Outcome::Skipped(reason) => {
                        self.skipped.insert(id, reason);
                    }
                    Outcome::Background => {}
                }
                session.check_responses()?;
            }
            let finished = session.finish().await;
            self.responses.extend(finished.into_iter().map(|(id, exchange)| (id, exchange.recorded)));
        }
        Ok(())
    }
}
