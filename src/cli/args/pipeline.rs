//! The platforms of pipelines, as they are named.

use clap::ValueEnum;

/// A platform that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Pipeline {
    /// As GITHUB_ACTIONS or GITLAB_CI says
    Auto,
    /// GitHub Actions
    #[value(name = "github")]
    GitHub,
    /// GitLab CI/CD
    #[value(name = "gitlab")]
    GitLab,
    /// None: only what was asked for
    None,
}

#[cfg(test)]
mod tests;
