//! The table, row by row.

use super::row::Absent::{Command, Method, NoHandler, Path};
use super::row::May::{Admin, Anybody, Superuser, User};
use super::row::Row;
use super::row::Shape::{AnyResult, Body, Done, Flat, Raw, RawWith, Refused, Result, Text};

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

/// Those that change something come after those that look at it, and the end comes last.
pub(super) const ALL: &[Row] = &[
    // Health and other servers.
    Row::new("GET", "/_admin/cluster/health", User, 200, Flat(&["ClusterId", "Health"])),
    Row::new("GET", "/_admin/cluster/nodeVersion?ServerID={prmr}", User, 200, RawWith(&["license", "server", "version"])),
    Row::new("GET", "/_admin/cluster/nodeVersion?ServerID=Coordinator0001", User, 200, RawWith(&["version"])),
    Row::new("GET", "/_admin/cluster/nodeEngine?ServerID={crdn}", User, 200, Raw(&["name", "supports"])),
    Row::new("GET", "/_admin/cluster/nodeStatistics?ServerID={prmr}", User, 200, Flat(STATISTICS)).gone_in_4(Command),
    Row::new("GET", "/_admin/cluster/statistics?DBserver={prmr}", User, 200, Flat(STATISTICS)).gone_in_4(Command),
    Row::new(
        "GET",
        "/_admin/cluster/numberOfServers",
        User,
        200,
        Flat(&["cleanedServers", "numberOfCoordinators", "numberOfDBServers"]),
    ),
    Row::new("PUT", "/_admin/cluster/numberOfServers", Admin, 200, Done).with(r#"{"numberOfDBServers":null}"#),
    // Maintenance.
    Row::new("GET", "/_admin/cluster/maintenance", Admin, 200, AnyResult),
    Row::new("PUT", "/_admin/cluster/maintenance", Admin, 200, Flat(&["warning"])).with("\"on\""),
    Row::new("PUT", "/_admin/cluster/maintenance", Admin, 200, Flat(&["warning"])).with("\"off\""),
    Row::new("GET", "/_admin/cluster/maintenance/{prmr}", Admin, 200, Done).since(&[(3, 10, 1, 0)], Command),
    Row::new("PUT", "/_admin/cluster/maintenance/{prmr}", Admin, 200, Done)
        .with(r#"{"mode":"maintenance"}"#)
        .since(&[(3, 10, 1, 0)], Command),
    Row::new("GET", "/_admin/cluster/maintenance/{prmr}", Admin, 200, Result(&["Mode", "Until"]))
        .since(&[(3, 10, 1, 0)], Command),
    Row::new("PUT", "/_admin/cluster/maintenance/{prmr}", Admin, 200, Done)
        .with(r#"{"mode":"normal"}"#)
        .since(&[(3, 10, 1, 0)], Command),
    // Rebalance. Of its methods its own promises speak: the body is read first.
    Row::new("GET", "/_admin/cluster/rebalance", Admin, 200, Result(IMBALANCE)).any_method(),
    Row::new("POST", "/_admin/cluster/rebalance", Admin, 200, Result(PLAN)).with(r#"{"version":1}"#).any_method(),
    Row::new("PUT", "/_admin/cluster/rebalance", Admin, 202, Result(PLAN)).with(r#"{"version":1}"#).any_method(),
    Row::new("POST", "/_admin/cluster/rebalance/execute", Admin, 200, Done)
        .with(r#"{"version":1,"moves":[]}"#)
        .any_method(),
    Row::new("POST", "/_admin/cluster/rebalance/execute", Admin, 202, Done)
        .with(r#"{"version":1,"moves":[{"from":"a","to":"b","shard":"s1","collection":"1","database":"d","isLeader":true}]}"#)
        .any_method(),
    Row::new("POST", "/_admin/cluster/rebalanceShards", User, 202, Result(&["operations"])),
    // Shards.
    Row::new("GET", "/_admin/cluster/shardDistribution", Admin, 200, Flat(&["results"])),
    Row::new("GET", "/_admin/cluster/collectionShardDistribution?collection=books", Admin, 200, Flat(&["results"])),
    Row::new("PUT", "/_admin/cluster/collectionShardDistribution", Admin, 200, Flat(&["results"]))
        .with(r#"{"collection":"books"}"#),
    Row::new("GET", "/_admin/cluster/shardStatistics", Admin, 200, Result(COUNTS)),
    Row::new("GET", "/_admin/cluster/shardStatistics?DBserver={prmr}", Admin, 200, Result(COUNTS)),
    Row::new("GET", "/_admin/cluster/shardStatistics?details=true", Admin, 200, Result(&["_system", "shop"])),
    // Jobs.
    Row::new("POST", "/_admin/cluster/moveShard", Admin, 202, Flat(&["id"]))
        .with(r#"{"database":"_system","collection":"books","shard":"{shard}","fromServer":"{from}","toServer":"{to}"}"#),
    Row::new("POST", "/_admin/cluster/cleanOutServer", Admin, 202, Flat(&["id"])).with(r#"{"server":"PRMR-nobody"}"#),
    Row::new("POST", "/_admin/cluster/resignLeadership", Admin, 202, Flat(&["id"])).with(r#"{"server":"DBServer0001"}"#),
    Row::new("GET", "/_admin/cluster/queryAgencyJob?id={job}", Admin, 200, RawWith(JOB)),
    Row::new("POST", "/_admin/cluster/cancelAgencyJob", Admin, 400, Refused(10)).with(r#"{"id":"{job}"}"#),
    // Numbers, sorting, diagnosis.
    Row::new("PUT", "/_admin/cluster/uniqId?number=5", Admin, 200, Flat(&["largest", "smallest"]))
        .since(&[(3, 12, 5, 3)], Command),
    Row::new("PUT", "/_admin/cluster/uniqId?minimum=5", Admin, 200, Flat(&["largest", "smallest"]))
        .since(&[(3, 12, 5, 3)], Command),
    Row::new("GET", "/_admin/cluster/vpackSortMigration/check", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Row::new("GET", "/_admin/cluster/vpackSortMigration/status", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Row::new("PUT", "/_admin/cluster/vpackSortMigration/migrate", Superuser, 200, AnyResult)
        .since(&[(3, 11, 11, 0), (3, 12, 2, 0)], Command),
    Row::new(
        "GET",
        "/_admin/cluster/agencyDiagnosis",
        Superuser,
        200,
        Result(&["diagnosis", "error", "errorMessage"]),
    )
    .since(&[(3, 12, 5, 0)], Command),
    Row::new(
        "POST",
        "/_admin/cluster/agencyDiagnosis",
        Superuser,
        200,
        Result(&["diagnosis", "error", "errorMessage"]),
    )
    .with(r#"{"arango":{}}"#)
    .since(&[(3, 12, 5, 0)], Command),
    // The API of the cluster.
    Row::new("GET", "/_api/cluster/endpoints", User, 200, Flat(&["endpoints"])),
    Row::new("GET", "/_api/cluster/agency-dump", Admin, 200, RawWith(&[])),
    Row::new("GET", "/_api/cluster/agency-cache", Admin, 200, RawWith(&["arango"])),
    Row::new("GET", "/_api/cluster/cluster-info", Admin, 200, RawWith(&["coordinators", "dbServers", "shardServers"])),
    // The server.
    Row::new("GET", "/_admin/server/availability", Anybody, 200, Flat(&["mode"])),
    Row::new("GET", "/_admin/server/id", User, 200, Flat(&["id"])),
    Row::new("GET", "/_admin/server/role", User, 200, Flat(&["mode", "role"])),
    Row::new("GET", "/_admin/server/mode", User, 200, Flat(&["mode"])),
    Row::new("PUT", "/_admin/server/mode", Admin, 200, Flat(&["mode"])).with(r#"{"mode":"default"}"#),
    Row::new("GET", "/_admin/server/databaseDefaults", User, 200, RawWith(&["replicationFactor", "sharding", "writeConcern"]))
        .any_method(),
    Row::new("PATCH", "/_admin/server/databaseDefaults", User, 200, RawWith(&["replicationFactor"])).any_method(),
    Row::new("GET", "/_admin/server/tls", User, 200, Result(&[])),
    Row::new("POST", "/_admin/server/tls", Superuser, 200, Result(&[])),
    Row::new("GET", "/_admin/server/jwt", Superuser, 200, Result(&["active", "passive"])),
    Row::new("POST", "/_admin/server/jwt", Superuser, 200, Result(&["active", "passive"])),
    Row::new("POST", "/_admin/server/encryption", Superuser, 404, Refused(404)).any_method(),
    Row::new("GET", "/_admin/server/api-calls", Admin, 200, Result(&["calls"])).since(&[(3, 12, 5, 0)], Path),
    Row::new("GET", "/_admin/server/aql-queries", Admin, 200, Result(&["queries"])).since(&[(3, 12, 6, 0)], Path),
    Row::new("GET", "/_admin/crashes", Admin, 200, AnyResult).since(&[(3, 12, 8, 0)], NoHandler),
    Row::new("GET", "/_admin/crashes/x", Admin, 404, Refused(404)).since(&[(3, 12, 8, 0)], NoHandler).any_method(),
    Row::new("DELETE", "/_admin/crashes/x", Admin, 404, Refused(404)).since(&[(3, 12, 8, 0)], NoHandler).any_method(),
    // What a server says of itself.
    Row::new("GET", "/_api/version", User, 200, RawWith(&["license", "server", "version"])).any_method(),
    Row::new("GET", "/_api/version?details=true", User, 200, RawWith(&["details"])).any_method(),
    Row::new("GET", "/_admin/version", User, 200, RawWith(&["version"])).any_method().gone_in_4(NoHandler),
    Row::new("GET", "/_api/engine", User, 200, Raw(&["name", "supports"])),
    Row::new("GET", "/_admin/status", User, 200, RawWith(&["agency", "host", "serverInfo", "version"])).any_method(),
    Row::new(
        "GET",
        "/_admin/status?overview=true",
        User,
        200,
        Raw(&["engine", "hash", "license", "platform", "role", "version"]),
    )
    .any_method(),
    Row::new("GET", "/_admin/support-info", Admin, 200, Raw(&["date", "deployment"])).any_method(),
    Row::new("GET", "/_admin/metrics", User, 200, Text),
    Row::new("GET", "/_admin/metrics?serverId={prmr}", User, 200, Text),
    Row::new("GET", "/_admin/metrics/v2", User, 200, Text).gone_in_4(NoHandler),
    Row::new("GET", "/_admin/usage-metrics", User, 200, Text)
        .since(&[(3, 10, 13, 0), (3, 11, 7, 0), (3, 12, 0, 0)], NoHandler),
    Row::new("GET", "/_admin/statistics", User, 200, Flat(STATISTICS)).gone_in_4(NoHandler),
    Row::new("GET", "/_admin/statistics-description", User, 200, Flat(&["figures", "groups"])).gone_in_4(NoHandler),
    Row::new("GET", "/_admin/log/entries", Admin, 200, Raw(&["messages", "total"])),
    Row::new("GET", "/_admin/log/entries?serverId={prmr}", Admin, 200, Raw(&["messages", "total"])),
    Row::new("GET", "/_admin/log/level", Admin, 200, RawWith(&["general", "requests"])),
    Row::new("PUT", "/_admin/log/level", Admin, 200, RawWith(&["general"])).with(r#"{"requests":"debug"}"#),
    Row::new("DELETE", "/_admin/log/level", Admin, 200, RawWith(&["general"])).since(&[(3, 12, 1, 0)], Method),
    Row::new(
        "GET",
        "/_admin/log",
        Admin,
        200,
        Raw(&["level", "lid", "text", "timestamp", "topic", "totalAmount"]),
    )
    .gone_in_4(NoHandler),
    Row::new("DELETE", "/_admin/log", Admin, 200, Done).gone_in_4(NoHandler),
    Row::new("PUT", "/_admin/compact", Superuser, 200, AnyResult),
    Row::new("GET", "/_admin/license", User, 200, RawWith(&["features", "license", "status", "upgrading"])),
    Row::new("PUT", "/_admin/license", Admin, 201, Raw(&["result"])).with("\"dGVzdA==\""),
    Row::new("GET", "/_admin/deployment/id", User, 200, Raw(&["id"])).since(&[(3, 12, 6, 0)], NoHandler),
    // Logins.
    Row::new("POST", "/_open/auth", Anybody, 200, Raw(&["jwt"])).with(r#"{"username":"root","password":"passwd"}"#),
    Row::new("POST", "/_open/auth/renew", Anybody, 404, Refused(1703)),
    // The end.
    Row::new("GET", "/_admin/shutdown", Admin, 200, RawWith(PROGRESS)),
    Row::new("POST", "/_admin/cluster/removeServer", Admin, 412, Refused(412)).with("\"{crdn}\""),
    Row::new("DELETE", "/_admin/shutdown?soft=true", Admin, 200, Body("\"OK\"")),
];
