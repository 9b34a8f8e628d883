//! `holdpoint explain`: everything that is known about a check, a probe, or what a record holds, offline.

use super::args::ExplainArguments;
use super::exit::Exit;
use super::output::Output;
use super::prepare;
use super::{records, trace};
use crate::diagnostic::nearest;
use crate::document::escape::visible;
use crate::model::{Check, FactKind, FactSpec, Facts, Level, Origin};
use crate::probe::{self, Budget, ProbeSpec};

pub(super) fn explain(
    arguments: &ExplainArguments,
    output: &Output,
    environment: &prepare::Environment,
) -> Exit {
    let request = prepare::Request {
        subject: arguments.subject.clone(),
        ..prepare::Request::default()
    };
    // What a record holds it explains by itself, whatever became of the checks since.
    let of_record = prepare::settings(&request, environment).and_then(|settings| {
        let meant = trace::meant(&arguments.id, &settings);
        meant
            .map(|meant| trace::explain(&meant, &settings, output))
            .transpose()
    });
    match of_record {
        Ok(None) => {}
        Ok(Some(exit)) => return exit,
        Err(problems) => return output.diagnose(&problems),
    }
    let (settings, catalog) = match prepare::catalog(&arguments.subject, environment) {
        Ok(both) => both,
        Err(problems) => return output.diagnose(&problems),
    };
    if let Some(check) = catalog.whole(&arguments.id) {
        let source = catalog
            .source(&arguments.id)
            .map(|source| source.text.to_string())
            .unwrap_or_default();
        let seen = trace::last_seen(&arguments.id, &settings, output);
        output.print(&(check_page(&check, &source) + &seen.unwrap_or_default()));
        return Exit::Go;
    }
    if let Some(spec) = probe::spec(&arguments.id) {
        output.print(&probe_page(spec));
        return Exit::Go;
    }
    let ids = catalog.checks().iter().map(|check| check.id.as_str());
    let names = ids.chain(probe::PROBES.iter().map(|probe| probe.spec().name));
    let near = nearest(&arguments.id, names).map(|near| format!("did you mean '{near}'? "));
    output.remark(&format!(
        "error: there is no check, probe or record '{}'",
        visible(&arguments.id)
    ));
    output.remark(&format!(
        "help: {}holdpoint list shows every check; of a record, {}",
        near.unwrap_or_default(),
        records::NAMES
    ));
    Exit::Usage
}

fn check_page(check: &Check, source: &str) -> String {
    let mut page = format!(
        "{}\n  holdpoint verifies that {}\n\n",
        check.id, check.title
    );
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            page.push_str(&format!("  {name:<12} {value}\n"));
        }
    };
    row("why", check.why.clone());
    row("severity", check.severity.to_string());
    row("level", check.level.to_string());
    row("suites", check.suites.join(", "));
    row("tags", check.tags.join(", "));
    row(
        "needs",
        check
            .needs
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    );
    row(
        "applies when",
        check.applies_when.clone().unwrap_or_default(),
    );
    row(
        "fails on",
        check
            .fails_on
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    );
    row("defined", check.place.to_string());
    row(
        "whose",
        match check.origin {
            Origin::Shipped => "shipped with holdpoint".into(),
            Origin::User => "yours".into(),
            Origin::Override => "yours, in place of the shipped one".into(),
        },
    );
    if let Some(look) = &check.look {
        page.push_str(&format!(
            "\nlooks with the {} probe (holdpoint explain {})\n",
            look.probe, look.probe
        ));
        for (name, value) in &look.parameters {
            page.push_str(&format!("  {name} = {value}\n"));
        }
    }
    page.push_str("\nexpects\n");
    for expectation in &check.expect {
        let when = expectation
            .when
            .as_ref()
            .map(|when| format!("   when {when}"))
            .unwrap_or_default();
        page.push_str(&format!(
            "  {}{when}\n    otherwise: {}\n",
            expectation.that, expectation.otherwise
        ));
    }
    if !check.remedy.text.is_empty() {
        page.push_str(&format!(
            "\nto mend it\n  {}\n",
            check.remedy.text.trim().replace('\n', "\n  ")
        ));
    }
    page.push_str(&format!(
        "\nto prove the mend\n  holdpoint run {}\n",
        check.id
    ));
    if let Some(one) = &check.contradiction {
        page.push_str(&format!(
            "\nwhere a document says something else\n  {} says: {}\n  true is: {}\n  source:  {}\n",
            one.document, one.says, one.truth, one.source
        ));
    }
    if !check.references.is_empty() {
        page.push_str(&format!(
            "\nreferences\n  {}\n",
            check.references.join("\n  ")
        ));
    }
    if !check.examples.is_empty() {
        page.push_str("\nexamples\n");
        for example in &check.examples {
            page.push_str(&format!(
                "  {:<14} {}\n",
                example.verdict.word(),
                example.name
            ));
        }
    }
    if check.origin == Origin::Shipped {
        page.push_str(&format!(
            "\nthe file, {} lines, is a model for your own: {}\n",
            source.lines().count(),
            check.place.file
        ));
    }
    page
}

/// The reference page of a probe, as Markdown that reads well in a terminal too.
pub(super) fn probe_page(spec: &ProbeSpec) -> String {
    let mut page = format!("# The {} probe\n\n{}\n\n", spec.name, spec.summary);
    page.push_str(&format!(
        "Level: {}. {}{}Version of its facts: {}.\n",
        spec.level,
        if spec.needs_target {
            "Looks at the target. "
        } else {
            ""
        },
        if spec.exclusive {
            "Has its origin to itself. "
        } else {
            ""
        },
        spec.version
    ));
    if let Some(budget) = active_budget(spec) {
        let pace = match budget.bursts {
            true => "as fast as they are answered",
            false => "ten a second to another machine",
        };
        page.push_str(&format!(
            "\nAn active look sends {} requests over HTTP at most, {pace}, and none after three server errors in a row.\n",
            budget.requests
        ));
    }
    page.push_str("\n## Parameters\n\n| name | type | meaning |\n|---|---|---|\n");
    for parameter in &spec.parameters {
        let required = if parameter.required { ", required" } else { "" };
        let choices = if parameter.choices.is_empty() {
            String::new()
        } else {
            format!(" One of: {}.", parameter.choices.join(", "))
        };
        let meaning = cell(&format!("{}{choices}", parameter.meaning));
        page.push_str(&format!(
            "| `{}` | {}{required} | {meaning} |\n",
            parameter.name,
            parameter.kind.describe()
        ));
    }
    page.push_str("| `timeout` | duration | the time allowed for one look, such as `\"5s\"`; default: that of the run |\n");
    page.push_str("\n## Facts\n\n| fact | type | meaning |\n|---|---|---|\n");
    facts(&mut page, &spec.facts, "");
    if spec.facts.is_empty() {
        page.push_str("| as declared under `[look.facts]` of the check | | |\n");
    }
    page
}

/// What an active look of the probe may send, where it has such looks over HTTP.
fn active_budget(spec: &ProbeSpec) -> Option<Budget> {
    let probe = probe::find(spec.name)?;
    let looks = spec.parameters.iter().filter(|one| one.name == "look");
    let words = looks.flat_map(|one| one.choices);
    let active = words.map(|word| Facts::from_iter([("look".to_owned(), (*word).into())]));
    active
        .chain([Facts::new()])
        .filter(|look| probe.level(look) == Level::Active)
        .map(|look| probe.budget(&look))
        .max_by_key(|budget| budget.requests)
}

fn facts(page: &mut String, specs: &[FactSpec], before: &str) {
    for spec in specs {
        let name = format!("{before}{}", spec.name);
        page.push_str(&format!(
            "| `{name}` | {} | {} |\n",
            spec.kind.describe(),
            cell(&spec.meaning)
        ));
        inner(page, &spec.kind, &name);
    }
}

fn inner(page: &mut String, kind: &FactKind, name: &str) {
    match kind {
        FactKind::Object(fields) => facts(page, fields, &format!("{name}.")),
        FactKind::List(kind) => inner(page, kind, &format!("{name}[]")),
        FactKind::Map(kind) => inner(page, kind, &format!("{name}[…]")),
        FactKind::Optional(kind) => inner(page, kind, name),
        _ => {}
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
