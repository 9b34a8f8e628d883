//! Files that Next.js, tools and people find by their names, and where those run.

use super::scope::Scope;

/// What a script of package.json is for, by its name.
pub(super) fn script_scope(name: &str) -> Scope {
    let first = name.split(':').next().unwrap_or(name);
    match first {
        "start" | "serve" => Scope::Server,
        "build" | "prebuild" | "postbuild" | "install" | "preinstall" | "postinstall"
        | "prepare" | "vercel-build" => Scope::Build,
        _ => Scope::Test,
    }
}

/// Files that tools find by their name.
pub(super) fn configuration(path: &str) -> Option<Scope> {
    if path.contains('/') {
        return None;
    }
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match stem {
        "next.config" | "tailwind.config" | "postcss.config" | "vite.config" | "webpack.config"
        | "babel.config" | "svelte.config" | "astro.config" | "nuxt.config" => Some(Scope::Build),
        "sentry.server.config" | "sentry.edge.config" => Some(Scope::Server),
        "sentry.client.config" => Some(Scope::Client),
        _ if stem.ends_with(".config") || stem.ends_with(".setup") => Some(Scope::Test),
        _ => None,
    }
}

/// Is it the configuration of Next.js, at the root or in a package? A line may follow.
pub(super) fn is_next_config(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("next.config.")
}

/// The files that Next.js finds by their name.
///
/// Source: the Next.js documentation, file conventions.
pub(super) fn next_entry(path: &str) -> Option<Scope> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if folder.is_empty() {
        return match stem {
            "middleware" | "proxy" | "instrumentation" | "mdx-components" => Some(Scope::Server),
            "instrumentation-client" => Some(Scope::Client),
            _ => None,
        };
    }
    if path.starts_with("pages/") {
        // `test.ts` is the page /test; only `index.test.ts` is none.
        let marked = name
            .split_once('.')
            .is_some_and(|(_, rest)| is_test_name(rest));
        return (!marked).then_some(Scope::Server);
    }
    let route = matches!(
        stem.trim_end_matches(|c: char| c.is_ascii_digit()),
        "page"
            | "layout"
            | "route"
            | "template"
            | "default"
            | "error"
            | "loading"
            | "not-found"
            | "global-error"
            | "global-not-found"
            | "forbidden"
            | "unauthorized"
            | "icon"
            | "apple-icon"
            | "opengraph-image"
            | "twitter-image"
            | "sitemap"
            | "robots"
            | "manifest"
    );
    (path.starts_with("app/") && route).then_some(Scope::Server)
}

/// Is it a test, a fixture of one, or a script that people start?
pub(super) fn is_test(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "test",
        "tests",
        "__tests__",
        "__mocks__",
        "__fixtures__",
        "e2e",
        "spec",
        "specs",
        "cypress",
        "playwright",
        "script",
        "scripts",
        "bench",
        "benchmarks",
        ".storybook",
        "stories",
        "examples",
        "tools",
        ".github",
    ];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    folder.split('/').any(|part| FOLDERS.contains(&part)) || is_test_name(name)
}

fn is_test_name(name: &str) -> bool {
    let mut parts = name.split('.').rev().skip(1);
    parts.any(|part| {
        matches!(
            part,
            "test" | "tests" | "spec" | "e2e" | "cy" | "stories" | "bench"
        )
    }) || ["playwright.", "jest.", "vitest.", "cypress."]
        .iter()
        .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_be_called_as_tests_are() {
        for path in [
            "pages/api/test.ts",
            "pages/stories.tsx",
            "src/pages/spec/index.tsx",
        ] {
            assert_eq!(next_entry(path), Some(Scope::Server), "{path}");
        }
        for path in ["pages/index.test.tsx", "pages/api/a.spec.ts"] {
            assert_eq!(next_entry(path), None, "{path}");
        }
        assert!(is_test("test.js") && is_test("lib/bench.ts") && is_test("a.test.ts"));
    }
}
