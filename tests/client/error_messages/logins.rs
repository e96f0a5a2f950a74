//! Errors for failed logins and unavailable tokens.

use std::time::Duration;

use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture};
use arango::{Credentials, Superuser};
use arango::{TokenFile, TokenSource};
use arango_test_cluster::{Fault, Match, TestCluster};

use super::{Page, write};
use crate::support::{builder, cluster, cluster_of};

/// Returns an error instead of a token.
struct FailingTokenSource;

impl TokenSource for FailingTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async { Err("the vault is sealed".into()) })
    }
}

/// Returns the error of a write that needs a login, with this fault at each coordinator.
async fn login_with(cluster: &TestCluster, fault: Fault) -> arango::Error {
    let fault = fault.on(Match::post("/_open/auth"));
    let _faults = cluster.inject(&fault);
    write(&builder(cluster).jwt_auth("ada", cluster.root_password()).build().unwrap()).await
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Logins");
    let cluster = cluster_of(1).await;
    let wrong = builder(&cluster).jwt_auth("root", "s3cret").build().unwrap();
    page.error("A wrong password", &write(&wrong).await);
    page.error("A wrong password, retried immediately", &write(&wrong).await);
    let starting = Fault::response(503, 503, "service unavailable due to startup or maintenance mode");
    page.error("The coordinator is starting", &login_with(&cluster, starting).await);
    let page_404 = Fault::raw_response(404, "text/html", "<html>404</html>").header("server", "nginx/1.25.3");
    page.error("A gateway does not forward the login path", &login_with(&cluster, page_404).await);
    let html = Fault::raw_response(200, "text/html", "<html>Sign in</html>");
    page.error("A web page with status 200 for a login", &login_with(&cluster, html).await);
    let line_break = Fault::raw_response(200, "application/json", "{\"jwt\":\"s3cret\\n.b.c\"}")
        .header("server", "ArangoDB");
    page.error("A login returns a token with a line break", &login_with(&cluster, line_break).await);
    let hangs = login_with(&cluster, Fault::hang()).await;
    page.error("A login gets no response", &hangs);

    let cluster_of_three = self::cluster().await;
    let client =
        builder(&cluster_of_three).jwt_auth("root", cluster_of_three.root_password()).build().unwrap();
    cluster_of_three.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    page.error("No coordinator can be reached for a login", &write(&client).await);

    let with = |source| builder(&cluster).credentials(source).build().unwrap();
    page.error("A token source fails", &write(&with(Credentials::from_source(FailingTokenSource))).await);
    let rejected = with(Credentials::token(&cluster.user_token("root", Duration::ZERO)).unwrap());
    page.error("A token has expired", &write(&rejected).await);
    let missing = TokenFile::new("/nonexistent/token");
    page.error("A token file does not exist", &write(&with(Credentials::from_source(missing))).await);
    let missing = Superuser::from_file("/nonexistent/secret");
    page.error("A secret file does not exist", &write(&with(Credentials::from_source(missing))).await);
}
