//! Handles on a database, the cluster and one coordinator; preparing and sending a call.

pub(crate) mod background;
pub(crate) mod cluster;
pub(crate) mod coordinator;
pub(crate) mod database;
pub(crate) mod execute;
pub(crate) mod generated_keys;
pub(crate) mod resolve;
pub(crate) mod roles;
pub(crate) mod version_support;
pub(crate) mod versions;
