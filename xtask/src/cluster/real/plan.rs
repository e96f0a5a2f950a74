//! The servers that a cluster will have.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::reserved_ports::ReservedPorts;
use crate::cluster::member::{Member, Role};

/// Everything that is decided before the first server starts.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The servers, in the order of roles.
    pub(crate) servers: Vec<Server>,
    /// Their ports, for as long as the plan exists.
    pub(crate) _ports: ReservedPorts,
    /// Directory of the cluster.
    pub(crate) directory: PathBuf,
    /// File with the JWT secret.
    pub(crate) secret_file: PathBuf,
    pub(crate) jwt_secret: String,
    pub(crate) root_password: String,
    /// The ports of the proxies on loopback, one for each coordinator, if they have any.
    pub(crate) proxy_ports: Vec<u16>,
    /// The files of the certificates, if the servers use TLS.
    pub(crate) tls: Option<TlsFiles>,
}

/// The certificate files of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// The certificate of the authority.
    pub(crate) ca_file: PathBuf,
    /// The private key and the certificate of all servers, in one file.
    pub(crate) key_file: PathBuf,
}

/// One server, reached at 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    pub(crate) member: Member,
    pub(crate) port: u16,
}

impl Plan {
    /// The servers of one role.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = Server> + '_ {
        self.servers.iter().copied().filter(move |server| server.member.role == role)
    }

    /// Returns the server with this name.
    ///
    /// # Errors
    /// If the cluster has no such server.
    pub(crate) fn server(&self, member: Member) -> Result<Server> {
        let server = self.servers.iter().find(|server| server.member == member);
        server.copied().with_context(|| format!("this cluster has no {member}"))
    }

    /// The address that a coordinator has to advertise so that clients find its proxy, if it has one.
    pub(crate) fn proxy_address(&self, member: Member) -> Option<String> {
        let port = self.proxy_ports.get(member.index).filter(|_| member.role == Role::Coordinator);
        port.map(|port| format!("127.0.0.1:{port}"))
    }

    /// The URL of a server.
    pub(crate) fn url(&self, server: Server) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", server.port)
    }

    /// The scheme of endpoints in options of servers.
    pub(crate) fn endpoint_scheme(&self) -> &'static str {
        if self.tls.is_some() { "ssl" } else { "tcp" }
    }
}

/// Returns this many servers of each role, on free ports.
///
/// `coordinator_ports` has one port for each coordinator, or none; 0 stands for a free one.
///
/// # Errors
/// If a port is in use.
pub(crate) fn servers(counts: [usize; 3], coordinator_ports: &[u16]) -> Result<(Vec<Server>, ReservedPorts)> {
    let mut ports = ReservedPorts::default();
    let mut servers = Vec::new();
    for (role, count) in Role::ALL.into_iter().zip(counts) {
        for index in 0..count {
            let wanted = match role {
                Role::Coordinator => coordinator_ports.get(index).copied().unwrap_or(0),
                Role::DbServer | Role::Agent => 0,
            };
            let port =
                ports.reserve(wanted).with_context(|| format!("cannot listen on 127.0.0.1:{wanted}"))?;
            servers.push(Server { member: Member { role, index }, port });
        }
    }
    Ok((servers, ports))
}
