//! The execution guide of a suite: what its checks verify, what they need, and how to mend, from the checks alone.

use super::generated::people_of;
use super::guide::{self, Remaining};
use super::template;
use crate::diagnostic::{Diagnostic, Source};
use crate::model::{Check, Level, Look};
use crate::probe::{self, ParameterSpec};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What a guide is made from.
#[derive(Debug)]
pub struct Chosen<'a> {
    /// The application's name.
    pub project: &'a str,
    /// What was asked for, word by word.
    pub asked: &'a [String],
    /// The checks that were chosen, prerequisites included.
    pub checks: Vec<&'a Check>,
    /// Those among them that came along as prerequisites.
    pub along: BTreeSet<&'a str>,
    /// Every check of the catalogue.
    pub catalogue: &'a [Check],
    /// The exit statuses of a run with their meanings.
    pub statuses: Vec<(u8, &'a str)>,
}

/// Everything that the template of the guide may read.
#[derive(Debug, Serialize)]
pub struct ExecutionGuide<'a> {
    project: &'a str,
    asked: &'a [String],
    command: String,
    total: usize,
    along: usize,
    active: bool,
    areas: Vec<AreaGuide<'a>>,
    statuses: Vec<StatusGuide<'a>>,
}

/// An exit status of a run.
#[derive(Debug, Serialize)]
pub struct StatusGuide<'a> {
    code: u8,
    meaning: &'a str,
}

/// The checks of one area.
#[derive(Debug, Serialize)]
pub struct AreaGuide<'a> {
    /// The first part of its checks' names.
    name: &'a str,
    /// The same in words.
    title: &'a str,
    /// The anchor of its heading.
    anchor: String,
    /// How many of its checks need each level.
    levels: Vec<LevelGuide>,
    /// It looks at the running application.
    target: bool,
    /// Areas that should be proved before it.
    after: Vec<&'a str>,
    /// The variables that its checks read.
    variables: Vec<VariableGuide>,
    /// The command that looks with its checks.
    command: String,
    /// The checks, prerequisites first.
    checks: Vec<CheckGuide<'a>>,
    /// What only people can answer.
    people: Vec<&'static str>,
    /// Points of the security guide that stay open when every check passes.
    remaining: Vec<Remaining>,
}

/// How many checks need a level.
#[derive(Debug, Serialize)]
pub struct LevelGuide {
    level: &'static str,
    checks: usize,
}

/// A variable that checks read.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct VariableGuide {
    names: Vec<String>,
    meaning: String,
    /// What is taken where it is not set: a value, as it would be written.
    default: String,
    /// The same in words, where it is no value.
    otherwise: String,
}

/// One check.
#[derive(Debug, Serialize)]
pub struct CheckGuide<'a> {
    id: &'a str,
    title: &'a str,
    why: &'a str,
    severity: &'static str,
    level: &'static str,
    needs: Vec<&'a str>,
    /// What is to be done where it fails; what the look will fill in stands between ‹ and ›.
    mend: String,
    /// Only a person can answer it.
    person: bool,
    /// It came along as a prerequisite.
    along: bool,
}

const NAMES: &str = "project, asked, command, total, along, active, areas and statuses";

/// The name of the guide's template.
pub const EXECUTION_GUIDE: &str = "guide";

impl<'a> ExecutionGuide<'a> {
    /// The guide to these checks.
    pub fn new(chosen: &Chosen<'a>) -> Self {
        let mut areas: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
        for check in &chosen.checks {
            areas.entry(check.id.area()).or_default().push(check);
        }
        let order = in_order(&areas);
        let mut told = BTreeSet::new();
        let guides = order.iter().filter_map(|name| {
            let checks = areas.get(name)?;
            Some(AreaGuide::new(name, checks, chosen, &order, &mut told))
        });
        Self {
            project: chosen.project,
            asked: chosen.asked,
            command: ["holdpoint", "run"]
                .into_iter()
                .chain(chosen.asked.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join(" "),
            total: chosen.checks.len(),
            along: chosen.along.len(),
            active: chosen.checks.iter().any(|one| one.level == Level::Active),
            areas: guides.collect(),
            statuses: chosen
                .statuses
                .iter()
                .map(|&(code, meaning)| StatusGuide { code, meaning })
                .collect(),
        }
    }

    /// The guide as Markdown.
    ///
    /// # Errors
    /// Says what in the template is wrong, and where.
    pub fn render(&self, template: &Source) -> Result<String, Diagnostic> {
        template::render(template, self, NAMES).map(|text| template::tidy(&text))
    }

    /// Where a user's own template is looked for, below the application's root.
    pub fn own_template() -> String {
        template::own(EXECUTION_GUIDE)
    }

    /// The shipped template.
    pub fn shipped() -> Source {
        Source::new(
            "reports/guide/template.md",
            include_str!("../../reports/guide/template.md"),
        )
    }
}

impl<'a> AreaGuide<'a> {
    fn new(
        name: &'a str,
        checks: &[&'a Check],
        chosen: &Chosen<'a>,
        order: &[&'a str],
        told: &mut BTreeSet<String>,
    ) -> Self {
        let levels = Level::ALL.iter().map(|level| LevelGuide {
            level: level.word(),
            checks: checks.iter().filter(|one| one.level == *level).count(),
        });
        let looks = || checks.iter().filter_map(|check| check.look.as_ref());
        let needs: BTreeSet<&str> = checks
            .iter()
            .flat_map(|check| check.needs.iter().map(crate::model::CheckId::area))
            .collect();
        let title = title(name);
        let mut remaining = guide::remaining(checks);
        remaining.retain(|one| told.insert(one.number.clone()));
        Self {
            name,
            title,
            anchor: anchor(title),
            levels: levels.filter(|one| one.checks > 0).collect(),
            target: looks().any(|look| probe::spec(&look.probe).is_some_and(|it| it.needs_target)),
            after: order
                .iter()
                .copied()
                .filter(|other| *other != name && needs.contains(other))
                .map(self::title)
                .collect(),
            variables: variables(looks()),
            command: command(name, checks, chosen.catalogue),
            checks: prerequisites_first(checks)
                .into_iter()
                .map(|check| CheckGuide::new(check, chosen.along.contains(check.id.as_str())))
                .collect(),
            people: people_of(name),
            remaining,
        }
    }
}

impl<'a> CheckGuide<'a> {
    fn new(check: &'a Check, along: bool) -> Self {
        Self {
            id: check.id.as_str(),
            title: &check.title,
            why: &check.why,
            severity: check.severity.word(),
            level: check.level.word(),
            needs: check
                .needs
                .iter()
                .map(crate::model::CheckId::as_str)
                .collect(),
            mend: mend(&check.remedy.text),
            person: check.look.is_none(),
            along,
        }
    }
}

/// A remedy before the look has filled it in.
fn mend(remedy: &str) -> String {
    let of_the_look = remedy
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    if of_the_look.is_some_and(|inner| !inner.contains(['{', '}'])) {
        return "as the finding says".into();
    }
    remedy.replace('{', "‹").replace('}', "›")
}

/// The areas so that what is needed comes first. Areas can need each other; then the one that waits for
/// the fewest is next, and among those the one that needs no network and that most others need.
fn in_order<'a>(areas: &BTreeMap<&'a str, Vec<&'a Check>>) -> Vec<&'a str> {
    let mut left: BTreeSet<&str> = areas.keys().copied().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let unmet = |area: &&str| {
            let needs = areas[*area].iter().flat_map(|check| &check.needs);
            let needed: BTreeSet<&str> = needs.map(crate::model::CheckId::area).collect();
            let waits = needed
                .into_iter()
                .filter(|one| one != area && left.contains(one));
            let level = areas[*area].iter().map(|check| check.level).max();
            let dependants = areas.iter().filter(|(other, checks)| {
                let mut needs = checks.iter().flat_map(|check| &check.needs);
                *other != area && needs.any(|need| need.area() == *area)
            });
            (
                waits.count(),
                level > Some(Level::Static),
                Reverse(dependants.count()),
            )
        };
        let Some(next) = left.iter().copied().min_by_key(unmet) else {
            break;
        };
        left.remove(next);
        order.push(next);
    }
    order
}

/// The checks of an area in the order of their names, each after those that it needs.
fn prerequisites_first<'a>(checks: &[&'a Check]) -> Vec<&'a Check> {
    let mut order: Vec<&Check> = Vec::new();
    let mut left: Vec<&Check> = checks.to_vec();
    left.sort_by(|a, b| a.id.cmp(&b.id));
    // The catalogue refuses circles; whatever is left then is added as it stands.
    while !left.is_empty() {
        let ready = left.iter().position(|check| {
            let mut waits = check.needs.iter();
            !waits.any(|need| left.iter().any(|other| other.id == *need))
        });
        order.push(left.remove(ready.unwrap_or(0)));
    }
    order
}

/// The area where all of its checks were chosen, else the checks.
fn command(area: &str, checks: &[&Check], catalogue: &[Check]) -> String {
    let all = catalogue.iter().filter(|one| one.id.area() == area).count();
    let mut words: Vec<&str> = vec!["holdpoint", "run"];
    if checks.len() == all {
        words.push(area);
    } else {
        words.extend(checks.iter().map(|check| check.id.as_str()));
    }
    match checks.iter().map(|check| check.level).max() {
        Some(Level::Static) => words.push("--level static"),
        Some(Level::Active) => words.push("--level active --owned"),
        _ => {}
    }
    words.join(" ")
}

/// The variables that these looks read, as the checks name them or as their probes do by themselves.
fn variables<'a>(looks: impl Iterator<Item = &'a Look>) -> Vec<VariableGuide> {
    let mut rows: Vec<VariableGuide> = Vec::new();
    for look in looks {
        let Some(spec) = probe::spec(&look.probe) else {
            continue;
        };
        for parameter in &spec.parameters {
            if let Some(row) = variable(look, parameter)
                && !rows.iter().any(|other| other.names == row.names)
            {
                rows.push(row);
            }
        }
    }
    rows.sort_by(|a, b| a.names.cmp(&b.names));
    rows
}

/// The variables that fill one parameter of a look, or none.
fn variable(look: &Look, parameter: &ParameterSpec) -> Option<VariableGuide> {
    let (meaning, by_itself) = match parameter.meaning.split_once("; default ") {
        Some((meaning, default)) => (meaning, default),
        None => (parameter.meaning, ""),
    };
    let written = look
        .parameters
        .get(parameter.name)
        .and_then(|one| one.as_str());
    // `variable = "${HOLDPOINT_X:-}"` names a variable that names another.
    if let Some(inner) = written.and_then(|text| text.strip_prefix("${")?.strip_suffix('}')) {
        let (name, default) = inner.split_once(":-").unwrap_or((inner, ""));
        return VariableGuide::new(names(name), meaning, default, "");
    }
    let itself = [
        "the variable with ",
        "the variable that holds ",
        "the variable that names ",
    ]
    .iter()
    .find_map(|words| meaning.strip_prefix(words))
    .unwrap_or(meaning);
    match written {
        Some(written) => VariableGuide::new(names(written), itself, "", ""),
        None => {
            let otherwise = ["and where that is not set ", ", else "]
                .iter()
                .find_map(|words| Some(by_itself.rsplit_once(words)?.1))
                .filter(|rest| names(rest).is_empty());
            VariableGuide::new(names(by_itself), itself, "", otherwise.unwrap_or_default())
        }
    }
}

impl VariableGuide {
    /// A row, where there is a variable.
    fn new(names: Vec<String>, meaning: &str, default: &str, otherwise: &str) -> Option<Self> {
        (!names.is_empty()).then(|| Self {
            names,
            meaning: meaning.to_owned(),
            default: default.to_owned(),
            otherwise: otherwise.to_owned(),
        })
    }
}

/// The words of a text that are names of variables.
fn names(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| {
            let begins = word.starts_with(|c: char| c.is_ascii_uppercase());
            begins && word.contains('_') && !word.ends_with('_')
        })
        .map(str::to_owned)
        .collect()
}

/// An area in words.
fn title(area: &str) -> &str {
    match area {
        "ai" => "Language models",
        "accounts" => "Who has an account",
        "api" => "The application's API",
        "atlas" => "MongoDB Atlas",
        "bundle" => "What browsers load",
        "certificate" => "Certificates",
        "compliance" => "What people are told",
        "cookies" => "Cookies",
        "cors" => "Foreign origins",
        "dependencies" => "Installed packages",
        "dns" => "Names in the DNS",
        "email" => "Email",
        "environment" => "Environment variables",
        "exposed" => "What the server hands out",
        "gcloud" => "Google Cloud",
        "headers" => "Security headers",
        "history" => "Secrets in the history of Git",
        "isolation" => "Isolation of users",
        "limits" => "Rate limits",
        "mongodb" => "MongoDB",
        "nextauth" => "NextAuth",
        "observatory" => "Graded headers",
        "oidc" => "OAuth sign-in",
        "passwords" => "Passwords",
        "push" => "Web push",
        "site" => "The running application",
        "transport" => "HTTPS",
        "vercel" => "Vercel",
        other => other,
    }
}

/// The anchor that forges give a heading of letters, digits, spaces and hyphens.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests;
