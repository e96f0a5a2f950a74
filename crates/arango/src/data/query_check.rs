//! Checking a query at the server, without executing it.

use arango_data::{Aql, ExplainQuery, Explanation, ParseQuery, ParsedQuery};
use arango_transport::Error;

use crate::data::query_excerpt::with_excerpt;
use crate::handles::database::Database;

impl Database {
    /// Returns how the server would execute a query, without executing it.
    ///
    /// # Errors
    ///
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery), and as [`execute`](Self::execute).
    #[inline]
    pub async fn explain(&self, query: &Aql) -> Result<Explanation, Error> {
        self.execute(ExplainQuery::new(query)).await.map_err(|error| with_excerpt(error, query.text()))
    }

    /// Checks a query at the server, without executing it: its syntax, its collections and its parameters.
    ///
    /// So a mistake is found when a program starts. The result is the same query, of which is then known whether it only
    /// reads; [`rebind`](Aql::rebind) replaces its values.
    ///
    /// ```no_run
    /// use arango::data::Aql;
    ///
    /// # async fn example(library: &arango::Database) -> arango::Result<()> {
    /// let since = library.prepare(Aql::new("FOR b IN books FILTER b.year >= @from RETURN b.title").bind("from", 0)).await?;
    /// let titles: Vec<String> = library.query(since.rebind("from", 1960)).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`explain`](Self::explain).
    #[inline]
    pub async fn prepare(&self, query: Aql) -> Result<Aql, Error> {
        let writes = self.explain(&query).await?.is_modification();
        Ok(if writes { query.modifying() } else { query.read_only() })
    }

    /// Checks the syntax of a query, without executing it.
    ///
    /// # Errors
    ///
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery), and as [`execute`](Self::execute).
    #[doc(alias = "validate")]
    #[inline]
    pub async fn parse(&self, query: &Aql) -> Result<ParsedQuery, Error> {
        self.execute(ParseQuery::new(query)).await.map_err(|error| with_excerpt(error, query.text()))
    }
}
