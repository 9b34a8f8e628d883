//! Reads package.json and the members of a workspace.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A folder with a package.json.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Package {
    /// The folder, relative to the root; empty for the root.
    pub(super) folder: String,
    /// The name others import it by.
    pub(super) name: Option<String>,
    /// Direct dependencies of every kind with their ranges.
    pub(super) dependencies: BTreeMap<String, String>,
    /// The scripts.
    pub(super) scripts: BTreeMap<String, String>,
    /// Files that `main`, `module`, `bin` and `exports` name.
    pub(super) entries: Vec<String>,
    /// The text, for line numbers.
    pub(super) text: String,
}

impl Package {
    /// Is it a Next.js application?
    pub(super) fn is_next(&self) -> bool {
        self.dependencies.contains_key("next")
    }

    /// The line of a dependency in package.json, from 1.
    pub(super) fn line_of(&self, dependency: &str) -> usize {
        let key = format!("\"{dependency}\"");
        self.text
            .lines()
            .position(|line| line.trim_start().starts_with(&key))
            .map_or(1, |at| at + 1)
    }

    /// Reads the package of a folder; none where there is none that can be read.
    pub(super) fn read(root: &Path, folder: &str) -> Option<(Self, Value)> {
        let text = std::fs::read_to_string(root.join(folder).join("package.json")).ok()?;
        let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let table = |key: &str| -> BTreeMap<String, String> {
            let object = json
                .get(key)
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            object
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect()
        };
        let mut dependencies = table("dependencies");
        for kind in [
            "devDependencies",
            "optionalDependencies",
            "peerDependencies",
        ] {
            for (name, range) in table(kind) {
                dependencies.entry(name).or_insert(range);
            }
        }
        let mut entries = Vec::new();
        for key in ["main", "module", "bin", "exports"] {
            json.get(key)
                .into_iter()
                .for_each(|value| texts(value, &mut entries));
        }
        let name = json.get("name").and_then(Value::as_str).map(str::to_owned);
        let scripts = table("scripts");
        Some((
            Self {
                folder: folder.to_owned(),
                name,
                dependencies,
                scripts,
                entries,
                text,
            },
            json,
        ))
    }
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(map) => map.values().for_each(|item| texts(item, out)),
        _ => {}
    }
}

/// The members of a workspace, as patterns of folders.
pub(super) struct Members {
    wanted: GlobSet,
    unwanted: GlobSet,
}

impl Members {
    /// The members that the root's package.json or pnpm-workspace.yaml declares.
    pub(super) fn of(root: &Path, manifest: &Value) -> Self {
        let mut patterns = Vec::new();
        if let Some(value) = manifest.get("workspaces") {
            texts(value.get("packages").unwrap_or(value), &mut patterns);
        }
        if let Ok(text) = std::fs::read_to_string(root.join("pnpm-workspace.yaml")) {
            patterns.extend(pnpm_packages(&text));
        }
        let set = |unwanted: bool| {
            let mut builder = GlobSetBuilder::new();
            for pattern in patterns
                .iter()
                .filter(|pattern| pattern.starts_with('!') == unwanted)
            {
                let pattern = pattern
                    .trim_start_matches('!')
                    .trim_start_matches("./")
                    .trim_end_matches('/');
                if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
                    builder.add(glob);
                }
            }
            builder.build().unwrap_or_else(|_| GlobSet::empty())
        };
        Self {
            wanted: set(false),
            unwanted: set(true),
        }
    }

    /// Is the folder a member?
    pub(super) fn contain(&self, folder: &str) -> bool {
        self.wanted.is_match(folder) && !self.unwanted.is_match(folder)
    }
}

/// The list under `packages:` in pnpm-workspace.yaml, which is all of that file that matters here.
fn pnpm_packages(text: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| !line.starts_with("packages:"))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with([' ', '-', '#', '\t']))
        .filter_map(|line| line.trim().strip_prefix('-'))
        .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
        .collect()
}
