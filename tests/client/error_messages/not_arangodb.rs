//! Errors for responses that did not come from ArangoDB.

use arango_test_cluster::{Fault, Match};

use super::{Page, on_writes, write, write_to_one};
use crate::support::{builder, cluster, cluster_of};

fn nginx(status: u16, body: &'static str) -> Fault {
    Fault::raw_response(status, "text/html; charset=utf-8", body).header("server", "nginx/1.25.3")
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Responses that did not come from ArangoDB");
    for (situation, fault) in [
        ("A web page with status 200", nginx(200, "<html>Welcome to nginx!</html>")),
        ("Another service's JSON", Fault::raw_response(200, "application/json", r#"{"status":"ok"}"#)),
        ("An ingress' default page", nginx(404, "<html>default backend - 404</html>")),
        ("A gateway requires its own login", nginx(401, "<html>401 Authorization Required</html>")),
        (
            "A gateway rejects the request as too large",
            nginx(413, "<html>413 Request Entity Too Large</html>"),
        ),
        ("A proxy cannot reach the coordinator", nginx(502, "<html>502 Bad Gateway</html>")),
        ("A proxy responds with too many requests", nginx(429, "").header("retry-after", "2")),
        ("A proxy timed out while reading the request", nginx(408, "<html>408 Request Time-out</html>")),
        (
            "A redirect to a login page",
            nginx(302, "<html>Found</html>").header("location", "https://sso.example/start?token=s3cret"),
        ),
        (
            "A redirect to https",
            nginx(308, "").header("location", "https://127.0.0.1:8529/_api/document/books"),
        ),
        ("A status that HTTP does not define", Fault::raw_response(600, "text/plain", "?")),
        (
            "A Foxx service rejects the request",
            Fault::raw_response(418, "text/plain", "teapot").header("server", "ArangoDB"),
        ),
    ] {
        page.error(situation, &write_to_one(fault).await);
    }

    let cluster = cluster().await;
    let _pages = on_writes(&cluster, nginx(200, "<html>Welcome to nginx!</html>"));
    let client = builder(&cluster).build().unwrap();
    page.error("Three hosts, none of them ArangoDB", &write(&client).await);

    let cluster = cluster_of(1).await;
    let empty = Fault::raw_response(200, "application/json", "");
    let _empty = cluster.coordinator(0).inject(empty.on(Match::get("/_admin/cluster/health")));
    let client = builder(&cluster).build().unwrap();
    page.error("An empty body with status 200", &client.cluster().health().await.unwrap_err());
}
