//! Hosts that respond but are not ArangoDB. Examples are a reused address, an ingress' default page, and a gateway that
//! blocks a path.

mod all_operations;
mod members;
mod proxies;

use arango_test_cluster::{Coordinator, Fault, FaultGuard};

/// Makes another service respond to every request at the address of a coordinator.
pub(crate) fn respond_as_other_service(
    coordinator: &Coordinator,
    status: u16,
    content_type: &str,
    body: &str,
) -> FaultGuard {
    let fault = Fault::raw_response(status, content_type, body.to_owned());
    coordinator.inject(fault.header("server", "nginx/1.25.3"))
}

/// Responses of other services: status, content type and body.
pub(crate) const RESPONSES: [(u16, &str, &str); 16] = [
    (200, "text/html", "<html>Welcome to nginx!</html>"),
    (200, "text/plain", "ok"),
    (200, "application/json", r#"{"status":"ok"}"#),
    (200, "application/json", "[]"),
    (200, "application/json", ""),
    (201, "application/json", "{}"),
    (302, "text/html", "<html>Found</html>"),
    (308, "text/html", "<html>Permanent Redirect</html>"),
    (400, "text/html", "<html>400 The plain HTTP request was sent to HTTPS port</html>"),
    (401, "text/html", "<html>401 Authorization Required</html>"),
    (403, "text/html", "<html>403 Forbidden</html>"),
    (404, "text/html", "<html>404 Not Found</html>"),
    (404, "application/json", r#"{"error":"not found"}"#),
    (405, "text/html", "<html>405 Not Allowed</html>"),
    (418, "text/plain", "I am a teapot"),
    (500, "text/html", "<html>500 Internal Server Error</html>"),
];
