//! `holdpoint plan`: what a run would look at, and where every setting comes from.

use super::args::RunArguments;
use super::exit::Exit;
use super::output::Output;
use super::prepare::{Environment, Prepared, Request, prepare, settings};
use crate::model::{Held, Verdict};

pub(super) fn plan(arguments: RunArguments, output: &Output, environment: &Environment) -> Exit {
    let request = Request::from(arguments);
    let prepared = settings(&request, environment)
        .map_err(Into::into)
        .and_then(|settings| prepare(settings, &request, environment));
    match prepared {
        Ok(prepared) => {
            output.warn(&prepared.settings.warnings);
            let baseline = prepared.baseline.as_ref();
            output.warn(baseline.map_or(&[], |(_, odd)| odd));
            output.print(&describe(&prepared));
            Exit::Go
        }
        Err(refusal) => refusal.tell(output),
    }
}

fn describe(prepared: &Prepared) -> String {
    let Prepared {
        settings,
        plan,
        waivers,
        baseline,
        ..
    } = prepared;
    let mut text = String::from("settings\n");
    let width = settings
        .sources
        .iter()
        .map(|choice| choice.what.chars().count())
        .max()
        .unwrap_or_default();
    for choice in &settings.sources {
        text.push_str(&format!(
            "  {:width$}  {}   from {}\n",
            choice.what, choice.value, choice.from
        ));
    }
    let (will, aside): (Vec<_>, Vec<_>) = plan
        .docket
        .cases
        .iter()
        .partition(|case| case.set_aside.is_none());
    text.push_str(&format!(
        "\n{} looks for {} checks\n",
        plan.looks.len(),
        will.len()
    ));
    let width = plan
        .looks
        .iter()
        .map(|look| look.name.len())
        .max()
        .unwrap_or_default();
    for look in &plan.looks {
        let users: Vec<_> = will
            .iter()
            .filter(|case| case.looks.contains(&look.id))
            .map(|case| case.check.id.as_str())
            .collect();
        let users = match users.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("{} checks", many.len()),
        };
        let most = match look.active {
            true => format!(
                ", {} requests at most",
                look.probe.budget(&look.parameters).requests
            ),
            false => String::new(),
        };
        text.push_str(&format!(
            "  {:width$}  {}   for {users}{most}\n",
            look.name, look.label
        ));
    }
    text.push_str("\nchecks\n");
    let width = plan
        .docket
        .cases
        .iter()
        .map(|case| case.check.id.as_str().len())
        .max()
        .unwrap_or_default();
    for case in will {
        let needs: Vec<_> = case
            .needs
            .iter()
            .map(|need| plan.docket.cases[*need].check.id.as_str())
            .collect();
        let after = if needs.is_empty() {
            String::new()
        } else {
            format!("   after {}", needs.join(", "))
        };
        text.push_str(&format!(
            "  {:width$}  {}{after}\n",
            case.check.id.as_str(),
            case.check.level
        ));
    }
    if !aside.is_empty() {
        text.push_str("\nset aside\n");
        for case in aside {
            let Some((verdict, reason)) = &case.set_aside else {
                continue;
            };
            text.push_str(&format!(
                "  {:width$}  {verdict}: {reason}\n",
                case.check.id.as_str()
            ));
        }
    }
    if !waivers.is_empty() {
        text.push_str("\nwaivers\n");
        for waiver in waivers {
            text.push_str(&format!(
                "  {:width$}  {} until {}: {}\n",
                waiver.check, waiver.owner, waiver.until, waiver.reason
            ));
        }
    }
    if let Some((baseline, _)) = baseline {
        let fails = |held: &&Held| held.verdict == Verdict::Fail;
        text.push_str(&format!(
            "\nbaseline\n  {}  {} checks, of which {} failed there and may fail as they do there\n",
            baseline.run,
            baseline.checks.len(),
            baseline.checks.values().filter(fails).count()
        ));
    }
    text.push_str("\nNothing was looked at. holdpoint run does it.\n");
    text
}
