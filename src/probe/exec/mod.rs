//! The exec probe: any program as a probe, with facts that the check declares.

mod declared;
mod process;

use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Excerpt, FactKind, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::BoxFuture;
use process::{Limits, Order};
use serde_json::{Value, json};
use std::path::Path;

/// Memory that a program may take where the check does not say, in MiB.
const MEMORY_MIB: u64 = 512;

/// The exit status that says "try again later" (`EX_TEMPFAIL` of sysexits.h).
const TEMPORARY: i32 = 75;

/// Runs a program and reads facts from it.
///
/// The facts are not this probe's but the check's: the catalogue hands over the table
/// `[look.facts]` as the reserved parameter `declared`, a map from the name of a fact to its type
/// as text (`"int"`, `"list of text"`, `"text or null"`).
pub(super) struct Exec;

impl Probe for Exec {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Int, Json, Text};
        ProbeSpec {
            name: "exec",
            version: 1,
            summary: "Runs a program without a shell, in the application's root, with one JSON object on standard \
                input, and reads the facts that the check declares under [look.facts] as one JSON object from its \
                standard output. Exit status 0 means that the facts are complete, 75 that another attempt may help; \
                any other status, a missing, undeclared or wrongly typed fact, or more than 1 MiB of output is a \
                hindrance. The program's environment holds PATH, HOME, LANG, TMPDIR and the named secrets only. The \
                program and everything that it started in its process group end with the look.",
            level: Level::Live,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                ParameterSpec::required(
                    "program",
                    Text,
                    "an absolute path, a path relative to the application's root, or a name that is looked for on PATH",
                ),
                ParameterSpec::optional(
                    "args",
                    FactKind::list(Text),
                    "arguments; visible to everybody on the machine, so never secrets",
                ),
                ParameterSpec::optional(
                    "input",
                    Json,
                    "the object that the program reads as JSON from standard input; default {}",
                ),
                ParameterSpec::optional(
                    "secrets",
                    FactKind::list(Text),
                    "names of variables to hand to the program's environment",
                ),
                ParameterSpec::optional(
                    "memory_mib",
                    Int,
                    "memory that each of its processes may write to, in MiB, on Linux; default 512",
                ),
            ],
            facts: vec![],
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        // Known before the record's first line is written: a check's own words may hold one.
        for name in words(parameters, "secrets") {
            if let Some(variable) = context.environment.get(name) {
                context.secrets.register(name, &variable.value);
            }
        }
        let mut look = parameters.clone();
        if text(parameters, "program").is_empty() {
            return Err("program: name the program to run".into());
        }
        if !look.entry("input").or_insert_with(|| json!({})).is_object() {
            return Err("input: must be a table, because the program reads one JSON object".into());
        }
        look.entry("args").or_insert_with(|| json!([]));
        look.entry("secrets").or_insert_with(|| json!([]));
        let memory = look
            .entry("memory_mib")
            .or_insert_with(|| MEMORY_MIB.into());
        // What a variable is filled in with is text.
        let mib = memory.as_u64().or_else(|| memory.as_str()?.parse().ok());
        match mib.filter(|mib| (1..=1 << 20).contains(mib)) {
            Some(mib) => *memory = mib.into(),
            None => {
                return Err(format!(
                    "memory_mib: {memory} is not a whole number from 1 to 1048576"
                ));
            }
        }
        for key in ["args", "secrets"] {
            let is_word = |word: &Value| word.as_str().is_some_and(|word| !word.contains('\0'));
            if !look[key]
                .as_array()
                .is_some_and(|words| words.iter().all(is_word))
            {
                return Err(format!(
                    "{key}: must be a list of text without NUL characters"
                ));
            }
        }
        declared::parse(&look)?;
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let words: Vec<_> = std::iter::once(text(parameters, "program"))
            .chain(words(parameters, "args"))
            .collect();
        format!("exec {}", words.join(" "))
    }

    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move { run(parameters, context).await })
    }
}

async fn run(parameters: &Facts, context: &Context) -> Sighting {
    let order = match order(parameters, context) {
        Ok(order) => order,
        Err(hindrance) => return Sighting::hindered(hindrance),
    };
    if let Err(hindrance) = context.transport.admit_program(context.until).await {
        return Sighting::hindered(hindrance);
    }
    let ended = match process::run(order, context.until).await {
        Ok(ended) => ended,
        Err(hindrance) => return Sighting::hindered(hindrance),
    };
    let mut sighting = if ended.status.success() {
        match declared::parse(parameters).and_then(|facts| declared::read(&ended.output, &facts)) {
            Ok(facts) => Sighting::of(facts),
            Err(cause) => Sighting::hindered(Hindrance::new(HindranceKind::Program, cause)),
        }
    } else {
        let temporary = ended.status.code() == Some(TEMPORARY);
        let word = if temporary {
            "asks for another attempt"
        } else {
            "failed"
        };
        let cause = format!("{} {word}: {}", text(parameters, "program"), ended.status);
        Sighting {
            transient: temporary.then_some(Transient { retry_after: None }),
            ..Sighting::hindered(Hindrance::new(HindranceKind::Program, cause))
        }
    };
    if !ended.complaint.is_empty() {
        let text = String::from_utf8_lossy(&ended.complaint).into_owned();
        sighting.excerpts.push(Excerpt {
            name: "stderr".into(),
            text,
        });
    }
    sighting
}

/// What to start and with what, from the parameters and the variables that are set.
fn order(parameters: &Facts, context: &Context) -> Result<Order, Hindrance> {
    let mut environment = process::basic_environment(&context.environment);
    for name in words(parameters, "secrets") {
        let variable = context.environment.get(name).ok_or_else(|| {
            Hindrance::new(
                HindranceKind::Denied,
                format!("{name} is not set, and the program needs it"),
            )
        })?;
        context.secrets.register(name, &variable.value);
        environment.insert(name.into(), variable.value.clone());
    }
    let program = text(parameters, "program");
    // A bare name is looked for on PATH; join() leaves an absolute path as it is.
    let program = if Path::new(program).components().count() > 1 {
        context.root.join(program)
    } else {
        program.into()
    };
    let mut input = parameters
        .get("input")
        .map_or_else(|| "{}".into(), Value::to_string);
    input.push('\n');
    Ok(Order {
        program,
        arguments: words(parameters, "args").map(String::from).collect(),
        folder: context.root.clone(),
        environment,
        input: input.into_bytes(),
        limits: Limits::new(
            parameters
                .get("memory_mib")
                .and_then(Value::as_u64)
                .unwrap_or(MEMORY_MIB),
        ),
    })
}

fn text<'a>(parameters: &'a Facts, key: &str) -> &'a str {
    parameters
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn words<'a>(parameters: &'a Facts, key: &str) -> impl Iterator<Item = &'a str> {
    parameters
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
