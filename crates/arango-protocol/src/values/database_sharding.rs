//! How the collections of a database are sharded.

open_enum! {
    /// The sharding of a database's collections.
    ///
    /// The server writes the default as an empty string; a missing value counts as the default too.
    pub enum DatabaseSharding {
        /// Each collection has its own sharding.
        Flexible = "flexible" | "",
        /// All collections have one shard each, on the same DB-Server.
        ///
        /// Transactions and queries are then atomic.
        Single = "single",
    }
}
