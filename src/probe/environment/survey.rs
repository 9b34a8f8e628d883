//! Reads a whole repository: what its code reads and where, what its documents say, what git holds.

use super::documented::{self, Mention};
use super::env_file::{self, Assignment};
use super::git::{self, Tree};
use super::needs::NamedModel;
use super::reading::{self, Module};
use super::repository::{self, Repository, join};
use super::resolve::{self, Resolver};
use super::scope::{self, Scope};
use super::{convention, dependencies, naming, shape};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Everything that the repository says about variables.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Reads by variable.
    pub(super) reads: BTreeMap<String, Vec<Place>>,
    /// Variables that the configuration of the build sets.
    pub(super) defined: BTreeSet<String>,
    /// Mentions by variable: place, and whether it is an assignment.
    pub(super) documented: BTreeMap<String, Vec<(String, bool)>>,
    /// Values in sample files: name, value, place. Never recorded.
    pub(super) samples: Vec<(String, String, String)>,
    /// Environment files with their assignments.
    pub(super) files: Vec<(String, Vec<Assignment>)>,
    /// Words of compose files, workflows, schemas and scripts that could name a variable.
    pub(super) elsewhere: BTreeSet<String>,
    /// Places whose variable cannot be told.
    pub(super) dynamic: Vec<String>,
    /// Files that could not be read or parsed, each with the cause.
    pub(super) unparsed: Vec<String>,
    /// Folders left out as projects of their own.
    pub(super) excluded: Vec<String>,
    /// How many files of code were read.
    pub(super) scanned: usize,
    /// Environment files that git tracks; none where its index could not be read.
    pub(super) tracked: Option<Vec<String>>,
    /// The ignore rules cover environment files of one machine.
    pub(super) ignored: bool,
    /// The root lies in a git repository.
    pub(super) in_repository: bool,
    /// Variables that deployed code hands to something as its `secret`.
    handed: BTreeSet<String>,
    /// Variables that a check asks about by name.
    pub(super) wanted: BTreeSet<String>,
    /// Auth.js 5 is used, whose providers read variables named after them.
    pub(super) auth_js: bool,
    /// Language models that the code names.
    pub(super) models: Vec<NamedModel>,
}

/// One read of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `file:line`; for a dependency, its line in package.json.
    pub(super) at: String,
    /// Where the code runs.
    pub(super) scopes: BTreeSet<Scope>,
    /// The code does without the variable.
    pub(super) has_default: bool,
    /// Any of these does as well.
    pub(super) alternatives: Vec<String>,
    /// The code runs only where all of these are set.
    pub(super) only_with: Vec<String>,
    /// The dependency that reads it.
    pub(super) dependency: Option<String>,
    /// The file itself is marked for browsers.
    pub(super) client_file: bool,
}

/// A file of more bytes is a build or data, not something that people write.
const LARGEST: u64 = 2 * 1024 * 1024;

/// Reads the repository. `names` are known from elsewhere, so that documents may mention them freely.
/// `loaded` are the environment files in use. `dependencies` adds to what package.json says.
pub(super) fn survey(
    root: &Path,
    names: BTreeSet<String>,
    loaded: &[String],
    direct: &BTreeMap<String, String>,
) -> Survey {
    let mut repository = repository::walk(root);
    let mut survey = Survey {
        excluded: std::mem::take(&mut repository.excluded),
        ..Survey::default()
    };
    survey.unparsed.append(&mut repository.unreadable);
    survey.read_code(root, &repository);
    survey.read_dependencies(&repository, direct, root);
    for path in loaded {
        if !repository.environment_files.contains(path) && root.join(path).is_file() {
            repository.environment_files.push(path.clone());
        }
    }
    for path in &repository.environment_files {
        match std::fs::read(root.join(path)) {
            Ok(bytes) => {
                let live = env_file::assignments(&String::from_utf8_lossy(&bytes))
                    .into_iter()
                    .filter(|one| !one.commented);
                survey.files.push((path.clone(), live.collect()));
            }
            Err(error) => survey.unparsed.push(format!("{path}: {error}")),
        }
    }
    survey.read_documents(root, &repository, names);
    survey.read_others(root, &repository);
    survey.ask_git(root);
    survey
}

impl Survey {
    fn read_code(&mut self, root: &Path, repository: &Repository) {
        let files = &repository.sources;
        let parsed = parse_all(root, files);
        self.scanned = parsed.iter().filter(|one| one.is_ok()).count();
        let mut modules = Vec::with_capacity(files.len());
        for (file, module) in files.iter().zip(parsed) {
            modules.push(
                module
                    .map_err(|error| self.unparsed.push(format!("{file}: {error}")))
                    .ok(),
            );
        }
        let mappings = repository
            .packages
            .iter()
            .filter_map(|package| resolve::mapping(root, &package.folder))
            .collect();
        let resolver = Resolver::new(files, &repository.packages, mappings);
        let scopes = scope::scopes(files, &modules, &repository.packages, &resolver);
        let helpers: BTreeMap<_, _> = modules
            .iter()
            .flatten()
            .flat_map(|module| &module.helpers)
            .collect();
        for ((file, module), scopes) in files.iter().zip(&modules).zip(&scopes) {
            let Some(module) = module else { continue };
            let called = module
                .calls
                .iter()
                .filter_map(|call| helpers.get(&call.function)?.read(call));
            for read in module.reads.iter().cloned().chain(called) {
                self.reads.entry(read.name).or_default().push(Place {
                    at: format!("{file}:{}", read.line),
                    scopes: scopes.clone(),
                    has_default: read.has_default,
                    alternatives: read.alternatives,
                    only_with: read.only_with,
                    dependency: None,
                    client_file: module.client,
                });
            }
            let deployed = scopes.iter().any(|scope| scope.is_deployed());
            self.models
                .extend(module.models.iter().map(|model| NamedModel {
                    id: model.id.clone(),
                    at: format!("{file}:{}", model.line),
                    deployed,
                    chosen: model.chosen,
                }));
            if deployed {
                self.handed.extend(module.secrets.iter().cloned());
                self.dynamic
                    .extend(module.dynamic.iter().map(|line| format!("{file}:{line}")));
            }
            if convention::is_next_config(file) {
                self.defined.extend(module.defines.iter().cloned());
            }
        }
    }

    fn read_dependencies(
        &mut self,
        repository: &Repository,
        direct: &BTreeMap<String, String>,
        root: &Path,
    ) {
        // On its platform the address of a deployment is known without being set.
        let on_vercel = root.join("vercel.json").is_file() || root.join(".vercel").is_dir();
        let handed = self.handed.clone();
        let mut named = BTreeSet::new();
        let mut sources: Vec<_> = repository
            .packages
            .iter()
            .flat_map(|package| {
                package
                    .dependencies
                    .iter()
                    .map(move |(name, range)| (name, range, Some(package)))
            })
            .collect();
        sources.extend(direct.iter().map(|(name, range)| (name, range, None)));
        for (name, range, package) in sources {
            if !named.insert(name.clone()) {
                continue;
            }
            self.auth_js |= dependencies::is_auth_js(name, range);
            let at = package.map_or_else(
                || "package.json".to_owned(),
                |package| {
                    format!(
                        "{}:{}",
                        join(&package.folder, "package.json"),
                        package.line_of(name)
                    )
                },
            );
            for taken in dependencies::reads(name, range) {
                let given = on_vercel && taken.alternatives.contains(&"VERCEL");
                let mut alternatives: Vec<String> = taken
                    .alternatives
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect();
                // A secret that the code hands over itself stands in for the library's own name.
                if matches!(taken.name, "NEXTAUTH_SECRET" | "AUTH_SECRET") {
                    alternatives.extend(handed.iter().filter(|name| *name != taken.name).cloned());
                }
                let scope = if taken.build {
                    Scope::Build
                } else {
                    Scope::Server
                };
                self.reads
                    .entry(taken.name.to_owned())
                    .or_default()
                    .push(Place {
                        at: at.clone(),
                        scopes: BTreeSet::from([scope]),
                        has_default: !taken.required || given,
                        alternatives,
                        only_with: Vec::new(),
                        dependency: Some(name.clone()),
                        client_file: false,
                    });
            }
        }
    }

    fn read_documents(
        &mut self,
        root: &Path,
        repository: &Repository,
        mut known: BTreeSet<String>,
    ) {
        known.extend(self.reads.keys().cloned());
        known.extend(
            self.files
                .iter()
                .flat_map(|(_, all)| all.iter().map(|one| one.name.clone())),
        );
        for path in &repository.examples {
            let Ok(bytes) = std::fs::read(root.join(path)) else {
                self.unparsed.push(format!("{path}: cannot be read"));
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            self.mention(path, documented::in_example(&text));
            let values = env_file::assignments(&text).into_iter();
            self.samples
                .extend(values.map(|one| (one.name, one.value, format!("{path}:{}", one.line))));
        }
        for path in &repository.documents {
            let Ok(bytes) = std::fs::read(root.join(path)) else {
                self.unparsed.push(format!("{path}: cannot be read"));
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            if !documented::is_own_report(&text) {
                self.mention(path, documented::in_markdown(&text, &known));
            }
        }
    }

    fn mention(&mut self, path: &str, mentions: Vec<Mention>) {
        for one in mentions {
            self.documented
                .entry(one.name)
                .or_default()
                .push((format!("{path}:{}", one.line), one.assigned));
        }
    }

    fn read_others(&mut self, root: &Path, repository: &Repository) {
        for path in &repository.others {
            let path = root.join(path);
            if path.metadata().is_ok_and(|file| file.len() > LARGEST) {
                continue;
            }
            let Ok(bytes) = std::fs::read(path) else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            if documented::is_own_report(&text) {
                continue;
            }
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            self.elsewhere.extend(
                words
                    .filter(|word| reading::is_name(word))
                    .map(str::to_owned),
            );
        }
    }

    fn ask_git(&mut self, root: &Path) {
        const LOCAL: [&str; 3] = [
            ".env.local",
            ".env.development.local",
            ".env.production.local",
        ];
        let Some(tree) = Tree::around(root) else {
            // Not in git yet: what its rules will cover can be told all the same.
            self.ignored = LOCAL.iter().all(|name| {
                git::rules(root, &root.join(".gitignore"), &root.join(name)) == Some(true)
            });
            return;
        };
        self.in_repository = true;
        self.ignored = LOCAL.iter().all(|name| tree.ignores(root, name));
        self.tracked = tree
            .tracked(root)
            .and_then(|paths| self.committed(root, paths));
    }

    /// Those of the tracked paths that are environment files with real values; none where one of
    /// them cannot be read.
    fn committed(&self, root: &Path, paths: Vec<String>) -> Option<Vec<String>> {
        let left_out = |path: &str| {
            self.excluded
                .iter()
                .any(|folder| path.starts_with(&format!("{folder}/")))
                || path
                    .split('/')
                    .any(|part| matches!(part, "node_modules" | "archive" | "archives"))
        };
        let mut committed = Vec::new();
        for path in paths {
            let name = path.rsplit('/').next().unwrap_or_default();
            if !repository::is_environment_file(name) || left_out(&path) {
                continue;
            }
            if name.ends_with(".local") || holds_secret(root, &path)? {
                committed.push(path);
            }
        }
        committed.sort();
        Some(committed)
    }
}

/// Does an environment file hold a secret's real value? Defaults without secrets may be committed.
/// None where the file cannot be read, such as one that is tracked and gone.
fn holds_secret(root: &Path, path: &str) -> Option<bool> {
    let bytes = std::fs::read(root.join(path)).ok()?;
    let holds = env_file::assignments(&String::from_utf8_lossy(&bytes))
        .iter()
        .filter(|one| !one.commented)
        .any(|one| {
            let secret = crate::secret::names_secret(&one.name)
                && !one.name.starts_with(naming::PUBLIC)
                || naming::is_secret_value(&one.value)
                || crate::secret::looks_secret(&one.value) && !one.name.starts_with(naming::PUBLIC);
            let only_a_reference =
                env_file::references(&one.value).len() == 1 && one.value.starts_with('$');
            // The address of a local database opens nothing.
            let harmless = one.value.starts_with("file:")
                || shape::is_local(&one.value)
                || super::mongodb_uri::parse(&one.value).is_some_and(|uri| !uri.has_credentials());
            secret
                && one.value.len() >= 4
                && !only_a_reference
                && !harmless
                && super::placeholder::reason(&one.value).is_none()
        });
    Some(holds)
}

/// Parses every file on as many threads as the machine has processors.
fn parse_all(root: &Path, files: &[String]) -> Vec<Result<Module, String>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        while let Some((index, file)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).map(|file| (at, file))
        } {
            let module = read_module(root, file);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, module));
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(files.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // Code can be nested deeper than the usual stack of a thread allows.
            let started = std::thread::Builder::new()
                .stack_size(64 * 1024 * 1024)
                .spawn_scoped(scope, work);
            if started.is_err() {
                work();
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, module)| module).collect()
}

fn read_module(root: &Path, file: &str) -> Result<Module, String> {
    let path = root.join(file);
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!(
            "{size} bytes; files above {LARGEST} are not parsed"
        ));
    }
    let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    reading::module(text.trim_start_matches('\u{feff}'), file)
}
