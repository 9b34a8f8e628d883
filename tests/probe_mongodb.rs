//! The mongodb probe against the server of the sandbox, for what no real server can be made to do.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Wanted, find};
use holdpoint::sandbox::mongodb::{Fault, Mongodb, Setting};
use holdpoint::secret::Book;
use mongodb::bson::doc;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        name: name.into(),
        value: value.into(),
        raw: value.into(),
        origin: VariableOrigin::File {
            path: ".env.local".into(),
            line: 1,
        },
        secret: name.contains("URI"),
        shadowed: Vec::new(),
    }
}

/// What one look sees, in this much time.
async fn look_within(
    timeout: Duration,
    variables: &[(String, String)],
    parameters: Value,
    root: &std::path::Path,
) -> Facts {
    let secrets = Book::default();
    let mut environment = Environment::default();
    for (name, value) in variables {
        secrets.register(name, value);
        environment.variables.push(variable(name, value));
    }
    let context = Context {
        target: None,
        root: root.to_owned(),
        application: Arc::new(Application::default()),
        environment: Arc::new(environment),
        secrets: Arc::new(secrets),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: "20261125T120000-test".into(),
        scratch: holdpoint::probe::Scratch::default(),
    };
    let probe = find("mongodb").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    let sighting = probe.look(&looks[0], &Wanted::default(), &context).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

async fn look(variables: &[(String, String)], kind: &str) -> Facts {
    look_within(
        Duration::from_secs(25),
        variables,
        json!({ "look": kind }),
        std::path::Path::new("."),
    )
    .await
}

#[tokio::test]
async fn show() {
    for (faults, tls, kind) in [
        (vec![], false, "round-trip"),
        (vec![], true, "open"),
        (vec![Fault::NoPrimary], false, "reach"),
        (vec![Fault::RefusesAuthentication], false, "reach"),
        (vec![Fault::Hangs], false, "reach"),
        (vec![Fault::ClosesAtOnce], true, "reach"),
        (vec![Fault::QuotaReached], false, "round-trip"),
        (vec![Fault::WriteConcern(100)], false, "round-trip"),
        (vec![Fault::Forbids("connectionStatus")], false, "reach"),
    ] {
        let folder = TempDir::new().unwrap();
        let server = Mongodb::start_with(Setting {
            tls,
            faults: faults.clone(),
        })
        .await
        .unwrap();
        let file = folder.path().join("ca.pem");
        if let Some(pem) = server.authority_pem() {
            std::fs::write(&file, pem).unwrap();
        }
        let variables = server.variables(tls.then(|| file.to_str().unwrap()));
        let begun = clock::tick();
        let facts = look(&variables, kind).await;
        println!(
            "{faults:?} {tls} {kind} {:?}\n{}\n{:?}",
            begun.elapsed(),
            serde_json::to_string(&facts).unwrap(),
            server.log()
        );
        println!("{:?}", server.collections());
    }
    let _ = doc! {};
}
