//! Registers every secret that the run may come upon, before anything is said or written.

use super::dotenv::{EnvFile, load, parse};
use crate::model::VariableOrigin;
use crate::secret::{Book, is_secret, looks_secret, names_secret};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Environment files larger than this are not looked through for secrets of other modes.
const LARGEST: u64 = 1 << 20;

/// Registers the secrets of the process environment.
pub(super) fn process(process: &BTreeMap<String, String>, book: &Book) {
    for (name, value) in process
        .iter()
        .filter(|(name, value)| is_secret(name, value))
    {
        book.register(name, value);
    }
}

/// Registers the secrets of every `.env*` file at the root, also of modes that are not loaded.
pub(super) fn folder(root: &Path, process: &BTreeMap<String, String>, book: &Book) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let small = std::fs::metadata(entry.path())
            .is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        if !name.starts_with(".env") || !small {
            continue;
        }
        if let Ok(bytes) = std::fs::read(entry.path()) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            env_file(&EnvFile { path: name, text }, process, book);
        }
    }
}

/// Registers the secrets of a file: as written, expanded, and those that a later line replaces.
pub(super) fn env_file(file: &EnvFile, process: &BTreeMap<String, String>, book: &Book) {
    // Names in a sample say what is needed; its values are words such as "your-secret-here".
    let name = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let sample = ["example", "sample", "template", "dist", "defaults"]
        .iter()
        .any(|word| name.contains(word));
    let secret =
        |name: &str, value: &str| looks_secret(value) || (!sample && is_secret(name, value));
    for entry in parse(&file.text) {
        // The end of a key that goes over several lines without quotes: `Zm9v==` reads as a name.
        if entry.raw == "=" || looks_secret(&entry.name) {
            book.register("a line of a key", &entry.name);
        }
        if secret(&entry.name, &entry.raw) {
            book.register(&entry.name, &entry.raw);
            book.register(&entry.name, &entry.raw.replace("\\$", "$"));
        }
    }
    // Alone, so that values which lose to a stronger file are expanded too.
    let loaded = load(std::slice::from_ref(file), &without(process, file)).environment;
    for variable in loaded
        .variables
        .iter()
        .filter(|variable| variable.origin != VariableOrigin::Process)
    {
        if secret(&variable.name, &variable.value) {
            book.register(&variable.name, &variable.value);
        }
    }
}

fn without(process: &BTreeMap<String, String>, file: &EnvFile) -> BTreeMap<String, String> {
    let mut others = process.clone();
    for entry in parse(&file.text) {
        others.remove(&entry.name);
    }
    others
}

/// Registers what is secret in `holdpoint.toml`, since its lines are shown in messages.
///
/// Names of suites, documents and paths say nothing about their values; those of headers do. The
/// lines are read besides the table, because a file that is not valid is shown too.
pub(super) fn settings_file(text: &str, book: &Book) {
    let mut headers = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            headers = line.starts_with("[target.headers]");
        } else if let Some((name, value)) = line.split_once('=') {
            literal(
                name.trim().trim_matches('"'),
                value.trim().trim_matches(['"', '\'']),
                headers,
                book,
            );
        }
    }
    if let Ok(table) = toml::from_str::<Value>(text) {
        leaves("", &table, false, book);
        if let Some(given) = table.pointer("/target/headers") {
            leaves("", given, true, book);
        }
    }
}

fn leaves(name: &str, value: &Value, headers: bool, book: &Book) {
    match value {
        Value::String(text) => literal(name, text, headers, book),
        Value::Array(items) => items
            .iter()
            .for_each(|item| leaves(name, item, headers, book)),
        Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| leaves(name, value, headers, book)),
        _ => {}
    }
}

fn literal(name: &str, value: &str, headers: bool, book: &Book) {
    if !value.contains("${") && (looks_secret(value) || (headers && is_secret_header(name))) {
        header(name, value, book);
    }
}

/// Registers the value of a header that lets somebody in, with and without its scheme.
pub(super) fn header(name: &str, value: &str, book: &Book) {
    book.register(name, value);
    if let Some((_, credentials)) = value.split_once(' ') {
        book.register(name, credentials.trim());
    }
}

/// Does a request header of this name carry what lets somebody in?
pub(super) fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    names_secret(&name)
        || matches!(
            name.as_str(),
            "authorization" | "proxy-authorization" | "cookie"
        )
        || ["bypass", "auth"].iter().any(|part| name.contains(part))
}
