//! Measures the release build of the program and prints the figures as a Markdown table.
//!
//! `cargo bench --bench figures`. Loopback only; the servers it asks run in this process. Times are
//! from the start of the process to its end. Peak memory is VmHWM of `/proc/PID/status` (Linux), read
//! over and over until the process is gone: the kernel's own high-water mark, which misses only what
//! was taken after the last reading, some tens of microseconds before the end. The start-up times
//! and their memory are taken from different runs, because the readings need a processor too.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use holdpoint::clock;
use holdpoint::sandbox::{Sandbox, Variant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");
const STARTS: usize = 30;
/// A run is taken a few times, because machines are noisy.
const RUNS: usize = 5;
/// The default of the http probe for `body_limit` is lower; whole bodies are what is measured.
const BODY_LIMIT: usize = 16 << 20;
const RAISED: [&str; 4] = ["--concurrency", "256", "--per-host", "256"];

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench -- FILTER` and `cargo test --benches` pass arguments that mean nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    say(&machine());
    say("| what | aim | time | peak memory |");
    say("|---|---|---|---|");
    start_up("--version")?;
    start_up("list")?;

    let small = || Bytes::from_static(b"<!DOCTYPE html><title>A page</title>");
    let slow = Loopback::start(Duration::from_millis(100), small()).await?;
    run(
        "200 checks, answers after 100 ms, defaults",
        "1.5 s",
        &slow,
        200,
        &[],
    )?;
    run(
        "200 checks, answers after 100 ms, limits of 256",
        "0.2 s",
        &slow,
        200,
        &RAISED,
    )?;
    let quick = Loopback::start(Duration::ZERO, small()).await?;
    run(
        "1,000 checks, answers at once, defaults",
        "",
        &quick,
        1000,
        &[],
    )?;
    run(
        "1,000 checks, answers at once, limits of 256",
        "",
        &quick,
        1000,
        &RAISED,
    )?;
    run("40 checks, bodies of 36 bytes", "", &quick, 40, &[])?;
    let large = Loopback::start(Duration::ZERO, Bytes::from(vec![b'a'; 10_000_000])).await?;
    run(
        "40 checks, bodies of 10 MB",
        "far below 400 MB",
        &large,
        40,
        &[],
    )?;
    infrastructure().await
}

/// One line for the whole infrastructure suite against the healthy embedded stack, with the slowest chain of
/// its own looks beside it: the median run, and the peak of one more.
async fn infrastructure() -> Outcome<()> {
    let what = "the infrastructure suite, every service on loopback";
    let sandbox = Sandbox::start(Variant::Mended).await?;
    let project = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    sandbox.write_project(project.path())?;
    let command = || {
        let arguments = ["run", "infrastructure", "--level", "active"];
        let mut command = scrubbed(project.path(), arguments);
        command.envs(sandbox.variables());
        command
    };
    let records = project.path().join(".holdpoint/records");
    let mut runs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        if records.exists() {
            fs::remove_dir_all(&records)?;
        }
        let (status, time) = timed(command())?;
        succeeded(status, what)?;
        let record = fs::read_dir(&records)?
            .next()
            .ok_or("there is no record")??;
        runs.push((time, slowest_chain(&fs::read_to_string(record.path())?)?));
    }
    runs.sort();
    let (time, chain) = runs[RUNS / 2];
    let pause = Duration::from_millis(1);
    let (status, peak) = peak(&mut command().spawn()?, Some(pause))?;
    succeeded(status, what)?;
    let aim = format!("its slowest chain, {chain} ms, and 100 ms");
    row(what, &aim, time, peak);
    Ok(())
}

/// The milliseconds that a run must take: those of the looks that wait for each other, from a check to the
/// first of its prerequisites. A look that several checks share counts once.
fn slowest_chain(record: &str) -> Outcome<u64> {
    let mut durations = BTreeMap::new();
    let mut checks = BTreeMap::new();
    for line in record.lines() {
        let line: Value = serde_json::from_str(line)?;
        if let Some(seen) = line["observation"].get("seen") {
            let look = seen["look"]
                .as_str()
                .ok_or("an observation names no look")?;
            durations.insert(look.to_owned(), seen["duration_ms"].as_u64().unwrap_or(0));
        }
        if let Some(check) = line.get("check") {
            let source: toml::Table = check["source"].as_str().unwrap_or_default().parse()?;
            let needs = source.get("needs").and_then(toml::Value::as_array);
            let needs = needs.into_iter().flatten();
            let needs = needs.filter_map(|need| Some(need.as_str()?.to_owned()));
            let looks = check["looks"].as_array().into_iter().flatten();
            let looks = looks.filter_map(|look| Some(look.as_str()?.to_owned()));
            let id = check["id"].as_str().ok_or("a check has no id")?.to_owned();
            checks.insert(id, (needs.collect(), looks.collect()));
        }
    }
    let chains = Chains { durations, checks };
    let longest = chains.checks.keys().map(|id| chains.up_to(id).0);
    longest
        .max()
        .ok_or_else(|| "the record holds no check".into())
}

/// What waits for what.
struct Chains {
    /// Milliseconds of each look.
    durations: BTreeMap<String, u64>,
    /// The prerequisites and the looks of each check.
    checks: BTreeMap<String, (Vec<String>, Vec<String>)>,
}

impl Chains {
    /// The milliseconds until a check is concluded, and the looks on the way.
    fn up_to(&self, id: &str) -> (u64, BTreeSet<String>) {
        let Some((needs, looks)) = self.checks.get(id) else {
            return (0, BTreeSet::new());
        };
        let before = needs.iter().map(|need| self.up_to(need));
        let all = before.chain([(0, BTreeSet::new())]).map(|(ms, mut made)| {
            // The looks of one check are made at once.
            let new = looks.iter().filter(|look| !made.contains(*look));
            let own = new.filter_map(|look| self.durations.get(look)).max();
            let ms = ms + own.copied().unwrap_or(0);
            made.extend(looks.iter().cloned());
            (ms, made)
        });
        all.max_by_key(|(ms, _)| *ms).unwrap_or_default()
    }
}

/// Processor and cores, for the line above the table.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{model}, {cores} cores, {} {}\n",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// One line for the start of the program with one argument: the median time and the highest peak.
fn start_up(argument: &str) -> Outcome<()> {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let command = || scrubbed(folder.path(), [argument]);
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let (status, time) = timed(command())?;
        succeeded(status, argument)?;
        times.push(time);
    }
    times.sort();
    let mut peaks = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        peaks.push(peak(&mut command().spawn()?, None)?.1);
    }
    let what = format!("`holdpoint {argument}`, median of {STARTS}");
    row(
        &what,
        "10 ms, 15 MB",
        times[STARTS / 2],
        peaks.into_iter().max().flatten(),
    );
    Ok(())
}

/// One line for a run of `checks` checks of as many addresses of `server`: the median time, and the
/// peak of one more run.
fn run(what: &str, aim: &str, server: &Loopback, checks: usize, limits: &[&str]) -> Outcome<()> {
    let project = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    write_checks(project.path(), checks, server.length)?;
    let root = project.path().to_string_lossy();
    let url = server.url();
    let arguments = ["run", "bench", "--root", &root, "--target", &url].into_iter();
    let arguments: Vec<&str> = arguments.chain(limits.iter().copied()).collect();

    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let before = server.asked();
        let (status, time) = timed(scrubbed(project.path(), &arguments))?;
        succeeded(status, what)?;
        let asked = server.asked() - before;
        if asked < checks {
            return Err(
                format!("{what}: only {asked} of {checks} addresses were asked for").into(),
            );
        }
        times.push(time);
    }
    times.sort();
    let pause = Duration::from_millis(1);
    let (status, peak) = peak(
        &mut scrubbed(project.path(), &arguments).spawn()?,
        Some(pause),
    )?;
    succeeded(status, what)?;
    row(what, aim, times[RUNS / 2], peak);
    Ok(())
}

/// User checks, one for each address `/n/1` to `/n/checks`, in the place where they are looked for.
fn write_checks(root: &Path, checks: usize, length: usize) -> Outcome<()> {
    let folder = root.join(".holdpoint/checks/bench");
    fs::create_dir_all(&folder)?;
    for n in 1..=checks {
        let text = format!(
            r#"id       = "bench.page-{n}"
title    = "page {n} answers in full"
why      = "this measures the engine"
severity = "low"
level    = "live"
suites   = ["bench"]

[look]
probe = "http"
path = "/n/{n}"
body_limit = {BODY_LIMIT}
timeout = "30s"

[[expect]]
that      = "status == 200"
otherwise = "the status is {{status}}"

[[expect]]
that      = "body.size == {length}"
otherwise = "the body has {{body.size}} bytes"

[remedy]
text = "look at the benchmark's server"

[[example]]
name    = "an answer in full"
facts   = {{ status = 200, body = {{ size = {length} }} }}
verdict = "pass"

[[example]]
name    = "an error"
facts   = {{ status = 500, body = {{ size = {length} }} }}
verdict = "fail"

[[example]]
name      = "no answer in time"
hindrance = "timeout"
verdict   = "inconclusive"
"#
        );
        fs::write(folder.join(format!("page-{n}.toml")), text)?;
    }
    Ok(())
}

/// The program in an environment of its own, with nothing printed.
fn scrubbed<A: AsRef<std::ffi::OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn timed(mut command: Command) -> Outcome<(ExitStatus, Duration)> {
    let begun = clock::tick();
    let status = command.status()?;
    Ok((status, clock::tick() - begun))
}

/// Waits for the end, reading the high-water mark of resident memory in KiB as often as `pause` lets.
fn peak(child: &mut Child, pause: Option<Duration>) -> Outcome<(ExitStatus, Option<u64>)> {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let read = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        // The mark only grows; it is absent once the process has let go of its memory.
        peak = peak.max(read);
        if read.is_none() {
            return Ok((child.wait()?, peak));
        }
        if let Some(pause) = pause {
            std::thread::sleep(pause);
        }
    }
}

fn succeeded(status: ExitStatus, what: &str) -> Outcome<()> {
    match status.success() {
        true => Ok(()),
        false => Err(format!("{what}: the program ended with {status}").into()),
    }
}

fn row(what: &str, aim: &str, time: Duration, peak: Option<u64>) {
    let milliseconds = time.as_secs_f64() * 1000.0;
    let time = match milliseconds {
        small if small < 100.0 => format!("{small:.1} ms"),
        large => format!("{large:.0} ms"),
    };
    // KiB to MB.
    let peak = peak.map_or("not read".into(), |kib| {
        format!("{:.1} MB", kib as f64 * 1.024 / 1000.0)
    });
    say(&format!("| {what} | {aim} | {time} | {peak} |"));
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}

/// A server that answers every `/n/…` with the same body after the same pause.
struct Loopback {
    address: SocketAddr,
    length: usize,
    answer: Arc<Answer>,
}

struct Answer {
    pause: Duration,
    body: Bytes,
    asked: AtomicUsize,
}

impl Loopback {
    /// Serves until this process ends.
    async fn start(pause: Duration, body: Bytes) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let length = body.len();
        let answer = Arc::new(Answer {
            pause,
            body,
            asked: AtomicUsize::new(0),
        });
        let site = Router::new()
            .route("/n/{n}", get(Self::page))
            .fallback(async || Html("<!DOCTYPE html><title>A page</title>"))
            .with_state(Arc::clone(&answer));
        tokio::spawn(axum::serve(listener, site).into_future());
        Ok(Self {
            address,
            length,
            answer,
        })
    }

    async fn page(State(answer): State<Arc<Answer>>) -> Html<Bytes> {
        answer.asked.fetch_add(1, Ordering::Relaxed);
        if !answer.pause.is_zero() {
            tokio::time::sleep(answer.pause).await;
        }
        Html(answer.body.clone())
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn asked(&self) -> usize {
        self.answer.asked.load(Ordering::Relaxed)
    }
}
