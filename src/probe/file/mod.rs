//! The file probe: what one file of the application's repository is and holds.

mod content;

use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use content::Content;
use futures_util::future::BoxFuture;
use regex::bytes::{Regex, RegexBuilder};
use serde_json::{Value, json};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

/// Reads one file.
pub(super) struct File;

impl Probe for File {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Bool, Int, Text};
        let found = vec![
            FactSpec::new("found", Bool, "the pattern matches somewhere"),
            FactSpec::new("count", Int, "how many times it matches, without overlaps"),
            FactSpec::new(
                "line",
                FactKind::optional(Int),
                "the line of the first match, from 1",
            ),
        ];
        ProbeSpec {
            name: "file",
            version: 1,
            summary: "Reads one file inside the application's root and nothing outside it: a symbolic link that \
                leaves the root is refused. The file need not be UTF-8. Nothing is written.",
            level: Level::Static,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                ParameterSpec::required(
                    "path",
                    Text,
                    "the path relative to the application's root",
                ),
                ParameterSpec::optional(
                    "or",
                    FactKind::list(Text),
                    "other paths, for a file that may stand in several places: the first of all that is a file is read",
                ),
                ParameterSpec::optional(
                    "matches",
                    FactKind::map(Text),
                    "regular expressions to look for, each under a name; ^ and $ match at every line",
                ),
            ],
            facts: vec![
                FactSpec::new("exists", Bool, "something is at the path"),
                FactSpec::new("is_file", Bool, "it is a regular file"),
                FactSpec::new("is_dir", Bool, "it is a folder"),
                FactSpec::new(
                    "size",
                    FactKind::optional(Int),
                    "the size of the file in bytes",
                ),
                FactSpec::new(
                    "sha256",
                    FactKind::optional(Text),
                    "the digest of the content in hexadecimal; null for a file above 256 MiB",
                ),
                FactSpec::new(
                    "lines",
                    FactKind::optional(Int),
                    "the number of lines; null for a file above 256 MiB",
                ),
                FactSpec::new("empty", Bool, "it is a file of no bytes"),
                FactSpec::new(
                    "matches",
                    FactKind::map(FactKind::Object(found)),
                    "each pattern's name with what it found; no names where there is no file to look in",
                ),
                FactSpec::new(
                    "mode",
                    FactKind::optional(Text),
                    "the permission bits, such as \"0644\"; null where the system has none",
                ),
            ],
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let path = inside(text(parameters, "path"))?;
        let mut look = parameters.clone();
        look.insert("path".into(), path.into());
        if let Some(others) = parameters.get("or") {
            let others = others.as_array().ok_or("or: must be a list of paths")?;
            let others: Result<Vec<_>, _> = others
                .iter()
                .map(|other| inside(other.as_str().unwrap_or_default()))
                .collect();
            look.insert("or".into(), others?.into());
        }
        if !look
            .entry("matches")
            .or_insert_with(|| json!({}))
            .is_object()
        {
            return Err("matches: must be a table of patterns, each under a name".into());
        }
        patterns(&look)?;
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        text(parameters, "path").to_owned()
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        let (root, parameters) = (context.root.clone(), parameters.clone());
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || read(&root, &parameters)).await {
                Ok(Ok(facts)) => Sighting::of(facts),
                Ok(Err(hindrance)) => Sighting::hindered(hindrance),
                Err(fault) => {
                    Sighting::hindered(Hindrance::new(HindranceKind::Internal, fault.to_string()))
                }
            }
        })
    }
}

fn text<'a>(parameters: &'a Facts, key: &str) -> &'a str {
    parameters
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The path in its one form, without `.` parts.
fn inside(path: &str) -> Result<String, String> {
    let mut parts = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!(
                    "path: '{path}' leaves the application's root; write it relative to the root, without '..'"
                ));
            }
        }
    }
    match path {
        "" => Err("path: name a file relative to the application's root".into()),
        _ if path.contains('\0') => Err("path: holds a NUL character".into()),
        _ if parts.is_empty() => Ok(".".into()),
        _ => Ok(parts.join("/")),
    }
}

fn patterns(parameters: &Facts) -> Result<Vec<(String, Regex)>, String> {
    let compile = |(name, pattern): (&String, &Value)| {
        let pattern = pattern
            .as_str()
            .ok_or_else(|| format!("matches.{name}: must be text"))?;
        match RegexBuilder::new(pattern).multi_line(true).build() {
            Ok(regex) => Ok((name.clone(), regex)),
            Err(error) => Err(format!("matches.{name}: {error}")),
        }
    };
    parameters
        .get("matches")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(compile)
        .collect()
}

fn read(root: &Path, parameters: &Facts) -> Result<Facts, Hindrance> {
    let path = place(root, parameters);
    let denied = |cause: &str| Hindrance::new(HindranceKind::Denied, format!("{path} {cause}"));
    let fault = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => denied("may not be read"),
        _ => Hindrance::new(
            HindranceKind::Denied,
            format!("{path} could not be read: {error}"),
        ),
    };
    let root = root
        .canonicalize()
        .map_err(|error| denied(&format!("has no root to be in: {error}")))?;
    let place = resolve(&root.join(path)).map_err(fault)?;
    if !place.starts_with(&root) {
        return Err(denied("leads out of the application's root"));
    }
    let metadata = match fs::metadata(&place) {
        Ok(metadata) => Some(metadata),
        Err(error) if is_missing(&error) => None,
        Err(error) => return Err(fault(error)),
    };
    let file = metadata.as_ref().filter(|metadata| metadata.is_file());
    let patterns =
        patterns(parameters).map_err(|cause| Hindrance::new(HindranceKind::Internal, cause))?;
    let content = match file {
        Some(_) => Content::read(&place, &patterns).map_err(fault)?,
        None => Content::default(),
    };
    if content.too_large_to_search {
        let cause = format!(
            "{path} is too large to look for patterns in it; the limit is {} MiB",
            content::SEARCHED >> 20
        );
        return Err(Hindrance::new(HindranceKind::TooLarge, cause));
    }
    let matches = content.matches.into_iter().map(|found| {
        (
            found.name,
            json!({ "found": found.count > 0, "count": found.count, "line": found.line }),
        )
    });
    Ok(Facts::from_iter([
        ("exists".to_owned(), metadata.is_some().into()),
        ("is_file".to_owned(), file.is_some().into()),
        (
            "is_dir".to_owned(),
            metadata.as_ref().is_some_and(Metadata::is_dir).into(),
        ),
        ("size".to_owned(), file.map(|_| content.size).into()),
        ("sha256".to_owned(), content.sha256.into()),
        ("lines".to_owned(), content.lines.into()),
        (
            "empty".to_owned(),
            (file.is_some() && content.size == 0).into(),
        ),
        ("matches".to_owned(), Value::Object(matches.collect())),
        ("mode".to_owned(), metadata.as_ref().and_then(mode).into()),
    ]))
}

/// The first of the paths at which a file stands; the one that was named first where none does.
fn place<'a>(root: &Path, parameters: &'a Facts) -> &'a str {
    let first = text(parameters, "path");
    let others = parameters.get("or").and_then(Value::as_array);
    let others = others.into_iter().flatten().filter_map(Value::as_str);
    std::iter::once(first)
        .chain(others)
        .find(|path| root.join(path).is_file())
        .unwrap_or(first)
}

/// Follows every symbolic link. Where the end of the path does not exist, the part that does is
/// followed, so that not even the absence of a file outside the root is told.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if is_missing(&error) => match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok(resolve(parent)?.join(name)),
            _ => Err(error),
        },
        resolved => resolved,
    }
}

/// Nothing is there, or a part of the way is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    Some(format!("{:04o}", metadata.permissions().mode() & 0o7777))
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<String> {
    None
}

#[cfg(test)]
mod tests;
