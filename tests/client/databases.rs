//! Concurrent use of several databases and several users.

use arango::protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use arango::{ErrorKind, Outcome};
use bytes::Bytes;
use http::Request;

use crate::support::{client, cluster};

struct CreateDatabase(&'static str);

impl Operation for CreateDatabase {
    type Output = ();
    const METADATA: Metadata = Metadata::post("database.create", "/_api/database");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let users = serde_json::json!([{ "username": "ada", "passwd": "lovelace", "active": true }]);
        RequestBuilder::new(Self::METADATA)
            .json(&serde_json::json!({ "name": self.0, "users": users }))
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

struct CurrentDatabase;

impl Operation for CurrentDatabase {
    type Output = String;
    const METADATA: Metadata = Metadata::get("database.current", "/_api/database/current");

    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        #[derive(serde::Deserialize)]
        struct Current {
            name: String,
        }
        response.json_result::<Current>().map(|current| current.name)
    }
}

#[tokio::test(start_paused = true)]
async fn handles_on_several_databases_coexist_and_names_are_encoded() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for name in ["shop", "Büro 1"] {
        client.db("_system").execute(CreateDatabase(name)).await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let handles = ["shop", "_system", "Büro 1"].map(|name| (name, client.db(name)));
    for _ in 0..2 {
        for (name, database) in &handles {
            assert_eq!(database.execute(CurrentDatabase).await.unwrap(), *name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_can_override_the_clients_credentials() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").execute(CreateDatabase("shop")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let ada = client.db("shop").basic_auth("ada", "lovelace");
    assert_eq!(ada.execute(CurrentDatabase).await.unwrap(), "shop");
    let error =
        client.db("_system").basic_auth("ada", "lovelace").execute(CurrentDatabase).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert_eq!(
        client.db("_system").execute(CurrentDatabase).await.unwrap(),
        "_system",
        "the client's credentials are unchanged"
    );
}
