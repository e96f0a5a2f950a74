//! The directory in which stand-ins record what happens, and find one another; and the faults that they play.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, process};

use serde_json::{Value, json};

/// The directory.
pub(crate) fn directory() -> PathBuf {
    env::var_os("STAND_IN_RECORD").map(PathBuf::from).expect("STAND_IN_RECORD names a directory")
}

/// Adds a line to the file `events`.
pub(crate) fn event(line: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(directory().join("events")).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Records that a server runs, with its arguments and what others have to know of it.
pub(crate) fn server(name: &str, arguments: &[String], facts: &Value) {
    let folder = directory().join("servers");
    fs::create_dir_all(&folder).unwrap();
    let content = json!({ "pid": process::id(), "arguments": arguments, "facts": facts }).to_string();
    // At once, since others read it at any time.
    let draft = folder.join(format!(".{name}"));
    fs::write(&draft, content).unwrap();
    fs::rename(draft, folder.join(name)).unwrap();
}

/// Returns the servers that run: names and facts.
pub(crate) fn servers() -> Vec<(String, Value)> {
    let Ok(entries) = fs::read_dir(directory().join("servers")) else { return Vec::new() };
    let mut servers: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
            let mut content: Value = serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
            is_running(content["pid"].as_i64()?).then(|| (name, content["facts"].take()))
        })
        .collect();
    servers.sort_by(|(one, _), (other, _)| one.cmp(other));
    servers
}

/// Whether a process runs. One that has ended and was not waited for does not.
pub(crate) fn is_running(pid: i64) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X'])
}

/// Whether a server or a program plays a fault, such as `dbserver2=die` in `STAND_IN_FAULTS`.
pub(crate) fn has_fault(name: &str, fault: &str) -> bool {
    faults().any(|(of, kind)| of == name && kind == fault)
}

/// How long a server waits before it listens: `agent1=slow:300`.
pub(crate) fn delay(name: &str) -> Duration {
    let slow = |(of, kind): (String, String)| kind.strip_prefix("slow:").filter(|_| of == name)?.parse().ok();
    Duration::from_millis(faults().find_map(slow).unwrap_or(0))
}

fn faults() -> impl Iterator<Item = (String, String)> {
    let text = env::var("STAND_IN_FAULTS").unwrap_or_default();
    let pairs: Vec<_> = text.split(',').filter_map(|fault| fault.split_once('=')).collect();
    pairs.into_iter().map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect::<Vec<_>>().into_iter()
}
