//! The state that all servers of the cluster share, and its changes over time.
//!
//! Nothing runs in the background: each access brings the state up to the current time ([`State::advance`]), event by
//! event in order. So the same requests at the same times get the same responses, under a paused clock as under a
//! running one.

pub(crate) mod agency_jobs;
pub(crate) mod async_jobs;
pub(crate) mod auth;
pub(crate) mod conditions;
pub(crate) mod cursors;
pub(crate) mod databases;
mod db_servers;
pub(crate) mod diagnostics;
pub(crate) mod grants;
mod graph_definitions;
pub(crate) mod id_owner;
pub(crate) mod ids;
pub(crate) mod index_builds;
mod layout;
pub(crate) mod leaders;
pub(crate) mod plan_cache;
pub(crate) mod propagation;
pub(crate) mod queries;
pub(crate) mod query_tracking;
pub(crate) mod replicas;
pub(crate) mod search;
pub(crate) mod servers;
pub(crate) mod sessions;
mod skewed_setup;
pub(crate) mod supervision;
pub(crate) mod transactions;
pub(crate) mod user_functions;
pub(crate) mod users;
pub(crate) mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use self::async_jobs::AsyncJobs;
use self::conditions::Conditions;
use self::cursors::Cursors;
use self::databases::Database;
use self::ids::Ids;
use self::index_builds::IndexBuilds;
use self::propagation::Propagation;
use self::queries::Queries;
use self::replicas::Lags;
use self::servers::{Role, Server};
use self::sessions::Sessions;
use self::supervision::Supervision;
use self::transactions::Transactions;
use self::users::Users;
use crate::config::clock::Clock;
use crate::config::settings::Config;
use crate::journal::Journal;
use crate::state::agency_jobs::{AgencyJobs, JobTiming, Shards};
use crate::tls::Keyfile;

/// The whole cluster, behind one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    /// For changes that are made while no request is executed.
    pub(crate) journal: Journal,
    /// The time up to which the state has advanced.
    pub(crate) current_time: Instant,
    pub(crate) ids: Ids,
    pub(crate) cluster_id: String,
    pub(crate) deployment_id: String,
    pub(crate) host: String,
    /// The key of the licence, if there is one.
    pub(crate) license: Option<String>,
    /// The coordinators' certificates, and the authority that must have signed clients' certificates. Present with TLS.
    pub(crate) keyfile: Option<Keyfile>,
    pub(crate) coordinators: Vec<Server>,
    pub(crate) db_servers: Vec<Server>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) conditions: Conditions,
    pub(crate) databases: BTreeMap<String, Database>,
    pub(crate) index_builds: IndexBuilds,
    /// How many documents requests have inserted, changed or removed.
    pub(crate) changes: usize,
    /// The propagation delay of a new database or collection.
    pub(crate) propagation_delay: Duration,
    pub(crate) jobs: AgencyJobs,
    pub(crate) lags: Lags,
    /// How long a returning server needs to bring its copies in sync.
    pub(crate) sync_time: Duration,
    pub(crate) async_jobs: AsyncJobs,
    pub(crate) cursors: Cursors,
    pub(crate) queries: Queries,
    pub(crate) transactions: Transactions,
    pub(crate) supervision: Supervision,
    pub(crate) read_only: bool,
    /// Target numbers of coordinators and DB-Servers, as they were set; numbers or null.
    pub(crate) targets: Targets,
    pub(crate) cleaned: BTreeSet<String>,
    pub(crate) unsupported: Vec<String>,
}

/// A member of the agency.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) endpoint: String,
}

/// The number of servers that an operator wants.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) coordinators: Value,
    pub(crate) db_servers: Value,
}

/// The system collections of `_system` and of other databases. The first is the prototype of the rest.
const SYSTEM: [&str; 8] =
    ["_users", "_graphs", "_analyzers", "_jobs", "_queues", "_statistics", "_statistics15", "_statisticsRaw"];
const OTHERS: [&str; 4] = ["_graphs", "_analyzers", "_jobs", "_queues"];

/// As long as the default time of a move.
const SYNC_TIME: Duration = Duration::from_millis(150);

impl State {
    pub(crate) fn new(config: &Config, coordinators: &[String], journal: Journal) -> Self {
        let clock = Clock::start();
        let now = clock.origin();
        let mut ids = Ids::new(config.seed);
        let scheme = config.tls.endpoint_scheme();
        let server = |role: Role, number: usize, endpoint: String, ids: &mut Ids| {
            Server::new(role, number, endpoint, ids, now)
        };
        let coordinators: Vec<_> = (1..)
            .zip(coordinators)
            .map(|(number, endpoint)| server(Role::Coordinator, number, endpoint.clone(), &mut ids))
            .collect();
        let db_servers: Vec<_> = (1..=config.db_servers)
            .map(|number| {
                server(
                    Role::DbServer,
                    number,
                    format!("{scheme}://127.0.0.1:{}", 8520 + 10 * number),
                    &mut ids,
                )
            })
            .collect();
        let agents: Vec<_> = (1..=config.agents)
            .map(|number| Agent {
                id: format!("AGNT-{}", ids.uuid()),
                endpoint: format!("{scheme}://127.0.0.1:{}", 8521 + 10 * number),
            })
            .collect();
        let mut state = Self {
            clock,
            journal,
            current_time: now,
            cluster_id: ids.uuid(),
            deployment_id: ids.uuid(),
            host: ids.hex(16),
            license: config.version.has_evaluation_license().then(|| "V0h/dGVzdC1jbHVzdGVy".to_owned()),
            keyfile: None,
            ids,
            targets: Targets { coordinators: coordinators.len().into(), db_servers: db_servers.len().into() },
            sessions: Sessions::new(&config.jwt_secret, coordinators.len(), config.token_lifetime),
            coordinators,
            db_servers,
            agents,
            users: Users::with_root(&config.root_password),
            conditions: Conditions::default(),
            databases: BTreeMap::new(),
            index_builds: IndexBuilds::default(),
            changes: 0,
            propagation_delay: config.propagation,
            jobs: AgencyJobs::new(JobTiming {
                todo_time: Duration::ZERO,
                move_time: config.move_time,
                max_concurrent: config.max_concurrent_moves,
            }),
            lags: Lags::default(),
            sync_time: SYNC_TIME,
            async_jobs: AsyncJobs::default(),
            cursors: Cursors::default(),
            queries: Queries::default(),
            transactions: Transactions::new(config.transactions),
            supervision: Supervision::default(),
            read_only: false,
            cleaned: BTreeSet::new(),
            unsupported: Vec::new(),
        };
        state.create_database("_system", "", 1, 1);
        if config.skewed_shards {
            state.add_skewed_shards();
        }
        state
    }

    /// Adds a database with its system collections.
    pub(crate) fn create_database(
        &mut self,
        name: &str,
        sharding: &str,
        replication_factor: usize,
        write_concern: usize,
    ) -> &mut Database {
        let servers = self.usable_db_servers();
        let first = self.databases.len();
        let mut database = Database::new(&mut self.ids, sharding, replication_factor, write_concern);
        let system: &[&str] = if name == "_system" { &SYSTEM } else { &OTHERS };
        database.add_system_collections(&mut self.ids, system, &servers, first);
        self.databases.remove(name);
        self.databases.entry(name.to_owned()).or_insert(database)
    }

    /// Returns the propagation of an object that a coordinator creates now.
    pub(crate) fn new_propagation(&self, coordinator: usize) -> Propagation {
        Propagation::start(coordinator, self.current_time, self.propagation_delay)
    }

    /// Returns whether a coordinator knows a database that exists.
    pub(crate) fn knows_database(&self, coordinator: usize, name: &str) -> bool {
        self.databases
            .get(name)
            .is_some_and(|database| database.propagation.has_reached(coordinator, self.current_time))
    }

    /// Advances everything to `now`.
    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some(event) = self.next_event().filter(|event| *event <= now) {
            self.run_until(event);
            self.supervision.run_round(event, &self.clock);
            if !self.supervision_paused() {
                self.servers_mut().for_each(|server| server.apply_maintenance(event));
            }
        }
        self.run_until(now);
    }

    fn next_event(&self) -> Option<Instant> {
        let servers = self.coordinators.iter().chain(&self.db_servers);
        let rounds =
            servers.filter_map(|server| server.next_maintenance_round(self.current_time, &self.clock));
        let changes = self.coordinators.iter().chain(&self.db_servers);
        let changes = changes.filter_map(|server| server.next_status_change(self.current_time));
        let rounds = rounds.chain(changes).filter(|_| !self.supervision_paused());
        rounds.chain(self.supervision.next_round()).min()
    }

    fn run_until(&mut self, now: Instant) {
        let span = now.saturating_duration_since(self.current_time);
        if !self.supervision_paused() {
            let servers = self.good_db_servers();
            let mut shards = Shards { databases: &mut self.databases, servers, cleaned: &mut self.cleaned };
            self.jobs.work(self.current_time, span, &mut shards);
            self.servers_mut().for_each(|server| server.observe(now));
        }
        self.current_time = self.current_time.max(now);
        self.end_expired_cursors();
        self.settle_transactions();
        self.finish_index_builds(now);
        if !self.supervision_paused() {
            self.fail_over();
        }
    }

    /// Returns whether the supervision checks neither health nor jobs.
    fn supervision_paused(&self) -> bool {
        self.supervision.is_in_maintenance() || self.conditions.agency_is_down()
    }

    fn servers_mut(&mut self) -> impl Iterator<Item = &mut Server> {
        self.coordinators.iter_mut().chain(&mut self.db_servers)
    }

    /// Returns a coordinator or DB-Server by id or short name.
    pub(crate) fn server(&self, name: &str) -> Option<&Server> {
        let coordinators = self.coordinators.iter().filter(|server| server.registered);
        coordinators.chain(&self.db_servers).find(|server| server.has_name(name))
    }

    /// Returns the same as [`server`](Self::server), mutable.
    pub(crate) fn server_mut(&mut self, name: &str) -> Option<&mut Server> {
        self.servers_mut().filter(|server| server.registered).find(|server| server.has_name(name))
    }

    /// Records a call of a client that is not simulated.
    pub(crate) fn report_unsupported(&mut self, what: String) {
        tracing::warn!(what, "not simulated");
        if !self.unsupported.contains(&what) {
            self.unsupported.push(what);
        }
    }
}
