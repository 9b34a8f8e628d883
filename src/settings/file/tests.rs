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
