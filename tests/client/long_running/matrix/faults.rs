//! Faults during every long-running operation. These are failing coordinators, agency outages, failed jobs,
//! cancellation and dropped futures.

use arango::long_running::StopReason;
use arango_test_cluster::JobOutcome;
use tokio::time::sleep;

use super::{CancelPoint, LongOperation, Scenario};
use crate::long_running::{SECOND, drop_after_polls};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn operations_survive_coordinators_failing_in_turn() {
    for operation in LongOperation::ALL {
        let scenario = Scenario::new(operation).await;
        let client = client(&scenario.cluster);
        let outages = async {
            for index in (0..3).cycle() {
                scenario.cluster.coordinator(index).kill();
                sleep(SECOND * 12).await;
                scenario.cluster.coordinator(index).restart().await.unwrap();
                sleep(SECOND * 2).await;
            }
        };
        let result = tokio::select! {
            biased;
            result = scenario.run(operation, &client, None) => result,
            () = outages => unreachable!("the outages never end"),
        };
        // One coordinator fails before its call, which is reported beside the results of the others.
        assert_eq!(
            result.is_err(),
            operation == LongOperation::OnEachCoordinator,
            "{operation:?}: {result:?}"
        );
        scenario.assert_done_once(operation, 0, &format!("{operation:?}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn operations_survive_or_report_an_agency_outage_and_resume() {
    for operation in LongOperation::ALL {
        for after in [0, 1, 5, 13] {
            let case = format!("{operation:?}, {after} s");
            let scenario = Scenario::new(operation).await;
            let client = client(&scenario.cluster);
            let outage = async {
                sleep(SECOND * after).await;
                let outage = scenario.cluster.agency_down();
                sleep(SECOND * 40).await;
                drop(outage);
            };
            let (result, ()) = tokio::join!(scenario.run(operation, &client, None), outage);
            let starts_with_a_call = [
                LongOperation::Move,
                LongOperation::CleanOut,
                LongOperation::Resignation,
                LongOperation::HoldMaintenance,
                LongOperation::HoldServerMaintenance,
                LongOperation::OnEachDbServer,
            ];
            assert_eq!(
                result.is_err(),
                after == 0 && starts_with_a_call.contains(&operation),
                "{case}: {result:?}"
            );
            if result.is_err() {
                scenario
                    .run(operation, &client, None)
                    .await
                    .unwrap_or_else(|stopped| panic!("{case}: {stopped:?}"));
            }
            scenario.assert_done_once(operation, 0, &case).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_is_reported_and_the_operation_resumes() {
    for operation in LongOperation::WITH_JOBS {
        for before in [0, 1, 2] {
            let case = format!("{operation:?}, {before} before");
            let scenario = Scenario::new(operation).await;
            let client = client(&scenario.cluster);
            for _ in 0..before {
                scenario.cluster.agency_jobs().set_next_outcome(JobOutcome::Finish);
            }
            scenario.cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
            let result = scenario.run(operation, &client, None).await;
            let again = usize::from(result.is_err());
            assert!(again == 1 || before > 0, "{case}: {result:?}");
            if let Err(stopped) = result {
                assert!(
                    matches!(&stopped, StopReason::JobFailed { reason, .. } if reason == "disk full"),
                    "{case}"
                );
                scenario
                    .run(operation, &client, None)
                    .await
                    .unwrap_or_else(|stopped| panic!("{case}: {stopped:?}"));
            }
            scenario.assert_done_once(operation, again, &case).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operations_cancelled_after_any_step_can_be_resumed() {
    for operation in LongOperation::WITH_JOBS {
        for steps in 0.. {
            if finished_before_cancel(operation, CancelPoint::AfterSteps(steps)).await {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn operations_cancelled_at_any_await_can_be_resumed() {
    for operation in LongOperation::WITH_JOBS {
        let mut polls = 1;
        while !finished_before_cancel(operation, CancelPoint::AfterPolls(polls)).await {
            polls += if polls < 20 { 1 } else { 1 + polls / 10 };
        }
    }
}

/// Returns whether the operation ended before it was cancelled. If not, it is resumed.
async fn finished_before_cancel(operation: LongOperation, cancel: CancelPoint) -> bool {
    let case = format!("{operation:?}, {cancel:?}");
    let scenario = Scenario::new(operation).await;
    let client = client(&scenario.cluster);
    let result = scenario.run(operation, &client, Some(cancel)).await;
    let finished = result.is_ok();
    if let Err(stopped) = result {
        let is_cancelled = match &stopped {
            StopReason::Cancelled => true,
            StopReason::Call(error) => {
                operation == LongOperation::Resignation && error.status().is_some_and(|status| status == 400)
            }
            _ => false,
        };
        assert!(is_cancelled, "{case}: {stopped:?}");
        let again = scenario.run(operation, &client, None).await;
        assert!(again.is_ok(), "{case}: {again:?}");
    }
    // A rebalance has three concurrent moves, all of which are cancelled.
    scenario
        .assert_done_once(operation, if operation == LongOperation::Rebalance { 3 } else { 1 }, &case)
        .await;
    finished
}

#[tokio::test(start_paused = true)]
async fn operations_dropped_at_any_await_resume_without_duplicates() {
    for operation in LongOperation::ALL {
        let mut polls = 1;
        loop {
            let case = format!("{operation:?}, {polls} polls");
            let scenario = Scenario::new(operation).await;
            let first_client = client(&scenario.cluster);
            let result = drop_after_polls(polls, scenario.run(operation, &first_client, None)).await;
            assert!(
                first_client.coordinators().iter().all(|one| one.in_flight == 0 && one.waiting == 0),
                "{case}"
            );
            let finished = result.is_some();
            if let Some(result) = result {
                result.unwrap_or_else(|stopped| panic!("{case}: {stopped:?}"));
            }
            // Requests that were sent arrive.
            sleep(SECOND).await;
            let other = client(&scenario.cluster);
            if !finished {
                scenario
                    .run(operation, &other, None)
                    .await
                    .unwrap_or_else(|stopped| panic!("{case}: {stopped:?}"));
            }
            scenario.assert_done_once(operation, 0, &case).await;
            if finished {
                break;
            }
            // Long operations have hundreds of await points. The test covers each of the first ones, and then a sample.
            polls += if polls < 20 { 1 } else { 1 + polls / 10 };
        }
    }
}
