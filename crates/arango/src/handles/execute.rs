//! How every operation is executed.

use std::sync::Arc;

use arango_transport::protocol::{
    Affinity, ApiResponse, BuildError, DatabaseName, Metadata, Operation, RequestClass, RequestProperties,
    Requirement, Scope,
};
use arango_transport::{BoxFuture, Call, CallParts, Coordinator, Error, PreparedRequest, Undecoded};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};

use crate::handles::call_metadata::CallMetadata;
use crate::handles::database::{Database, Pin};
use crate::handles::time_limit::TimeLimit;
use crate::handles::version_support::VersionSupport;

impl Database {
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
        let prepared = match operation.properties().requires {
            None => self.prepare_call(&operation)?,
            // Boxed: rare and large, so it should not enlarge the future of every call.
            Some(_) => Box::pin(self.prepare_with_requirement(&operation)).await?,
        };
        let sent = self.transport.send_undecoded(&prepared).await;
        // Decoded here, because each function and each result that passes the output on would move it.
        let undecoded = match self.transport.decode(&prepared, sent, |response| operation.output(response)) {
            Ok(output) => return Ok(output),
            Err(undecoded) => undecoded,
        };
        // Boxed: rare and large, so it should not enlarge the future of every call.
        Ok(Box::pin(self.recover(&operation, &prepared, undecoded)).await?.0)
    }

    /// Continues a call without an output, if it may continue, and explains its error.
    async fn recover<O: Operation>(
        &self,
        operation: &O,
        prepared: &PreparedRequest,
        undecoded: Undecoded,
    ) -> Result<(O::Output, Option<Coordinator>), Error> {
        let read = |response| operation.output(response);
        match self.transport.recover(prepared, undecoded, read).await {
            Ok(output) => Ok(output),
            Err(error) => Err(self.explain_single_server(&O::METADATA, error).await),
        }
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
        let prepared = Box::pin(self.prepare_with_requirement(&operation)).await?;
        let read = |response: ApiResponse| Ok((operation.output(response.clone())?, response));
        match self.transport.send_prepared(prepared, read).await {
            Ok(output) => Ok(output),
            Err(error) => Err(self.explain_single_server(&O::METADATA, error).await),
        }
    }

    /// Executes an operation and returns the coordinator that responded, too.
    ///
    /// For state that lives there, such as a cursor: [`prefer`](Self::prefer) sends later calls to it. `None` if
    /// middleware of the program responded itself.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn execute_with_coordinator<O: Operation>(
        &self,
        operation: O,
    ) -> Result<(O::Output, Option<Coordinator>), Error> {
        let prepared = match operation.properties().requires {
            None => self.prepare_call(&operation)?,
            Some(_) => Box::pin(self.prepare_with_requirement(&operation)).await?,
        };
        let sent = self.transport.send_undecoded(&prepared).await;
        match self.transport.decode(&prepared, sent, |response| operation.output(response)) {
            Ok(output) => Ok((output, prepared.coordinator())),
            Err(undecoded) => Box::pin(self.recover(&operation, &prepared, undecoded)).await,
        }
    }

    /// Prepares a call. Not async, so that request and metadata do not enlarge the future of the call.
    pub(crate) fn prepare_call<O: Operation>(&self, operation: &O) -> Result<PreparedRequest, Error> {
        self.prepare_with(CallMetadata::of::<O>(), operation.properties(), &|| operation.request())
    }

    /// Prepares a call, after the versions were read that an option of it depends on.
    pub(crate) async fn prepare_with_requirement<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<PreparedRequest, Error> {
        let properties = operation.properties();
        let Some(requirement) = properties.requires else { return self.prepare_call(operation) };
        // Boxed without its type, which the type of each call would contain.
        let metadata = &O::METADATA;
        let versions: BoxFuture<'_, _> = Box::pin(self.read_versions(metadata, properties, requirement));
        let (database, properties) = versions.await;
        database.prepare_with(CallMetadata::of::<O>(), properties, &|| operation.request())
    }

    /// Reads the versions that an option of a call depends on. Returns a handle for what is left of its time.
    #[inline]
    async fn read_versions(
        &self,
        metadata: &Metadata,
        properties: RequestProperties,
        requirement: &'static Requirement,
    ) -> (Self, RequestProperties) {
        let limit = TimeLimit::of(self, metadata, properties);
        let ignored = self.may_be_ignored(metadata, &properties, requirement, limit.left()).await;
        let class = requirement.class_without.filter(|_| ignored);
        (limit.apply(self), class.map_or(properties, |class| properties.class(class)))
    }

    /// Prepares a call of an operation. Without the type of the operation, for which it would be compiled each time.
    fn prepare_with(
        &self,
        metadata: &'static CallMetadata,
        properties: RequestProperties,
        request: &dyn Fn() -> Result<Request<Bytes>, BuildError>,
    ) -> Result<PreparedRequest, Error> {
        if self.pin.is_none() && needs_coordinator(metadata, &properties) {
            let metadata = (metadata.whole)();
            let call = Call::new(&metadata, properties);
            return Err(Error::needs_coordinator(&call, metadata.method, metadata.path));
        }
        let failed = |error| Err(not_built((metadata.whole)(), properties, error));
        let name = match &self.name {
            Ok(name) => name,
            Err(invalid) => return failed(invalid.clone().into()),
        };
        let mut request = request();
        // Changed where it is, because moving a request is expensive.
        if !metadata.system_only
            && let Ok(request) = &mut request
            && let Err(error) = set_database(name, request)
        {
            return failed(error);
        }
        match request {
            Ok(request) => Ok(self.transport.prepare(request, self.call(metadata, properties))),
            Err(error) => failed(error),
        }
    }

    /// Describes a call through this handle: its options, what supports it, and where it goes.
    #[inline]
    fn call(&self, metadata: &'static CallMetadata, properties: RequestProperties) -> Call {
        let requirement = properties.requires.filter(|requirement| requirement.class_without.is_none());
        let is_limited = requirement.is_some() || metadata.is_version_dependent;
        let support = || VersionSupport::new(self.clone(), (metadata.whole)(), requirement);
        let pinned = self.pinned(metadata.scope, properties.affinity);
        if metadata.stops_server
            && let Some(coordinator) = pinned
        {
            // Before it is sent: no new request should start there from then on.
            self.transport.drain(coordinator);
        }
        let preferred = match (pinned, &self.pin) {
            (None, Some(Pin::Only(coordinator) | Pin::Preferred(coordinator))) => Some(coordinator.clone()),
            (Some(_), _) | (None, None) => None,
        };
        // In one step, because each further one would move the call.
        let CallMetadata { name, success_statuses, relayed, collections_in_body, .. } = *metadata;
        Call::from_parts(CallParts {
            name,
            properties,
            success_statuses,
            relayed,
            collections_in_body,
            options: self.options.clone(),
            support: is_limited.then(|| Arc::new(support()) as _),
            pin: pinned.cloned(),
            preferred,
        })
    }

    /// Returns the only coordinator to which an operation may go through this handle.
    pub(crate) fn pinned(&self, scope: Scope, affinity: Affinity) -> Option<&Coordinator> {
        match &self.pin {
            Some(Pin::Only(coordinator)) => Some(coordinator),
            Some(Pin::Preferred(coordinator))
                if scope == Scope::Coordinator || affinity == Affinity::Owner =>
            {
                Some(coordinator)
            }
            Some(Pin::Preferred(_)) | None => None,
        }
    }
}

/// Returns the error of a request that could not be built.
#[cold]
fn not_built(metadata: Metadata, properties: RequestProperties, error: BuildError) -> Error {
    let call = Call::new(&metadata, properties);
    Error::request(&call, metadata.method, metadata.path, error)
}

/// Returns whether the caller must name a coordinator: the request changes one, or its state lives on one.
fn needs_coordinator(metadata: &CallMetadata, properties: &RequestProperties) -> bool {
    let changes_one = metadata.scope == Scope::Coordinator && properties.class != RequestClass::Safe;
    changes_one || properties.affinity == Affinity::Owner
}

/// Prefixes the path of a request with that of a database.
pub(crate) fn set_database(name: &DatabaseName, request: &mut Request<Bytes>) -> Result<(), BuildError> {
    if !name.prefix().is_empty() {
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let whole = [name.prefix(), path].concat();
        let whole = PathAndQuery::from_maybe_shared(Bytes::from(whole)).map_err(BuildError::Path)?;
        *request.uri_mut() = Uri::from(whole);
    }
    Ok(())
}
