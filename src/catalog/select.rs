//! Selectors: suites, ids, globs and tags choose checks, and prerequisites come along.

use super::Catalog;
use crate::diagnostic::nearest;
use crate::model::{Check, Severity};
use globset::GlobBuilder;
use std::collections::{BTreeMap, BTreeSet};

/// The suites that ship with holdpoint.
pub const SUITES: &[&str] = &[
    "infrastructure",
    "security",
    "quality",
    "documentation",
    "observability",
    "smoke",
];

/// What a user asked for.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Suites, ids, globs and tags; empty for everything.
    pub include: Vec<String>,
    /// The same, to leave out.
    pub skip: Vec<String>,
    /// Only checks of at least this severity.
    pub severity: Option<Severity>,
    /// Suites of the user's own: name to selectors.
    pub suites: BTreeMap<String, Vec<String>>,
}

/// Which checks were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Places in the catalogue, ascending: what was asked for and its prerequisites.
    pub checks: Vec<usize>,
    /// Ids that were left out by name, whose dependants run all the same.
    pub skipped: BTreeSet<String>,
}

/// A selector that chose nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingSelected {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl Selector {
    /// Chooses checks of the catalogue.
    ///
    /// # Errors
    /// A selector matches no check, or nothing is left.
    pub fn choose(&self, catalog: &Catalog) -> Result<Selection, NothingSelected> {
        let include = self.matching(&self.include, catalog)?;
        let skip = self.matching(&self.skip, catalog)?;
        let asked = |place: usize, check: &Check| {
            (self.include.is_empty() || include.contains(&place))
                && !skip.contains(&place)
                && self.severity.is_none_or(|least| check.severity >= least)
        };
        let mut chosen: BTreeSet<usize> = catalog
            .checks()
            .iter()
            .enumerate()
            .filter(|(place, check)| asked(*place, check))
            .map(|(place, _)| place)
            .collect();
        if chosen.is_empty() {
            return Err(NothingSelected {
                message: "no check is selected".into(),
                help: "holdpoint list shows every check with its suites".into(),
            });
        }
        let mut pending: Vec<usize> = chosen.iter().copied().collect();
        while let Some(place) = pending.pop() {
            for need in &catalog.checks()[place].needs {
                let found = catalog.checks().iter().position(|check| check.id == *need);
                if let Some(found) = found.filter(|found| !skip.contains(found))
                    && chosen.insert(found)
                {
                    pending.push(found);
                }
            }
        }
        let skipped = skip
            .into_iter()
            .map(|place| catalog.checks()[place].id.to_string())
            .collect();
        Ok(Selection {
            checks: chosen.into_iter().collect(),
            skipped,
        })
    }

    /// Those of a selection that were asked for, without the prerequisites that came along.
    pub fn asked(&self, catalog: &Catalog, selection: &Selection) -> Vec<usize> {
        let include = self.matching(&self.include, catalog).unwrap_or_default();
        let asked = |place: &usize| self.include.is_empty() || include.contains(place);
        selection.checks.iter().copied().filter(asked).collect()
    }

    fn matching(
        &self,
        selectors: &[String],
        catalog: &Catalog,
    ) -> Result<BTreeSet<usize>, NothingSelected> {
        let mut places = BTreeSet::new();
        self.gather(selectors, catalog, &mut Vec::new(), &mut places)?;
        Ok(places)
    }

    /// Each selector must match, those inside the user's suites too: a slip there would leave out what
    /// the user believes to be looked at. A suite that names itself means the shipped one.
    fn gather<'a>(
        &'a self,
        selectors: &'a [String],
        catalog: &Catalog,
        within: &mut Vec<&'a str>,
        places: &mut BTreeSet<usize>,
    ) -> Result<(), NothingSelected> {
        for selector in selectors {
            if let Some(inner) = self.suites.get(selector)
                && !within.contains(&selector.as_str())
            {
                within.push(selector);
                self.gather(inner, catalog, within, places)?;
                within.pop();
                continue;
            }
            let found = Self::one(selector, catalog);
            if found.is_empty() {
                let mut nothing = self.unmatched(selector, catalog);
                if let Some(suite) = within.last() {
                    nothing.message = format!("{}, in the suite '{suite}'", nothing.message);
                }
                return Err(nothing);
            }
            places.extend(found);
        }
        Ok(())
    }

    fn one(selector: &str, catalog: &Catalog) -> BTreeSet<usize> {
        let glob = selector
            .contains(['*', '?', '['])
            .then(|| {
                GlobBuilder::new(selector)
                    .literal_separator(false)
                    .build()
                    .ok()
            })
            .flatten()
            .map(|glob| glob.compile_matcher());
        let matches = |check: &Check| match &glob {
            Some(glob) => glob.is_match(check.id.as_str()),
            None => {
                check.id.as_str() == selector
                    || check.id.area() == selector
                    || check.suites.iter().any(|suite| suite == selector)
                    || check.tags.iter().any(|tag| tag == selector)
            }
        };
        catalog
            .checks()
            .iter()
            .enumerate()
            .filter(|(_, check)| matches(check))
            .map(|(place, _)| place)
            .collect()
    }

    fn unmatched(&self, selector: &str, catalog: &Catalog) -> NothingSelected {
        let message = format!("'{selector}' selects no check");
        if SUITES.contains(&selector) {
            return NothingSelected {
                message,
                help: format!(
                    "no check of the suite '{selector}' exists yet; add your own under .holdpoint/checks"
                ),
            };
        }
        let mut names: BTreeSet<&str> = self
            .suites
            .keys()
            .map(String::as_str)
            .chain(SUITES.iter().copied())
            .collect();
        for check in catalog.checks() {
            names.insert(check.id.as_str());
            names.insert(check.id.area());
            names.extend(check.suites.iter().chain(&check.tags).map(String::as_str));
        }
        let help = match nearest(selector, names) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "holdpoint list shows every check with its suites and tags".into(),
        };
        NothingSelected { message, help }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(include: &str, suites: &[(&str, &[&str])]) -> Result<usize, String> {
        let suites = suites.iter().map(|(name, inner)| {
            let inner = inner.iter().map(ToString::to_string).collect();
            ((*name).to_owned(), inner)
        });
        let selector = Selector {
            include: vec![include.into()],
            suites: suites.collect(),
            ..Selector::default()
        };
        let chosen = selector.choose(&Catalog::shipped().unwrap());
        chosen
            .map(|one| one.checks.len())
            .map_err(|one| one.message)
    }

    #[test]
    fn a_suite_of_the_users_selects_all_that_it_names() {
        let shipped = choose("smoke", &[]).unwrap();
        assert_eq!(choose("smoke", &[("smoke", &["smoke"])]), Ok(shipped));
        assert_eq!(
            choose("mine", &[("mine", &["inner"]), ("inner", &["smoke"])]),
            Ok(shipped)
        );
        let slip = choose("mine", &[("mine", &["smoke", "headers.nothing"])]).unwrap_err();
        assert_eq!(
            slip,
            "'headers.nothing' selects no check, in the suite 'mine'"
        );
    }

    #[test]
    fn suites_that_name_each_other_are_refused() {
        assert!(choose("a", &[("a", &["b"]), ("b", &["a"])]).is_err());
    }
}
