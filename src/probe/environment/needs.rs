//! What probes of services ask the repository: which variables its code needs, and which models it names.

use super::account::Account;
use super::scope::Scope;
use super::{naming, survey};
use crate::model::{Hindrance, HindranceKind};
use crate::probe::Context;
use std::collections::{BTreeMap, BTreeSet};

/// What the application's own code and its dependencies take from their surroundings.
#[derive(Debug, Clone, Default)]
pub(in crate::probe) struct Needs {
    /// Variables that deployed code needs, by name, with the places that need them.
    needed: BTreeMap<String, Vec<Need>>,
    /// Variables that deployed code, or a dependency, reads; needed or not.
    pub(in crate::probe) read: BTreeSet<String>,
    /// Variables that are read in code that is not deployed, or named in other files of the project.
    mentioned: BTreeSet<String>,
    /// Language models that the code names, those that a deployment runs and chooses first.
    pub(in crate::probe) models: Vec<NamedModel>,
    /// Files that could not be read or parsed, so that they may need more.
    pub(in crate::probe) unparsed: Vec<String>,
    /// How many files of code were read.
    pub(in crate::probe) scanned: usize,
}

/// One place that needs a variable.
#[derive(Debug, Clone)]
struct Need {
    at: String,
    alternatives: Vec<String>,
}

/// A language model as the code names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct NamedModel {
    /// The id as written, such as `googleai/gemini-2.5-flash`.
    pub(in crate::probe) id: String,
    /// `file:line`
    pub(in crate::probe) at: String,
    /// A deployment runs the code.
    pub(in crate::probe) deployed: bool,
    /// It stands where a model is chosen, and not in a list.
    pub(in crate::probe) chosen: bool,
}

/// A variable that is needed and not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Missing {
    /// The variable.
    pub(in crate::probe) name: String,
    /// `file:line` of each read that needs it.
    pub(in crate::probe) places: Vec<String>,
    /// Variables of which any would do instead.
    pub(in crate::probe) alternatives: Vec<String>,
}

impl Needs {
    /// What is missing where `is_set` tells what is set.
    pub(in crate::probe) fn missing(&self, is_set: impl Fn(&str) -> bool) -> Vec<Missing> {
        let met = |name: &String| is_set(name) || naming::is_provided(name);
        let unset = self.needed.iter().filter(|(name, _)| !met(name));
        unset
            .filter_map(|(name, needs)| {
                let open: Vec<&Need> = needs
                    .iter()
                    .filter(|need| !need.alternatives.iter().any(met))
                    .collect();
                let alternatives: BTreeSet<&String> =
                    open.iter().flat_map(|need| &need.alternatives).collect();
                (!open.is_empty()).then(|| Missing {
                    name: name.clone(),
                    places: open.iter().map(|need| need.at.clone()).collect(),
                    alternatives: alternatives.into_iter().cloned().collect(),
                })
            })
            .collect()
    }

    /// How many variables are needed, whatever is set.
    pub(in crate::probe) fn count(&self) -> usize {
        self.needed.len()
    }

    /// Does anything in the project read, name or get this variable?
    pub(in crate::probe) fn knows(&self, name: &str) -> bool {
        self.read.contains(name) || self.mentioned.contains(name) || naming::is_provided(name)
    }
}

/// Reads the repository of the application.
///
/// # Errors
/// The folder cannot be read.
pub(in crate::probe) async fn needs(context: &Context) -> Result<Needs, Hindrance> {
    let (root, environment, application) = (
        context.root.clone(),
        context.environment.clone(),
        context.application.clone(),
    );
    let read = move || {
        if let Err(error) = std::fs::read_dir(&root) {
            let cause = format!("the folder {} cannot be read: {error}", root.display());
            return Err(Hindrance::new(HindranceKind::Denied, cause));
        }
        let survey = survey::survey(
            &root,
            BTreeSet::new(),
            &environment.files,
            &application.dependencies,
        );
        let account = Account::new(&environment, &survey, None);
        Ok(Needs::of(&account))
    };
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|error| {
            Err(Hindrance::new(
                HindranceKind::Internal,
                format!("reading the repository failed: {error}"),
            ))
        })
}

impl Needs {
    fn of(account: &Account<'_>) -> Self {
        let mut needs = Self {
            mentioned: account.survey.elsewhere.clone(),
            unparsed: account.survey.unparsed.clone(),
            scanned: account.survey.scanned,
            ..Self::default()
        };
        for (name, places) in account.reads() {
            let scopes = || places.iter().flat_map(|place| &place.scopes);
            if scopes().any(|scope| scope.is_deployed()) {
                needs.read.insert(name.to_owned());
            } else if scopes().any(|scope| *scope != Scope::Dead) {
                needs.mentioned.insert(name.to_owned());
            }
            let needing: Vec<Need> = account
                .needing(name, places, |_| false)
                .into_iter()
                .map(|place| Need {
                    at: place.at.clone(),
                    alternatives: place.alternatives.clone(),
                })
                .collect();
            if !needing.is_empty() {
                needs.needed.insert(name.to_owned(), needing);
            }
        }
        for name in &account.environment.required {
            let by_settings = Need {
                at: "the settings require it".into(),
                alternatives: Vec::new(),
            };
            needs
                .needed
                .entry(name.clone())
                .or_insert_with(|| vec![by_settings]);
        }
        needs.models = account.survey.models.clone();
        // A stable sort: the order of files and lines stays.
        needs
            .models
            .sort_by_key(|model| (!model.deployed, !model.chosen));
        needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Environment;
    use std::collections::BTreeMap;

    #[test]
    fn what_code_needs_and_names() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "package.json",
            r#"{"name":"app","dependencies":{"next":"15","@genkit-ai/googleai":"1.22"}}"#,
        );
        write(
            "app/api/a/route.ts",
            "import '../../../lib/ai';\nexport const a = process.env.MONGODB_URI!.length;\nexport const b = process.env.OPTIONAL ?? 'x';\n",
        );
        write(
            "lib/ai.ts",
            "export const ai = genkit({ model: 'googleai/gemini-2.0-flash' });\n",
        );
        write("lib/dead.ts", "export const old = 'gemini-1.5-pro';\n");
        let survey = survey::survey(folder.path(), BTreeSet::new(), &[], &BTreeMap::new());
        let environment = Environment::default();
        let needs = Needs::of(&Account::new(&environment, &survey, None));
        let missing = |set: &[&str]| -> Vec<String> {
            let missing = needs.missing(|name| set.contains(&name));
            missing.into_iter().map(|one| one.name).collect()
        };
        assert_eq!(missing(&[]), ["GOOGLE_GENAI_API_KEY", "MONGODB_URI"]);
        assert_eq!(
            missing(&["MONGODB_URI", "GEMINI_API_KEY"]),
            Vec::<String>::new()
        );
        assert!(needs.knows("OPTIONAL") && needs.knows("NODE_ENV") && !needs.knows("GENKIT_MODEL"));
        let models: Vec<_> = needs
            .models
            .iter()
            .map(|model| (model.id.as_str(), model.at.as_str(), model.deployed))
            .collect();
        assert_eq!(
            models,
            [
                ("googleai/gemini-2.0-flash", "lib/ai.ts:1", true),
                ("gemini-1.5-pro", "lib/dead.ts:1", false)
            ]
        );
    }
}
