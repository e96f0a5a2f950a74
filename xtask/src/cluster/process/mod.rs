//! The back end `process`: an `arangod` of this machine, one process for each server.

mod binary;
mod server_process;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;

pub(crate) use self::binary::Binary;
pub(crate) use self::server_process::{Invocation, ServerProcess, as_argument};
use super::member::{Action, Member, Role};
use super::real::arguments::{Addresses, Place, SharedFiles, argv};
use super::real::backend::{Backend, Pending};
use super::real::plan::{Plan, Server};
use crate::program::parent_death::EndSignal;

/// The processes of a cluster.
#[derive(Debug)]
pub(crate) struct Processes {
    invocations: BTreeMap<Member, Invocation>,
    // Those that should run.
    running: BTreeMap<Member, ServerProcess>,
    stop_limit: Duration,
    directory: PathBuf,
}

impl Processes {
    /// Prepares the command lines and the directories of all servers.
    ///
    /// # Errors
    /// If a directory cannot be created.
    pub(crate) fn new(binary: &Binary, plan: &Plan, stop_limit: Duration) -> Result<Self> {
        let mut invocations = BTreeMap::new();
        for server in &plan.servers {
            invocations.insert(server.member, invocation(binary, plan, *server)?);
        }
        let directory = plan.directory.clone();
        Ok(Self { invocations, running: BTreeMap::new(), stop_limit, directory })
    }

    fn launch(&mut self, member: Member) -> Result<()> {
        let invocation = self.invocations.get(&member).with_context(|| format!("there is no {member}"))?;
        self.running.insert(member, invocation.start()?);
        Ok(())
    }

    fn process(&mut self, member: Member) -> Result<&mut ServerProcess> {
        self.running.get_mut(&member).with_context(|| format!("{member} does not run"))
    }
}

fn invocation(binary: &Binary, plan: &Plan, server: Server) -> Result<Invocation> {
    let directory = plan.directory.join(server.member.to_string());
    for below in ["data", "apps", "tmp"] {
        let path = directory.join(below);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    let address = |server: Server| format!("127.0.0.1:{}", server.port);
    let addresses = Addresses {
        listen: address(server),
        internal: address(server),
        advertised: plan.proxy_address(server.member),
        agents: plan.of(Role::Agent).map(address).collect(),
    };
    let files = SharedFiles {
        secret: as_argument(&plan.secret_file)?,
        key: plan.tls.as_ref().map(|tls| as_argument(&tls.key_file)).transpose()?,
    };
    let place = Place::Local {
        directory: as_argument(&directory)?,
        javascript: binary.javascript.as_deref().map(as_argument).transpose()?,
    };
    Ok(Invocation {
        program: binary.path.clone(),
        arguments: argv(server, binary.version, plan, &place, &addresses, &files),
        output: directory.join("output"),
        cluster: plan.directory.clone(),
        root_password: plan.root_password.clone(),
        end_signal: EndSignal::Kill,
    })
}

impl Backend for Processes {
    fn start(&mut self, role: Role) -> Pending<'_, ()> {
        Box::pin(async move {
            let members: Vec<_> =
                self.invocations.keys().copied().filter(|member| member.role == role).collect();
            members.into_iter().try_for_each(|member| self.launch(member))
        })
    }

    fn find_ended(&mut self) -> Pending<'_, Option<(Member, String)>> {
        Box::pin(async move {
            for (member, process) in &mut self.running {
                if let Some(status) = process.ended()? {
                    return Ok(Some((*member, status.to_string())));
                }
            }
            Ok(None)
        })
    }

    fn act(&mut self, member: Member, action: Action) -> Pending<'_, ()> {
        Box::pin(async move {
            match action {
                Action::Kill => drop(self.running.remove(&member)),
                Action::Pause => self.process(member)?.signal(Signal::STOP)?,
                Action::Resume => self.process(member)?.signal(Signal::CONT)?,
                Action::Restart => {
                    if let Some(process) = self.running.remove(&member) {
                        end(vec![process], self.stop_limit).await?;
                    }
                    self.launch(member)?;
                }
            }
            Ok(())
        })
    }

    fn log(&self, member: Member) -> Pending<'_, String> {
        Box::pin(async move {
            // What a server prints before it has opened its log, such as errors of its command line, then the log.
            let folder = self.directory.join(member.to_string());
            let texts = ["output", "log"].map(|name| fs::read(folder.join(name)).unwrap_or_default());
            Ok(texts.iter().map(|text| String::from_utf8_lossy(text)).collect())
        })
    }

    fn command(&self, member: Member) -> String {
        self.invocations.get(&member).map(Invocation::command_line).unwrap_or_default()
    }

    fn stop(&mut self, role: Role, limit: Duration) -> Pending<'_, ()> {
        Box::pin(async move {
            let members: Vec<_> = self.running.keys().copied().filter(|member| member.role == role).collect();
            let processes = members.into_iter().filter_map(|member| self.running.remove(&member));
            end(processes.collect(), limit).await
        })
    }
}

/// Asks processes to end, and kills those that have not ended after `limit`.
pub(crate) async fn end(mut processes: Vec<ServerProcess>, limit: Duration) -> Result<()> {
    for process in &mut processes {
        process.signal(Signal::TERM)?;
        // A stopped process handles the signal only when it continues.
        process.signal(Signal::CONT)?;
    }
    let begin = std::time::Instant::now();
    for process in &mut processes {
        if !process.ends_within(limit.saturating_sub(begin.elapsed())).await? {
            anstream::eprintln!("warning: a server was killed, since it did not end after SIGTERM");
            process.kill();
        }
    }
    Ok(())
}
