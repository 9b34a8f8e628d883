//! Advisories of one source brought together: aliases joined, each with its packages and ways, as facts.

use super::record::{Rating, Severity};
use crate::probe::packages::lock::{Lock, Package};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The most entries of a list of facts.
const LISTED: usize = 200;

/// What one source knows about a lockfile.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// `OSV` or `audit`.
    pub(super) source: String,
    /// Where it was read.
    pub(super) from: String,
    /// Everything was asked and answered.
    pub(super) complete: bool,
    /// Why not.
    pub(super) cause: Option<String>,
    /// Since when its knowledge is what it is: seconds since 1970.
    pub(super) as_of: Option<i64>,
    /// The packages it was asked about.
    pub(super) asked: usize,
    entries: Vec<Advisory>,
    places: HashMap<String, usize>,
}

/// One advisory, under all its names.
#[derive(Debug)]
struct Advisory {
    ids: BTreeSet<String>,
    id: String,
    rating: Option<Rating>,
    fixed: BTreeSet<String>,
    packages: BTreeSet<String>,
    way: String,
    production: bool,
}

impl Tally {
    /// A tally of a source without entries.
    pub(super) fn of(source: &str, from: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            from: from.into(),
            ..Self::default()
        }
    }

    /// Adds an advisory for a package of the lockfile; one that is known under another name is joined.
    pub(super) fn add(
        &mut self,
        lock: &Lock,
        package: &Package,
        ids: &BTreeSet<String>,
        id: &str,
        rating: Option<Rating>,
        fixed: Option<String>,
    ) {
        let known = ids.iter().find_map(|id| self.places.get(id).copied());
        let at = known.unwrap_or(self.entries.len());
        if known.is_none() {
            self.entries.push(Advisory {
                ids: BTreeSet::new(),
                id: id.to_owned(),
                rating: None,
                fixed: BTreeSet::new(),
                packages: BTreeSet::new(),
                way: lock.way(package),
                production: false,
            });
        }
        self.places.extend(ids.iter().map(|id| (id.clone(), at)));
        let Some(entry) = self.entries.get_mut(at) else {
            return;
        };
        if package.production && !entry.production {
            entry.way = lock.way(package);
        }
        entry.ids.extend(ids.iter().cloned());
        if id.starts_with("GHSA-") {
            entry.id = id.to_owned();
        }
        let worse = match (&entry.rating, &rating) {
            (Some(known), Some(new)) => new.severity > known.severity,
            (None, new) => new.is_some(),
            _ => false,
        };
        if worse {
            entry.rating = rating;
        }
        entry.fixed.extend(fixed);
        let shown = format!("{} {}", package.name, package.version);
        entry.packages.insert(shown.trim().to_owned());
        entry.production |= package.production;
    }

    /// Critical advisories that another source does not list as critical, as facts.
    pub(super) fn critical_beyond(&self, other: &Self) -> Value {
        let critical = |it: &&Advisory| it.severity() == Some(Severity::Critical);
        let beyond = self.entries.iter().filter(critical).filter(|entry| {
            let mut same = entry.ids.iter().filter_map(|id| other.places.get(id));
            !same.any(|at| {
                let known = other.entries.get(*at).and_then(Advisory::severity);
                known == Some(Severity::Critical)
            })
        });
        Value::Array(beyond.take(LISTED).map(Advisory::fact).collect())
    }

    /// The fact of this source.
    pub(super) fn fact(&self, now: i64) -> Value {
        let of = |severity: Option<Severity>| {
            let same = self
                .entries
                .iter()
                .filter(move |it| it.severity() == severity);
            let mut same: Vec<_> = same.collect();
            same.sort_by_key(|it| (!it.production, it.id.clone()));
            same
        };
        let list = |severity| {
            let listed = of(severity).into_iter().take(LISTED);
            Value::Array(listed.map(Advisory::fact).collect())
        };
        let high = of(Some(Severity::High));
        json!({
            "source": self.source,
            "from": self.from,
            "complete": self.complete,
            "cause": self.cause,
            "as_of": self.as_of.and_then(day),
            "age_days": self.as_of.map(|moment| (now - moment).max(0) / 86_400),
            "asked": self.asked,
            "critical": list(Some(Severity::Critical)),
            "high": list(Some(Severity::High)),
            "high_count": high.len(),
            "medium": list(Some(Severity::Medium)),
            "low": list(Some(Severity::Low)),
            "unrated": list(None),
        })
    }
}

impl Advisory {
    fn severity(&self) -> Option<Severity> {
        self.rating.as_ref().map(|rating| rating.severity)
    }

    fn fact(&self) -> Value {
        let packages: Vec<_> = self.packages.iter().take(8).map(String::as_str).collect();
        let rated = match &self.rating {
            Some(rating) => format!("{} by {}", rating.severity.word(), rating.by),
            None => "without a rating".into(),
        };
        let fixed: Vec<_> = self.fixed.iter().take(8).map(String::as_str).collect();
        json!({
            "name": packages.join(" and "),
            "advisory": self.id,
            "rated": rated,
            "mended": (!fixed.is_empty()).then(|| format!("mended by {}", fixed.join(" or "))),
            "way": format!("by {}", self.way),
            "use": if self.production { "in production" } else { "for development only" },
        })
    }
}

/// The day in UTC.
fn day(moment: i64) -> Option<String> {
    let moment = jiff::Timestamp::from_second(moment).ok()?;
    Some(moment.strftime("%Y-%m-%d").to_string())
}
