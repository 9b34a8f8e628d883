//! The Next.js applications of `tests/peers/`, built by `tests/run`, each started with variables of its own.

use super::peers::{Process, free_ports, skipped, variable};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Attempts to start, in case another process takes the port first.
const ATTEMPTS: usize = 5;

/// A running application. Dropping it stops it.
pub(crate) struct NextApp {
    _process: Process,
    port: u16,
    folder: TempDir,
}

impl NextApp {
    /// Starts `next-auth-4` or `next-auth-5` with the variables that `variables` gives for its address, and
    /// no others; returns `None` where the application is not built.
    ///
    /// Both read NEXTAUTH_SECRET or AUTH_SECRET, NEXTAUTH_URL or AUTH_URL, SESSION_STRATEGY (jwt or database),
    /// SESSION_MAX_AGE (seconds), TASKS_PASSWORD (adds the provider `password`), GOOGLE_CLIENT_ID with
    /// GOOGLE_CLIENT_SECRET and GOOGLE_ISSUER, EMAIL_SERVER with EMAIL_FROM, and GEMINI_API_KEY with
    /// GEMINI_BASE_URL and GEMINI_MODEL. The provider `guest` is always there. With MONGODB_URI people keep
    /// tasks there; TASKS_FAULT names what is wrong with that.
    pub(crate) fn start(
        name: &str,
        variables: impl Fn(&str) -> Vec<(&'static str, String)>,
    ) -> Option<Self> {
        let application = built(name)?;
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        for _ in 0..ATTEMPTS {
            let [port] = free_ports();
            let mut process = spawn(
                &application,
                port,
                &variables(&address(port)),
                folder.path(),
            );
            if process.answers(port) {
                return Some(Self {
                    _process: process,
                    port,
                    folder,
                });
            }
        }
        panic!("{name} did not start: {}", log(folder.path()));
    }

    /// Where it answers, without a trailing slash. Next.js calls this machine localhost whatever it is asked by.
    pub(crate) fn url(&self) -> String {
        address(self.port)
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        log(self.folder.path())
    }
}

fn address(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// The folder of an application that `tests/run` built.
fn built(name: &str) -> Option<PathBuf> {
    let folder = variable("HOLDPOINT_PEERS").map(|peers| Path::new(&peers).join(name));
    folder
        .filter(|folder| folder.join("built").is_file())
        .or_else(|| skipped(name))
}

fn spawn(
    application: &Path,
    port: u16,
    variables: &[(&'static str, String)],
    folder: &Path,
) -> Process {
    let log = File::create(folder.join("log")).expect("a file can be made");
    let child = Command::new("node")
        .args([
            "node_modules/next/dist/bin/next",
            "start",
            "-H",
            "127.0.0.1",
            "-p",
        ])
        .arg(port.to_string())
        .current_dir(application)
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file has more than one handle"))
        .stderr(log)
        .spawn()
        .expect("node is a program");
    Process(child)
}
