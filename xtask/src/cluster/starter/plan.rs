//! The ports that a starter gives to its servers.

use anyhow::{Context as _, Result, bail};

use crate::cluster::member::{Member, Role};
use crate::cluster::real::plan::Server;
use crate::cluster::real::reserved_ports::ReservedPorts;

/// Where the ports of its three groups of servers begin, from its own port on.
const GROUPS: [u16; 3] = [0, 10, 20];

/// Returns the port for the starter, and its servers: coordinator, DB-Server and agent follow it, three times.
///
/// # Errors
/// If no free ports are found.
pub(crate) fn servers() -> Result<(u16, Vec<Server>, ReservedPorts)> {
    for _ in 0..100 {
        let port = ReservedPorts::default().reserve(0).context("there is no free port")?;
        if let Some((servers, ports)) = servers_from(port) {
            return Ok((port, servers, ports));
        }
    }
    bail!("there are no free ports for a starter")
}

/// The servers of a starter at this port, if all ports are free.
fn servers_from(port: u16) -> Option<(Vec<Server>, ReservedPorts)> {
    let mut ports = ReservedPorts::default();
    let mut servers = Vec::new();
    for (role, offset) in [(Role::Agent, 3), (Role::DbServer, 2), (Role::Coordinator, 1)] {
        for (index, group) in GROUPS.into_iter().enumerate() {
            let port = ports.reserve(port.checked_add(group + offset)?).ok()?;
            servers.push(Server { member: Member { role, index }, port });
        }
    }
    // The starters of the groups listen, too.
    for group in GROUPS {
        ports.reserve(port.checked_add(group)?).ok()?;
    }
    Some((servers, ports))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn ports_follow_that_of_the_starter() {
        let (port, servers, _ports) = servers().unwrap();
        let offset = |role, index| {
            let server = servers.iter().find(|server| server.member == Member { role, index }).unwrap();
            server.port - port
        };

        assert_eq!([0, 1, 2].map(|index| offset(Role::Coordinator, index)), [1, 11, 21]);
        assert_eq!([0, 1, 2].map(|index| offset(Role::DbServer, index)), [2, 12, 22]);
        assert_eq!([0, 1, 2].map(|index| offset(Role::Agent, index)), [3, 13, 23]);
    }

    #[test]
    fn a_taken_port_among_them_is_refused() {
        let (port, free, _ports) = servers().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, free[4].port)).unwrap();

        assert!(servers_from(port).is_none());
    }
}
