//! The accounts and the ledger at the end.

use std::collections::BTreeMap;

use arango::Client;
use arango::data::{Aql, Document, DocumentTicket, Evidence};
use arango::protocol::Conclusion;

use super::setup::{ACCOUNTS, LEDGER};
use super::transfer::{Account, End, Entry, TransferRun};

/// What is stored at the end.
#[derive(Debug)]
pub(super) struct Stored {
    /// The sums by account.
    pub(super) accounts: BTreeMap<String, i64>,
    pub(super) ledger: Vec<Entry>,
    /// What the tickets of transfers say, by marker.
    pub(super) tickets: BTreeMap<String, Conclusion<Evidence>>,
    pub(super) open_transactions: Vec<String>,
}

/// Reads everything through a client whose network has no faults.
pub(super) async fn read(admin: &Client, runs: &[TransferRun], open_transactions: Vec<String>) -> Stored {
    let bank = admin.db("_system");
    let all = |collection: &str| {
        let name = bank.collection(collection);
        Aql::new("FOR d IN @@all RETURN d").collection("all", &name)
    };
    let accounts: Vec<Document<Account>> =
        bank.query(all(ACCOUNTS)).all().await.expect("the faults are over");
    let ledger = bank.query(all(LEDGER)).all().await.expect("the faults are over");
    let mut tickets = BTreeMap::new();
    for run in runs {
        let End::Failed(error) = &run.end else { continue };
        let Some(ticket) = error.ticket() else { continue };
        let ticket: DocumentTicket = ticket.parse().expect("a ticket can be read");
        let conclusion = bank.resolve(&ticket).await.expect("the faults are over");
        tickets.insert(run.transfer.marker.clone(), conclusion);
    }
    Stored {
        accounts: accounts.into_iter().map(|account| (account.key.to_string(), account.data.sum)).collect(),
        ledger,
        tickets,
        open_transactions,
    }
}
