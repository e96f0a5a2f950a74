//! The back end `starter`: the ArangoDB Starter starts three servers of each role on this machine.
//!
//! It restarts a server that ends. So it is stopped while a server has to stay down.

mod plan;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

pub(crate) use self::plan::servers;
use super::http_client::HttpClient;
use super::member::{Action, Member, Role};
use super::process::{Binary, Invocation, ServerProcess, as_argument, end};
use super::real::arguments::password_option;
use super::real::backend::{Backend, Pending};
use super::real::plan::{Plan, Server};
use crate::program::parent_death::EndSignal;

/// The starter and what it has started.
#[derive(Debug)]
pub(crate) struct Starter {
    invocation: Invocation,
    process: Option<ServerProcess>,
    plan: Plan,
    /// The address of the starter itself.
    url: String,
    client: HttpClient,
    // The servers that have to stay down.
    killed: BTreeSet<Member>,
}

impl Starter {
    /// Prepares the command line. `port` is that of the starter; the servers of the plan have the ports after it.
    ///
    /// # Errors
    /// If a path is not UTF-8.
    pub(crate) fn new(starter: PathBuf, arangod: Option<&Binary>, plan: Plan, port: u16) -> Result<Self> {
        let mut arguments = vec![
            "--starter.local".to_owned(),
            "--starter.mode=cluster".to_owned(),
            format!("--starter.data-dir={}", as_argument(&plan.directory.join("starter"))?),
            format!("--starter.port={port}"),
            format!("--auth.jwt-secret={}", as_argument(&plan.secret_file)?),
            format!("--all.database.password={}", password_option()),
        ];
        if let Some(tls) = &plan.tls {
            arguments.push(format!("--ssl.keyfile={}", as_argument(&tls.key_file)?));
        }
        if let Some(binary) = arangod {
            arguments.push(format!("--server.arangod={}", as_argument(&binary.path)?));
            if let Some(folder) = &binary.javascript {
                arguments.push(format!("--server.js-dir={}", as_argument(folder)?));
            }
        }
        let scheme = if plan.tls.is_some() { "https" } else { "http" };
        Ok(Self {
            invocation: Invocation {
                program: starter,
                arguments,
                output: plan.directory.join("starter-output"),
                cluster: plan.directory.clone(),
                root_password: plan.root_password.clone(),
                // It ends its servers, which a signal that only kills it would not.
                end_signal: EndSignal::Terminate,
            },
            process: None,
            url: format!("{scheme}://127.0.0.1:{port}"),
            client: HttpClient::new(plan.tls.as_ref().map(|tls| tls.ca_file.as_path()))?,
            plan,
            killed: BTreeSet::new(),
        })
    }

    fn starter(&mut self) -> Result<&mut ServerProcess> {
        self.process.as_mut().context("the starter does not run")
    }

    /// Asks the starter for the process of a server.
    async fn process_of(&self, server: Server) -> Result<Pid> {
        let list = self
            .client
            .get(&format!("{}/process", self.url))
            .await
            .context("the starter does not respond")?;
        let servers = list.body["servers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pid =
            servers.iter().find(|entry| entry["port"] == server.port).and_then(|entry| entry["pid"].as_i64());
        let pid = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        pid.with_context(|| format!("the starter does not list {}", server.member))
    }

    async fn signal(&self, member: Member, signal: Signal) -> Result<()> {
        let pid = self.process_of(self.plan.server(member)?).await?;
        kill_process(pid, signal).with_context(|| format!("cannot send a signal to {member}"))
    }
}

impl Backend for Starter {
    fn start(&mut self, role: Role) -> Pending<'_, ()> {
        Box::pin(async move {
            // It starts the others by itself.
            if role == Role::Agent {
                self.process = Some(self.invocation.start()?);
            }
            Ok(())
        })
    }

    fn find_ended(&mut self) -> Pending<'_, Option<(Member, String)>> {
        Box::pin(async move {
            let status = self.process.as_mut().map(ServerProcess::ended).transpose()?.flatten();
            let first = Member { role: Role::Agent, index: 0 };
            Ok(status.map(|status| (first, format!("the starter ended: {status}"))))
        })
    }

    fn act(&mut self, member: Member, action: Action) -> Pending<'_, ()> {
        Box::pin(async move {
            match action {
                Action::Kill => {
                    // While it is stopped it does not respond, either.
                    let pid = self.process_of(self.plan.server(member)?).await?;
                    self.starter()?.signal(Signal::STOP)?;
                    kill_process(pid, Signal::KILL).with_context(|| format!("cannot kill {member}"))?;
                    self.killed.insert(member);
                }
                Action::Restart => {
                    if !self.killed.contains(&member) {
                        self.signal(member, Signal::KILL).await?;
                    }
                    // It restarts all that have ended.
                    self.killed.clear();
                    self.starter()?.signal(Signal::CONT)?;
                }
                Action::Pause => self.signal(member, Signal::STOP).await?,
                Action::Resume => self.signal(member, Signal::CONT).await?,
            }
            Ok(())
        })
    }

    // It starts all coordinators with the same options.
    fn advertises_proxies(&self) -> bool {
        false
    }

    fn log(&self, member: Member) -> Pending<'_, String> {
        Box::pin(async move {
            let port = self.plan.server(member)?.port;
            let output = fs::read(&self.invocation.output).unwrap_or_default();
            let log =
                find_log(&self.plan.directory.join("starter"), &format!("{}{port}", prefix(member.role)));
            let log = log.map(fs::read).transpose()?.unwrap_or_default();
            Ok([output, log].iter().map(|text| String::from_utf8_lossy(text)).collect())
        })
    }

    fn command(&self, _: Member) -> String {
        self.invocation.command_line()
    }

    fn stop(&mut self, role: Role, limit: Duration) -> Pending<'_, ()> {
        Box::pin(async move {
            // It stops all of them, in the right order.
            match self.process.take() {
                Some(process) if role == Role::Coordinator => {
                    end(vec![process], limit.saturating_mul(3)).await
                }
                process => {
                    self.process = process;
                    Ok(())
                }
            }
        })
    }
}

/// How the folder of a server begins; then follows its port.
fn prefix(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::DbServer => "dbserver",
        Role::Coordinator => "coordinator",
    }
}

/// Finds the log of a server: its folder is in that of one of the three starters.
fn find_log(folder: &Path, name: &str) -> Option<PathBuf> {
    let direct = folder.join(name).join("arangod.log");
    if direct.is_file() {
        return Some(direct);
    }
    let folders = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    folders.map(|folder| folder.join(name).join("arangod.log")).find(|path| path.is_file())
}
