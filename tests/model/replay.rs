//! Runs the client: what a call does after the replies that it has met so far.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::transport::BoxFuture;
use arango::{Client, Database, Limits};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::message::Reply;
use crate::network::{HOSTS, Network, Protocol};

/// What a call does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step<Q, E> {
    /// It sends a request to a coordinator.
    Sends {
        coordinator: usize,
        request: Q,
        /// When, since the start of the call.
        at: Duration,
    },
    Ends(E),
}

/// A call of a program, which returns how it has ended.
pub(crate) type Run<E> = Arc<dyn Fn(Database) -> BoxFuture<'static, E> + Send + Sync>;

/// The replies that the attempts of a call have met.
type Script<P> = Vec<Reply<<P as Protocol>::Response>>;
type Steps<P, E> = HashMap<Script<P>, Step<<P as Protocol>::Request, E>>;

/// What a call does after each script that was run.
struct Known<P: Protocol, E> {
    steps: RwLock<Steps<P, E>>,
    /// Calls that wait for the reply after their script.
    live: Mutex<HashMap<Script<P>, Live<P, E>>>,
}

/// The calls of the model, and what they do after each script.
///
/// What a call does depends only on what its attempts have met: it runs from its start, on a clock and a network that
/// are simulated. So the client is the complete one, and its state need not be copied. One of the ways in which a call
/// continues continues its first run; the others run it again.
pub(crate) struct Replays<P: Protocol, E> {
    calls: Vec<(&'static str, Run<E>)>,
    limits: Limits,
    known: Vec<Known<P, E>>,
}

impl<P: Protocol, E: Copy + 'static> Replays<P, E>
where
    P::Response: Eq + Hash,
{
    /// Creates the calls, with their names.
    pub(crate) fn new(calls: Vec<(&'static str, Run<E>)>, limits: Limits) -> Self {
        let known = calls.iter().map(|_| Known { steps: RwLock::default(), live: Mutex::default() });
        Self { known: known.collect(), calls, limits }
    }

    /// Returns how many scripts were run.
    pub(crate) fn count(&self) -> usize {
        self.known.iter().map(|known| known.steps.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Returns what a call does after these replies.
    pub(crate) fn step(&self, call: usize, script: &[Reply<P::Response>]) -> Step<P::Request, E> {
        let known = &self.known[call];
        if let Some(step) = known.steps.read().unwrap_or_else(PoisonError::into_inner).get(script) {
            return *step;
        }
        let live = || known.live.lock().unwrap_or_else(PoisonError::into_inner);
        let before = script.split_last().and_then(|(last, before)| Some((last, live().remove(before)?)));
        let mut run = match before {
            Some((last, run)) => {
                run.network.continue_with(*last);
                run
            }
            None => self.begin(call, script),
        };
        let step = run.step();
        assert!(
            run.network.has_followed_script(),
            "{}: a reply was not met, or a request not understood",
            self.calls[call].0
        );
        if matches!(step, Step::Sends { .. }) {
            live().insert(script.to_vec(), run);
        }
        known.steps.write().unwrap_or_else(PoisonError::into_inner).insert(script.to_vec(), step);
        step
    }

    /// Begins a call whose attempts meet the replies of a script.
    fn begin(&self, call: usize, script: &[Reply<P::Response>]) -> Live<P, E> {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let network = Network::<P>::new(script);
        let entered = runtime.enter();
        let client = Client::builder()
            .hosts(HOSTS.join(","))
            .basic_auth("root", "")
            .limits(self.limits.clone())
            .connect(network.clone())
            .random_source(Arc::new(SeededRandom::new(1)))
            .build()
            .expect("the settings are valid");
        let (start, future) = (Instant::now(), self.calls[call].1(client.db("library")));
        drop(entered);
        Live { future, network, start, runtime }
    }
}

/// A call in progress.
struct Live<P: Protocol, E> {
    future: BoxFuture<'static, E>,
    network: Network<P>,
    start: Instant,
    runtime: Runtime,
}

impl<P: Protocol, E> Live<P, E> {
    /// Runs the call until it needs a reply that the script does not have.
    fn step(&mut self) -> Step<P::Request, E> {
        let Self { future, network, start, runtime } = self;
        runtime.block_on(async {
            tokio::select! {
                biased;
                (coordinator, request) = network.beyond_script() => {
                    Step::Sends { coordinator, request, at: start.elapsed() }
                }
                end = future => Step::Ends(end),
            }
        })
    }
}
