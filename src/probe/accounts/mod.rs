//! The accounts probe: can somebody outside find out who has an account?

mod ask;
mod declare;
mod door;
mod shape;
mod timing;

use super::environment::sources;
use super::nextauth::{Forms, Site, base_path};
use super::{Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use ask::{Asking, Findings, Known};
use door::Found;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

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
            (
                "password".to_owned(),
                or("password", "HOLDPOINT_KNOWN_PASSWORD")?.into(),
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
            let guest = given("provider");
            let root = context.root.clone();
            let reading = tokio::task::spawn_blocking(move || {
                let files = sources(&root, &["email"]).into_iter();
                let reading = files.filter(|file| door::reads_email(&file.text));
                reading.map(|file| file.path).collect()
            });
            // Where they cannot be read, no route is asked.
            let reading = reading.await.unwrap_or_default();
            let found = door::find(&forms, guest, routes, &reading, until).await;
            found.map(|found| Some((forms, found)))
        }
        Ok(None) => Ok(None),
        Err(fault) => Err(fault),
    };
    let (forms, found) = match found {
        Ok(Some(found)) => found,
        Ok(None) => {
            let cause = "nothing lists NextAuth's providers (status 404)";
            return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
        }
        Err(fault) => {
            return Sighting {
                transient: fault.connecting.then_some(Transient { retry_after: None }),
                ..Sighting::hindered(fault.hindrance)
            };
        }
    };
    let Found {
        doors,
        mut unasked,
        left_alone,
    } = found;
    if doors.is_empty() && unasked.is_empty() {
        let cause = "nothing asks for an account: there is no sign-in by password or mail, and no route that sends a new password";
        return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
    }
    let value = |name: &str| {
        let variable = context.environment.get(given(name))?;
        let text = variable.value.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut findings = Findings::default();
    let mut asking = Asking::new(&forms, &root, context, until);
    // Thirty wrong passwords are not sent where nobody reads what they tell.
    let times = wanted.paths.is_empty() || wanted.below("time").next().is_some();
    let (known, unknown, password) = (value("known"), value("unknown"), value("password"));
    // A name without a domain is none of somebody's address, and may be a word of every report.
    for (name, account) in [("known", &known), ("unknown", &unknown)] {
        if let Some(account) = account.as_deref().filter(|one| one.contains('@')) {
            context.secrets.register(given(name), account);
        }
    }
    if let Some(password) = &password {
        context.secrets.register(given("password"), password);
    }
    match &known {
        None => findings.untold(&format!(
            "set {} to the name or address of an account that exists for tests; thirty wrong passwords are tried with it, which may lock it",
            given("known")
        )),
        Some(known) => {
            let named = Known {
                account: known,
                password: password.as_deref(),
                variable: given("password"),
            };
            for door in doors {
                if !door.sends() {
                    asking.by_password(&door, &named, times, &mut findings).await;
                } else if asking.mails > 0 {
                    unasked.push(format!("{}: mails were sent before", door.shown()));
                } else if let Some(unknown) = unknown.as_ref().filter(|one| *one != known) {
                    asking.by_mail(&door, known, unknown, &mut findings).await;
                } else {
                    findings.of_answer(&format!(
                        "{} sends mail: set {} to another address, one that has no account and takes mail",
                        door.shown(),
                        given("unknown")
                    ));
                }
            }
        }
    }
    // What was not asked may tell.
    for one in &unasked {
        findings.of_answer(one);
    }
    let left_alone = [unasked, left_alone].concat();
    let mails = asking.mails;
    let requests = asking.asked;
    let mut facts = findings.facts();
    facts.insert("left_alone".into(), json!(left_alone));
    facts.insert("mails".into(), json!(mails));
    facts.insert("requests".into(), json!(requests));
    Sighting::of(facts)
}
