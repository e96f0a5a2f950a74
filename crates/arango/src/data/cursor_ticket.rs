//! Reading on from the cursor of another process.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use arango_data::NextBatch;
use arango_transport::{Coordinator, Error, ErrorKind};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};

use crate::data::cursor::{Cursor, CursorEffect, read_batch};
use crate::handles::database::Database;
use crate::handles::unix_time::unix_millis;

/// Where to read on in a cursor that was [detached](Cursor::detach).
///
/// [`Display`](fmt::Display) is the text to store, and [`FromStr`] reads it. The text is a secret: with it, every user of the
/// database can read the rest of the rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CursorTicket {
    pub(super) database: String,
    pub(super) coordinator: Option<String>,
    pub(super) next: NextBatch<()>,
    pub(super) batches: u64,
    pub(super) rows: u64,
    pub(super) effect: CursorEffect,
    pub(super) ttl: Duration,
    pub(super) unix_millis: u64,
}

impl CursorTicket {
    /// Returns the database of the query.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Returns how many rows were returned before, with those that [`detach`](Cursor::detach) has returned.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns how long the server keeps the cursor after a batch was read.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Returns when the ticket was made, in milliseconds since 1970.
    pub fn unix_millis(&self) -> u64 {
        self.unix_millis
    }

    /// Returns the coordinator on which the cursor lives.
    pub(super) fn owner(&self) -> Option<Coordinator> {
        self.coordinator.as_deref()?.parse().ok()
    }
}

impl fmt::Display for CursorTicket {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for CursorTicket {
    type Err = serde_json::Error;

    #[inline]
    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        // What serde reports says nothing to a caller, and may quote the text, which is a secret.
        serde_json::from_str(text)
            .map_err(|_| serde_json::Error::custom("this is not a ticket that `Cursor::detach` has made"))
    }
}

/// Why a cursor was not resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The cursor belongs to another database than that of the handle. Nothing was sent.
    #[error("the cursor belongs to the database `{expected}`, and not to `{actual}`")]
    WrongDatabase {
        /// The database of the ticket.
        expected: String,
        /// The database of the handle.
        actual: String,
    },
    /// The cursor does not exist any more, or its coordinator was restarted.
    #[error(
        "the cursor does not exist any more: it was detached {age:.1?} ago, and is kept for {ttl:?} unless its coordinator restarts"
    )]
    Expired {
        /// The time since the ticket was made, by the clocks of both processes.
        age: Duration,
        /// How long the server keeps the cursor after a batch was read.
        ttl: Duration,
        /// What the server responded.
        source: Error,
    },
    /// The next batch could not be read. The ticket remains valid.
    #[error("the next batch of the cursor could not be read: {0}")]
    Call(#[source] Error),
}

impl Database {
    /// Reads on from a cursor that was [detached](Cursor::detach), also in another process.
    ///
    /// The next batch is read at once; if the server still computes it, that is waited for. A ticket is for one reader: it can be used again only until the batch after that is
    /// read, which happens when half of the rows of this one are consumed.
    ///
    /// ```no_run
    /// use arango::data::{Aql, CursorTicket};
    ///
    /// # async fn example(library: &arango::Database) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut titles = library.query::<String>(Aql::new("FOR b IN books RETURN b.title")).batch_size(50).await?;
    /// for _ in 0..50 {
    ///     println!("{:?}", titles.try_next().await?);
    /// }
    /// let (rest, ticket) = titles.detach()?;
    /// assert!(rest.is_empty()); // a whole batch was read
    /// let stored = ticket.map(|ticket| ticket.to_string());
    ///
    /// if let Some(stored) = stored {
    ///     let mut titles = library.resume::<String>(&stored.parse::<CursorTicket>()?).await?;
    ///     println!("{:?}", titles.try_next().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ResumeError`].
    pub async fn resume<T>(&self, ticket: &CursorTicket) -> Result<Cursor<T>, ResumeError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        if ticket.database != self.display_name() {
            let (expected, actual) = (ticket.database.clone(), self.display_name().to_owned());
            return Err(ResumeError::WrongDatabase { expected, actual });
        }
        let database = match ticket.owner() {
            Some(owner) => self.clone().prefer(owner),
            None => self.clone(),
        };
        match read_batch(&database, &ticket.next.clone().rows_as::<T>(), ticket.effect).await {
            Ok(batch) => Ok(Cursor::resumed(database, ticket, batch)),
            Err(source) if source.kind() == ErrorKind::OwnerGone => {
                let age = Duration::from_millis(unix_millis().saturating_sub(ticket.unix_millis));
                Err(ResumeError::Expired { age, ttl: ticket.ttl, source })
            }
            Err(error) => Err(ResumeError::Call(error)),
        }
    }
}
