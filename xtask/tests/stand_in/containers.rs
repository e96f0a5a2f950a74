//! Stands in for `docker`: containers are processes of this machine, and know a directory instead of a daemon.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::record;

/// Runs one command.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, String> {
    if env::var_os("STAND_IN_DAEMON").is_none() {
        record::event(&format!("docker {}", arguments.join(" ")));
    }
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["image", "inspect", image] => image_is_there(image)?,
        ["pull", "--quiet", image] => pull(image)?,
        ["network", "create", "--label", label, name] => write("networks", name, &json!({ "label": label })),
        ["network", "ls", "--quiet", "--filter", filter] => {
            list("networks", filter, |name, _| name.to_owned());
        }
        ["network", "rm", names @ ..] => names.iter().try_for_each(|name| remove_network(name))?,
        ["run", ..] if env::var_os("STAND_IN_DAEMON").is_none() => return by_daemon(arguments),
        ["run", flags @ ..] => create(flags)?,
        ["ps", "--all", "--quiet", "--filter", filter] => {
            list("containers", filter, |name, _| name.to_owned());
        }
        ["ps", "--all", "--filter", filter, "--format", "{{.Names}} {{.State}}"] => {
            list("containers", filter, |name, container| format!("{name} {}", state(container)));
        }
        ["inspect", "--format", "exit code {{.State.ExitCode}} {{.State.Error}}", name] => {
            read("containers", name)?;
            anstream::println!("exit code 1 ");
        }
        ["kill", name] => end(name, None)?,
        ["pause", name] => signal(name, Signal::STOP)?,
        ["unpause", name] => signal(name, Signal::CONT)?,
        ["restart", "-t", limit, name] => {
            end(name, Some(seconds(limit)?))?;
            start(name, read("containers", name)?)?;
        }
        ["stop", "-t", limit, names @ ..] => {
            let limit = seconds(limit)?;
            names.iter().try_for_each(|name| end(name, Some(limit)))?;
        }
        ["logs", name] => anstream::print!("{}", fs::read_to_string(log(name)).unwrap_or_default()),
        ["rm", "--force", "--volumes", names @ ..] => names.iter().try_for_each(|name| remove(name))?,
        _ => return Err(format!("docker: unknown command or flag: {}", words.join(" "))),
    }
    Ok(ExitCode::SUCCESS)
}

fn image_is_there(image: &str) -> Result<(), String> {
    let is_there = !record::has_fault("image", "missing") && !record::has_fault("image", "elsewhere");
    let was_pulled = path("images", &image.replace('/', "-")).exists();
    if is_there || was_pulled { Ok(()) } else { Err(format!("Error: No such image: {image}")) }
}

fn pull(image: &str) -> Result<(), String> {
    if record::has_fault("image", "missing") {
        return Err(format!("Error response from daemon: manifest for {image} not found: manifest unknown"));
    }
    write("images", &image.replace('/', "-"), &Value::Null);
    Ok(())
}

/// Lets another process create a container: it goes on if this one is killed, as a daemon does.
fn by_daemon(arguments: &[String]) -> Result<ExitCode, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(arguments).env("STAND_IN_DAEMON", "1").process_group(0);
    let status = command.status().map_err(|error| error.to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the flags of `run`, and starts the container.
fn create(flags: &[&str]) -> Result<(), String> {
    let mut values = BTreeMap::<&str, Vec<&str>>::new();
    let mut rest = flags;
    loop {
        match rest {
            ["--detach", further @ ..] => rest = further,
            [
                flag @ ("--name" | "--label" | "--network" | "--env" | "--volume" | "--publish"),
                value,
                further @ ..,
            ] => {
                values.entry(flag).or_default().push(value);
                rest = further;
            }
            [flag, ..] if flag.starts_with('-') => return Err(format!("unknown flag: {flag}")),
            _ => break,
        }
    }
    let [image, "arangod", server @ ..] = rest else { return Err("the image gets no arangod".to_owned()) };
    image_is_there(image)?;
    let one =
        |flag: &str| values.get(flag).and_then(|values| values.first()).copied().ok_or(format!("no {flag}"));
    let name = one("--name")?;
    read("networks", one("--network")?)?;
    if path("containers", name).exists() {
        return Err(format!("the container name {name} is already in use"));
    }
    let variables = values.get("--env").map(Vec::as_slice).unwrap_or_default();
    // Otherwise the entry point prepares a single server.
    if !variables.contains(&"SKIP_DATABASE_INIT=1") {
        return Err("the directory would be that of a single server".to_owned());
    }
    // One without a value has that of this process.
    let variables: BTreeMap<_, _> =
        variables.iter().filter_map(|name| Some((*name, env::var(name).ok()?))).collect();
    for volume in values.get("--volume").into_iter().flatten() {
        let outside = volume.split(':').next().unwrap_or_default();
        if !PathBuf::from(outside).is_file() || !volume.ends_with(":ro") {
            return Err(format!("the volume {volume} is not a file that is only read"));
        }
    }
    let publish = one("--publish")?.strip_prefix("127.0.0.1:").ok_or("published to other machines")?;
    let container = json!({
        "label": one("--label")?, "volumes": values.get("--volume"), "arguments": server,
        "port": publish.split(':').next(), "variables": variables,
    });
    std::thread::park_timeout(record::delay("docker"));
    start(name, container)?;
    anstream::println!("{name}");
    Ok(())
}

/// Starts the process of a container.
fn start(name: &str, mut container: Value) -> Result<(), String> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let log = File::options().create(true).append(true).open(log(name)).map_err(|error| error.to_string())?;
    let program = env::current_exe().map_err(|error| error.to_string())?.with_file_name("arangod");
    let member = name.rsplit('-').next().unwrap_or_default();
    let variables = container["variables"].as_object().into_iter().flatten();
    let child = Command::new(program)
        .args(texts(&container["arguments"]))
        // A container does not have the environment of the program that starts it.
        .env_remove("ARANGO_TEST_CLUSTER_ROOT_PASSWORD")
        .envs(variables.filter_map(|(name, value)| Some((name, value.as_str()?))))
        .env("STAND_IN_CONTAINER", "1")
        .env("STAND_IN_NAME", member)
        .env("STAND_IN_PORT", container["port"].as_str().unwrap_or_default())
        .env("STAND_IN_VOLUMES", texts(&container["volumes"]).join(","))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(|error| error.to_string())?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(|error| error.to_string())?;
    container["pid"] = child.id().into();
    write("containers", name, &container);
    Ok(())
}

/// Ends the process of a container: at once, or after it had time to end by itself.
fn end(name: &str, limit: Option<Duration>) -> Result<(), String> {
    let container = read("containers", name)?;
    if limit.is_some() {
        _ = signal(name, Signal::TERM);
        _ = signal(name, Signal::CONT);
    }
    let begin = Instant::now();
    while state(&container) == "running" {
        if begin.elapsed() >= limit.unwrap_or_default() {
            _ = signal(name, Signal::KILL);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    Ok(())
}

fn signal(name: &str, signal: Signal) -> Result<(), String> {
    let pid = read("containers", name)?["pid"]
        .as_i64()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    kill_process(pid.ok_or("no process")?, signal).map_err(|error| error.to_string())
}

fn remove(name: &str) -> Result<(), String> {
    end(name, None)?;
    fs::remove_file(path("containers", name)).map_err(|error| error.to_string())
}

fn remove_network(name: &str) -> Result<(), String> {
    let is_used =
        fs::read_dir(path("containers", "")).is_ok_and(|mut containers| containers.next().is_some());
    if is_used {
        return Err(format!("network {name} has active endpoints"));
    }
    fs::remove_file(path("networks", name)).map_err(|error| error.to_string())
}

fn state(container: &Value) -> &'static str {
    if container["pid"].as_i64().is_some_and(record::is_running) { "running" } else { "exited" }
}

/// Prints a line for each thing with a label.
fn list(kind: &str, filter: &str, line: impl Fn(&str, &Value) -> String) {
    let label = filter.strip_prefix("label=").unwrap_or_default();
    for entry in fs::read_dir(path(kind, "")).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name().into_string().unwrap_or_default();
        if let Ok(thing) = read(kind, &name)
            && thing["label"] == label
        {
            anstream::println!("{}", line(&name, &thing));
        }
    }
}

fn path(kind: &str, name: &str) -> PathBuf {
    record::directory().join(kind).join(name)
}

fn log(name: &str) -> PathBuf {
    record::directory().join(format!("{name}.container-log"))
}

fn read(kind: &str, name: &str) -> Result<Value, String> {
    let text = fs::read(path(kind, name)).map_err(|_| format!("Error: no such object: {name}"))?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn write(kind: &str, name: &str, content: &Value) {
    fs::create_dir_all(path(kind, "")).unwrap();
    fs::write(path(kind, name), content.to_string()).unwrap();
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| format!("{text} is no number of seconds"))
}
