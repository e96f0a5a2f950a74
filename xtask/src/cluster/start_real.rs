//! Starts clusters of real servers.

use anyhow::{Context as _, Result};

use super::directory::ClusterDirectory;
use super::docker::{self, ContainerCli, Containers, Image};
use super::flags::{BackendKind, Flags};
use super::member::Role;
use super::process::{Binary, Processes};
use super::proxies::Proxies;
use super::real::backend::Backend;
use super::real::plan::{self, Plan, Server};
use super::real::reserved_ports::ReservedPorts;
use super::real::{Limits, RealCluster, certificates};
use super::starter::{self, Starter};
use super::superuser_token;

/// Starts the cluster, and waits until it is ready.
///
/// # Errors
/// If a program is missing, or a server does not start. Then nothing is left but the directory.
pub(super) async fn start(flags: Flags, directory: &ClusterDirectory) -> Result<RealCluster> {
    let limits =
        Limits { start: flags.real.start_limit, stop: flags.real.stop_limit, logs: flags.real.logs.clone() };
    let stop = limits.stop;
    let (servers, port_of_starter) = match flags.backend {
        BackendKind::Starter => {
            let (port, servers, ports) = starter::servers()?;
            ((servers, ports), port)
        }
        // The named ports are those that clients use.
        _ => (plan::servers(flags.counts(), if flags.proxy { &[] } else { &flags.ports })?, 0),
    };
    let mut plan = plan(&flags, directory, servers)?;
    let proxies = if flags.proxy {
        let coordinators: Vec<_> = plan.of(Role::Coordinator).map(|server| plan.url(server)).collect();
        let proxies = Proxies::start(&coordinators, &flags.ports).await?;
        plan.proxy_ports = proxies.ports();
        Some(proxies)
    } else {
        None
    };
    let backend: Box<dyn Backend> = match flags.backend {
        BackendKind::Docker => {
            let cli = ContainerCli::find(flags.real.container_cli.as_deref())?;
            let image = Image::choose(flags.real.image.as_deref(), flags.version.as_deref())?;
            Box::new(Containers::new(cli, image, plan.clone(), directory, stop).await?)
        }
        BackendKind::Starter => {
            let program = flags.real.starter.clone().unwrap_or_else(|| "arangodb".into());
            let program = which::which(&program).with_context(|| {
                format!("there is no {}: name the starter with --starter", program.display())
            })?;
            let arangod = match flags.real.arangod.as_deref() {
                Some(named) => Some(Binary::find(Some(named), flags.real.js_dir.as_deref()).await?),
                None => None,
            };
            Box::new(Starter::new(program, arangod.as_ref(), plan.clone(), port_of_starter)?)
        }
        BackendKind::Process | BackendKind::Embedded | BackendKind::External => {
            let (named, code) = (flags.real.arangod.as_deref(), flags.real.js_dir.as_deref());
            let binary = Binary::find(named, code).await?;
            Box::new(Processes::new(&binary, &plan, stop)?)
        }
    };
    let token = superuser_token(&plan.jwt_secret).await?;
    RealCluster::start(&flags.backend.name(), backend, plan, limits, token, proxies).await
}

fn plan(
    flags: &Flags,
    directory: &ClusterDirectory,
    (servers, ports): (Vec<Server>, ReservedPorts),
) -> Result<Plan> {
    let tls = if flags.tls {
        let names = docker::host_names(directory, servers.iter().map(|server| server.member));
        Some(certificates::create(directory, names)?)
    } else {
        None
    };
    Ok(Plan {
        servers,
        _ports: ports,
        directory: directory.path().to_owned(),
        secret_file: directory.write("secret", &flags.jwt_secret)?,
        jwt_secret: flags.jwt_secret.clone(),
        root_password: flags.root_password.clone(),
        proxy_ports: Vec::new(),
        tls,
    })
}
