//! Stands in for a server of a cluster.

use std::fs::{self, OpenOptions};
use std::future::pending;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use arango_test_cluster::TestCluster;
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::arangod_flags::{Options, version};
use crate::http::{Request, serve};
use crate::record;

/// What the responses of a server depend on.
struct Server {
    name: String,
    role: &'static str,
    /// The header that the superuser sends.
    superuser: String,
}

/// Runs until SIGTERM.
pub(crate) async fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if arguments == ["--version"] {
        let version = version();
        anstream::println!("{version}\n\narchitecture: 64bit\nserver-version: {version}");
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::read(arguments)?;
    let name = options.name();
    let log = options.get("--log.file").map(str::to_owned);
    record::event(&format!("start {name}"));
    if record::has_fault(&name, "die") {
        write_log(log.as_deref(), &(1..=60).map(|line| format!("line {line}")).collect::<Vec<_>>());
        return Err("FATAL it dies".to_owned());
    }
    sleep(record::delay(&name)).await;
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let port = options.port().ok_or("FATAL no port")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        let reason = format!("FATAL unable to bind to endpoint on port {port}: {error}");
        write_log(log.as_deref(), std::slice::from_ref(&reason));
        reason
    })?;
    let (role, shown) = match options.get("--cluster.my-role") {
        Some("COORDINATOR") => ("COORDINATOR", "Coordinator"),
        Some(_) => ("PRIMARY", "DBServer"),
        None => ("AGENT", "Agent"),
    };
    if let (Some(password), false) =
        (options.get("--database.password"), record::has_fault("root", "no-password"))
    {
        fs::write(record::directory().join("password"), password).unwrap();
    }
    let advertised = options.get("--cluster.my-advertised-endpoint").or(options.get("--cluster.my-address"));
    record::server(&name, arguments, &json!({ "role": shown, "endpoint": advertised }));
    write_log(log.as_deref(), &[format!("{name} is ready for business")]);

    let secret = fs::read_to_string(options.path("--server.jwt-secret-keyfile")?).unwrap();
    let signer = TestCluster::builder().jwt_secret(secret).in_memory().start().await.unwrap();
    let server =
        Server { name: name.clone(), role, superuser: format!("bearer {}", signer.superuser_token()) };
    let key_file = options.get("--ssl.keyfile").map(|_| options.path("--ssl.keyfile")).transpose()?;
    tokio::select! {
        () = serve(listener, key_file.as_deref(), move |request| server.respond(request)) => {}
        () = async {
            terminate.recv().await;
            record::event(&format!("terminate {name}"));
            if record::has_fault(&name, "ignore-term") {
                pending::<()>().await;
            }
        } => {}
    }
    Ok(ExitCode::SUCCESS)
}

impl Server {
    fn respond(&self, request: &Request) -> (u16, Value) {
        let path = request.path.as_str();
        if record::has_fault(&self.name, "never-ready") {
            return (503, json!({ "errorMessage": "service unavailable" }));
        }
        if self.role == "COORDINATOR" && path == "/_admin/server/availability" {
            return (200, json!({ "mode": "default" }));
        }
        if !self.is_authorized(request) {
            return (401, json!({ "errorMessage": "not authorized to execute this request" }));
        }
        let servers = record::servers();
        let of = |role: &str| servers.iter().filter(|(_, facts)| facts["role"] == role).count();
        match (request.method.as_str(), path) {
            (_, "/_api/version") => (200, json!({ "server": "arango", "version": version() })),
            (_, "/_admin/server/role") => (200, json!({ "role": self.role })),
            (_, "/_admin/server/id") => (200, json!({ "id": format!("ID-{}", self.name) })),
            ("GET", "/_api/agency/config") if self.role == "AGENT" => {
                (200, json!({ "leaderId": if of("Agent") == 3 { "ID-agent1" } else { "" } }))
            }
            ("GET", "/_api/collection") if self.role == "COORDINATOR" => (200, json!({ "result": [] })),
            ("GET", "/_admin/cluster/health") if self.role == "COORDINATOR" => {
                let entry = |(name, facts): &(String, Value)| {
                    (format!("ID-{name}"), json!({ "Role": facts["role"], "Status": "GOOD" }))
                };
                let health: serde_json::Map<_, _> = servers.iter().map(entry).collect();
                (200, json!({ "Health": health }))
            }
            ("GET", "/_api/cluster/endpoints") if self.role == "COORDINATOR" => {
                let coordinators = servers.iter().filter(|(_, facts)| facts["role"] == "Coordinator");
                let endpoints: Vec<_> =
                    coordinators.map(|(_, facts)| json!({ "endpoint": facts["endpoint"] })).collect();
                (200, json!({ "endpoints": endpoints }))
            }
            ("PATCH", "/_api/user/root") if self.role == "COORDINATOR" => {
                let password = request.body["passwd"].as_str().unwrap_or_default();
                fs::write(record::directory().join("password"), password).unwrap();
                record::event("the password of root is set");
                (200, json!({}))
            }
            _ => (404, json!({ "errorMessage": "unknown path" })),
        }
    }

    /// The superuser may do everything; `root` exists for coordinators only.
    fn is_authorized(&self, request: &Request) -> bool {
        let password = fs::read_to_string(record::directory().join("password")).unwrap_or_default();
        let root = base64::engine::general_purpose::STANDARD.encode(format!("root:{password}"));
        request.authorization == self.superuser
            || (self.role == "COORDINATOR" && request.authorization == format!("Basic {root}"))
    }
}

/// Writes lines to the log, which is stdout in a container.
fn write_log(file: Option<&str>, lines: &[String]) {
    let text = lines.join("\n") + "\n";
    match file {
        Some(file) => {
            let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
        None => anstream::print!("{text}"),
    }
}
