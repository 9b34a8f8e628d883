//! Finds the file that an import means, by the rules of bundlers: extensions, index files, tsconfig paths, workspaces.

use super::package::Package;
use super::repository::join;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Resolves imports among the known files, without touching the disk.
pub(super) struct Resolver<'a> {
    files: HashMap<&'a str, usize>,
    packages: &'a [Package],
    mappings: Vec<Mapping>,
}

/// `baseUrl` and `paths` of one tsconfig.json or jsconfig.json.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mapping {
    /// The folder whose files it concerns.
    folder: String,
    /// Where imports without a dot are looked for first.
    base: Option<String>,
    /// A pattern split at its star, with the places it stands for.
    paths: Vec<(String, Option<String>, Vec<String>)>,
}

const EXTENSIONS: &[&str] = &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

impl<'a> Resolver<'a> {
    /// A resolver among these files.
    pub(super) fn new(
        files: &'a [String],
        packages: &'a [Package],
        mappings: Vec<Mapping>,
    ) -> Self {
        let files = files
            .iter()
            .enumerate()
            .map(|(index, path)| (path.as_str(), index))
            .collect();
        Self {
            files,
            packages,
            mappings,
        }
    }

    /// The file that `specifier` means in the file `from`; none for packages and for what is not there.
    pub(super) fn resolve(&self, from: &str, specifier: &str) -> Option<usize> {
        // Queries and hashes are for loaders.
        let specifier = specifier
            .split(['?', '#'])
            .next()
            .filter(|rest| !rest.is_empty())
            .unwrap_or(specifier);
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || matches!(specifier, "." | "..")
        {
            return self.file(&normal(folder, specifier)?);
        }
        self.mapped(from, specifier)
            .or_else(|| self.workspace(specifier))
    }

    /// The file at a path, with or without its extension, or the index of a folder.
    pub(super) fn file(&self, path: &str) -> Option<usize> {
        if let Some(&index) = self.files.get(path) {
            return Some(index);
        }
        if let Some(index) = EXTENSIONS
            .iter()
            .find_map(|end| self.files.get(format!("{path}.{end}").as_str()))
        {
            return Some(*index);
        }
        // TypeScript may name the output: `./a.js` for `./a.ts`.
        for (written, meant) in [
            (".js", ".ts"),
            (".js", ".tsx"),
            (".jsx", ".tsx"),
            (".mjs", ".mts"),
            (".cjs", ".cts"),
        ] {
            if let Some(stem) = path.strip_suffix(written)
                && let Some(&index) = self.files.get(format!("{stem}{meant}").as_str())
            {
                return Some(index);
            }
        }
        EXTENSIONS.iter().find_map(|end| {
            self.files
                .get(join(path, &format!("index.{end}")).as_str())
                .copied()
        })
    }

    fn mapped(&self, from: &str, specifier: &str) -> Option<usize> {
        let mapping = self
            .mappings
            .iter()
            .filter(|mapping| {
                mapping.folder.is_empty() || from.starts_with(&format!("{}/", mapping.folder))
            })
            .max_by_key(|mapping| mapping.folder.len())?;
        // The longest prefix wins, as in TypeScript.
        let mut matching: Vec<_> = mapping
            .paths
            .iter()
            .filter_map(|(prefix, suffix, places)| match suffix {
                None => (specifier == prefix).then_some((usize::MAX, "", places)),
                Some(suffix) => {
                    let rest = specifier
                        .strip_prefix(prefix.as_str())?
                        .strip_suffix(suffix.as_str())?;
                    Some((prefix.len(), rest, places))
                }
            })
            .collect();
        matching.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        let named = matching.iter().find_map(|(_, rest, places)| {
            places
                .iter()
                .find_map(|place| self.file(&normal("", &place.replacen('*', rest, 1))?))
        });
        named.or_else(|| self.file(&normal(mapping.base.as_deref()?, specifier)?))
    }

    fn workspace(&self, specifier: &str) -> Option<usize> {
        let (package, rest) = self.packages.iter().find_map(|package| {
            let rest = specifier.strip_prefix(package.name.as_deref()?)?;
            (rest.is_empty() || rest.starts_with('/'))
                .then(|| (package, rest.trim_start_matches('/')))
        })?;
        let below = |path: &str| self.file(&normal(&package.folder, path)?);
        if rest.is_empty() {
            let named = package
                .entries
                .iter()
                .find_map(|entry| below(entry).or_else(|| below(&source_of(entry))));
            return named
                .or_else(|| below("index"))
                .or_else(|| below("src/index"));
        }
        below(rest).or_else(|| below(&format!("src/{rest}")))
    }
}

/// The source that a built file was probably made from: `dist/index.js` from `src/index`.
pub(super) fn source_of(entry: &str) -> String {
    let entry = entry.trim_start_matches("./");
    let rest = entry
        .split_once('/')
        .filter(|(folder, _)| matches!(*folder, "dist" | "build" | "lib" | "out"));
    let rest = rest.map_or(entry, |(_, rest)| rest);
    let stem = EXTENSIONS
        .iter()
        .find_map(|end| rest.strip_suffix(&format!(".{end}")))
        .unwrap_or(rest);
    format!("src/{stem}")
}

/// A path without `.` and `..`; none where it leaves the root.
pub(super) fn normal(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Reads the mapping of a package's folder, through every `extends` inside the repository.
pub(super) fn mapping(root: &Path, folder: &str) -> Option<Mapping> {
    let file = ["tsconfig.json", "jsconfig.json"]
        .iter()
        .map(|name| join(folder, name))
        .find(|path| root.join(path).is_file())?;
    let mut mapping = Mapping {
        folder: folder.to_owned(),
        ..Mapping::default()
    };
    let mut pending = vec![file];
    let mut seen = HashSet::new();
    while let Some(file) = pending.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root.join(&file)) else {
            continue;
        };
        let Ok(json) = serde_json::from_str::<Value>(&plain_json(&text)) else {
            continue;
        };
        let here = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        mapping.merge(&json, here);
        let mut extended = Vec::new();
        match json.get("extends") {
            Some(Value::String(one)) => extended.push(one.as_str()),
            Some(Value::Array(many)) => extended.extend(many.iter().filter_map(Value::as_str)),
            _ => {}
        }
        for path in extended.into_iter().filter(|path| path.starts_with('.')) {
            let path = if path.ends_with(".json") {
                path.to_owned()
            } else {
                format!("{path}.json")
            };
            pending.extend(normal(here, &path));
        }
    }
    Some(mapping)
}

impl Mapping {
    /// Takes what nearer files have not said already.
    fn merge(&mut self, json: &Value, here: &str) {
        let Some(options) = json.get("compilerOptions") else {
            return;
        };
        let base = options
            .get("baseUrl")
            .and_then(Value::as_str)
            .and_then(|base| normal(here, base));
        if self.paths.is_empty()
            && let Some(paths) = options.get("paths").and_then(Value::as_object)
        {
            let origin = base
                .clone()
                .or_else(|| self.base.clone())
                .unwrap_or_else(|| here.to_owned());
            for (pattern, places) in paths {
                let (prefix, suffix) = match pattern.split_once('*') {
                    Some((prefix, suffix)) => (prefix.to_owned(), Some(suffix.to_owned())),
                    None => (pattern.clone(), None),
                };
                let places = places
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                self.paths.push((
                    prefix,
                    suffix,
                    places.filter_map(|place| normal(&origin, place)).collect(),
                ));
            }
        }
        if self.base.is_none() {
            self.base = base;
        }
    }
}

/// JSON without the comments and trailing commas that tsconfig files may have.
pub(super) fn plain_json(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        if quoted {
            out.push(character);
            match character {
                '\\' => out.extend(characters.next()),
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match (character, characters.peek()) {
            ('"', _) => {
                quoted = true;
                out.push('"');
            }
            ('/', Some('/')) => while characters.next_if(|&next| next != '\n').is_some() {},
            ('/', Some('*')) => {
                characters.next();
                let mut last = ' ';
                for next in characters.by_ref() {
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            ('}' | ']', _) => {
                let kept = out.trim_end();
                if kept.ends_with(',') {
                    out.truncate(kept.len() - 1);
                }
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_commas() {
        let text =
            "{ // one\n \"a\": \"http://x/*y*/\", /* two */ \"b\": [1, 2,], \"c\": \"\\\"//\",\n}";
        let json: Value = serde_json::from_str(&plain_json(text)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "a": "http://x/*y*/", "b": [1, 2], "c": "\"//" })
        );
    }

    #[test]
    fn imports() {
        let files: Vec<String> = [
            "src/app/page.tsx",
            "src/lib/index.ts",
            "src/lib/db.ts",
            "packages/ui/src/button.tsx",
            "packages/ui/src/index.ts",
        ]
        .map(String::from)
        .to_vec();
        let ui = Package {
            folder: "packages/ui".into(),
            name: Some("@x/ui".into()),
            entries: vec!["./dist/index.js".into()],
            ..Package::default()
        };
        let mut mapping = Mapping::default();
        mapping.merge(&serde_json::json!({ "compilerOptions": { "baseUrl": "src", "paths": { "@/*": ["./*"], "db": ["lib/db.ts"] } } }), "");
        let packages = [Package::default(), ui];
        let resolver = Resolver::new(&files, &packages, vec![mapping]);
        let at = |specifier| {
            resolver
                .resolve("src/app/page.tsx", specifier)
                .map(|index| files[index].as_str())
        };
        assert_eq!(at("../lib"), Some("src/lib/index.ts"));
        assert_eq!(at("../lib/db.js"), Some("src/lib/db.ts"));
        assert_eq!(at("@/lib/db"), Some("src/lib/db.ts"));
        assert_eq!(at("db"), Some("src/lib/db.ts"));
        assert_eq!(at("lib/db"), Some("src/lib/db.ts"));
        assert_eq!(at("@x/ui"), Some("packages/ui/src/index.ts"));
        assert_eq!(at("@x/ui/button"), Some("packages/ui/src/button.tsx"));
        assert_eq!(at("react"), None);
        assert_eq!(at("../../../../etc/passwd"), None);
    }

    proptest! {
        #[test]
        fn plain_json_stays_as_it_is(number in any::<i64>(), text in "[^\\x00-\\x1f]*") {
            let json = serde_json::json!({ "a": [number, text] });
            prop_assert_eq!(serde_json::from_str::<Value>(&plain_json(&json.to_string())).unwrap(), json);
        }

        #[test]
        fn any_text_is_taken(text in ".*", from in "[a-z/.]{0,20}", specifier in "[a-z@/.*?#]{0,20}") {
            let _ = plain_json(&text);
            let _ = Resolver::new(&[], &[Package::default()], vec![Mapping::default()]).resolve(&from, &specifier);
        }
    }
}
