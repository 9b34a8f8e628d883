//! Where in the user's own files each check is written, or asked for by a document.

use super::choose::{Chosen, chosen, maps};
use crate::catalog::Catalog;
use crate::diagnostic::Source;
use crate::document::store::open;
use crate::document::{asked_for, recall, with_comments};
use crate::model::Origin;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Path and line by check. Paths are relative to the root of the git repository, with forward slashes: so the
/// platforms know the files.
pub(super) type Places = BTreeMap<String, (String, usize)>;

/// The places of all checks that have one: that of the user's own definition, else the first line of a document
/// that asks for it. What cannot be read gives none; whoever writes documents says why.
pub(super) fn places(settings: &Settings, catalog: &Catalog) -> Places {
    let top = top_of(&settings.root);
    let mut places = Places::new();
    for (shown, check, line) in asked(settings, catalog) {
        if let Some(path) = seen_from(&top, &settings.root.join(shown)) {
            places.entry(check).or_insert((path, line));
        }
    }
    for check in catalog.checks() {
        let is_own = check.origin != Origin::Shipped;
        if is_own && let Some(path) = seen_from(&top, &settings.root.join(&check.place.file)) {
            places.insert(check.id.to_string(), (path, check.place.line));
        }
    }
    places
}

/// Documents in their order, each with the checks that it asks for and their lines.
fn asked(settings: &Settings, catalog: &Catalog) -> Vec<(String, String, usize)> {
    let Ok(maps) = maps(settings, catalog) else {
        return Vec::new();
    };
    let Ok(chosen) = chosen(&[], settings, &maps) else {
        return Vec::new();
    };
    let ids: Vec<&str> = catalog
        .checks()
        .iter()
        .map(|check| check.id.as_str())
        .collect();
    let root = &settings.root;
    let mut asked = Vec::new();
    for one in chosen {
        let Chosen::Mapped(map, shown) = one else {
            continue;
        };
        let Ok(opened) = open(&root.join(&shown), &shown) else {
            continue;
        };
        let Ok(memory) = recall::recall(root, &map.name, &shown, &opened.text) else {
            continue;
        };
        let source = Source::new(&shown, &opened.text);
        let map = with_comments(map, &source, &memory, &ids).unwrap_or_else(|_| map.clone());
        let lines = asked_for(&opened.text, &map, &memory);
        asked.extend(
            lines
                .into_iter()
                .map(|(check, line)| (shown.clone(), check, line)),
        );
    }
    asked
}

/// The root of the git repository that holds the folder; the folder where there is none.
fn top_of(root: &Path) -> PathBuf {
    let top = root.ancestors().find(|one| one.join(".git").exists());
    top.unwrap_or(root).to_owned()
}

/// A path as the repository knows it, if it lies in there.
fn seen_from(top: &Path, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(top).ok()?;
    let mut parts: Vec<&str> = Vec::new();
    for part in inside.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_the_repositorys() {
        let top = Path::new("/srv/shop");
        let seen = |path: &str| seen_from(top, &top.join(path));
        assert_eq!(seen("web/docs/A.md").as_deref(), Some("web/docs/A.md"));
        assert_eq!(seen("web/./../docs/A.md").as_deref(), Some("docs/A.md"));
        assert_eq!(seen("../elsewhere/A.md"), None);
        assert_eq!(seen("/elsewhere/A.md"), None);
        assert_eq!(seen(""), None);
    }
}
