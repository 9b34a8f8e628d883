//! Settles everything that a run is told, in the order that keeps secrets safe.

use super::choice::{Choice, Chooser, Given, VARIABLES};
use super::file::{File, Placed};
use super::places::{documents, place};
use super::{
    Arguments, Limits, Scheduled, Settings, authority, detect, dotenv, read, register, target,
};
use crate::diagnostic::{Diagnostic, Source, nearest, parse_duration};
use crate::model::{Environment, Level, PlanEntry, Severity};
use crate::secret::{Book, looks_secret};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Settles everything that a run is told. Secrets are registered before anything else happens.
///
/// # Errors
/// Every problem that was found, in the files, the variables and the arguments.
pub fn load(
    arguments: &Arguments,
    process: &BTreeMap<String, String>,
    book: &Book,
) -> Result<Settings, Vec<Diagnostic>> {
    register::process(process, book);
    if let Some(target) = arguments
        .target
        .as_deref()
        .filter(|target| looks_secret(target))
    {
        book.register("--target", target);
    }
    let (root, root_choice) = root(arguments, process).map_err(|problem| vec![problem])?;
    register::folder(&root, process, book);
    let config = config(arguments, process, &root).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let mut file = File::default();
    let mut file_name = "holdpoint.toml".to_owned();
    if let Some(config) = &config {
        file_name = config.source.name.to_string();
        register::settings_file(&config.source.text, book);
        file = File::read(config.source.clone()).unwrap_or_else(|found| {
            problems = found;
            File::default()
        });
    }
    let mut chooser = Chooser {
        process,
        book,
        file_name,
        choices: vec![root_choice],
        problems,
        warnings: Vec::new(),
    };
    if let Some(config) = &config {
        chooser.note("config", config.path.display().to_string(), config.from);
    }
    unknown_variables(&mut chooser);
    let (environment, mode) = environment(arguments, &file, &root, &mut chooser);
    // What follows would only lead to problems that are not there.
    if !chooser.problems.is_empty() {
        return Err(chooser.problems);
    }
    let mut application = detect::application(&root, &file.api, &mut chooser.warnings);
    application.rate_limits.clone_from(&file.rate_limits);
    let known = target::Known {
        arguments,
        file: &file,
        root: &root,
        application: &application,
        environment: &environment,
    };
    let (target, level) = target::choose(&known, &mut chooser);
    let authority_of_node = authority::of_node(&root, &mut chooser);
    let limits = limits(arguments, &file, level, &mut chooser);
    let fail_on = Given {
        flag: "--fail-on",
        argument: arguments.fail_on,
        variable: "HOLDPOINT_FAIL_ON",
        file: file.fail_on.clone(),
    };
    let fail_on = chooser.choose(
        "decision.fail_on",
        fail_on,
        str::parse,
        Severity::Medium,
        Severity::to_string,
    );
    let checks = place(
        "checks.folder",
        file.checks.as_ref(),
        ".holdpoint/checks",
        &root,
        Path::is_dir,
        &file,
        &mut chooser,
    );
    let waivers = place(
        "waivers.file",
        file.waivers.as_ref(),
        ".holdpoint/waivers.toml",
        &root,
        Path::is_file,
        &file,
        &mut chooser,
    );
    let gates = place(
        "gates.file",
        file.gates.as_ref(),
        ".holdpoint/gates.toml",
        &root,
        Path::is_file,
        &file,
        &mut chooser,
    );
    let records = place(
        "records.folder",
        file.records.as_ref(),
        ".holdpoint/records",
        &root,
        |_| true,
        &file,
        &mut chooser,
    );
    let documents = documents(&file, &root, &mut chooser);
    let plan = scheduled(&file, book);
    let project = match &file.project {
        Some(name) => {
            Some(chooser.only_of_file("project.name", Some(name), String::new(), String::clone))
        }
        None => application
            .name
            .clone()
            .inspect(|name| chooser.note("project.name", name, "package.json")),
    };
    let Chooser {
        choices,
        problems,
        warnings,
        ..
    } = chooser;
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Settings {
        // Reports escape, wrap and cut it, after which a secret is no longer recognised.
        project: project.map(|name| book.redact(&name)),
        target,
        root,
        config: config.map(|config| config.path),
        application,
        authority_of_node,
        environment: Environment {
            required: file.required,
            ..environment
        },
        mode,
        level,
        limits,
        fail_on,
        checks,
        overrides: file.overrides,
        suites: file.suites,
        waivers,
        gates,
        documents,
        records,
        plan,
        sources: choices,
        warnings,
    })
}

/// What the file says of gates, without secrets; which gates there are is known later.
fn scheduled(file: &File, book: &Book) -> Vec<Scheduled> {
    let Some(source) = &file.source else {
        return Vec::new();
    };
    let each = file.plan.iter().map(|placed| Scheduled {
        entry: PlanEntry {
            leader: placed.value.leader.as_deref().map(|name| book.redact(name)),
            ..placed.value.clone()
        },
        source: source.clone(),
        span: placed.span.clone(),
        line: placed.line,
    });
    each.collect()
}

fn root(
    arguments: &Arguments,
    process: &BTreeMap<String, String>,
) -> Result<(PathBuf, Choice), Diagnostic> {
    let variable = process
        .get("HOLDPOINT_ROOT")
        .filter(|root| !root.is_empty())
        .map(PathBuf::from);
    let (root, from) = match (&arguments.root, variable) {
        (Some(root), _) => (root.clone(), "--root"),
        (None, Some(root)) => (root, "HOLDPOINT_ROOT"),
        (None, None) => (PathBuf::from("."), "default"),
    };
    let shown = root.display().to_string();
    let help = "name the folder of the application's repository";
    let found = root.canonicalize().map_err(|error| {
        Diagnostic::new(format!("the root {shown} ({from}) cannot be read: {error}")).help(help)
    })?;
    if !found.is_dir() {
        return Err(
            Diagnostic::new(format!("the root {shown} ({from}) is not a folder")).help(help),
        );
    }
    Ok((
        found,
        Choice {
            what: "root".into(),
            value: shown,
            from: from.into(),
        },
    ))
}

/// The settings file as it was read.
struct Config {
    path: PathBuf,
    from: &'static str,
    source: Source,
}

fn config(
    arguments: &Arguments,
    process: &BTreeMap<String, String>,
    root: &Path,
) -> Result<Option<Config>, Diagnostic> {
    let variable = process
        .get("HOLDPOINT_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let (path, shown, from) = match (&arguments.config, variable) {
        (Some(path), _) => (path.clone(), path.display().to_string(), "--config"),
        (None, Some(path)) => (path.clone(), path.display().to_string(), "HOLDPOINT_CONFIG"),
        (None, None) => (
            root.join("holdpoint.toml"),
            "holdpoint.toml".to_owned(),
            "found",
        ),
    };
    let problem = |what: String| Diagnostic::new(format!("the settings file {shown} {what}"));
    match read::whole(&path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Config {
                path,
                from,
                source: Source::new(&shown, text.trim_start_matches('\u{FEFF}')),
            })),
            Err(_) => Err(problem("is not UTF-8".into()).help("save it as UTF-8")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && from == "found" => Ok(None),
        Err(error) => Err(problem(format!("({from}) cannot be read: {error}"))
            .help("name a file that can be, or run holdpoint init to write one")),
    }
}

/// Warns of a `HOLDPOINT_…` variable whose name is a slip. Checks read others of their own, so the part that all
/// have in common must not make two of them alike.
fn unknown_variables(chooser: &mut Chooser<'_>) {
    const PREFIX: &str = "HOLDPOINT_";
    let rest = |name: &'static str| name.strip_prefix(PREFIX);
    for name in chooser.process.keys() {
        let Some(own) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if VARIABLES.contains(&name.as_str()) {
            continue;
        }
        if let Some(right) = nearest(own, VARIABLES.iter().copied().filter_map(rest)) {
            chooser.warnings.push(
                Diagnostic::new(format!("{name} is not read"))
                    .help(format!("did you mean {PREFIX}{right}?")),
            );
        }
    }
}

/// Loads the environment files that are named, or else those that Next.js would load.
fn environment(
    arguments: &Arguments,
    file: &File,
    root: &Path,
    chooser: &mut Chooser<'_>,
) -> (Environment, String) {
    let mode = chooser.only_of_file(
        "environment.mode",
        file.mode.as_ref(),
        "production".to_owned(),
        String::clone,
    );
    let (read, from) = if !arguments.env_files.is_empty() {
        (
            Some(dotenv::read_given(
                root,
                Path::new(""),
                &arguments.env_files,
            )),
            "--env-file".to_owned(),
        )
    } else if let Some(files) = &file.environment_files {
        let paths: Vec<_> = files.value.iter().map(PathBuf::from).collect();
        (
            Some(dotenv::read_given(root, root, &paths)),
            chooser.at(files.line),
        )
    } else {
        (None, "found".to_owned())
    };
    let given = read.is_some();
    let files = read
        .unwrap_or_else(|| dotenv::read_detected(root, &mode))
        .unwrap_or_else(|problems| {
            chooser.problems.extend(problems);
            Vec::new()
        });
    for file in &files {
        register::env_file(file, chooser.process, chooser.book);
    }
    let loaded = if given {
        dotenv::load_given(&files, chooser.process)
    } else {
        dotenv::load(&files, chooser.process)
    };
    // Expanded over all files together, a value may differ from that of its file alone.
    for variable in loaded
        .environment
        .variables
        .iter()
        .filter(|variable| variable.secret)
    {
        chooser.book.register(&variable.name, &variable.value);
        chooser.book.register(&variable.name, &variable.raw);
    }
    if !files.is_empty() {
        let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        chooser.note("environment.files", names.join(", "), from);
    }
    chooser.warnings.extend(loaded.warnings);
    (loaded.environment, mode)
}

fn limits(arguments: &Arguments, file: &File, level: Level, chooser: &mut Chooser<'_>) -> Limits {
    let (file, default) = (&file.limits, arguments.defaults.at(level));
    let mut time = |what, flag, variable, argument, file: &Option<Placed<Duration>>, default| {
        let read = |text: &str| match parse_duration(text)? {
            Duration::ZERO => Err("it must be longer than nothing".to_owned()),
            duration => Ok(duration),
        };
        chooser.choose(
            what,
            Given {
                flag,
                argument,
                variable,
                file: file.clone(),
            },
            read,
            default,
            |time| format!("{time:?}"),
        )
    };
    let timeout = time(
        "limits.timeout",
        "--timeout",
        "HOLDPOINT_TIMEOUT",
        arguments.timeout,
        &file.timeout,
        default.timeout,
    );
    let deadline = time(
        "limits.deadline",
        "--deadline",
        "HOLDPOINT_DEADLINE",
        arguments.deadline,
        &file.deadline,
        default.deadline,
    );
    let mut count = |what, flag, variable, argument, file: &Option<Placed<usize>>, default| {
        let read = |text: &str| match text.trim().parse() {
            Ok(count @ 1..=10_000) => Ok(count),
            _ => Err(format!("'{text}' is not a number from 1 to 10000")),
        };
        chooser.choose(
            what,
            Given {
                flag,
                argument,
                variable,
                file: file.clone(),
            },
            read,
            default,
            usize::to_string,
        )
    };
    let concurrency = count(
        "limits.concurrency",
        "--concurrency",
        "HOLDPOINT_CONCURRENCY",
        arguments.concurrency,
        &file.concurrency,
        default.concurrency,
    );
    let per_host = count(
        "limits.per_host",
        "--per-host",
        "HOLDPOINT_PER_HOST",
        arguments.per_host,
        &file.per_host,
        default.per_host,
    );
    let retries = Given {
        flag: "--retries",
        argument: arguments.retries,
        variable: "HOLDPOINT_RETRIES",
        file: file.retries.clone(),
    };
    let read = |text: &str| match text.trim().parse() {
        Ok(count @ 0..=20) => Ok(count),
        _ => Err(format!("'{text}' is not a number from 0 to 20")),
    };
    let retries = chooser.choose(
        "limits.retries",
        retries,
        read,
        default.retries,
        u32::to_string,
    );
    Limits {
        timeout,
        deadline,
        concurrency,
        per_host,
        retries,
    }
}
