//! The analyzers of a database.

use arango_data::{
    Analyzer, AnalyzerInfo, DropStatus, EnsureAnalyzer, Ensured, GetAnalyzer, ListAnalyzers, RemoveAnalyzer,
};
use arango_transport::Error;

use crate::handles::database::Database;

/// The analyzers of the database. All methods fail as [`execute`](Database::execute) does.
impl Database {
    /// Lists the analyzers of this database, those of `_system`, and those that every server has.
    #[inline]
    pub async fn analyzers(&self) -> Result<Vec<AnalyzerInfo>, Error> {
        self.execute(ListAnalyzers).await
    }

    /// Returns an analyzer; `None` if there is none of this name.
    #[inline]
    pub async fn analyzer(&self, name: &str) -> Result<Option<AnalyzerInfo>, Error> {
        self.execute(GetAnalyzer { name: name.to_owned() }).await
    }

    /// Creates an analyzer, or compares it if there is one of the name. It is never changed.
    ///
    /// ```no_run
    /// use arango::data::{Analyzer, AnalyzerFeature};
    ///
    /// # async fn example(library: &arango::Database) -> arango::Result<()> {
    /// let words = Analyzer::text("en").with("stemming", false).features([AnalyzerFeature::Frequency]);
    /// println!("{}", library.ensure_analyzer("words", words).await?); // such as `analyzer words created`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Server`](crate::ErrorKind::Server) with error 10 if the definition is invalid. An existing analyzer is no error, even
    /// if it differs.
    #[doc(alias = "create_analyzer")]
    #[doc(alias = "createAnalyzer")]
    #[inline]
    pub async fn ensure_analyzer(
        &self,
        name: &str,
        analyzer: Analyzer,
    ) -> Result<Ensured<AnalyzerInfo>, Error> {
        self.execute_resolving(EnsureAnalyzer::new(name, analyzer)).await
    }

    /// Removes an analyzer. One that is not there is no error. Sent once.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict) if a view or an index uses it:
    /// [`RemoveAnalyzer::even_if_used`] removes it nevertheless.
    #[doc(alias = "delete_analyzer")]
    #[inline]
    pub async fn remove_analyzer(&self, name: &str) -> Result<DropStatus, Error> {
        self.execute_resolving(RemoveAnalyzer::new(name)).await
    }
}
