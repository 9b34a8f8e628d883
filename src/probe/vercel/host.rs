//! What a host knows of an application, in terms that no host owns. A second host is another file beside `api.rs`.

use std::collections::BTreeSet;

/// The targets of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Production,
    Preview,
    Development,
}

impl Target {
    /// Every target.
    pub(super) const ALL: [Self; 3] = [Self::Production, Self::Preview, Self::Development];

    /// The word in facts, and the host's own.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Preview => "preview",
            Self::Development => "development",
        }
    }

    /// The target of that word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.word() == word)
    }
}

/// One entry of the host's list: a variable with one value for some targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The host's id of the entry.
    pub(super) id: String,
    /// The variable.
    pub(super) name: String,
    /// The targets that get the value.
    pub(super) targets: BTreeSet<Target>,
    /// How the host keeps it: plain, encrypted, sensitive.
    pub(super) kind: String,
    /// When it was last edited, in milliseconds since 1970.
    pub(super) edited_ms: Option<i64>,
    /// The value, where the host gives it out.
    pub(super) value: Option<String>,
    /// An integration of the host set it, not a person.
    pub(super) integration: bool,
}

/// How the project is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) framework: Option<String>,
    pub(super) root_directory: Option<String>,
    pub(super) build_command: Option<String>,
    pub(super) install_command: Option<String>,
    pub(super) output_directory: Option<String>,
    pub(super) node_version: Option<String>,
    /// `owner/name` in lower case.
    pub(super) repository: Option<String>,
    pub(super) production_branch: Option<String>,
    /// The deployment that serves production now, where the host says.
    pub(super) serving: Option<Deployment>,
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deployment {
    /// The host's id.
    pub(super) id: String,
    /// READY, ERROR, BUILDING, QUEUED, CANCELED …
    pub(super) state: String,
    /// When it was created, in milliseconds since 1970.
    pub(super) created_ms: i64,
    /// Where it answers, without a scheme.
    pub(super) url: Option<String>,
    /// The commit it was built from.
    pub(super) commit: Option<String>,
}
