//! Stands in for the starter: it starts three servers of each role, and restarts those that end.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::http::serve;
use crate::record;

struct Server {
    kind: &'static str,
    number: u16,
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

/// Runs until SIGTERM.
pub(crate) async fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let flag =
        |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let known = [
        "--starter.local",
        "--starter.mode=",
        "--starter.data-dir=",
        "--starter.port=",
        "--auth.jwt-secret=",
        "--all.database.password=",
        "--ssl.keyfile=",
        "--server.arangod=",
        "--server.js-dir=",
    ];
    if let Some(unknown) =
        arguments.iter().find(|argument| !known.iter().any(|known| argument.starts_with(known)))
    {
        return Err(format!("Error: unknown flag: {unknown}"));
    }
    if !arguments.contains(&"--starter.local".to_owned()) || flag("--starter.mode") != Some("cluster") {
        return Err("it starts a cluster on one machine only".to_owned());
    }
    if record::has_fault("starter", "die") {
        return Err("FATAL the starter dies".to_owned());
    }
    record::event(&format!("the starter is {}", std::process::id()));
    let port: u16 = flag("--starter.port").and_then(|port| port.parse().ok()).ok_or("no port")?;
    let root = PathBuf::from(flag("--starter.data-dir").ok_or("no directory")?);
    let servers = plan(port, &root, &flag)?;
    let processes: Arc<Mutex<Vec<Value>>> = Arc::default();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| error.to_string())?;
    let listed = Arc::clone(&processes);
    let key_file = flag("--ssl.keyfile").map(Path::new);
    let mut servers = servers;
    tokio::select! {
        () = serve(listener, key_file, move |request| match request.path.as_str() {
            "/process" => {
                let servers = listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
                (200, json!({ "servers-started": true, "servers": servers }))
            }
            _ => (404, Value::Null),
        }) => {}
        () = supervise(&mut servers, &processes) => {}
        _ = terminate.recv() => {}
    }
    // In the order of their roles, coordinators first.
    for kind in ["coordinator", "dbserver", "agent"] {
        for server in servers.iter_mut().filter(|server| server.kind == kind) {
            if let Some(mut child) = server.child.take() {
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
                {
                    _ = kill_process(pid, Signal::TERM);
                }
                _ = child.wait().await;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn plan<'a>(port: u16, root: &Path, flag: &impl Fn(&str) -> Option<&'a str>) -> Result<Vec<Server>, String> {
    let scheme = if flag("--ssl.keyfile").is_some() { "ssl" } else { "tcp" };
    let mut servers = Vec::new();
    for (kind, offset) in [("agent", 3), ("dbserver", 2), ("coordinator", 1)] {
        for group in 0..3 {
            let own = port + group * 10 + offset;
            let below = if group == 0 { root.to_owned() } else { root.join(format!("local-slave-{group}")) };
            let folder = below.join(format!("{kind}{own}"));
            let words = |text: String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
            let directory = folder.display();
            let mut arguments = words(format!(
                "-c none --server.endpoint {scheme}://127.0.0.1:{own} --server.authentication true \
                 --database.directory {directory}/data --temp.path {directory}/tmp --log.file {directory}/arangod.log \
                 --server.jwt-secret-keyfile {}",
                flag("--auth.jwt-secret").ok_or("no secret")?,
            ));
            if let Some(key) = flag("--ssl.keyfile") {
                arguments.extend(["--ssl.keyfile".to_owned(), key.to_owned()]);
            }
            arguments.extend(words(format!("--javascript.startup-directory {}", root.display())));
            if kind == "agent" {
                let first = port + 3;
                arguments.extend(words(format!(
                    "--agency.activate true --agency.size 3 --agency.supervision true \
                     --agency.my-address {scheme}://127.0.0.1:{own} --agency.endpoint {scheme}://127.0.0.1:{first}"
                )));
            } else {
                let role = if kind == "dbserver" { "DBSERVER" } else { "COORDINATOR" };
                arguments.extend(words(format!(
                    "--cluster.my-role {role} --cluster.my-address {scheme}://127.0.0.1:{own}"
                )));
                for group in 0..3 {
                    let agent = port + group * 10 + 3;
                    arguments
                        .extend(words(format!("--cluster.agency-endpoint {scheme}://127.0.0.1:{agent}")));
                }
            }
            if let Some(password) = flag("--all.database.password").filter(|_| kind == "coordinator") {
                arguments.extend(["--database.password".to_owned(), password.to_owned()]);
            }
            servers.push(Server { kind, number: group + 1, port: own, folder, arguments, child: None });
        }
    }
    Ok(servers)
}

/// Starts the servers that do not run, for ever.
async fn supervise(servers: &mut [Server], processes: &Mutex<Vec<Value>>) {
    loop {
        for server in &mut *servers {
            if server.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(Some(_)))) {
                continue;
            }
            for below in ["data", "tmp"] {
                fs::create_dir_all(server.folder.join(below)).unwrap();
            }
            let program = std::env::current_exe().unwrap().with_file_name("arangod");
            let child = Command::new(program)
                .args(&server.arguments)
                .env("STAND_IN_NAME", format!("{}{}", server.kind, server.number))
                .stdin(Stdio::null())
                .spawn();
            server.child = child.ok();
        }
        let list = servers.iter().map(|server| {
            let pid = server.child.as_ref().and_then(Child::id);
            json!({ "type": server.kind, "ip": "127.0.0.1", "port": server.port, "pid": pid })
        });
        *processes.lock().unwrap_or_else(PoisonError::into_inner) = list.collect();
        sleep(Duration::from_millis(50)).await;
    }
}
