//! The JSON that package managers' audits write: npm 7 and later, npm 6 and pnpm, Yarn classic and berry.

use super::record::{Rating, Severity};
use crate::probe::packages::lock::Lock;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What an audit lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Audit {
    /// Whose form it has.
    pub(super) form: &'static str,
    /// Advisories, each with the packages it concerns.
    pub(super) entries: Vec<Entry>,
    /// What makes it less than a whole audit of this lockfile.
    pub(super) cause: Option<String>,
}

/// One advisory and one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Every id that it has.
    pub(super) ids: BTreeSet<String>,
    /// The id by which it is shown.
    pub(super) id: String,
    /// The package.
    pub(super) name: String,
    /// Installed versions that it concerns; empty where the audit does not say.
    pub(super) versions: BTreeSet<String>,
    /// How severe, where it says so.
    pub(super) rating: Option<Rating>,
    /// Versions that mend it, as the audit writes them.
    pub(super) fixed: Option<String>,
}

/// Reads the text of an audit.
///
/// # Errors
/// It is no audit, or one that failed, and how to make another.
pub(super) fn read(text: &str, lock: &Lock) -> Result<Audit, String> {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    if text.is_empty() {
        return Err("the audit is empty, which no audit that ended well is".into());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(report)) if report.contains_key("value") => lines(text),
        Ok(Value::Object(report)) if report.contains_key("type") => lines(text),
        Ok(Value::Object(report)) => whole(&report, lock),
        Ok(_) => Err("the audit is no object of JSON".into()),
        Err(_) if text.lines().nth(1).is_some() => lines(text),
        Err(error) => Err(format!("the audit is not JSON: {error}")),
    }
    .map(|audit| audit.compared(lock))
}

impl Audit {
    /// An audit of packages that the lockfile lacks is one of another lockfile.
    fn compared(mut self, lock: &Lock) -> Self {
        let installed = |name: &str, version: &String| {
            let mut same = lock.packages.iter().filter(|package| package.name == name);
            same.any(|package| package.version == *version)
        };
        let stranger = self.entries.iter().find_map(|entry| {
            let version = entry
                .versions
                .iter()
                .find(|it| !installed(&entry.name, it))?;
            Some(format!("{} {version}", entry.name))
        });
        if let Some(stranger) = stranger {
            self.cause = Some(format!(
                "the audit names {stranger}, which is not in {}: make it again",
                lock.file
            ));
        }
        self
    }

    /// The numbers that the audit itself gives must be those of its list.
    fn counted(mut self, metadata: Option<&Value>, count: u64) -> Self {
        let counts = metadata.and_then(|it| it.get("vulnerabilities")?.as_object());
        match counts {
            None => self.cause = Some("the audit holds no numbers, so it may not be whole".into()),
            Some(counts) => {
                let kinds = ["info", "low", "moderate", "high", "critical"];
                let number = |kind: &&str| counts.get(*kind).and_then(Value::as_u64).unwrap_or(0);
                let total: u64 = kinds.iter().map(number).fold(0, u64::saturating_add);
                if (total == 0) != (count == 0) {
                    self.cause = Some(format!(
                        "the audit says that it found {total} and lists {count}"
                    ));
                }
            }
        }
        self
    }
}

fn whole(report: &Map<String, Value>, lock: &Lock) -> Result<Audit, String> {
    if let Some(error) = report.get("error").filter(|error| !error.is_null()) {
        let said = ["summary", "message", "code"]
            .iter()
            .find_map(|key| error.get(*key)?.as_str().filter(|it| !it.is_empty()))
            .or_else(|| error.as_str());
        let said: String = said.unwrap_or("an error").chars().take(200).collect();
        return Err(format!("the audit failed: {said}"));
    }
    let metadata = report.get("metadata");
    if let Some(Value::Object(advisories)) = report.get("advisories") {
        let entries = advisories
            .values()
            .map(of_npm_6)
            .collect::<Option<Vec<_>>>();
        let entries = entries.ok_or("the audit lists something that is no advisory")?;
        let count = entries.len() as u64;
        let audit = Audit {
            form: "npm 6 or pnpm",
            entries,
            cause: None,
        };
        return Ok(audit.counted(metadata, count));
    }
    match (
        report.get("auditReportVersion"),
        report.get("vulnerabilities"),
    ) {
        (Some(version), Some(Value::Object(found))) if version.as_u64() == Some(2) => {
            Ok(of_npm(found, metadata, lock))
        }
        (Some(version), _) if version.as_u64() != Some(2) => Err(format!(
            "the audit is of version {version}; version 2 is known here"
        )),
        _ => Err("the file is no audit of npm, pnpm or Yarn, or of one that failed".into()),
    }
}

/// npm 7 and later (npm/cli, workspaces/arborist, lib/audit-report.js and vuln.js). Packages that only need
/// a vulnerable one are named by text in `via`, and are none of their own.
fn of_npm(found: &Map<String, Value>, metadata: Option<&Value>, lock: &Lock) -> Audit {
    let places: BTreeMap<&str, &str> = lock
        .packages
        .iter()
        .map(|package| (package.key.as_str(), package.version.as_str()))
        .collect();
    let mut audit = Audit {
        form: "npm",
        ..Audit::default()
    };
    for (name, about) in found {
        let nodes = about.get("nodes").and_then(Value::as_array);
        let nodes = nodes.into_iter().flatten().filter_map(Value::as_str);
        let versions = nodes
            .filter_map(|place| places.get(place))
            .map(|it| (*it).to_owned());
        let versions: BTreeSet<String> = versions.collect();
        let via = about.get("via").and_then(Value::as_array);
        for advisory in via.into_iter().flatten().filter(|via| via.is_object()) {
            let named = advisory.get("name").and_then(Value::as_str);
            let fixed = about
                .pointer("/fixAvailable/version")
                .and_then(Value::as_str);
            let fix = about.pointer("/fixAvailable/name").and_then(Value::as_str);
            audit.entries.push(Entry {
                fixed: fix
                    .zip(fixed)
                    .map(|(name, version)| format!("{name} {version}")),
                ..entry(advisory, named.unwrap_or(name), versions.clone(), "source")
            });
        }
        let known = nodes_known(about, &places);
        if lock.manager.word() == "npm" && !known {
            audit.cause = Some(format!(
                "the audit names a place of {name} that is not in {}: make it again",
                lock.file
            ));
        }
    }
    let total = metadata.and_then(|it| it.pointer("/dependencies/total")?.as_u64());
    let count = found.len() as u64;
    let cause = audit.cause.take();
    let mut audit = audit.counted(metadata, count);
    // An audit that audited nothing found nothing.
    if total == Some(0) && lock.foreign().next().is_some() {
        audit.cause = Some("the audit counts no package at all".into());
    }
    audit.cause = cause.or(audit.cause);
    audit
}

fn nodes_known(about: &Value, places: &BTreeMap<&str, &str>) -> bool {
    let nodes = about.get("nodes").and_then(Value::as_array);
    let mut nodes = nodes.into_iter().flatten().filter_map(Value::as_str);
    nodes.all(|place| place.is_empty() || places.contains_key(place))
}

/// npm 6, pnpm, and Yarn classic inside of its lines.
fn of_npm_6(advisory: &Value) -> Option<Entry> {
    let name = advisory.get("module_name")?.as_str()?;
    let findings = advisory.get("findings").and_then(Value::as_array);
    let versions = findings
        .into_iter()
        .flatten()
        .filter_map(|finding| finding.get("version")?.as_str().map(str::to_owned));
    let fixed = advisory.get("patched_versions").and_then(Value::as_str);
    Some(Entry {
        fixed: fixed.filter(|it| *it != "<0.0.0").map(str::to_owned),
        ..entry(advisory, name, versions.collect(), "id")
    })
}

/// What all forms share: an address that ends in the id, numbers of CVE, and a word for the severity.
fn entry(advisory: &Value, name: &str, versions: BTreeSet<String>, number: &str) -> Entry {
    let word = |key: &str| advisory.get(key).and_then(Value::as_str);
    let mut ids = BTreeSet::new();
    let address = word("url").or_else(|| word("URL")).unwrap_or_default();
    let last = address.rsplit('/').next().unwrap_or_default();
    let github = word("github_advisory_id").into_iter().chain([last]);
    ids.extend(
        github
            .filter(|id| id.starts_with("GHSA-"))
            .map(str::to_owned),
    );
    let cves = advisory.get("cves").and_then(Value::as_array);
    let cves = cves.into_iter().flatten().filter_map(Value::as_str);
    ids.extend(cves.map(str::to_owned));
    let severity = word("severity").or_else(|| word("Severity"));
    if ids.is_empty() {
        let number = advisory
            .get(number)
            .filter(|it| it.is_u64() || it.is_string());
        let number = number.map(|it| it.to_string().replace('"', ""));
        ids.insert(format!(
            "advisory {}",
            number.as_deref().unwrap_or("without a number")
        ));
    }
    ids.retain(|id| id.len() <= 100 && !id.chars().any(char::is_control));
    let id = ids
        .iter()
        .find(|id| id.starts_with("GHSA-"))
        .or(ids.first());
    Entry {
        id: id.cloned().unwrap_or_else(|| "an advisory".into()),
        ids,
        name: name
            .chars()
            .filter(|it| !it.is_control())
            .take(214)
            .collect(),
        versions,
        rating: severity.and_then(Severity::of).map(|severity| Rating {
            severity,
            by: "the audit".into(),
        }),
        fixed: None,
    }
}

/// A line for each thing: Yarn classic (`{"type": …, "data": …}`) and berry (`{"value": …, "children": …}`).
fn lines(text: &str) -> Result<Audit, String> {
    let mut audit = Audit::default();
    let mut summary = None;
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Value = serde_json::from_str(line)
            .map_err(|error| format!("a line of the audit is not JSON: {error}"))?;
        let data = line.get("data").unwrap_or(&Value::Null);
        match line.get("type").and_then(Value::as_str) {
            Some("auditAdvisory") => {
                let advisory = data.get("advisory").and_then(of_npm_6);
                let entry = advisory.ok_or("the audit lists something that is no advisory")?;
                // Yarn repeats an advisory for each way that leads to the package.
                if seen.insert((entry.id.clone(), entry.name.clone())) {
                    audit.entries.push(entry);
                }
                audit.form = "yarn";
            }
            Some("auditSummary") => {
                audit.form = "yarn";
                summary = Some(data.clone());
            }
            Some("error") => {
                let said: String = data
                    .as_str()
                    .unwrap_or("an error")
                    .chars()
                    .take(200)
                    .collect();
                return Err(format!("the audit failed: {said}"));
            }
            Some(_) => {}
            None => {
                audit.form = "yarn berry";
                audit.entries.push(of_berry(&line)?);
            }
        }
    }
    match audit.form {
        "yarn" => {
            let count = audit.entries.len() as u64;
            Ok(audit.counted(summary.as_ref(), count))
        }
        "yarn berry" => Ok(audit),
        _ => Err("the file is no audit of npm, pnpm or Yarn".into()),
    }
}

/// Yarn 4: one line for each advisory; where there is none, none is written.
fn of_berry(line: &Value) -> Result<Entry, String> {
    let strange = || "a line of the audit is none that Yarn writes".to_owned();
    let name = line
        .get("value")
        .and_then(Value::as_str)
        .ok_or_else(strange)?;
    let about = line.get("children").ok_or_else(strange)?;
    let versions = about.get("Tree Versions").and_then(Value::as_array);
    let versions = versions.into_iter().flatten().filter_map(Value::as_str);
    Ok(entry(
        about,
        name,
        versions.map(str::to_owned).collect(),
        "ID",
    ))
}

#[cfg(test)]
mod tests;
