//! A `Retry-After` in answers for which the document does not name it.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango_test_cluster::Fault;

use super::{B2, B3, Expect, OVERLOADED, meet, on_writes};
use crate::support::{client, cluster};

const WELL: [MemberState; 3] = [MemberState::Healthy; 3];

#[tokio::test(start_paused = true)]
async fn a_retry_after_replaces_only_the_pauses_of_throttling_and_of_gateways() {
    let at_once = Duration::ZERO..=Duration::ZERO;
    for (status, number, standing, pause) in [
        (503, 503, OVERLOADED, at_once),
        (503, 21003, OVERLOADED, B2),
        (412, 21004, OVERLOADED, B2),
        (503, 1465, WELL, B2),
        (503, 1496, WELL, B2),
        (500, 1457, WELL, B2),
        (503, 1478, WELL, B2),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer(status, number, "as the test demands").header("retry-after", "4");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let expect = Expect::elsewhere().at_servers(2, 1).standing(standing).within(pause);
        meet(&cluster, &client, RequestClass::Safe).await.is(&expect);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_puts_off_no_attempt_at_the_same_coordinator() {
    for (status, number, pause) in [(408, 0, Duration::ZERO..=Duration::ZERO), (409, 1601, B3)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = match number {
            0 => Fault::answer_raw(status, "text/html", "<html>"),
            _ => Fault::answer(status, number, "as the test demands"),
        };
        let _fault = cluster.coordinator(0).inject(on_writes(fault.header("retry-after", "4")).times(1));
        let expect = Expect::elsewhere().tried(2, 0).at_servers(2, 1).within(pause);
        meet(&cluster, &client, RequestClass::Safe).await.is(&expect);
    }
}
