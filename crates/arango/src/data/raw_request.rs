//! Requests for which there is no type.

use std::fmt;
use std::future::IntoFuture;

use arango_transport::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties, Scope,
};
use arango_transport::{BoxFuture, Call, Error};
use bytes::Bytes;
use http::{HeaderName, Method, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data::raw_origin;
use crate::handles::cluster::Cluster;
use crate::handles::coordinator::CoordinatorHandle;
use crate::handles::database::Database;

/// The parameter of the path template: the whole path.
const PATH: &str = "path";

impl Database {
    /// Creates a request for which this client has no method, sent when it is awaited.
    ///
    /// The path is relative to the database, such as `/_api/query/properties`, without a query. Its segments are
    /// percent-encoded, so it is written as the names are. A name that may contain a slash is a
    /// [`segment`](RawRequest::segment).
    ///
    /// ```no_run
    /// use arango::http::Method;
    /// use arango::protocol::RequestClass;
    /// use serde::Deserialize;
    /// use serde_json::json;
    ///
    /// #[derive(Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Tracking {
    ///     enabled: bool,
    ///     slow_query_threshold: f64,
    /// }
    ///
    /// # async fn example(client: &arango::Client) -> Result<(), arango::Error> {
    /// let shop = client.db("shop");
    /// let path = "/_api/query/properties";
    /// let now: Tracking = shop.raw(Method::GET, path).decode().await?;
    ///
    /// let settings = json!({ "slowQueryThreshold": now.slow_query_threshold / 2.0 });
    /// let response = shop
    ///     .raw(Method::PUT, path)
    ///     .json(&settings)
    ///     .class(RequestClass::Idempotent) // may be repeated; without it, it is sent once
    ///     .await?;
    /// println!("{} {:?}", response.status(), response.headers());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "request")]
    #[doc(alias = "route")]
    pub fn raw(&self, method: Method, path: &str) -> RawRequest {
        RawRequest::new(self.clone(), method, path)
    }
}

impl Cluster {
    /// Creates a request for which this client has no method, as [`Database::raw`].
    pub fn raw(&self, method: Method, path: &str) -> RawRequest {
        self.database.raw(method, path)
    }
}

impl CoordinatorHandle {
    /// Creates a request to this coordinator for which this client has no method, as [`Database::raw`].
    pub fn raw(&self, method: Method, path: &str) -> RawRequest {
        self.db("_system").raw(method, path)
    }
}

/// A request for which this client has no method, sent when it is awaited.
///
/// It has the failover, the deadline and the errors of every call. What the client cannot know is whether it may be
/// repeated: a `GET` or `HEAD` counts as [safe](RequestClass::Safe), every other one as
/// [not idempotent](RequestClass::NonIdempotent), unless its [class](Self::class) is set. Created by
/// [`Database::raw`]; where a type is worth it, write an [`Operation`] instead.
///
/// It yields the response with status and headers, or with [`decode`](Self::decode) a type of the program. Responses that are
/// not JSON, such as metrics, need an operation. Dropping it before it is awaited sends nothing.
///
/// # Errors
///
/// As [`Database::execute`]. An error object is an error, whatever the status is. A success that nothing identifies as
/// ArangoDB's is [`NotArangoDb`](crate::ErrorKind::NotArangoDb): neither its headers, nor the body by what ArangoDB writes into each,
/// nor a field that [`decode`](Self::decode) requires. An empty success is accepted.
#[must_use = "the request is sent when it is awaited"]
pub struct RawRequest<T = ApiResponse> {
    database: Database,
    method: Method,
    path: String,
    class: RequestClass,
    builder: RequestBuilder,
    invalid: Option<BuildError>,
    output: fn(ApiResponse) -> Result<T, OutputError>,
}

impl RawRequest {
    fn new(database: Database, method: Method, path: &str) -> Self {
        let segments = path.strip_prefix('/').unwrap_or(path);
        let reason = if path.contains('?') {
            Some("must not contain a query: its parameters are set with `query`")
        } else if path.contains("://") {
            Some("must not name a host: the client picks the coordinator")
        } else if segments.starts_with("_db/") {
            Some("must not name a database: it is that of the handle")
        } else {
            None
        };
        Self {
            database,
            // What looks like a query is refused, and not printed.
            path: path.split('?').next().unwrap_or_default().to_owned(),
            class: RequestClass::of_method(&method),
            method,
            builder: RequestBuilder::new(SendRaw::<()>::METADATA).path_segments(PATH, segments),
            invalid: reason.map(|reason| BuildError::Field { field: PATH, reason }),
            output: raw_origin::accept,
        }
    }

    /// Decodes the body of the response as JSON, instead of returning the response.
    ///
    /// Use a type with a field that must be there: it shows that ArangoDB has written the body.
    pub fn decode<T: DeserializeOwned>(self) -> RawRequest<T> {
        let Self { database, method, path, class, builder, invalid, output: _ } = self;
        RawRequest { database, method, path, class, builder, invalid, output: raw_origin::decode }
    }
}

impl<T> RawRequest<T> {
    /// Appends one percent-encoded segment to the path, such as the name of a collection.
    ///
    /// Before any [`query`](Self::query).
    pub fn segment(self, value: &str) -> Self {
        self.map(|builder| builder.append_segment("segment", value))
    }

    /// Adds `name=value` to the query, percent-encoded.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.map(|builder| builder.query(name, value))
    }

    /// Sets a header, such as `if-match`, by its name or a [`HeaderName`]. An invalid name is an error of the call.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: &str) -> Self {
        let Ok(name) = name.try_into() else {
            let invalid = BuildError::Field { field: "header", reason: "is not the name of an HTTP header" };
            self.invalid.get_or_insert(invalid);
            return self;
        };
        self.map(|builder| builder.header(name, value))
    }

    /// Sets the body to `value` as JSON.
    pub fn json<B: Serialize + ?Sized>(self, value: &B) -> Self {
        self.map(|builder| builder.json(value))
    }

    /// Declares whether the request may be repeated, if it may have been executed.
    ///
    /// Nothing checks it: a request of the wrong class may be executed twice.
    pub fn class(mut self, class: RequestClass) -> Self {
        self.class = class;
        self
    }

    fn map(mut self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    async fn send(self) -> Result<T, Error> {
        let Self { database, method, path, class, builder, invalid, output } = self;
        let built = match (invalid, database.checked_name()) {
            (Some(invalid), _) => Err(invalid),
            (None, Err(name)) => Err(name.into()),
            (None, Ok(_)) => builder.build(),
        };
        let mut request = match built {
            Ok(request) => request,
            Err(error) => {
                let call = Call::new(&SendRaw::<T>::METADATA, RequestProperties::with_class(class));
                return Err(Error::request(&call, method, &path, error));
            }
        };
        *request.method_mut() = method;
        database.execute(SendRaw { request, class, output }).await
    }
}

impl<T: Send + 'static> IntoFuture for RawRequest<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

// The query, the headers and the body are omitted: they may be secret.
impl<T> fmt::Debug for RawRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// The operation of a request that has been built.
struct SendRaw<T> {
    request: Request<Bytes>,
    class: RequestClass,
    output: fn(ApiResponse) -> Result<T, OutputError>,
}

impl<T> Operation for SendRaw<T> {
    type Output = T;

    /// The method is replaced in the request.
    const METADATA: Metadata = Metadata::get("raw_request", "/{path}").scope(Scope::Database);

    fn properties(&self) -> RequestProperties {
        RequestProperties::with_class(self.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        Ok(self.request.clone())
    }

    fn output(&self, response: ApiResponse) -> Result<T, OutputError> {
        (self.output)(response)
    }
}
