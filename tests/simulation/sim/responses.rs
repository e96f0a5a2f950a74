//! Faulty responses of a coordinator, or of a proxy before it: rows R18 to R45.

use arango_test_cluster::Fault;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};

use Body::{Arango, Proxy};
use Executed::{Maybe, No};

/// The host that redirects and `x-arango-endpoint` headers point to. It must not be contacted.
pub(crate) const UNTRUSTED_HOST: &str = "192.0.2.66:8529";

/// Body of a response.
#[derive(Clone, Copy)]
enum Body {
    /// An error object with this number.
    Arango(u32),
    /// Not from ArangoDB.
    Proxy,
}

/// Whether the request may have been executed. Responses of the kind `No` are sent only before execution.
#[derive(Clone, Copy, PartialEq)]
enum Executed {
    No,
    Maybe,
}

/// One row: id, status, body, execution, and whether a safe request is retried on another coordinator.
struct Row(&'static str, u16, Body, Executed, bool);

const ROWS: &[Row] = &[
    Row("R12", 401, Arango(11), No, false),
    Row("R18", 403, Arango(11), No, false),
    Row("R19", 403, Arango(1004), No, false),
    Row("R20", 503, Arango(503), No, true),
    Row("R20", 503, Arango(38), No, true),
    Row("R21", 503, Arango(30), Maybe, true),
    Row("R22", 503, Arango(21003), No, true),
    Row("R23", 500, Arango(21003), Maybe, true),
    Row("R24", 412, Arango(21004), No, true),
    Row("R25", 503, Arango(1478), Maybe, true),
    Row("R26", 503, Arango(1465), Maybe, true),
    Row("R27", 500, Arango(1457), Maybe, true),
    Row("R28", 421, Arango(1491), Maybe, true),
    Row("R28", 503, Arango(1491), Maybe, true),
    Row("R29a", 503, Arango(1495), No, true),
    Row("R29a", 503, Arango(1496), No, true),
    Row("R30", 404, Arango(1228), No, false),
    Row("R31", 404, Arango(1203), No, false),
    Row("R32", 404, Arango(1600), No, false),
    Row("R33", 409, Arango(1601), No, false),
    Row("R34", 409, Arango(1200), No, false),
    Row("R36", 412, Arango(1200), No, false),
    Row("R37", 410, Arango(1500), Maybe, false),
    Row("R38", 500, Arango(503), Maybe, true),
    Row("R38", 500, Arango(1492), Maybe, true),
    Row("R39", 500, Arango(4), Maybe, false),
    Row("R40", 429, Proxy, No, true),
    Row("R41", 502, Proxy, Maybe, true),
    Row("R41", 503, Proxy, Maybe, true),
    Row("R41", 504, Proxy, Maybe, true),
    Row("R04b", 200, Proxy, Maybe, true),
    Row("R05", 400, Proxy, Maybe, true),
    Row("R05", 401, Proxy, No, true),
    Row("R05", 403, Proxy, No, true),
    Row("R05", 404, Proxy, Maybe, true),
    Row("R05", 500, Proxy, Maybe, true),
    Row("R05", 600, Proxy, Maybe, true),
    Row("R05a", 413, Proxy, No, false),
    Row("R42", 301, Proxy, Maybe, true),
    Row("R42", 303, Proxy, Maybe, true),
    Row("R42", 307, Proxy, No, false),
    Row("R42", 308, Arango(503), No, false),
    Row("R43", 408, Proxy, Maybe, true),
    Row("R43", 408, Arango(504), Maybe, false),
    Row("R44", 501, Arango(9), No, false),
    Row("R45", 400, Arango(600), Maybe, false),
];

/// Which responses may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFilter {
    /// All of them.
    Any,
    /// Those after which a safe request is retried on another coordinator.
    Retryable,
}

/// Draws a response, with a description for the trace.
pub(crate) fn draw(rng: &mut StdRng, filter: ResponseFilter) -> (String, Fault) {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.4 || filter == ResponseFilter::Any).collect();
    let Row(row, status, body, executed, _) = rows.choose(rng).expect("there are rows of both kinds");
    let mut fault = match body {
        // Another length changes what seeds do, since connections are cut after a number of bytes.
        Arango(number) => Fault::response(*status, *number, "scripted response"),
        Proxy => Fault::raw_response(*status, "text/html", "<html>scripted response</html>"),
    };
    let mut name = match body {
        Arango(number) => format!("{row} {status}/{number}"),
        Proxy => format!("{row} {status}"),
    };
    if matches!(status, 301 | 303 | 307 | 308) {
        fault = fault.header("location", format!("http://{UNTRUSTED_HOST}/_api/document/books"));
    }
    if *row == "R29a" {
        fault = fault.header("x-arango-endpoint", format!("tcp://{UNTRUSTED_HOST}"));
    }
    if matches!(body, Proxy) && matches!(status, 429 | 502 | 503) && rng.random_bool(0.3) {
        fault = fault.header("retry-after", "1");
        name += " retry-after";
    }
    if *executed == Maybe && coin_flip(rng) {
        fault = fault.after_execution();
        name += " after execution";
    }
    (name, fault)
}

/// Another service at a coordinator's address, which also responds to probes and logins.
pub(crate) fn another_service(rng: &mut StdRng) -> (String, Fault) {
    let html = [(200, HTML), (401, HTML), (403, HTML), (404, HTML), (500, HTML), (302, HTML)];
    let other = [(200, "{\"status\":\"ok\"}"), (404, "{\"error\":\"not found\"}"), (200, ""), (200, "[]")];
    let (status, body) = *html.iter().chain(&other).collect::<Vec<_>>().choose(rng).expect("there are ten");
    let kind = if *body == HTML { "text/html" } else { "application/json" };
    let fault = Fault::raw_response(*status, kind, *body).header("server", "nginx");
    (format!("another service {status} {body:?}"), fault)
}

const HTML: &str = "<html>It works!</html>";

fn coin_flip(rng: &mut impl Rng) -> bool {
    rng.random_bool(0.5)
}
