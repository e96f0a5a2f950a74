//! Begins a transaction.

use tokio::time::Instant;

use super::{Access, Transaction};
use crate::config::settings::Config;
use crate::state::State;
use crate::state::databases::Database;
use crate::store::database_view::DatabaseView;
use crate::store::size_limit::SizeLimit;

/// What a client has asked for.
#[derive(Debug)]
pub(crate) struct NewTransaction {
    pub(crate) user: Option<String>,
    pub(crate) database: String,
    pub(crate) access: Access,
    pub(crate) reads_dirty: bool,
    /// How many bytes it may write.
    pub(crate) max_size: usize,
}

impl State {
    /// Begins a transaction of coordinator `index` with a snapshot of the database. Returns its id.
    pub(crate) fn begin_transaction(&mut self, index: usize, new: NewTransaction, config: &Config) -> u64 {
        let now = self.current_time;
        let id = self.transactions.next_id(index);
        let (view, leaders) = match self.databases.get(&new.database) {
            Some(database) => {
                (self.transaction_view(database, index, &new, config), self.all_leaders(database))
            }
            None => Default::default(),
        };
        let transaction = Transaction {
            id,
            user: new.user,
            database: new.database,
            access: new.access,
            reads_dirty: new.reads_dirty,
            view,
            leaders,
            expires: self.transactions.expiry(now),
            used_by: None,
        };
        self.transactions.running.insert(id, transaction);
        id
    }

    fn transaction_view(
        &self,
        database: &Database,
        index: usize,
        new: &NewTransaction,
        config: &Config,
    ) -> DatabaseView {
        let mut view = self.database_view(database, index, config);
        let limit = SizeLimit::new(new.max_size);
        view.views_mut().for_each(|(_, view)| view.set_limit(limit.clone()));
        view.restrict(|name| new.access.may_read(name));
        view
    }
}

impl super::Transactions {
    /// Returns when a transaction that is used now expires.
    pub(super) fn expiry(&self, now: Instant) -> Instant {
        now + self.settings.idle_timeout
    }
}
