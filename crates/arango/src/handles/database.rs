//! Handle on one database.

use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{GetVersion, VersionInfo};
use arango_transport::protocol::{DatabaseName, InvalidName};
use arango_transport::{CallOptions, Coordinator, Credentials, Error, Transport};

use crate::handles::cluster::Cluster;
use crate::handles::shared::Shared;

/// Handle on one database.
///
/// Cheap to clone; several handles can be used side by side. Creating it sends nothing, and an invalid name is reported
/// by its calls.
///
/// ```no_run
/// # async fn example(client: &arango::Client) -> arango::Result<()> {
/// # #[cfg(feature = "data")]
/// # {
/// use std::time::Duration;
///
/// use arango::data::Aql;
///
/// let library = client.db("library").timeout(Duration::from_secs(5)); // for calls of this handle
/// library.create_collection("books").ensure().await?; // unless it exists
/// let query = Aql::new("FOR b IN books FILTER b.year < @year RETURN b.title").bind("year", 1970);
/// let titles: Vec<String> = library.query(query).all().await?;
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) transport: Transport,
    // An invalid name is reported by the calls: creating a handle never fails.
    pub(super) name: Result<DatabaseName, InvalidName>,
    pub(super) options: Option<Arc<CallOptions>>,
    pub(super) pin: Option<Pin>,
    pub(crate) shared: Shared,
}

/// Where the calls of a handle go.
#[derive(Debug, Clone)]
pub(super) enum Pin {
    /// To this coordinator only.
    Only(Coordinator),
    /// To this coordinator if it is available; operations that need one coordinator go to this one only.
    Preferred(Coordinator),
}

impl Database {
    pub(crate) fn new(transport: Transport, shared: Shared, name: Result<DatabaseName, InvalidName>) -> Self {
        Self { transport, name, options: None, pin: None, shared }
    }

    /// Returns the prefix of paths of this database; empty for the default database and for an invalid name.
    pub(crate) fn prefix(&self) -> &str {
        self.name.as_ref().map_or("", DatabaseName::prefix)
    }

    /// Returns the same handle on another database.
    pub(crate) fn with_name(&self, name: &str) -> Self {
        Self { name: DatabaseName::new(name), ..self.clone() }
    }

    pub(crate) fn pinned_to(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(Pin::Only(coordinator));
        self
    }

    /// Prefers this coordinator while it belongs to the client and is available.
    ///
    /// Otherwise calls go to another coordinator. Use it for resources of one coordinator that are reachable through
    /// all of them, such as a cursor or a transaction: it names their owner.
    ///
    /// Operations on a single coordinator, or with the [affinity](arango_transport::protocol::Affinity::Owner) to the
    /// owner, go to this one only. If it does not, or no longer, belong to the client,
    /// such a call fails with [`UnknownCoordinator`](arango_transport::ErrorKind::UnknownCoordinator), and nothing is
    /// sent.
    ///
    /// ```
    /// # async fn example(client: &arango::Client) -> Result<(), arango::Error> {
    /// let here = client.coordinators()[0].address.clone();
    /// let books = client.db("books").prefer(here);
    /// println!("{:?}", books.cluster().endpoints().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn prefer(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(Pin::Preferred(coordinator));
        self
    }

    /// Sends basic credentials with every request of this handle.
    ///
    /// They replace those of the client.
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::basic(user, password))
    }

    /// Logs in once for this handle and its clones.
    ///
    /// Replaces the client's credentials.
    #[must_use]
    pub fn jwt_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::jwt(user, password))
    }

    /// Sets the credentials of this handle, instead of the client's.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).credentials(credentials);
        self
    }

    /// Limits the total time of each call; replaces the client's limit.
    ///
    /// An attempt of a call that only reads has an equal share of it for each coordinator, so that another one can be asked.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn example(client: &arango::Client) {
    /// let books = client.db("books").timeout(Duration::from_secs(5));
    /// # }
    /// ```
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).total(limit);
        self
    }

    /// Limits the next request to what is left of the call that it is a part of. `earlier`: the time that its error includes.
    pub(crate) fn within(mut self, earlier: Duration, left: Duration) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).rest_of_call(earlier, left);
        self
    }

    /// Limits the next request to what is left of the call whose latest request has failed.
    #[cfg(feature = "data")]
    pub(crate) fn after(self, failed: &Error) -> Self {
        self.within(failed.elapsed(), failed.time_left())
    }

    /// Declares that the next request is sent on behalf of this operation, before it.
    #[cfg(feature = "data")]
    pub(crate) fn preparing(mut self, operation: &'static str) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).preparing(operation);
        self
    }

    /// Replaces all options of the calls of this handle, with a time limit and credentials that were set before.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use arango::{CallOptions, RetryPolicy};
    /// # fn example(client: &arango::Client) {
    /// let counters = client.db("shop").options(
    ///     CallOptions::default()
    ///         .total(Duration::from_secs(5))
    ///         .retry(RetryPolicy::default().conflicts(10)),
    /// );
    /// # }
    /// ```
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = Some(Arc::new(options));
        self
    }

    /// Returns a handle on cluster administration, under the path of this database.
    pub fn cluster(&self) -> Cluster {
        Cluster::new(self.clone())
    }

    /// Returns the version of the coordinator that responds.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        self.execute(GetVersion::default()).await
    }
}
