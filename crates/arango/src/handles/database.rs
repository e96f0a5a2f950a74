//! Handle on one database, and how every operation is executed.

use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{GetVersion, VersionInfo};
use arango_transport::protocol::{
    ApiResponse, BuildError, DatabaseName, InvalidName, Metadata, Operation, RequestClass, Scope,
};
use arango_transport::{Call, CallOptions, Coordinator, Credentials, Error, PreparedRequest, Transport};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};

use crate::handles::cluster::Cluster;
use crate::handles::roles::Roles;
use crate::handles::versions::Versions;

/// Handle on one database.
///
/// Cheap to clone; several handles can be used side by side.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) transport: Transport,
    // An invalid name is reported by the calls: creating a handle never fails.
    name: Result<DatabaseName, InvalidName>,
    options: Option<Arc<CallOptions>>,
    pin: Option<Pin>,
    pub(crate) versions: Versions,
    pub(crate) roles: Roles,
}

/// Where the calls of a handle go.
#[derive(Debug, Clone)]
enum Pin {
    /// To this coordinator only.
    Only(Coordinator),
    /// To this coordinator if it is available; operations on a single coordinator go to this one only.
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

    /// Returns the only coordinator to which an operation may go through this handle.
    pub(crate) fn pinned(&self, metadata: &Metadata) -> Option<&Coordinator> {
        match &self.pin {
            Some(Pin::Only(coordinator)) => Some(coordinator),
            Some(Pin::Preferred(coordinator)) if metadata.scope == Scope::Coordinator => Some(coordinator),
            Some(Pin::Preferred(_)) | None => None,
        }
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
    /// all of them, such as a cursor or a transaction.
    ///
    /// Operations on a single coordinator go to this one only. If it does not, or no longer, belong to the client,
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
    #[expect(clippy::needless_pass_by_value, reason = "same signature as the client builder")]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).credentials(&credentials);
        self
    }

    /// Limits the total time of each call; replaces the client's limit.
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

    /// Replaces the per-call options of this handle.
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
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        self.execute(GetVersion::default()).await
    }

    /// Executes an operation, of this workspace or a custom one.
    ///
    /// # Errors
    ///
    /// If the request could not be built, if no coordinator responded, if the response is an error, or if it cannot
    /// be decoded. The error reports which, and whether the operation may have been executed.
    ///
    /// An operation that not every server version supports is refused by servers without it. The error then is of the
    /// kind [`NotSupported`](arango_transport::ErrorKind::NotSupported), and [reports](Error::unsupported) the
    /// required and the actual version. Once every coordinator that it may go to is known to lack it, nothing is
    /// sent. If only some have it, it goes to one of those.
    ///
    /// A server that is not part of a cluster refuses cluster administration in several ways, with 403, 500 and 501.
    /// Its role is then read, once, and the error is of the kind
    /// [`NotACluster`](arango_transport::ErrorKind::NotACluster) if the role is `SINGLE`.
    pub async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let failed = if O::METADATA.is_version_dependent() {
            // Boxed: rare and large, so it should not enlarge the future of every call.
            match Box::pin(self.execute_version_dependent(&operation, |response| operation.output(response)))
                .await
            {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        } else {
            let prepared = self.prepare(&operation)?;
            match self.transport.send_prepared(prepared, |response| operation.output(response)).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        };
        Err(self.explain_single_server(&O::METADATA, failed).await)
    }

    /// Executes an operation and returns the response too, with all its fields.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn execute_with_response<O: Operation>(
        &self,
        operation: O,
    ) -> Result<(O::Output, ApiResponse), Error> {
        let read = |response: ApiResponse| Ok((operation.output(response.clone())?, response));
        let failed = if O::METADATA.is_version_dependent() {
            match Box::pin(self.execute_version_dependent(&operation, read)).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        } else {
            let prepared = self.prepare(&operation)?;
            match self.transport.send_prepared(prepared, read).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            }
        };
        Err(self.explain_single_server(&O::METADATA, failed).await)
    }

    /// Prepares a call. Not async, so that request and metadata do not enlarge the future of the call.
    pub(crate) fn prepare<O: Operation>(&self, operation: &O) -> Result<PreparedRequest, Error> {
        let metadata = O::METADATA;
        let properties = operation.properties();
        let mut call = Call::new(&metadata, properties);
        if let Some(options) = &self.options {
            call = call.options(Arc::clone(options));
        }
        match (self.pinned(&metadata), &self.pin) {
            (Some(coordinator), _) => {
                if metadata.stops_server {
                    // Before it is sent: no new request should start there from then on.
                    self.transport.drain(coordinator);
                }
                call = call.pinned_to(coordinator.clone());
            }
            (None, Some(Pin::Only(coordinator) | Pin::Preferred(coordinator))) => {
                call = call.prefer(coordinator.clone());
            }
            // Without a pin it would change an arbitrary coordinator.
            (None, None)
                if metadata.scope == Scope::Coordinator && properties.class != RequestClass::Safe =>
            {
                return Err(Error::needs_coordinator(&call, metadata.method, metadata.path));
            }
            (None, None) => {}
        }
        match self.request(operation, metadata.system_only) {
            Ok(request) => Ok(self.transport.prepare(request, call)),
            Err(error) => Err(Error::request(&call, metadata.method, metadata.path, error)),
        }
    }

    /// Builds the request of an operation, under the path of this database unless it needs `_system`.
    fn request<O: Operation>(&self, operation: &O, system_only: bool) -> Result<Request<Bytes>, BuildError> {
        let name = self.name.as_ref().map_err(Clone::clone)?;
        let request = operation.request();
        if system_only { request } else { in_database(name, request) }
    }
}

/// Prefixes the path of a request with that of a database.
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
