//! Server roles.

use arango_protocol::open_enum;

open_enum! {
    /// The role of a server in the cluster.
    ///
    /// The server spells roles in two ways, `DBServer` in [`ClusterHealth`](crate::ClusterHealth) and `PRIMARY` in
    /// the response to [`GetServerRole`](crate::GetServerRole). Both are decoded; the first is written.
    pub enum ServerRole {
        /// Serves the requests of clients.
        Coordinator = "Coordinator" | "COORDINATOR",
        /// Stores data.
        DbServer = "DBServer" | "DBSERVER" | "PRIMARY",
        /// Stores the cluster's configuration and monitors its servers.
        Agent = "Agent" | "AGENT",
        /// A single server, outside any cluster.
        Single = "Single" | "SINGLE",
        /// No role yet.
        Undefined = "Undefined" | "UNDEFINED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_role() {
        assert_eq!(ServerRole::from("PRIMARY"), ServerRole::from("DBServer"));
        assert_eq!(ServerRole::from("PRIMARY").to_string(), "DBServer");
        assert_eq!(ServerRole::from("SECONDARY"), ServerRole::Unknown("SECONDARY".to_owned()));
    }
}
