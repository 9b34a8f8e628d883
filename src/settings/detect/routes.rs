//! Finds the routes of a Next.js application by the names of its files.

use crate::model::Route;
use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// Folders deeper than this are not looked into; it also ends any cycle.
const DEEPEST: usize = 32;
/// Source files larger than this are not read for the methods that they export.
const LARGEST: u64 = 1 << 20;
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The routes below `app/` and `pages/`, also in `src/`, in the order of their paths.
pub(super) fn routes(root: &Path) -> Vec<Route> {
    let mut found = BTreeMap::new();
    for folder in ["app", "pages"] {
        // Next.js reads src/ only where the folder is not at the top.
        let Some(place) = [folder.to_owned(), format!("src/{folder}")]
            .into_iter()
            .find(|place| root.join(place).is_dir())
        else {
            continue;
        };
        let mut files = Vec::new();
        walk(root, &place, DEEPEST, &mut files);
        for file in files {
            let below = &file[place.len() + 1..];
            let route = if folder == "app" {
                app_route(below)
            } else {
                page_route(below)
            };
            let Some((path, api)) = route else { continue };
            let methods = if api && folder == "app" {
                methods_of_file(&root.join(&file))
            } else {
                Vec::new()
            };
            found.entry((path.clone(), api)).or_insert(Route {
                path,
                file,
                api,
                methods,
            });
        }
    }
    found.into_values().collect()
}

/// Lists files below a folder, in the order of their names; links are not followed.
fn walk(root: &Path, folder: &str, depth: usize, files: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{folder}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 && name != "node_modules" => {
                walk(root, &path, depth - 1, files)
            }
            Ok(kind) if kind.is_file() => files.push(path),
            _ => {}
        }
    }
}

/// The path of a file below `app/`, and whether it is an API route; none where it is no route.
fn app_route(file: &str) -> Option<(String, bool)> {
    let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
    let (stem, ending) = name.split_once('.')?;
    let api = match (stem, ending) {
        ("page", "tsx" | "ts" | "jsx" | "js" | "mdx" | "md") => false,
        ("route", "ts" | "js" | "tsx" | "jsx") => true,
        _ => return None,
    };
    let mut path = String::new();
    for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
        match folder.as_bytes() {
            // Private folders are not routed, and interceptors answer only to moves within a page.
            [b'_', ..] | [b'(', b'.', ..] => return None,
            // Groups and slots are not part of the address.
            [b'(', .., b')'] | [b'@', ..] => {}
            _ => {
                path.push('/');
                path.push_str(folder);
            }
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    Some((path, api))
}

/// The path of a file below `pages/`, and whether it is an API route; none where it is no route.
fn page_route(file: &str) -> Option<(String, bool)> {
    let (stem, ending) = file.rsplit_once('.')?;
    let name = stem.rsplit('/').next().unwrap_or(stem);
    // `[...all]` holds dots of its own; `x.test` and `x.d` are not pages.
    let marked = !name.starts_with('[') && name.contains('.');
    if !matches!(ending, "tsx" | "ts" | "jsx" | "js" | "mdx" | "md")
        || marked
        || name.starts_with('_')
    {
        return None;
    }
    if matches!(stem, "404" | "500") {
        return None;
    }
    let path = match stem.strip_suffix("index") {
        Some("") => String::new(),
        Some(folder) if folder.ends_with('/') => folder.trim_end_matches('/').to_owned(),
        _ => stem.to_owned(),
    };
    let api = path == "api" || path.starts_with("api/");
    Some((format!("/{path}"), api))
}

fn methods_of_file(file: &Path) -> Vec<String> {
    let small = std::fs::metadata(file).is_ok_and(|found| found.len() <= LARGEST);
    match std::fs::read(file) {
        Ok(bytes) if small => methods(&String::from_utf8_lossy(&bytes)),
        _ => Vec::new(),
    }
}

static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bexport\s+(?:(?:async\s+)?function\b\s*\*?|const|let|var)\s*([A-Z]+)\b")
        .expect("the pattern is constant")
});
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bexport\s*(const|let|var)?\s*\{([^}]*)\}").expect("the pattern is constant")
});

/// The HTTP methods that a route file exports, in the order of the standard.
fn methods(code: &str) -> Vec<String> {
    let code = without_comments_and_texts(code);
    let mut exported: Vec<&str> = DECLARED
        .captures_iter(&code)
        .filter_map(|found| found.get(1))
        .map(|name| name.as_str())
        .collect();
    for found in LISTED.captures_iter(&code) {
        let destructured = found.get(1).is_some();
        for item in found.get(2).map_or("", |list| list.as_str()).split(',') {
            // `{ get: GET }` and `{ GET = x }` declare, `{ handler as GET }` renames.
            let name = if destructured {
                item.split('=')
                    .next()
                    .and_then(|item| item.rsplit(':').next())
            } else {
                item.split_whitespace().last()
            };
            exported.extend(name.map(str::trim));
        }
    }
    METHODS
        .iter()
        .filter(|method| exported.contains(method))
        .map(|method| (*method).to_owned())
        .collect()
}

/// The code with comments and the insides of texts taken out, so that words in them do not count.
fn without_comments_and_texts(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('/', Some('/')) => while chars.next_if(|c| *c != '\n').is_some() {},
            ('/', Some('*')) => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
                out.push(' ');
            }
            ('\'' | '"' | '`', _) => {
                out.push(c);
                while let Some(inside) = chars.next() {
                    // Only template texts go over lines; an apostrophe in markup ends with its line.
                    if inside == c || (inside == '\n' && c != '`') {
                        break;
                    }
                    if inside == '\\' {
                        chars.next();
                    }
                }
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_app_router() {
        for (file, wanted) in [
            ("page.tsx", Some(("/", false))),
            ("(shop)/cart/page.js", Some(("/cart", false))),
            ("dash/@panel/page.tsx", Some(("/dash", false))),
            ("api/tasks/[id]/route.ts", Some(("/api/tasks/[id]", true))),
            ("feed/(..)photo/page.tsx", None),
            ("_lib/page.tsx", None),
            ("page.test.tsx", None),
            ("layout.tsx", None),
        ] {
            assert_eq!(
                app_route(file),
                wanted.map(|(path, api)| (path.to_owned(), api)),
                "{file}"
            );
        }
    }

    #[test]
    fn paths_of_the_pages_router() {
        for (file, wanted) in [
            ("index.tsx", Some(("/", false))),
            ("blog/index.js", Some(("/blog", false))),
            ("reindex.js", Some(("/reindex", false))),
            (
                "api/auth/[...nextauth].ts",
                Some(("/api/auth/[...nextauth]", true)),
            ),
            ("_app.tsx", None),
            ("404.tsx", None),
            ("a.test.ts", None),
            ("x.css", None),
        ] {
            assert_eq!(
                page_route(file),
                wanted.map(|(path, api)| (path.to_owned(), api)),
                "{file}"
            );
        }
    }

    #[test]
    fn exported_methods() {
        for (code, wanted) in [
            (
                "export async function GET() {}\nexport function POST(r) {}",
                vec!["GET", "POST"],
            ),
            ("export const GET = handler;", vec!["GET"]),
            ("export const { GET, POST } = handlers", vec!["GET", "POST"]),
            ("export const { get: PUT } = handlers", vec!["PUT"]),
            (
                "export { handler as GET, handler as DELETE }",
                vec!["GET", "DELETE"],
            ),
            ("export { GET } from './other'", vec!["GET"]),
            (
                "// export async function GET() {}\n/* export const POST = 1 */ const s = 'export const PUT = 1'",
                vec![],
            ),
            (
                "const url = 'http://x' // don't\nexport const PATCH = f",
                vec!["PATCH"],
            ),
            ("export const GETTER = 1; export function GETs() {}", vec![]),
            ("function GET() {}", vec![]),
        ] {
            assert_eq!(methods(code), wanted, "{code}");
        }
    }
}
