//! Clusters for people and programs outside this process: embedded ones, and real servers.

mod cluster_info;
mod commands;
mod embedded;
mod environment;
mod external;
mod flags;
mod http_client;
mod member;
mod proxies;
mod real_flags;
mod running;
mod state_file;
mod watch;

#[cfg(unix)]
mod directory;
#[cfg(not(unix))]
#[path = "directory/elsewhere.rs"]
mod directory;
#[cfg(unix)]
mod docker;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod real;
#[cfg(unix)]
mod start_real;
#[cfg(unix)]
mod starter;

use std::time::Duration;

use anyhow::{Context as _, Result};
use arango_test_cluster::TestCluster;

#[cfg(test)]
pub(crate) use self::cluster_info::Address;
pub(crate) use self::cluster_info::ClusterInfo;
pub(crate) use self::commands::{
    FaultTarget, Pair, act, agency, down, fault, journal, logs, run, run_with_cluster, status, token, tokens,
    up, upgrade,
};
pub(crate) use self::environment::environment;
pub(crate) use self::flags::Flags;
pub(crate) use self::http_client::{Authorization, HttpClient};
pub(crate) use self::member::{Action, Member};
pub(crate) use self::watch::watch;

/// Returns a token of the superuser, signed with this secret. It does not expire.
///
/// # Errors
/// None are known.
async fn superuser_token(jwt_secret: &str) -> Result<String> {
    Ok(signer(jwt_secret).await?.superuser_token())
}

/// Returns a token of a user, signed with this secret.
///
/// # Errors
/// None are known.
async fn user_token(jwt_secret: &str, user: &str, lifetime: Duration) -> Result<String> {
    Ok(signer(jwt_secret).await?.user_token(user, lifetime))
}

/// A cluster without sockets, to sign tokens: the secret is all that two clusters have to share.
async fn signer(jwt_secret: &str) -> Result<TestCluster> {
    TestCluster::builder().jwt_secret(jwt_secret).in_memory().start().await.context("cannot sign a token")
}
