//! Which entries of a lockfile are not what the registry gave, or could be exchanged without being noticed.

use super::licences::LISTED;
use super::lock::{Lock, Package, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use url::Url;

/// The registries that package managers ask by themselves.
const PUBLIC: &[&str] = &["registry.npmjs.org", "registry.yarnpkg.com"];

/// The registries that the project names: hosts with commas between, and those of its `.npmrc`,
/// `.yarnrc` and `.yarnrc.yml`.
pub(super) fn registries(root: &Path, named: &str) -> Vec<String> {
    let mut hosts: Vec<String> = PUBLIC.iter().map(|host| (*host).to_owned()).collect();
    let mut add = |text: &str| {
        let text = text
            .trim_start_matches(['=', ' '])
            .trim()
            .trim_matches(['"', '\'']);
        let host = match Url::parse(text) {
            Ok(url) => url.host_str().map(str::to_owned),
            Err(_) => (!text.is_empty()).then(|| text.to_owned()),
        };
        hosts.extend(host.map(|host| host.to_ascii_lowercase()));
    };
    named.split(',').for_each(&mut add);
    for file in [".npmrc", ".yarnrc", ".yarnrc.yml"] {
        // Only addresses of registries are taken; a token on another line is never looked at.
        let text = super::lock::text(root, file).unwrap_or_default();
        for line in text.lines().map(str::trim) {
            let Some((key, value)) = line.split_once(['=', ' ', ':']) else {
                continue;
            };
            let key = key.rsplit(':').next().unwrap_or(key).trim_matches('"');
            let named = ["registry", "npmRegistryServer"].contains(&key);
            // A scope's own registry: `@scope:registry=https://…`.
            let scoped = value
                .strip_prefix("registry=")
                .filter(|_| line.starts_with('@'));
            match scoped {
                Some(value) => add(value),
                None if named => add(value),
                None => {}
            }
        }
    }
    hosts
}

/// The facts about where packages come from.
pub(super) fn facts(lock: &Lock, registries: &[String]) -> BTreeMap<&'static str, Value> {
    let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
    for package in lock.foreign() {
        if let Source::Host(host) = &package.source {
            *hosts.entry(host).or_default() += 1;
        }
    }
    // Where all come from one host, that is the team's registry; one among others is not.
    let only = hosts.len() == 1;
    let [mut elsewhere, mut unsealed, mut weak] = [const { Vec::new() }; 3];
    for package in lock.foreign().filter(|package| !package.bundled) {
        let from = match &package.source {
            Source::Registry | Source::Own => None,
            Source::Host(host) if only || registries.contains(host) => None,
            Source::Host(host) => Some(format!("from {host}, which is not the registry")),
            Source::Plain(address) => Some(format!("over plain HTTP from {address}")),
            Source::Archive(address) => Some(format!("from {address}, which is no registry")),
            Source::Git(address) => Some(format!("from a Git repository, {address}")),
            Source::File(_) => Some("from a file".to_owned()),
        };
        match (from, package.integrity.as_deref()) {
            (Some(from), _) => elsewhere.push(said(lock, package, &from)),
            (None, Some(integrity)) if only_sha1(integrity) => {
                weak.push(said(lock, package, "only a SHA-1 checksum"));
            }
            (None, Some(integrity)) if !integrity.trim().is_empty() => {}
            (None, _) if package.checksum_optional => {}
            (None, _) => unsealed.push(said(lock, package, "no checksum")),
        }
    }
    let list = |mut said: Vec<Value>| {
        said.truncate(LISTED);
        Value::Array(said)
    };
    BTreeMap::from([
        ("elsewhere", list(elsewhere)),
        ("unsealed", list(unsealed)),
        ("weak", list(weak)),
        ("hosts", json!(hosts)),
    ])
}

/// Subresource Integrity allows several checksums; the strongest counts (W3C SRI section 3.3.4).
fn only_sha1(integrity: &str) -> bool {
    let mut each = integrity.split_whitespace().peekable();
    each.peek().is_some() && each.all(|it| it.starts_with("sha1-") || it.starts_with("md5-"))
}

fn said(lock: &Lock, package: &Package, what: &str) -> Value {
    let what: String = what
        .chars()
        .filter(|it| !it.is_control())
        .take(200)
        .collect();
    json!({ "name": format!("{} {}", package.name, package.version).trim(), "what": what, "way": lock.way(package) })
}
