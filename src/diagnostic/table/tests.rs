//! Tests of the table reader.

use super::*;
use crate::model::Level;

/// Reads `text` with `read` and gives what was found wrong, rendered.
fn problems(text: &str, read: impl FnOnce(&TableReader<'_>)) -> String {
    let source = Source::new("x.toml", text);
    let problems = Problems::default();
    let table = parse(&source).expect("valid TOML");
    let reader = TableReader::new(&source, &table, &problems);
    read(&reader);
    reader.finish();
    problems
        .into_vec()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn reads_every_type() {
    let text = r#"
id = "a.b"
on = true
limit = 0x10
less = -3
wait = "1.5s"
level = "live"
levels = ["static", "live"]
names = ["x", "y"]
[map]
b = "1"
a = "2"
[[step]]
n = 1
[[step]]
n = 2
[any]
list = [1, -1_000, 2.5, "x", { y = 1979-05-27 }]
"#;
    let found = problems(text, |reader| {
        reader.require(&["id"]);
        assert_eq!(reader.text("id").as_deref(), Some("a.b"));
        assert_eq!(reader.bool("on"), Some(true));
        assert_eq!(reader.int("limit", 0..=100), Some(16));
        assert_eq!(reader.int("less", -5..=0), Some(-3));
        assert_eq!(reader.duration("wait"), Some(Duration::from_millis(1500)));
        assert_eq!(reader.word("level", Level::ALL), Some(Level::Live));
        assert_eq!(
            reader.words("levels", Level::ALL),
            Some(vec![Level::Static, Level::Live])
        );
        assert_eq!(reader.list_of_text("names").unwrap(), ["x", "y"]);
        assert_eq!(
            reader.map_of_text("map").unwrap(),
            [("b".into(), "1".into()), ("a".into(), "2".into())]
        );
        let steps = reader.tables("step");
        assert_eq!(
            steps
                .iter()
                .filter_map(|step| step.int("n", 1..=9))
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(
            steps
                .iter()
                .map(TableReader::header_line)
                .collect::<Vec<_>>(),
            [13, 15]
        );
        assert_eq!(reader.line("wait"), 6);
        assert_eq!(
            reader.json("any"),
            Some(serde_json::json!({ "list": [1, -1000, 2.5, "x", { "y": "1979-05-27" }] }))
        );
        assert_eq!(reader.text("absent"), None);
    });
    assert_eq!(found, "");
}

#[test]
fn reports_all_problems_at_their_places() {
    let text = "idd = 1\n[target]\nlevel = \"lively\"\nurl = 3\nwait = 10\nnames = \"x\"\nn = -1\n[step]\nx = 1\n";
    let found = problems(text, |reader| {
        reader.require(&["id"]);
        reader.text("id");
        reader.tables("step");
        let target = reader.table("target").unwrap();
        target.word("level", Level::ALL);
        target.text("url");
        target.duration("wait");
        target.list_of_text("names");
        target.int("n", 0..=i64::MAX);
        target.finish();
    });
    for wanted in [
        "'id' is missing in the top level",
        "unknown key 'idd' in the top level",
        "did you mean 'id'?",
        "x.toml:3:9",
        "did you mean 'live'? Known: static, live, active",
        "'url' in [target] must be text, not a whole number",
        "10 of what? Write \"10s\" for seconds or \"10ms\" for milliseconds",
        "write names = [\"x\"]",
        "'n' must be at least 0",
        "write [[step]]",
    ] {
        assert!(found.contains(wanted), "{wanted}\n{found}");
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_reported() {
    let found = problems("a = [1, nan]\nb = 99999999999999999999\n", |reader| {
        assert_eq!(reader.json("a"), None);
        assert_eq!(reader.json("b"), None);
    });
    assert!(
        found.contains("x.toml:1:9") && found.contains("x.toml:2:5"),
        "{found}"
    );
}

#[test]
fn syntax_errors_have_a_place() {
    let errors = parse(&Source::new("x.toml", "a = \nb = 1\nb = 2\n[c")).unwrap_err();
    let text = errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(errors.len() >= 2, "{text}");
    assert!(text.contains("x.toml:1:"), "{text}");
    assert!(text.contains("duplicate key"), "{text}");
}

#[test]
fn durations_need_units() {
    for (text, wanted) in [
        ("500ms", Duration::from_millis(500)),
        ("0.1s", Duration::from_millis(100)),
        ("10 s", Duration::from_secs(10)),
        ("2m", Duration::from_secs(120)),
        ("1h", Duration::from_secs(3600)),
        ("7d", Duration::from_secs(7 * 86_400)),
    ] {
        assert_eq!(parse_duration(text), Ok(wanted), "{text}");
    }
    for text in [
        "",
        "10",
        "s",
        "-1s",
        "1e3s",
        "infs",
        "1.2.3s",
        "10 parsecs",
        "99999999999999999999999h",
        "é",
    ] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    assert!(parse_duration("10").unwrap_err().contains("\"10s\""));
}
