//! The atlas probe: what the provider of the database says of access, backups, encryption and auditing.

mod access;
mod api;
mod declare;
mod read;

use super::transport::keeps_secrets;
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind, Variable};
use crate::probe::environment::mongodb_uri;
use crate::probe::ladder::Ladder;
use api::{Api, Unanswered};
use futures_util::future::BoxFuture;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

const BASE_URL: &str = "https://cloud.mongodb.com";
/// The parts of the fact `access_list`.
const ACCESS_LIST: &[&str] = &[
    "cause",
    "entries",
    "open",
    "wide",
    "public_ipv4",
    "unread",
    "expired",
];
/// What a look keeps of its time for the end.
const SPARE: Duration = Duration::from_millis(300);

/// Versions of the resources that are read (Atlas Administration API v2, each resource has its own).
mod version {
    pub(super) const GROUPS: &str = "2023-01-01";
    pub(super) const CLUSTERS: &str = "2024-08-05";
    pub(super) const FLEX: &str = "2024-11-13";
    pub(super) const ACCESS_LIST: &str = "2023-01-01";
    pub(super) const SCHEDULE: &str = "2024-08-05";
    pub(super) const SNAPSHOTS: &str = "2023-01-01";
    pub(super) const ENCRYPTION: &str = "2023-01-01";
    pub(super) const AUDIT: &str = "2023-01-01";
    pub(super) const USERS: &str = "2023-01-01";
}

/// Asks the Administration API of MongoDB Atlas.
pub(super) struct Atlas;

impl Probe for Atlas {
    fn spec(&self) -> ProbeSpec {
        declare::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = parameters.clone();
        look.entry("base_url").or_insert_with(|| BASE_URL.into());
        for (key, value) in &look {
            if value.as_str().is_none_or(str::is_empty) {
                return Err(format!("{key}: {value} is not a text"));
            }
        }
        base(&look)?;
        Ok(vec![look])
    }

    fn label(&self, _: &Facts, _: &Context) -> String {
        "the project at MongoDB Atlas".into()
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        Some(base(parameters).ok()?.origin().ascii_serialization())
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let id = named(parameters, context, "id_variable", "ATLAS_CLIENT_ID");
            let secret = named(
                parameters,
                context,
                "secret_variable",
                "ATLAS_CLIENT_SECRET",
            );
            let (Some(id), Some(secret)) = (id, secret) else {
                return Sighting::hindered(Hindrance::new(
                    HindranceKind::Absent,
                    "only a token of MongoDB Atlas decides this: set ATLAS_CLIENT_ID and ATLAS_CLIENT_SECRET of a service account with the role Project Read Only",
                ));
            };
            let mut look = Look {
                parameters,
                context,
                ladder: Ladder::new(declare::RUNGS),
                until: context.until - SPARE.min(context.timeout / 10),
                facts: unread(secret, context),
            };
            if let Err((rung, cause, seen)) = look.climb(id, secret).await {
                match seen {
                    Seen::False(remedy) => look.ladder.broke(rung, cause, remedy),
                    Seen::Open => look.ladder.untold(rung, cause),
                }
            }
            let Look {
                ladder, mut facts, ..
            } = look;
            facts["steps"] = ladder.into_fact();
            match facts {
                Value::Object(facts) => Sighting::of(facts),
                _ => Sighting::default(),
            }
        })
    }
}

/// Whether a rung was seen to be false, with the remedy, or stays open.
enum Seen {
    False(&'static str),
    Open,
}

type Stopped = (&'static str, String, Seen);

struct Look<'a> {
    parameters: &'a Facts,
    context: &'a Context,
    ladder: Ladder,
    until: Instant,
    facts: Value,
}

impl Look<'_> {
    async fn climb(&mut self, id: &Variable, secret: &Variable) -> Result<(), Stopped> {
        let open = |rung| move |fault: Unanswered| (rung, fault.cause, Seen::Open);
        let base = base(self.parameters).map_err(|cause| ("sign_in", cause, Seen::Open))?;
        let api = Api::sign_in(self.context, base, &id.value, &secret.value, self.until)
            .await
            .map_err(open("sign_in"))?;
        self.ladder.held("sign_in");

        let project = self.project(&api).await?;
        let group = format!("/groups/{project}");
        let list = format!("{group}/accessList");
        let entries = api.list(&list, version::ACCESS_LIST).await;
        self.facts["access_list"] = match &entries {
            Ok(entries) => {
                let list = access::read(entries, self.context.now);
                json!({
                    "cause": null, "entries": entries.len(), "open": list.open, "wide": list.wide,
                    "public_ipv4": list.public_ipv4, "unread": list.unread, "expired": list.expired,
                })
            }
            Err(fault) => {
                let mut nothing = nothing(ACCESS_LIST);
                nothing["cause"] = fault.cause.clone().into();
                nothing
            }
        };
        entries.map_err(open("project"))?;
        self.ladder.held("project");
        self.user(&api, &group).await;
        self.encryption(&api, &group).await;

        let cluster = self.cluster(&api, &group).await?;
        self.facts["cluster"] = read::cluster_facts(&cluster);
        self.ladder.held("cluster");
        // Clusters with shared servers have neither, and Atlas answers for them with errors.
        if self.facts["cluster"]["shared"] == json!(false) {
            let name = read::text(&cluster, "name").unwrap_or_default();
            self.backup(&api, &format!("{group}/clusters/{name}/backup"))
                .await;
            self.audit(&api, &group).await;
        }
        Ok(())
    }

    /// The project that is named, or the only one.
    async fn project(&self, api: &Api<'_>) -> Result<String, Stopped> {
        let variable = named(
            self.parameters,
            self.context,
            "project_variable",
            "ATLAS_PROJECT_ID",
        );
        if let Some(variable) = variable {
            let id = variable.value.trim();
            let well_formed = id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let cause = || {
                format!(
                    "{} is not the id of a project, which has 24 hexadecimal digits",
                    variable.name
                )
            };
            let remedy = "copy the project's id from its settings in Atlas";
            return if well_formed {
                Ok(id.to_owned())
            } else {
                Err(("project", cause(), Seen::False(remedy)))
            };
        }
        let projects = api.list("/groups", version::GROUPS).await;
        let projects = projects.map_err(|fault| ("project", fault.cause, Seen::Open))?;
        match projects.as_slice() {
            [project] => Ok(read::text(project, "id").unwrap_or_default().to_owned()),
            other => {
                let cause = format!(
                    "the service account may read {} projects, and ATLAS_PROJECT_ID does not say which is meant",
                    other.len()
                );
                Err(("project", cause, Seen::Open))
            }
        }
    }

    async fn cluster(&self, api: &Api<'_>, group: &str) -> Result<Value, Stopped> {
        let stopped = |fault: Unanswered| ("cluster", fault.cause, Seen::Open);
        let name = named(
            self.parameters,
            self.context,
            "cluster_variable",
            "ATLAS_CLUSTER",
        );
        let name = name.map(|variable| variable.value.as_str());
        let host = self.uri().and_then(|uri| uri.host().map(str::to_owned));
        let host = host.map(|host| host.split(':').next().unwrap_or_default().to_owned());
        if name.is_none() && host.is_none() {
            let cause = "neither a connection string nor ATLAS_CLUSTER says which cluster is meant";
            return Err(("cluster", cause.into(), Seen::Open));
        }
        let path = format!("{group}/clusters");
        let mut clusters = api.list(&path, version::CLUSTERS).await.map_err(stopped)?;
        if read::cluster(&clusters, host.as_deref(), name).is_none() {
            let path = format!("{group}/flexClusters");
            clusters.extend(api.list(&path, version::FLEX).await.map_err(stopped)?);
        }
        let found = read::cluster(&clusters, host.as_deref(), name).cloned();
        found.ok_or_else(|| {
            let names: Vec<_> = clusters
                .iter()
                .filter_map(|it| read::text(it, "name"))
                .collect();
            let cause = format!(
                "the project holds no such cluster; it holds {}",
                names.join(", ")
            );
            let remedy =
                "correct the host in the connection string, or ATLAS_PROJECT_ID and ATLAS_CLUSTER";
            ("cluster", cause, Seen::False(remedy))
        })
    }

    async fn backup(&mut self, api: &Api<'_>, path: &str) {
        let schedule = api
            .get(&format!("{path}/schedule"), version::SCHEDULE)
            .await;
        let snapshots = api
            .list(&format!("{path}/snapshots"), version::SNAPSHOTS)
            .await;
        let now = self.context.now;
        self.facts["backup"] = match (schedule, snapshots) {
            (Ok(schedule), Ok(snapshots)) => json!({
                "cause": null,
                "policy_items": read::policy_items(&schedule),
                "newest_age_hours": read::newest_snapshot(&snapshots, now),
            }),
            // Without backups there is no schedule.
            (
                Err(Unanswered {
                    status: Some(404), ..
                }),
                _,
            ) if self.facts["cluster"]["backup_enabled"] == json!(false) => {
                json!({ "cause": null, "policy_items": 0, "newest_age_hours": null })
            }
            (Err(fault), _) | (_, Err(fault)) => {
                json!({ "cause": fault.cause, "policy_items": null, "newest_age_hours": null })
            }
        };
    }

    async fn audit(&mut self, api: &Api<'_>, group: &str) {
        self.facts["audit"] = match api.get(&format!("{group}/auditLog"), version::AUDIT).await {
            Ok(answer) => json!({
                "cause": null,
                "enabled": read::flag(&answer, "enabled"),
                "filtered": read::text(&answer, "auditFilter").is_some_and(|filter| !filter.trim().is_empty()),
            }),
            Err(fault) => json!({ "cause": fault.cause, "enabled": null, "filtered": null }),
        };
    }

    async fn encryption(&mut self, api: &Api<'_>, group: &str) {
        let path = format!("{group}/encryptionAtRest");
        self.facts["encryption"] = match api.get(&path, version::ENCRYPTION).await {
            Ok(answer) => {
                let (on, invalid) = read::own_keys(&answer);
                json!({ "cause": null, "own_keys": on, "invalid": invalid })
            }
            Err(fault) => json!({ "cause": fault.cause, "own_keys": null, "invalid": null }),
        };
    }

    async fn user(&mut self, api: &Api<'_>, group: &str) {
        let unread = |cause: &str| json!({ "cause": cause, "roles": null, "broad": null });
        let variable = named(self.parameters, self.context, "variable", "MONGODB_URI");
        let name = variable.and_then(|variable| mongodb_uri::credentials(&variable.value));
        let Some((name, _)) = name else {
            self.facts["user"] = unread("the connection string names no user");
            return;
        };
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        let users = api
            .list(&format!("{group}/databaseUsers"), version::USERS)
            .await;
        self.facts["user"] = match users.map(|users| read::user(&users, &name)) {
            Ok(Some(user)) => {
                // What is too much stays so, whatever else cannot be told.
                let cause = (user.broad.is_empty() && !user.unread.is_empty()).then(|| {
                    format!(
                        "what roles of the project's own allow was not read: {}",
                        user.unread.join(", ")
                    )
                });
                json!({ "cause": cause, "roles": user.roles, "broad": user.broad })
            }
            Ok(None) => unread("the project lists no user of the connection string's name"),
            Err(fault) => unread(&fault.cause),
        };
    }

    fn uri(&self) -> Option<mongodb_uri::MongodbUri> {
        let variable = named(self.parameters, self.context, "variable", "MONGODB_URI")?;
        mongodb_uri::parse(&variable.value)
    }
}

/// Every fact as it is before anything was read.
fn unread(secret: &Variable, context: &Context) -> Value {
    json!({
        "steps": null,
        "variable": secret.name,
        "origin": secret.origin.to_string(),
        "length": secret.value.chars().count(),
        "fingerprint": context.secrets.fingerprint(&secret.value),
        "cluster": read::cluster_facts(&Value::Null),
        "access_list": nothing(ACCESS_LIST),
        "backup": nothing(&["cause", "policy_items", "newest_age_hours"]),
        "encryption": nothing(&["cause", "own_keys", "invalid"]),
        "audit": nothing(&["cause", "enabled", "filtered"]),
        "user": nothing(&["cause", "roles", "broad"]),
    })
}

/// A fact with these parts, of which nothing is known.
fn nothing(names: &[&str]) -> Value {
    let nulls = names.iter().map(|name| ((*name).to_owned(), Value::Null));
    Value::Object(nulls.collect())
}

/// The variable that a parameter names, or the usual one, where it is set to something.
fn named<'c>(
    parameters: &Facts,
    context: &'c Context,
    parameter: &str,
    usual: &str,
) -> Option<&'c Variable> {
    let name = parameters
        .get(parameter)
        .and_then(Value::as_str)
        .unwrap_or(usual);
    let variable = context.environment.get(name)?;
    (!variable.value.trim().is_empty()).then_some(variable)
}

fn base(parameters: &Facts) -> Result<Url, String> {
    let text = parameters
        .get("base_url")
        .and_then(Value::as_str)
        .unwrap_or(BASE_URL);
    let url =
        Url::parse(text).map_err(|error| format!("base_url: {text} is no address: {error}"))?;
    if keeps_secrets(&url) {
        Ok(url)
    } else {
        Err(format!(
            "base_url: {text} is neither an https address nor this machine"
        ))
    }
}
