//! The handlers of a coordinator, by path.
//!
//! A path that the server does not have gets 404. A path that it has and that is not simulated gets 501 with error
//! number 9, and is reported, so that no test passes because of a response that was never designed.

mod absent;
mod access_tokens;
mod administration;
mod agency;
mod agency_diagnosis;
mod agency_jobs;
mod analyzers;
mod async_jobs;
mod availability;
mod cluster_admin;
mod collections;
mod cursors;
mod databases;
mod deferred;
mod diagnostics;
mod documents;
mod dumps;
mod echo;
mod edges;
mod forwarding;
mod gharial;
mod health;
mod import;
mod indexes;
mod inventory;
mod license;
mod login;
mod logs;
mod maintenance;
mod metrics;
mod modelled;
mod names;
mod nodes;
mod permissions;
mod queries;
mod query_caches;
mod rebalance;
mod replication;
mod search_views;
mod security;
mod server_admin;
mod server_info;
mod server_options;
mod shard_distribution;
mod shard_moves;
mod shutdown;
mod sort_migration;
mod statistics;
mod statistics_description;
mod tasks;
mod transaction_use;
mod transactions;
mod user_functions;
mod users;
mod views;

use std::fmt;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::config::settings::{Authentication, Config};
use crate::config::version::Version;
use crate::faults::active_faults::ExecutionFaults;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::Request;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::auth::Caller;
use crate::state::databases::Database;
use crate::state::propagation::Propagation;
use crate::state::servers::Server;

/// An admitted request, with everything that its response may depend on.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) config: &'a Config,
    /// The version of the receiving coordinator.
    pub(crate) version: &'a Version,
    /// Index of the receiving coordinator.
    pub(crate) index: usize,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
    /// Identifies the request among those in progress.
    pub(crate) entry: EntryId,
    pub(crate) faults: &'a ExecutionFaults,
    /// The transaction that the request is part of, once it may use it.
    pub(crate) transaction: Option<u64>,
}

/// The outcome of an applied request.
pub(crate) enum Outcome {
    /// The reply is sent at once.
    Now(Reply),
    /// The reply is sent once `check` returns it. It is called at the given interval, first after one interval.
    Wait { every: Duration, check: Check },
    /// The reply is sent, and later the process ends. `may` is called at the given interval. Once it allows the end, the
    /// process waits for `after` and ends.
    Stop { reply: Reply, every: Duration, may: fn(&State, usize) -> bool, after: Duration },
    /// The reply is sent, and the request runs in the background. Its result is kept under the id, if there is one.
    Background { id: Option<u64>, reply: Reply },
}

/// Checks the state for the reply to a waiting request.
pub(crate) type Check = Box<dyn FnMut(&mut State) -> Option<Reply> + Send>;

type HandlerResult = Result<Reply, ApiError>;

/// Handles an admitted request.
pub(crate) fn handle(call: &mut Call<'_>) -> Outcome {
    if call.request.is_velocypack() {
        call.state.report_unsupported("request body in VelocyPack".to_owned());
        return Outcome::Now(not_simulated("a request body in VelocyPack").into());
    }
    route(call).unwrap_or_else(|refusal| Outcome::Now(refusal.into()))
}

/// Handles an admitted write of documents as if the coordinator repeated it, and any other request once.
pub(crate) fn handle_twice(call: &mut Call<'_>) -> Outcome {
    let Some(first) = documents::first_copy(call.request) else { return handle(call) };
    let outcome = handle(&mut Call { request: &first, state: &mut *call.state, ..*call });
    let second = documents::second_copy(call.request, &outcome);
    handle(&mut Call { request: &second, state: &mut *call.state, ..*call })
}

fn route(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    let request = call.request;
    let parts = request.parts();
    let is_4 = call.version.is_4();
    if let Some(modelled) = administration::modelled(&request.method, &parts) {
        call.require_modelled(&modelled)?;
    }
    agency::check(call, &parts)?;
    let reply = match parts.as_slice() {
        parts if request.path.ends_with('/') && absent::is_exact(parts) => absent::no_handler(call),
        ["_admin", "cluster", rest @ ..] => return cluster_admin::handle(call, rest),
        ["_admin", "server", "availability"] => availability::handle(call),
        ["_admin", "server", rest @ ..] => server_admin::handle(call, rest),
        ["_admin", "shutdown"] => return shutdown::handle(call),
        ["_admin", "statistics" | "statistics-description"] if is_4 => absent::no_handler(call),
        ["_admin", "statistics"] => statistics::handle(call),
        ["_admin", "statistics-description"] => statistics_description::handle(call),
        ["_admin", "version"] if is_4 => absent::no_handler(call),
        ["_api" | "_admin", "version"] => server_info::version(call),
        ["_api", "engine"] => server_info::engine(call),
        ["_admin", "status"] => server_info::status(call),
        ["_admin", "time"] => server_info::time(call),
        ["_admin", "license"] => license::license(call),
        ["_admin", "deployment", "id"] if call.version.at_least(3, 12, 6) => license::deployment_id(call),
        ["_admin", "deployment", ..] => absent::no_handler(call),
        ["_admin", "support-info"] => server_info::support_info(call),
        ["_admin", "metrics", "v2"] if is_4 => absent::no_handler(call),
        ["_admin", "metrics"] | ["_admin", "metrics", "v2"] => {
            return metrics::handle(call, metrics::Kind::All);
        }
        ["_admin", "usage-metrics"] if call.version.has_usage_metrics() => {
            return metrics::handle(call, metrics::Kind::Usage);
        }
        ["_admin", "usage-metrics"] => absent::no_handler(call),
        ["_admin", "log", rest @ ..] => return logs::handle(call, rest),
        ["_admin", "crashes", rest @ ..] if call.version.at_least(3, 12, 8) => {
            diagnostics::crashes(call, rest)
        }
        ["_admin", "crashes", ..] => absent::no_handler(call),
        ["_admin", name @ ("options" | "options-description")] if call.version.at_least(3, 12, 0) => {
            server_options::handle(call, *name == "options-description")
        }
        ["_admin", "options" | "options-description"] => absent::no_handler(call),
        ["_admin", "database", "target-version"] if is_4 => absent::no_handler(call),
        ["_admin", "database", "target-version"] => server_info::target_version(call),
        ["_admin", "wal", "flush"] if !is_4 => server_info::flush_wal(call),
        ["_admin", "compact"] => server_info::compact(call),
        ["_admin", "echo", rest @ ..] if !is_4 => echo::handle(call, rest),
        ["_admin", "routing", rest @ ..] if !is_4 => server_info::routing(call, rest),
        // It exists only with an option of the server that is off by default.
        ["_admin", "execute"] => absent::no_handler(call),
        ["_admin", "backup", "list"] => server_info::backup_list(call),
        ["_api", "cluster", rest @ ..] => dumps::handle(call, rest),
        ["_open", "auth"] => login::handle(call),
        ["_open", "auth", "renew"] => login::renew(call),
        ["_api", "job", rest @ ..] => async_jobs::handle(call, rest),
        ["_admin", "job", rest @ ..] if !is_4 => async_jobs::handle(call, rest),
        ["_api", "tasks", rest @ ..] if !is_4 => tasks::handle(call, rest),
        ["_api", "aqlfunction", rest @ ..] if !is_4 => user_functions::handle(call, rest),
        ["_api", "database", rest @ ..] => databases::handle(call, rest),
        ["_api", "collection", rest @ ..] => return collections::handle(call, rest),
        ["_api", "key-generators"] if call.version.at_least(3, 12, 0) => collections::key_generators(call),
        ["_api", "import", rest @ ..] => return import::handle(call, rest),
        ["_api", "replication", "clusterInventory"] => inventory::cluster(call),
        ["_api", "replication", "server-id"] if call.version.at_least(3, 12, 10) => {
            Err(ApiError::unknown_path(&request.path))
        }
        ["_api", "replication", "server-id"] => server_info::server_number(call),
        ["_api", "index", rest @ ..] => return indexes::handle(call, rest),
        ["_api", "edges", rest @ ..] => return edges::handle(call, rest),
        ["_api", "gharial", rest @ ..] => return gharial::handle(call, rest),
        ["_api", "cursor", rest @ ..] => return cursors::handle(call, rest),
        ["_api", "explain"] => queries::explain(call),
        ["_api", "query", rest @ ..] => return queries::handle(call, rest),
        ["_api", "query-cache", rest @ ..] => query_caches::results(call, rest),
        ["_api", "query-plan-cache"] if call.version.at_least(3, 12, 4) => queries::cached_plans(call),
        ["_api", "document", rest @ ..] => return documents::handle(call, rest),
        ["_api", "view", rest @ ..] => search_views::handle(call, rest),
        ["_api", "analyzer", rest @ ..] => analyzers::handle(call, rest),
        ["_api", "transaction", rest @ ..] => return transactions::handle(call, rest),
        ["_api", "user", rest @ ..] => users::handle(call, rest),
        ["_api", "token", rest @ ..] if call.version.has_access_tokens() => access_tokens::handle(call, rest),
        ["_api", "token", ..] => absent::no_handler(call),
        parts => absent::respond(call, parts),
    };
    reply.map(Outcome::Now)
}

impl Call<'_> {
    /// Returns the receiving coordinator.
    pub(crate) fn server(&self) -> &Server {
        &self.state.coordinators[self.index]
    }

    fn server_mut(&mut self) -> &mut Server {
        &mut self.state.coordinators[self.index]
    }

    /// Refuses all other methods.
    pub(crate) fn require_method(&self, method: &Method) -> Result<(), ApiError> {
        if self.request.method == *method { Ok(()) } else { Err(ApiError::wrong_method()) }
    }

    pub(crate) fn needs_authentication(&self) -> bool {
        self.config.authentication == Authentication::On
    }

    /// Returns whether this coordinator knows the object already.
    pub(crate) fn is_propagated(&self, propagation: Propagation) -> bool {
        propagation.has_reached(self.index, self.state.current_time)
    }

    pub(crate) fn database(&self) -> Result<&Database, ApiError> {
        self.state.databases.get(&self.request.database).ok_or_else(ApiError::database_not_found)
    }

    pub(crate) fn database_mut(&mut self) -> Result<&mut Database, ApiError> {
        self.state.databases.get_mut(&self.request.database).ok_or_else(ApiError::database_not_found)
    }

    /// Parses the body as an object.
    pub(crate) fn object(&self) -> Result<Value, ApiError> {
        let body = self.request.json()?;
        if body.is_object() { Ok(body) } else { Err(ApiError::bad_parameter("object expected")) }
    }

    /// Records a call that exists and is not simulated, and returns its error.
    pub(crate) fn unsupported(&mut self) -> ApiError {
        let name = format!("{} {}", self.request.method, self.request.path);
        let error = not_simulated(&name);
        self.state.report_unsupported(name);
        error
    }
}

fn not_simulated(name: &str) -> ApiError {
    ApiError::new(501, 9, format!("sim: {name} is not modelled"))
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Now(reply)
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Self::Wait { every, .. } => f.debug_struct("Wait").field("every", every).finish_non_exhaustive(),
            Self::Stop { reply, every, .. } => {
                f.debug_struct("Stop").field("reply", reply).field("every", every).finish_non_exhaustive()
            }
            Self::Background { id, reply } => {
                f.debug_struct("Background").field("id", id).field("reply", reply).finish()
            }
        }
    }
}
