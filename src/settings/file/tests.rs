//! Tests of reading `holdpoint.toml`.

use super::*;

fn read(text: &str) -> Result<File, String> {
    let rendered = |problems: Vec<Diagnostic>| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    File::read(Source::new("holdpoint.toml", text)).map_err(rendered)
}

const WHOLE: &str = r#"
[project]
name = "shop"
[target]
url = "https://staging.example.com"
environment = "staging"
owned = true
plain_url = "http://staging.example.com"
ca_file = "ca.pem"
level = "active"
[target.headers]
x-protection-bypass = "${BYPASS}"
[environment]
files = [".env.staging.local"]
mode = "production"
required = ["SENTRY_DSN"]
[paths]
page = "/"
sign_in = "/login"
api = "/api/health"
service_worker = "/sw.js"
manifest = "/manifest.json"
missing = "/nope"
[checks]
folder = ".holdpoint/checks"
override = ["headers.nosniff"]
[suites]
nightly = ["security", "tls.*"]
[waivers]
file = "waivers.toml"
[gates]
file = "gates.toml"
[documents]
infrastructure = "docs/INFRASTRUCTURE_VALIDATION.md"
[records]
folder = "records"
[limits]
timeout = "5s"
deadline = "2m"
concurrency = 8
per_host = 4
retries = 0
[rate_limits]
"/api/tasks" = "10 per 10s"
[plan.omega]
target = 2026-12-01
leader = "Ann"
[plan.pi]
target = "2026-12-02"
[decision]
fail_on = "high"
"#;

#[test]
fn every_key_is_read() {
    let file = read(WHOLE).unwrap();
    assert_eq!(file.project.unwrap().value, "shop");
    let target = file.target;
    assert_eq!(target.url.as_ref().unwrap().line, 5);
    assert_eq!(target.level.unwrap().value, Level::Active);
    assert_eq!(target.headers[0].0, "x-protection-bypass");
    assert_eq!(
        file.environment_files.unwrap().value,
        [".env.staging.local"]
    );
    assert_eq!(file.paths.len(), 6);
    assert_eq!(file.overrides, ["headers.nosniff"]);
    assert_eq!(file.suites["nightly"], ["security", "tls.*"]);
    assert_eq!(file.limits.timeout.unwrap().value, Duration::from_secs(5));
    assert_eq!(
        file.rate_limits,
        [RateLimit {
            path: "/api/tasks".into(),
            requests: 10,
            window: Duration::from_secs(10)
        }]
    );
    assert_eq!(file.fail_on.unwrap().value, Severity::High);
    let plan: Vec<PlanEntry> = file.plan.iter().map(|one| one.value.clone()).collect();
    let entry = |gate: &str, day: i8, leader: Option<&str>| PlanEntry {
        gate: gate.into(),
        target: Some(jiff::civil::date(2026, 12, day)),
        leader: leader.map(str::to_owned),
    };
    assert_eq!(plan, [entry("omega", 1, Some("Ann")), entry("pi", 2, None)]);
}

#[test]
fn the_api_is_read() {
    let text = "[api]\npublic = [\"/api/quotes\"]\n[[api.collection]]\npath = \"/api/notes\"\n\
                item = \"/api/notes?id={id}\"\nbody = { text = \"a\", mood = 3 }\nfield = \"text\"\nid = \"_id\"\n";
    let api = read(text).unwrap().api;
    assert_eq!(api.public, ["/api/quotes"]);
    let notes = &api.collections[0];
    assert_eq!(
        (notes.path.as_str(), notes.item.as_deref()),
        ("/api/notes", Some("/api/notes?id={id}"))
    );
    assert_eq!(
        serde_json::Value::from(notes.body.clone()),
        serde_json::json!({ "text": "a", "mood": 3 })
    );
    let wrong = "[api]\npublic = [\"quotes\"]\n[[api.collection]]\nbody = 3\n\
                 [[api.collection]]\npath = \"/a\"\nbody = { mood = 3 }\nfield = \"mood\"\nitme = \"/a\"\n";
    let found = read(wrong).unwrap_err();
    for wanted in [
        "'quotes' is not a path",
        "'body' is not a table",
        "the body has no text under 'mood'",
        "did you mean 'item'?",
        "path",
    ] {
        assert!(found.contains(wanted), "{wanted}\n{found}");
    }
}

#[test]
fn only_what_stands_in_the_plan_makes_no_other_settings() {
    let moved = WHOLE.replace("2026-12-01", "2027-01-01");
    for (now, same) in [
        (WHOLE.to_owned(), true),
        (moved, true),
        (WHOLE.replace("[plan.pi]", "[plan.sigma]"), true),
        (format!("# a comment\n{WHOLE}"), true),
        (WHOLE.replace("\"10 per 10s\"", "\"99 per 10s\""), false),
        (WHOLE.replace("[plan.omega]", "[suites.omega]"), false),
        (String::new(), false),
        ("[".into(), false),
    ] {
        assert_eq!(differ_in_plan_alone(WHOLE, &now), same, "{now}");
    }
    assert!(
        !differ_in_plan_alone("[", "["),
        "what cannot be read is not known to be the same"
    );
}

#[test]
fn a_leader_is_a_name_that_a_table_can_show() {
    let of = |name: &str| read(&format!("[plan.pi]\nleader = \"{name}\"\n"));
    assert!(of(&"é".repeat(200)).is_ok());
    for (wrong, said) in [
        (&*"é".repeat(201), "longer than 200 characters"),
        (" ", "names nobody"),
    ] {
        let found = of(wrong).unwrap_err();
        assert!(found.contains(said), "{found}");
    }
}

#[test]
fn an_empty_file_is_fine() {
    assert!(read("").unwrap().target.url.is_none());
}

#[test]
fn all_problems_come_out_at_once() {
    let text = r#"
[targt]
[target]
url = "localhost:3000"
leve = "live"
level = "loud"
[target.headers]
"x y" = "z"
[environment]
mode = "staging"
[paths]
sign_in = "login"
[limits]
timeout = 10
deadline = "0s"
retries = -1
[rate_limits]
"api" = "ten a second"
[checks]
override = ["Nosniff"]
[decision]
fail_on = "hihg"
"#;
    let found = read(text).unwrap_err();
    for wanted in [
        "unknown key 'targt'",
        "did you mean 'target'?",
        "begins with neither http:// nor https://",
        "unknown key 'leve' in [target]",
        "did you mean 'level'?",
        "'loud' is not a word of 'level'",
        "'x y' is not the name of a header",
        "'staging' is not a word of 'mode'",
        "'sign_in' is not a path",
        "10 of what?",
        "'deadline' must be longer than nothing",
        "'retries' must be from 0 to 20",
        "'api' is not a path",
        "\"10 per 10s\"",
        "'Nosniff' is not of the form area.claim",
        "did you mean 'high'?",
        "holdpoint.toml:14:11",
    ] {
        assert!(found.contains(wanted), "{wanted}\n{found}");
    }
}
