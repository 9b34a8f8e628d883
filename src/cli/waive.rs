//! `holdpoint waive`: writes down who accepts a failing check, why, and until when.

use super::append::{Added, Kept, Standing, add, last_day, line, quoted, today};
use super::args::WaiveArguments;
use super::exit::Exit;
use super::output::Output;
use super::prepare::{self, Environment};
use super::run::display;
use crate::catalog::parse_waivers;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::Waiver;
use crate::settings::Settings;

const HEADER: &str = "\
# Findings that somebody accepts: who, why, and until when (until is the last day, in UTC).
# A waived check still runs and still shows as failed; the decision is then go with waivers.
# holdpoint waive adds to it, and so may you.
";

pub(super) fn waive(
    arguments: &WaiveArguments,
    output: &Output,
    environment: &Environment,
) -> Exit {
    let (settings, new) = match wanted(arguments, environment) {
        Ok(wanted) => wanted,
        Err(problems) => return output.diagnose(&problems),
    };
    let name = display(&settings.waivers, &settings.root);
    let kept = Kept {
        root: &settings.root,
        path: &settings.waivers,
        name: &name,
        header: HEADER,
    };
    let Waiver { check, until, .. } = &new;
    let added = add(&kept, &table(&new), parse_waivers, |old| {
        standing(old, &new)
    });
    let text = match added {
        Ok(Added::Written(place)) => format!(
            "wrote {check} to {place}\n\
             next: commit {name}; holdpoint run {check} tells what the waiver does, until {until}\n"
        ),
        Ok(Added::Already(place)) => {
            format!("{check} is waived in the same words already ({place}); nothing was written\n")
        }
        Err(refusal) => return refusal.tell(output),
    };
    if output.tell(&text) {
        Exit::Go
    } else {
        Exit::Unwritten
    }
}

fn wanted(
    arguments: &WaiveArguments,
    environment: &Environment,
) -> Result<(Settings, Waiver), Vec<Diagnostic>> {
    let (settings, catalog) = prepare::catalog(&arguments.subject, environment)?;
    let mut problems = Vec::new();
    let mut text = |option, text| line(option, text, environment, &mut problems);
    let check = text("CHECK", &arguments.check);
    let owner = text("--owner", &arguments.owner);
    let reason = text("--reason", &arguments.reason);
    if problems.is_empty() && catalog.find(&check).is_none() {
        let ids = catalog.checks().iter().map(|check| check.id.as_str());
        let help = match nearest(&check, ids) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "a waiver is for one check, by its id; holdpoint list shows every check".into(),
        };
        problems.push(Diagnostic::new(format!("'{check}' is no check")).help(help));
    }
    last_day(arguments.until, today(), &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let waiver = Waiver {
        check,
        reason,
        owner,
        until: arguments.until,
        place: String::new(),
    };
    Ok((settings, waiver))
}

fn standing(old: &[Waiver], new: &Waiver) -> Standing {
    let today = today();
    let live = |one: &&Waiver| one.check == new.check && one.until >= today;
    let Some(old) = old.iter().rfind(live) else {
        return Standing::Free;
    };
    let same = Waiver {
        place: old.place.clone(),
        ..new.clone()
    };
    if *old == same {
        return Standing::Same(old.place.clone());
    }
    let Waiver {
        check,
        until,
        place,
        ..
    } = old;
    let message = format!("{check} is waived already, until {until} ({place})");
    let help =
        "edit that entry where it no longer says what was accepted, or take it out and say it anew";
    Standing::Other(Diagnostic::new(message).help(help))
}

fn table(one: &Waiver) -> String {
    format!(
        "[[waiver]]\ncheck  = {}\nreason = {}\nowner  = {}\nuntil  = {}\n",
        quoted(&one.check),
        quoted(&one.reason),
        quoted(&one.owner),
        one.until,
    )
}
