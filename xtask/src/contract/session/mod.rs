//! Sends the steps of a script to one cluster, and keeps what it responds.

mod headers;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, timeout};

use super::recording::Recorded;
use super::script::{Effect, Group, Identity, Placeholders, Step, Until};
use super::shape::{Masks, Shape};
use crate::cluster::{Authorization, ClusterInfo, HttpClient};

/// Servers themselves wait up to two minutes for maintenance.
const LIMIT: Duration = Duration::from_secs(150);

/// Time limit for the first request, which no server delays.
const FIRST_LIMIT: Duration = Duration::from_secs(20);

/// How many requests in a row may exceed the limit.
const MAX_EXCEEDED: usize = 3;

/// How long a request that was interrupted is waited for.
const IN_PROGRESS_LIMIT: Duration = Duration::from_secs(20);

/// How long a request is repeated, and how often.
const REPEAT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// What happened to a step.
#[derive(Debug)]
pub(crate) enum Outcome {
    Responded(Exchange),
    Skipped(String),
    /// It runs on.
    Background,
}

/// A response, and what is compared of it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) recorded: Recorded,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// One run of a script.
#[derive(Debug)]
pub(crate) struct Session {
    info: ClusterInfo,
    client: HttpClient,
    placeholders: Placeholders,
    masks: Masks,
    may_disturb: bool,
    is_external: bool,
    /// What has begun and has not ended: the request with the body that ends it.
    begun: BTreeMap<String, Value>,
    background: Vec<Running>,
    /// The request that is waited for. It goes on if the wait is dropped: a server performs it to the end, too.
    in_progress: Option<JoinHandle<Result<Response<Bytes>>>>,
    /// How many of the latest requests have exceeded the limit, without another one in between.
    exceeded: usize,
}

/// A step that runs in the background.
#[derive(Debug)]
struct Running {
    id: String,
    step: Step,
    task: JoinHandle<Result<Response<Bytes>>>,
}

impl Session {
    /// Reads the ids of the servers. Nothing is changed.
    ///
    /// # Errors
    /// If the cluster does not respond.
    pub(crate) async fn new(info: &ClusterInfo) -> Result<Self> {
        let client = HttpClient::new(info.ca_file.as_deref().map(AsRef::as_ref))?.limit(LIMIT);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        let unique = format!("{:x}", since.as_micros());
        let (database, user) =
            (format!("arango_contract_{unique}"), format!("arango_contract_user_{unique}"));
        let mut placeholders = Placeholders::default();
        placeholders.set("database", &database);
        placeholders.set("user", &user);
        placeholders.set("password", format!("password of {unique}"));
        let names = [(database, "database".to_owned()), (user, "user".to_owned())];
        let mut session = Self {
            info: info.clone(),
            client,
            placeholders,
            masks: Masks { names: names.into(), ..Masks::default() },
            may_disturb: false,
            is_external: false,
            begun: BTreeMap::new(),
            background: Vec::new(),
            in_progress: None,
            exceeded: 0,
        };
        session.find_servers().await?;
        Ok(session)
    }

    async fn find_servers(&mut self) -> Result<()> {
        let client = self.client.with(self.authorization(Identity::Root)?).limit(FIRST_LIMIT);
        let url = format!("{}/_admin/cluster/health", self.info.endpoints[0]);
        let health = client.get(&url).await.context("the health of the cluster cannot be read")?;
        if health.status != 200 {
            bail!("the health of the cluster cannot be read: status {}", health.status);
        }
        if let Some(id) = health.body["ClusterId"].as_str() {
            self.placeholders.set("cluster", id);
        }
        let ids: Vec<&String> =
            health.body["Health"].as_object().into_iter().flat_map(|map| map.keys()).collect();
        let of = |prefix: &str| ids.iter().filter(|id| id.starts_with(prefix)).copied().collect::<Vec<_>>();
        let (db_servers, agents) = (of("PRMR-"), of("AGNT-"));
        let asked = self.info.coordinators.first().map(|coordinator| &coordinator.id);
        let found = [
            ("coordinator", asked),
            ("db_server", db_servers.first().copied()),
            ("other_db_server", db_servers.get(1).copied()),
            ("agent", agents.first().copied()),
        ];
        for (name, id) in found {
            if let Some(id) = id {
                self.placeholders.set(name, id);
            }
        }
        Ok(())
    }

    /// Allows what disturbs other users of the cluster.
    pub(crate) fn allow_destructive(&mut self) {
        self.may_disturb = true;
    }

    /// Sends nothing that must never be sent to an external cluster, even with consent.
    pub(crate) fn protect_external(&mut self) {
        self.is_external = true;
    }

    /// Returns whether the cluster belongs to others.
    pub(crate) fn is_external(&self) -> bool {
        self.is_external
    }

    /// The id of the cluster.
    pub(crate) fn cluster_id(&self) -> Option<&str> {
        self.placeholders.get("cluster")
    }

    /// Returns an error if the cluster does not respond any more: each further request would take as long as the limit.
    pub(crate) fn check_responses(&self) -> Result<()> {
        let exceeded = self.exceeded;
        ensure!(
            exceeded < MAX_EXCEEDED,
            "the cluster does not respond any more: {exceeded} requests in a row had no response in time"
        );
        Ok(())
    }

    /// Returns the same session with another limit for a request.
    #[cfg(test)]
    pub(crate) fn limit(self, limit: Duration) -> Self {
        Self { client: self.client.limit(limit), ..self }
    }

    /// Returns the text with what is known by now; what is not known stays as it is.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.placeholders.fill(text).unwrap_or_else(|_| text.to_owned())
    }

    /// Sends a step and waits for the response, unless it is one of the background.
    pub(crate) async fn perform(&mut self, group: &Group, step: &Step) -> Outcome {
        if group.effect_of(step) == Effect::Destructive && !self.may_disturb {
            return Outcome::Skipped("it would disturb others: --allow-destructive".to_owned());
        }
        let prepared = match self.prepare(step) {
            Ok(prepared) => prepared,
            Err(reason) => return Outcome::Skipped(format!("{reason:#}")),
        };
        sleep(Duration::from_millis(step.pause)).await;
        let request = self.fill(&step.request);
        if let Some(end) = &step.ended_by {
            self.begun.insert(request.clone(), end.clone());
        }
        if step.background {
            let task = tokio::spawn(prepared.send());
            self.background.push(Running { id: group.id_of(step), step: step.clone(), task });
            return Outcome::Background;
        }
        let begin = Instant::now();
        loop {
            let response = self.send(prepared.clone()).await;
            let is_over = match (&step.until, &response) {
                (Some(until), Ok(response)) => is_met(until, response) || begin.elapsed() > REPEAT,
                _ => true,
            };
            if is_over {
                self.note_end(step, &request, response.as_ref().map(Response::status).ok());
                return Outcome::Responded(self.take(step, response));
            }
            sleep(PAUSE).await;
        }
    }

    async fn send(&mut self, prepared: Prepared) -> Result<Response<Bytes>> {
        let task = self.in_progress.insert(tokio::spawn(prepared.send()));
        let response = task.await.unwrap_or_else(|error| Err(error.into()));
        self.in_progress = None;
        response
    }

    /// Forgets what a step was refused to begin, and what it has ended.
    fn note_end(&mut self, step: &Step, request: &str, status: Option<StatusCode>) {
        let Some(status) = status else { return };
        let is_end = step.body.is_some() && self.begun.get(request) == step.body.as_ref();
        // After a timeout of the server it may have begun nevertheless.
        let is_refused = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
        if (is_end && status.is_success()) || (step.ended_by.is_some() && is_refused) {
            self.begun.remove(request);
        }
    }

    /// Waits for the steps of the background.
    pub(crate) async fn finish(&mut self) -> BTreeMap<String, Exchange> {
        let mut exchanges = BTreeMap::new();
        for Running { id, step, task } in std::mem::take(&mut self.background) {
            let response = task.await.unwrap_or_else(|error| Err(error.into()));
            exchanges.insert(id, self.take(&step, response));
        }
        exchanges
    }

    /// Ends what has begun and drops what was created, whatever has happened. Without a response nothing can be done.
    ///
    /// # Errors
    /// If something of it is still there.
    pub(crate) async fn clean_up(&mut self) -> Result<()> {
        if let Some(task) = self.in_progress.take() {
            // What it creates can be dropped only when it is there. Without a response in time, it may not be.
            _ = timeout(IN_PROGRESS_LIMIT, task).await;
        }
        let mut requests: Vec<_> = std::mem::take(&mut self.begun)
            .into_iter()
            .map(|(request, end)| (request, end.to_string()))
            .collect();
        for request in ["DELETE /_api/database/{database}", "DELETE /_api/user/{user}"] {
            requests.push((self.fill(request), String::new()));
        }
        let mut failed = Vec::new();
        for (request, body) in requests {
            if !self.is_accepted(&request, &body).await? {
                failed.push(format!("{request} {body}").trim_end().to_owned());
            }
        }
        ensure!(
            failed.is_empty(),
            "what was begun or created is still there, by hand: {}",
            failed.join("; ")
        );
        Ok(())
    }

    /// Sends a request to one coordinator after the other, until one accepts it: the script may have stopped the first.
    async fn is_accepted(&self, request: &str, body: &str) -> Result<bool> {
        let client = self.client.with(self.authorization(Identity::Root)?);
        let (method, path) = request.split_once(' ').context("a request has a method and a path")?;
        let method = Method::try_from(method)?;
        for endpoint in &self.info.endpoints {
            match client.send(method.clone(), &format!("{endpoint}{path}"), body.to_owned()).await {
                Ok(response) if matches!(response.status, 200..=299 | 404) => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    fn prepare(&self, step: &Step) -> Result<Prepared> {
        let fill = |text: &str| {
            let filled = self.placeholders.fill(text);
            filled.map_err(|name| anyhow::anyhow!("it needs {{{name}}}, which no response had"))
        };
        let request = fill(&step.request)?;
        let (method, path) = request.split_once(' ').context("a request has a method and a path")?;
        let body = match (&step.body, &step.text) {
            (Some(body), _) => {
                let filled = self.placeholders.fill_value(body);
                filled
                    .map_err(|name| anyhow::anyhow!("it needs {{{name}}}, which no response had"))?
                    .to_string()
            }
            (None, Some(text)) => fill(text)?,
            (None, None) => String::new(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &step.headers {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(fill(value)?)?);
        }
        let endpoints = &self.info.endpoints;
        let endpoint = endpoints.get(step.coordinator).context("the cluster has too few coordinators")?;
        Ok(Prepared {
            client: self.client.with(self.authorization(step.identity)?),
            method: Method::try_from(method)?,
            url: format!("{endpoint}{path}"),
            headers,
            body: body.into(),
        })
    }

    fn authorization(&self, identity: Identity) -> Result<Authorization> {
        let basic = |user: &str, password: &str| Authorization::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        Ok(match identity {
            Identity::Unknown => Authorization::None,
            Identity::User => basic(
                self.placeholders.get("user").unwrap_or_default(),
                self.placeholders.get("password").unwrap_or_default(),
            ),
            Identity::Superuser => {
                let token = self.info.superuser_token.clone();
                Authorization::Bearer(token.context("it needs a token of the superuser")?)
            }
            Identity::Root => self.info.authorization(),
        })
    }

    fn take(&mut self, step: &Step, response: Result<Response<Bytes>>) -> Exchange {
        let masks =
            Masks { varying_keys: step.keys_vary.clone(), opaque: step.opaque.clone(), ..self.masks.clone() };
        let is_exceeded = response.as_ref().is_err_and(anyhow::Error::is::<Elapsed>);
        self.exceeded = if is_exceeded { self.exceeded + 1 } else { 0 };
        let response = match response {
            Ok(response) => response,
            Err(reason) => {
                anstream::eprintln!("no response to {}: {reason:#}", step.request);
                let (request, headers) = (step.request.clone(), BTreeMap::new());
                let recorded = Recorded { request, status: 0, headers, body: Shape::default() };
                return Exchange { recorded, body: Value::Null, text: String::new() };
            }
        };
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        for (name, place) in &step.save {
            let place = &self.fill(place);
            let value = match place.strip_prefix("header ") {
                Some(header) => {
                    response.headers().get(header).and_then(|value| value.to_str().ok()).map(str::to_owned)
                }
                None => body.pointer(place).map(|value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                }),
            };
            if let Some(value) = value {
                self.placeholders.set(name, value);
            }
        }
        let recorded = Recorded {
            request: step.request.clone(),
            status: response.status().as_u16(),
            headers: headers::read(response.headers(), &masks),
            body: Shape::of_body(response.body(), &masks),
        };
        Exchange { recorded, body, text: String::from_utf8_lossy(response.body()).into_owned() }
    }
}

fn is_met(until: &Until, response: &Response<Bytes>) -> bool {
    until.is_met(response.status().as_u16(), response.body())
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
struct Prepared {
    client: HttpClient,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Prepared {
    async fn send(self) -> Result<Response<Bytes>> {
        self.client.send_with_headers(self.method, &self.url, self.headers, self.body).await
    }
}
