//! A handle on one database, and the way that every operation goes.

use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{GetVersion, VersionInfo};
use arango_transport::protocol::{
    ApiResponse, BuildError, DatabaseName, InvalidName, Metadata, Operation, RequestClass, Scope,
};
use arango_transport::{Call, CallOptions, Coordinator, Credentials, Error, Prepared, Transport};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};

use crate::Cluster;
use crate::roles::Roles;
use crate::versions::Versions;

/// A handle on one database. Cheap to clone; handles on several databases live side by side.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) transport: Transport,
    // A name that cannot be one is told of when something is asked: making a handle never fails.
    name: Result<DatabaseName, InvalidName>,
    options: Option<Arc<CallOptions>>,
    pin: Option<Pin>,
    pub(crate) versions: Versions,
    pub(crate) roles: Roles,
}

/// Where the calls of a handle go.
#[derive(Debug, Clone)]
enum Pin {
    /// To this coordinator and to no other.
    Only(Coordinator),
    /// To this coordinator as long as it can be asked; what acts on one coordinator, or speaks of it, to this one
    /// alone.
    Preferred(Coordinator),
}

impl Database {
    pub(crate) fn new(
        transport: Transport,
        versions: Versions,
        roles: Roles,
        name: Result<DatabaseName, InvalidName>,
    ) -> Self {
        Self { transport, name, options: None, pin: None, versions, roles }
    }

    /// The only coordinator that an operation may go to through this handle.
    pub(crate) fn pinned(&self, facts: &Metadata) -> Option<&Coordinator> {
        match &self.pin {
            Some(Pin::Only(coordinator)) => Some(coordinator),
            Some(Pin::Preferred(coordinator)) if facts.scope == Scope::Coordinator => Some(coordinator),
            Some(Pin::Preferred(_)) | None => None,
        }
    }

    /// The same handle on another database.
    pub(crate) fn named(&self, name: &str) -> Self {
        Self { name: DatabaseName::new(name), ..self.clone() }
    }

    pub(crate) fn pinned_to(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(Pin::Only(coordinator));
        self
    }

    /// Sends each call to this coordinator as long as it is one of the client's and takes requests, and else to another:
    /// for what lives on one coordinator and is reached through all of them, such as a cursor or a transaction.
    ///
    /// What acts on one coordinator, or speaks of it, goes to this one and to no other. If that is not one of the
    /// client's, or is no more, such a call fails with
    /// [`UnknownCoordinator`](arango_transport::ErrorKind::UnknownCoordinator), and nothing of it is sent.
    ///
    /// ```
    /// # async fn example(client: &arango::Client) -> Result<(), arango::Error> {
    /// let here = client.coordinators()[0].address.clone();
    /// let books = client.db("books").preferring(here);
    /// println!("{:?}", books.cluster().endpoints().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn preferring(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(Pin::Preferred(coordinator));
        self
    }

    /// Logs in as `user` with every request of this handle, instead of as the client does.
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::basic(user, password))
    }

    /// Logs in as `user` once for this handle and its clones, instead of as the client does.
    #[must_use]
    pub fn jwt_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::jwt(user, password))
    }

    /// Sends these credentials, instead of the client's.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as the one of the client")]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).credentials(&credentials);
        self
    }

    /// Limits each call of this handle as a whole, instead of as the client does.
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

    /// Wants these things otherwise than the client, with each call of this handle; what was said of this handle
    /// before is forgotten.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use arango::{CallOptions, RetryPolicy};
    /// # fn example(client: &arango::Client) {
    /// let counters = client.db("shop").options(
    ///     CallOptions::default()
    ///         .total(Duration::from_secs(5))
    ///         .retry(RetryPolicy::default().on_conflict(10)),
    /// );
    /// # }
    /// ```
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = Some(Arc::new(options));
        self
    }

    /// The administration of the cluster, asked under the path of this database.
    pub fn cluster(&self) -> Cluster {
        Cluster::new(self.clone())
    }

    /// The version of whichever coordinator answers.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        self.execute(GetVersion::default()).await
    }

    /// Executes an operation: one of ours, or one that a user wrote.
    ///
    /// # Errors
    ///
    /// If the request could not be formed, if no coordinator could be made to answer, if the answer
    /// is a refusal, or if it cannot be read. The error tells which, and whether the operation may
    /// have been executed.
    ///
    /// An operation that not every server has is refused by those that lack it. The error then is of the kind
    /// [`NotSupported`](arango_transport::ErrorKind::NotSupported), and [tells](Error::unsupported) which version it
    /// needs and which there is. Once that is known of every coordinator that it may go to, nothing is sent; where some
    /// have it and some do not, it goes to one that has it.
    ///
    /// A server that is not part of a cluster refuses the administration of clusters in several ways, with 403, 500 and
    /// 501. It is then asked for its role, once, and the error is of the kind
    /// [`NotACluster`](arango_transport::ErrorKind::NotACluster) if that is `SINGLE`.
    pub async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let failed = if O::METADATA.is_version_dependent() {
            // Seldom, and large: not in the future of every call.
            match Box::pin(self.execute_gated(&operation, |answer| operation.output(answer))).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        } else {
            let prepared = self.prepare(&operation)?;
            match self.transport.ask_prepared(prepared, |answer| operation.output(answer)).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        };
        Err(self.explained(&O::METADATA, failed).await)
    }

    /// Executes an operation and keeps the answer, with every field that no type of ours names.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn execute_keeping<O: Operation>(
        &self,
        operation: O,
    ) -> Result<(O::Output, ApiResponse), Error> {
        let read = |answer: ApiResponse| Ok((operation.output(answer.clone())?, answer));
        let failed = if O::METADATA.is_version_dependent() {
            match Box::pin(self.execute_gated(&operation, read)).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        } else {
            let prepared = self.prepare(&operation)?;
            match self.transport.ask_prepared(prepared, read).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        };
        Err(self.explained(&O::METADATA, failed).await)
    }

    /// Begins to ask: not part of the future, which would carry request and facts along to its end.
    pub(crate) fn prepare<O: Operation>(&self, operation: &O) -> Result<Prepared, Error> {
        let facts = O::METADATA;
        let class = operation.class();
        let mut call = Call::of(&facts, class);
        if let Some(options) = &self.options {
            call = call.options(Arc::clone(options));
        }
        match (self.pinned(&facts), &self.pin) {
            (Some(coordinator), _) => {
                if facts.stops_server {
                    // Before it is sent: from then on nothing new should begin there.
                    self.transport.spare(coordinator);
                }
                call = call.pinned_to(coordinator.clone());
            }
            (None, Some(Pin::Only(coordinator) | Pin::Preferred(coordinator))) => {
                call = call.preferring(coordinator.clone());
            }
            // Sent anywhere it would change whichever coordinator happened to be next.
            (None, None) if facts.scope == Scope::Coordinator && class != RequestClass::Safe => {
                return Err(Error::needs_coordinator(&call, facts.method, facts.path));
            }
            (None, None) => {}
        }
        match self.request(operation, facts.system_only) {
            Ok(request) => Ok(self.transport.prepare(request, call)),
            Err(error) => Err(Error::request(&call, facts.method, facts.path, error)),
        }
    }

    /// Forms the request of an operation, under the path of this database unless only `_system` will do.
    fn request<O: Operation>(&self, operation: &O, system_only: bool) -> Result<Request<Bytes>, BuildError> {
        let name = self.name.as_ref().map_err(Clone::clone)?;
        let request = operation.request();
        if system_only { request } else { in_database(name, request) }
    }
}

/// Puts a request under the path of a database.
pub(crate) fn in_database(
    name: &DatabaseName,
    mut request: Result<Request<Bytes>, BuildError>,
) -> Result<Request<Bytes>, BuildError> {
    if let Ok(request) = &mut request
        && !name.prefix().is_empty()
    {
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let whole = [name.prefix(), path].concat();
        let whole = PathAndQuery::from_maybe_shared(Bytes::from(whole)).map_err(BuildError::Path)?;
        *request.uri_mut() = Uri::from(whole);
    }
    request
}
