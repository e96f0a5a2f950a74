//! The servers in what the agency holds, and the copies of shards that they are to have.

use crate::{AgencyDump, ServerId};

impl AgencyDump {
    /// The name for people that a server has, such as `DBServer0001`.
    pub fn short_name(&self, server: &ServerId) -> Option<&str> {
        let names = self.tree()?.get("Target")?.get("MapUniqueToShortID")?;
        names.get(server.as_str())?.get("ShortName")?.as_str()
    }

    /// The reboot id of a coordinator or DB-Server, which is higher after each start of its process.
    ///
    /// Of a coordinator that has failed the supervision raises it too, so that what lived on it is given up.
    pub fn reboot_id(&self, server: &ServerId) -> Option<u64> {
        let known = self.tree()?.get("Current")?.get("ServersKnown")?;
        known.get(server.as_str())?.get("rebootId")?.as_u64()
    }

    /// The DB-Servers that are to have a copy of a shard, the leader first. The collection is named by its id.
    pub fn planned_copies(&self, database: &str, collection: &str, shard: &str) -> Option<Vec<ServerId>> {
        let planned = self.tree()?.get("Plan")?.get("Collections")?.get(database)?.get(collection)?;
        let copies = planned.get("shards")?.get(shard)?.as_array()?;
        // A leader that is resigning has a `_` before its id.
        let id = |copy: &serde_json::Value| Some(ServerId::from(copy.as_str()?.trim_start_matches('_')));
        copies.iter().map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_of_servers_is_found_and_what_is_not_held_is_missing() {
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
