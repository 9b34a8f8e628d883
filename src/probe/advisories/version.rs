//! Versions of npm and the ranges of an OSV record that hold them (OSV schema, affected[].ranges, evaluation).

use semver::Version;
use serde_json::Value;
use std::cmp::Ordering;

/// A version as npm takes it: SemVer 2.0, perhaps with a `v` or `=` before it.
pub(super) fn read(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']).trim_start();
    Version::parse(text).ok()
}

/// One event of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
}

/// What the ranges and the list of versions of one `affected` entry say of a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Affected {
    /// The version is affected; none where the entry cannot be understood.
    pub(super) holds: Option<bool>,
    /// The version that mends it.
    pub(super) fixed: Option<String>,
}

/// Evaluates one entry.
pub(super) fn affected(entry: &Value, version: &str) -> Affected {
    let listed = entry.get("versions").and_then(Value::as_array);
    let listed = listed.is_some_and(|all| all.iter().any(|it| it.as_str() == Some(version)));
    let mut told = Affected {
        holds: Some(listed),
        fixed: None,
    };
    let ranges = entry.get("ranges").and_then(Value::as_array);
    for range in ranges.into_iter().flatten() {
        // npm orders its versions as SemVer does, so that both kinds of ranges mean the same.
        match range.get("type").and_then(Value::as_str) {
            Some("SEMVER" | "ECOSYSTEM") => {}
            _ => continue,
        }
        match read(version).and_then(|version| in_range(range, &version)) {
            Some((true, fixed)) => {
                told.holds = Some(true);
                told.fixed = told.fixed.or(fixed);
            }
            Some((false, _)) => {}
            None if told.holds == Some(true) => {}
            None => told.holds = None,
        }
    }
    told
}

/// Is the version inside, and which one mends it? None where an event cannot be understood.
fn in_range(range: &Value, version: &Version) -> Option<(bool, Option<String>)> {
    let events = range.get("events").and_then(Value::as_array)?;
    let mut read: Vec<(Option<Version>, Event, &str)> = Vec::new();
    for event in events {
        for (key, kind) in [
            ("introduced", Event::Introduced),
            ("fixed", Event::Fixed),
            ("last_affected", Event::LastAffected),
            ("limit", Event::Limit),
        ] {
            if let Some(text) = event.get(key) {
                let text = text.as_str()?;
                // "0" stands before every version, and as a limit "*" behind every one.
                let at = match text {
                    "0" => None,
                    "*" if kind == Event::Limit => continue,
                    _ => Some(self::read(text)?),
                };
                read.push((at, kind, text));
            }
        }
    }
    let order = |at: &Option<Version>| match at {
        None => Ordering::Less,
        Some(at) => at.cmp_precedence(version),
    };
    read.sort_by(|(a, kind_a, _), (b, kind_b, _)| {
        let versions = match (a, b) {
            (Some(a), Some(b)) => a.cmp_precedence(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        versions.then(kind_a.cmp(kind_b))
    });
    let mut inside = false;
    let mut fixed = None;
    for (at, kind, text) in &read {
        match (kind, order(at)) {
            (Event::Introduced, Ordering::Less | Ordering::Equal) => inside = true,
            (Event::Fixed, Ordering::Less | Ordering::Equal) => inside = false,
            (Event::LastAffected, Ordering::Less) => inside = false,
            (Event::Fixed, Ordering::Greater) if fixed.is_none() => {
                fixed = Some((*text).to_owned());
            }
            _ => {}
        }
    }
    let limits: Vec<_> = read
        .iter()
        .filter(|(_, kind, _)| *kind == Event::Limit)
        .collect();
    let within = limits.is_empty() || limits.iter().any(|(at, ..)| order(at) == Ordering::Greater);
    Some((inside && within, fixed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(events: Value, version: &str) -> Option<bool> {
        let entry = json!({ "ranges": [{ "type": "SEMVER", "events": events }] });
        affected(&entry, version).holds
    }

    #[test]
    fn events_are_followed_in_the_order_of_versions() {
        let events = json!([
            { "introduced": "2.0.0" }, { "fixed": "1.5.0" }, { "introduced": "0" }, { "fixed": "2.3.1" },
        ]);
        for (version, inside) in [
            ("0.0.1", true),
            ("1.4.9", true),
            ("1.5.0-rc.1", true),
            ("1.5.0", false),
            ("1.9.9", false),
            ("2.0.0-beta", false),
            ("2.0.0", true),
            ("2.3.1-rc.2", true),
            ("2.3.1", false),
            ("2.3.1+build", false),
            ("v2.3.0", true),
        ] {
            assert_eq!(holds(events.clone(), version), Some(inside), "{version}");
        }
        let entry = json!({ "ranges": [{ "type": "SEMVER", "events": events }] });
        assert_eq!(affected(&entry, "1.0.0").fixed.as_deref(), Some("1.5.0"));
        assert_eq!(affected(&entry, "2.1.0").fixed.as_deref(), Some("2.3.1"));
    }

    #[test]
    fn the_last_affected_version_is_affected_and_a_limit_is_not() {
        let last = json!([{ "introduced": "1.0.0" }, { "last_affected": "1.2.3" }]);
        assert_eq!(holds(last.clone(), "1.2.3"), Some(true));
        assert_eq!(holds(last, "1.2.4"), Some(false));
        let limit = json!([{ "introduced": "0" }, { "limit": "2.0.0" }]);
        assert_eq!(holds(limit.clone(), "1.9.0"), Some(true));
        assert_eq!(holds(limit, "2.0.0"), Some(false));
        let same = json!([{ "introduced": "1.0.0" }, { "fixed": "1.0.0" }]);
        assert_eq!(holds(same, "1.0.0"), Some(false));
    }

    #[test]
    fn a_list_of_versions_counts_beside_ranges() {
        let entry = json!({ "versions": ["1.0.0", "not-a-version"], "ranges": [{ "type": "GIT", "events": [{ "introduced": "0" }] }] });
        assert_eq!(affected(&entry, "1.0.0").holds, Some(true));
        assert_eq!(affected(&entry, "not-a-version").holds, Some(true));
        assert_eq!(affected(&entry, "1.0.1").holds, Some(false));
    }

    #[test]
    fn what_cannot_be_understood_is_not_called_clean() {
        assert_eq!(holds(json!([{ "introduced": "one" }]), "1.0.0"), None);
        assert_eq!(holds(json!([{ "introduced": "0" }]), "latest"), None);
        assert_eq!(holds(json!("0"), "1.0.0"), None);
        assert_eq!(holds(json!([{ "introduced": 1 }]), "1.0.0"), None);
    }
}
