//! Documents that holdpoint writes whole: each is one region of a file, around which people may write.

mod scope;
mod standing;
mod table;
mod variables;

pub use scope::{PartView, RestsOn, Unmet};
pub use standing::{Standing, Together};
pub use table::GENERATED;
pub(super) use table::role;
pub use variables::VariableView;

use super::region::{self, RegionFault};
use super::{View, template};
use crate::diagnostic::{Diagnostic, Source};

/// A document that holdpoint writes whole.
#[derive(Debug)]
pub struct Generated {
    /// What arguments and settings call it, and the name of its region: `security-headers-audit`.
    pub name: &'static str,
    /// Where it is written where nothing else is said, below the application's root.
    pub path: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it answers, in a sentence.
    pub asks: &'static str,
    /// The name of its template; several documents may share one.
    pub template: &'static str,
    /// The shipped template.
    pub(super) shipped: &'static str,
    /// Which checks belong to it, in the order in which it speaks of them; none for all checks of a run.
    pub parts: &'static [Part],
    /// Which numbered checks of the security guide belong to it: `2.` for a domain, `3.6` for one.
    pub items: &'static [&'static str],
    /// Who signs it.
    pub signers: &'static [&'static str],
}

/// A part of a generated document.
#[derive(Debug)]
pub struct Part {
    /// Its heading.
    pub title: &'static str,
    /// Its checks: `mongodb.*` for an area, `tag:P4.*` and `tag:P3.6` for tags, `suite:security` for a
    /// suite, an id for one check. A check belongs to the first part that names it.
    pub checks: &'static [&'static str],
    /// What only people can answer about it.
    pub people: &'static [&'static str],
}

impl Generated {
    /// `SECURITY_SIGN_OFF.md`.
    pub fn sign_off() -> &'static Self {
        &GENERATED[0]
    }

    /// The document of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        GENERATED.iter().find(|one| one.name == name)
    }

    /// Where a user's own template is looked for, below the application's root: first one for this
    /// document, then one for all that share its template.
    pub fn overrides(&self) -> Vec<String> {
        let mut names = vec![self.name];
        if self.template != self.name {
            names.push(self.template);
        }
        names.iter().map(|name| template::own(name)).collect()
    }

    /// The shipped template.
    pub fn shipped(&self) -> Source {
        Source::new(
            format!("reports/{}/template.md", self.template),
            self.shipped,
        )
    }

    /// The document's content, without the markers of its region. The same view and template give the
    /// same bytes.
    ///
    /// # Errors
    /// Says what in the template is wrong, and where.
    pub fn render(&self, template: &Source, view: &View<'_>) -> Result<String, Diagnostic> {
        if self.parts.is_empty() {
            template::render(template, view, View::NAMES)
        } else {
            template::render(template, &scope::Scope::new(self, view), scope::NAMES)
                .map(|text| template::tidy(&text))
        }
    }

    /// Does the numbered check of the security guide belong to it?
    fn numbers(&self, number: &str) -> bool {
        self.items
            .iter()
            .any(|item| number == *item || (item.ends_with('.') && number.starts_with(item)))
    }

    /// The file with the document in it: new, or with its region renewed.
    ///
    /// # Errors
    /// There is a file that holdpoint did not write, or its region was changed by hand and `take_over`
    /// is not set.
    pub fn update(
        &self,
        existing: Option<&str>,
        rendered: &str,
        take_over: bool,
    ) -> Result<String, RegionFault> {
        region::put(existing, self.name, rendered, take_over)
    }
}

impl Part {
    /// Does the check belong to it?
    fn holds(&self, id: &str, tags: &[String], suites: &[String]) -> bool {
        self.checks.iter().any(|selector| {
            if let Some(tag) = selector.strip_prefix("tag:") {
                tags.iter().any(|one| globbed(tag, one))
            } else if let Some(suite) = selector.strip_prefix("suite:") {
                suites.iter().any(|one| one == suite)
            } else {
                globbed(selector, id)
            }
        })
    }

    /// The words that choose its checks for a run.
    fn selectors(&self) -> Vec<&'static str> {
        let words = self.checks.iter().copied();
        words
            .filter_map(|word| match word.split_once(':') {
                Some(("suite", suite)) => Some(suite),
                Some(("tag", tag)) if !tag.ends_with('*') => Some(tag),
                Some(_) => None,
                None => Some(word),
            })
            .collect()
    }
}

/// What only people can answer about an area of checks.
pub(super) fn people_of(area: &str) -> Vec<&'static str> {
    let whole = format!("{area}.*");
    let services = Generated::find("infrastructure-validation");
    let parts = services.into_iter().flat_map(|one| one.parts);
    parts
        .filter(|part| part.checks.first() == Some(&whole.as_str()))
        .flat_map(|part| part.people.iter().copied())
        .collect()
}

/// The word itself, or its beginning where the pattern ends in a star.
fn globbed(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == pattern,
    }
}

#[cfg(test)]
mod tests;
