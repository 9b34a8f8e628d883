//! A lockfile, read once: which packages are installed, from where, and what pulls each in.

mod berry;
mod bun;
mod graph;
mod npm;
mod pnpm;
mod source;
mod yaml;
mod yarn;

pub(in crate::probe) use source::{Source, without_credentials};

use crate::model::{Hindrance, HindranceKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// The longest lockfile that is read; those of the largest repositories stay below a third of it.
const LONGEST: u64 = 32 << 20;
/// The most packages that are read.
const MOST: usize = 100_000;
/// The longest name that npm accepts is 214 characters (npm documentation, package.json, name).
const LONGEST_NAME: usize = 214;
/// The longest version that npm accepts (node-semver, internal/constants.js, MAX_LENGTH).
const LONGEST_VERSION: usize = 256;

/// The lockfiles in the order in which package managers prefer them: `npm-shrinkwrap.json` wins over
/// `package-lock.json` (npm documentation, npm-shrinkwrap.json).
const NAMES: &[(&str, Manager)] = &[
    ("npm-shrinkwrap.json", Manager::Npm),
    ("package-lock.json", Manager::Npm),
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
];

/// A package manager, by what it is called on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Manager {
    /// npm
    Npm,
    /// pnpm
    Pnpm,
    /// Yarn, classic and berry
    Yarn,
    /// Bun
    Bun,
}

impl Manager {
    /// The word.
    pub(in crate::probe) fn word(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
        }
    }
}

/// A lockfile.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Lock {
    /// Its name, relative to the application's root.
    pub(in crate::probe) file: String,
    /// Whose it is.
    pub(in crate::probe) manager: Manager,
    /// The version of its format, as written.
    pub(in crate::probe) format: String,
    /// Every entry, the application's own folders among them.
    pub(in crate::probe) packages: Vec<Package>,
    /// What the lockfile was made for: name to range of each direct dependency, where it says so.
    pub(in crate::probe) asked: Asked,
    /// The text of the application's package.json as JSON.
    pub(in crate::probe) manifest: Value,
}

/// What a lockfile says that package.json asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::probe) struct Asked {
    /// Name to range.
    pub(in crate::probe) ranges: BTreeMap<String, String>,
    /// Names whose range may differ, because an override replaced it.
    pub(in crate::probe) replaced: Vec<String>,
    /// The format says nothing of ranges, only which names are there.
    pub(in crate::probe) names_only: bool,
}

/// One package in one version.
#[derive(Debug, Clone, Default)]
pub(in crate::probe) struct Package {
    /// The name in the registry, also where it is installed under another.
    pub(in crate::probe) name: String,
    /// The version.
    pub(in crate::probe) version: String,
    /// The entry's key in the lockfile.
    pub(in crate::probe) key: String,
    /// Where it comes from.
    pub(in crate::probe) source: Source,
    /// Its checksum, as written.
    pub(in crate::probe) integrity: Option<String>,
    /// Its licence, where the lockfile names one.
    pub(in crate::probe) licence: Option<String>,
    /// It is installed where only production dependencies are.
    pub(in crate::probe) production: bool,
    /// It comes inside the archive of another package.
    pub(in crate::probe) bundled: bool,
    /// The format records no checksum for it: of berry, packages of other platforms.
    pub(in crate::probe) checksum_optional: bool,
    /// It may be left out where the platform is another.
    pub(in crate::probe) optional: bool,
    /// The application names it itself.
    pub(in crate::probe) direct: bool,
    /// What it needs, as places in the list of packages.
    needs: Vec<usize>,
    /// Whether it is one for development, where the lockfile says so itself.
    development: Option<bool>,
    /// The package by which it is reached on the shortest way.
    by: Option<usize>,
}

impl Package {
    /// One of the application's own folders.
    pub(in crate::probe) fn own(&self) -> bool {
        self.source == Source::Own
    }
}

/// What a reader of one format gives.
#[derive(Debug, Default)]
struct Draft {
    format: String,
    packages: Vec<Package>,
    /// Where the application begins: places in the list, and whether for development only.
    roots: Vec<(usize, bool)>,
    asked: Asked,
}

/// The dependencies of a package.json, by whether they are for development only.
const KINDS: &[(&str, bool)] = &[
    ("dependencies", false),
    ("optionalDependencies", false),
    ("peerDependencies", false),
    ("devDependencies", true),
];

impl Lock {
    /// Reads the lockfile of the application at `root`.
    ///
    /// # Errors
    /// There is none, or it cannot be read, and why.
    pub(in crate::probe) fn read(root: &Path) -> Result<Self, Hindrance> {
        let manifest = match text(root, "package.json") {
            Ok(text) => serde_json::from_str(text.trim_start_matches('\u{FEFF}'))
                .map_err(|error| broken("package.json", format!("is not JSON: {error}")))?,
            Err(hindrance) if hindrance.kind == HindranceKind::Absent => Value::Null,
            Err(hindrance) => return Err(hindrance),
        };
        let Some((file, manager)) = NAMES.iter().find(|(name, _)| root.join(name).is_file()) else {
            return Err(missing(&manifest));
        };
        if *file == "bun.lockb" {
            return Err(Hindrance::new(
                HindranceKind::Protocol,
                "bun.lockb is a binary lockfile; write it as text with `bun install --save-text-lockfile`",
            ));
        }
        let text = text(root, file)?;
        if text.contains("\n<<<<<<< ") || text.starts_with("<<<<<<< ") {
            return Err(broken(file, "holds the marks of an unfinished merge"));
        }
        let draft = match manager {
            Manager::Npm => npm::read(&text, &manifest),
            Manager::Pnpm => pnpm::read(&text),
            Manager::Yarn if berry::is(&text) => berry::read(&text, &manifest),
            Manager::Yarn => yarn::read(&text, &manifest),
            Manager::Bun => bun::read(&text),
        };
        let mut draft = draft.map_err(|cause| broken(file, cause))?;
        plausible(&draft.packages).map_err(|cause| broken(file, cause))?;
        graph::settle(&mut draft);
        Ok(Self {
            file: (*file).to_owned(),
            manager: *manager,
            format: draft.format,
            packages: draft.packages,
            asked: draft.asked,
            manifest,
        })
    }

    /// The packages that others made.
    pub(in crate::probe) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !package.own())
    }

    /// The way from the application to a package: `next > sharp > @img/sharp-linux-x64`. A long one
    /// is cut in the middle.
    pub(in crate::probe) fn way(&self, package: &Package) -> String {
        let mut names = vec![package.name.as_str()];
        let mut at = package.by;
        // A way cannot be longer than the list, whatever the list says.
        while let Some(next) = at.and_then(|at| self.packages.get(at)) {
            names.push(&next.name);
            at = next.by;
            if names.len() > self.packages.len() {
                break;
            }
        }
        names.reverse();
        if names.len() > 8 {
            names.splice(4..names.len() - 3, ["…"]);
        }
        names.join(" > ")
    }
}

/// Without a lockfile nothing says which versions are installed; an application without dependencies needs none.
fn missing(manifest: &Value) -> Hindrance {
    if KINDS
        .iter()
        .all(|(kind, _)| words(manifest, kind).next().is_none())
    {
        let cause = "there is no lockfile, and no package.json with dependencies";
        return Hindrance::new(HindranceKind::Absent, cause);
    }
    let wanted: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
    let cause = format!(
        "package.json has dependencies, and beside it is no lockfile that says which versions are installed: none of {}",
        wanted.join(", ")
    );
    Hindrance::new(HindranceKind::Denied, cause)
}

fn broken(file: &str, cause: impl AsRef<str>) -> Hindrance {
    let cause = cause.as_ref();
    Hindrance::new(HindranceKind::Protocol, format!("{file} {cause}"))
}

/// The text of a file of the repository, under a limit.
pub(in crate::probe) fn text(root: &Path, name: &str) -> Result<String, Hindrance> {
    let fault = |error: std::io::Error| {
        let kind = match error.kind() {
            ErrorKind::NotFound => HindranceKind::Absent,
            _ => HindranceKind::Denied,
        };
        Hindrance::new(kind, format!("{name} could not be read: {error}"))
    };
    let file = fs::File::open(root.join(name)).map_err(fault)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    if bytes.len() as u64 > LONGEST {
        let cause = format!("{name} is longer than {} MiB", LONGEST >> 20);
        return Err(Hindrance::new(HindranceKind::TooLarge, cause));
    }
    String::from_utf8(bytes).map_err(|_| broken(name, "is not UTF-8"))
}

/// Refuses what no package manager writes.
fn plausible(packages: &[Package]) -> Result<(), String> {
    if packages.len() > MOST {
        return Err(format!("names more than {MOST} packages"));
    }
    for package in packages {
        let odd = |text: &str| text.chars().any(char::is_control);
        let shown: String = package.key.escape_debug().take(60).collect();
        if package.name.is_empty() || package.name.len() > LONGEST_NAME || odd(&package.name) {
            return Err(format!("has an entry without a proper name: {shown}"));
        }
        if package.version.len() > LONGEST_VERSION || odd(&package.version) {
            return Err(format!("has an entry without a proper version: {shown}"));
        }
    }
    Ok(())
}

/// The text at a key.
fn word(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// The entries of an object at a key that are text.
fn words<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v str, &'v str)> {
    let entries = value.get(key).and_then(Value::as_object);
    let entries = entries.into_iter().flatten();
    entries.filter_map(|(name, range)| Some((name.as_str(), range.as_str()?)))
}

/// `name@rest`, where the name may begin with an @.
fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let from = usize::from(text.starts_with('@'));
    let at = text.get(from..)?.find('@')? + from;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests;
