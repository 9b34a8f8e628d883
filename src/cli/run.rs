//! `holdpoint run` and `holdpoint smoke`: look, judge, decide, report.

use super::args::{RunArguments, SmokeArguments};
use super::baseline::kept;
use super::beside::{About, beside};
use super::documents::Bench;
use super::exit::Exit;
use super::grounds::Grounds;
use super::header::{header, planned};
use super::output::Output;
use super::places::places;
use super::prepare::{
    Documents, Environment, Prepared, Request, leftovers_folder, prepare, settings as load,
};
use super::turn::AuditTurn;
use super::{after_suite, before_gate, documents, masks, pipeline, progress, reports};
use crate::catalog::SUITES;
use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::document::escape::visible;
use crate::engine::{self, Limits};
use crate::evidence::{
    self, Ending, Header, Leftovers, RecordWriter, Repository, WriteFault, digest,
};
use crate::gate::{self, Against, Side};
use crate::model::{Baseline, Leftover, Level, Subject};
use crate::release::own_paths;
use crate::report::Beside;
use crate::settings::{self, Settings};
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

pub(super) fn run(arguments: RunArguments, output: &Output, environment: &Environment) -> Exit {
    pipeline::within_section("holdpoint run", output, environment, || {
        conduct(&arguments.into(), output, environment)
    })
}

pub(super) fn smoke(arguments: SmokeArguments, output: &Output, environment: &Environment) -> Exit {
    pipeline::within_section("holdpoint smoke", output, environment, || {
        conduct(&arguments.into(), output, environment)
    })
}

/// How long the end of a run waits for what shows it, and for the last line of its record.
const GRACE: Duration = Duration::from_millis(100);
const CLOSING: Duration = Duration::from_millis(300);

/// A run from its request to its exit status.
pub(super) fn conduct(request: &Request, output: &Output, environment: &Environment) -> Exit {
    let begun = clock::tick();
    let settings = match load(request, environment) {
        Ok(settings) => settings,
        Err(problems) => return output.diagnose(&problems),
    };
    if request.mask {
        masks::tell(&settings.environment, &environment.variables, output);
    }
    let repository = Repository::ask(&settings.root, own_paths(&settings));
    let prepared = match prepare(settings, request, environment) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.tell(output),
    };
    match before_gate::closed(&prepared, request, environment) {
        Ok(closed) if closed.is_empty() => {}
        Ok(closed) => {
            output.diagnose(&closed);
            return Exit::NoGo;
        }
        Err(problems) => return output.diagnose(&problems),
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output.remark(&format!("error: cannot start: {error}"));
            return Exit::Usage;
        }
    };
    let exit = runtime.block_on(execute(
        prepared,
        repository,
        request,
        output,
        environment,
        begun,
    ));
    // A look that blocks a thread must not hold up the end.
    runtime.shutdown_background();
    exit
}

async fn execute(
    prepared: Prepared,
    repository: JoinHandle<Repository>,
    request: &Request,
    output: &Output,
    environment: &Environment,
    begun: Instant,
) -> Exit {
    let Prepared {
        settings,
        catalog,
        plan,
        limits,
        waivers,
        selection,
        baseline,
    } = prepared;
    output.warn(&settings.warnings);
    output.warn(baseline.as_ref().map_or(&[], |(_, odd)| odd));
    output.warn(&left_by_earlier_runs(&settings));
    let audited = plan.audited();
    let folders = settings::shared_folders(&environment.variables);
    let turn = audited.map(|origin| AuditTurn::take(&folders, &origin, &plan.input.run));
    // Held to the end, so that another run does not measure what is left of this one.
    let _turn = match turn.transpose() {
        Ok(turn) => turn,
        Err(refusal) => return output.diagnose(&[refusal.into()]),
    };
    // Without git, or where it failed, the record says that the commit is not known.
    let repository = repository.join().unwrap_or_default();
    output.warn(&uncertain(&repository));
    let (checks, looks) = planned(&catalog, &selection, &plan);
    let of_the_plan = baseline.map(|(baseline, _)| kept(&baseline, &checks, &environment.secrets));
    // As the record has it, so that it repeats what is said here, and no report escapes a secret out of recognition.
    let header = header(&settings, &plan, request, &catalog, repository, of_the_plan)
        .redacted(&environment.secrets);
    let baseline = header.baseline.as_ref().map(Baseline::from);
    let definitions = evidence::definitions(&checks, &environment.secrets);
    let record = match RecordWriter::create(
        &settings.records,
        &header,
        &checks,
        &looks,
        &environment.secrets,
    ) {
        Ok(record) => Arc::new(record),
        Err(fault) => {
            output.remark(&format!("error: {fault}\nhelp: make the folder writable, or name another with [records] folder in holdpoint.toml"));
            return Exit::Unwritten;
        }
    };
    settings::keep_key(&settings.root, &environment.secrets);
    let (events, received) = mpsc::unbounded_channel();
    let shown = tokio::spawn(progress::show(
        output.clone(),
        progress::labels(&plan, output),
        received,
    ));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        interrupted().await;
        if stop.send(true).is_ok() {
            interrupted().await;
        }
        // The run is over, or this is the second time: whoever reads the output need not be waited for.
        leave();
    });
    // What was done before counts: planning reads the whole repository.
    let limits = Limits {
        deadline: limits
            .deadline
            .map(|deadline| deadline.saturating_sub(begun.elapsed())),
        ..limits
    };
    let outcome = engine::run(plan, limits, record.clone(), events, stopped).await;
    // It only draws; the run does not depend on it.
    let _ = tokio::time::timeout(GRACE, shown).await;
    output.warn(&left_behind(&outcome.left));
    let mut findings = outcome.findings;
    let ended = clock::now();
    let today = ended.to_zoned(TimeZone::UTC).date();
    let against = baseline.as_ref().map(|baseline| Against {
        baseline,
        definitions: &definitions,
        run: &header.run,
        target: header.target.as_deref(),
        environment: &header.environment,
        cut_short: outcome.cut_short.is_some(),
    });
    let decision = gate::decide_against(
        &mut findings,
        &waivers,
        settings.fail_on,
        today,
        against.as_ref(),
    );
    let exit = Exit::of(decision.outcome, outcome.cut_short);
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ending = Ending {
        ended,
        duration_ms,
        cut_short: outcome.cut_short.map(|cut| cut.word().into()),
        decision: decision.outcome.word().into(),
    };
    let mut fault = outcome.fault;
    let closed = tokio::time::timeout(CLOSING, record.close(ending.clone())).await;
    let unclosed = closed.unwrap_or_else(|_| {
        Err(WriteFault {
            path: record.path().to_owned(),
            cause: "the disk does not answer".into(),
        })
    });
    fault = fault.or(unclosed.err());
    let mut subject = subject(&header, &ending.into(), record.path(), &settings.root);
    if fault.is_some() {
        // Its last lines may still be on their way, or missing: nothing can be bound to it.
        subject.record_digest = None;
    }
    // Where the gates cannot be told, the documents say nothing of signatures; the gates' own verbs say why.
    let signatures = match request.documents {
        Documents::LeaveAlone => Vec::new(),
        Documents::Tell | Documents::Write => {
            Grounds::signed(&settings, &catalog, &environment.secrets).unwrap_or_else(|problems| {
                output.warn(&problems);
                Vec::new()
            })
        }
    };
    let targets = &request.decision.report;
    let with_beside = reports::want_beside(targets);
    let places = (with_beside || pipeline::wants_places(output, environment))
        .then(|| places(&settings, &catalog));
    let ready = reports::Ready {
        decision: &decision,
        findings: &findings,
        subject: &subject,
        signatures: &signatures,
        root: &settings.root,
        beside: Beside {
            exit_status: Some(exit.code()),
            ..Beside::default()
        },
    };
    let documents = reports::write_documents(&ready, targets, output);
    let write =
        |beside: Beside<'_>| reports::write(&ready.with(beside), targets, documents, output);
    let about = About {
        settings: &settings,
        catalog: &catalog,
        told: Side {
            findings: &findings,
            definitions: &definitions,
            cut_short: outcome.cut_short.is_some(),
        },
        subject: &subject,
        record: record.path(),
        places: places.as_ref(),
    };
    let mut written = match with_beside {
        true => beside(&about, output, environment, write),
        false => write(Beside::default()),
    };
    if request.documents != Documents::LeaveAlone {
        let bench = Bench {
            settings: &settings,
            catalog: &catalog,
            findings: &findings,
            decision: &decision,
            subject: &subject,
            signatures: &signatures,
            secrets: &environment.secrets,
            take_over: false,
            refresh: false,
        };
        written &= documents::after_run(&bench, request.documents == Documents::Write, output);
    }
    if fault.is_none() && outcome.cut_short.is_none() {
        after_suite::tell(&settings, &catalog, &checks, output);
    }
    if let Some(fault) = fault {
        output.remark(&format!("error: {fault}\nhelp: what could not be recorded did not count; free the disk and run again"));
        written = false;
    }
    let exit = if written { exit } else { exit.unless_written() };
    pipeline::tell(&ready, places.as_ref(), exit, output, environment);
    exit
}

/// What runs that were killed created in services and did not remove.
fn left_by_earlier_runs(settings: &Settings) -> Vec<Diagnostic> {
    let earlier = Leftovers::of_earlier_runs(&leftovers_folder(settings), clock::now());
    let each = earlier.into_iter().flat_map(|(file, things)| {
        let file = display(&file, &settings.root);
        things.into_iter().map(move |thing| {
            let Leftover {
                service,
                what,
                removal,
                ..
            } = thing;
            Diagnostic::new(format!(
                "an earlier run was ended before it could remove {what} from {service}"
            ))
            .help(format!("{removal}; then delete {file}"))
        })
    });
    each.collect()
}

/// Why nobody can tell whether the code is that of the commit, where there is one: no sign-off will rest on the run.
fn uncertain(repository: &Repository) -> Vec<Diagnostic> {
    let each = repository.unsure.iter().map(|why| {
        let why = visible(why);
        Diagnostic::new(format!(
            "it cannot be told whether the code is that of the commit: {why}"
        ))
        .help("a gate does not count this run")
    });
    each.collect()
}

/// What this run created in services and could not remove.
fn left_behind(left: &[(Leftover, String)]) -> Vec<Diagnostic> {
    let each = left.iter().map(|(thing, cause)| {
        let Leftover {
            service,
            what,
            removal,
            ..
        } = thing;
        Diagnostic::new(format!(
            "{what} could not be removed from {service}: {cause}"
        ))
        .help(removal.clone())
    });
    each.collect()
}

/// Ends the program at once, as an interrupted one.
fn leave() {
    #[expect(
        clippy::exit,
        reason = "the main thread may be blocked by a reader that does not read"
    )]
    std::process::exit(Exit::Interrupted.code().into());
}

/// Waits for Ctrl-C, or for the signal that a pipeline ends its jobs with.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// How a run ended, for its subject.
pub(super) struct End {
    pub(super) ended: jiff::Timestamp,
    pub(super) duration_ms: u64,
    pub(super) cut_short: Option<String>,
}

impl From<Ending> for End {
    fn from(ending: Ending) -> Self {
        Self {
            ended: ending.ended,
            duration_ms: ending.duration_ms,
            cut_short: ending.cut_short,
        }
    }
}

/// What reports say about the circumstances; a run and its replay say the same, since the record is whole by then.
pub(super) fn subject(header: &Header, end: &End, record: &Path, root: &Path) -> Subject {
    let suites = header
        .selection
        .iter()
        .filter(|one| SUITES.contains(&one.as_str()));
    Subject {
        tool_version: header.tool.clone(),
        project: header.project.clone(),
        root: header.root.clone(),
        target: header.target.clone(),
        environment: header.environment.clone(),
        level: header.level.parse().unwrap_or(Level::Static),
        suites: suites.cloned().collect(),
        selection: header.selection.clone(),
        given: header.given.clone(),
        started: header.started,
        ended: end.ended,
        duration_ms: end.duration_ms,
        commit: header.commit.clone(),
        dirty: header.dirty.unwrap_or(false),
        clean: header.dirty == Some(false),
        record: Some(display(record, root)),
        // What cannot be read has no digest; that the disk fails is said elsewhere.
        record_digest: std::fs::read(record).ok().map(|bytes| digest(&bytes)),
        inputs: header
            .inputs
            .iter()
            .map(|one| (one.path.clone(), one.digest.clone()))
            .collect(),
        run: header.run.clone(),
        baseline: header.baseline.as_ref().map(|one| one.run.clone()),
        interrupted: end.cut_short.as_deref().map(ended_early),
        tags: header.catalogue.clone(),
    }
}

fn ended_early(word: &str) -> String {
    match word {
        "deadline" => "the deadline passed".into(),
        "interrupted" => "interrupted".into(),
        other => other.into(),
    }
}

/// A path as the user would write it, seen from the root.
pub(super) fn display(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::CutShort;

    #[test]
    fn every_early_end_has_words() {
        for cut in [CutShort::Deadline, CutShort::Interrupted] {
            assert_ne!(ended_early(cut.word()), "");
        }
    }
}
