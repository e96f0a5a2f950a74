//! What a server is for.

use crate::open_enum::open_enum;

open_enum! {
    /// What a server does in the cluster.
    ///
    /// The server spells roles in two ways, `DBServer` in [`ClusterHealth`](crate::ClusterHealth) and
    /// `PRIMARY` when [asked for its role](crate::GetServerRole). Both are read; the first is written.
    pub enum ServerRole {
        /// Takes requests of clients.
        Coordinator = "Coordinator" | "COORDINATOR",
        /// Holds data.
        DbServer = "DBServer" | "DBSERVER" | "PRIMARY",
        /// Keeps the cluster's configuration and watches over its servers.
        Agent = "Agent" | "AGENT",
        /// Stands alone, outside any cluster.
        Single = "Single" | "SINGLE",
        /// Has not been given a role yet.
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
