//! What expressions may say about the target, the application and the environment.

use crate::model::{Application, Environment, FactKind, FactSpec, Facts, Framework, Target};
use serde_json::{Value, json};

/// The declarations of `target`, `app` and `env`.
pub fn subject_facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Text};
    vec![
        FactSpec::new(
            "target",
            FactKind::Object(vec![
                FactSpec::new(
                    "url",
                    Text,
                    "the base address; empty where no target is given",
                ),
                FactSpec::new("scheme", Text, "https or http"),
                FactSpec::new("host", Text, "the host name or address"),
                FactSpec::new("port", Int, "the port"),
                FactSpec::new("environment", Text, "the name of the environment"),
                FactSpec::new("owned", Bool, "the user has said that the target is theirs"),
                FactSpec::new("loopback", Bool, "the target is this machine"),
                FactSpec::new("has_plain_url", Bool, "an address over plain HTTP is known"),
            ]),
            "the running application",
        ),
        FactSpec::new(
            "app",
            FactKind::Object(vec![
                FactSpec::new(
                    "name",
                    Text,
                    "the name in package.json; empty where there is none",
                ),
                FactSpec::new("framework", Text, "next, or empty"),
                FactSpec::new(
                    "dependencies",
                    FactKind::map(Text),
                    "direct dependencies with their ranges",
                ),
                FactSpec::new("has_api", Bool, "at least one API route was found"),
                FactSpec::new("routes", FactKind::list(Text), "the paths of its routes"),
                FactSpec::new("lockfile", Text, "the lockfile's name, or empty"),
            ]),
            "the application's repository",
        ),
        FactSpec::new(
            "env",
            FactKind::Object(vec![FactSpec::new(
                "set",
                FactKind::list(Text),
                "names that are set",
            )]),
            "the environment",
        ),
    ]
}

/// The values of `target`, `app` and `env`.
pub fn subject(
    target: Option<&Target>,
    application: &Application,
    environment: &Environment,
) -> Facts {
    let mut facts = Facts::new();
    facts.insert("target".into(), target.map_or_else(no_target, target_facts));
    facts.insert(
        "app".into(),
        json!({
            "name": application.name.as_deref().unwrap_or_default(),
            "framework": match application.framework { Some(Framework::Next) => "next", None => "" },
            "dependencies": application.dependencies,
            "has_api": application.routes.iter().any(|route| route.api),
            "routes": application.routes.iter().map(|route| &route.path).collect::<Vec<_>>(),
            "lockfile": application.lockfile.as_deref().unwrap_or_default(),
        }),
    );
    let set: Vec<_> = environment
        .variables
        .iter()
        .map(|variable| &variable.name)
        .collect();
    facts.insert("env".into(), json!({ "set": set }));
    facts
}

fn target_facts(target: &Target) -> Value {
    json!({
        "url": target.url.as_str(),
        "scheme": target.url.scheme(),
        "host": target.url.host_str().unwrap_or_default(),
        "port": target.url.port_or_known_default().unwrap_or_default(),
        "environment": target.environment,
        "owned": target.owned,
        "loopback": target.is_loopback(),
        "has_plain_url": target.plain_url.is_some(),
    })
}

fn no_target() -> Value {
    json!({
        "url": "", "scheme": "", "host": "", "port": 0, "environment": "", "owned": false,
        "loopback": false, "has_plain_url": false,
    })
}
