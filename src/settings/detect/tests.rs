//! Tests of detection on folders made for them.

use super::*;
use crate::model::PathClasses;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn path_of(root: &Path, class: &str) -> (String, Option<String>) {
    let application = application(root, &Api::default(), &mut Vec::new());
    let found = paths(root, &application)
        .into_iter()
        .find(|one| one.class == class)
        .unwrap();
    (found.path, found.from)
}

#[test]
fn an_application_is_recognised() {
    let root = folder(&[
        (
            "package.json",
            r#"{"name":"shop","dependencies":{"next":"15.1.0","next-auth":"^4"},"devDependencies":{"typescript":"5","next":"14"}}"#,
        ),
        ("pnpm-lock.yaml", ""),
        ("src/app/page.tsx", ""),
        ("src/app/login/page.tsx", ""),
        (
            "src/app/api/auth/[...nextauth]/route.ts",
            "export { handler as GET, handler as POST }",
        ),
        (
            "src/app/api/cron/route.ts",
            "export async function GET() {}",
        ),
        (
            "src/app/api/tasks/route.ts",
            "export async function GET() {}",
        ),
        ("src/app/manifest.ts", ""),
        ("public/sw.js", ""),
        ("docs/QA_TESTING_PLAN.md", ""),
        ("SECURITY_SIGN_OFF.md", ""),
    ]);
    let mut warnings = Vec::new();
    let found = application(root.path(), &Api::default(), &mut warnings);
    assert!(warnings.is_empty());
    assert_eq!(found.name.as_deref(), Some("shop"));
    assert_eq!(found.framework, Some(Framework::Next));
    assert_eq!(found.dependencies["next"], "15.1.0");
    assert_eq!(found.lockfile.as_deref(), Some("pnpm-lock.yaml"));
    assert_eq!(
        found.documents,
        ["SECURITY_SIGN_OFF.md", "docs/QA_TESTING_PLAN.md"]
    );
    let routes: Vec<_> = found
        .routes
        .iter()
        .map(|route| (route.path.as_str(), route.methods.join(" ")))
        .collect();
    assert_eq!(
        routes,
        [
            ("/", String::new()),
            ("/api/auth/[...nextauth]", "GET POST".into()),
            ("/api/cron", "GET".into()),
            ("/api/tasks", "GET".into()),
            ("/login", String::new()),
        ]
    );
    let root = root.path();
    assert_eq!(
        path_of(root, "sign_in"),
        ("/login".into(), Some("src/app/login/page.tsx".into()))
    );
    assert_eq!(path_of(root, "api").0, "/api/tasks");
    assert_eq!(
        path_of(root, "service_worker"),
        ("/sw.js".into(), Some("public/sw.js".into()))
    );
    assert_eq!(
        path_of(root, "manifest"),
        (
            "/manifest.webmanifest".into(),
            Some("src/app/manifest.ts".into())
        )
    );
}

#[test]
fn health_is_preferred_where_it_answers_get() {
    let root = folder(&[
        ("app/api/a/route.ts", "export const GET = f"),
        ("app/api/health/route.ts", "export const POST = f"),
        ("app/api/status/route.ts", "export const GET = f"),
    ]);
    assert_eq!(path_of(root.path(), "api").0, "/api/status");
}

#[test]
fn next_auth_brings_routes_of_its_own() {
    let root = folder(&[("package.json", r#"{"dependencies":{"next-auth":"4"}}"#)]);
    assert_eq!(path_of(root.path(), "api").0, "/api/auth/session");
    assert_eq!(
        path_of(root.path(), "sign_in").1.as_deref(),
        Some("dependency next-auth")
    );
}

#[test]
fn an_empty_folder_gives_the_defaults() {
    let root = folder(&[]);
    let application = application(root.path(), &Api::default(), &mut Vec::new());
    assert_eq!(application, Application::default());
    let found: Vec<_> = paths(root.path(), &application)
        .into_iter()
        .map(|one| one.path)
        .collect();
    let all: Vec<_> = PathClasses::default()
        .every_class()
        .into_iter()
        .filter(|path| path != PathClasses::CHUNK)
        .collect();
    assert_eq!(found, all);
}

#[test]
fn a_broken_package_is_a_warning() {
    let root = folder(&[("package.json", "{\n  \"name\": shop\n}")]);
    let mut warnings = Vec::new();
    assert_eq!(
        application(root.path(), &Api::default(), &mut warnings).name,
        None
    );
    let text = warnings[0].to_string();
    assert!(text.contains("package.json:2:"), "{text}");
}
