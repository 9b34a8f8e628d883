//! Decides where each file runs: on the server, in browsers, while building, in tests, or nowhere.

use super::convention::{configuration, is_test, next_entry, script_scope};
use super::package::Package;
use super::reading::Module;
use super::repository::join;
use super::resolve::{Resolver, source_of};
use std::collections::BTreeSet;

/// Where code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// When a request is answered.
    Server,
    /// In browsers, besides the server.
    Client,
    /// While the application is built.
    Build,
    /// In tests and in scripts that people start.
    Test,
    /// Nothing reaches it.
    Dead,
}

impl Scope {
    /// The word in facts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Build => "build",
            Self::Test => "test",
            Self::Dead => "dead",
        }
    }

    /// Does a deployment run it?
    pub(super) fn is_deployed(self) -> bool {
        matches!(self, Self::Server | Self::Client | Self::Build)
    }
}

/// The scopes of every file, in the order of the files; none is empty.
pub(super) fn scopes(
    files: &[String],
    modules: &[Option<Module>],
    packages: &[Package],
    resolver: &Resolver<'_>,
) -> Vec<BTreeSet<Scope>> {
    let mut scopes = vec![BTreeSet::new(); files.len()];
    let edges: Vec<Vec<usize>> = files
        .iter()
        .zip(modules)
        .map(|(file, module)| {
            let imports = module.iter().flat_map(|module| &module.imports);
            imports
                .filter_map(|specifier| resolver.resolve(file, specifier))
                .collect()
        })
        .collect();
    let spread = |scopes: &mut Vec<BTreeSet<Scope>>, scope: Scope, from: Vec<usize>| {
        let mut pending = from;
        while let Some(at) = pending.pop() {
            // What a server action needs never reaches the browser that calls it.
            let stays = scope == Scope::Client
                && modules[at]
                    .as_ref()
                    .is_some_and(|module| module.server_only);
            if !stays && scopes[at].insert(scope) {
                pending.extend(&edges[at]);
            }
        }
    };

    let entries = entries(files, packages, resolver);
    for scope in [Scope::Server, Scope::Build, Scope::Client] {
        let from = entries
            .iter()
            .filter(|(_, of)| *of == scope)
            .map(|(at, _)| *at)
            .collect();
        spread(&mut scopes, scope, from);
    }
    let clients = (0..files.len())
        .filter(|&at| {
            scopes[at].contains(&Scope::Server)
                && modules[at].as_ref().is_some_and(|module| module.client)
        })
        .collect();
    spread(&mut scopes, Scope::Client, clients);

    // Where no entry is known, every file may be one.
    let unknown = !entries.iter().any(|(_, scope)| *scope == Scope::Server);
    if unknown {
        let from = (0..files.len())
            .filter(|&at| !is_test(&files[at]) && scopes[at].is_empty())
            .collect();
        spread(&mut scopes, Scope::Server, from);
    }
    let tests = entries
        .iter()
        .filter(|(_, scope)| *scope == Scope::Test)
        .map(|(at, _)| *at);
    let tests = tests.chain((0..files.len()).filter(|&at| is_test(&files[at])));
    let tests: Vec<usize> = tests.filter(|&at| scopes[at].is_empty()).collect();
    let mut tested = vec![BTreeSet::new(); files.len()];
    spread(&mut tested, Scope::Test, tests);
    for (scopes, tested) in scopes.iter_mut().zip(tested) {
        if scopes.is_empty() {
            scopes.insert(if tested.is_empty() {
                Scope::Dead
            } else {
                Scope::Test
            });
        }
    }
    scopes
}

/// The files that something outside the repository starts, with where they run.
fn entries(files: &[String], packages: &[Package], resolver: &Resolver<'_>) -> Vec<(usize, Scope)> {
    let mut entries = Vec::new();
    let any_next = packages.iter().any(Package::is_next);
    for package in packages {
        for (at, file) in files.iter().enumerate() {
            let below = if package.folder.is_empty() {
                Some(file.as_str())
            } else {
                file.strip_prefix(&package.folder)
                    .and_then(|rest| rest.strip_prefix('/'))
            };
            let Some(below) = below else { continue };
            if let Some(scope) = configuration(below)
                .or_else(|| package.is_next().then(|| next_entry(below)).flatten())
            {
                entries.push((at, scope));
            }
        }
        let file =
            |path: &str| resolver.file(&join(&package.folder, path.trim_start_matches("./")));
        for (name, command) in &package.scripts {
            let words = command.split(|c: char| c.is_whitespace() || "'\"=;&|()".contains(c));
            for at in words
                .filter(|word| word.contains(['.', '/']))
                .filter_map(file)
            {
                entries.push((at, script_scope(name)));
            }
        }
        // In a repository with a Next.js application, other packages run only where it imports them.
        if !package.is_next() && !any_next {
            for entry in &package.entries {
                entries.extend(
                    file(entry)
                        .or_else(|| file(&source_of(entry)))
                        .map(|at| (at, Scope::Server)),
                );
            }
            for usual in [
                "src/index",
                "src/main",
                "src/server",
                "src/app",
                "index",
                "server",
                "app",
            ] {
                entries.extend(file(usual).map(|at| (at, Scope::Server)));
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::environment::reading;

    /// The scopes of files given with their texts, in one Next.js application or in none.
    fn told(next: bool, files: &[(&str, &str)]) -> Vec<String> {
        let modules: Vec<_> = files
            .iter()
            .map(|(path, text)| reading::module(text, path).ok())
            .collect();
        let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        let mut package = Package::default();
        package.scripts.insert(
            "build".into(),
            "node ./tools/prepare.js && next build".into(),
        );
        package
            .scripts
            .insert("db:seed".into(), "tsx lib/seed.ts".into());
        if next {
            package.dependencies.insert("next".into(), "15".into());
        }
        let packages = [package];
        let resolver = Resolver::new(&paths, &packages, Vec::new());
        let scopes = scopes(&paths, &modules, &packages, &resolver);
        scopes
            .iter()
            .map(|scopes| {
                scopes
                    .iter()
                    .map(|scope| scope.word())
                    .collect::<Vec<_>>()
                    .join("+")
            })
            .collect()
    }

    #[test]
    fn a_next_application() {
        let scopes = told(
            true,
            &[
                (
                    "src/app/page.tsx",
                    "import '../ui/form'; import '../lib/db'",
                ),
                (
                    "src/ui/form.tsx",
                    "'use client'; import './label'; import '../lib/actions'; import type { X } from '../lib/types'",
                ),
                ("src/ui/label.tsx", ""),
                ("src/lib/actions.ts", "'use server'; import './mail'"),
                ("src/lib/mail.ts", ""),
                ("src/lib/db.ts", ""),
                ("src/lib/types.ts", ""),
                ("src/lib/old.ts", ""),
                ("src/lib/db.test.ts", "import './db'; import './helper'"),
                ("src/lib/helper.ts", ""),
                ("next.config.mjs", "import './env.mjs'"),
                ("env.mjs", ""),
                ("playwright.config.ts", ""),
                ("src/middleware.ts", ""),
                ("tools/prepare.js", ""),
                ("lib/seed.ts", ""),
                ("src/app/tests/page.tsx", ""),
                ("src/pages/api/hello.ts", ""),
            ],
        );
        assert_eq!(
            scopes,
            [
                "server",
                "server+client",
                "server+client",
                "server",
                "server",
                "server",
                "dead",
                "dead",
                "test",
                "test",
                "build",
                "build",
                "test",
                "server",
                "build",
                "test",
                "server",
                "server"
            ]
        );
    }

    #[test]
    fn imports_may_go_in_circles() {
        assert_eq!(
            told(
                true,
                &[
                    ("app/page.tsx", "import '../a'"),
                    ("a.ts", "import './b'"),
                    ("b.ts", "import './a'")
                ]
            ),
            ["server"; 3]
        );
    }

    #[test]
    fn without_a_framework() {
        assert_eq!(
            told(
                false,
                &[("index.js", "require('./a')"), ("a.js", ""), ("b.js", "")]
            ),
            ["server", "server", "dead"]
        );
        assert_eq!(
            told(
                false,
                &[("one.js", ""), ("two.js", ""), ("two.test.js", "")]
            ),
            ["server", "server", "test"]
        );
    }
}
