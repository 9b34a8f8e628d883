//! Asks the host step by step: the project, its variables, its deployments.

use super::api::{self, Api};
use super::compare::{Comparison, admits};
use super::declared::RUNGS;
use super::host::{Deployment, Entry, Project, Target};
use super::subject::Subject;
use crate::clock;
use crate::model::{Facts, Hindrance};
use crate::probe::Context;
use crate::probe::environment::{HostLink, Missing, Needs, needs};
use crate::probe::ladder::Ladder;
use crate::secret::is_secret;
use futures_util::future::join_all;
use reqwest::Request;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(10);
/// What is kept of the look's time to tell its outcome.
const RESERVE: Duration = Duration::from_millis(300);
/// Pages of the list of variables.
const PAGES: usize = 20;
/// Values that are read one by one, and how many at a time.
const VALUES: usize = 120;
const AT_ONCE: usize = 4;

const NO_LIST: &str = "the answer is no whole list of variables; production's are hidden from tokens of members without the role for them";

/// Looks, and gives every fact.
pub(super) async fn look(subject: Subject<'_>, context: &Context) -> Result<Facts, Hindrance> {
    let needs = needs(context).await?;
    let mut climb = Climb {
        api: subject.api,
        context,
        ladder: Ladder::new(RUNGS),
    };
    let (mut project, mut entries, mut deployments) = (None, None, None);
    let mut team_read = None;
    if let Some(found) = climb.project().await {
        entries = climb.entries().await;
        if let (Some(entries), true) = (&mut entries, climb.api.team.is_some()) {
            let shared = climb.shared(&found).await;
            team_read = Some(shared.is_some());
            entries.extend(shared.unwrap_or_default());
        }
        // What the project's variables are does not decide whether it is deployed; the ladder only
        // says that a step was not told before.
        deployments = climb.deployments(&found).await;
        project = Some(found);
    }
    let token = &subject.token.variable;
    let mut facts = json!({
        "steps": climb.ladder.into_fact(),
        "address": climb.api.base.as_str(),
        "variable": token.name,
        "origin": subject.token.origin,
        "length": token.value.chars().count(),
        "fingerprint": context.secrets.fingerprint(&token.value),
        "needed": needs.count(),
        "scanned_files": needs.scanned,
        "unparsed": needs.unparsed,
        "team_variables_read": team_read,
    });
    let serving = serving(project.as_ref(), deployments.as_deref());
    for part in [
        of_entries(entries.as_deref(), serving.as_ref(), &needs, context),
        of_project(project.as_ref(), &subject.link),
        of_deployments(deployments.as_deref(), serving.as_ref()),
    ] {
        if let (Value::Object(all), Value::Object(part)) = (&mut facts, part) {
            all.extend(part);
        }
    }
    Ok(facts.as_object().cloned().unwrap_or_default())
}

struct Climb<'c> {
    api: Api,
    context: &'c Context,
    ladder: Ladder,
}

/// Why there is no answer, and whether that proves that the project is not there.
type Refused = (bool, String);

impl Climb<'_> {
    async fn ask(&self, request: Result<Request, String>, doing: &str) -> Result<Value, Refused> {
        let request = request.map_err(|cause| (false, cause))?;
        let answer = self.context.transport.fetch(request, self.until()).await;
        let answer = answer.map_err(|fault| {
            let host = self.api.base.host_str().unwrap_or_default();
            (
                false,
                format!("{doing}: no answer from {host}: {}", fault.hindrance.cause),
            )
        })?;
        let json = answer.json();
        match json {
            Some(json) if answer.status == 200 => Ok(json),
            json => Err(api::refusal(answer.status, json.as_ref(), doing)),
        }
    }

    fn until(&self) -> Instant {
        let whole = self.context.until;
        let whole = whole.checked_sub(RESERVE).unwrap_or(whole);
        whole.min(clock::tick() + LIMIT)
    }

    async fn project(&mut self) -> Option<Project> {
        let answer = self.ask(self.api.project(), "the project").await;
        let found = answer.and_then(|json| {
            api::project(&json).ok_or_else(|| (false, "the answer describes no project".into()))
        });
        match found {
            Ok(project) => {
                self.ladder.held("project");
                Some(project)
            }
            Err((true, cause)) => {
                self.ladder.broke(
                    "project",
                    cause,
                    "correct VERCEL_PROJECT_ID and VERCEL_TEAM_ID, or run `vercel link` and keep its .vercel/project.json here; a token with the scope of another team sees nothing",
                );
                None
            }
            Err((false, cause)) => {
                self.ladder.untold("project", cause);
                None
            }
        }
    }

    /// Every entry, with the values that the host gives out.
    async fn entries(&mut self) -> Option<Vec<Entry>> {
        let mut all: Vec<Entry> = Vec::new();
        let mut until = None;
        for _ in 0..PAGES {
            let answer = self
                .ask(self.api.entries(until), "the list of variables")
                .await;
            let page =
                answer.and_then(|json| api::entries(&json).ok_or_else(|| (false, NO_LIST.into())));
            let (entries, next) = match page {
                Ok(page) => page,
                Err((_, cause)) => {
                    self.ladder.untold("variables", cause);
                    return None;
                }
            };
            let before = all.len();
            for entry in entries {
                if all.iter().all(|one| one.id != entry.id) {
                    all.push(entry);
                }
            }
            let Some(next) = next else {
                self.read_values(&mut all).await;
                self.ladder.held("variables");
                return Some(all);
            };
            if all.len() == before {
                break;
            }
            // Pages end at a moment, and several entries may have been made in it: the next page
            // begins with that moment, so that none is left out.
            until = Some(next.saturating_add(1));
        }
        self.ladder.untold(
            "variables",
            "the list of variables cannot be read to its end",
        );
        None
    }

    /// What the team shares with the project; none where it cannot be read.
    async fn shared(&self, project: &Project) -> Option<Vec<Entry>> {
        let answer = self
            .ask(
                self.api.shared(&project.id),
                "the variables that the team shares",
            )
            .await;
        let shared = api::shared(&answer.ok()?)?;
        shared.iter().for_each(|entry| self.keep_secret(entry));
        Some(shared)
    }

    /// Reads the values of encrypted entries. Those that are refused stay unknown.
    async fn read_values(&self, entries: &mut [Entry]) {
        for entry in entries.iter() {
            self.keep_secret(entry);
        }
        let mut open: Vec<&mut Entry> = entries
            .iter_mut()
            .filter(|entry| entry.value.is_none() && entry.kind != "sensitive")
            .take(VALUES)
            .collect();
        for group in open.chunks_mut(AT_ONCE) {
            let answers = join_all(group.iter().map(|entry| {
                let request = self.api.entry(&entry.id);
                self.ask(request, "the value of a variable")
            }))
            .await;
            for (entry, answer) in group.iter_mut().zip(answers) {
                let read = answer.ok().and_then(|json| {
                    let decrypted = json.get("decrypted") == Some(&Value::Bool(true));
                    json.get("value")
                        .and_then(Value::as_str)
                        .filter(|_| decrypted)
                        .map(str::to_owned)
                });
                entry.value = read;
                self.keep_secret(entry);
            }
        }
    }

    fn keep_secret(&self, entry: &Entry) {
        if let Some(value) = &entry.value
            && is_secret(&entry.name, value)
        {
            self.context.secrets.register(&entry.name, value);
        }
    }

    async fn deployments(&mut self, project: &Project) -> Option<Vec<Deployment>> {
        let answer = self
            .ask(self.api.deployments(&project.id), "the deployments")
            .await;
        let list = answer.and_then(|json| {
            api::deployments(&json)
                .ok_or_else(|| (false, "the answer is no list of deployments".into()))
        });
        match list {
            Ok(list) => {
                self.ladder.held("deployment");
                Some(list)
            }
            Err((_, cause)) => {
                self.ladder.untold("deployment", cause);
                None
            }
        }
    }
}

/// What serves production: what the project says, else the latest deployment that became ready.
fn serving(project: Option<&Project>, deployments: Option<&[Deployment]>) -> Option<Deployment> {
    let said = project.and_then(|project| project.serving.clone());
    said.or_else(|| {
        let ready = deployments?.iter().find(|one| one.state == "READY");
        ready.cloned()
    })
}

fn of_entries(
    entries: Option<&[Entry]>,
    serving: Option<&Deployment>,
    needs: &Needs,
    context: &Context,
) -> Value {
    const EACH: [&str; 13] = [
        "variables",
        "missing",
        "add",
        "node_env_set",
        "shared_databases",
        "unknown_databases",
        "shared_secrets",
        "unknown_secrets",
        "plain_secrets",
        "unread",
        "differing",
        "stale",
        "app_address",
    ];
    let Some(entries) = entries else {
        let none = EACH.map(|name| (name.to_owned(), Value::Null));
        return Value::Object(none.into_iter().collect());
    };
    let fingerprint = |value: &str| context.secrets.fingerprint(value);
    let comparison = Comparison {
        entries,
        needs,
        environment: &context.environment,
        fingerprint: &fingerprint,
    };
    let each = |of: &dyn Fn(Target) -> Value| -> Map<String, Value> {
        let all = Target::ALL.into_iter();
        all.map(|target| (target.word().to_owned(), of(target)))
            .collect()
    };
    let missing = |target| -> Value {
        let told = comparison.missing(target).into_iter().map(|one: Missing| {
            json!({ "name": one.name, "places": one.places, "alternatives": one.alternatives })
        });
        told.collect()
    };
    let add = |target: Target| -> Value {
        let commands = comparison.missing(target).into_iter();
        commands
            .map(|one| format!("vercel env add {} {}", one.name, target.word()))
            .collect()
    };
    let (shared, unknown) = comparison.databases();
    json!({
        "variables": comparison.variables(),
        "missing": each(&missing),
        "add": each(&add),
        "node_env_set": comparison.node_env(),
        "shared_databases": shared,
        "unknown_databases": unknown,
        "shared_secrets": comparison.shared_secrets(),
        "unknown_secrets": comparison.unknown_secrets(),
        "plain_secrets": comparison.plain(),
        "unread": comparison.unread(),
        "differing": comparison.differing(),
        "stale": serving.map(|serving| comparison.stale(serving)),
        "app_address": comparison.app_address(),
    })
}

fn of_project(project: Option<&Project>, link: &HostLink) -> Value {
    let node = project.and_then(|project| project.node_version.as_deref());
    let major = node.and_then(|node| node.split('.').next()?.parse().ok());
    json!({
        "project": project.map(|project| json!({
            "name": project.name,
            "framework": project.framework,
            "root_directory": project.root_directory,
            "build_command": project.build_command,
            "install_command": project.install_command,
            "output_directory": project.output_directory,
            "node_version": project.node_version,
            "repository": project.repository,
            "production_branch": project.production_branch,
        })),
        "engines": link.node,
        "remote": link.remote,
        "next": link.next,
        "node_admitted": link.node.as_deref().zip(major).and_then(|(range, major)| admits(range, major)),
    })
}

fn of_deployments(deployments: Option<&[Deployment]>, serving: Option<&Deployment>) -> Value {
    // What was cancelled, as builds that are not needed are, never was to be served.
    let latest = deployments.and_then(|all| {
        let mut wanted = all.iter().filter(|one| one.state != "CANCELED");
        wanted.next().or_else(|| all.first())
    });
    json!({
        "deployment": latest.map(|latest| json!({
            "state": latest.state,
            "created": latest.created_ms / 1000,
            "url": latest.url,
            "commit": latest.commit,
            "serving": serving.map(|serving| serving.id == latest.id),
        })),
        "serving_created": serving.map(|serving| serving.created_ms / 1000),
    })
}
