use super::*;
use crate::testing::{assert_request, read};
use std::time::Duration;

const CLIENT: &str = r#"{"httpConnections":3,
    "connectionTime":{"sum":12.5,"count":40,"counts":[10,20,9,1]},
    "totalTime":{"sum":9,"count":900,"counts":[700,150,30,10,6,3,1,0,0,0]},
    "requestTime":{"sum":8.5,"count":900,"counts":[720,140,25,8,4,2,1,0,0,0]},
    "queueTime":{"sum":0,"count":900,"counts":[900,0,0,0,0,0,0,0,0,0]},
    "ioTime":{"sum":1.25,"count":900,"counts":[890,10,0,0,0,0,0,0,0,0]},
    "bytesSent":{"sum":812345,"count":900,"counts":[400,300,100,50,40,10]},
    "bytesReceived":{"sum":212345,"count":900,"counts":[700,150,40,10,0,0]}}"#;

const V8: &str = r#""v8Context":{"available":2,"busy":0,"dirty":0,"free":2,"max":16,"min":2,
    "memory":[{"contextId":0,"tMax":2,"countOfTimes":3,"heapMax":1,"heapMin":1,"invocations":9}]},"#;

fn body(v8: &str, read_only: &str) -> String {
    format!(
        r#"{{"time":1767261605.123,"enabled":true,
        "system":{{"minorPageFaults":512345,"majorPageFaults":12,"userTime":81,"systemTime":40.25,
            "numberOfThreads":61,"residentSize":512000000,"residentSizePercent":0.0312,
            "virtualSize":2147483648}},
        "client":{CLIENT},"clientUser":{CLIENT},
        "http":{{"requestsTotal":900,"requestsSuperuser":500,"requestsUser":400,"requestsAsync":0,
            "requestsGet":600,"requestsHead":0,"requestsPost":200,"requestsPut":80,"requestsPatch":0,
            "requestsDelete":20,"requestsOptions":0,"requestsOther":0}},
        "server":{{"uptime":3600,"physicalMemory":16777216000,
            "transactions":{{"started":10,"aborted":0,"committed":10,"intermediateCommits":0{read_only}}},
            {v8}"threads":{{"scheduler-threads":12,"blocked":0,"queued":0,"in-progress":1,"direct-exec":0}}}},
        "error":false,"code":200}}"#
    )
}

#[test]
fn the_statistics_request_is_built() {
    assert_request(&GetStatistics::default(), "GET", "/_admin/statistics");
    let added_up = GetStatistics { freshness: StatisticsFreshness::Synchronized };
    assert_request(&added_up, "GET", "/_admin/statistics?sync=true");
    let server = ServerId::from("PRMR-1");
    let operation = GetServerStatistics { server: &server };
    assert_request(&operation, "GET", "/_admin/cluster/nodeStatistics?ServerID=PRMR-1");
}

#[test]
fn every_group_is_read() {
    let statistics = read(&GetStatistics::default(), &body(V8, r#","readOnly":5,"dirtyReadOnly":0"#));
    assert!(statistics.enabled);
    assert_eq!(statistics.system.resident_size, 512_000_000);
    assert_eq!(statistics.client.bytes_sent.counts, [400, 300, 100, 50, 40, 10]);
    assert_eq!(statistics.client_user, Some(statistics.client));
    assert_eq!(statistics.http.requests_superuser, Some(500));
    assert_eq!(statistics.server.transactions.unwrap().read_only, Some(5));
    assert_eq!(statistics.server.threads.unwrap().in_progress, 1);
    assert_eq!(statistics.server.script_contexts.unwrap().memory[0].invocations, 9);
}

#[test]
fn a_server_without_scripts_has_no_contexts() {
    let server = ServerId::from("PRMR-1");
    let statistics = read(&GetServerStatistics { server: &server }, &body("", ""));
    assert_eq!(statistics.server.script_contexts, None);
    assert_eq!(statistics.server.transactions.unwrap().read_only, None);
}

#[test]
#[expect(clippy::float_cmp, reason = "small integers are exact")]
fn doubles_may_come_as_integers() {
    let statistics = read(&GetStatistics::default(), &body(V8, ""));
    assert_eq!(statistics.system.user_time, Duration::from_secs(81));
    assert_eq!(statistics.server.uptime, Duration::from_secs(3600));
    assert_eq!(statistics.client.total_time.sum, 9.0);
    assert_eq!(statistics.server.script_contexts.unwrap().memory[0].t_max, Duration::from_secs(2));
}

#[test]
fn a_large_round_size_is_read_as_servers_write_it() {
    let large = body(V8, "").replace(r#""residentSize":512000000"#, r#""residentSize":5e+9"#);
    let statistics = read(&GetStatistics::default(), &large);
    assert_eq!(statistics.system.resident_size, 5_000_000_000);
}
