//! Chooses one path for each class of answer from the routes and public files that were found.

use crate::model::{Application, PathClasses, Route};
use std::path::Path;

/// A path that was chosen, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::settings) struct Detected {
    /// The class: `sign_in`.
    pub(in crate::settings) class: &'static str,
    /// The path.
    pub(in crate::settings) path: String,
    /// The file or dependency that led to it; none for a default.
    pub(in crate::settings) from: Option<String>,
}

const SIGN_IN: &[&str] = &["/auth/signin", "/signin", "/login", "/sign-in"];
const HEALTH: &[&str] = &["/api/health", "/api/healthz", "/api/status"];
/// Words of paths whose GET may do something: such a route is not asked just to see an answer.
const DOES_SOMETHING: &[&str] = &[
    "cron",
    "seed",
    "reset",
    "logout",
    "signout",
    "sign-out",
    "delete",
    "remove",
    "webhook",
    "callback",
    "revalidate",
    "trigger",
    "send",
    "migrate",
    "sync",
    "run",
    "start",
    "stop",
    "unsubscribe",
    "verify",
    "confirm",
];

/// One path for each class, in the order of the classes.
pub(in crate::settings) fn paths(root: &Path, application: &Application) -> Vec<Detected> {
    let default = PathClasses::default();
    let detected = |class, found: Option<(String, String)>, default: String| match found {
        Some((path, from)) => Detected {
            class,
            path,
            from: Some(from),
        },
        None => Detected {
            class,
            path: default,
            from: None,
        },
    };
    vec![
        detected("page", None, default.page),
        detected("sign_in", sign_in(application), default.sign_in),
        detected("api", api(application), default.api),
        detected(
            "service_worker",
            public(root, &["sw.js", "service-worker.js"]),
            default.service_worker,
        ),
        detected("manifest", manifest(root), default.manifest),
        detected("missing", None, default.missing),
    ]
}

fn of(route: &Route) -> (String, String) {
    (route.path.clone(), route.file.clone())
}

/// The dependency that brings NextAuth's own routes.
fn next_auth(application: &Application) -> Option<String> {
    application
        .uses("next-auth")
        .then(|| "dependency next-auth".to_owned())
}

fn sign_in(application: &Application) -> Option<(String, String)> {
    let page = |path: &&str| {
        application
            .routes
            .iter()
            .find(|route| !route.api && route.path == **path)
    };
    let written = SIGN_IN.iter().find_map(page).map(of);
    written.or_else(|| Some(("/api/auth/signin".into(), next_auth(application)?)))
}

fn api(application: &Application) -> Option<(String, String)> {
    let answers = |route: &&Route| route.api && route.methods.iter().any(|method| method == "GET");
    // A file below pages/api takes every method or tells them apart itself.
    let may_answer = |route: &&Route| route.api && route.methods.is_empty();
    let plain = |route: &&Route| {
        route.path.starts_with("/api/")
            && !route.path.contains('[')
            && !route.path.starts_with("/api/auth/")
            && !route
                .path
                .split(['/', '-'])
                .any(|word| DOES_SOMETHING.contains(&word))
    };
    let routes = || application.routes.iter();
    let health = |path: &&str| {
        routes().find(|route| route.path == **path && (answers(route) || may_answer(route)))
    };
    let chosen = HEALTH
        .iter()
        .find_map(health)
        .or_else(|| routes().filter(plain).find(answers))
        .or_else(|| routes().filter(plain).find(may_answer));
    chosen
        .map(of)
        .or_else(|| Some(("/api/auth/session".into(), next_auth(application)?)))
}

fn public(root: &Path, names: &[&str]) -> Option<(String, String)> {
    let name = names
        .iter()
        .find(|name| root.join("public").join(name).is_file())?;
    Some((format!("/{name}"), format!("public/{name}")))
}

fn manifest(root: &Path) -> Option<(String, String)> {
    let generated = || {
        let names = [
            ("ts", "webmanifest"),
            ("js", "webmanifest"),
            ("tsx", "webmanifest"),
            ("webmanifest", "webmanifest"),
            ("json", "json"),
        ];
        let places = ["app", "src/app"].into_iter().flat_map(|folder| {
            names.map(|(written, served)| (format!("{folder}/manifest.{written}"), served))
        });
        places
            .into_iter()
            .find(|(file, _)| root.join(file).is_file())
            .map(|(file, served)| (format!("/manifest.{served}"), file))
    };
    public(
        root,
        &["manifest.webmanifest", "manifest.json", "site.webmanifest"],
    )
    .or_else(generated)
}
