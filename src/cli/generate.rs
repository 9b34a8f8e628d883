//! `holdpoint generate`: the pages and tables that documentation holds, from the same data as the program.

use super::exit::Exit;
use super::output::Output;
use super::{explain, list};
use crate::catalog::{Catalog, Nameable, shipped_gates, shipped_maps};
use crate::diagnostic::Diagnostic;
use crate::document::GENERATED;
use crate::model::{Criterion, DocumentMap, Gate, Proof, Ruling};
use crate::probe;
use std::collections::BTreeMap;

pub(super) fn generate(what: &str, output: &Output) -> Exit {
    let text = match what {
        "checks" => match Catalog::shipped() {
            Ok(catalog) => list::catalogue(&catalog),
            Err(problems) => return output.diagnose(&problems),
        },
        "exit-statuses" => exit_statuses(),
        "gates" => match gates() {
            Ok(gates) => table_of_gates(&gates),
            Err(problems) => return output.diagnose(&problems),
        },
        "documents" => documents(),
        "maps" => match Catalog::shipped().and_then(|catalog| shipped_maps(&catalog)) {
            Ok(maps) => table_of_maps(&maps),
            Err(problems) => return output.diagnose(&problems),
        },
        "variables" => match Catalog::shipped() {
            Ok(catalog) => variables(&catalog),
            Err(problems) => return output.diagnose(&problems),
        },
        _ => match what.strip_prefix("probe:").and_then(probe::spec) {
            Some(spec) => explain::probe_page(spec),
            None => {
                output.remark(
                    "error: generate checks, documents, exit-statuses, gates, maps, variables or probe:NAME",
                );
                return Exit::Usage;
            }
        },
    };
    output.print(&text);
    Exit::Go
}

/// The shipped maps: of each document, how many items are ruled how, and how many have checks.
fn table_of_maps(maps: &[DocumentMap]) -> String {
    let mut text = String::from(
        "| document | file | items | by probes | with a token | by people | without a check yet |\n|---|---|---:|---:|---:|---:|---:|\n",
    );
    for map in maps {
        let ruled = |ruling: Ruling| {
            let those = map.items.iter().filter(|item| item.ruling == ruling);
            those.count()
        };
        let bare = map.items.iter().filter(|item| {
            let asks = item.checks.is_empty() && item.all_of.is_empty();
            asks && item.ruling != Ruling::Attest
        });
        text += &format!(
            "| `{}` | `{}` | {} | {} | {} | {} | {} |\n",
            map.name,
            map.file,
            map.items.len(),
            ruled(Ruling::Auto),
            ruled(Ruling::Token),
            ruled(Ruling::Attest),
            bare.count()
        );
    }
    text
}

/// The gates that ship with holdpoint.
fn gates() -> Result<Vec<Gate>, Vec<Diagnostic>> {
    let catalog = Catalog::shipped()?;
    let documents: Vec<&str> = GENERATED.iter().map(|one| one.name).collect();
    shipped_gates(&Nameable {
        catalog: &catalog,
        suites: &BTreeMap::new(),
        maps: &shipped_maps(&catalog)?,
        documents: &documents,
    })
}

/// The shipped gates, for `checks/README.md`: whose each is, what comes before it, and what it asks for.
fn table_of_gates(gates: &[Gate]) -> String {
    let mut text = String::from(
        "| gate | owner | after | checks | document | besides |\n|---|---|---|---|---|---|\n",
    );
    for gate in gates {
        let listed = |names: &[String]| {
            let each = names.iter().map(|name| format!("`{name}`"));
            each.collect::<Vec<_>>().join(", ")
        };
        let checks = match (&gate.suite, gate.must_pass) {
            (Some(suite), Some(least)) => format!("`{suite}`, {least} ones"),
            (Some(suite), None) => format!("`{suite}`"),
            (None, _) => String::new(),
        };
        let criteria: Vec<String> = gate.criteria.iter().map(criterion).collect();
        text += &format!(
            "| `{}` | {} | {} | {checks} | {} | {} |\n",
            gate.name,
            gate.owner,
            listed(&gate.upstream),
            listed(&gate.documents),
            criteria.join("; "),
        );
    }
    text
}

/// What a criterion says, with how it is known.
fn criterion(one: &Criterion) -> String {
    match &one.proof {
        Proof::Expression(that) => format!("{} (`{that}`)", one.says),
        Proof::Attested(name) => format!("{} (attested as `{name}`)", one.says),
    }
}

/// The variables of holdpoint's own that shipped checks and probes read, each with its default and what it sets.
fn variables(catalog: &Catalog) -> String {
    let mut rows = BTreeMap::new();
    for look in catalog
        .checks()
        .iter()
        .filter_map(|check| check.look.as_ref())
    {
        let Some(spec) = probe::spec(&look.probe) else {
            continue;
        };
        for (parameter, value) in &look.parameters {
            let meaning = spec.parameters.iter().find(|one| one.name == parameter);
            let filled = value.as_str().and_then(|text| text.strip_prefix("${"));
            let (Some(name), Some(meaning)) = (filled, meaning) else {
                continue;
            };
            let (name, default) = name
                .trim_end_matches('}')
                .split_once(":-")
                .unwrap_or((name.trim_end_matches('}'), ""));
            rows.insert(name.to_owned(), (default.to_owned(), meaning.meaning));
        }
    }
    for parameter in probe::PROBES
        .iter()
        .flat_map(|probe| probe.spec().parameters)
    {
        for name in own_names(parameter.meaning) {
            let row = || (String::new(), parameter.meaning);
            rows.entry(name.to_owned()).or_insert_with(row);
        }
    }
    let lines =
        rows.iter()
            .filter(|(name, _)| name.starts_with(OWN))
            .map(|(name, (default, meaning))| {
                let default = match default.as_str() {
                    "" => String::new(),
                    default => format!("`{default}`"),
                };
                let meaning = meaning.replace('<', "&lt;");
                format!("| `{name}` | {default} | {meaning} |\n")
            });
    format!(
        "| variable | default | what it sets |\n|---|---|---|\n{}",
        lines.collect::<String>()
    )
}

const OWN: &str = "HOLDPOINT_";

/// The names of holdpoint's own variables in a text.
fn own_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| word.starts_with(OWN) && word.len() > OWN.len())
}

/// The documents that are written whole, for `reports/README.md`.
fn documents() -> String {
    let rows = GENERATED.iter().map(|one| {
        format!(
            "| `{}` | `{}` | {} | `{}` |\n",
            one.name, one.path, one.asks, one.template
        )
    });
    format!(
        "| document | usual file | what it answers | template |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn exit_statuses() -> String {
    let rows = Exit::ALL
        .iter()
        .map(|(exit, meaning)| format!("| {} | {meaning} |\n", exit.code()));
    format!(
        "| status | meaning |\n|---|---|\n{}",
        rows.collect::<String>()
    )
}
