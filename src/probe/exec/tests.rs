//! Tests of the exec probe.

use super::*;
use crate::clock;
use crate::model::{Application, Environment, Variable, VariableOrigin};
use crate::probe::transport::Transport;
use crate::secret::Book;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn variable(name: &str, value: &str, origin: VariableOrigin) -> Variable {
    Variable {
        name: name.into(),
        value: value.into(),
        raw: value.into(),
        origin,
        secret: true,
        shadowed: vec![],
    }
}

fn context(root: &TempDir, timeout: Duration) -> Context {
    let file = VariableOrigin::File {
        path: ".env".into(),
        line: 1,
    };
    let variables = vec![
        variable("API_TOKEN", "a-token-for-tests", file.clone()),
        variable("OTHER_TOKEN", "not-handed-over", VariableOrigin::Process),
        variable("TMPDIR", "/from-a-file", file),
    ];
    Context {
        target: None,
        root: root.path().canonicalize().unwrap(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment {
            variables,
            files: vec![],
            required: vec![],
        }),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: 0,
        run: String::new(),
        scratch: crate::probe::Scratch::default(),
    }
}

/// Parameters that run a script with the system's shell. The script is read, not executed, so that
/// no other thread's fork can hold it open for writing at the wrong moment.
fn script(root: &TempDir, text: &str, declared: Value) -> Facts {
    std::fs::write(root.path().join("probe.sh"), text).unwrap();
    json!({ "program": "sh", "args": ["probe.sh"], "declared": declared })
        .as_object()
        .cloned()
        .unwrap()
}

async fn sight_with(root: &TempDir, parameters: &Facts, timeout: Duration) -> Sighting {
    let context = context(root, timeout);
    let looks = Exec.looks(parameters, &context).unwrap();
    Exec.look(&looks[0], &Wanted::default(), &context).await
}

async fn sight(text: &str, declared: Value) -> Sighting {
    let root = TempDir::new().unwrap();
    let parameters = script(&root, text, declared);
    sight_with(&root, &parameters, Duration::from_secs(30)).await
}

/// The cause of a hindrance of kind `program`.
async fn refusal(text: &str, declared: Value) -> String {
    let sighting = sight(text, declared).await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(
        hindrance.kind,
        HindranceKind::Program,
        "{}",
        hindrance.cause
    );
    hindrance.cause
}

#[tokio::test]
async fn declared_facts_are_taken() {
    let declared = json!({
        "up": "bool", "users": "int", "load": "float", "whole": "float", "names": "list of text",
        "sizes": "map of text to int", "more": "any",
    });
    let text = r#"
        echo 'looking around' >&2
        echo '{ "up": true, "users": 3, "load": 0.5, "whole": 2, "names": ["a", "b"],'
        echo '  "sizes": { "a": 1 }, "more": { "x": [1, "y"] } }'
    "#;
    let sighting = sight(text, declared).await;
    assert_eq!(sighting.hindrance, None);
    let expected = json!({
        "up": true, "users": 3, "load": 0.5, "whole": 2.0, "names": ["a", "b"],
        "sizes": { "a": 1 }, "more": { "x": [1, "y"] },
    });
    assert_eq!(Value::Object(sighting.facts), expected);
    assert_eq!(sighting.excerpts[0].name, "stderr");
    assert_eq!(sighting.excerpts[0].text, "looking around\n");
}

#[tokio::test]
async fn output_that_departs_from_the_declaration_is_refused() {
    let one = || json!({ "n": "int" });
    for (output, part) in [
        (
            r#"{ "n": "3" }"#,
            "gave text as 'n', which is declared as int",
        ),
        (r#"{ "n": 3.5 }"#, "gave a number as 'n'"),
        (r#"{ "n": 9223372036854775808 }"#, "gave a number as 'n'"),
        (r#"{ "n": null }"#, "gave null as 'n'"),
        (
            r#"{ "n": 3, "m": 4 }"#,
            "'m', which the check does not declare",
        ),
        ("{}", "did not give the fact 'n'"),
        ("", "not one JSON object"),
        ("[3]", "not one JSON object"),
        ("three", "not one JSON object"),
        (r#"{ "n": 3 } trailing"#, "not one JSON object"),
        (r#"{ "n": NaN }"#, "not one JSON object"),
    ] {
        let cause = refusal(&format!("cat <<'END'\n{output}\nEND\n"), one()).await;
        assert!(cause.contains(part), "{output}: {cause}");
    }
}

#[tokio::test]
async fn a_status_other_than_zero_is_a_hindrance() {
    let sighting = sight(
        "echo '{ \"n\": 1 }'; echo 'no disk' >&2; exit 1",
        json!({ "n": "int" }),
    )
    .await;
    let hindrance = sighting.hindrance.unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Program);
    assert!(
        hindrance.cause.contains("exit status: 1"),
        "{}",
        hindrance.cause
    );
    assert!(sighting.facts.is_empty() && sighting.transient.is_none());
    assert_eq!(sighting.excerpts[0].text, "no disk\n");

    let sighting = sight("exit 75", json!({ "n": "int" })).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Program);
    assert!(sighting.transient.is_some());

    let cause = refusal("kill -9 $$", json!({ "n": "int" })).await;
    assert!(cause.contains("signal"), "{cause}");
}

#[tokio::test]
async fn the_environment_holds_the_named_secrets_only() {
    let root = TempDir::new().unwrap();
    let text = r#"
        read -r input
        printf '{ "input": %s, "token": "%s", "other": "%s", "folder": "%s", "tmp": "%s", "names": "%s" }' \
            "$input" "$API_TOKEN" "$OTHER_TOKEN" "$PWD" "$TMPDIR" "$(env | cut -d= -f1 | sort | tr '\n' ' ')"
    "#;
    let declared = json!({ "input": "any", "token": "text", "other": "text", "folder": "text", "tmp": "text", "names": "text" });
    let mut parameters = script(&root, text, declared);
    parameters.insert("secrets".into(), json!(["API_TOKEN"]));
    parameters.insert("input".into(), json!({ "url": "https://app.test" }));
    let context = context(&root, Duration::from_secs(30));
    let look = &Exec.looks(&parameters, &context).unwrap()[0];
    let sighting = Exec.look(look, &Wanted::default(), &context).await;
    assert_eq!(sighting.hindrance, None);
    let facts = sighting.facts;
    assert_eq!(facts["input"], json!({ "url": "https://app.test" }));
    assert_eq!(facts["token"], "a-token-for-tests");
    assert_eq!(facts["other"], "");
    assert_eq!(facts["tmp"], "");
    assert_eq!(facts["folder"], context.root.to_str().unwrap());
    let names: Vec<_> = facts["names"]
        .as_str()
        .unwrap()
        .split_whitespace()
        .filter(|name| *name != "_")
        .collect();
    assert_eq!(names, ["API_TOKEN", "PATH", "PWD"]);
    assert!(!context.secrets.is_empty(), "the value is registered");

    parameters.insert("secrets".into(), json!(["NOT_SET"]));
    let sighting = sight_with(&root, &parameters, Duration::from_secs(30)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Denied);
}

/// A named pipe in the root. Whoever opens it waits for somebody at the other end.
fn pipe(root: &TempDir, name: &str) -> std::path::PathBuf {
    let path = root.path().join(name);
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

#[tokio::test]
async fn a_program_that_hangs_ends_in_time_and_its_children_with_it() {
    let root = TempDir::new().unwrap();
    let (ready, _hold) = (pipe(&root, "ready"), pipe(&root, "hold"));
    // The grandchild alone holds `ready` open; both wait for ever for a writer of `hold`.
    let text = "(exec 4>ready; echo ready >&4; exec 3<hold) &\nexec 3<hold";
    let parameters = script(&root, text, json!({ "n": "int" }));
    let begun = clock::tick();
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || tell.send(std::fs::read_to_string(ready)));
    let sighting = sight_with(&root, &parameters, Duration::from_secs(2)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Timeout);
    // The end of the pipe is the end of the grandchild.
    let said = tokio::time::timeout(Duration::from_secs(10), told)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(said, "ready\n");
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[tokio::test]
async fn children_left_behind_do_not_hold_up_the_answer() {
    let root = TempDir::new().unwrap();
    let _hold = pipe(&root, "hold");
    let parameters = script(
        &root,
        "(exec 3<hold) &\necho '{ \"n\": 1 }'",
        json!({ "n": "int" }),
    );
    let sighting = sight_with(&root, &parameters, Duration::from_secs(30)).await;
    assert_eq!(sighting.hindrance, None);
    assert_eq!(sighting.facts["n"], 1);
}

#[tokio::test]
async fn output_without_end_is_cut_short() {
    let begun = clock::tick();
    let cause = refusal("exec head -c 100000000 /dev/zero", json!({ "n": "int" })).await;
    assert!(cause.contains("more than 1048576 bytes"), "{cause}");
    let cause = refusal("while :; do echo 0123456789; done", json!({ "n": "int" })).await;
    assert!(cause.contains("more than 1048576 bytes"), "{cause}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let sighting = sight(
        "head -c 3000000 /dev/zero >&2; echo '{ \"n\": 1 }'",
        json!({ "n": "int" }),
    )
    .await;
    assert_eq!(sighting.facts["n"], 1);
    assert_eq!(sighting.excerpts[0].text.len(), 4096);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_takes_all_memory_is_stopped() {
    let root = TempDir::new().unwrap();
    let text = "x=0123456789abcdef; while :; do x=$x$x; done";
    let mut parameters = script(&root, text, json!({ "n": "int" }));
    parameters.insert("memory_mib".into(), 32.into());
    let sighting = sight_with(&root, &parameters, Duration::from_secs(30)).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Program);
}

#[tokio::test]
async fn input_that_nobody_reads_is_no_fault() {
    let root = TempDir::new().unwrap();
    let mut parameters = script(&root, "echo '{ \"n\": 1 }'", json!({ "n": "int" }));
    parameters.insert("input".into(), json!({ "long": "x".repeat(1 << 20) }));
    let sighting = sight_with(&root, &parameters, Duration::from_secs(30)).await;
    assert_eq!(
        (sighting.hindrance, &sighting.facts["n"]),
        (None, &json!(1))
    );
}

#[tokio::test]
async fn a_program_is_found_from_the_root() {
    let root = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/bin/sh", root.path().join("shell")).unwrap();
    let mut parameters = script(&root, "echo '{ \"n\": 1 }'", json!({ "n": "int" }));
    parameters.insert("program".into(), "./shell".into());
    assert_eq!(
        sight_with(&root, &parameters, Duration::from_secs(30))
            .await
            .facts["n"],
        1
    );
    parameters.insert("program".into(), "./nothing".into());
    let hindrance = sight_with(&root, &parameters, Duration::from_secs(30))
        .await
        .hindrance
        .unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Program);
    parameters.insert("program".into(), "./probe.sh".into());
    let hindrance = sight_with(&root, &parameters, Duration::from_secs(30))
        .await
        .hindrance
        .unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Denied);
}

#[test]
fn bad_parameters_are_named() {
    let root = TempDir::new().unwrap();
    let context = context(&root, Duration::from_secs(1));
    let error = |parameters: Value| {
        Exec.looks(parameters.as_object().unwrap(), &context)
            .unwrap_err()
    };
    let declared = json!({ "n": "int" });
    assert!(error(json!({ "program": "" })).starts_with("program:"));
    assert!(error(json!({ "program": "sh" })).contains("[look.facts]"));
    assert!(
        error(json!({ "program": "sh", "declared": { "n": "integer" } }))
            .starts_with("facts.n: 'integer'")
    );
    assert!(
        error(json!({ "program": "sh", "declared": declared, "input": [1] })).starts_with("input:")
    );
    assert!(
        error(json!({ "program": "sh", "declared": declared, "memory_mib": 0 }))
            .starts_with("memory_mib:")
    );
    assert!(
        error(json!({ "program": "sh", "declared": declared, "args": ["a\0b"] }))
            .starts_with("args:")
    );
    assert!(
        error(json!({ "program": "sh", "declared": declared, "args": "a" })).starts_with("args:")
    );
    assert!(
        error(json!({ "program": "sh", "declared": declared, "secrets": [1] }))
            .starts_with("secrets:")
    );
    assert!(error(json!({ "program": 1, "declared": declared })).starts_with("program:"));
}

#[tokio::test]
async fn an_active_look_runs_a_program_no_more_often_than_its_budget() {
    let root = tempfile::tempdir().unwrap();
    let parameters = script(
        &root,
        "echo x >> runs; echo '{\"n\": 1}'",
        json!({ "n": "int" }),
    );
    let mut context = context(&root, Duration::from_secs(20));
    let budget = crate::probe::Budget {
        requests: 1,
        bursts: false,
    };
    context.transport = Arc::new(context.transport.for_active("r1", None, budget));
    let first = run(&parameters, &context).await;
    assert!(first.hindrance.is_none(), "{first:?}");
    let second = run(&parameters, &context).await.hindrance.unwrap();
    assert_eq!(second.kind, HindranceKind::Withheld);
    let runs = std::fs::read_to_string(context.root.join("runs")).unwrap();
    assert_eq!(runs, "x\n");
}
