//! Tests of what the limits probe may be asked.

use super::*;
use crate::model::{Application, Environment, PathClasses, RateLimit, Target};
use crate::probe::Scratch;
use crate::probe::transport::Transport;
use std::sync::Arc;
use std::time::Duration;

fn target() -> Target {
    Target {
        url: "http://127.0.0.1:1".parse().unwrap(),
        environment: "development".into(),
        owned: true,
        plain_url: None,
        authority_pem: None,
        headers: Vec::new(),
        paths: PathClasses::default(),
    }
}

fn context(limits: &[&str]) -> Context {
    let timeout = Duration::from_secs(5);
    let limit = |path: &&str| RateLimit {
        path: (*path).into(),
        requests: 10,
        window: Duration::from_secs(10),
    };
    Context {
        target: Some(Arc::new(target())),
        root: ".".into(),
        application: Arc::new(Application {
            rate_limits: limits.iter().map(limit).collect(),
            ..Application::default()
        }),
        environment: Arc::new(Environment::default()),
        secrets: Arc::default(),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: 0,
        run: String::new(),
        scratch: Scratch::default(),
    }
}

fn looks(look: &str, limits: &[&str]) -> Vec<Facts> {
    let parameters = Facts::from_iter([("look".to_owned(), look.into())]);
    Limits.looks(&parameters, &context(limits)).unwrap()
}

#[test]
fn each_configured_path_is_a_look_of_its_own() {
    let each = looks("claim", &["/api/tasks", "/api/habits"]);
    assert_eq!(each.len(), 2);
    assert_eq!(each[0]["path"], "/api/tasks");
    assert_eq!(
        (&each[0]["limit"], &each[0]["window"]),
        (&10.into(), &10.0.into())
    );
    assert_eq!(looks("announced", &[])[0]["path"], "/api");
    assert!(looks("claim", &[])[0].get("path").is_none());
}

#[tokio::test]
async fn without_a_limit_it_says_how_to_configure_one() {
    let context = context(&[]);
    let parameters = &looks("claim", &[])[0];
    let sighting = Limits.look(parameters, &Wanted::default(), &context).await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Absent);
    assert!(hindrance.cause.contains("[rate_limits]"));
}
