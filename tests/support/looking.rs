//! One look of a probe from a test: its context, its parameters, its facts.

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Sighting, Wanted, find};
use holdpoint::secret::Book;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What a look of a probe is made from.
pub(crate) struct Looking {
    pub(crate) probe: &'static str,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) authority: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) root: std::path::PathBuf,
}

impl Looking {
    /// At something, with no variable set and a minute.
    pub(crate) fn at(probe: &'static str) -> Self {
        Self {
            probe,
            variables: Vec::new(),
            authority: None,
            timeout: Duration::from_secs(60),
            root: ".".into(),
        }
    }

    /// With variables set; a later one of the same name wins.
    pub(crate) fn with<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        for (name, value) in variables {
            let name = name.into();
            self.variables.retain(|(other, _)| *other != name);
            self.variables.push((name, value.into()));
        }
        self
    }

    /// With variables unset again.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.variables
            .retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Trusting an authority.
    pub(crate) fn trusting(mut self, pem: impl Into<String>) -> Self {
        self.authority = Some(pem.into());
        self
    }

    /// In this repository.
    pub(crate) fn below(mut self, root: impl Into<std::path::PathBuf>) -> Self {
        self.root = root.into();
        self
    }

    /// With this much time.
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn context(&self) -> Context {
        let variables = self.variables.iter().map(|(name, value)| Variable {
            name: name.clone(),
            value: value.clone(),
            raw: value.clone(),
            origin: VariableOrigin::Process,
            secret: holdpoint::secret::is_secret(name, value),
            shadowed: vec![],
        });
        Context {
            target: None,
            root: self.root.clone(),
            application: Arc::new(Application::default()),
            environment: Arc::new(Environment {
                variables: variables.collect(),
                ..Environment::default()
            }),
            secrets: Arc::new(Book::default()),
            transport: Arc::new(
                Transport::new(self.authority.as_deref()).expect("an authority of the test"),
            ),
            timeout: self.timeout,
            until: clock::tick() + self.timeout,
            now: clock::now().as_second(),
            run: "20260101T000000Z-abcdef".into(),
            scratch: Scratch::default(),
        }
    }

    /// Looks, and gives what was seen, with the secrets that were registered taken out.
    pub(crate) async fn look(&self, parameters: Value) -> Sighting {
        let context = self.context();
        let probe = find(self.probe).expect("a probe");
        let parameters = parameters.as_object().expect("an object").clone();
        let looks = probe
            .looks(&parameters, &context)
            .expect("parameters that the probe takes");
        let mut sighting = probe.look(&looks[0], &Wanted::default(), &context).await;
        let before = sighting.facts.clone();
        let mut facts = Value::Object(std::mem::take(&mut sighting.facts));
        context.secrets.redact_json(&mut facts);
        sighting.facts = facts.as_object().expect("an object").clone();
        assert_eq!(sighting.facts, before, "a secret stands in the facts");
        sighting
    }

    /// Looks, expects facts, and gives them.
    pub(crate) async fn facts(&self, parameters: Value) -> Facts {
        let sighting = self.look(parameters).await;
        assert_eq!(sighting.hindrance, None);
        sighting.facts
    }
}

/// Fails unless a rung has this outcome, and gives its cause.
pub(crate) fn rung(facts: &Facts, name: &str, ok: Option<bool>) -> String {
    let step = &facts["steps"][name];
    assert_eq!(step["ok"].as_bool(), ok, "{name}: {:#}", facts["steps"]);
    if ok == Some(false) {
        assert!(step["remedy"].is_string(), "{name} has no remedy");
    }
    step["cause"].as_str().unwrap_or_default().to_owned()
}
