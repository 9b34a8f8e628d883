//! One record of the OSV schema: whom it concerns, how severe it is and by which rating.

use super::version;
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr as _;

/// How severe, in the words of CVSS and of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// low, info or none
    Low,
    /// medium or moderate
    Medium,
    /// high
    High,
    /// critical, and every malicious package
    Critical,
}

impl Severity {
    /// The severity that a word names.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "info" | "none" => Self::Low,
            _ => return None,
        })
    }

    /// The word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A severity and what says so: `CVSS 3.1: 9.8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rating {
    /// How severe.
    pub(super) severity: Severity,
    /// By what.
    pub(super) by: String,
}

/// What a record says of one package in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// Its id and its aliases.
    pub(super) ids: BTreeSet<String>,
    /// The id by which it is shown.
    pub(super) id: String,
    /// The version is affected, by the record's own ranges; none where they cannot be understood.
    pub(super) holds: Option<bool>,
    /// How severe, where the record says so.
    pub(super) rating: Option<Rating>,
    /// The version that mends it.
    pub(super) fixed: Option<String>,
    /// It was taken back.
    pub(super) withdrawn: bool,
}

/// Longer lists of aliases are none that a database gives.
const MOST_ALIASES: usize = 64;

/// Reads a record for one package of npm; none where it is no record of the schema.
pub(super) fn read(record: &Value, name: &str, version: &str) -> Option<Reading> {
    let id = record.get("id")?.as_str().filter(|id| proper(id))?;
    let aliases = record.get("aliases").and_then(Value::as_array);
    let aliases = aliases.into_iter().flatten().take(MOST_ALIASES);
    let aliases = aliases.filter_map(Value::as_str).filter(|id| proper(id));
    let entries = record.get("affected").and_then(Value::as_array);
    let mut holds = Some(false);
    let mut fixed = None;
    let mut rating = None;
    for entry in entries
        .into_iter()
        .flatten()
        .filter(|entry| concerns(entry, name))
    {
        let told = version::affected(entry, version);
        match told.holds {
            Some(true) => {
                holds = Some(true);
                fixed = fixed.or(told.fixed);
                // A rating of this package goes before that of the whole record.
                rating = rating.or_else(|| by_vector(entry.get("severity")));
            }
            None if holds == Some(false) => holds = None,
            _ => {}
        }
    }
    let malicious = id.starts_with("MAL-").then(|| Rating {
        severity: Severity::Critical,
        by: "a malicious package".into(),
    });
    let rating = malicious
        .or(rating)
        .or_else(|| by_vector(record.get("severity")))
        .or_else(|| by_word(record));
    Some(Reading {
        ids: aliases.chain([id]).map(str::to_owned).collect(),
        id: id.to_owned(),
        holds,
        rating,
        fixed,
        withdrawn: record.get("withdrawn").is_some_and(|it| !it.is_null()),
    })
}

/// An id that can stand in an address and on a screen.
pub(super) fn proper(id: &str) -> bool {
    let fine = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.' | b':');
    !id.is_empty() && id.len() <= 100 && id.bytes().all(fine)
}

fn concerns(entry: &Value, name: &str) -> bool {
    let package = entry.get("package").unwrap_or(&Value::Null);
    let word = |key: &str| package.get(key).and_then(Value::as_str);
    word("name") == Some(name) && word("ecosystem") == Some("npm")
}

/// The worst of the vectors of CVSS 3 and 4 in a list of `{type, score}`.
fn by_vector(list: Option<&Value>) -> Option<Rating> {
    let vectors = list?.as_array()?.iter().take(16).filter_map(|entry| {
        let vector = entry.get("score")?.as_str().filter(|it| it.len() <= 500)?;
        let kind = entry.get("type")?.as_str()?;
        if !matches!(kind, "CVSS_V3" | "CVSS_V4") {
            return None;
        }
        if !has_base_metrics(vector) {
            return None;
        }
        let score = cvss::Cvss::from_str(vector).ok()?.score();
        let named = vector.split('/').next()?.strip_prefix("CVSS:")?;
        Some((score, named))
    });
    let (score, version) = vectors.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(Rating {
        severity: of_score(score),
        by: format!("CVSS {version}: {score:.1}"),
    })
}

/// Every base metric must be there (CVSS 3.1 section 6, CVSS 4.0 section 7): the library that scores a vector
/// gives 0 to one that is cut short.
fn has_base_metrics(vector: &str) -> bool {
    let needed: &[&str] = if vector.starts_with("CVSS:4") {
        &[
            "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
        ]
    } else {
        &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]
    };
    let mut metrics = needed.iter();
    metrics.all(|name| {
        let mut parts = vector.split('/').filter_map(|part| part.split_once(':'));
        parts.any(|(key, value)| key == *name && !value.is_empty())
    })
}

/// The rating scale of CVSS 3.1, section 5, which CVSS 4.0 keeps.
fn of_score(score: f64) -> Severity {
    match score {
        9.0.. => Severity::Critical,
        7.0.. => Severity::High,
        4.0.. => Severity::Medium,
        _ => Severity::Low,
    }
}

/// The word of GitHub's reviewers, which the schema leaves to each database.
fn by_word(record: &Value) -> Option<Rating> {
    let word = record.pointer("/database_specific/severity")?.as_str()?;
    Some(Rating {
        severity: Severity::of(word)?,
        by: "its database's rating".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rated(record: Value) -> Option<(Severity, String)> {
        let reading = read(&record, "a", "1.0.0").unwrap();
        reading.rating.map(|rating| (rating.severity, rating.by))
    }

    #[test]
    fn a_rating_says_by_what() {
        let v3 =
            json!({ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N" });
        let v4 = json!({ "type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" });
        let word = json!({ "severity": "MODERATE" });
        let of = |severity: Value, word: &Value| {
            rated(json!({ "id": "GHSA-1", "severity": severity, "database_specific": word }))
        };
        assert_eq!(
            of(json!([v3]), &word),
            Some((Severity::Critical, "CVSS 3.1: 9.1".into()))
        );
        assert_eq!(
            of(json!([v3, v4]), &word),
            Some((Severity::Critical, "CVSS 4.0: 9.3".into()))
        );
        assert_eq!(
            of(json!([]), &word),
            Some((Severity::Medium, "its database's rating".into()))
        );
        let broken = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N" }]);
        assert_eq!(of(broken, &word).map(|it| it.0), Some(Severity::Medium));
        assert_eq!(of(json!([]), &json!({})), None);
        assert_eq!(of(json!("9.8"), &json!({ "severity": "dreadful" })), None);
    }

    #[test]
    fn a_malicious_package_is_always_critical() {
        let record = json!({ "id": "MAL-2026-1", "database_specific": { "severity": "LOW" } });
        assert_eq!(rated(record).map(|it| it.0), Some(Severity::Critical));
    }

    #[test]
    fn only_the_package_of_this_registry_counts() {
        let affected = |ecosystem: &str, name: &str| {
            json!({ "id": "GHSA-1", "aliases": ["CVE-1", "no good", 7], "affected": [{
                "package": { "ecosystem": ecosystem, "name": name },
                "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "1.0.1" }] }] }] })
        };
        let reading = read(&affected("npm", "a"), "a", "1.0.0").unwrap();
        assert_eq!(
            (reading.holds, reading.fixed.as_deref()),
            (Some(true), Some("1.0.1"))
        );
        assert_eq!(reading.ids.len(), 2);
        for (ecosystem, name) in [("PyPI", "a"), ("npm", "b")] {
            let reading = read(&affected(ecosystem, name), "a", "1.0.0").unwrap();
            assert_eq!(reading.holds, Some(false));
        }
        for wrong in [
            json!({}),
            json!([]),
            json!({ "id": "../x" }),
            json!({ "id": 1 }),
        ] {
            assert_eq!(read(&wrong, "a", "1.0.0"), None);
        }
    }

    #[test]
    fn what_was_taken_back_is_said() {
        let reading = read(
            &json!({ "id": "GHSA-1", "withdrawn": "2026-01-01T00:00:00Z" }),
            "a",
            "1",
        );
        assert!(reading.unwrap().withdrawn);
    }
}
