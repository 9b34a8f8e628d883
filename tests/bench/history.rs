//! Measures how fast the history probe reads a large repository, and prints lines for the README.
//!
//! `cargo bench --bench history`. The repository of 100,000 objects is made by `git fast-import` in a temporary folder and
//! packed by it: files in versions that differ a little, and the trees and commits that hold them. What is measured is one
//! whole look: listing the objects, inflating and searching every one for ten secrets in every form and for all shapes, and
//! following every reference. A secret stands in one old version, and must be found.
//!
//! It is measured as `git fast-import` leaves the pack, nearly every version whole, and as `git repack` makes it, which is
//! what a clone gets. Beside the time stands what the processor spent, which other programs on the machine change less: the
//! rate of two processors is twice the bytes for each of its seconds. `git cat-file` reads the same objects for comparison.

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Wanted, find};
use holdpoint::secret::{Book, random_secret};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
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
    for (what, arguments) in [
        ("as imported", None),
        (
            "repacked",
            Some(["repack", "-adfq", "--depth=50", "--window=10"]),
        ),
    ] {
        if let Some(arguments) = arguments {
            git(folder.path(), &arguments)?.wait()?;
        }
        let mut best: Option<(Duration, f64)> = None;
        let mut facts = Facts::new();
        for _ in 0..RUNS {
            let (begun, spent) = (clock::tick(), processor()?.0);
            let sighting = probe
                .look(&Facts::new(), &Wanted::default(), &context)
                .await;
            let (took, spent) = (begun.elapsed(), processor()?.0 - spent);
            if best.is_none_or(|(_, least)| spent < least) {
                best = Some((took, spent));
            }
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
        let megabytes = facts["bytes"].as_f64().unwrap_or_default() / 1e6;
        let (took, spent) = best.unwrap_or_default();
        let gits = cat_file(folder.path())?;
        writeln!(
            std::io::stdout(),
            "| {} objects {what}, {megabytes:.0} MB inflated, {} threads | 200 MB/s | {:.2} s, {:.0} MB/s; {spent:.2} s of a \
             processor, {:.0} MB/s on two; git cat-file spends {gits:.2} s |",
            facts["objects"],
            std::thread::available_parallelism()?,
            took.as_secs_f64(),
            megabytes / took.as_secs_f64(),
            2.0 * megabytes / spent,
        )?;
    }
    Ok(())
}

/// Seconds that processors spent for this program, and for programs that it waited for; nothing where it is not Linux.
/// Source: proc(5), fields 14 to 17 of stat, in hundredths of a second.
fn processor() -> Outcome<(f64, f64)> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else {
        return Ok((f64::NAN, f64::NAN));
    };
    let rest = stat.rsplit_once(')').ok_or("stat has no name")?.1;
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    let sum = |from: usize| fields.iter().skip(from).take(2).sum::<f64>() / 100.0;
    Ok((sum(11), sum(13)))
}

/// What git itself spends to read every object.
fn cat_file(folder: &Path) -> Outcome<f64> {
    let before = processor()?.1;
    let mut reading = Command::new("git")
        .args([
            "cat-file",
            "--batch-all-objects",
            "--unordered",
            "--batch",
            "--buffer",
        ])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = reading.stdout.take().ok_or("no output")?;
    std::io::copy(&mut said, &mut std::io::sink())?;
    reading.wait()?;
    Ok(processor()?.1 - before)
}

fn git(folder: &Path, arguments: &[&str]) -> Outcome<Child> {
    Ok(Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .spawn()?)
}

fn fill(folder: &Path, secret: &str) -> Outcome<()> {
    git(folder, &["init", "-q", "-b", "main"])?.wait()?;
    let mut importing = git(folder, &["fast-import", "--quiet", "--depth=50"])?;
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
