//! The accounts probe: can somebody outside find out who has an account?

mod ask;
mod declare;
mod door;
mod shape;
mod timing;

use super::nextauth::{Forms, Site, base_path};
use super::{Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use ask::{Asking, Findings};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

/// Mails of one look.
const MAILS: u32 = 2;

/// Looks at what sign-in tells of accounts.
pub(super) struct Accounts;

impl Probe for Accounts {
    fn spec(&self) -> ProbeSpec {
        declare::spec()
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let given = |key: &str| match parameters.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(format!("{key}: {other} is not text")),
        };
        let base = given("base_path")?
            .unwrap_or_else(|| base_path(&context.application, &context.environment));
        if !base.starts_with('/') || base.contains(['?', '#']) {
            return Err(format!("base_path: '{base}' is no path such as /api/auth"));
        }
        let or = |key, default| Ok::<_, String>(given(key)?.unwrap_or(default));
        Ok(vec![Facts::from_iter([
            ("base_path".to_owned(), base.into()),
            ("provider".to_owned(), or("provider", "guest")?.into()),
            (
                "known".to_owned(),
                or("known", "HOLDPOINT_KNOWN_ACCOUNT")?.into(),
            ),
            (
                "unknown".to_owned(),
                or("unknown", "HOLDPOINT_UNKNOWN_ACCOUNT")?.into(),
            ),
        ])])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "accounts that exist and others".into()
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_ref()?;
        Some(target.url.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        wanted: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(look(parameters, wanted, context))
    }
}

async fn look(parameters: &Facts, wanted: &Wanted, context: &Context) -> Sighting {
    let given = |name: &str| {
        parameters
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let until = context.deadline();
    let sites = Site::of(context, given("base_path")).zip(Site::of(context, ""));
    let Some((site, root)) = sites else {
        let cause = "no target was given";
        return Sighting::hindered(Hindrance::new(HindranceKind::Internal, cause));
    };
    let found = match Forms::of(site, until).await {
        Ok(Some(forms)) => {
            let routes = &context.application.routes;
            let found = door::find(&forms, given("provider"), routes, until).await;
            found.map(|found| Some((forms, found)))
        }
        Ok(None) => Ok(None),
        Err(fault) => Err(fault),
    };
    let (forms, (doors, mut left_alone)) = match found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let cause = "nothing lists NextAuth's providers, or no CSRF token comes";
            return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
        }
        Err(fault) => {
            return Sighting {
                transient: fault.connecting.then_some(Transient { retry_after: None }),
                ..Sighting::hindered(fault.hindrance)
            };
        }
    };
    if doors.is_empty() {
        let cause = "nothing asks for an account: there is no sign-in by password or mail, and no route that sends a new password";
        return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
    }
    let value = |name: &str| {
        let variable = context.environment.get(given(name))?;
        let text = variable.value.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut findings = Findings::default();
    let mut mails = 0;
    let mut asking = Asking::new(&forms, &root, context, until);
    // Thirty wrong passwords are not sent where nobody reads what they tell.
    let times = wanted.paths.is_empty() || wanted.below("time").next().is_some();
    match value("known") {
        None => findings.untold(&format!(
            "set {} to the name or address of an account that exists for tests; thirty wrong passwords are tried with it, which may lock it",
            given("known")
        )),
        Some(known) => {
            for door in doors {
                if door.sends() {
                    if mails + 2 > MAILS {
                        left_alone.push(format!("{}: two mails were sent before", door.shown()));
                        continue;
                    }
                    let Some(unknown) = value("unknown").filter(|one| *one != known) else {
                        findings.of_answer(&format!(
                            "{} sends mail: set {} to another address, one that has no account and takes mail",
                            door.shown(),
                            given("unknown")
                        ));
                        continue;
                    };
                    mails += 2;
                    asking.by_mail(&door, &known, &unknown, &mut findings).await;
                } else {
                    asking.by_password(&door, &known, times, &mut findings).await;
                }
            }
        }
    }
    let requests = asking.asked;
    let mut facts = findings.facts();
    facts.insert("left_alone".into(), json!(left_alone));
    facts.insert("mails".into(), json!(mails));
    facts.insert("requests".into(), json!(requests));
    Sighting::of(facts)
}
