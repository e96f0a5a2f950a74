//! Names of the servers of a cluster: `coordinator1`, `dbserver2`, `agent3`.

use std::fmt;
use std::str::FromStr;

/// The role of a server, in the order in which servers start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Agent,
    DbServer,
    Coordinator,
}

impl Role {
    /// All roles, in the order in which their servers start. They stop in reverse order.
    pub(crate) const ALL: [Self; 3] = [Self::Agent, Self::DbServer, Self::Coordinator];

    /// The first segment of the paths of the control address.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Agent => "agents",
            Self::DbServer => "db-servers",
            Self::Coordinator => "coordinators",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::DbServer => "dbserver",
            Self::Coordinator => "coordinator",
        }
    }
}

/// One server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub(crate) role: Role,
    /// Its place among the servers of its role, from 0; names count from 1.
    pub(crate) index: usize,
}

impl Member {
    /// The coordinator at a place, from 0.
    pub(crate) const fn coordinator(index: usize) -> Self {
        Self { role: Role::Coordinator, index }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.role.prefix(), self.index + 1)
    }
}

impl FromStr for Member {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Role::ALL
            .into_iter()
            .find_map(|role| {
                let number: usize = name.strip_prefix(role.prefix())?.parse().ok()?;
                Some(Self { role, index: number.checked_sub(1)? })
            })
            .ok_or_else(|| {
                format!("`{name}` is no server; servers are `coordinator1`, `dbserver1`, `agent1`, …")
            })
    }
}

/// What can be done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Kill,
    Restart,
    Pause,
    Resume,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_is_written() {
        for name in ["coordinator1", "dbserver12", "agent3"] {
            assert_eq!(name.parse::<Member>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_is_no_server_is_refused_with_examples() {
        for name in ["coordinator", "coordinator0", "agent-1", "leader1", ""] {
            assert!(name.parse::<Member>().unwrap_err().contains("`coordinator1`"), "{name}");
        }
    }
}
