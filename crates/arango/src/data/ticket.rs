//! Finding out later whether a write was executed.

use arango_data::{DocumentTicket, Evidence};
use arango_transport::Error;
use arango_transport::protocol::Conclusion;

use crate::handles::database::Database;

impl Database {
    /// Finds out whether the write of a ticket was executed, also in another process than that of the write.
    ///
    /// It looks in the database of the ticket; in this one if the ticket names none. A copy of a write usually lives for
    /// seconds, at most for 900 s: so [`NotSeen`](Conclusion::NotSeen) becomes more certain with time.
    ///
    /// ```no_run
    /// use arango::data::DocumentTicket;
    /// use arango::protocol::Conclusion;
    ///
    /// # async fn example(client: &arango::Client, stored: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// // Stored before: the text of `error.ticket()`.
    /// let ticket: DocumentTicket = stored.parse()?;
    /// match client.db("library").resolve(&ticket).await? {
    ///     Conclusion::Executed(evidence) => println!("executed: {evidence}"),
    ///     Conclusion::NotSeen => println!("not there, sent at {} ms", ticket.unix_millis()),
    ///     Conclusion::Superseded => println!("another write is there"),
    ///     _ => println!("the document proves nothing"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn resolve(&self, ticket: &DocumentTicket) -> Result<Conclusion<Evidence>, Error> {
        let database = match ticket.database() {
            Some(name) => self.with_name(name),
            None => self.clone(),
        };
        let document = database.execute(ticket.question()).await?;
        Ok(ticket.conclusion(Ok(document)))
    }
}
