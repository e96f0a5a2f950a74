//! Coordinators that come and go, and what lists say of them.

use std::collections::BTreeSet;
use std::time::Duration;

use arango_test_cluster::{Fault, Match};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;

use super::places::{LISTED, address_of};
use super::schedule::{Event, Trouble, milliseconds, moment};
use super::setting::{Peace, Setting, chance};

/// How long a write takes at one that leaves, where nothing else goes wrong.
const LEAVERS: Duration = Duration::from_secs(15);

/// Who is there while changes are drawn.
struct Roll {
    present: BTreeSet<usize>,
    absent: BTreeSet<usize>,
    /// How often each has moved.
    moves: Vec<usize>,
    /// Until when each is slow.
    slow: Vec<Duration>,
}

/// Everything that changes in a world.
pub(crate) fn draw(setting: &Setting) -> Vec<Event> {
    let mut chance = chance(setting.seed, 8);
    let mut roll = Roll {
        present: (0..setting.absent_from).collect(),
        absent: (setting.absent_from..setting.coordinators).collect(),
        moves: vec![0; setting.coordinators],
        slow: vec![Duration::ZERO; setting.coordinators],
    };
    let mut times: Vec<Duration> =
        (0..chance.random_range(3..=8)).map(|_| moment(setting, &mut chance)).collect();
    times.sort_unstable();
    let mut events = Vec::new();
    for at in times {
        match chance.random_range(0..8) {
            0 | 1 => events.extend(roll.leave(setting, at, &mut chance)),
            2 | 3 => events.extend(roll.join(at, &mut chance)),
            // One in the place of another.
            4 => {
                events.extend(roll.leave(setting, at, &mut chance));
                events.extend(roll.join(at, &mut chance));
            }
            5 => events.extend(roll.go_elsewhere(setting, at, &mut chance)),
            _ => events.push(roll.lists(setting, at, &mut chance)),
        }
    }
    events
}

impl Roll {
    /// Somebody who may go or move: the first stays where nothing is to happen to it, and so does the last.
    fn somebody(&self, setting: &Setting, chance: &mut StdRng) -> Option<usize> {
        let first = usize::from(setting.peace != Peace::Nowhere);
        let movable = self.present.iter().copied().filter(|index| *index >= first);
        movable.choose(chance).filter(|_| self.present.len() > 1)
    }

    fn leave(&mut self, setting: &Setting, at: Duration, chance: &mut StdRng) -> Vec<Event> {
        let Some(coordinator) = self.somebody(setting, chance) else { return Vec::new() };
        self.present.remove(&coordinator);
        // It ends at once, while somebody still asks it, or never; and then it does not come back, for that takes a restart.
        let lasts = milliseconds(chance, 50, 60_000);
        let stays = setting.peace == Peace::Everywhere;
        if !stays {
            self.absent.insert(coordinator);
        }
        let mut events = vec![Event { at, lasts, coordinator, trouble: Trouble::Leave { stays } }];
        // A call has time for a few that are slow, not for most of the coordinators.
        let are_slow = self.slow.iter().filter(|until| **until > at).count();
        if stays && are_slow * 3 < self.slow.len() {
            self.slow[coordinator] = at + LEAVERS * 8;
            // So that something is under way there whenever it is taken away.
            let fault = Fault::latency(LEAVERS).on(Match::post("/_api/document/*"));
            let trouble = Trouble::Fault(format!("latency {LEAVERS:?} of writes"), fault);
            events.push(Event { at, lasts: LEAVERS * 8, coordinator, trouble });
        }
        events
    }

    fn join(&mut self, at: Duration, chance: &mut StdRng) -> Option<Event> {
        let coordinator = self.absent.iter().copied().choose(chance)?;
        self.absent.remove(&coordinator);
        self.present.insert(coordinator);
        Some(Event { at, lasts: milliseconds(chance, 5, 20_000), coordinator, trouble: Trouble::Join })
    }

    /// Somebody is to be found elsewhere: at both places for a while, and then at the new one alone.
    fn go_elsewhere(&mut self, setting: &Setting, at: Duration, chance: &mut StdRng) -> Option<Event> {
        let coordinator = self.somebody(setting, chance)?;
        self.moves[coordinator] += 1;
        let to = address_of(coordinator, self.moves[coordinator]);
        Some(Event { at, lasts: milliseconds(chance, 1, 60_000), coordinator, trouble: Trouble::Move(to) })
    }

    /// What a coordinator says for a while when it is asked for a list.
    fn lists(&self, setting: &Setting, at: Duration, chance: &mut StdRng) -> Event {
        let (name, fault) = self.list(setting, chance);
        let first = usize::from(setting.peace == Peace::AtTheFirst);
        let coordinator = chance.random_range(first..setting.coordinators);
        let trouble = Trouble::Fault(format!("list {name}"), fault.on(Match::get("/_api/cluster/endpoints")));
        Event { at, lasts: milliseconds(chance, 20_000, 90_000), coordinator, trouble }
    }

    fn list(&self, setting: &Setting, chance: &mut StdRng) -> (&'static str, Fault) {
        let everybody = || self.present.iter().map(|index| address_of(*index, self.moves[*index]));
        let raw = |text: String| Fault::answer_raw(200, "application/json", text);
        let of = |addresses: Vec<std::net::SocketAddr>| {
            let endpoints: Vec<_> = addresses
                .iter()
                .map(|address| serde_json::json!({ "endpoint": format!("tcp://{address}") }))
                .collect();
            raw(serde_json::json!({ "error": false, "code": 200, "endpoints": endpoints }).to_string())
        };
        // To be silent is to be left out, which is more than a wrong list.
        let last = if setting.peace == Peace::Everywhere { 8 } else { 9 };
        match chance.random_range(0..last) {
            0 => ("500/4", Fault::answer(500, 4, "internal")),
            1 => ("nonsense", raw("nonsense".to_owned())),
            2 => ("of nobody", of(Vec::new())),
            3 => ("lacks some", of(everybody().filter(|_| chance.random_bool(0.5)).collect())),
            4..=7 => ("has strangers", of(everybody().chain(LISTED).collect())),
            _ => ("hang", Fault::hang()),
        }
    }
}
