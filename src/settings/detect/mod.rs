//! Finds out from the repository what the application is, without being told.

mod paths;
mod routes;

pub(super) use paths::paths;

use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Api, Application, Framework};
use crate::settings::read::whole;
use serde_json::Value;
use std::path::Path;

/// Lockfiles, the most telling first.
const LOCKFILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
];

/// Documents that holdpoint knows, by the name that `[documents]` gives them.
const DOCUMENTS: &[(&str, &str)] = &[
    ("infrastructure", "INFRASTRUCTURE_VALIDATION.md"),
    ("security", "SECURITY_SIGN_OFF.md"),
    ("security-guide", "TEAM_PI_EXECUTION_GUIDE.md"),
    ("quality", "QA_TESTING_PLAN.md"),
    ("teams", "DEPLOYMENT_TEAMS.md"),
    (
        "coordination",
        "MANAGING_ENGINEER_DEPLOYMENT_COORDINATION.md",
    ),
];

/// Reads what the repository says about the application. What cannot be read is left out, with a warning.
/// What the settings say of its API is kept beside it.
pub(super) fn application(root: &Path, api: &Api, warnings: &mut Vec<Diagnostic>) -> Application {
    let mut application = Application {
        api: api.clone(),
        ..Application::default()
    };
    if let Some(package) = package(root, warnings) {
        application.name = package["name"].as_str().map(str::to_owned);
        // The key that is read last wins, and what runs in production matters more.
        for key in ["devDependencies", "dependencies"] {
            let listed = package[key].as_object().into_iter().flatten();
            let named = listed
                .map(|(name, range)| (name.clone(), range.as_str().unwrap_or_default().to_owned()));
            application.dependencies.extend(named);
        }
        let scripts = package["scripts"].as_object().into_iter().flatten();
        application.scripts = scripts
            .filter_map(|(name, command)| Some((name.clone(), command.as_str()?.to_owned())))
            .collect();
    }
    let exists = |name: &str| root.join(name).is_file();
    let configured = ["js", "mjs", "cjs", "ts", "mts"]
        .iter()
        .any(|ending| exists(&format!("next.config.{ending}")));
    if configured || application.uses("next") {
        application.framework = Some(Framework::Next);
    }
    application.lockfile = LOCKFILES
        .iter()
        .find(|name| exists(name))
        .map(|name| (*name).to_owned());
    application.routes = routes::routes(root);
    application.documents = documents(root).map(|(_, path)| path).collect();
    application
}

/// The known documents that exist, each with its name and its path below the root.
pub(super) fn documents(root: &Path) -> impl Iterator<Item = (&'static str, String)> {
    let find = move |(name, file): &(&'static str, &str)| {
        let places = [(*file).to_owned(), format!("docs/{file}")];
        places
            .into_iter()
            .find(|path| root.join(path).is_file())
            .map(|path| (*name, path))
    };
    DOCUMENTS.iter().filter_map(find)
}

fn package(root: &Path, warnings: &mut Vec<Diagnostic>) -> Option<Value> {
    let bytes = match whole(&root.join("package.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            warnings.push(Diagnostic::new(format!(
                "package.json cannot be read: {error}"
            )));
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{FEFF}');
    match serde_json::from_str(text) {
        Ok(package) => Some(package),
        Err(error) => {
            let before: usize = text
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let at = before + error.column().saturating_sub(1);
            warnings.push(
                Diagnostic::new("package.json is not valid JSON, so nothing is known of the application's name and dependencies")
                    .at(&Source::new("package.json", text), at..at + 1, error.to_string()),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests;
