//! What is kept beside the code: changes there do not make it other code.

use crate::catalog::{MAPS, mapped_files};
use crate::document::GENERATED;
use crate::settings::Settings;
use std::path::Path;

/// Holdpoint's folder and the documents that people sign, which sign-offs bind by their own digests. Only Markdown is
/// such a document: a map or a setting that names another file, or a folder, does not hide what changes there.
pub fn own_paths(settings: &Settings) -> Vec<String> {
    let mapped = mapped_files(&settings.root.join(MAPS), &settings.root);
    let generated = GENERATED.iter().map(|one| one.path.to_owned());
    let given = settings.documents.values().cloned();
    let mut paths: Vec<String> = std::iter::once(".holdpoint".to_owned())
        .chain(
            mapped
                .into_iter()
                .chain(generated)
                .chain(given)
                .filter(is_document),
        )
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

fn is_document(path: &String) -> bool {
    let end = Path::new(path).extension();
    end.is_some_and(|end| end.eq_ignore_ascii_case("md") || end.eq_ignore_ascii_case("markdown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_markdown_is_a_document() {
        for (path, is) in [
            ("docs/PLAN.md", true),
            ("PLAN.Markdown", true),
            ("src/app.ts", false),
            ("src", false),
            (".md", false),
            ("pages/index.mdx", false),
        ] {
            assert_eq!(is_document(&path.to_owned()), is, "{path}");
        }
    }

    #[test]
    fn every_mapped_document_is_known_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = mapped_files(&folder.path().join(MAPS), folder.path());
        let catalog = crate::catalog::Catalog::shipped().unwrap();
        let maps = crate::catalog::shipped_maps(&catalog).unwrap();
        let wanted: Vec<_> = maps.into_iter().map(|map| map.file).collect();
        assert_eq!(files, wanted);
    }
}
