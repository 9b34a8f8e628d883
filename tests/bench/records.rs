//! Measures boards and gates over the records of many runs, and prints lines for the README.
//!
//! `cargo bench --bench records`. The whole process, from its start to its end, without any network: the settings and
//! sources of the embedded application, and the record of one run of them again and again, an hour apart, as runs leave it.
//! Beside each time stands by how many times it is longer than with one record: gates look no further back than they need
//! to, so that it does not grow with what is kept.

use holdpoint::clock;
use holdpoint::evidence::{self, Header, RecordWriter, name_of_run, seal};
use holdpoint::sandbox::{Sandbox, Variant};
use holdpoint::secret::Book;
use jiff::{SignedDuration, Timestamp};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");
const RECORDS: &str = ".holdpoint/records";
/// Beside the one that was made by a run.
const KEPT: [usize; 3] = [0, 49, 499];
/// Each is taken a few times, because machines are noisy.
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Outcome<()> {
    // `cargo bench -- FILTER` and `cargo test --benches` pass arguments that mean nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let sandbox = Sandbox::start(Variant::Mended).await?;
    let project = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    sandbox.write_project(project.path())?;
    call(
        project.path(),
        &["run", "security", "infrastructure", "--level", "static"],
    )?;
    let folder = project.path().join(RECORDS);
    let made = evidence::latest(&folder).ok_or("the run left no record")?;
    let verbs: [&[&str]; 4] = [
        &["status"],
        &["status", "--standup"],
        &["gate"],
        &["explain", "latest"],
    ];
    let mut alone = [Duration::ZERO; 4];
    say("| what | records | time | of the time with one |");
    say("|---|---|---|---|");
    let mut before = 0;
    for kept in KEPT {
        for number in before + 1..=kept {
            again(&made, &folder, number).await?;
        }
        before = kept;
        let bytes: u64 = fs::read_dir(&folder)?
            .map(|entry| entry?.metadata().map(|about| about.len()))
            .sum::<std::io::Result<u64>>()?;
        for (verb, alone) in verbs.iter().zip(&mut alone) {
            let mut times = Vec::with_capacity(RUNS);
            for _ in 0..RUNS {
                times.push(call(project.path(), verb)?);
            }
            times.sort();
            let median = times[RUNS / 2];
            if kept == 0 {
                *alone = median;
            }
            say(&format!(
                "| `holdpoint {}` | {}, {:.1} MB | {:.0} ms | {:.1} times |",
                verb.join(" "),
                kept + 1,
                bytes as f64 / 1e6,
                median.as_secs_f64() * 1000.0,
                median.as_secs_f64() / alone.as_secs_f64()
            ));
        }
    }
    Ok(())
}

/// The same record once more, of as many hours earlier.
async fn again(made: &Path, folder: &Path, hours: usize) -> Outcome<()> {
    let record = evidence::read(made)?;
    let started: Timestamp =
        record.header.started - SignedDuration::from_hours(i64::try_from(hours)?);
    let header = Header {
        run: name_of_run(started),
        started,
        ..record.header
    };
    let book = Book::default();
    let writer = RecordWriter::create(folder, &header, &record.checks, &record.looks, &book)?;
    for seen in record.observations {
        drop(writer.append(seal(seen, &book).1));
    }
    writer
        .close(record.ending.ok_or("the run did not end")?)
        .await?;
    Ok(())
}

/// How long a call takes, whatever it decides.
fn call(folder: &Path, arguments: &[&str]) -> Outcome<Duration> {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin") // git is asked for the commit
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = clock::tick();
    let status = command.status()?;
    let took = begun.elapsed();
    match status.code() {
        Some(0 | 1 | 3) => Ok(took),
        _ => Err(format!("holdpoint {arguments:?} ended with {status}").into()),
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}
