//! What is kept beside the code: changes there do not make it other code.

use crate::catalog::{MAPS, mapped_files};
use crate::document::GENERATED;
use crate::settings::Settings;

/// Holdpoint's folder and the documents that people sign, which sign-offs bind by their own digests.
pub fn own_paths(settings: &Settings) -> Vec<String> {
    let mapped = mapped_files(&settings.root.join(MAPS), &settings.root);
    let generated = GENERATED.iter().map(|one| one.path.to_owned());
    let given = settings.documents.values().cloned();
    let mut paths: Vec<String> = std::iter::once(".holdpoint".to_owned())
        .chain(mapped)
        .chain(generated)
        .chain(given)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

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
