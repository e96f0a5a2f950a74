//! The endpoints, one per row.

use super::endpoint::Absent::{Command, Method, NoHandler, Path};
use super::endpoint::Access::{Admin, Anonymous, Superuser, User};
use super::endpoint::Endpoint;
use super::endpoint::Shape::{AnyResult, Body, Flat, NoResult, Raw, RawWith, Refused, Result, Text};

const IMBALANCE: &[&str] = &["leader", "pendingMoveShards", "shards", "todoMoveShards"];
const PLAN: &[&str] = &["imbalanceAfter", "imbalanceBefore", "moves"];
const COUNTS: &[&str] =
    &["collections", "databases", "followers", "leaders", "realLeaders", "servers", "shards"];
const JOB: &[&str] = &["creator", "error", "job", "jobId", "server", "status", "timeCreated", "type"];
const STATISTICS: &[&str] = &["client", "clientUser", "enabled", "http", "server", "system", "time"];
const PROGRESS: &[&str] = &[
    "AQLcursors",
    "allClear",
    "doneJobs",
    "lowPrioOngoingRequests",
    "lowPrioQueuedRequests",
    "pendingJobs",
    "softShutdownOngoing",
    "transactions",
];

/// Endpoints that change something come after those that read it. Shutdown comes last.
pub(super) const ALL: &[Endpoint] = &[
    // Health and other servers.
    Endpoint::new("GET", "/_admin/cluster/health", User, 200, Flat(&["ClusterId", "Health"])),
    Endpoint::new("GET", "/_admin/cluster/nodeVersion?ServerID={prmr}", User, 200, RawWith(&["license", "server", "version"])),
    Endpoint::new("GET", "/_admin/cluster/nodeVersion?ServerID=Coordinator0001", User, 200, RawWith(&["version"])),
    Endpoint::new("GET", "/_admin/cluster/nodeEngine?ServerID={crdn}", User, 200, Raw(&["name", "supports"])),
    Endpoint::new("GET", "/_admin/cluster/nodeStatistics?ServerID={prmr}", User, 200, Flat(STATISTICS)).removed_in_4(Command),
    Endpoint::new("GET", "/_admin/cluster/statistics?DBserver={prmr}", User, 200, Flat(STATISTICS)).removed_in_4(Command),
    Endpoint::new(
        "GET",
        "/_admin/cluster/numberOfServers",
        User,
        200,
        Flat(&["cleanedServers", "numberOfCoordinators", "numberOfDBServers"]),
    ),
    Endpoint::new("PUT", "/_admin/cluster/numberOfServers", Admin, 200, NoResult).with_body(r#"{"numberOfDBServers":null}"#),
    // Maintenance.
    Endpoint::new("GET", "/_admin/cluster/maintenance", Admin, 200, AnyResult),
    Endpoint::new("PUT", "/_admin/cluster/maintenance", Admin, 200, Flat(&["warning"])).with_body("\"on\""),
    Endpoint::new("PUT", "/_admin/cluster/maintenance", Admin, 200, Flat(&["warning"])).with_body("\"off\""),
    Endpoint::new("GET", "/_admin/cluster/maintenance/{prmr}", Admin, 200, NoResult).since(&[(3, 10, 1, 0)], Command),
    Endpoint::new("PUT", "/_admin/cluster/maintenance/{prmr}", Admin, 200, NoResult)
        .with_body(r#"{"mode":"maintenance"}"#)
        .since(&[(3, 10, 1, 0)], Command),
    Endpoint::new("GET", "/_admin/cluster/maintenance/{prmr}", Admin, 200, Result(&["Mode", "Until"]))
        .since(&[(3, 10, 1, 0)], Command),
    Endpoint::new("PUT", "/_admin/cluster/maintenance/{prmr}", Admin, 200, NoResult)
        .with_body(r#"{"mode":"normal"}"#)
        .since(&[(3, 10, 1, 0)], Command),
    // Rebalance. Its methods are tested elsewhere, since the body is parsed first.
    Endpoint::new("GET", "/_admin/cluster/rebalance", Admin, 200, Result(IMBALANCE)).any_method(),
    Endpoint::new("POST", "/_admin/cluster/rebalance", Admin, 200, Result(PLAN)).with_body(r#"{"version":1}"#).any_method(),
    Endpoint::new("PUT", "/_admin/cluster/rebalance", Admin, 202, Result(PLAN)).with_body(r#"{"version":1}"#).any_method(),
    Endpoint::new("POST", "/_admin/cluster/rebalance/execute", Admin, 200, NoResult)
        .with_body(r#"{"version":1,"moves":[]}"#)
        .any_method(),
    Endpoint::new("POST", "/_admin/cluster/rebalance/execute", Admin, 202, NoResult)
        .with_body(r#"{"version":1,"moves":[{"from":"a","to":"b","shard":"s1","collection":"1","database":"d","isLeader":true}]}"#)
        .any_method(),
    Endpoint::new("POST", "/_admin/cluster/rebalanceShards", User, 202, Result(&["operations"])),
    // Shards.
    Endpoint::new("GET", "/_admin/cluster/shardDistribution", Admin, 200, Flat(&["results"])),
    Endpoint::new("GET", "/_admin/cluster/collectionShardDistribution?collection=books", Admin, 200, Flat(&["results"])),
    Endpoint::new("PUT", "/_admin/cluster/collectionShardDistribution", Admin, 200, Flat(&["results"]))
        .with_body(r#"{"collection":"books"}"#),
    Endpoint::new("GET", "/_admin/cluster/shardStatistics", Admin, 200, Result(COUNTS)),
    Endpoint::new("GET", "/_admin/cluster/shardStatistics?DBserver={prmr}", Admin, 200, Result(COUNTS)),
    Endpoint::new("GET", "/_admin/cluster/shardStatistics?details=true", Admin, 200, Result(&["_system", "shop"])),
    // Jobs.
    Endpoint::new("POST", "/_admin/cluster/moveShard", Admin, 202, Flat(&["id"]))
        .with_body(r#"{"database":"_system","collection":"books","shard":"{shard}","fromServer":"{from}","toServer":"{to}"}"#),
    Endpoint::new("POST", "/_admin/cluster/cleanOutServer", Admin, 202, Flat(&["id"])).with_body(r#"{"server":"PRMR-unknown"}"#),
    Endpoint::new("POST", "/_admin/cluster/resignLeadership", Admin, 202, Flat(&["id"])).with_body(r#"{"server":"DBServer0001"}"#),
    Endpoint::new("GET", "/_admin/cluster/queryAgencyJob?id={job}", Admin, 200, RawWith(JOB)),
    Endpoint::new("POST", "/_admin/cluster/cancelAgencyJob", Admin, 400, Refused(10)).with_body(r#"{"id":"{job}"}"#),
    // Numbers, sorting, diagnosis.
    Endpoint::new("PUT", "/_admin/cluster/uniqId?number=5", Admin, 200, Flat(&["largest", "smallest"]))
        .since(&[(3, 12, 5, 3)], Command),
    Endpoint::new("PUT", "/_admin/cluster/uniqId?minimum=5", Admin, 200, Flat(&["largest", "smallest"]))
        .since(&[(3, 12, 5, 3)], Command),
    Endpoint::new("GET", "/_admin/cluster/vpackSortMigration/check", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Endpoint::new("GET", "/_admin/cluster/vpackSortMigration/status", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Endpoint::new("PUT", "/_admin/cluster/vpackSortMigration/migrate", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Endpoint::new(
        "GET",
        "/_admin/cluster/agencyDiagnosis",
        Superuser,
        200,
        Result(&["diagnosis", "error", "errorMessage"]),
    )
    .since(&[(3, 12, 5, 0)], Command),
    Endpoint::new(
        "POST",
        "/_admin/cluster/agencyDiagnosis",
        Superuser,
        200,
        Result(&["diagnosis", "error", "errorMessage"]),
    )
    .with_body(r#"{"arango":{}}"#)
    .since(&[(3, 12, 5, 0)], Command),
    // The API of the cluster.
    Endpoint::new("GET", "/_api/cluster/endpoints", User, 200, Flat(&["endpoints"])),
    Endpoint::new("GET", "/_api/cluster/agency-dump", Admin, 200, RawWith(&["index", "term", "agency"])),
    Endpoint::new("GET", "/_api/cluster/agency-cache", Admin, 200, RawWith(&["index", "cache"])),
    Endpoint::new("GET", "/_api/cluster/cluster-info", Admin, 200, RawWith(&["plan", "current", "coordinators", "DBServers", "shardServers"])),
    // The server.
    Endpoint::new("GET", "/_admin/server/availability", Anonymous, 200, Flat(&["mode"])),
    Endpoint::new("GET", "/_admin/server/id", User, 200, Flat(&["id"])),
    Endpoint::new("GET", "/_admin/server/role", User, 200, Flat(&["mode", "role"])),
    Endpoint::new("GET", "/_admin/server/mode", User, 200, Flat(&["mode"])),
    Endpoint::new("PUT", "/_admin/server/mode", Admin, 200, Flat(&["mode"])).with_body(r#"{"mode":"default"}"#),
    Endpoint::new("GET", "/_admin/server/databaseDefaults", User, 200, RawWith(&["replicationFactor", "sharding", "writeConcern"]))
        .any_method(),
    Endpoint::new("PATCH", "/_admin/server/databaseDefaults", User, 200, RawWith(&["replicationFactor"])).any_method(),
    Endpoint::new("GET", "/_admin/server/tls", User, 200, Result(&[])),
    Endpoint::new("POST", "/_admin/server/tls", Superuser, 200, Result(&[])),
    Endpoint::new("GET", "/_admin/server/jwt", Superuser, 200, Result(&["active", "passive"])),
    Endpoint::new("POST", "/_admin/server/jwt", Superuser, 200, Result(&["active", "passive"])),
    Endpoint::new("POST", "/_admin/server/encryption", Superuser, 404, Refused(404)).any_method(),
    Endpoint::new("GET", "/_admin/server/api-calls", Admin, 200, Result(&["calls"])).since(&[(3, 12, 5, 0)], Path),
    Endpoint::new("GET", "/_admin/server/aql-queries", Admin, 200, Result(&["queries"])).since(&[(3, 12, 6, 0)], Path),
    Endpoint::new("GET", "/_admin/crashes", Admin, 200, AnyResult).since(&[(3, 12, 8, 0)], NoHandler),
    Endpoint::new("GET", "/_admin/crashes/x", Admin, 404, Refused(404)).since(&[(3, 12, 8, 0)], NoHandler).any_method(),
    Endpoint::new("DELETE", "/_admin/crashes/x", Admin, 404, Refused(404)).since(&[(3, 12, 8, 0)], NoHandler).any_method(),
    // Information about the server.
    Endpoint::new("GET", "/_api/version", User, 200, RawWith(&["license", "server", "version"])).any_method(),
    Endpoint::new("GET", "/_api/version?details=true", User, 200, RawWith(&["details"])).any_method(),
    Endpoint::new("GET", "/_admin/version", User, 200, RawWith(&["version"])).any_method().removed_in_4(NoHandler),
    Endpoint::new("GET", "/_api/engine", User, 200, Raw(&["name", "supports"])),
    Endpoint::new("GET", "/_admin/status", User, 200, RawWith(&["agency", "host", "serverInfo", "version"])).any_method(),
    Endpoint::new(
        "GET",
        "/_admin/status?overview=true",
        User,
        200,
        Raw(&["engine", "hash", "license", "platform", "role", "version"]),
    )
    .any_method(),
    Endpoint::new("GET", "/_admin/support-info", Admin, 200, Raw(&["date", "deployment"])).any_method(),
    Endpoint::new("GET", "/_admin/metrics", User, 200, Text),
    Endpoint::new("GET", "/_admin/metrics?serverId={prmr}", User, 200, Text),
    Endpoint::new("GET", "/_admin/metrics/v2", User, 200, Text).removed_in_4(NoHandler),
    Endpoint::new("GET", "/_admin/usage-metrics", User, 200, Text)
        .since(&[(3, 10, 13, 0), (3, 11, 7, 0), (3, 12, 0, 0)], NoHandler),
    Endpoint::new("GET", "/_admin/statistics", User, 200, Flat(STATISTICS)).removed_in_4(NoHandler),
    Endpoint::new("GET", "/_admin/statistics-description", User, 200, Flat(&["figures", "groups"])).removed_in_4(NoHandler),
    Endpoint::new("GET", "/_admin/log/entries", Admin, 200, Raw(&["messages", "total"])),
    Endpoint::new("GET", "/_admin/log/entries?serverId={prmr}", Admin, 200, Raw(&["messages", "total"])),
    Endpoint::new("GET", "/_admin/log/level", Admin, 200, RawWith(&["general", "requests"])),
    Endpoint::new("PUT", "/_admin/log/level", Admin, 200, RawWith(&["general"])).with_body(r#"{"requests":"debug"}"#),
    Endpoint::new("DELETE", "/_admin/log/level", Admin, 200, RawWith(&["general"])).since(&[(3, 12, 1, 0)], Method),
    Endpoint::new(
        "GET",
        "/_admin/log",
        Admin,
        200,
        Raw(&["level", "lid", "text", "timestamp", "topic", "totalAmount"]),
    )
    .removed_in_4(NoHandler),
    Endpoint::new("DELETE", "/_admin/log", Admin, 200, NoResult).removed_in_4(NoHandler),
    Endpoint::new("PUT", "/_admin/compact", Superuser, 200, RawWith(&[])),
    Endpoint::new("GET", "/_admin/license", User, 200, RawWith(&["upgrading"])),
    Endpoint::new("PUT", "/_admin/license", Admin, 201, Raw(&["result"])).with_body("\"dGVzdA==\""),
    Endpoint::new("GET", "/_admin/deployment/id", User, 200, Raw(&["id"])).since(&[(3, 12, 6, 0)], NoHandler),
    // Logins.
    Endpoint::new("POST", "/_open/auth", Anonymous, 200, Raw(&["jwt"])).with_body(r#"{"username":"root","password":"passwd"}"#),
    Endpoint::new("POST", "/_open/auth/renew", Anonymous, 404, Refused(1703)),
    // Shutdown.
    Endpoint::new("GET", "/_admin/shutdown", Admin, 200, RawWith(PROGRESS)),
    Endpoint::new("POST", "/_admin/cluster/removeServer", Admin, 412, Refused(412)).with_body("\"{crdn}\""),
    Endpoint::new("DELETE", "/_admin/shutdown?soft=true", Admin, 200, Body("\"OK\"")),
];
