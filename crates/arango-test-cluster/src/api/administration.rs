//! What is modelled of requests that administrate servers, users and jobs. Their handlers are many and small.

use http::Method;

use super::modelled::Modelled;

/// Returns what is modelled of a request. `None` if its handler says it, or if it may have any parameter.
pub(super) fn modelled(method: &Method, parts: &[&str]) -> Option<Modelled> {
    Some(match parts {
        ["_admin", "cluster", command @ ..] => of_cluster(command),
        ["_admin", "server", "mode"] => Modelled::NOTHING.attributes(&["mode"]),
        ["_admin", "log", ..] => Modelled::parameters(&[
            "level",
            "offset",
            "search",
            "serverId",
            "size",
            "sort",
            "start",
            "upto",
            "withAppenders",
        ]),
        ["_admin", "metrics", ..] | ["_admin", "usage-metrics"] => {
            Modelled::parameters(&["mode", "serverId", "type"])
        }
        ["_admin", "statistics"] => Modelled::parameters(&["sync"]),
        ["_admin", "status"] => Modelled::parameters(&["memory", "overview"]),
        ["_admin" | "_api", "version"] => Modelled::parameters(&["details"]),
        ["_admin", "shutdown"] => Modelled::parameters(&["remove_from_cluster", "soft"]),
        // Without an effect here, as what they change is not modelled.
        ["_admin", "license"] if method == Method::PUT => Modelled::parameters(&["force"]),
        ["_admin", "compact"] => Modelled::parameters(&["changeLevel", "compactBottomMostLevel"]),
        ["_admin", "wal", "flush"] => {
            Modelled::parameters(&["maxWaitTime", "waitForCollector", "waitForSync"])
        }
        ["_admin", "backup", ..] => Modelled::NOTHING.attributes(&[]),
        ["_admin" | "_api", "job", ..] => Modelled::parameters(&["count", "stamp"]),
        // Its response contains all of the request.
        ["_admin", "echo", ..] => return None,
        ["_admin", ..] | ["_api", "cluster" | "engine" | "tasks", ..] => Modelled::NOTHING,
        ["_open", "auth"] => Modelled::NOTHING.attributes(&["expiryTime", "password", "username"]),
        ["_open", ..] => Modelled::NOTHING,
        ["_api", "token", ..] => Modelled::NOTHING.attributes(&["name", "valid_until"]),
        ["_api", "user", _, "database"] => Modelled::parameters(&["full"]),
        ["_api", "user", _, "database", ..] => Modelled::NOTHING.attributes(&["grant"]),
        ["_api", "user", ..] => {
            Modelled::NOTHING.attributes(&["active", "extra", "passwd", "user", "username"])
        }
        _ => return None,
    })
}

/// The commands below `/_admin/cluster`.
fn of_cluster(command: &[&str]) -> Modelled {
    match command {
        ["nodeVersion" | "nodeEngine" | "nodeStatistics"] => Modelled::parameters(&["ServerID"]),
        ["statistics"] => Modelled::parameters(&["DBserver"]),
        ["shardStatistics"] => Modelled::parameters(&["DBserver", "details"]),
        ["collectionShardDistribution"] => Modelled::parameters(&["collection"]).attributes(&["collection"]),
        ["queryAgencyJob"] => Modelled::parameters(&["id"]),
        ["cancelAgencyJob"] => Modelled::NOTHING.attributes(&["id"]),
        ["uniqId"] => Modelled::parameters(&["minimum", "number"]),
        // A dump has any attributes, and all of its tests are the same with and without this.
        ["agencyDiagnosis"] => Modelled::parameters(&["strict"]),
        ["rebalanceShards"] => Modelled::parameters(&["algorithm"]),
        ["numberOfServers"] => {
            Modelled::NOTHING.attributes(&["cleanedServers", "numberOfCoordinators", "numberOfDBServers"])
        }
        ["maintenance", _] => Modelled::NOTHING.attributes(&["mode", "timeout"]),
        ["cleanOutServer" | "removeServer"] => Modelled::NOTHING.attributes(&["server"]),
        ["resignLeadership"] => Modelled::NOTHING.attributes(&["server", "undoMoves"]),
        ["moveShard"] => Modelled::NOTHING.attributes(&[
            "collection",
            "database",
            "fromServer",
            "remainsFollower",
            "shard",
            "toServer",
            "tryUndo",
        ]),
        _ => Modelled::NOTHING,
    }
}
