//! The files of code that hold a word, for probes that read code for something else than variables.

use super::repository;
use std::path::Path;

/// A file of more bytes is a build, not something that people write.
const LARGEST: u64 = 2 * 1024 * 1024;

/// One file of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Source {
    /// The path, relative to the root.
    pub(in crate::probe) path: String,
    /// The code.
    pub(in crate::probe) text: String,
}

/// The application's files of code that hold one of the words, in the order of their paths: those
/// that are compiled, and the scripts at the top of `public/`, where service workers lie.
pub(in crate::probe) fn sources(root: &Path, words: &[&str]) -> Vec<Source> {
    let mut paths = repository::walk(root).sources;
    let public = std::fs::read_dir(root.join("public"));
    let scripts = public.into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.ends_with(".js").then(|| format!("public/{name}"))
    });
    paths.extend(scripts);
    paths.sort();
    paths.retain(|path| !is_test(path));
    let read = paths.into_iter().filter_map(|path| {
        let whole = root.join(&path);
        let small =
            std::fs::metadata(&whole).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        let bytes = std::fs::read(&whole).ok().filter(|_| small)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        words
            .iter()
            .any(|word| text.contains(word))
            .then_some(Source { path, text })
    });
    read.collect()
}

/// Tests call what does not exist on purpose.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "__tests__" | "__mocks__" | "tests" | "test" | "e2e" | "cypress"
        ) || part.contains(".test.")
            || part.contains(".spec.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_the_word_are_found_and_tests_are_not() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("package.json", "{}"),
            (
                "components/bell.tsx",
                "registration.pushManager.subscribe()",
            ),
            ("components/other.tsx", "nothing"),
            ("components/bell.test.tsx", "pushManager"),
            ("tests/bell.ts", "pushManager"),
            ("public/sw.js", "self.registration.pushManager"),
            ("node_modules/x/index.js", "pushManager"),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = sources(root.path(), &["pushManager"]);
        let paths: Vec<_> = found.iter().map(|source| source.path.as_str()).collect();
        assert_eq!(paths, ["components/bell.tsx", "public/sw.js"]);
    }
}
