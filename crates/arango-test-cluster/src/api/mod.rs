//! What a coordinator answers, by path.
//!
//! A path that the server does not have is 404; one that it has and that is not simulated is 501 with error number 9, and is
//! reported, so that no test passes because of an answer that nobody thought about.

mod access_tokens;
mod agency;
mod agency_jobs;
mod availability;
mod cluster_admin;
mod collections;
mod cursors;
mod databases;
mod diagnosis;
mod documents;
mod dumps;
mod figures;
mod forwarding;
mod gharial;
mod health;
mod indexes;
mod jobs;
mod license;
mod login;
mod logs;
mod maintenance;
mod metrics;
mod nodes;
mod queries;
mod rebalance;
mod records;
mod security;
mod server_admin;
mod server_info;
mod shard_distribution;
mod shard_moves;
mod shutdown;
mod sort_migration;
mod statistics;
mod users;

use std::fmt;
use std::time::Duration;

use http::{Method, header};
use serde_json::{Value, json};

use crate::builder::{Authentication, Hardening};
use crate::config::Config;
use crate::http::auth::Caller;
use crate::http::reply::{Refusal, Reply};
use crate::http::request::Request;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::databases::Database;
use crate::state::news::News;
use crate::state::servers::Server;
use crate::state::users::Level;
use crate::version::Version;

/// One admitted request, with everything that an answer may depend on.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) config: &'a Config,
    /// The version of the coordinator that answers.
    pub(crate) version: &'a Version,
    /// Index of the coordinator that answers.
    pub(crate) index: usize,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
    /// Names the request among those that are under way.
    pub(crate) entry: EntryId,
}

/// What becomes of an applied request.
pub(crate) enum Outcome {
    /// Answered at once.
    Now(Reply),
    /// Answered when `check` has an answer; asked in the given rhythm, first after one beat.
    Wait { every: Duration, check: Check },
    /// Answered, and then the process ends: it looks in the given rhythm whether it may, and a while after that it does.
    Stop { reply: Reply, every: Duration, may: fn(&State, usize) -> bool, after: Duration },
    /// Acknowledged; the request itself runs in the background, its result kept under the id if there is one.
    Background { id: Option<u64>, reply: Reply },
}

/// Looks at the state again for the answer of a request that waits.
pub(crate) type Check = Box<dyn FnMut(&mut State) -> Option<Reply> + Send>;

type Answer = Result<Reply, Refusal>;

/// Answers an admitted request.
pub(crate) fn answer(call: &mut Call<'_>) -> Outcome {
    if call.request.is_velocypack() {
        call.state.report_unsupported("request body in VelocyPack".to_owned());
        return Outcome::Now(not_simulated().into());
    }
    route(call).unwrap_or_else(|refusal| Outcome::Now(refusal.into()))
}

fn route(call: &mut Call<'_>) -> Result<Outcome, Refusal> {
    let request = call.request;
    let parts = request.parts();
    let is_4 = call.version.is_4();
    agency::check(call, &parts)?;
    let reply = match parts.as_slice() {
        ["_admin", "cluster", rest @ ..] => return cluster_admin::answer(call, rest),
        ["_admin", "server", "availability"] => availability::answer(call),
        ["_admin", "server", rest @ ..] => server_admin::answer(call, rest),
        ["_admin", "shutdown"] => return shutdown::answer(call),
        ["_admin", "statistics" | "statistics-description"] if is_4 => Ok(no_handler()),
        ["_admin", "statistics"] => statistics::answer(call),
        ["_admin", "statistics-description"] => figures::answer(call),
        ["_admin", "version"] if is_4 => Ok(no_handler()),
        ["_api" | "_admin", "version"] => server_info::version(call),
        ["_api", "engine"] => server_info::engine(call),
        ["_admin", "status"] => server_info::status(call),
        ["_admin", "time"] => server_info::time(call),
        ["_admin", "license"] => license::license(call),
        ["_admin", "deployment", "id"] if call.version.at_least(3, 12, 6) => license::deployment_id(call),
        ["_admin", "deployment", ..] => Ok(no_handler()),
        ["_admin", "support-info"] => server_info::support_info(call),
        ["_admin", "metrics", "v2"] if is_4 => Ok(no_handler()),
        ["_admin", "metrics"] | ["_admin", "metrics", "v2"] => {
            return metrics::answer(call, metrics::Kind::All);
        }
        ["_admin", "usage-metrics"] if call.version.has_usage_metrics() => {
            return metrics::answer(call, metrics::Kind::Usage);
        }
        ["_admin", "usage-metrics"] => Ok(no_handler()),
        ["_admin", "log", rest @ ..] => return logs::answer(call, rest),
        ["_admin", "crashes", rest @ ..] if call.version.at_least(3, 12, 8) => records::crashes(call, rest),
        ["_admin", "crashes", ..] => Ok(no_handler()),
        ["_admin", "compact"] => server_info::compact(call),
        ["_admin", "backup", "list"] => server_info::backup_list(call),
        ["_api", "cluster", rest @ ..] => dumps::answer(call, rest),
        ["_open", "auth"] => login::answer(call),
        ["_open", "auth", "renew"] => login::renew(call),
        ["_api", "job", rest @ ..] => jobs::answer(call, rest),
        ["_admin", "job", rest @ ..] if !is_4 => jobs::answer(call, rest),
        ["_api", "tasks"] if request.method == Method::GET && !is_4 => Ok(Reply::raw(200, &json!([]))),
        ["_api", "database", rest @ ..] => databases::answer(call, rest),
        ["_api", "collection", rest @ ..] => collections::answer(call, rest),
        ["_api", "index", rest @ ..] => indexes::answer(call, rest),
        ["_api", "gharial", rest @ ..] => gharial::answer(call, rest),
        ["_api", "cursor", rest @ ..] => return cursors::answer(call, rest),
        ["_api", "document", rest @ ..] => documents::answer(call, rest),
        ["_api", "user", rest @ ..] => users::answer(call, rest),
        ["_api", "token", rest @ ..] if call.version.has_access_tokens() => access_tokens::answer(call, rest),
        ["_api", "token", ..] => Ok(no_handler()),
        ["_api" | "_admin", _, ..] => Err(call.unsupported()),
        _ => Ok(no_handler()),
    };
    reply.map(Outcome::Now)
}

impl Call<'_> {
    /// The coordinator that answers.
    pub(crate) fn me(&self) -> &Server {
        &self.state.coordinators[self.index]
    }

    fn me_mut(&mut self) -> &mut Server {
        &mut self.state.coordinators[self.index]
    }

    pub(crate) fn level(&self, database: &str) -> Level {
        self.caller.level(database, &self.state.users)
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.caller.is_admin(&self.state.users)
    }

    /// Refuses those who may not administrate the cluster.
    pub(crate) fn admin(&self) -> Result<(), Refusal> {
        if self.is_admin() { Ok(()) } else { Err(Refusal::new(403, 403, "insufficient permissions")) }
    }

    /// Refuses those who are no administrators, where a cluster is hardened.
    pub(crate) fn harden(&self) -> Result<(), Refusal> {
        if self.config.hardening == Hardening::Off || self.is_admin() {
            return Ok(());
        }
        Err(Refusal::forbidden("insufficient permissions"))
    }

    /// Refuses all but one method.
    pub(crate) fn only(&self, method: &Method) -> Result<(), Refusal> {
        if self.request.method == *method { Ok(()) } else { Err(Refusal::wrong_method()) }
    }

    pub(crate) fn needs_authentication(&self) -> bool {
        self.config.authentication == Authentication::On
    }

    /// Refuses writing where the caller may only read, or nobody may write.
    pub(crate) fn may_write(&self) -> Result<(), Refusal> {
        if self.state.read_only {
            return Err(Refusal::new(403, 1004, "read only"));
        }
        match self.level(&self.request.database) {
            Level::ReadWrite => Ok(()),
            Level::ReadOnly | Level::None => Err(Refusal::forbidden("forbidden")),
        }
    }

    /// Whether this coordinator knows already.
    pub(crate) fn knows(&self, news: News) -> bool {
        news.have_reached(self.index, self.state.at)
    }

    pub(crate) fn database(&self) -> Result<&Database, Refusal> {
        self.state.databases.get(&self.request.database).ok_or_else(Refusal::database_not_found)
    }

    pub(crate) fn database_mut(&mut self) -> Result<&mut Database, Refusal> {
        self.state.databases.get_mut(&self.request.database).ok_or_else(Refusal::database_not_found)
    }

    /// The body as an object.
    pub(crate) fn object(&self) -> Result<Value, Refusal> {
        let body = self.request.json()?;
        if body.is_object() { Ok(body) } else { Err(Refusal::bad_parameter("object expected")) }
    }

    /// Says that a call exists and is not simulated, and notes it.
    pub(crate) fn unsupported(&mut self) -> Refusal {
        self.state.report_unsupported(format!("{} {}", self.request.method, self.request.path));
        not_simulated()
    }
}

/// What a server answers for whom it has no handler: nothing, and it hangs up.
fn no_handler() -> Reply {
    Reply::empty(404).with_header(header::CONNECTION, "Close")
}

fn not_simulated() -> Refusal {
    Refusal::new(501, 9, "not implemented by the test cluster")
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
