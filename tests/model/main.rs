//! Checks every interleaving of two writes, lost responses, late copies and other writers; and of transactions.
//!
//! `docs/simulation.md` describes the model. The client in it is the complete one: see [`replay`].
#![allow(clippy::panic, reason = "a request that the model does not know fails the test")]
#![allow(clippy::print_stdout, reason = "the numbers of states are figures of the documentation")]

mod broken;
mod closure;
mod document;
mod family;
mod ledger;
mod message;
mod model;
mod network;
mod properties;
mod reachable;
mod replay;
mod server;
mod tickets;
mod visit;
mod writes;

use arango::data::OverwriteMode;

use crate::broken::Defect;
use crate::family::Family;
use crate::model::LostWrites;
use crate::writes::Write;

fn check(family: Family) {
    visit::check(LostWrites::new(family));
}

/// Visits the states of all families with every kind of fault, and then with more faults and writes of the third party.
#[test]
#[ignore = "takes minutes: a job of every night runs it, optimised"]
fn every_family_deeper() {
    let threads = visit::all_threads();
    for family in family::all() {
        visit::every_state(LostWrites::new(family.clone().with_all_faults()), threads);
        visit::every_state(LostWrites::new(family.deeper()), threads);
    }
}

#[test]
fn inserts_with_generated_keys() {
    check(family::generated_keys());
}

#[test]
fn inserts_with_chosen_keys() {
    check(family::chosen_keys());
}

#[test]
fn writes_under_a_revision() {
    check(family::revisions());
}

#[test]
fn writes_with_a_version() {
    check(family::versions());
}

#[test]
fn writes_without_a_condition() {
    check(family::unconditional());
}

#[test]
fn changes_that_read_before_they_write() {
    check(family::modifications());
}

/// Checks that the model finds a broken write, which another client makes at the same time as a correct one.
fn assert_found(broken: Write, other: Write, has_document: bool, property: &'static str) {
    let family = Family { has_document, ..Family::new("a broken write", vec![[broken, other]]) };
    visit::assert_found(LostWrites::new(family), property);
}

#[test]
fn a_write_that_takes_its_own_key_for_that_of_another_client_is_found() {
    let broken = broken::insert_with_own_key(1, Defect::KeyInUseIsFinal);
    assert_found(broken, writes::insert_with_own_key(2, 8), false, properties::NOT_EXECUTED);
}

#[test]
fn a_write_that_does_not_look_is_found() {
    let broken = broken::insert_with_own_key(1, Defect::KeyInUseIsFinal);
    assert_found(broken, writes::insert_with_own_key(2, 8), false, properties::LOOKED_INTO);
}

#[test]
fn a_write_that_takes_a_missing_document_for_proof_is_found() {
    let broken = broken::insert_with_own_key(1, Defect::MissingIsProof);
    assert_found(broken, writes::insert_with_own_key(2, 8), false, properties::NOT_EXECUTED);
}

#[test]
fn a_write_that_takes_an_old_revision_for_proof_is_found() {
    let broken = broken::update_if_revision(1, Defect::OldRevisionIsProof);
    assert_found(broken, writes::update(2), true, properties::NOT_EXECUTED);
}

#[test]
fn a_write_that_takes_any_document_for_its_own_is_found() {
    let broken = broken::insert_with_operation_id(1, Defect::AnyDocumentIsProof);
    assert_found(broken, writes::insert_with_chosen_key(2), false, properties::EXECUTED);
}

#[test]
fn an_update_without_a_condition_that_is_repeated_is_found() {
    let broken = broken::update(1, Defect::IsRepeated);
    assert_found(broken, writes::update(2), true, properties::ONE_EFFECT);
}

#[test]
fn an_insert_with_a_key_of_the_server_that_is_repeated_is_found() {
    let broken = broken::insert_with_server_key(1, Defect::IsRepeated);
    assert_found(broken, writes::insert_with_own_key(2, 8), false, properties::ONE_DOCUMENT);
}

#[test]
fn an_update_that_loses_its_revision_is_found() {
    let broken = broken::update_if_revision(1, Defect::ConditionIsLost);
    assert_found(broken, writes::update(2), true, properties::CONDITION);
}

#[test]
fn an_upsert_that_loses_its_version_is_found() {
    let broken = broken::upsert_with_version(1, 2, Defect::ConditionIsLost);
    let other = writes::upsert_with_version(2, 3, OverwriteMode::Update);
    assert_found(broken, other, true, properties::VERSION);
}

#[test]
fn a_ticket_that_takes_another_write_for_its_own_is_found() {
    let broken = broken::insert_with_foreign_ticket(1, 2);
    assert_found(broken, writes::insert_with_operation_id(2), false, properties::TICKET);
}

#[test]
fn a_change_that_takes_equal_content_for_its_own_is_found() {
    assert_found(broken::modify_by_content(1), writes::modify(2), true, properties::EXECUTED);
}
