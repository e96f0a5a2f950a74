//! The endpoints and the server's responses.

use clap::ValueEnum;

/// The version that every server reports.
pub(crate) const VERSION: &str = "3.12.7-2";

/// The number of servers in the cluster.
pub(crate) const SERVERS: usize = 9;

/// The endpoint of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Endpoint {
    Version,
    Health,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 2] = [Self::Version, Self::Health];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Version => "/_api/version",
            Self::Health => "/_admin/cluster/health",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Health => "health",
        }
    }

    pub(crate) fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }

    /// Returns the body of the response, compact as ArangoDB writes it.
    pub(crate) fn response_body(self) -> String {
        match self {
            Self::Version => {
                format!(r#"{{"server":"arango","license":"enterprise","version":"{VERSION}"}}"#)
            }
            Self::Health => {
                let servers: Vec<String> =
                    (1..=3).flat_map(|n| [agent(n), coordinator(n), db_server(n)]).collect();
                format!(
                    r#"{{"error":false,"code":200,"ClusterId":"5f0a3c1e-8f5d-4b57-9f06-6a2f3d6d1c0b","Health":{{{}}}}}"#,
                    servers.join(",")
                )
            }
        }
    }
}

fn agent(n: usize) -> String {
    let leading = n == 1;
    let acked = if leading { "0".to_owned() } else { format!("0.{n}37") };
    format!(
        r#""AGNT-{n}a6f1c52-77d0-4a0e-9a55-0d2a6b9be1f{n}":{{"Role":"Agent","Endpoint":"tcp://10.0.0.3{n}:8531","CanBeDeleted":false,"Leading":{leading},"LastAckedTime":{acked},"Engine":"rocksdb","Version":"{VERSION}","Leader":"AGNT-1a6f1c52-77d0-4a0e-9a55-0d2a6b9be1f1","Status":"GOOD"}}"#
    )
}

fn coordinator(n: usize) -> String {
    let id = format!("CRDN-{n}b7e40d9-1f0c-4d52-8a1b-94b0f3f2c6e{n}");
    format!(r#""{id}":{}"#, record("Coordinator", &format!("Coordinator000{n}"), 10 + n))
}

fn db_server(n: usize) -> String {
    let id = format!("PRMR-{n}c93d1a8-5a2e-4c1d-b0f4-2e7d8c6b5a4{n}");
    format!(r#""{id}":{}"#, record("DBServer", &format!("DBServer000{n}"), 20 + n))
}

fn record(role: &str, name: &str, host: usize) -> String {
    format!(
        r#"{{"ShortName":"{name}","Endpoint":"tcp://10.0.0.{host}:8529","Host":"c0ffee{host}9a1f4d3f8c35e1b2a7d6f009","SyncStatus":"SERVING","Status":"GOOD","Version":"{VERSION}","Engine":"rocksdb","Timestamp":"2026-03-02T10:15:12Z","SyncTime":"2026-03-02T10:15:05Z","LastAckedTime":"2026-03-02T10:15:06Z","Role":"{role}","CanBeDeleted":false}}"#
    )
}
