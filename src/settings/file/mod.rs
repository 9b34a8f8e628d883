//! Reads `holdpoint.toml`, in which everything is optional, and reports all of its problems at once.

mod api;
mod plan;

pub use plan::differ_in_plan_alone;

use super::address;
use crate::diagnostic::parse_duration;
use crate::diagnostic::table::{Problems, TableReader, parse};
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Api, CheckId, Level, PlanEntry, RateLimit, Severity};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use url::Url;

/// A value with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
    pub(super) span: Range<usize>,
}

/// What the file says, before anything is chosen. What it does not say is none or empty.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) source: Option<Source>,
    pub(super) project: Option<Placed<String>>,
    pub(super) target: TargetTable,
    pub(super) environment_files: Option<Placed<Vec<String>>>,
    pub(super) mode: Option<Placed<String>>,
    pub(super) required: Vec<String>,
    /// By class: `page`, `sign_in` …
    pub(super) paths: BTreeMap<&'static str, Placed<String>>,
    pub(super) checks: Option<Placed<String>>,
    pub(super) overrides: Vec<String>,
    pub(super) suites: BTreeMap<String, Vec<String>>,
    pub(super) waivers: Option<Placed<String>>,
    pub(super) gates: Option<Placed<String>>,
    pub(super) documents: BTreeMap<String, Placed<String>>,
    pub(super) records: Option<Placed<String>>,
    pub(super) plan: Vec<Placed<PlanEntry>>,
    pub(super) limits: LimitsTable,
    pub(super) rate_limits: Vec<RateLimit>,
    pub(super) api: Api,
    pub(super) fail_on: Option<Placed<Severity>>,
}

/// The table `[target]`.
#[derive(Debug, Default)]
pub(super) struct TargetTable {
    pub(super) url: Option<Placed<Url>>,
    pub(super) environment: Option<Placed<String>>,
    pub(super) owned: Option<Placed<bool>>,
    pub(super) plain_url: Option<Placed<Url>>,
    pub(super) authority_file: Option<Placed<String>>,
    pub(super) level: Option<Placed<Level>>,
    pub(super) headers: Vec<(String, Placed<String>)>,
}

/// The table `[limits]`.
#[derive(Debug, Default)]
pub(super) struct LimitsTable {
    pub(super) timeout: Option<Placed<Duration>>,
    pub(super) deadline: Option<Placed<Duration>>,
    pub(super) concurrency: Option<Placed<usize>>,
    pub(super) per_host: Option<Placed<usize>>,
    pub(super) retries: Option<Placed<u32>>,
}

/// The classes of `[paths]`.
pub(super) const PATHS: [&str; 6] = [
    "page",
    "sign_in",
    "api",
    "service_worker",
    "manifest",
    "missing",
];
/// The modes of Next.js.
pub(super) const MODES: [&str; 3] = ["production", "development", "test"];

impl File {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Every problem that it has.
    pub(super) fn read(source: Source) -> Result<Self, Vec<Diagnostic>> {
        let problems = Problems::default();
        let mut file = {
            let table = parse(&source)?;
            Self::of(&TableReader::new(&source, &table, &problems))
        };
        file.source = Some(source);
        let problems = problems.into_vec();
        if problems.is_empty() {
            Ok(file)
        } else {
            Err(problems)
        }
    }

    fn of(top: &TableReader<'_>) -> Self {
        let mut file = Self::default();
        if let Some(table) = top.table("project") {
            file.project = placed(&table, "name", table.text("name"));
            table.finish();
        }
        if let Some(table) = top.table("target") {
            file.target = TargetTable::of(&table);
            table.finish();
        }
        if let Some(table) = top.table("environment") {
            file.environment_files = placed(&table, "files", table.list_of_text("files"));
            file.mode = placed(
                &table,
                "mode",
                table.word("mode", &MODES).map(str::to_owned),
            );
            file.required = table.list_of_text("required").unwrap_or_default();
            table.finish();
        }
        if let Some(table) = top.table("paths") {
            for class in PATHS {
                file.paths
                    .extend(path_of_request(&table, class).map(|path| (class, path)));
            }
            table.finish();
        }
        if let Some(table) = top.table("checks") {
            file.checks = place(&table, "folder");
            file.overrides = overrides(&table);
            table.finish();
        }
        if let Some(table) = top.table("suites") {
            let names: Vec<_> = table.keys().map(|(name, _)| name).collect();
            for name in names {
                file.suites.extend(
                    table
                        .list_of_text(name)
                        .map(|selectors| (name.to_owned(), selectors)),
                );
            }
        }
        if let Some(table) = top.table("waivers") {
            file.waivers = place(&table, "file");
            table.finish();
        }
        if let Some(table) = top.table("gates") {
            file.gates = place(&table, "file");
            table.finish();
        }
        if let Some(table) = top.table("documents") {
            let names: Vec<_> = table.keys().map(|(name, _)| name).collect();
            for name in names {
                file.documents
                    .extend(place(&table, name).map(|path| (name.to_owned(), path)));
            }
        }
        if let Some(table) = top.table("records") {
            file.records = place(&table, "folder");
            table.finish();
        }
        if let Some(table) = top.table("plan") {
            file.plan = plan::plan(&table);
        }
        if let Some(table) = top.table("limits") {
            file.limits = LimitsTable::of(&table);
            table.finish();
        }
        if let Some(table) = top.table("rate_limits") {
            file.rate_limits = rate_limits(&table);
        }
        if let Some(table) = top.table("api") {
            file.api = api::api(&table);
            table.finish();
        }
        if let Some(table) = top.table("decision") {
            file.fail_on = placed(&table, "fail_on", table.word("fail_on", Severity::ALL));
            table.finish();
        }
        top.finish();
        file
    }
}

impl TargetTable {
    fn of(table: &TableReader<'_>) -> Self {
        let mut headers = Vec::new();
        if let Some(given) = table.table("headers") {
            let names: Vec<_> = given.keys().collect();
            for (name, span) in names {
                if !is_header_name(name) {
                    let message = format!("'{name}' is not the name of a header");
                    given.wrong_at(span, message, "a name has letters, digits and hyphens", "");
                }
                headers.extend(
                    placed(&given, name, given.text(name)).map(|value| (name.to_owned(), value)),
                );
            }
        }
        Self {
            url: url_of(table, "url"),
            environment: placed(table, "environment", table.text("environment")),
            owned: placed(table, "owned", table.bool("owned")),
            plain_url: url_of(table, "plain_url"),
            authority_file: place(table, "ca_file"),
            level: placed(table, "level", table.word("level", Level::ALL)),
            headers,
        }
    }
}

impl LimitsTable {
    fn of(table: &TableReader<'_>) -> Self {
        let time = |key: &str| {
            let duration = table.duration(key)?;
            if duration.is_zero() {
                table.wrong(
                    key,
                    format!("'{key}' must be longer than nothing"),
                    "no time at all",
                    "write \"10s\"",
                );
            }
            placed(table, key, Some(duration))
        };
        let count = |key: &str| {
            placed(
                table,
                key,
                table
                    .int(key, 1..=10_000)
                    .and_then(|n| usize::try_from(n).ok()),
            )
        };
        Self {
            timeout: time("timeout"),
            deadline: time("deadline"),
            concurrency: count("concurrency"),
            per_host: count("per_host"),
            retries: placed(
                table,
                "retries",
                table
                    .int("retries", 0..=20)
                    .and_then(|n| u32::try_from(n).ok()),
            ),
        }
    }
}

fn placed<T>(table: &TableReader<'_>, key: &str, value: Option<T>) -> Option<Placed<T>> {
    value.map(|value| Placed {
        value,
        line: table.line(key),
        span: table.span_of(key),
    })
}

/// The path of a file or folder.
fn place(table: &TableReader<'_>, key: &str) -> Option<Placed<String>> {
    let text = table.text(key)?;
    if text.trim().is_empty() {
        table.wrong(key, format!("'{key}' is empty"), "needs a path", "");
        return None;
    }
    placed(table, key, Some(text))
}

/// The path of a request: `/login`.
fn path_of_request(table: &TableReader<'_>, key: &str) -> Option<Placed<String>> {
    let text = table.text(key)?;
    if !text.starts_with('/') || text.starts_with("//") || text.contains(char::is_whitespace) {
        table.wrong(
            key,
            format!("'{key}' is not a path"),
            "a path begins with one slash",
            "write it as in \"/login\"",
        );
        return None;
    }
    placed(table, key, Some(text))
}

fn url_of(table: &TableReader<'_>, key: &str) -> Option<Placed<Url>> {
    let text = table.text(key)?;
    match address::parse(&text) {
        Ok(url) => placed(table, key, Some(url)),
        Err(wrong) => {
            table.wrong(
                key,
                format!("'{key}' {}", wrong.what),
                wrong.label,
                wrong.help,
            );
            None
        }
    }
}

fn overrides(table: &TableReader<'_>) -> Vec<String> {
    let ids = table.texts("override").unwrap_or_default();
    for (id, span) in &ids {
        if let Err(wrong) = CheckId::new(id) {
            table.wrong_at(span.clone(), wrong, "not the id of a check", "");
        }
    }
    ids.into_iter().map(|(id, _)| id).collect()
}

fn rate_limits(table: &TableReader<'_>) -> Vec<RateLimit> {
    let paths: Vec<_> = table.keys().collect();
    let mut limits = Vec::new();
    for (path, span) in paths {
        if !path.starts_with('/') {
            table.wrong_at(
                span,
                format!("'{path}' is not a path"),
                "a path begins with a slash",
                "",
            );
        }
        let Some(text) = table.text(path) else {
            continue;
        };
        let parts = text.split_once(" per ");
        let read = parts.and_then(|(count, window)| {
            Some(RateLimit {
                path: path.to_owned(),
                requests: count.trim().parse().ok().filter(|count| *count > 0)?,
                window: parse_duration(window)
                    .ok()
                    .filter(|window| !window.is_zero())?,
            })
        });
        if read.is_none() {
            let help = "write a number of requests and a time, such as \"10 per 10s\"";
            table.wrong(
                path,
                format!("'{text}' is not a rate"),
                "not understood",
                help,
            );
        }
        limits.extend(read);
    }
    limits
}

/// A token as RFC 9110 section 5.6.2 has it.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests;
