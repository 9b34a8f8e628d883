//! Finds the files of one application in its repository: what git would see, without copies and builds.

use super::package::{Members, Package};
use ignore::WalkBuilder;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The files of an application, as paths relative to its root with `/` between the parts.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// JavaScript and TypeScript.
    pub(super) sources: Vec<String>,
    /// Markdown that people read for setting it up.
    pub(super) documents: Vec<String>,
    /// Sample environment files.
    pub(super) examples: Vec<String>,
    /// Environment files in the folders of packages.
    pub(super) environment_files: Vec<String>,
    /// Other texts that may name a variable: compose files, workflows, schemas, shell scripts.
    pub(super) others: Vec<String>,
    /// The packages: the root, then the members of its workspace.
    pub(super) packages: Vec<Package>,
    /// Folders left out because they are projects of their own.
    pub(super) excluded: Vec<String>,
    /// What could not be walked, with the cause.
    pub(super) unreadable: Vec<String>,
}

/// Walks the repository. Symbolic links are not followed, so that loops and files outside are not met.
pub(super) fn walk(root: &Path) -> Repository {
    let manifest = Package::read(root, "");
    let members = manifest.as_ref().map(|(_, json)| Members::of(root, json));
    let excluded = Arc::new(Mutex::new(Vec::new()));
    let found = Arc::new(Mutex::new(Vec::new()));
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry({
            let (root, excluded, found) = (root.to_owned(), excluded.clone(), found.clone());
            move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                if entry.depth() == 0 || !is_folder {
                    return true;
                }
                let folder = relative(&root, entry.path());
                if is_skipped(&folder, &root) {
                    return false;
                }
                let Some((package, json)) = Package::read(&root, &folder) else {
                    return true;
                };
                // A package.json that only says `"type": "module"` marks files, not a project.
                if json.get("name").is_none()
                    && package.dependencies.is_empty()
                    && package.scripts.is_empty()
                {
                    return true;
                }
                // Without a package.json at the root, its folders are all there is.
                let member = members
                    .as_ref()
                    .is_none_or(|members| members.contain(&folder));
                if member {
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(package);
                } else {
                    excluded
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(folder);
                }
                member
            }
        })
        .build();
    let mut repository = Repository::default();
    for entry in walker {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                repository.sort_in(relative(root, entry.path()));
            }
            Ok(_) => {}
            Err(error) => repository.unreadable.push(error.to_string()),
        }
    }
    repository
        .packages
        .push(manifest.map(|(package, _)| package).unwrap_or_default());
    repository
        .packages
        .append(&mut found.lock().unwrap_or_else(PoisonError::into_inner));
    repository.excluded =
        std::mem::take(&mut *excluded.lock().unwrap_or_else(PoisonError::into_inner));
    repository.find_environment_files(root);
    for list in [
        &mut repository.sources,
        &mut repository.documents,
        &mut repository.examples,
        &mut repository.others,
        &mut repository.excluded,
    ] {
        list.sort();
    }
    repository
}

impl Repository {
    fn sort_in(&mut self, path: String) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let lower = name.to_ascii_lowercase();
        let extension = lower
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        if is_example(name) {
            self.examples.push(path);
        } else if matches!(
            extension,
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts"
        ) {
            let typing =
                lower.ends_with(".d.ts") || lower.ends_with(".d.mts") || lower.ends_with(".d.cts");
            // What lies in public/ is sent as it is and never compiled; minified files are builds.
            if !typing
                && !lower.contains(".min.")
                && !path.starts_with("public/")
                && !path.contains("/public/")
            {
                self.sources.push(path);
            }
        } else if matches!(extension, "md" | "mdx") {
            let documents = path
                .split('/')
                .any(|part| part.eq_ignore_ascii_case("docs"));
            if (!path.contains('/') || documents || lower.starts_with("readme"))
                && !lower.starts_with("changelog")
            {
                self.documents.push(path);
            }
        } else if matches!(
            extension,
            "yml" | "yaml" | "prisma" | "sh" | "toml" | "json" | "conf"
        ) && !lower.contains("lock")
            || lower.contains("dockerfile")
            || lower == "makefile"
        {
            self.others.push(path);
        }
    }

    /// Environment files are ignored by git as a rule, and a rule such as `.env*` takes their samples
    /// along, so both are listed by themselves.
    fn find_environment_files(&mut self, root: &Path) {
        for package in &self.packages {
            let folder = root.join(&package.folder);
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if !entry.path().is_file() {
                    continue;
                }
                let path = join(&package.folder, &name);
                if is_environment_file(&name) {
                    self.environment_files.push(path);
                } else if is_example(&name) && !self.examples.contains(&path) {
                    self.examples.push(path);
                }
            }
        }
        self.environment_files.sort();
        self.environment_files.dedup();
    }
}

/// `.env`, `.env.production`, `.env.local`, but not a sample of them.
pub(super) fn is_environment_file(name: &str) -> bool {
    (name == ".env" || name.starts_with(".env."))
        && !is_example(name)
        && !name.ends_with(".vault")
        && !name.ends_with('~')
}

fn is_example(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.starts_with(".env") || name.starts_with("env."))
        && name.split(['.', '-', '_']).any(|part| {
            matches!(
                part,
                "example" | "sample" | "template" | "dist" | "defaults"
            )
        })
}

/// Folders that hold what was built, installed or put away.
fn is_skipped(folder: &str, root: &Path) -> bool {
    let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    match name {
        "node_modules" | ".next" | ".git" | ".turbo" | ".vercel" | ".cache" | ".yarn"
        | "archive" | "archives" | "__archive__" => true,
        // Only beside a package.json are these builds; deeper they may be routes or code.
        "dist" | "build" | "out" | "coverage" | "target" | "playwright-report" | "test-results" => {
            parent.is_empty() || root.join(parent).join("package.json").is_file()
        }
        _ => false,
    }
}

/// The path below the root, with `/` between the parts.
fn relative(root: &Path, path: &Path) -> String {
    let below: PathBuf = path.strip_prefix(root).unwrap_or(path).into();
    below.to_string_lossy().replace('\\', "/")
}

/// A path below a folder, where the folder may be the root.
pub(super) fn join(folder: &str, rest: &str) -> String {
    if folder.is_empty() {
        rest.to_owned()
    } else {
        format!("{folder}/{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn one_application_without_its_copies() {
        let folder = tree(&[
            (
                "package.json",
                r#"{"name":"app","dependencies":{"next":"15"},"scripts":{"start":"next start"}}"#,
            ),
            ("src/app/page.tsx", ""),
            ("src/build/step.ts", ""),
            ("build/made.js", ""),
            ("node_modules/x/index.js", ""),
            ("archives/old/page.tsx", ""),
            ("tests/copy/package.json", r#"{"name":"app"}"#),
            ("tests/copy/page.tsx", ""),
            ("lib/esm/package.json", r#"{"type":"module"}"#),
            ("lib/esm/a.mjs", ""),
            (".gitignore", "generated\n.env*\n"),
            ("generated/x.ts", ""),
            (".env.local", "A=1"),
            (".env.example", "A=1"),
            ("README.md", ""),
            ("docs/SETUP.md", ""),
            ("src/notes.md", ""),
            ("types.d.ts", ""),
        ]);
        std::fs::write(folder.path().join(".gitignore"), "generated\n.env.local\n").unwrap();
        let found = walk(folder.path());
        assert_eq!(
            found.sources,
            ["lib/esm/a.mjs", "src/app/page.tsx", "src/build/step.ts"]
        );
        assert_eq!(found.excluded, ["tests/copy"]);
        assert_eq!(found.environment_files, [".env.local"]);
        assert_eq!(found.examples, [".env.example"]);
        assert_eq!(found.documents, ["README.md", "docs/SETUP.md"]);
        assert!(found.packages[0].is_next());
    }

    #[test]
    fn members_of_a_workspace_belong() {
        let folder = tree(&[
            (
                "package.json",
                r#"{"name":"all","workspaces":["apps/*","!apps/old"]}"#,
            ),
            (
                "pnpm-workspace.yaml",
                "packages:\n  - 'packages/**'\n\ncatalog:\n  - no\n",
            ),
            (
                "apps/web/package.json",
                r#"{"name":"web","dependencies":{"next":"15"}}"#,
            ),
            ("apps/old/package.json", r#"{"name":"old"}"#),
            ("packages/deep/db/package.json", r#"{"name":"db"}"#),
            ("elsewhere/package.json", r#"{"name":"other"}"#),
        ]);
        let found = walk(folder.path());
        let mut names: Vec<_> = found
            .packages
            .iter()
            .filter_map(|package| package.name.as_deref())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["all", "db", "web"]);
        assert_eq!(found.excluded, ["apps/old", "elsewhere"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends() {
        let folder = tree(&[("package.json", "{}"), ("src/a.ts", "")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("src/loop")).unwrap();
        assert_eq!(walk(folder.path()).sources, ["src/a.ts"]);
    }

    #[test]
    fn names_of_environment_files() {
        for name in [".env", ".env.local", ".env.production", ".env.test.local"] {
            assert!(is_environment_file(name), "{name}");
        }
        for name in [
            ".env.example",
            ".env.local.example",
            ".env.sample",
            ".envrc",
            "env.ts",
            ".env-template",
        ] {
            assert!(!is_environment_file(name), "{name}");
        }
    }
}
