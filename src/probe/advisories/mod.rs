//! The advisories probe: which known vulnerabilities concern the packages of the lockfile, by up to two sources.

mod audit;
mod declare;
mod folder;
mod osv;
mod record;
mod tally;
mod version;

use super::packages::lock::{self, Lock};
use super::transport::keeps_secrets;
use super::{Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tally::Tally;
use url::Url;

const BASE_URL: &str = "https://api.osv.dev";
/// A version that every source of advisories for npm lists: GHSA-xvch-5gv4-984h, prototype pollution. A
/// source that says nothing of it is empty, or not what it seems.
const KNOWN: (&str, &str) = ("minimist", "0.0.8");

/// Asks OSV, or a folder of its records, and reads the package manager's audit.
pub(super) struct Advisories;

impl Probe for Advisories {
    fn spec(&self) -> ProbeSpec {
        declare::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = parameters.clone();
        for (key, default) in [
            ("base_url", BASE_URL),
            ("folder", ""),
            ("audit", ""),
            ("private", ""),
            ("first", "osv"),
        ] {
            let value = look.entry(key).or_insert_with(|| default.into());
            if !value.is_string() {
                return Err(format!("{key}: {value} is not a text"));
            }
        }
        if !["osv", "audit"].contains(&text(&look, "first")) {
            return Err("first: must be osv or audit".into());
        }
        base(&look)?;
        Ok(vec![look])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "advisories for the lockfile".into()
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        let asked = text(parameters, "folder").is_empty();
        let base = base(parameters).ok().filter(|_| asked)?;
        Some(base.origin().ascii_serialization())
    }

    fn level(&self, parameters: &Facts) -> Level {
        // Only a folder is read without asking anybody; an audit does not take the place of OSV.
        if text(parameters, "folder").is_empty() {
            Level::Live
        } else {
            Level::Static
        }
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            match look(parameters, context).await {
                Ok((facts, passing)) => Sighting {
                    transient: passing.then_some(Transient { retry_after: None }),
                    ..Sighting::of(facts)
                },
                Err(hindrance) => Sighting::hindered(hindrance),
            }
        })
    }
}

fn text<'a>(parameters: &'a Facts, key: &str) -> &'a str {
    let value = parameters.get(key).and_then(Value::as_str);
    value.unwrap_or_default().trim()
}

fn base(parameters: &Facts) -> Result<Url, String> {
    let text = text(parameters, "base_url");
    let url =
        Url::parse(text).map_err(|error| format!("base_url: {text} is no address: {error}"))?;
    if keeps_secrets(&url) {
        Ok(url)
    } else {
        Err(format!(
            "base_url: {text} is neither an https address nor this machine"
        ))
    }
}

/// Runs what reads files beside what waits for answers.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Hindrance> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|fault| Hindrance::new(HindranceKind::Internal, fault.to_string()))
}

async fn look(parameters: &Facts, context: &Context) -> Result<(Facts, bool), Hindrance> {
    let root = context.root.clone();
    let lock = aside(move || Lock::read(&root)).await??;
    let question = Question::about(&lock, text(parameters, "private"));
    let folder = text(parameters, "folder");
    let (osv, passing) = if folder.is_empty() {
        by_interface(parameters, context, &lock, &question).await
    } else {
        let folder = context.root.join(folder);
        (by_folder(folder, &lock, &question).await?, false)
    };
    let named = text(parameters, "audit");
    let audit = by_audit(context, &lock, named);
    let given = !named.is_empty();
    let (first, second, second_given) = match text(parameters, "first") {
        "audit" => (&audit, &osv, true),
        _ => (&osv, &audit, given),
    };
    let facts = Facts::from_iter([
        ("file".to_owned(), lock.file.clone().into()),
        ("count".to_owned(), lock.foreign().count().into()),
        ("withheld".to_owned(), question.withheld.into()),
        ("first".to_owned(), first.fact(context.now)),
        ("second".to_owned(), second.fact(context.now)),
        ("second_given".to_owned(), second_given.into()),
        ("only_second".to_owned(), second.critical_beyond(first)),
    ]);
    Ok((facts, passing))
}

/// What is asked: packages by name and version, each with its places in the lockfile.
struct Question {
    /// The last one is [`KNOWN`].
    packages: Vec<(String, String)>,
    places: BTreeMap<(String, String), Vec<usize>>,
    /// Packages of private scopes, whose names do not leave this machine.
    withheld: usize,
    /// Packages that cannot be asked about, for want of a version.
    unnamed: Option<String>,
}

impl Question {
    fn about(lock: &Lock, private: &str) -> Self {
        let private: Vec<_> = private.split(',').map(str::trim).collect();
        let mut places: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        let mut withheld = 0;
        let mut unnamed = None;
        for (at, package) in lock.packages.iter().enumerate() {
            let scope = package.name.split('/').next().unwrap_or_default();
            if package.own() {
            } else if !scope.is_empty() && private.contains(&scope) {
                withheld += 1;
            } else if package.version.is_empty() {
                unnamed.get_or_insert_with(|| package.name.clone());
            } else {
                let pair = (package.name.clone(), package.version.clone());
                places.entry(pair).or_default().push(at);
            }
        }
        let known = (KNOWN.0.to_owned(), KNOWN.1.to_owned());
        let packages = places.keys().cloned().chain([known]).collect();
        Self {
            packages,
            places,
            withheld,
            unnamed,
        }
    }

    /// Puts what was found into a tally.
    fn fill(
        &self,
        tally: &mut Tally,
        lock: &Lock,
        ids: &[BTreeSet<String>],
        records: &BTreeMap<String, Value>,
    ) {
        tally.asked = self.packages.len().saturating_sub(1);
        let mut recognised = false;
        for ((name, version), ids) in self.packages.iter().zip(ids) {
            let places = self.places.get(&(name.clone(), version.clone()));
            for id in ids {
                let Some(record) = records.get(id) else {
                    continue;
                };
                let Some(reading) = record::read(record, name, version) else {
                    let cause = format!("{id} is no record of the OSV schema");
                    tally.cause.get_or_insert(cause);
                    continue;
                };
                if reading.withdrawn {
                    continue;
                }
                recognised |= (name.as_str(), version.as_str()) == KNOWN;
                for at in places.into_iter().flatten() {
                    let Some(package) = lock.packages.get(*at) else {
                        continue;
                    };
                    let (rating, fixed) = (reading.rating.clone(), reading.fixed.clone());
                    tally.add(lock, package, &reading.ids, &reading.id, rating, fixed);
                }
            }
        }
        if !recognised {
            let (name, version) = KNOWN;
            tally.cause.get_or_insert(format!(
                "it lists nothing against {name} {version}, which has a known vulnerability: it is empty, or holds something else"
            ));
        }
        if let Some(name) = &self.unnamed {
            tally.cause.get_or_insert(format!(
                "{name} has no version in the lockfile, so it cannot be asked about"
            ));
        }
        tally.complete = tally.cause.is_none();
    }
}

async fn by_interface(
    parameters: &Facts,
    context: &Context,
    lock: &Lock,
    question: &Question,
) -> (Tally, bool) {
    let mut tally = Tally::of("OSV", "");
    tally.as_of = Some(context.now);
    let base = match base(parameters) {
        Ok(base) => base,
        Err(cause) => {
            tally.cause = Some(cause);
            return (tally, false);
        }
    };
    tally.from = base.origin().ascii_serialization();
    let answers = osv::ask(context, &base, &question.packages, context.deadline()).await;
    tally.cause = answers.cause;
    question.fill(&mut tally, lock, &answers.ids, &answers.records);
    (tally, answers.passing)
}

async fn by_folder(folder: PathBuf, lock: &Lock, question: &Question) -> Result<Tally, Hindrance> {
    let mut tally = Tally::of("a folder of OSV records", folder.display().to_string());
    let packages = question.packages.clone();
    let held = aside(move || folder::read(&folder, &packages)).await?;
    tally.cause = held.cause;
    tally.as_of = held.newest.and_then(|moment| {
        let moment: jiff::Timestamp = moment.parse().ok()?;
        Some(moment.as_second())
    });
    question.fill(&mut tally, lock, &held.ids, &held.records);
    Ok(tally)
}

fn by_audit(context: &Context, lock: &Lock, named: &str) -> Tally {
    let mut tally = Tally::of("the package manager's audit", named);
    if named.is_empty() {
        tally.cause = Some("HOLDPOINT_AUDIT_JSON names no audit".into());
        return tally;
    }
    let written = std::fs::metadata(context.root.join(named)).and_then(|it| it.modified());
    let written = written
        .ok()
        .and_then(|it| jiff::Timestamp::try_from(it).ok());
    tally.as_of = written.map(jiff::Timestamp::as_second);
    tally.asked = lock.foreign().count();
    let audit = lock::text(&context.root, named)
        .map_err(|hindrance| hindrance.cause)
        .and_then(|text| audit::read(&text, lock));
    let audit = match audit {
        Ok(audit) => audit,
        Err(cause) => {
            tally.cause = Some(cause);
            return tally;
        }
    };
    tally.source = format!("the audit of {}", audit.form);
    for entry in &audit.entries {
        let same = lock.foreign().filter(|package| {
            package.name == entry.name
                && (entry.versions.is_empty() || entry.versions.contains(&package.version))
        });
        let same: Vec<_> = same.collect();
        if same.is_empty() {
            let cause = format!(
                "the audit names {}, which is not in {}: make it again",
                entry.name, lock.file
            );
            tally.cause.get_or_insert(cause);
        }
        for package in same {
            let (rating, fixed) = (entry.rating.clone(), entry.fixed.clone());
            tally.add(lock, package, &entry.ids, &entry.id, rating, fixed);
        }
    }
    tally.cause = tally.cause.take().or(audit.cause);
    tally.complete = tally.cause.is_none();
    tally
}
