//! The back end `docker`: one container for each server, in one network.
//!
//! Containers and the network carry the directory of the cluster as a label. A file in that directory names the
//! program, so that what is left over can be removed later.

mod container_cli;
mod image;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

pub(crate) use self::container_cli::ContainerCli;
pub(crate) use self::image::Image;
use super::directory::ClusterDirectory;
use super::member::{Action, Member, Role};
use super::process::as_argument;
use super::real::arguments::{Addresses, PASSWORD_VARIABLE, Place, SharedFiles, argv};
use super::real::backend::{Backend, Pending};
use super::real::plan::{Plan, Server};

/// The label of containers and networks. Its value is the directory of the cluster.
const LABEL: &str = "arango-test-cluster";

/// The file in the directory that names the program.
const CLI_FILE: &str = "container-cli";

/// Time between two lists of the containers.
const LIST_INTERVAL: Duration = Duration::from_secs(1);

/// The port in a container, for each role.
fn inner_port(role: Role) -> u16 {
    match role {
        Role::Coordinator => 8529,
        Role::DbServer => 8530,
        Role::Agent => 8531,
    }
}

/// The containers of a cluster.
#[derive(Debug)]
pub(crate) struct Containers {
    cli: ContainerCli,
    image: Image,
    plan: Plan,
    prefix: String,
    stop_limit: Duration,
    // Those that should run.
    running: BTreeSet<Member>,
    last_list: Option<Instant>,
}

/// The name of a container, which is also its name in the network.
fn container_name(prefix: &str, member: Member) -> String {
    format!("{prefix}-{member}")
}

/// The names of all containers of a plan, for certificates.
pub(crate) fn host_names(directory: &ClusterDirectory, members: impl Iterator<Item = Member>) -> Vec<String> {
    let prefix = prefix(directory.path());
    members.map(|member| container_name(&prefix, member)).collect()
}

/// Begins the names of everything that belongs to a cluster. Host names are compared in lower case by some resolvers.
fn prefix(directory: &Path) -> String {
    directory.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn label(directory: &Path) -> String {
    format!("{LABEL}={}", directory.display())
}

impl Containers {
    /// Downloads the image if it is not there, and creates the network.
    ///
    /// # Errors
    /// If the program fails, such as for an image that does not exist.
    pub(crate) async fn new(
        cli: ContainerCli,
        image: Image,
        plan: Plan,
        directory: &ClusterDirectory,
        stop_limit: Duration,
    ) -> Result<Self> {
        image.make_available(&cli).await?;
        // First, so that what is created from now on can be found.
        directory.write(CLI_FILE, &as_argument(cli.path())?)?;
        let prefix = prefix(directory.path());
        let cli = cli.with_variable(PASSWORD_VARIABLE, &plan.root_password);
        let created =
            Self { cli, image, plan, prefix, stop_limit, running: BTreeSet::new(), last_list: None };
        let label = label(directory.path());
        created.cli.run(&["network", "create", "--label", &label, &created.prefix]).await?;
        Ok(created)
    }

    fn name(&self, member: Member) -> String {
        container_name(&self.prefix, member)
    }

    fn run_arguments(&self, server: Server) -> Result<Vec<String>> {
        let (name, port) = (self.name(server.member), inner_port(server.member.role));
        let is_coordinator = server.member.role == Role::Coordinator;
        let agents = self.plan.of(Role::Agent).map(|agent| agent.member);
        let addresses = Addresses {
            listen: format!("0.0.0.0:{port}"),
            internal: format!("{name}:{port}"),
            advertised: is_coordinator.then(|| {
                let proxy = self.plan.proxy_address(server.member);
                proxy.unwrap_or_else(|| format!("127.0.0.1:{}", server.port))
            }),
            agents: agents.map(|agent| format!("{}:{}", self.name(agent), inner_port(Role::Agent))).collect(),
        };
        let key = self.plan.tls.as_ref().map(|tls| as_argument(&tls.key_file)).transpose()?;
        let files =
            SharedFiles { secret: "/secret".to_owned(), key: key.as_ref().map(|_| "/server.pem".to_owned()) };
        let label = label(&self.plan.directory);
        let secret = format!("{}:{}:ro", as_argument(&self.plan.secret_file)?, files.secret);
        // On a fixed port, since the coordinator has to know the address that it advertises.
        let publish = format!("127.0.0.1:{}:{port}", server.port);
        let mut arguments = vec![
            "run",
            "--detach",
            "--name",
            &name,
            "--label",
            &label,
            "--network",
            &self.prefix,
            // Otherwise the entry point prepares the directory for a single server.
            "--env",
            "SKIP_DATABASE_INIT=1",
            // Without a value, which the program takes from its environment.
            "--env",
            PASSWORD_VARIABLE,
            "--volume",
            &secret,
            "--publish",
            &publish,
        ];
        let key = key.map(|key| format!("{key}:/server.pem:ro"));
        if let Some(key) = &key {
            arguments.extend(["--volume", key]);
        }
        arguments.extend([self.image.name.as_str(), "arangod"]);
        let mut arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
        arguments.extend(argv(server, self.image.version, &self.plan, &Place::Container, &addresses, &files));
        Ok(arguments)
    }
}

impl Backend for Containers {
    fn start(&mut self, role: Role) -> Pending<'_, ()> {
        Box::pin(async move {
            let servers: Vec<_> = self.plan.of(role).collect();
            for server in servers {
                self.cli.run(&self.run_arguments(server)?).await?;
                self.running.insert(server.member);
            }
            Ok(())
        })
    }

    fn find_ended(&mut self) -> Pending<'_, Option<(Member, String)>> {
        Box::pin(async move {
            if self.last_list.is_some_and(|last| last.elapsed() < LIST_INTERVAL) {
                return Ok(None);
            }
            let filter = format!("label={}", label(&self.plan.directory));
            let format = "{{.Names}} {{.State}}";
            let list = self.cli.run(&["ps", "--all", "--filter", &filter, "--format", format]).await?;
            self.last_list = Some(Instant::now());
            for member in &self.running {
                let name = self.name(*member);
                let state = list.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
                match state {
                    Some("exited" | "dead" | "stopped") => {
                        let format = "exit code {{.State.ExitCode}} {{.State.Error}}";
                        let how = self.cli.run(&["inspect", "--format", format, &name]).await?;
                        return Ok(Some((*member, how.trim().to_owned())));
                    }
                    Some(_) => {}
                    None => return Ok(Some((*member, "its container is gone".to_owned()))),
                }
            }
            Ok(None)
        })
    }

    fn act(&mut self, member: Member, action: Action) -> Pending<'_, ()> {
        Box::pin(async move {
            let name = self.name(member);
            let limit = self.stop_limit.as_secs().to_string();
            match action {
                Action::Kill => {
                    self.cli.run(&["kill", &name]).await?;
                    self.running.remove(&member);
                }
                Action::Pause => _ = self.cli.run(&["pause", &name]).await?,
                Action::Resume => _ = self.cli.run(&["unpause", &name]).await?,
                Action::Restart => {
                    self.cli.run(&["restart", "-t", &limit, &name]).await?;
                    self.running.insert(member);
                    self.last_list = None;
                }
            }
            Ok(())
        })
    }

    fn log(&self, member: Member) -> Pending<'_, String> {
        Box::pin(async move { self.cli.run_for_both(&["logs", &self.name(member)]).await })
    }

    fn command(&self, member: Member) -> String {
        let arguments = self.plan.server(member).and_then(|server| self.run_arguments(server));
        self.cli.line(&arguments.unwrap_or_default())
    }

    fn stop(&mut self, role: Role, limit: Duration) -> Pending<'_, ()> {
        Box::pin(async move {
            let names: Vec<_> = self
                .running
                .iter()
                .filter(|member| member.role == role)
                .map(|member| self.name(*member))
                .collect();
            if names.is_empty() {
                return Ok(());
            }
            let seconds = limit.as_secs().to_string();
            let mut arguments = vec!["stop", "-t", &seconds];
            arguments.extend(names.iter().map(String::as_str));
            // The program kills what has not ended; it takes a moment longer than the limit.
            self.cli.run_within(&arguments, limit.saturating_mul(2) + Duration::from_secs(30)).await?;
            self.running.retain(|member| member.role != role);
            Ok(())
        })
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        self.cli.settle();
        if let Err(error) = remove_left_over(&self.plan.directory) {
            anstream::eprintln!("warning: {error:#}");
        }
    }
}

/// Removes the containers and the network with the label of a directory, if it has had any.
///
/// # Errors
/// If the program fails. The file that names it stays, so that this can be repeated.
pub(crate) fn remove_left_over(directory: &Path) -> Result<()> {
    let file = directory.join(CLI_FILE);
    let path = match fs::read_to_string(&file) {
        Ok(path) => PathBuf::from(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let cli = ContainerCli::at(path);
    let filter = format!("label={}", label(directory));
    let containers = cli.run_blocking(&["ps", "--all", "--quiet", "--filter", &filter])?;
    remove(&cli, &["rm", "--force", "--volumes"], &containers)?;
    let networks = cli.run_blocking(&["network", "ls", "--quiet", "--filter", &filter])?;
    remove(&cli, &["network", "rm"], &networks)?;
    fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))
}

fn remove(cli: &ContainerCli, verb: &[&str], ids: &str) -> Result<()> {
    let ids: Vec<_> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(());
    }
    cli.run_blocking(&[verb, &ids].concat()).map(drop)
}
