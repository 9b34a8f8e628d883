//! Chooses the target, whose it is, and how far a run may go there.

use super::Arguments;
use super::address;
use super::choice::{Chooser, Given};
use super::detect;
use super::file::{File, Placed};
use super::interpolate::{Unfilled, interpolate};
use super::register;
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::model::{Application, Environment, Level, PathClasses, Target};
use crate::secret::looks_secret;
use std::path::Path;
use url::Url;

/// Variables in which an application keeps its own address, the most telling first, and whether the
/// path belongs to it (NextAuth's may be that of its own routes).
const ADDRESSES: &[(&str, bool)] = &[
    ("NEXTAUTH_URL", false),
    ("AUTH_URL", false),
    ("NEXT_PUBLIC_APP_URL", true),
    ("NEXT_PUBLIC_SITE_URL", true),
];

/// What the target is chosen from.
pub(super) struct Known<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) file: &'a File,
    pub(super) root: &'a Path,
    pub(super) application: &'a Application,
    pub(super) environment: &'a Environment,
}

/// The target, if there is one, and the level of the run.
pub(super) fn choose(known: &Known<'_>, chooser: &mut Chooser<'_>) -> (Option<Target>, Level) {
    let file = &known.file.target;
    let address = address(known, chooser);
    let paths = paths(known, chooser);
    let Some(url) = address else {
        let level = level(known, None, true, chooser);
        return (None, level);
    };
    // What the file says of its own target holds for that one, and for any where it names none.
    let belongs = file
        .url
        .as_ref()
        .is_none_or(|named| named.value.origin() == url.origin());
    if !belongs && (file.owned.is_some() || !file.headers.is_empty()) {
        let line = file.url.as_ref().map_or(1, |named| named.line);
        let place = chooser.at(line);
        chooser.warnings.push(Diagnostic::new(format!(
            "{url} is not the url of {place}, so owned and headers there do not apply"
        )));
    }
    let owned = owned(known, belongs, chooser);
    let environment = Given {
        flag: "--environment",
        argument: known.arguments.environment.clone(),
        variable: "HOLDPOINT_ENVIRONMENT",
        file: file.environment.clone().filter(|_| belongs),
    };
    let mut target = Target {
        url,
        environment: String::new(),
        owned,
        plain_url: None,
        authority_pem: authority(known, chooser),
        headers: if belongs {
            headers(known, chooser)
        } else {
            Vec::new()
        },
        paths,
    };
    let default = if target.is_loopback() {
        "development"
    } else {
        "production"
    };
    target.environment = chooser.choose(
        "target.environment",
        environment,
        |text| Ok(text.to_owned()),
        default.into(),
        String::clone,
    );
    target.plain_url = plain(
        &target.url,
        file.plain_url.as_ref().filter(|_| belongs),
        chooser,
    );
    let level = level(known, Some(&target), belongs, chooser);
    (Some(target), level)
}

fn address(known: &Known<'_>, chooser: &mut Chooser<'_>) -> Option<Url> {
    let read = |text: &str| {
        address::parse(text)
            .map_err(|wrong| format!("{}: {}; {}", wrong.what, wrong.label, wrong.help))
    };
    let mut argument = None;
    if let Some(text) = &known.arguments.target {
        match address::parse(text) {
            Ok(url) => argument = Some(url),
            Err(wrong) => {
                let problem = Diagnostic::new(format!("--target {}: {}", wrong.what, wrong.label))
                    .help(wrong.help);
                chooser.problems.push(problem);
                return None;
            }
        }
    }
    let before = chooser.problems.len();
    let file = known.file.target.url.clone();
    let given = chooser.given(
        Given {
            flag: "--target",
            argument,
            variable: "HOLDPOINT_TARGET",
            file,
        },
        read,
    );
    if chooser.problems.len() > before {
        return None;
    }
    let (url, from) = given.or_else(|| detected(known.environment))?;
    chooser.note("target.url", url.as_str(), from);
    Some(url)
}

/// The address that the application itself is given.
fn detected(environment: &Environment) -> Option<(Url, String)> {
    ADDRESSES.iter().find_map(|(name, with_path)| {
        let variable = environment.get(name)?;
        let mut url = address::parse(&variable.value)
            .ok()
            .filter(address::is_somewhere)?;
        if !with_path {
            url.set_path("/");
        }
        Some((url, format!("{} ({name})", variable.origin)))
    })
}

fn paths(known: &Known<'_>, chooser: &mut Chooser<'_>) -> PathClasses {
    let mut paths = PathClasses::default();
    for detected in detect::paths(known.root, known.application) {
        let (path, from) = match known.file.paths.get(detected.class) {
            Some(placed) => (placed.value.clone(), chooser.at(placed.line)),
            None => (
                detected.path,
                detected.from.unwrap_or_else(|| "default".into()),
            ),
        };
        chooser.note(&format!("paths.{}", detected.class), &path, from);
        let slot = match detected.class {
            "page" => &mut paths.page,
            "sign_in" => &mut paths.sign_in,
            "api" => &mut paths.api,
            "service_worker" => &mut paths.service_worker,
            "manifest" => &mut paths.manifest,
            _ => &mut paths.missing,
        };
        *slot = path;
    }
    paths
}

fn owned(known: &Known<'_>, belongs: bool, chooser: &mut Chooser<'_>) -> bool {
    if known.arguments.owned {
        chooser.note("target.owned", "true", "--owned");
        return true;
    }
    let placed = known.file.target.owned.as_ref().filter(|_| belongs);
    chooser.only_of_file("target.owned", placed, false, bool::to_string)
}

/// Where the site answers over plain HTTP: what the file says, or the same host on port 80 where the
/// target has the default port of HTTPS.
fn plain(url: &Url, placed: Option<&Placed<Url>>, chooser: &mut Chooser<'_>) -> Option<Url> {
    if let Some(placed) = placed {
        return Some(chooser.only_of_file(
            "target.plain_url",
            Some(placed),
            placed.value.clone(),
            Url::to_string,
        ));
    }
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    let mut plain = url.clone();
    plain.set_scheme("http").ok()?;
    chooser.note("target.plain_url", plain.as_str(), "default");
    Some(plain)
}

fn authority(known: &Known<'_>, chooser: &mut Chooser<'_>) -> Option<String> {
    let placed = known.file.target.authority_file.as_ref()?;
    let from = chooser.at(placed.line);
    chooser.note("target.ca_file", &placed.value, from);
    let wrong = match std::fs::read_to_string(known.root.join(&placed.value)) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return Some(text),
        Ok(_) => "holds no certificate in PEM form".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    let problem = Diagnostic::new(format!("the ca_file {} {wrong}", placed.value));
    chooser.problems.push(at(
        known.file.source.as_ref(),
        problem,
        placed,
        "taken from the root",
    ));
    None
}

fn headers(known: &Known<'_>, chooser: &mut Chooser<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, placed) in &known.file.target.headers {
        let value_of = |name: &str| {
            known
                .environment
                .get(name)
                .map(|variable| variable.value.clone())
        };
        match interpolate(&placed.value, value_of) {
            Ok(value) if value.contains(|c: char| c.is_control() && c != '\t') => {
                let problem = Diagnostic::new(format!(
                    "the value of the header '{name}' holds a control character"
                ));
                chooser.problems.push(at(
                    known.file.source.as_ref(),
                    problem,
                    placed,
                    "not allowed in a header",
                ));
            }
            Ok(value) => {
                if register::is_secret_header(name) || looks_secret(&value) {
                    register::header(name, &value, chooser.book);
                }
                let from = chooser.at(placed.line);
                // The value as it is written names variables and not their values.
                chooser.note(&format!("target.headers.{name}"), &placed.value, from);
                headers.push((name.clone(), value));
            }
            Err(unfilled) => {
                let names = known
                    .environment
                    .variables
                    .iter()
                    .map(|variable| variable.name.as_str());
                let help = match &unfilled {
                    Unfilled::Unset(unset) => match nearest(unset, names) {
                        Some(name) => format!("did you mean {name}?"),
                        None => {
                            format!("set {unset}, or write ${{{unset}:-}} where it may be missing")
                        }
                    },
                    Unfilled::Unclosed => "write ${NAME}".into(),
                };
                let problem = Diagnostic::new(unfilled.to_string()).help(help);
                chooser.problems.push(at(
                    known.file.source.as_ref(),
                    problem,
                    placed,
                    format!("needed for '{name}'"),
                ));
            }
        }
    }
    headers
}

/// The level of the run, which may not be above what the target allows.
fn level(
    known: &Known<'_>,
    target: Option<&Target>,
    belongs: bool,
    chooser: &mut Chooser<'_>,
) -> Level {
    let source = known.file.source.as_ref();
    let limit = known.file.target.level.as_ref().filter(|_| belongs);
    let own = target.is_some_and(Target::is_own);
    if let Some(limit) =
        limit.filter(|limit| limit.value == Level::Active && target.is_some() && !own)
    {
        let problem = Diagnostic::new("level active is only for targets that are yours").help(
            "write owned = true below [target] if it is: active sends mail, bursts and hostile input",
        );
        chooser
            .problems
            .push(at(source, problem, limit, "needs owned = true"));
        return Level::Live;
    }
    let allowed = limit.map_or(if own { Level::Active } else { Level::Live }, |limit| {
        limit.value
    });
    let given = Given {
        flag: "--level",
        argument: known.arguments.level,
        variable: "HOLDPOINT_LEVEL",
        file: None,
    };
    // What is allowed is not asked for: active must be.
    let (level, from) = match (chooser.given(given, str::parse), limit) {
        (Some(given), _) => given,
        (None, Some(limit)) if limit.value <= Level::Live => (limit.value, chooser.at(limit.line)),
        (None, _) => (allowed.min(Level::Live), "default".into()),
    };
    if level > allowed {
        let problem = match (limit, target) {
            (Some(limit), _) => {
                let help = format!("write level = \"{level}\" there, or ask for {}", limit.value);
                let problem = Diagnostic::new(format!("level {level} ({from}) is above what [target] allows"));
                at(source, problem.help(help), limit, "the highest that is allowed")
            }
            (None, Some(target)) => Diagnostic::new(format!("level {level} ({from}) is only for targets that are yours"))
                .help(format!(
                    "if {} is yours, write owned = true and its url below [target] in {}, or say --owned",
                    target.url, chooser.file_name
                )),
            (None, None) => Diagnostic::new(format!("level {level} ({from}) needs a target"))
                .help("name it with --target URL, or write its url below [target]"),
        };
        chooser.problems.push(problem);
    }
    let on_production = known.arguments.on_production;
    if on_production {
        chooser.note("target.on_production", "true", "--on-production");
    }
    if let Some(target) = target
        && level == Level::Active
        && target.is_own()
        && target.is_production()
        && !on_production
    {
        let message = format!(
            "level active ({from}) would go to {}, whose environment is production",
            target.url
        );
        chooser.problems.push(Diagnostic::new(message).help(
            "it sends mail, bursts and hostile input: say --on-production if that is meant, or name another environment \
             with --environment or below [target]",
        ));
    }
    chooser.note("level", level.word(), from);
    level
}

fn at<T>(
    source: Option<&Source>,
    problem: Diagnostic,
    placed: &Placed<T>,
    label: impl Into<String>,
) -> Diagnostic {
    match source {
        Some(source) => problem.at(source, placed.span.clone(), label),
        None => problem,
    }
}
