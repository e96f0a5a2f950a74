//! Checks every interleaving of two writes, lost responses, late copies and other writers.
//!
//! `docs/simulation.md` describes the model. The client in it is the complete one: see [`replay`].
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod document;
mod family;
mod ledger;
mod message;
mod model;
mod network;
mod properties;
mod replay;
mod server;
mod writes;

use std::time::Instant;

use stateright::{Checker as _, Model as _};

use crate::family::Family;
use crate::model::LostWrites;

/// Visits every state of a family.
fn check(name: &str, family: Family) {
    let began = Instant::now();
    let model = LostWrites::new(family);
    let replays = model.replays.clone();
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states, depth {}, {} scripts, {:.1?}",
        checker.unique_state_count(),
        checker.max_depth(),
        replays.count(),
        began.elapsed()
    );
    checker.assert_properties();
}

#[test]
fn inserts_with_generated_keys() {
    check("own keys", family::own_keys());
}

#[test]
fn inserts_with_chosen_keys() {
    check("chosen keys", family::chosen_keys());
}

#[test]
fn writes_under_a_revision() {
    check("revisions", family::revisions());
}

#[test]
fn writes_with_a_version() {
    check("versions", family::versions());
}

#[test]
fn writes_without_a_condition() {
    check("unconditional", family::unconditional());
}

#[test]
fn modifications() {
    check("modifications", family::modifications());
}
