//! Runs xtask with stand-ins in `PATH`, with a separate directory for temporary files.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Time after which anything that is waited for must have happened, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A directory with stand-ins, their record, and temporary files.
pub(crate) struct Fixture {
    root: TempDir,
    faults: String,
    version: String,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        // On the file system of the stand-in, so that it can be linked.
        let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for folder in ["bin", "record", "tmp", "usr/share/arangodb3/js"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for name in ["arangod", "docker", "arangodb"] {
            let path = root.path().join("bin").join(name);
            let exe = env!("CARGO_BIN_EXE_server-stand-in");
            // Not a symbolic link: the program finds out its name and what is beside it.
            fs::hard_link(exe, &path).or_else(|_| fs::copy(exe, &path).map(drop)).unwrap();
        }
        // No other program can be found: a real docker or arangod of this machine must not be started.
        for tool in ["cat", "echo", "grep", "sh", "sleep", "test", "true"] {
            let mut candidates = ["/usr/bin", "/bin"].into_iter().map(|folder| Path::new(folder).join(tool));
            let found = candidates.find(|path| path.exists()).unwrap();
            symlink(found, root.path().join("bin").join(tool)).unwrap();
        }
        Self { root, faults: String::new(), version: "3.12.5".to_owned() }
    }

    /// Lets stand-ins play faults, such as `dbserver2=die`.
    pub(crate) fn faults(mut self, faults: &str) -> Self {
        faults.clone_into(&mut self.faults);
        self
    }

    pub(crate) fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// A command line of `cargo xtask test-cluster`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.task("test-cluster", arguments)
    }

    /// A command line of another task.
    pub(crate) fn task(&self, task: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .arg(task)
            .args(arguments)
            .env_remove("CI")
            .env("PATH", self.path("bin"))
            .env("TMPDIR", self.path("tmp"))
            .env("STAND_IN_RECORD", self.path("record"))
            .env("STAND_IN_FAULTS", &self.faults)
            .env("STAND_IN_VERSION", &self.version)
            .stdin(Stdio::null());
        for name in [
            "ARANGOD",
            "ARANGO_ENDPOINTS",
            "ARANGO_USER",
            "ARANGO_PASSWORD",
            "ARANGO_TOKEN",
            "ARANGO_CA_FILE",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command line until it ends.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::new(&self.command(arguments).output().unwrap())
    }

    /// Starts a command line, and reads its output as it comes.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::new(self.command(arguments))
    }

    /// The lines that stand-ins have recorded.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("record/events")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn server(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path("record/servers").join(name)).unwrap()).unwrap()
    }

    /// The process of a server.
    pub(crate) fn pid(&self, server: &str) -> i64 {
        self.server(server)["pid"].as_i64().unwrap()
    }

    /// The arguments that a server has got.
    pub(crate) fn arguments(&self, server: &str) -> Vec<String> {
        self.server(server)["arguments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    }

    /// The processes of this fixture that run, whatever has started them: all have the record in their environment.
    pub(crate) fn processes(&self) -> Vec<String> {
        let label = format!("STAND_IN_RECORD={}", self.path("record").display());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == label.as_bytes()) {
                let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&command).replace('\0', " "));
            }
        }
        found
    }

    /// The directories of clusters that are there.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Checks that no process and no temporary file is left.
    pub(crate) fn assert_nothing_is_left(&self) {
        wait_until("no process is left", || self.processes().is_empty());
        assert_eq!(self.directories(), Vec::<PathBuf>::new());
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // A test that fails must not leave processes behind, either.
        for entry in fs::read_dir(self.path("record/servers")).into_iter().flatten().filter_map(Result::ok) {
            let content: Option<Value> =
                fs::read(entry.path()).ok().and_then(|text| serde_json::from_slice(&text).ok());
            let pid =
                content.and_then(|content| content["pid"].as_i64()).and_then(|pid| i32::try_from(pid).ok());
            let exe = pid.and_then(|pid| fs::read_link(format!("/proc/{pid}/exe")).ok());
            if exe.is_some_and(|exe| exe.starts_with(self.root.path()))
                && let Some(pid) = pid.and_then(Pid::from_raw)
            {
                _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// A command line that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    pub(crate) fn assert_success(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A command line that runs. It is killed on drop.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    pub(crate) fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| other.send(line))
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line of stdout or stderr that contains a text, and returns it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let begin = Instant::now();
        loop {
            let Ok(line) = self.lines.recv_timeout(LIMIT.saturating_sub(begin.elapsed())) else {
                panic!("there was no line with `{text}`: {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for the JSON object of `up --json`.
    pub(crate) fn info(&mut self) -> Value {
        serde_json::from_str(&self.wait_for("{\"backend\"")).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it ends, and returns its exit code.
    pub(crate) fn code(mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < LIMIT, "it does not end: {:#?}", self.seen);
            thread::yield_now();
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < LIMIT, "it never came true that {what}");
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// The directory of the cluster with this back end, as `status` prints it.
pub(crate) fn directory_of(fixture: &Fixture, backend: &str) -> String {
    let status = fixture.run(&["status"]).stdout;
    let line = status.lines().find(|line| line.contains(&format!("  {backend} "))).unwrap();
    line.split("  ").next().unwrap().to_owned()
}

/// The state of a process: `S` sleeps, `T` is stopped.
pub(crate) fn state_of(pid: i64) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// The content of a file, or nothing.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A script for `sh -c`, after the flags of `run`.
pub(crate) fn with_script<'a>(flags: &[&'a str], script: &'a (impl AsRef<OsStr> + ?Sized)) -> Vec<&'a str> {
    let script = script.as_ref().to_str().unwrap();
    [&["run"], flags, &["--", "sh", "-c", script]].concat()
}

/// Sends a request without a body, and returns the whole response.
pub(crate) fn request(method: &str, url: &str) -> String {
    send(method, url, "", "")
}

/// Sends a request with headers, each with a line break, and a body. Returns the whole response.
pub(crate) fn send(method: &str, url: &str, headers: &str, body: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}
