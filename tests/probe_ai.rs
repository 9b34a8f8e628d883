//! The ai probe: every fault against the embedded provider, and three dialects against a server that others wrote.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, HindranceKind, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Sighting, Wanted, find};
use holdpoint::sandbox::ai::{AiFault, AiProvider};
use holdpoint::secret::Book;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use support::holdpoint;
use support::hostile::Refusing;
use support::peers::Aimock;
use tempfile::TempDir;

const DIALECTS: [&str; 3] = ["gemini", "openai", "anthropic"];

fn model(dialect: &str) -> &'static str {
    match dialect {
        "gemini" => "gemini-2.5-flash",
        "openai" => "gpt-4o-mini",
        _ => "claude-sonnet-4-5",
    }
}

fn key_variable(dialect: &str) -> &'static str {
    match dialect {
        "gemini" => "GEMINI_API_KEY",
        "openai" => "OPENAI_API_KEY",
        _ => "ANTHROPIC_API_KEY",
    }
}

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        name: name.into(),
        value: value.into(),
        raw: value.into(),
        origin: VariableOrigin::File {
            path: ".env.local".into(),
            line: 2,
        },
        secret: true,
        shadowed: vec![],
    }
}

/// An application whose deployed code names a model of each provider.
fn application() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "package.json",
        r#"{"name":"diary","dependencies":{"next":"15.5.6","@genkit-ai/googleai":"1.22.0","openai":"6.0.0","@anthropic-ai/sdk":"0.70.0"}}"#,
    );
    write(
        "app/api/insight/route.ts",
        "import { ai } from '../../../lib/ai';\nexport const POST = () => ai;\n",
    );
    write(
        "lib/ai.ts",
        "export const ai = [\n  genkit({ model: 'googleai/gemini-2.5-flash' }),\n  { model: 'gpt-4o-mini' },\n  { model: 'claude-sonnet-4-5' },\n];\n",
    );
    root
}

/// One look with `more` parameters and variables beside the key.
struct Look<'a> {
    dialect: &'a str,
    url: &'a str,
    key: &'a str,
    model: Option<&'a str>,
    timeout: Duration,
}

impl<'a> Look<'a> {
    fn at(provider: &'a AiProvider, dialect: &'a str) -> Self {
        Self {
            dialect,
            url: provider.url(),
            key: provider.key(),
            model: None,
            timeout: Duration::from_secs(20),
        }
    }

    async fn sight(&self) -> Sighting {
        let root = application();
        let environment = Environment {
            variables: vec![variable(key_variable(self.dialect), self.key)],
            ..Environment::default()
        };
        let context = Context {
            target: None,
            root: root.path().into(),
            application: Arc::new(Application::default()),
            environment: Arc::new(environment),
            secrets: Arc::new(Book::default()),
            transport: Arc::new(Transport::new(None).unwrap()),
            timeout: self.timeout,
            until: clock::tick() + self.timeout,
            now: clock::now().as_second(),
            run: "r1".into(),
            scratch: holdpoint::probe::Scratch::default(),
        };
        let mut parameters = json!({ "dialect": self.dialect, "base_url": self.url });
        if let Some(model) = self.model {
            parameters["model"] = model.into();
        }
        let probe = find("ai").unwrap();
        let looks = probe
            .looks(parameters.as_object().unwrap(), &context)
            .unwrap();
        let wanted = Wanted::default();
        let look = probe.look(&looks[0], &wanted, &context);
        // Whoever looks ends in time by itself; as in a run, what is ready when time runs out still counts.
        let told = tokio::time::timeout_at(context.until.into(), look).await;
        told.expect("a look that ends in its own time")
    }

    async fn facts(&self) -> Facts {
        let sighting = self.sight().await;
        assert_eq!(sighting.hindrance, None);
        let told = serde_json::to_string(&sighting.facts).unwrap();
        assert!(!told.contains(self.key), "the key is in {told}");
        sighting.facts
    }
}

/// Each rung: true, false or null.
fn rungs(facts: &Facts) -> Vec<Value> {
    ["key", "model", "generate", "schema"]
        .iter()
        .map(|rung| facts["steps"][rung]["ok"].clone())
        .collect()
}

fn cause<'f>(facts: &'f Facts, rung: &str) -> &'f str {
    facts["steps"][rung]["cause"].as_str().unwrap_or_default()
}

fn remedy<'f>(facts: &'f Facts, rung: &str) -> &'f str {
    facts["steps"][rung]["remedy"].as_str().unwrap_or_default()
}

const NULL: Value = Value::Null;

fn held() -> Value {
    true.into()
}

fn broke() -> Value {
    false.into()
}

#[tokio::test]
async fn a_right_key_climbs_to_the_top_in_each_dialect() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    for dialect in DIALECTS {
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(
            rungs(&facts),
            [held(), held(), held(), held()],
            "{dialect} {:?}",
            facts["steps"]
        );
        assert_eq!(facts["model"], model(dialect));
        assert!(
            facts["model_at"]
                .as_str()
                .unwrap()
                .starts_with("lib/ai.ts:")
        );
        assert_eq!(facts["variable"], key_variable(dialect));
        assert_eq!(facts["origin"], ".env.local:2");
        assert_eq!(facts["gone"], json!([]));
        assert_eq!(facts["models"][0]["exists"], true);
        assert_eq!(facts["input_tokens"], 18);
        let (first, total) = (
            facts["first_byte_ms"].as_u64().unwrap(),
            facts["total_ms"].as_u64().unwrap(),
        );
        assert!(first <= total && total < 10_000, "{first} {total}");
    }
    for asked in provider.asked() {
        assert!(!asked.contains(provider.key()), "{asked}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_cause() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    for dialect in DIALECTS {
        let at = |fault| {
            provider.set(fault);
            Look::at(&provider, dialect)
        };
        let facts = at(AiFault::BadKey).facts().await;
        assert_eq!(rungs(&facts), [broke(), NULL, NULL, NULL], "{dialect}");
        assert!(cause(&facts, "key").contains("does not accept the key"));
        assert!(remedy(&facts, "key").contains("https://"));

        let facts = at(AiFault::RestrictedKey).facts().await;
        assert_eq!(rungs(&facts), [broke(), NULL, NULL, NULL], "{dialect}");
        assert!(
            cause(&facts, "key").contains("may not do this"),
            "{dialect}"
        );

        let facts = at(AiFault::Region).facts().await;
        assert_eq!(rungs(&facts), [broke(), NULL, NULL, NULL], "{dialect}");
        assert!(cause(&facts, "key").contains("does not serve the place"));
        assert!(remedy(&facts, "key").contains("run this check there"));

        let facts = at(AiFault::NoMoney).facts().await;
        assert_eq!(rungs(&facts), [held(), held(), broke(), NULL], "{dialect}");
        assert!(cause(&facts, "generate").contains("no money or no quota"));

        let facts = at(AiFault::PerMinute).facts().await;
        assert_eq!(rungs(&facts), [held(), held(), NULL, NULL], "{dialect}");
        assert!(cause(&facts, "generate").contains("limit of the moment"));
        assert_eq!(facts["total_ms"], NULL);
    }
}

#[tokio::test]
async fn a_model_that_is_gone_names_its_place_and_what_is_near() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    let facts = Look {
        model: Some("gemini-2.0-flash"),
        ..Look::at(&provider, "gemini")
    }
    .facts()
    .await;
    assert_eq!(rungs(&facts), [held(), broke(), NULL, NULL]);
    assert!(cause(&facts, "model").contains("2026-06-01"), "{facts:?}");
    assert!(remedy(&facts, "model").contains("gemini-2.5-flash"));
    assert_eq!(facts["suggestions"][0], "gemini-2.5-flash");
    assert_eq!(facts["gone"], json!([]));
    assert_eq!(facts["models"][0]["exists"], false);
    assert_eq!(facts["models"][1]["exists"], true);

    let facts = Look {
        model: Some("gemini-embedding-001"),
        ..Look::at(&provider, "gemini")
    }
    .facts()
    .await;
    assert_eq!(rungs(&facts), [held(), broke(), NULL, NULL]);
    assert!(cause(&facts, "model").contains("does not generate text"));

    for dialect in ["openai", "anthropic"] {
        let facts = Look {
            model: Some("no-such-model-1"),
            ..Look::at(&provider, dialect)
        }
        .facts()
        .await;
        assert_eq!(rungs(&facts), [held(), broke(), NULL, NULL], "{dialect}");
    }
    // Listed, and refused all the same: the answer decides.
    provider.set(AiFault::ModelGone);
    let facts = Look::at(&provider, "gemini").facts().await;
    assert_eq!(rungs(&facts), [held(), held(), broke(), NULL]);
    assert!(cause(&facts, "generate").contains("lib/ai.ts:2"));
}

#[tokio::test]
async fn a_list_for_everybody_says_nothing_of_the_key() {
    let provider = AiProvider::start(AiFault::PublicList).await.unwrap();
    for dialect in DIALECTS {
        let right = Look::at(&provider, dialect);
        assert_eq!(
            rungs(&right.facts().await),
            [held(), held(), held(), held()],
            "{dialect}"
        );
        let wrong = Look {
            key: "not-the-key-of-the-sandbox",
            ..Look::at(&provider, dialect)
        };
        let facts = wrong.facts().await;
        assert_eq!(rungs(&facts)[0], broke(), "{dialect}");
        assert!(cause(&facts, "key").contains("does not accept the key"));
    }
}

#[tokio::test]
async fn overload_is_no_verdict() {
    let provider = AiProvider::start(AiFault::Overload).await.unwrap();
    for dialect in DIALECTS {
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(rungs(&facts), [held(), held(), NULL, NULL], "{dialect}");
        assert!(cause(&facts, "generate").contains("too much to do"));
    }
    // Once more after a moment, and no more.
    let generations = provider.asked();
    let generations = generations.iter().filter(|asked| asked.starts_with("POST"));
    assert_eq!(generations.count(), 6);
}

#[tokio::test]
async fn what_comes_is_judged_by_its_form_and_its_end() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    for dialect in DIALECTS {
        provider.set(AiFault::LengthStop);
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(
            rungs(&facts),
            [held(), held(), held(), broke()],
            "{dialect}"
        );
        assert!(cause(&facts, "schema").contains("cut off"));

        provider.set(AiFault::NotJson);
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(
            rungs(&facts),
            [held(), held(), held(), broke()],
            "{dialect}"
        );
        assert!(cause(&facts, "schema").contains("not JSON"));

        provider.set(AiFault::Thinks);
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(rungs(&facts), [held(), held(), held(), held()], "{dialect}");

        provider.set(AiFault::Mute);
        let facts = Look::at(&provider, dialect).facts().await;
        assert_eq!(rungs(&facts), [held(), held(), broke(), NULL], "{dialect}");
        assert!(cause(&facts, "generate").contains("within 256 tokens"));
    }
    provider.set(AiFault::Page);
    let facts = Look::at(&provider, "openai").facts().await;
    assert_eq!(rungs(&facts), [NULL, NULL, NULL, NULL]);
}

#[tokio::test]
async fn a_key_that_may_not_list_generates_all_the_same() {
    let provider = AiProvider::start(AiFault::NoListing).await.unwrap();
    let facts = Look::at(&provider, "openai").facts().await;
    assert_eq!(rungs(&facts), [held(), held(), held(), held()]);
    assert_eq!(facts["listed"], NULL);
    assert_eq!(facts["models"][0]["exists"], true);
}

#[tokio::test]
async fn what_a_model_does_not_take_is_left_out() {
    let provider = AiProvider::start(AiFault::Modern).await.unwrap();
    let facts = Look::at(&provider, "openai").facts().await;
    assert_eq!(rungs(&facts), [held(), held(), held(), held()]);
}

#[tokio::test]
async fn silence_ends_in_the_looks_own_time() {
    let provider = AiProvider::start(AiFault::Hang).await.unwrap();
    let short = Look {
        timeout: Duration::from_secs(3),
        ..Look::at(&provider, "gemini")
    };
    let facts = short.facts().await;
    assert_eq!(rungs(&facts), [held(), held(), NULL, NULL]);
    assert!(cause(&facts, "generate").contains("no answer"));

    let nobody = Refusing::start();
    let facts = Look {
        url: &nobody.url(),
        ..Look::at(&provider, "gemini")
    }
    .facts()
    .await;
    assert_eq!(rungs(&facts), [NULL, NULL, NULL, NULL]);
    assert!(cause(&facts, "key").contains("refused"));
}

#[tokio::test]
async fn a_slow_first_byte_is_measured() {
    let wait = Duration::from_millis(1200);
    let provider = AiProvider::start(AiFault::Slow(wait)).await.unwrap();
    let facts = Look::at(&provider, "anthropic").facts().await;
    assert_eq!(rungs(&facts), [held(), held(), held(), held()]);
    assert!(facts["first_byte_ms"].as_u64().unwrap() >= 1200);
}

#[tokio::test]
async fn without_a_key_there_is_nothing_to_look_at() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    let sighting = Look {
        key: "",
        ..Look::at(&provider, "gemini")
    }
    .sight()
    .await;
    assert_eq!(
        sighting.hindrance.map(|one| one.kind),
        Some(HindranceKind::Absent)
    );
}

/// Runs checks of one dialect by the program and gives each finding's verdict and reason.
fn run(
    root: &TempDir,
    variables: &[(&str, String)],
    checks: &str,
    code: i32,
) -> Vec<(String, String, String)> {
    let mut program = holdpoint(["run", checks, "--report", "json=-"]).within(root.path());
    for (name, value) in variables {
        program = program.env(name, value);
    }
    let outcome = program.run().expect_code(code);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    for (name, value) in variables.iter().filter(|(name, _)| name.ends_with("KEY")) {
        assert!(!outcome.stdout.contains(value), "{name} is in the report");
        assert!(!outcome.stderr.contains(value), "{name} is on the screen");
    }
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                word(finding, "check"),
                word(finding, "verdict"),
                word(finding, "reason"),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_names_the_rung_that_broke() {
    let provider = AiProvider::start(AiFault::None).await.unwrap();
    let root = application();
    let findings = run(&root, &provider.variables(), "ai.*", 0);
    assert_eq!(findings.len(), 21);
    for (check, verdict, reason) in &findings {
        // One model of each provider is named, so that there are no others.
        let expected = if check.ends_with("other-models-exist") {
            "not-applicable"
        } else {
            "pass"
        };
        assert_eq!(verdict, expected, "{check}: {reason}");
    }
    provider.set(AiFault::NoMoney);
    let findings = run(&root, &provider.variables(), "ai.gemini-*", 1);
    let verdict = |id: &str| {
        let found = findings.iter().find(|(check, ..)| check == id);
        found.map(|(_, verdict, _)| verdict.as_str()).unwrap()
    };
    assert_eq!(verdict("ai.gemini-model-exists"), "pass");
    assert_eq!(verdict("ai.gemini-generates"), "fail");
    assert_eq!(verdict("ai.gemini-schema-bound"), "blocked");
    assert_eq!(verdict("ai.gemini-within-budget"), "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_fails() {
    let provider = AiProvider::start(AiFault::Slow(Duration::from_millis(10_200)))
        .await
        .unwrap();
    let root = application();
    let findings = run(&root, &provider.variables(), "ai.openai-*", 1);
    let failed: Vec<_> = findings
        .iter()
        .filter(|(_, verdict, _)| verdict == "fail")
        .collect();
    assert_eq!(failed.len(), 1, "{findings:?}");
    assert_eq!(failed[0].0, "ai.openai-within-budget");
    assert!(failed[0].2.contains("ms"), "{}", failed[0].2);
}

#[tokio::test]
async fn a_server_that_others_wrote_speaks_three_dialects() {
    let Some(peer) = Aimock::start(&[]) else {
        return;
    };
    let look = |dialect, model| Look {
        dialect,
        url: peer.url(),
        key: Aimock::KEY,
        model,
        timeout: Duration::from_secs(30),
    };
    for dialect in DIALECTS {
        let facts = look(dialect, None).facts().await;
        assert_eq!(
            rungs(&facts),
            [held(), held(), held(), held()],
            "{dialect} {facts:?}"
        );
        assert!(facts["total_ms"].as_u64().unwrap() < 10_000);

        let facts = Look {
            key: "not-the-key",
            ..look(dialect, None)
        }
        .facts()
        .await;
        assert_eq!(rungs(&facts), [broke(), NULL, NULL, NULL], "{dialect}");
        assert!(cause(&facts, "key").contains("does not accept the key"));
    }
    for (dialect, model, expected, words) in [
        (
            "openai",
            // It lists every model of its answers; what the model says decides.
            "gpt-gone",
            [held(), held(), broke(), NULL],
            "is not there",
        ),
        (
            "openai",
            "gpt-poor",
            [held(), held(), broke(), NULL],
            "no money or no quota",
        ),
        (
            "openai",
            "gpt-limited",
            [held(), held(), NULL, NULL],
            "limit of the moment",
        ),
        (
            "anthropic",
            "claude-busy",
            [held(), held(), NULL, NULL],
            "too much to do",
        ),
        (
            "anthropic",
            "claude-poor",
            [held(), held(), broke(), NULL],
            "no money or no quota",
        ),
        (
            "openai",
            "gpt-loose",
            [held(), held(), held(), broke()],
            "not JSON",
        ),
        (
            "openai",
            "gpt-short",
            [held(), held(), held(), broke()],
            "cut off",
        ),
    ] {
        let facts = look(dialect, Some(model)).facts().await;
        assert_eq!(rungs(&facts), expected, "{model} {:?}", facts["steps"]);
        let told = facts["steps"].to_string();
        assert!(told.contains(words), "{model}: {told}");
    }
}

#[tokio::test]
async fn a_server_that_others_wrote_breaks() {
    // Every answer is an error of the server.
    if let Some(peer) = Aimock::start(&["--chaos-drop", "1"]) {
        let facts = broken(&peer, Duration::from_secs(20)).await;
        assert_eq!(rungs(&facts), [NULL, NULL, NULL, NULL], "{facts:?}");
    }
    // Every connection is cut.
    if let Some(peer) = Aimock::start(&["--chaos-disconnect", "1"]) {
        let facts = broken(&peer, Duration::from_secs(20)).await;
        assert_eq!(rungs(&facts), [NULL, NULL, NULL, NULL], "{facts:?}");
    }
    // What comes is no JSON.
    if let Some(peer) = Aimock::start(&["--chaos-malformed", "1"]) {
        let facts = broken(&peer, Duration::from_secs(20)).await;
        assert_eq!(rungs(&facts), [NULL, NULL, NULL, NULL], "{facts:?}");
    }
    // It hangs for longer than the look may take.
    if let Some(peer) = Aimock::start(&["--chaos-latency", "8000"]) {
        let facts = broken(&peer, Duration::from_secs(3)).await;
        assert_eq!(facts["steps"]["generate"]["ok"], NULL, "{facts:?}");
    }
}

async fn broken(peer: &Aimock, timeout: Duration) -> Facts {
    let look = Look {
        dialect: "gemini",
        url: peer.url(),
        key: Aimock::KEY,
        model: None,
        timeout,
    };
    look.facts().await
}
