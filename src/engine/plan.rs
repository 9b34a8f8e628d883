//! Planning: which checks look at what, with equal looks merged.

use super::docket::{Case, Docket};
use super::interpolate::{Names, interpolate};
use crate::catalog::{Catalog, Selection};
use crate::clock;
use crate::diagnostic::{Diagnostic, Source};
use crate::evidence::{as_recorded, canonical_bytes};
use crate::judge::{self, Rules};
use crate::model::{self, Application, Check, Environment, Facts, Level, Look, Target, Verdict};
use crate::probe::transport::Transport;
use crate::probe::{self, Context, Probe, Scratch, Wanted};
use crate::secret::Book;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything a plan is made from.
#[derive(Debug, Clone)]
pub struct PlanInput {
    /// The running application.
    pub target: Option<Arc<Target>>,
    /// Its repository.
    pub root: PathBuf,
    /// What the repository says.
    pub application: Arc<Application>,
    /// The variables that are set.
    pub environment: Arc<Environment>,
    /// The book of secrets.
    pub secrets: Arc<Book>,
    /// The clients.
    pub transport: Arc<Transport>,
    /// The highest level allowed.
    pub level: Level,
    /// The user said that active looks may go to a target in production, too.
    pub on_production: bool,
    /// The time allowed for one look, where the check does not say.
    pub timeout: Duration,
    /// The run's id.
    pub run: String,
    /// What takes away what probes create.
    pub scratch: Scratch,
}

/// One look to be made.
#[derive(Clone)]
pub struct LookTask {
    /// Its id within the run: `L1`.
    pub id: String,
    /// The probe.
    pub probe: &'static dyn Probe,
    /// The probe's name and version.
    pub name: &'static str,
    /// The parameters, filled in; they may hold secrets.
    pub parameters: Facts,
    /// What is looked at, for people.
    pub label: String,
    /// The origin it speaks to.
    pub origin: Option<String>,
    /// It must have its origin to itself.
    pub exclusive: bool,
    /// Only active checks share it, so its requests are paced, counted and announced.
    pub active: bool,
    /// The time allowed for one attempt.
    pub timeout: Duration,
    /// The open-ended facts that expectations read.
    pub wanted: Wanted,
}

impl std::fmt::Debug for LookTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The parameters may hold secrets.
        f.debug_struct("LookTask")
            .field("id", &self.id)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// Looks to be made and cases to be judged.
#[derive(Debug)]
pub struct Plan {
    /// The cases.
    pub docket: Docket,
    /// The looks, each once.
    pub looks: Vec<LookTask>,
    /// What probes may use.
    pub input: PlanInput,
}

impl Plan {
    /// Plans the chosen checks.
    ///
    /// # Errors
    /// A variable that is not set, a parameter that a probe refuses, a target that is needed and missing.
    pub fn new(
        catalog: &Catalog,
        selection: &Selection,
        input: PlanInput,
    ) -> Result<Self, Vec<Diagnostic>> {
        let subject = judge::subject(
            input.target.as_deref(),
            &input.application,
            &input.environment,
        );
        let mut planner = Planner {
            looks: Vec::new(),
            index: HashMap::new(),
            problems: Vec::new(),
            needs_target: Vec::new(),
        };
        let mut cases = Vec::with_capacity(selection.checks.len());
        for place in &selection.checks {
            let check = &catalog.checks()[*place];
            let Some(source) = catalog.source(check.id.as_str()) else {
                continue;
            };
            let rules = match Rules::compile(check) {
                Ok(rules) => Arc::new(rules),
                Err(error) => {
                    planner.problems.push(Diagnostic::new(format!(
                        "{}: {}",
                        check.place, error.message
                    )));
                    continue;
                }
            };
            let set_aside = set_aside(check, &rules, &subject, &input);
            let looks = match (&set_aside, &check.look) {
                (None, Some(look)) => planner.add(check, look, &rules, source, &input),
                _ => Vec::new(),
            };
            let needs = check
                .needs
                .iter()
                .filter(|need| !selection.skipped.contains(need.as_str()))
                .filter_map(|need| {
                    selection
                        .checks
                        .iter()
                        .position(|other| catalog.checks()[*other].id == *need)
                })
                .collect();
            cases.push(Case {
                check: check.clone(),
                rules,
                looks,
                set_aside,
                needs,
            });
        }
        planner.report_missing_target();
        if planner.problems.is_empty() {
            // Judging sees what the record holds.
            let subject = as_recorded(subject, &input.secrets);
            Ok(Self {
                docket: Docket { cases, subject },
                looks: planner.looks,
                input,
            })
        } else {
            Err(planner.problems)
        }
    }

    /// Is there a check that will look, or that does not apply? Otherwise the level allows nothing.
    pub fn runs_anything(&self) -> bool {
        self.docket
            .cases
            .iter()
            .any(|case| !matches!(case.set_aside, Some((Verdict::NotRun, _))))
    }

    /// The target's origin, where active looks go there. A look without an origin of its own, such as a program of
    /// the user's, may go anywhere.
    pub fn audited(&self) -> Option<String> {
        let target = model::origin(&self.input.target.as_ref()?.url)?;
        let goes = |look: &LookTask| look.origin.as_ref().is_none_or(|origin| *origin == target);
        let goes = self.looks.iter().any(|look| look.active && goes(look));
        goes.then_some(target)
    }
}

fn set_aside(
    check: &Check,
    rules: &Rules,
    subject: &Facts,
    input: &PlanInput,
) -> Option<(Verdict, String)> {
    let level = input.level;
    let needed = needed(check, &input.names());
    if needed > level {
        // A check that asks for more than it needs here is named with what it asks for.
        let least = needed.max(check.level);
        let reason = format!("it needs --level {least}, this run allows {level}");
        return Some((Verdict::NotRun, reason));
    }
    if needed.max(check.level) == Level::Active
        && let Some(reason) = input
            .target
            .as_deref()
            .and_then(|target| spared(target, input.on_production))
    {
        return Some((Verdict::NotRun, reason.into()));
    }
    match rules.applies(subject) {
        Ok(true) => None,
        Ok(false) => {
            let reason = format!(
                "it applies when {}",
                check.applies_when.as_deref().unwrap_or_default()
            );
            Some((Verdict::NotApplicable, reason))
        }
        Err(error) => Some((
            Verdict::Inconclusive,
            format!("whether it applies cannot be told: {error}"),
        )),
    }
}

/// Why no active look may go to a target, where none may.
fn spared(target: &Target, on_production: bool) -> Option<&'static str> {
    if !target.is_own() {
        return Some(
            "it sends mail, bursts or hostile input, and the target is not marked as yours; write owned = true under [target]",
        );
    }
    (target.is_production() && !on_production).then_some(
        "it sends mail, bursts or hostile input, and the environment is production; say --on-production, or name \
         another environment under [target]",
    )
}

/// An origin as every look writes it, whatever its probe made of it.
fn same_for_all(origin: String) -> String {
    let url = url::Url::parse(&origin).ok();
    url.as_ref().and_then(model::origin).unwrap_or(origin)
}

/// The level that a check needs: at least that of its looks as they are filled in, which may be above what the file
/// could say. One that asks for no more than its probe does needs no more than its looks.
fn needed(check: &Check, names: &Names<'_>) -> Level {
    let look = check.look.as_ref();
    let probe = look.and_then(|look| probe::find(&look.probe));
    let (Some(look), Some(probe)) = (look, probe) else {
        return check.level;
    };
    match interpolate(&look.parameters, names) {
        Ok(filled) => {
            let looks = probe.level(&filled.parameters);
            match check.level == probe.spec().level {
                true => looks,
                false => looks.max(check.level),
            }
        }
        Err(_) => check.level,
    }
}

struct Planner {
    looks: Vec<LookTask>,
    index: HashMap<Vec<u8>, usize>,
    problems: Vec<Diagnostic>,
    needs_target: Vec<String>,
}

impl Planner {
    /// Adds the looks of a check, or finds those that another check makes already.
    fn add(
        &mut self,
        check: &Check,
        look: &Look,
        rules: &Rules,
        source: &Source,
        input: &PlanInput,
    ) -> Vec<String> {
        let (Some(probe), Some(spec)) = (probe::find(&look.probe), probe::spec(&look.probe)) else {
            self.problem(
                check,
                source,
                &look.probe,
                format!("there is no probe '{}'", look.probe),
                "",
            );
            return Vec::new();
        };
        if spec.needs_target && input.target.is_none() {
            self.needs_target.push(check.id.to_string());
            return Vec::new();
        }
        let names = input.names();
        let mut filled = match interpolate(&look.parameters, &names) {
            Ok(filled) => filled,
            Err(unresolved) => {
                let message = format!(
                    "{} cannot be filled in, and {} needs it",
                    unresolved.name, check.id
                );
                self.problem(check, source, &unresolved.name, message, &unresolved.help);
                return Vec::new();
            }
        };
        if let (Some(name), "exec") = (filled.secrets.first(), spec.name) {
            let message =
                format!("{name} is a secret, and a program gets secrets by its environment only");
            let help = format!(
                "take it out and write secrets = [\"{name}\"]; the program finds it as ${name}"
            );
            self.problem(check, source, name, message, &help);
            return Vec::new();
        }
        if !look.declares.is_empty() {
            let declared: Facts = look
                .declares
                .iter()
                .map(|fact| (fact.name.to_string(), fact.kind.describe().into()))
                .collect();
            filled.parameters.insert("declared".into(), declared.into());
        }
        let timeout = look.timeout.unwrap_or(input.timeout);
        let context = input.context(timeout);
        let each = match probe.looks(&filled.parameters, &context) {
            Ok(each) if !each.is_empty() => each,
            Ok(_) => {
                self.problem(
                    check,
                    source,
                    "[look]",
                    "the check looks at nothing: a list of its parameters is empty".into(),
                    "",
                );
                return Vec::new();
            }
            Err(message) => {
                self.problem(check, source, "[look]", message, "");
                return Vec::new();
            }
        };
        let wanted = wanted(check, rules);
        let active = check.level.max(needed(check, &names)) == Level::Active;
        each.into_iter()
            .map(|parameters| {
                let key = canonical_bytes(&(spec.name, &parameters, timeout.as_millis()))
                    .unwrap_or_default();
                let place = *self.index.entry(key).or_insert_with(|| {
                    self.looks.push(LookTask {
                        id: format!("L{}", self.looks.len() + 1),
                        probe,
                        name: spec.name,
                        label: probe.label(&parameters, &context),
                        origin: probe.origin(&parameters, &context).map(same_for_all),
                        exclusive: spec.exclusive,
                        active,
                        parameters,
                        timeout,
                        wanted: Wanted::default(),
                    });
                    self.looks.len() - 1
                });
                let task = &mut self.looks[place];
                task.wanted.paths.extend(wanted.iter().cloned());
                task.active &= active;
                task.id.clone()
            })
            .collect()
    }

    fn problem(&mut self, check: &Check, source: &Source, word: &str, message: String, help: &str) {
        let start = source.text.find(word).unwrap_or_default();
        let span = start..(start + word.len()).min(source.text.len());
        let problem = Diagnostic::new(message).at(source, span, format!("in {}", check.id));
        self.problems.push(if help.is_empty() {
            problem
        } else {
            problem.help(help)
        });
    }

    fn report_missing_target(&mut self) {
        let Some(first) = self.needs_target.first() else {
            return;
        };
        let message = match self.needs_target.len() {
            1 => format!("no target is given, and {first} looks at one"),
            count => format!("no target is given, and {count} of the selected checks look at one"),
        };
        let help = "give --target URL, or for smoke the URL alone, or [target] url in holdpoint.toml; holdpoint run --level static looks at what needs no target";
        self.problems.push(Diagnostic::new(message).help(help));
    }
}

/// The open-ended facts that a check reads, in its expressions and in its texts.
fn wanted(check: &Check, rules: &Rules) -> Vec<Vec<String>> {
    let texts = check.expect.iter().flat_map(|one| {
        [
            Some(&one.otherwise),
            one.expected.as_ref(),
            one.found.as_ref(),
            one.undecided.as_ref(),
        ]
        .into_iter()
        .flatten()
    });
    let filled = texts
        .chain([&check.remedy.text])
        .flat_map(|text| judge::placeholders(text))
        .map(|path| path.split('.').map(String::from).collect());
    rules.reads().into_iter().chain(filled).collect()
}

impl PlanInput {
    fn names(&self) -> Names<'_> {
        Names {
            target: self.target.as_deref(),
            environment: &self.environment,
        }
    }

    /// What one look may use.
    pub(super) fn context(&self, timeout: Duration) -> Context {
        Context {
            target: self.target.clone(),
            root: self.root.clone(),
            application: self.application.clone(),
            environment: self.environment.clone(),
            secrets: self.secrets.clone(),
            transport: self.transport.clone(),
            timeout,
            until: clock::tick() + timeout,
            now: clock::now().as_second(),
            run: self.run.clone(),
            scratch: self.scratch.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
