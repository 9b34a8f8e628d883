//! From what was typed to what is needed: settings, catalogue, selection, plan.

use super::args::{
    DecisionArguments, LimitArguments, ReportTarget, RunArguments, SmokeArguments,
    SubjectArguments, TargetArguments,
};
use super::baseline;
use super::exit::Exit;
use super::output::Output;
use super::run::display;
use crate::catalog::{Catalog, NothingSelected, Selection, Selector, read_waivers};
use crate::clock;
use crate::diagnostic::{Diagnostic, nearest};
use crate::engine::{Limits, Plan, PlanInput};
use crate::evidence::{Leftovers, name_of_run};
use crate::model::{Baseline, Severity, Waiver};
use crate::probe::Scratch;
use crate::probe::transport::Transport;
use crate::secret::Book;
use crate::settings::{self, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The environment of the process and the book that its secrets are in.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) secrets: Arc<Book>,
}

/// What `run`, `smoke` and `plan` were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) selectors: Vec<String>,
    pub(super) skip: Vec<String>,
    pub(super) severity: Option<Severity>,
    pub(super) target: Option<String>,
    pub(super) about: TargetArguments,
    pub(super) subject: SubjectArguments,
    pub(super) limits: LimitArguments,
    pub(super) decision: DecisionArguments,
    pub(super) defaults: settings::Limits,
    /// A limit was inferred at an address that was given for it.
    pub(super) infer: bool,
    /// Why a suite is to run before the gates that it waits for are open.
    pub(super) before_gate: Option<String>,
    /// The runner of a pipeline is told which secrets to mask.
    pub(super) mask: bool,
    /// What becomes of the people's documents.
    pub(super) documents: Documents,
}

/// `smoke` must answer in seconds.
const SMOKE_DEADLINE: Duration = Duration::from_secs(20);
const SMOKE_TIMEOUT: Duration = Duration::from_secs(5);

impl From<SmokeArguments> for Request {
    fn from(arguments: SmokeArguments) -> Self {
        let SmokeArguments {
            url,
            about,
            subject,
            limits,
            mask,
            decision,
        } = arguments;
        Self {
            selectors: vec!["smoke".into()],
            defaults: settings::Limits {
                timeout: SMOKE_TIMEOUT,
                deadline: SMOKE_DEADLINE,
                ..settings::Limits::default()
            },
            target: url,
            about,
            subject,
            limits,
            mask,
            decision,
            ..Self::default()
        }
    }
}

/// What a run does with the people's documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Documents {
    /// It does not open them.
    #[default]
    LeaveAlone,
    /// It says how much would change.
    Tell,
    /// It writes them.
    Write,
}

impl From<RunArguments> for Request {
    fn from(arguments: RunArguments) -> Self {
        Self {
            selectors: arguments.selectors,
            skip: arguments.skip,
            severity: arguments.severity,
            target: arguments.target,
            about: arguments.about,
            subject: arguments.subject,
            limits: arguments.limits,
            decision: arguments.decision,
            infer: arguments.infer.is_some(),
            defaults: settings::Limits {
                deadline: match arguments.infer {
                    // Two paths at the most that one may take.
                    Some(_) => Duration::from_secs(20 * 60),
                    None => settings::Limits::default().deadline,
                },
                ..settings::Limits::default()
            },
            before_gate: arguments.before_gate,
            mask: arguments.mask,
            documents: match arguments.write {
                true => Documents::Write,
                false => Documents::Tell,
            },
        }
    }
}

/// Everything that a run needs.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) catalog: Catalog,
    pub(super) selection: Selection,
    pub(super) plan: Plan,
    pub(super) limits: Limits,
    pub(super) waivers: Vec<Waiver>,
    /// What the run need only be no worse than, with what is odd about it.
    pub(super) baseline: Option<(Baseline, Vec<Diagnostic>)>,
}

/// Why nothing can be run.
pub(super) enum Refusal {
    /// Something of the user's is wrong.
    Problems(Vec<Diagnostic>),
    /// Nothing was selected.
    Nothing(NothingSelected),
}

impl From<Vec<Diagnostic>> for Refusal {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(problems)
    }
}

impl Refusal {
    pub(super) fn tell(&self, output: &Output) -> Exit {
        match self {
            Self::Problems(problems) => output.diagnose(problems),
            Self::Nothing(nothing) => nothing_selected(nothing, output),
        }
    }
}

/// Says that nothing was selected.
pub(super) fn nothing_selected(nothing: &NothingSelected, output: &Output) -> Exit {
    output.remark(&format!(
        "error: {}\nhelp: {}",
        nothing.message, nothing.help
    ));
    Exit::NothingSelected
}

/// Settings, for verbs that take a subject.
pub(super) fn settings(
    request: &Request,
    environment: &Environment,
) -> Result<Settings, Vec<Diagnostic>> {
    let Request {
        about,
        subject,
        limits,
        decision,
        ..
    } = request;
    let many = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    let arguments = settings::Arguments {
        root: subject.root.clone(),
        config: subject.config.clone(),
        target: request.target.clone(),
        environment: about.environment.clone(),
        owned: about.owned,
        on_production: about.on_production,
        env_files: subject.env_file.clone(),
        level: limits.level,
        timeout: limits.timeout,
        deadline: limits.deadline,
        concurrency: many(limits.concurrency),
        per_host: many(limits.per_host),
        retries: limits.retries,
        fail_on: decision.fail_on,
        defaults: request.defaults,
    };
    settings::load(&arguments, &environment.variables, &environment.secrets)
}

/// Settings and catalogue, for verbs that look at nothing.
pub(super) fn catalog(
    subject: &SubjectArguments,
    environment: &Environment,
) -> Result<(Settings, Catalog), Vec<Diagnostic>> {
    let request = Request {
        subject: subject.clone(),
        ..Request::default()
    };
    let settings = settings(&request, environment)?;
    let catalog = Catalog::load(
        checks_folder(&settings),
        &settings.root,
        &settings.overrides,
        &environment.secrets,
    )?;
    Ok((settings, catalog))
}

/// The folder of the user's checks, where it exists.
pub(super) fn checks_folder(settings: &Settings) -> Option<&Path> {
    Some(settings.checks.as_path()).filter(|folder| folder.exists())
}

/// What chooses the checks.
pub(super) fn selector(
    include: &[String],
    skip: &[String],
    severity: Option<Severity>,
    settings: &Settings,
) -> Selector {
    Selector {
        include: include.to_vec(),
        skip: skip.to_vec(),
        severity,
        suites: settings.suites.clone(),
    }
}

/// Everything that a run needs, before anything is looked at.
pub(super) fn prepare(
    settings: Settings,
    request: &Request,
    environment: &Environment,
) -> Result<Prepared, Refusal> {
    writable(&request.decision.report)?;
    let catalog = Catalog::load(
        checks_folder(&settings),
        &settings.root,
        &settings.overrides,
        &environment.secrets,
    )?;
    let selection = selector(
        &request.selectors,
        &request.skip,
        request.severity,
        &settings,
    )
    .choose(&catalog)
    .map_err(Refusal::Nothing)?;
    let name = display(&settings.waivers, &settings.root);
    let waivers = read_waivers(&settings.waivers, &name)?;
    known(&waivers, &catalog)?;
    // As the record has them: so reports from it are the same, and none escapes a secret out of recognition.
    let redact = |text: &str| environment.secrets.redact(text);
    let waivers = waivers.into_iter().map(|one| one.redacted(redact));
    let waivers = waivers.collect();
    let named = request.decision.baseline.as_deref();
    let baseline = named
        .map(|named| baseline::load(named, &settings, &environment.secrets))
        .transpose()?
        .map(|(baseline, mut odd)| {
            odd.extend(baseline::gone(&baseline, &catalog));
            (baseline, odd)
        });
    let of_target = settings
        .target
        .as_ref()
        .and_then(|target| target.authority_pem.as_deref());
    let authorities: Vec<&str> = of_target
        .into_iter()
        .chain(settings.authority_of_node.as_deref())
        .collect();
    let authorities = (!authorities.is_empty()).then(|| authorities.join("\n"));
    let transport =
        Transport::new(authorities.as_deref()).map_err(|message| vec![Diagnostic::new(message)])?;
    let run = name_of_run(clock::now());
    let input = PlanInput {
        target: settings.target.clone().map(Arc::new),
        root: settings.root.clone(),
        application: Arc::new(settings.application.clone()),
        environment: Arc::new(settings.environment.clone()),
        secrets: environment.secrets.clone(),
        transport: Arc::new(transport),
        level: settings.level,
        on_production: request.about.on_production,
        timeout: settings.limits.timeout,
        scratch: Scratch::new(Arc::new(Leftovers::new(
            &leftovers_folder(&settings),
            &run,
            environment.secrets.clone(),
        ))),
        run,
    };
    let plan = Plan::new(&catalog, &selection, input)?;
    if !plan.runs_anything() {
        return Err(Refusal::Nothing(NothingSelected {
            message: format!("no selected check may run at level {}", settings.level),
            help: "allow a higher level with --level live or --level active".into(),
        }));
    }
    let limits = Limits {
        deadline: Some(settings.limits.deadline),
        concurrency: settings.limits.concurrency,
        per_host: settings.limits.per_host,
        retries: settings.limits.retries,
    };
    Ok(Prepared {
        settings,
        catalog,
        selection,
        plan,
        limits,
        waivers,
        baseline,
    })
}

/// Where runs write down what they create in services.
pub(super) fn leftovers_folder(settings: &Settings) -> PathBuf {
    settings.root.join(".holdpoint/leftovers")
}

/// A waiver of a check that does not exist would cover nothing, and nobody would know.
fn known(waivers: &[Waiver], catalog: &Catalog) -> Result<(), Vec<Diagnostic>> {
    let strangers = waivers
        .iter()
        .filter(|waiver| catalog.find(&waiver.check).is_none());
    let problems: Vec<_> = strangers
        .map(|Waiver { check, place, .. }| {
            let ids = catalog.checks().iter().map(|check| check.id.as_str());
            let help = match nearest(check, ids) {
                Some(near) => format!("did you mean '{near}'?"),
                None => "take the waiver out; holdpoint list shows every check".into(),
            };
            Diagnostic::new(format!(
                "{place}: the waiver is for '{check}', which is no check"
            ))
            .help(help)
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Reports go where a folder is; that is found out before anything is looked at.
pub(super) fn writable(reports: &[ReportTarget]) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        let Some(path) = &report.path else {
            if reports[..index].iter().any(|other| other.path.is_none()) {
                let problem = Diagnostic::new("two reports are to go to standard output");
                problems.push(problem.help("give one of them a path: --report FORMAT=PATH"));
            }
            continue;
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if path.is_dir() {
            let problem = Diagnostic::new(format!(
                "{} is a folder, so no report can be written to it",
                path.display()
            ));
            problems.push(problem.help("give the path of a file"));
        } else if !folder.is_dir() {
            let problem = Diagnostic::new(format!(
                "there is no folder {} for the report {}",
                folder.display(),
                path.display()
            ));
            problems.push(problem.help(format!("make it with: mkdir -p {}", folder.display())));
        } else if reports[..index]
            .iter()
            .any(|other| other.path.as_ref() == Some(path))
        {
            problems.push(
                Diagnostic::new(format!("two reports are to go to {}", path.display()))
                    .help("give each its own path"),
            );
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_names_a_check_that_exists() {
        let catalog = Catalog::shipped().unwrap();
        let right = catalog.checks()[0].id.to_string();
        let waiver = |check: &str| Waiver {
            check: check.into(),
            reason: "r".into(),
            owner: "o".into(),
            until: jiff::civil::Date::MAX,
            place: "waivers.toml:3".into(),
        };
        assert!(known(&[waiver(&right)], &catalog).is_ok());
        let problems = known(&[waiver(&format!("{right}x"))], &catalog).unwrap_err();
        let text = problems[0].to_string();
        assert!(
            text.contains("waivers.toml:3") && text.contains(&format!("did you mean '{right}'")),
            "{text}"
        );
    }
}
