//! Servers and libraries that others wrote: found, started, awaited and stopped.
//!
//! A peer that is not installed skips its test with a line that says so, unless
//! HOLDPOINT_REQUIRE_PEERS is 1: then it fails. `tests/run` installs them.

use super::hostile::{PATIENCE, raw_get};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Attempts to start a server, in case another process takes its port before it does.
const ATTEMPTS: usize = 5;

/// The program `name`, from PATH or the system's folders for servers.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    found.or_else(|| skipped(name))
}

/// The folder of a peer that `tests/run` fetched, such as `next-env`.
pub(crate) fn fetched(name: &str) -> Option<PathBuf> {
    let folder = variable("HOLDPOINT_PEERS").map(|peers| Path::new(&peers).join(name));
    folder
        .filter(|folder| folder.join("node_modules").is_dir())
        .or_else(|| skipped(name))
}

/// The program of a peer that `tests/run` built, such as `ferretdb`.
pub(crate) fn built(name: &str) -> Option<PathBuf> {
    let folder = Path::new(&variable("HOLDPOINT_PEERS").unwrap_or_default()).join(name);
    let programs = [folder.join(name), folder.join("bin").join(name)];
    programs
        .into_iter()
        .find(|program| program.is_file())
        .or_else(|| skipped(name))
}

/// The Python of a peer that `tests/run` fetched into an environment of its own, such as `aiosmtpd`.
pub(crate) fn python(name: &str) -> Option<PathBuf> {
    let program =
        variable("HOLDPOINT_PEERS").map(|peers| Path::new(&peers).join(name).join("bin/python"));
    program
        .filter(|program| program.is_file())
        .or_else(|| skipped(name))
}

pub(super) fn skipped<T>(name: &str) -> Option<T> {
    let required = variable("HOLDPOINT_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(
        !required,
        "{name} is not installed, and HOLDPOINT_REQUIRE_PEERS=1 requires it"
    );
    #[expect(clippy::print_stderr, reason = "a skipped test is said")]
    {
        eprintln!("skipped: {name} is not installed");
    }
    None
}

pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings, not the program's"
    )]
    std::env::var_os(name)
}

/// A running aimock: models with canned answers in several dialects. Dropping it stops it.
pub(crate) struct Aimock {
    _process: Process,
    url: String,
}

impl Aimock {
    /// The key that it accepts.
    pub(crate) const KEY: &str = "aimock-key-of-the-tests";

    /// Starts it with the answers in `tests/peers/aimock/fixtures`, or returns `None` where it is skipped.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        let program = fetched("aimock")?.join("node_modules/@copilotkit/aimock/dist/cli.js");
        let node = peer("node")?;
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/aimock/fixtures");
        for _ in 0..ATTEMPTS {
            let [port, _] = free_ports();
            let child = Command::new(&node)
                .arg(&program)
                .args(["--host", "127.0.0.1", "--log-level", "warn", "--port"])
                .arg(port.to_string())
                .arg("--fixtures")
                .arg(&fixtures)
                .args(more)
                .env("AIMOCK_API_KEYS", Self::KEY)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("node is a program");
            let mut process = Process(child);
            // Any answer will do: with a fault switched on it may be none but a closed connection.
            if process.speaks(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()) {
                return Some(Self {
                    _process: process,
                    url: format!("http://127.0.0.1:{port}"),
                });
            }
        }
        panic!("aimock did not start");
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// The API of Vercel as its makers emulate it. Dropping it stops it.
pub(crate) struct Emulate {
    _process: Process,
    _folder: TempDir,
    url: String,
}

impl Emulate {
    /// The token that it is told of; it takes any other for the same person's.
    pub(crate) const TOKEN: &str = "emulate-token-of-the-tests";

    /// Starts it with one project, given as its configuration has it, or returns `None` where it is skipped.
    pub(crate) fn start(project: &serde_json::Value) -> Option<Self> {
        let program = fetched("emulate")?.join("node_modules/emulate/dist/index.js");
        let node = peer("node")?;
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let seed = folder.path().join("seed.json");
        let text = serde_json::json!({
            "tokens": { Self::TOKEN: { "login": "admin", "scopes": [] } },
            "vercel": { "projects": [project] },
        });
        std::fs::write(&seed, text.to_string()).expect("a file can be written");
        for _ in 0..ATTEMPTS {
            let [port, _] = free_ports();
            let child = Command::new(&node)
                .arg(&program)
                .args(["start", "--service", "vercel", "--port"])
                .arg(port.to_string())
                .arg("--seed")
                .arg(&seed)
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("node is a program");
            let mut process = Process(child);
            if process.answers(port) {
                return Some(Self {
                    _process: process,
                    _folder: folder,
                    url: format!("http://127.0.0.1:{port}"),
                });
            }
        }
        panic!("emulate did not start");
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A running nginx. Dropping it stops it.
pub(crate) struct Nginx {
    _process: Process,
    port: u16,
    plain_port: u16,
    folder: TempDir,
}

impl Nginx {
    /// Starts nginx with a template from `tests/peers/nginx/`, or returns `None` where it is skipped.
    ///
    /// In the template `{port}` and `{plain_port}` stand for two free ports and `{dir}` for a fresh
    /// folder, which `prepare` may fill first, with pages or certificates. The template listens on
    /// 127.0.0.1:{port} at least, and keeps logs and temporary paths in {dir}, so that it also runs
    /// for users other than root. Running in the foreground, as one process, is added to it here.
    pub(crate) fn start(template: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/peers/nginx")
            .join(template);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::start_with(&text, prepare)
    }

    /// As [`Nginx::start`], with the text of the template.
    pub(crate) fn start_with(template: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        let program = peer("nginx")?;
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        prepare(folder.path());
        for _ in 0..ATTEMPTS {
            let [port, plain_port] = free_ports();
            let mut process = spawn(&program, template, folder.path(), port, plain_port);
            if process.answers(port) {
                return Some(Self {
                    _process: process,
                    port,
                    plain_port,
                    folder,
                });
            }
        }
        let said = std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        panic!("nginx did not start: {said}");
    }

    /// The number that stands for `{port}`.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:{port}`
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `http://127.0.0.1:{plain_port}`
    pub(crate) fn plain_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plain_port)
    }

    /// The folder that stands for `{dir}`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Ports that are free now, each given to one test only.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port())
}

/// A port that is free now. It is below those that the system gives to others by itself, and no test
/// of this process is given it again, so none has it before the server takes it.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = fastrand::u16(20_000..32_000);
        if !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            given.insert(port);
            return port;
        }
    }
}

/// Writes the configuration and starts nginx with it.
fn spawn(program: &Path, template: &str, folder: &Path, port: u16, plain_port: u16) -> Process {
    let dir = folder.to_string_lossy();
    let mut text = template
        .replace("{port}", &port.to_string())
        .replace("{plain_port}", &plain_port.to_string())
        .replace("{dir}", &dir);
    for (name, value) in [
        ("daemon", "off"),
        ("master_process", "off"),
        ("pid", &*format!("{dir}/nginx.pid")),
    ] {
        if !template
            .lines()
            .any(|line| line.trim_start().starts_with(&format!("{name} ")))
        {
            text = format!("{name} {value};\n{text}");
        }
    }
    std::fs::write(folder.join("nginx.conf"), text).expect("a file can be written");
    let child = Command::new(program)
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .arg("-e")
        .arg(folder.join("error.log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx is a program");
    Process(child)
}

/// A server's process. Dropping it ends it with SIGTERM, upon which it ends its own.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Starts a server that says nothing; none where its program is missing.
    pub(crate) fn spawn(mut command: Command) -> Option<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.ok().map(Self)
    }

    /// Waits until `ready` holds; false once the process has ended, or when patience has.
    pub(crate) fn speaks(&mut self, ready: impl Fn() -> bool) -> bool {
        let begun = holdpoint::clock::tick();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return false;
            }
            if ready() {
                // A stranger on its port means that it cannot run.
                return matches!(self.0.try_wait(), Ok(None));
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Waits for the first byte of an answer on `port`, as [`Process::speaks`] does.
    pub(super) fn answers(&mut self, port: u16) -> bool {
        let url = format!("http://127.0.0.1:{port}");
        self.speaks(|| raw_get(&url, "/", 1).is_ok_and(|byte| !byte.is_empty()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let process = rustix::process::Pid::from_child(&self.0);
        // Fails only where it has ended already.
        let _sent = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let _waited = self.0.wait();
    }
}
