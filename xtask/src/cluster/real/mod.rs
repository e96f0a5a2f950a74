//! A cluster of real servers: one plan, one order of start and stop, one control address; several back ends.

pub(crate) mod arguments;
pub(crate) mod backend;
pub(crate) mod certificates;
mod control;
pub(crate) mod plan;
mod progress;
mod readiness;
pub(crate) mod reserved_ports;
pub(crate) mod version;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use self::backend::Backend;
use self::control::{Call, Control, ControlRequest};
use self::plan::Plan;
use self::progress::Progress;
use super::cluster_info::{Address, ClusterInfo};
use super::http_client::{Authorization, HttpClient};
use super::member::{Action, Member, Role};
use super::proxies::Proxies;

/// Time limit for one request while servers start.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);

/// Time between two checks of whether all servers run.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Time limits, and what is kept.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Until the cluster is ready.
    pub(crate) start: Duration,
    /// Until the servers of a role that have been asked to end are killed.
    pub(crate) stop: Duration,
    /// Where logs are copied when the cluster ends.
    pub(crate) logs: Option<PathBuf>,
}

/// Running servers. They end when it is dropped; [`stop`](Self::stop) lets them end by themselves.
#[derive(Debug)]
pub(crate) struct RealCluster {
    backend: Box<dyn Backend>,
    plan: Plan,
    limits: Limits,
    client: HttpClient,
    control: Control,
    proxies: Option<Proxies>,
    // Those that do not run.
    killed: BTreeSet<Member>,
    info: ClusterInfo,
}

impl RealCluster {
    /// Starts all servers, role by role, and waits until the cluster is ready.
    ///
    /// `token` is one of the superuser.
    ///
    /// # Errors
    /// If a server ends or is not ready in time.
    pub(crate) async fn start(
        name: &str,
        mut backend: Box<dyn Backend>,
        plan: Plan,
        limits: Limits,
        token: String,
        proxies: Option<Proxies>,
    ) -> Result<Self> {
        let client =
            HttpClient::new(plan.tls.as_ref().map(|tls| tls.ca_file.as_path()))?.limit(REQUEST_LIMIT);
        let client = client.with(Authorization::Bearer(token.clone()));
        let proxies_url = proxies.as_ref().map(|proxies| proxies.control_url().to_owned());
        let control = Control::open(proxies_url).await.context("the control listener did not start")?;
        let mut progress = Progress::new(limits.start);
        let started = async {
            for role in Role::ALL {
                backend.start(role).await?;
                readiness::wait(role, &plan, &mut *backend, &client, &mut progress).await?;
            }
            set_password(&plan, &client).await
        };
        if let Err(error) = started.await {
            copy_logs(&*backend, &plan, limits.logs.as_deref()).await;
            return Err(error);
        }
        let mut info = describe(name, &plan, &client, token, control.url.clone()).await?;
        if let Some(proxies) = &proxies {
            info.through_proxies(&proxies.urls());
            info.discovery_off = !backend.advertises_proxies();
        }
        Ok(Self { backend, plan, limits, client, control, proxies, killed: BTreeSet::new(), info })
    }

    pub(crate) fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// Handles control requests, one at a time, for as long as it is polled, and reports a server that ends.
    pub(crate) async fn serve(&mut self) -> Infallible {
        loop {
            tokio::select! {
                // The sender lives as long as the control listener.
                Some(ControlRequest { call, reply }) = self.control.requests.recv() => {
                    let result = self.handle(call).await;
                    // A requester that has gone needs no response.
                    _ = reply.send(result);
                }
                () = sleep(CHECK_INTERVAL) => self.report_ended().await,
            }
        }
    }

    /// Prints which server has ended without having been killed by a request, once.
    async fn report_ended(&mut self) {
        match self.backend.find_ended().await {
            Ok(Some((member, how))) if self.killed.insert(member) => {
                self.refuse_connections(member);
                anstream::eprintln!("warning: {member} ended: {how}");
            }
            Ok(_) => {}
            Err(error) => anstream::eprintln!("warning: the servers cannot be checked: {error:#}"),
        }
    }

    async fn handle(&mut self, call: Call) -> Result<Value, (u16, String)> {
        let member = match call {
            Call::Describe => return Ok(self.listing()),
            Call::Act(member, _) | Call::Log(member) => member,
        };
        let server = self.plan.server(member).map_err(|error| (404, error.to_string()))?;
        let failed = |error: anyhow::Error| (500, format!("{error:#}"));
        match call {
            Call::Describe => Ok(self.listing()),
            Call::Log(_) => Ok(json!({ "log": self.backend.log(member).await.map_err(failed)? })),
            Call::Act(_, action) => {
                // A proxy first: what a client sends must not meet a coordinator that is about to end.
                if matches!(action, Action::Kill | Action::Restart) {
                    self.refuse_connections(member);
                }
                self.backend.act(member, action).await.map_err(failed)?;
                if action == Action::Kill {
                    self.killed.insert(member);
                }
                if action == Action::Restart {
                    self.killed.remove(&member);
                    let (plan, backend) = (&self.plan, &mut *self.backend);
                    readiness::wait_for_one(server, plan, backend, &self.client, self.limits.start)
                        .await
                        .map_err(failed)?;
                    self.accept_connections(member).map_err(failed)?;
                }
                Ok(json!({ "ok": true }))
            }
        }
    }

    fn refuse_connections(&self, member: Member) {
        if let Some(proxies) = self.proxies.as_ref().filter(|_| member.role == Role::Coordinator) {
            proxies.refuse(member.index);
        }
    }

    fn accept_connections(&self, member: Member) -> Result<()> {
        match &self.proxies {
            Some(proxies) if member.role == Role::Coordinator => proxies.accept(member.index),
            _ => Ok(()),
        }
    }

    fn listing(&self) -> Value {
        let coordinators = self.info.coordinators.iter().enumerate().map(|(index, coordinator)| {
            let is_up = !self.killed.contains(&Member { role: Role::Coordinator, index });
            json!({ "index": index, "id": coordinator.id, "url": coordinator.url, "up": is_up })
        });
        json!({
            "version": self.info.version, "coordinators": coordinators.collect::<Vec<_>>(),
            "db_servers": self.info.db_servers, "agents": self.info.agents,
        })
    }

    /// Lets the servers end: coordinators, DB-Servers, agents. One that does not is killed.
    ///
    /// # Errors
    /// If a server cannot be ended.
    pub(crate) async fn stop(mut self) -> Result<()> {
        copy_logs(&*self.backend, &self.plan, self.limits.logs.as_deref()).await;
        for role in Role::ALL.into_iter().rev() {
            self.backend.stop(role, self.limits.stop).await?;
        }
        Ok(())
    }
}

/// Makes sure that `root` has the password of the plan: if no server has set it at its start, it is set now.
async fn set_password(plan: &Plan, client: &HttpClient) -> Result<()> {
    let coordinator = plan.of(Role::Coordinator).next().context("the cluster has no coordinator")?;
    let url = plan.url(coordinator);
    let password = plan.root_password.clone();
    let root = client.with(Authorization::Basic { user: "root".to_owned(), password });
    if root.get(&format!("{url}/_api/version")).await?.status != 401 {
        return Ok(());
    }
    let body = json!({ "passwd": plan.root_password }).to_string();
    let changed = client.send(Method::PATCH, &format!("{url}/_api/user/root"), body).await?;
    ensure!(changed.status == 200, "the password of root cannot be set: status {}", changed.status);
    let status = root.get(&format!("{url}/_api/version")).await?.status;
    ensure!(status == 200, "root cannot log in with its new password: status {status}");
    Ok(())
}

async fn describe(
    name: &str,
    plan: &Plan,
    client: &HttpClient,
    token: String,
    control: String,
) -> Result<ClusterInfo> {
    let mut ids = Vec::new();
    for server in plan.servers.iter().filter(|server| server.member.role != Role::Agent) {
        let id = client.get(&format!("{}/_admin/server/id", plan.url(*server))).await?.body["id"].clone();
        let id = id.as_str().with_context(|| format!("{} has no id", server.member))?.to_owned();
        ids.push((server.member.role, Address { id, url: plan.url(*server) }));
    }
    let of = |role| ids.iter().filter(move |(of, _)| *of == role).map(|(_, address)| address.clone());
    let coordinators: Vec<_> = of(Role::Coordinator).collect();
    let first = coordinators.first().context("the cluster has no coordinator")?;
    let version = client.get(&format!("{}/_api/version", first.url)).await?.body["version"].clone();
    let health = client.get(&format!("{}/_admin/cluster/health", first.url)).await?.body;
    let servers = health["Health"].as_object().into_iter().flatten();
    let agents = servers.filter(|(_, server)| server["Role"] == "Agent").map(|(id, _)| id.clone()).collect();
    Ok(ClusterInfo {
        backend: name.to_owned(),
        version: version.as_str().unwrap_or("unknown").to_owned(),
        endpoints: coordinators.iter().map(|coordinator| coordinator.url.clone()).collect(),
        root_password: Some(plan.root_password.clone()),
        jwt_secret: Some(plan.jwt_secret.clone()),
        superuser_token: Some(token),
        credentials: None,
        control: Some(control),
        ca_file: plan.tls.as_ref().map(|tls| tls.ca_file.display().to_string()),
        behind_proxies: Vec::new(),
        discovery_off: false,
        db_servers: of(Role::DbServer).map(|address| address.id).collect(),
        agents,
        coordinators,
    })
}

/// Copies the log of each server into a folder, if one is named. What cannot be copied is reported.
async fn copy_logs(backend: &dyn Backend, plan: &Plan, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    for server in &plan.servers {
        let path = folder.join(format!("{}.log", server.member));
        let copied = match backend.log(server.member).await {
            Ok(log) => fs::create_dir_all(folder).and_then(|()| fs::write(&path, log)).map_err(Into::into),
            Err(error) => Err(error),
        };
        if let Err(error) = copied {
            anstream::eprintln!("warning: cannot write {}: {error:#}", path.display());
        }
    }
}
