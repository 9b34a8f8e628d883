//! The texts of an application: its code and its documents, for probes that look for other things in them.

use super::repository;
use std::path::Path;

/// The files of an application that hold some word.
#[derive(Debug, Default)]
pub(in crate::probe) struct Texts {
    /// Path relative to the root, and text, of JavaScript and TypeScript.
    pub(in crate::probe) code: Vec<(String, String)>,
    /// The same of Markdown.
    pub(in crate::probe) documents: Vec<(String, String)>,
}

/// Reads the files that hold any of `words`, tests left out. Files that cannot be read are none of
/// the application's.
pub(in crate::probe) fn holding(root: &Path, words: &[&str]) -> Texts {
    let repository = repository::walk(root);
    let read = |paths: &[String]| {
        let texts = paths
            .iter()
            .filter(|path| !is_test(path))
            .filter_map(|path| {
                let text = std::fs::read_to_string(root.join(path)).ok()?;
                words
                    .iter()
                    .any(|word| text.contains(word))
                    .then(|| (path.clone(), text))
            });
        texts.collect()
    };
    Texts {
        code: read(&repository.sources),
        documents: read(&repository.documents),
    }
}

fn is_test(path: &str) -> bool {
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    name.contains(".test.")
        || name.contains(".spec.")
        || folders.any(|folder| {
            matches!(
                folder,
                "test" | "tests" | "__tests__" | "__mocks__" | "e2e" | "cypress" | "fixtures"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_code() {
        for path in [
            "tests/a.ts",
            "src/a.test.ts",
            "src/__tests__/a.ts",
            "e2e/a.spec.ts",
        ] {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/latest/a.ts", "src/tester.ts", "scripts/indexes.mjs"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
