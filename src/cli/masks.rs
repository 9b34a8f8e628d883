//! `--mask`: GitHub's runner is told the secrets of environment files, so that no later step can show them.
//!
//! The one place where a secret leaves on purpose, and only where it was asked for: a mask is the value itself. The
//! runner takes its line out of the log; whoever else reads standard error would have it in the clear. So nothing is
//! said unless the environment is GitHub's and standard error is a pipe, as the runner's is. What the runner was given as
//! a secret it masks already, so the process environment is left out.

use super::args::Pipeline;
use super::output::Output;
use super::pipeline::Platform;
use crate::model::{Environment, VariableOrigin};
use crate::report::pipeline::escape_data;
use std::collections::{BTreeMap, BTreeSet};

/// Masks that are shorter would hide half of the log.
const SHORTEST: usize = 6;

/// Tells the runner what to mask, or says why it was not told.
pub(super) fn tell(of: &Environment, variables: &BTreeMap<String, String>, output: &Output) {
    // Not by its name alone: where no runner reads the line, it would only show the secret.
    let is_there = Platform::of(Pipeline::Auto, variables) == Some(Platform::GitHub);
    if !is_there || output.platform(variables) != Some(Platform::GitHub) {
        output.remark("warning: --mask is for GitHub Actions, so nothing was masked\nhelp: elsewhere name secrets to the platform itself");
        return;
    }
    let masks = masks(of);
    if !output.command_unredacted(&masks) {
        output.remark("warning: standard error is no pipe to a runner, so nothing was masked\nhelp: leave standard error of this step alone; a secret in a file would stay there");
    }
}

/// A command for each line of each secret that an environment file sets.
fn masks(of: &Environment) -> Vec<String> {
    let secrets = of
        .variables
        .iter()
        .filter(|one| one.secret && matches!(one.origin, VariableOrigin::File { .. }));
    let values = secrets.flat_map(|one| [&one.value, &one.raw]);
    // The runner masks line by line.
    let lines = values.flat_map(|value| value.lines()).map(str::trim);
    let lines: BTreeSet<&str> = lines
        .filter(|line| line.chars().count() >= SHORTEST)
        .collect();
    let commands = lines.into_iter().map(escape_data);
    commands.map(|line| format!("::add-mask::{line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variable;

    #[test]
    fn secrets_of_files_are_masked_line_by_line_and_nothing_else() {
        let variable = |name: &str, value: &str, secret: bool, origin: VariableOrigin| Variable {
            name: name.into(),
            value: value.into(),
            raw: value.into(),
            origin,
            secret,
            shadowed: Vec::new(),
        };
        let file = || VariableOrigin::File {
            path: ".env".into(),
            line: 1,
        };
        let of = Environment {
            variables: vec![
                variable("A_SECRET", "first-line\nsecond%line", true, file()),
                variable("B_SECRET", "short", true, file()),
                variable("C", "no-secret-at-all", false, file()),
                variable(
                    "D_SECRET",
                    "known-to-the-runner",
                    true,
                    VariableOrigin::Process,
                ),
            ],
            ..Environment::default()
        };
        assert_eq!(
            masks(&of),
            ["::add-mask::first-line", "::add-mask::second%25line"]
        );
    }
}
