//! Tests of the turns that looks take at an origin: exclusive ones, ordinary ones, and the limits around them.

use super::*;
use crate::catalog::parse_check;
use crate::diagnostic::Source;
use crate::engine::{Case, Docket, LookTask, PlanInput};
use crate::evidence::SCHEMA;
use crate::judge::Rules;
use crate::model::{Facts, Level, Origin, Verdict};
use crate::probe::transport::Transport;
use crate::probe::{Context, Probe, ProbeSpec, Scratch, Sighting, Wanted};
use crate::secret::Book;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A probe that notes who is at an origin while it looks.
#[derive(Default)]
struct Visit(watch::Sender<Visits>);

#[derive(Debug, Default, Clone)]
struct Visits {
    /// The looks at each origin now; true for an exclusive one.
    there: BTreeMap<String, Vec<bool>>,
    /// The origin of each look that came to its end.
    ended: Vec<String>,
    /// The most looks that were at one origin at once.
    most: usize,
    /// How often somebody came in while an exclusive look was there, or the other way round.
    clashes: usize,
}

impl Visits {
    fn enter(&mut self, origin: &str, exclusive: bool) {
        let there = self.there.entry(origin.to_owned()).or_default();
        there.push(exclusive);
        self.most = self.most.max(there.len());
        if there.len() > 1 && there.contains(&true) {
            self.clashes += 1;
        }
    }

    fn leave(&mut self, origin: &str, exclusive: bool) {
        let there = self.there.entry(origin.to_owned()).or_default();
        if let Some(place) = there.iter().position(|one| *one == exclusive) {
            there.remove(place);
        }
        self.ended.push(origin.to_owned());
    }
}

impl Probe for Visit {
    fn spec(&self) -> ProbeSpec {
        unreachable!("the test makes the tasks itself")
    }
    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        Ok(vec![parameters.clone()])
    }
    fn label(&self, _: &Facts, _: &Context) -> String {
        String::new()
    }
    fn origin(&self, _: &Facts, _: &Context) -> Option<String> {
        None
    }
    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        _: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        let of = |key: &str| parameters.get(key).and_then(Value::as_str);
        let (origin, until) = (of("origin").unwrap(), of("until"));
        let exclusive = parameters["exclusive"] == true;
        let company = parameters.contains_key("company");
        Box::pin(async move {
            self.0.send_modify(|visits| visits.enter(origin, exclusive));
            // Whoever is let in meanwhile comes in now.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            let mut news = self.0.subscribe();
            if company {
                news.wait_for(|visits| visits.most >= 2).await.unwrap();
            }
            if let Some(other) = until {
                let ended = |visits: &Visits| visits.ended.iter().any(|one| one == other);
                news.wait_for(ended).await.unwrap();
            }
            self.0.send_modify(|visits| visits.leave(origin, exclusive));
            assert!(!parameters.contains_key("panics"), "as the test asked");
            Sighting::of(Facts::new())
        })
    }
}

fn ordinary(origin: &str) -> Facts {
    look(json!({ "origin": origin, "exclusive": false }))
}

fn exclusive(origin: &str) -> Facts {
    look(json!({ "origin": origin, "exclusive": true }))
}

fn look(parameters: Value) -> Facts {
    parameters.as_object().unwrap().clone()
}

fn with(mut look: Facts, key: &str, value: &str) -> Facts {
    look.insert(key.into(), value.into());
    look
}

fn limits(concurrency: usize, per_host: usize) -> Limits {
    Limits {
        deadline: None,
        concurrency,
        per_host,
        retries: 0,
    }
}

/// One check over these looks.
fn case(number: usize, looks: Vec<String>) -> Case {
    let text = format!(
        "id = \"turns.case-{number}\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"low\"\nsuites = []\n\
         [look]\nprobe = \"environment\"\n[[expect]]\nthat = \"true\"\notherwise = \"o\"\n[remedy]\ntext = \"r\"\n"
    );
    let check = parse_check(&Source::new("case.toml", text), Origin::Shipped).unwrap();
    Case {
        rules: Arc::new(Rules::compile(&check).unwrap()),
        check,
        looks,
        set_aside: None,
        needs: Vec::new(),
    }
}

fn plan(probe: &'static Visit, looks: &[Facts], one_case: bool) -> Plan {
    let tasks = looks.iter().zip(1..).map(|(parameters, number)| LookTask {
        id: format!("L{number}"),
        probe,
        name: "visit",
        label: format!("look {number}"),
        origin: parameters["origin"].as_str().map(str::to_owned),
        exclusive: parameters["exclusive"] == true,
        active: parameters.contains_key("active"),
        parameters: parameters.clone(),
        timeout: Duration::from_secs(3600),
        wanted: Wanted::default(),
    });
    let tasks: Vec<LookTask> = tasks.collect();
    let ids: Vec<String> = tasks.iter().map(|task| task.id.clone()).collect();
    let cases = if one_case {
        vec![case(1, ids)]
    } else {
        ids.into_iter()
            .zip(1..)
            .map(|(id, number)| case(number, vec![id]))
            .collect()
    };
    Plan {
        docket: Docket {
            cases,
            subject: Facts::new(),
        },
        looks: tasks,
        input: PlanInput {
            target: None,
            root: ".".into(),
            application: Arc::default(),
            environment: Arc::default(),
            secrets: Arc::default(),
            transport: Arc::new(Transport::new(None).unwrap()),
            level: Level::Live,
            on_production: false,
            timeout: Duration::from_secs(3600),
            run: "r".into(),
            scratch: Scratch::default(),
        },
    }
}

/// Makes the looks, each for a check of its own or all for one, and says what came to pass. A run
/// that stands still ends as a failure of the test.
async fn made(looks: &[Facts], limits: Limits, one_case: bool) -> (Visits, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    let header = serde_json::from_value(json!({
        "schema": SCHEMA, "run": "r", "tool": "0", "started": "2026-01-01T00:00:00Z", "target": null,
        "environment": "", "level": "live", "fail_on": "medium", "selection": [], "project": "",
        "root": "", "commit": null, "dirty": null, "subject": {}, "inputs": [], "waivers": "",
        "waivers_file": "", "catalogue": {},
    }));
    let record = RecordWriter::create(folder.path(), &header.unwrap(), &[], &[], &Book::default());
    let probe: &'static Visit = Box::leak(Box::default());
    let (events, _kept) = tokio::sync::mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let run = run(
        plan(probe, looks, one_case),
        limits,
        Arc::new(record.unwrap()),
        events,
        stopped,
    );
    let outcome = tokio::time::timeout(Duration::from_secs(60), run)
        .await
        .expect("the run stands still");
    let visits = probe.0.borrow().clone();
    assert_eq!(visits.ended.len(), looks.len(), "{visits:?}");
    (visits, outcome.findings)
}

#[tokio::test]
async fn ordinary_looks_share_their_origin_up_to_its_limit() {
    // Each stays until two were there at once.
    let looks = vec![with(ordinary("a"), "company", "two"); 6];
    for one_case in [false, true] {
        let (visits, findings) = made(&looks, limits(8, 2), one_case).await;
        assert_eq!((visits.most, visits.clashes), (2, 0), "{visits:?}");
        assert!(findings.iter().all(|one| one.verdict == Verdict::Pass));
    }
}

#[tokio::test]
async fn an_exclusive_look_has_its_origin_to_itself() {
    let looks = [
        ordinary("a"),
        exclusive("a"),
        ordinary("a"),
        ordinary("a"),
        exclusive("a"),
        exclusive("a"),
        ordinary("a"),
        ordinary("a"),
        ordinary("b"),
        exclusive("b"),
    ];
    for (concurrency, per_host) in [(64, 16), (8, 3), (2, 2), (1, 3), (8, 1), (1, 1)] {
        for one_case in [false, true] {
            let (visits, findings) = made(&looks, limits(concurrency, per_host), one_case).await;
            assert_eq!(visits.clashes, 0, "{concurrency} {per_host} {visits:?}");
            assert!(findings.iter().all(|one| one.verdict == Verdict::Pass));
        }
    }
}

#[tokio::test]
async fn other_origins_go_on_beside_an_exclusive_look() {
    // It stays until the other origin was looked at. Those who wait for its origin take up no place:
    // with two places, one is left for the other origin, which comes last.
    let beside = |last: Facts| {
        [
            with(exclusive("a"), "until", "b"),
            ordinary("a"),
            exclusive("a"),
            ordinary("a"),
            last,
        ]
    };
    for last in [ordinary("b"), exclusive("b")] {
        for per_host in [1, 4] {
            for one_case in [false, true] {
                let (visits, _) = made(&beside(last.clone()), limits(2, per_host), one_case).await;
                assert_eq!(visits.clashes, 0, "{visits:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_exclusive_look_that_fails_gives_its_origin_back() {
    let looks = [
        with(exclusive("a"), "panics", "yes"),
        ordinary("a"),
        exclusive("a"),
    ];
    let (visits, findings) = made(&looks, limits(1, 4), false).await;
    assert_eq!(visits.clashes, 0, "{visits:?}");
    let verdicts: Vec<_> = findings.iter().map(|one| one.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Inconclusive, Verdict::Pass, Verdict::Pass]
    );
}

#[tokio::test]
async fn two_active_looks_never_overlap_and_others_go_on_beside_them() {
    let active = |origin: &str| with(ordinary(origin), "active", "yes");
    for one_case in [false, true] {
        let (visits, _) = made(&vec![active("a"); 5], limits(8, 4), one_case).await;
        assert_eq!(visits.most, 1, "{visits:?}");
        // It stays until a look that only reads is there too.
        let looks = [with(active("a"), "company", "two"), ordinary("a")];
        let (visits, _) = made(&looks, limits(8, 4), one_case).await;
        assert_eq!(visits.most, 2, "{visits:?}");
        let looks = [with(active("a"), "until", "b"), active("a"), active("b")];
        made(&looks, limits(2, 4), one_case).await;
    }
}
