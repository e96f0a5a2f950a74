//! The two copies of a write that a coordinator repeats.

use http::Method;
use serde_json::Value;

use crate::api::Outcome;
use crate::http::request::Request;

/// Returns the first copy of a write of documents. `None` for any other request.
///
/// It is never silent, so that its response names the keys that the coordinator has made.
pub(in crate::api) fn first_copy(request: &Request) -> Option<Request> {
    let is_document = request.path.starts_with("/_api/document/");
    let reads =
        matches!(request.method, Method::GET | Method::HEAD) || request.query.get("onlyget").is_some();
    let mut first = (is_document && !reads).then(|| request.clone())?;
    first.query.remove("silent");
    Some(first)
}

/// Returns the second copy, with the keys that the first one got.
pub(in crate::api) fn second_copy(request: &Request, first: &Outcome) -> Request {
    let mut second = request.clone();
    let (Outcome::Now(reply), Ok(mut body)) = (first, request.json()) else { return second };
    if let (&Method::POST, Ok(made)) = (&request.method, serde_json::from_slice::<Value>(&reply.body)) {
        set_keys(&mut body, &made);
        second.body = body.to_string().into();
    }
    second
}

fn set_keys(body: &mut Value, made: &Value) {
    match (body, made) {
        (Value::Object(document), made) => {
            if let (false, Some(key)) = (document.contains_key("_key"), made.get("_key")) {
                document.insert("_key".to_owned(), key.clone());
            }
        }
        (Value::Array(documents), Value::Array(made)) => {
            documents.iter_mut().zip(made).for_each(|(document, made)| set_keys(document, made));
        }
        _ => {}
    }
}
