//! Whether each client that looks for coordinators has found those that there are, and no others.

use std::time::Duration;

use arango::Membership;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Aftermath;

/// Within what time: that of two lists, and of candidates that were given up for ten minutes because none of them worked.
const SETTLING: Duration = Duration::from_secs(720);
/// How often each client asks meanwhile.
const RHYTHM: Duration = Duration::from_secs(2);

impl Aftermath<'_> {
    /// Asks now and then until each client has all coordinators of the cluster, each once, and no other; then tells who has
    /// not.
    pub(crate) async fn unsettled(&self) -> Vec<String> {
        if !self.setting.kind.is_changing() {
            return Vec::new();
        }
        let began = Instant::now();
        let mut traffic = JoinSet::new();
        let mut unsettled = self.wrong();
        for number in 0.. {
            if unsettled.is_empty() || began.elapsed() >= SETTLING {
                break;
            }
            self.ask_all(&mut traffic, &format!("settling-{number}"));
            sleep(RHYTHM).await;
            unsettled = self.wrong();
        }
        self.trace.note(format_args!("SETTLED after {:?}, but for {unsettled:?}", began.elapsed()));
        traffic.join_all().await;
        unsettled
    }

    /// Whether nobody is left who could tell a client of the others.
    pub(super) fn is_lost(&self, client: usize) -> bool {
        !self.each().iter().any(|(whose, _)| *whose == client)
    }

    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let there = self.each();
        for (client, it) in self.clients.iter().enumerate().filter(|(client, _)| !self.is_lost(*client)) {
            for coordinator in (0..self.setting.coordinators).filter(|index| !self.away.contains(index)) {
                let mine = there.iter().filter(|(whose, _)| *whose == client);
                let times = mine.filter(|(_, state)| self.is_there(state) == Some(coordinator)).count();
                let named = self.times_named(client, coordinator);
                if times != named {
                    wrong.push(format!("c{client} has k{coordinator} {times} times"));
                }
            }
            for state in it.coordinators() {
                if state.membership == Membership::Discovered && self.is_there(&state).is_none() {
                    wrong.push(format!("c{client} has {}, where nobody is", state.address));
                }
            }
        }
        wrong
    }

    /// How often a client is to have a coordinator: once, unless it was named more often.
    fn times_named(&self, client: usize, coordinator: usize) -> usize {
        let places = self.network.places();
        let named = self.census.named(client).iter();
        named
            .filter(|place| places.who(place) == Some(coordinator) && places.is_inhabited(place))
            .count()
            .max(1)
    }
}
