//! What strikes.

use arango::follow::Stopped;
use arango_test_cluster::JobFate;
use tokio::time::sleep;

use super::{Cancel, Work, World};
use crate::follow::{SECOND, dropped_after};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn coordinators_that_die_one_after_the_other_stop_nothing() {
    for work in Work::ALL {
        let world = World::of(work).await;
        let client = client(&world.cluster);
        let deaths = async {
            for index in (0..3).cycle() {
                world.cluster.coordinator(index).kill();
                sleep(SECOND * 12).await;
                world.cluster.coordinator(index).restart().await.unwrap();
                sleep(SECOND * 2).await;
            }
        };
        let ended = tokio::select! {
            biased;
            ended = world.run(work, &client, None) => ended,
            () = deaths => unreachable!("they never end"),
        };
        // One dies before it is asked, and its failure stands beside the answers of the others.
        assert_eq!(ended.is_err(), work == Work::EachCoordinator, "{work:?}: {ended:?}");
        world.assert_done_once(work, 0, &format!("{work:?}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_agency_is_survived_or_told_of_and_then_all_goes_on() {
    for work in Work::ALL {
        for after in [0, 1, 5, 13] {
            let what = format!("{work:?}, {after} s");
            let world = World::of(work).await;
            let client = client(&world.cluster);
            let outage = async {
                sleep(SECOND * after).await;
                let outage = world.cluster.agency_down();
                sleep(SECOND * 40).await;
                drop(outage);
            };
            let (ended, ()) = tokio::join!(world.run(work, &client, None), outage);
            let begins_with_a_call = [
                Work::Move,
                Work::CleanOut,
                Work::Resignation,
                Work::Maintenance,
                Work::ServerMaintenance,
                Work::EachDbServer,
            ];
            assert_eq!(ended.is_err(), after == 0 && begins_with_a_call.contains(&work), "{what}: {ended:?}");
            if ended.is_err() {
                world.run(work, &client, None).await.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
            }
            world.assert_done_once(work, 0, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_is_told_of_and_then_all_goes_on() {
    for work in Work::OF_JOBS {
        for before in [0, 1, 2] {
            let what = format!("{work:?}, {before} before");
            let world = World::of(work).await;
            let client = client(&world.cluster);
            for _ in 0..before {
                world.cluster.agency_jobs().next(JobFate::Finish);
            }
            world.cluster.agency_jobs().next(JobFate::fail("disk full"));
            let ended = world.run(work, &client, None).await;
            let again = usize::from(ended.is_err());
            assert!(again == 1 || before > 0, "{what}: {ended:?}");
            if let Err(stopped) = ended {
                assert!(
                    matches!(&stopped, Stopped::JobFailed { reason, .. } if reason == "disk full"),
                    "{what}"
                );
                world.run(work, &client, None).await.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
            }
            world.assert_done_once(work, again, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_after_any_step_ends_and_is_taken_up_again() {
    for work in Work::OF_JOBS {
        for steps in 0.. {
            if is_over_when_cancelled(work, Cancel::AfterSteps(steps)).await {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_wherever_it_waits_ends_and_is_taken_up_again() {
    for work in Work::OF_JOBS {
        let mut polls = 1;
        while !is_over_when_cancelled(work, Cancel::AfterPolls(polls)).await {
            polls += if polls < 20 { 1 } else { 1 + polls / 10 };
        }
    }
}

/// Whether the work had ended before it was cancelled. If not, it is taken up again.
async fn is_over_when_cancelled(work: Work, cancel: Cancel) -> bool {
    let what = format!("{work:?}, {cancel:?}");
    let world = World::of(work).await;
    let client = client(&world.cluster);
    let ended = world.run(work, &client, Some(cancel)).await;
    let over = ended.is_ok();
    if let Err(stopped) = ended {
        let is_told = match &stopped {
            Stopped::Cancelled => true,
            Stopped::Call(error) => {
                work == Work::Resignation && error.status().is_some_and(|status| status == 400)
            }
            _ => false,
        };
        assert!(is_told, "{what}: {stopped:?}");
        let again = world.run(work, &client, None).await;
        assert!(again.is_ok(), "{what}: {again:?}");
    }
    // Of a rebalance three are cancelled at once.
    world.assert_done_once(work, if work == Work::Rebalance { 3 } else { 1 }, &what).await;
    over
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_at_any_point_is_taken_up_again_and_begins_nothing_twice() {
    for work in Work::ALL {
        let mut polls = 1;
        loop {
            let what = format!("{work:?}, {polls} polls");
            let world = World::of(work).await;
            let lost = client(&world.cluster);
            let ended = dropped_after(polls, world.run(work, &lost, None)).await;
            assert!(lost.coordinators().iter().all(|one| one.in_flight == 0 && one.waiting == 0), "{what}");
            let over = ended.is_some();
            if let Some(ended) = ended {
                ended.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
            }
            // What was sent arrives.
            sleep(SECOND).await;
            let other = client(&world.cluster);
            if !over {
                world.run(work, &other, None).await.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
            }
            world.assert_done_once(work, 0, &what).await;
            if over {
                break;
            }
            // The long ones wait hundreds of times: at each point of their first steps, and then not at each.
            polls += if polls < 20 { 1 } else { 1 + polls / 10 };
        }
    }
}
