//! Measures `holdpoint smoke` as a pipeline waits for it, and prints lines for the README.
//!
//! `cargo bench --bench smoke`. The whole process, from its start to its end, against the healthy embedded application
//! over HTTPS on loopback, which runs in this process: in a folder with settings alone, and in a repository with an
//! application, its lockfile and modules, gates in force and the records of earlier runs. Beside it stands what a request
//! for one page costs a client that does nothing else: a connection, a handshake and an answer, taken between the runs.

use holdpoint::clock;
use holdpoint::sandbox::{Sandbox, Variant};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");
const RUNS: usize = 30;

/// Somebody who may sign for every gate; nobody has the other half of the key.
const SIGNERS: &str = "ada@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n";

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench -- FILTER` and `cargo test --benches` pass arguments that mean nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let sandbox = Sandbox::start(Variant::Mended).await?;
    let bare = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    sandbox.write_project(bare.path())?;
    for entry in fs::read_dir(bare.path())? {
        let path = entry?.path();
        let kept = ["holdpoint.toml", "authority.pem"]
            .iter()
            .any(|name| path.ends_with(name));
        match (kept, path.is_dir()) {
            (true, _) => {}
            (false, true) => fs::remove_dir_all(path)?,
            (false, false) => fs::remove_file(path)?,
        }
    }
    measure(
        "`holdpoint smoke`, a folder with settings alone",
        &sandbox,
        bare.path(),
    )
    .await?;
    let project = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    repository(&sandbox, project.path())?;
    for _ in 0..RUNS {
        smoke(&sandbox, project.path())?;
    }
    measure(
        "`holdpoint smoke`, a repository with gates and 30 records",
        &sandbox,
        project.path(),
    )
    .await
}

/// The application's repository, with modules that git leaves out, and somebody who may sign.
fn repository(sandbox: &Sandbox, root: &Path) -> Outcome<()> {
    sandbox.write_project(root)?;
    for package in 0..500 {
        let folder = root.join(format!("node_modules/package-{package}/dist"));
        fs::create_dir_all(&folder)?;
        for file in 0..8 {
            fs::write(
                folder.join(format!("{file}.js")),
                "export const answer = 42;\n".repeat(40),
            )?;
        }
    }
    fs::create_dir_all(root.join(".holdpoint"))?;
    fs::write(root.join(".holdpoint/allowed_signers"), SIGNERS)?;
    let name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    for arguments in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["commit", "-q", "-m", "The application"],
    ] {
        let mut git = Command::new("git");
        let status = git.args(name).args(arguments).current_dir(root).status()?;
        if !status.success() {
            return Err(format!("git {arguments:?} ended with {status}").into());
        }
    }
    Ok(())
}

/// One run, which must end with a go.
fn smoke(sandbox: &Sandbox, folder: &Path) -> Outcome<Duration> {
    let mut command = Command::new(PROGRAM);
    command
        .arg("smoke")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin") // git is asked for the commit
        .env("HOME", folder)
        .envs(sandbox.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = clock::tick();
    let status = command.status()?;
    let took = begun.elapsed();
    match status.success() {
        true => Ok(took),
        false => Err(format!("the program ended with {status} in {}", folder.display()).into()),
    }
}

/// One line: median and 95th percentile of the whole process, and the median of a request between each two runs.
async fn measure(what: &str, sandbox: &Sandbox, folder: &Path) -> Outcome<()> {
    smoke(sandbox, folder)?;
    let (mut runs, mut requests) = (Vec::with_capacity(RUNS), Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        runs.push(smoke(sandbox, folder)?);
        requests.push(request(sandbox).await?);
    }
    runs.sort();
    requests.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, late) = (
        milliseconds(runs[RUNS / 2]),
        milliseconds(runs[RUNS * 95 / 100]),
    );
    let request = milliseconds(requests[RUNS / 2]);
    say(&format!(
        "| {what}, median of {RUNS} | 300 ms | {median:.0} ms, 95 % within {late:.0} ms; {:.0} times one request, {request:.1} ms |  |",
        median / request
    ));
    Ok(())
}

/// A connection, a handshake and the front page.
async fn request(sandbox: &Sandbox) -> Outcome<Duration> {
    let address: SocketAddr = sandbox.https_url().trim_start_matches("https://").parse()?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(sandbox.authority_pem().as_bytes()) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let begun = clock::tick();
    let stream = TcpStream::connect(address).await?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::from(address.ip());
    let mut stream = connector.connect(name, stream).await?;
    let ask = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer).await;
    match ended.is_ok() && answer.starts_with(b"HTTP/1.1 200") {
        true => Ok(begun.elapsed()),
        false => Err("the front page does not answer".into()),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the lines are what this program is for"
)]
fn say(line: &str) {
    println!("{line}");
}
