//! The servers and the planned copies of shards in an agency dump.

use crate::agency::AgencyDump;
use crate::server::ServerId;

impl AgencyDump {
    /// Returns the short name of a server, such as `DBServer0001`.
    pub fn short_name(&self, server: &ServerId) -> Option<&str> {
        let names = self.tree()?.get("Target")?.get("MapUniqueToShortID")?;
        names.get(server.as_str())?.get("ShortName")?.as_str()
    }

    /// Returns the reboot id of a coordinator or DB-Server.
    ///
    /// It increases with each start. The supervision also increases the id of a coordinator that has failed, so that
    /// its cursors, transactions and jobs are abandoned.
    pub fn reboot_id(&self, server: &ServerId) -> Option<u64> {
        let known = self.tree()?.get("Current")?.get("ServersKnown")?;
        known.get(server.as_str())?.get("rebootId")?.as_u64()
    }

    /// Returns the DB-Servers planned to have a copy of a shard.
    ///
    /// The leader is first. `collection` is the id of the collection.
    #[inline]
    pub fn planned_copies(&self, database: &str, collection: &str, shard: &str) -> Option<Vec<ServerId>> {
        let planned = self.tree()?.get("Plan")?.get("Collections")?.get(database)?.get(collection)?;
        let copies = planned.get("shards")?.get(shard)?.as_array()?;
        // The id of a resigning leader has a `_` prefix.
        let id = |copy: &serde_json::Value| Some(ServerId::from(copy.as_str()?.trim_start_matches('_')));
        copies.iter().map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_data_is_found_and_absent_data_is_none() {
        let dump: AgencyDump = serde_json::from_str(
            r#"[{"arango":{
                "Target":{"MapUniqueToShortID":{"PRMR-a":{"ShortName":"DBServer0001","TransactionID":1}}},
                "Current":{"ServersKnown":{"PRMR-a":{"rebootId":7},"PRMR-b":{}}},
                "Plan":{"Collections":{"shop":{"1010001":{"shards":{"s1":["_PRMR-a","PRMR-b"],"s2":[7]}}}}}}}]"#,
        )
        .unwrap();
        let (a, b) = (ServerId::from("PRMR-a"), ServerId::from("PRMR-b"));
        assert_eq!((dump.short_name(&a), dump.short_name(&b)), (Some("DBServer0001"), None));
        assert_eq!((dump.reboot_id(&a), dump.reboot_id(&b)), (Some(7), None));
        assert_eq!(dump.planned_copies("shop", "1010001", "s1"), Some(vec![a, b]));
        for (database, collection, shard) in [
            ("shop", "1010001", "s2"),
            ("shop", "1010001", "s3"),
            ("shop", "7", "s1"),
            ("_system", "1010001", "s1"),
        ] {
            assert_eq!(dump.planned_copies(database, collection, shard), None);
        }
    }
}
