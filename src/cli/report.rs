//! `holdpoint report`: reports from a record, without looking again.

use super::args::ReportArguments;
use super::baseline;
use super::beside::{About, beside};
use super::exit::Exit;
use super::grounds::{Grounds, in_force};
use super::output::Output;
use super::places::places;
use super::prepare::{self, Environment, Request};
use super::records::{self, Found};
use super::run::{End, subject};
use super::{pipeline, reports};
use crate::catalog::{Catalog, parse_waivers};
use crate::diagnostic::{Diagnostic, Source};
use crate::engine::{self, CutShort};
use crate::evidence::{self, PlannedCheck, Record};
use crate::gate::{self, Against, Side};
use crate::model::{Baseline, Decision, Finding, Severity, Subject, Waiver};
use crate::report::{Beside, trace};
use crate::secret::Book;
use crate::settings::Settings;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(super) fn report(
    arguments: &ReportArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    match retell(arguments, output, environment) {
        Ok(exit) => exit,
        Err(problems) => output.diagnose(&problems),
    }
}

/// A record, judged.
pub(super) struct Told {
    pub(super) findings: Vec<Finding>,
    pub(super) decision: Decision,
    pub(super) subject: Subject,
    pub(super) cut_short: Option<CutShort>,
    /// The digest of each check's text, as it was judged by it.
    pub(super) definitions: BTreeMap<String, String>,
    /// The checks whose failure a waiver accepts.
    pub(super) accepted: BTreeSet<String>,
    /// The last line of the record was cut off while it was written.
    pub(super) torn: bool,
    /// What was passed over to find it.
    pub(super) odd: Vec<Diagnostic>,
    /// Where the record is.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) record: Record,
}

impl Told {
    /// As it is compared with another.
    pub(super) fn side(&self) -> Side<'_> {
        Side {
            findings: &self.findings,
            definitions: &self.definitions,
            cut_short: self.cut_short.is_some(),
        }
    }

    /// Says what is odd about it.
    pub(super) fn warn(&self, output: &Output) {
        output.warn(&self.odd);
        if self.torn {
            output.remark(&format!("warning: {TORN}"));
        }
    }

    /// As formats of a record show it.
    pub(super) fn shown(&self) -> trace::Told<'_> {
        trace::Told {
            record: &self.record,
            findings: &self.findings,
            decision: &self.decision,
            subject: &self.subject,
            definitions: &self.definitions,
        }
    }
}

fn retell(
    arguments: &ReportArguments,
    output: &Output,
    environment: &Environment,
) -> Result<Exit, Vec<Diagnostic>> {
    prepare::writable(&arguments.decision.report)?;
    let request = Request {
        subject: arguments.subject.clone(),
        ..Request::default()
    };
    let settings = prepare::settings(&request, environment)?;
    let catalog = if arguments.rejudge {
        Some(Catalog::load(
            prepare::checks_folder(&settings),
            &settings.root,
            &settings.overrides,
            &environment.secrets,
        )?)
    } else {
        None
    };
    let baseline = arguments.decision.baseline.as_deref();
    let baseline = baseline
        .map(|named| baseline::load(named, &settings, &environment.secrets))
        .transpose()?;
    let told = tell_as(
        &arguments.from,
        &settings,
        &environment.secrets,
        &As {
            catalog: catalog.as_ref(),
            fail_on: arguments.decision.fail_on,
            baseline: baseline.as_ref().map(|(baseline, _)| baseline),
        },
    )?;
    output.warn(baseline.as_ref().map_or(&[], |(_, odd)| odd));
    told.warn(output);
    let exit = Exit::of(told.decision.outcome, told.cut_short);
    let targets = &arguments.decision.report;
    let wanted = reports::want_beside(targets);
    let wants_places = wanted || pipeline::wants_places(output, environment);
    let catalog_now = || prepare::catalog(&arguments.subject, environment);
    let now = match wanted || in_force(&settings) {
        true => Some(catalog_now()?.1),
        // Annotations without a line are no reason to tell nothing.
        false if wants_places => catalog_now().ok().map(|(_, catalog)| catalog),
        false => None,
    };
    let signatures = match &now {
        Some(now) if wanted || in_force(&settings) => {
            Grounds::signed(&settings, now, &environment.secrets)?
        }
        _ => Vec::new(),
    };
    let places = now
        .as_ref()
        .filter(|_| wants_places)
        .map(|catalog| places(&settings, catalog));
    let ready = reports::Ready {
        decision: &told.decision,
        findings: &told.findings,
        subject: &told.subject,
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
    let written = match &now {
        Some(catalog) if wanted => {
            let about = About {
                settings: &settings,
                catalog,
                told: told.side(),
                subject: &told.subject,
                record: &told.path,
                places: places.as_ref(),
            };
            beside(&about, output, environment, write)
        }
        _ => write(Beside::default()),
    };
    let exit = match written {
        true => exit,
        false => exit.unless_written(),
    };
    pipeline::tell(&ready, places.as_ref(), exit, output, environment);
    Ok(exit)
}

/// What is said of a record whose last line was cut off.
pub(super) const TORN: &str =
    "the last line of the record was cut off while it was written; it is left out";

/// What helps where a record cannot be read.
pub(super) const NOT_READ: &str = "give the path of a .jsonl file under .holdpoint/records, a run, or the word latest; one that was changed is no evidence: run again";

/// How a record is to be judged, where not as its run was.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct As<'a> {
    /// By these checks in place of its own.
    pub(super) catalog: Option<&'a Catalog>,
    /// By this severity in place of its own.
    pub(super) fail_on: Option<Severity>,
    /// Against this baseline in place of its own.
    pub(super) baseline: Option<&'a Baseline>,
}

/// Judges a record again, as its run was judged.
pub(super) fn tell(
    from: &Path,
    settings: &Settings,
    secrets: &Book,
) -> Result<Told, Vec<Diagnostic>> {
    tell_as(from, settings, secrets, &As::default())
}

fn tell_as(
    from: &Path,
    settings: &Settings,
    secrets: &Book,
    by: &As<'_>,
) -> Result<Told, Vec<Diagnostic>> {
    let Found { path, odd } = records::find(from, settings)?;
    let mut record = evidence::read(&path)
        .map_err(|fault| vec![Diagnostic::new(fault.to_string()).help(NOT_READ)])?;
    let mut findings = engine::replay(&record, by.catalog, secrets)?;
    let header = &record.header;
    // As they are written, and so as they are understood; whoever wrote them need not have known what is secret here.
    let waivers = parse_waivers(&Source::new(&header.waivers_file, &header.waivers))?.into_iter();
    let waivers: Vec<Waiver> = waivers
        .map(|one| one.redacted(|text| secrets.redact(text)))
        .collect();
    record.header = record.header.redacted(secrets);
    let header = &record.header;
    let end = end(&record);
    let fail_on = by
        .fail_on
        .unwrap_or_else(|| header.fail_on.parse().unwrap_or(Severity::Medium));
    let today = end.ended.to_zoned(TimeZone::UTC).date();
    let recorded = header.baseline.as_ref().map(Baseline::from);
    let baseline = by.baseline.or(recorded.as_ref());
    let definitions = definitions(&record.checks, by.catalog, secrets);
    // What the run itself was held against knew the texts as its record has them.
    let own = evidence::definitions(&record.checks, &Book::default());
    let is_own = by.baseline.is_none() && by.catalog.is_none();
    let against = baseline.map(|baseline| Against {
        baseline,
        definitions: if is_own { &own } else { &definitions },
        run: &header.run,
        target: header.target.as_deref(),
        environment: &header.environment,
        cut_short: end.cut_short.is_some(),
    });
    let decision = gate::decide_against(&mut findings, &waivers, fail_on, today, against.as_ref());
    let accepted = gate::waived(&findings, &waivers, today);
    let cut_short = match end.cut_short.as_deref() {
        None => None,
        Some("deadline") => Some(CutShort::Deadline),
        Some(_) => Some(CutShort::Interrupted),
    };
    let subject = Subject {
        baseline: baseline.map(|one| one.run.clone()),
        ..subject(header, &end, &path, &settings.root)
    };
    Ok(Told {
        findings,
        decision,
        subject,
        cut_short,
        definitions,
        accepted,
        torn: record.torn,
        odd,
        path,
        record,
    })
}

/// The digest of each check's text as a catalogue has it now, or as it was judged by.
fn definitions(
    checks: &[PlannedCheck],
    catalog: Option<&Catalog>,
    secrets: &Book,
) -> BTreeMap<String, String> {
    let mut checks = checks.to_vec();
    for one in &mut checks {
        let now = catalog.and_then(|catalog| catalog.source(&one.id));
        if let Some(now) = now {
            one.source = now.text.to_string();
        }
    }
    evidence::definitions(&checks, secrets)
}

/// How the run ended; a killed one ended with the last thing it recorded.
fn end(record: &Record) -> End {
    if let Some(ending) = &record.ending {
        return ending.clone().into();
    }
    let last = record.observations.iter().map(|one| {
        let took =
            jiff::SignedDuration::from_millis(i64::try_from(one.duration_ms).unwrap_or(i64::MAX));
        one.started.saturating_add(took).unwrap_or(one.started)
    });
    let ended = last.max().unwrap_or(record.header.started);
    let duration = ended.duration_since(record.header.started).as_millis();
    End {
        ended,
        duration_ms: u64::try_from(duration).unwrap_or_default(),
        cut_short: Some("the run was killed".into()),
    }
}
