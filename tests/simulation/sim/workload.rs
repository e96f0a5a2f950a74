//! The calls that clients make while things go wrong.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, Coordinator, Error};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::books::Insert;
use super::network::Network;
use super::operation::{Ask, PatientInsert, SERVER_TIMEOUT};
use super::schedule::{milliseconds, moment};
use super::setting::{Setting, chance};
use super::trace::Trace;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// A write; whether it may be repeated is for its class to say.
    Insert,
    /// The same, with patience.
    PatientInsert,
    /// A write at this coordinator and no other.
    InsertAt(usize),
    /// A read.
    Ask,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) client: usize,
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    pub(crate) question: Question,
    at: Duration,
    padding: usize,
    /// When it is dropped, counted from its beginning.
    dropped: Option<Duration>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Answered,
    Failed(Error),
    /// Its future was dropped.
    Dropped,
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) call: Call,
    pub(crate) began: Duration,
    pub(crate) over: Duration,
    /// How long it might take.
    pub(crate) limit: Duration,
    pub(crate) ending: Ending,
}

/// All calls of a world.
pub(crate) fn draw(setting: &Setting) -> Vec<Call> {
    let mut chance = chance(setting.seed, 3);
    let mut at = Duration::ZERO;
    (0..setting.calls)
        .map(|number| {
            // Some come at once: then they meet in the queues.
            if !chance.random_bool(0.4) {
                at = moment(setting, &mut chance);
            }
            draw_one(setting, &mut chance, number, at)
        })
        .collect()
}

fn draw_one(setting: &Setting, chance: &mut StdRng, number: usize, at: Duration) -> Call {
    let classes = [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent];
    let question = match chance.random_range(0..10) {
        0 => Question::PatientInsert,
        1 => Question::InsertAt(chance.random_range(0..setting.coordinators)),
        2..=4 => Question::Ask,
        _ => Question::Insert,
    };
    let class = *classes.choose(chance).expect("there are three");
    let client = chance.random_range(0..setting.clients.len());
    Call {
        client,
        marker: format!("c{client}-{number}"),
        class: if question == Question::Ask { RequestClass::Safe } else { class },
        question,
        at,
        padding: if chance.random_bool(0.05) { chance.random_range(0..300_000) } else { 0 },
        dropped: chance.random_bool(0.15).then(|| milliseconds(chance, 1, 20_000)),
    }
}

/// Makes all calls and waits for them to end.
pub(crate) async fn run(
    setting: &Setting,
    clients: &[Client],
    calls: Vec<Call>,
    network: &Network,
    trace: &Trace,
) -> Vec<Ended> {
    let mut under_way = JoinSet::new();
    for call in calls {
        let client = clients[call.client].clone();
        let mut limit = setting.clients[call.client].total;
        if call.question == Question::PatientInsert {
            limit += SERVER_TIMEOUT;
        }
        under_way.spawn(make(client, call, limit, network.clone(), trace.clone()));
    }
    let mut ended = under_way.join_all().await;
    ended.sort_by_key(|one| (one.began, one.call.at, one.over));
    ended
}

async fn make(client: Client, call: Call, limit: Duration, network: Network, trace: Trace) -> Ended {
    sleep_until(trace.moment(call.at)).await;
    let began = trace.now();
    trace.note(format_args!("{} BEGINS {:?} {:?}", call.marker, call.class, call.question));
    let answer = Box::pin(send(&client, &call, &network));
    let ending = match call.dropped {
        None => answer.await.into(),
        Some(after) => timeout(after, answer).await.map_or(Ending::Dropped, Into::into),
    };
    let over = trace.now();
    match &ending {
        Ending::Answered => trace.note(format_args!("{} ANSWERED", call.marker)),
        Ending::Dropped => trace.note(format_args!("{} DROPPED", call.marker)),
        Ending::Failed(error) => trace.note(format_args!(
            "{} FAILED {:?} {:?} {:?}: {}",
            call.marker,
            error.kind(),
            error.outcome(),
            error.stopped_by(),
            steps(error)
        )),
    }
    Ended { call, began, over, limit, ending }
}

impl From<Result<(), Error>> for Ending {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Answered)
    }
}

async fn send(client: &Client, call: &Call, network: &Network) -> Result<(), Error> {
    let insert = Insert { marker: call.marker.clone(), class: call.class, padding: call.padding };
    let system = client.db("_system");
    match call.question {
        Question::Insert => system.execute(insert).await,
        Question::PatientInsert => system.execute(PatientInsert(insert)).await,
        Question::Ask => system.execute(Ask { marker: call.marker.clone() }).await,
        Question::InsertAt(index) => {
            client.coordinator(&place_of(client, index, network)).execute(insert).await
        }
    }
}

/// Where a client finds a coordinator, or would if it knew of it.
fn place_of(client: &Client, coordinator: usize, network: &Network) -> Coordinator {
    let known = client.coordinators().into_iter().map(|state| state.address);
    let unknown = || {
        let text = format!("http://{}", network.places().newest(coordinator));
        text.parse().expect("an address is a place")
    };
    known.into_iter().find(|place| network.places().who(place) == Some(coordinator)).unwrap_or_else(unknown)
}

/// The attempts of a failed call, one word each.
pub(crate) fn steps(error: &Error) -> String {
    let word = |attempt: &arango::Attempt| {
        let coordinator = attempt.coordinator.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{:?}@{coordinator}+{}ms", attempt.kind, attempt.elapsed.as_millis())
    };
    error.attempts().iter().map(word).collect::<Vec<_>>().join(" ")
}
