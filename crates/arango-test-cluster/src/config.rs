//! What the builder settled.

use std::time::Duration;

use crate::builder::{Authentication, Hardening};
use crate::tls::Tls;
use crate::version::Version;

#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) agents: usize,
    pub(crate) db_servers: usize,
    pub(crate) version: Version,
    pub(crate) authentication: Authentication,
    pub(crate) hardening: Hardening,
    pub(crate) root_password: String,
    pub(crate) jwt_secret: String,
    pub(crate) token_lifetime: Duration,
    pub(crate) seed: u64,
    pub(crate) skewed: bool,
    pub(crate) move_time: Duration,
    pub(crate) moves_at_once: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) streams: u32,
    pub(crate) propagation: Duration,
    /// `None`: never.
    pub(crate) compress_answers_from: Option<usize>,
    /// Answers do not name the product.
    pub(crate) hides_product: bool,
    pub(crate) tls: Tls,
    /// What a gateway takes from every path; empty if there is none.
    pub(crate) path_prefix: String,
}
