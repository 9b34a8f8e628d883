//! Measures how fast the history probe reads a large repository, and prints a line for the README.
//!
//! `cargo bench --bench history`. The repository of 100,000 objects is made by `git fast-import` in a temporary folder and
//! packed by it: files in versions that differ a little, and the trees and commits that hold them. What is measured is one
//! whole look: listing the objects, inflating and searching every one for ten secrets in every form and for all shapes, and
//! following every reference. A secret stands in one old version, and must be found.

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Wanted, find};
use holdpoint::secret::{Book, random_secret};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Each makes a file, two trees and itself.
const COMMITS: usize = 25_000;
const FILES: usize = 500;
const FOLDERS: usize = 25;
const LINES: usize = 1_000;
const RUNS: usize = 3;

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench -- FILTER` and `cargo test --benches` pass arguments that mean nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let secrets: Vec<String> = (0..10).map(|_| random_secret()).collect::<Result<_, _>>()?;
    fill(folder.path(), secrets.first().map_or("", String::as_str))?;
    let context = context(folder.path(), &secrets)?;
    let probe = find("history").ok_or("no probe")?;
    let mut best = Duration::MAX;
    let mut facts = Facts::new();
    for _ in 0..RUNS {
        let begun = clock::tick();
        let sighting = probe
            .look(&Facts::new(), &Wanted::default(), &context)
            .await;
        best = best.min(begun.elapsed());
        if let Some(hindrance) = sighting.hindrance {
            return Err(hindrance.cause.into());
        }
        facts = sighting.facts;
    }
    if facts["secrets_count"] != 1 || facts["complete"] != true {
        return Err(format!(
            "not everything was found: {} {}",
            facts["secrets"], facts["incomplete"]
        )
        .into());
    }
    let bytes = facts["bytes"].as_f64().unwrap_or_default();
    let mut line = String::new();
    write!(
        line,
        "| {} objects, {:.0} MB inflated, {} threads | 200 MB/s | {:.2} s, {:.0} MB/s |",
        facts["objects"],
        bytes / 1e6,
        std::thread::available_parallelism()?,
        best.as_secs_f64(),
        bytes / 1e6 / best.as_secs_f64()
    )?;
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn fill(folder: &Path, secret: &str) -> Outcome<()> {
    let git = |arguments: &[&str]| -> Outcome<std::process::Child> {
        Ok(Command::new("git")
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .spawn()?)
    };
    git(&["init", "-q", "-b", "main"])?.wait()?;
    let mut importing = git(&["fast-import", "--quiet", "--depth=50"])?;
    let mut stream = std::io::BufWriter::new(importing.stdin.take().ok_or("no input")?);
    let mut random = fastrand::Rng::with_seed(7);
    let mut files: Vec<Vec<String>> = (0..FILES)
        .map(|_| (0..LINES).map(|_| line(&mut random)).collect())
        .collect();
    for commit in 0..COMMITS {
        let file = random.usize(0..FILES);
        for _ in 0..3 {
            let place = random.usize(0..LINES);
            files[file][place] = line(&mut random);
        }
        let mut text = files[file].concat();
        if commit == COMMITS / 2 {
            text.push_str(secret);
        }
        write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@a.test> {} +0000\ndata 8\nmessage\n",
            1_700_000_000 + commit
        )?;
        write!(
            stream,
            "M 644 inline src/{}/file-{file}.ts\ndata {}\n{text}\n",
            file % FOLDERS,
            text.len()
        )?;
    }
    stream.flush()?;
    drop(stream);
    if !importing.wait()?.success() {
        return Err("git fast-import failed".into());
    }
    Ok(())
}

/// A line as code has it.
fn line(random: &mut fastrand::Rng) -> String {
    const WORDS: [&str; 12] = [
        "const",
        "value",
        "=",
        "await",
        "fetch(",
        "process.env.",
        "return",
        "export",
        "user",
        "=>",
        "{ id:",
        "token",
    ];
    let mut line = String::from("  ");
    for _ in 0..random.usize(3..9) {
        line.push_str(WORDS[random.usize(0..WORDS.len())]);
        line.push(' ');
    }
    let _ = writeln!(line, "{}", random.u32(..));
    line
}

fn context(root: &Path, secrets: &[String]) -> Outcome<Context> {
    let variables = secrets.iter().enumerate().map(|(number, value)| Variable {
        name: format!("SECRET_{number}"),
        value: value.clone(),
        raw: value.clone(),
        origin: VariableOrigin::Process,
        secret: true,
        shadowed: Vec::new(),
    });
    Ok(Context {
        target: None,
        root: root.to_owned(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment {
            variables: variables.collect(),
            ..Environment::default()
        }),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None)?),
        timeout: Duration::from_secs(600),
        until: clock::tick() + Duration::from_secs(600),
        now: clock::now().as_second(),
        run: String::new(),
        scratch: Scratch::default(),
    })
}
