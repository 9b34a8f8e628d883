//! The isolation probe and the checks that use it: an API that is right, and one with each fault; and what is left.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::{Faults, NextAuthFault, Sandbox, TaskFault, Variant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::hostile::PATIENCE;
use support::{holdpoint, write};

/// The verdict and the reason of each check.
type Findings = BTreeMap<String, (String, String)>;

const EVERY: [&str; 12] = [
    "api.malformed-json",
    "api.markup-stays-data",
    "api.no-mass-assignment",
    "api.other-sites-cannot-write",
    "api.public-routes-named",
    "api.refuses-false-sessions",
    "api.refuses-foreign-origin",
    "api.refuses-no-session",
    "api.refuses-operators",
    "api.validates-input",
    "isolation.guests",
    "isolation.users",
];

async fn sandbox(faults: Faults) -> (Sandbox, tempfile::TempDir) {
    let sandbox = Sandbox::start_with(Variant::Mended, faults).await.unwrap();
    let root = tempfile::tempdir().unwrap();
    sandbox.write_project(root.path()).unwrap();
    (sandbox, root)
}

async fn with(faults: &[TaskFault]) -> (Sandbox, tempfile::TempDir) {
    sandbox(Faults {
        tasks: faults.to_vec(),
        ..Faults::default()
    })
    .await
}

/// Runs the checks; gives their findings, and everything that was printed.
fn examine(root: &Path, more: &[&str]) -> (Findings, String) {
    let arguments = [
        "run",
        "isolation.*",
        "api.*",
        "--level",
        "active",
        "--report",
        "json=-",
    ];
    let outcome = holdpoint(arguments.iter().chain(more)).within(root).run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", outcome.stdout, outcome.stderr));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                word(one, "check"),
                (word(one, "verdict"), word(one, "reason")),
            )
        })
        .collect();
    (findings, outcome.stdout + &outcome.stderr)
}

fn of<'a>(findings: &'a Findings, verdict: &str) -> BTreeSet<&'a str> {
    findings
        .iter()
        .filter(|(id, (found, _))| found == verdict && *id != "site.answers")
        .map(|(id, _)| id.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_api_passes_and_nothing_is_left() {
    let (sandbox, root) = with(&[]).await;
    let (findings, printed) = examine(root.path(), &[]);
    assert_eq!(of(&findings, "pass"), EVERY.into(), "{findings:#?}");
    assert_eq!(sandbox.tasks(), 0);
    let mut written = printed;
    for record in std::fs::read_dir(root.path().join(".holdpoint/records")).unwrap() {
        written += &std::fs::read_to_string(record.unwrap().path()).unwrap();
    }
    // No session stands in anything that is kept.
    assert!(!written.contains("eyJhbGciOi"));
}

/// A fault, the claims that are then false, and words of the reason of the first.
type Case = (TaskFault, &'static [&'static str], &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_makes_its_own_claims_false() {
    let users: &[&str] = &["isolation.users", "isolation.guests"];
    let cases: [Case; 14] = [
        (TaskFault::ListsEverybodys, users, "GET /api/tasks as B"),
        (TaskFault::ReadsAnybodys, users, "GET /api/tasks/[id] as B"),
        (
            TaskFault::ChangesAnybodys,
            users,
            "PUT /api/tasks/[id] as B: what A has created is changed",
        ),
        (
            TaskFault::DeletesAnybodys,
            users,
            "DELETE /api/tasks/[id] as B: what A has created is gone",
        ),
        (
            TaskFault::DeletesForStrangers,
            &["api.refuses-no-session", "api.refuses-false-sessions"],
            "DELETE /api/tasks/[id] without a session",
        ),
        (
            TaskFault::SpreadsIntoNew,
            &["api.no-mass-assignment"],
            "POST /api/tasks as A: the body decides",
        ),
        (
            TaskFault::SpreadsIntoChanged,
            &["api.no-mass-assignment"],
            "PUT /api/tasks/[id] as A: the body decides",
        ),
        (
            TaskFault::TakesOperators,
            &["api.refuses-operators"],
            "{ $ne: … } in place of a text is taken with 201",
        ),
        (
            TaskFault::TakesAnyType,
            &["api.validates-input"],
            "a number in place of a text is taken with 201",
        ),
        (
            TaskFault::AnswersAsPage,
            &["api.markup-stays-data"],
            "text/html",
        ),
        (
            TaskFault::ShowsStack,
            &["api.malformed-json"],
            "a stack trace",
        ),
        (
            TaskFault::TakesForeignOrigins,
            &["api.refuses-foreign-origin"],
            "JSON that calls itself text/plain is taken with 201; SameSite=Lax alone keeps",
        ),
        (
            TaskFault::TakesForms,
            &["api.refuses-foreign-origin"],
            "POST /api/tasks as A from a foreign origin: a form is taken with 201; SameSite=Lax",
        ),
        (
            TaskFault::CreatesByLink,
            &["api.other-sites-cannot-write", "api.refuses-foreign-origin"],
            "a link with the values in its query is taken with 200; the session goes along",
        ),
    ];
    for (fault, wrong, says) in cases {
        let (sandbox, root) = with(&[fault]).await;
        let (findings, printed) = examine(root.path(), &[]);
        let expected: BTreeSet<_> = wrong.iter().copied().collect();
        assert_eq!(of(&findings, "fail"), expected, "{fault:?}: {findings:#?}");
        assert_eq!(
            of(&findings, "pass").len(),
            EVERY.len() - wrong.len(),
            "{fault:?}: {findings:#?}"
        );
        let reason = &findings[wrong[0]].1;
        assert!(reason.contains(says), "{fault:?}: {reason}");
        assert_eq!(sandbox.tasks(), 0, "{fault:?}: {printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_throws_is_tried_to_the_end() {
    // Every hostile body is answered with 500, which is what is looked for; what was right before is right after
    // each, so the server is not one that fails, and the claims that come last are still told.
    let (sandbox, root) = with(&[TaskFault::Throws]).await;
    let (findings, printed) = examine(root.path(), &[]);
    let wrong = [
        "api.malformed-json",
        "api.refuses-operators",
        "api.validates-input",
    ];
    assert_eq!(of(&findings, "fail"), wrong.into(), "{findings:#?}");
    assert_eq!(
        of(&findings, "pass").len(),
        EVERY.len() - wrong.len(),
        "{findings:#?}"
    );
    assert_eq!(sandbox.tasks(), 0, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn false_sessions_that_are_taken_are_named() {
    for (fault, what) in [
        (NextAuthFault::AcceptsExpired, "with an expired session"),
        (NextAuthFault::AcceptsAltered, "with an altered session"),
    ] {
        let (sandbox, root) = sandbox(Faults {
            sign_in: Some(fault),
            ..Faults::default()
        })
        .await;
        let (findings, _) = examine(root.path(), &[]);
        let (verdict, reason) = &findings["api.refuses-false-sessions"];
        assert_eq!(verdict, "fail", "{reason}");
        assert!(reason.contains(what), "{reason}");
        assert_eq!(sandbox.tasks(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_write_where_the_session_goes_along() {
    let (sandbox, root) = sandbox(Faults {
        tasks: vec![TaskFault::TakesForeignOrigins],
        sign_in: Some(NextAuthFault::SendsCookiesEverywhere),
        ..Faults::default()
    })
    .await;
    let (findings, _) = examine(root.path(), &[]);
    let expected: BTreeSet<_> =
        ["api.other-sites-cannot-write", "api.refuses-foreign-origin"].into();
    assert_eq!(of(&findings, "fail"), expected, "{findings:#?}");
    let reason = &findings["api.other-sites-cannot-write"].1;
    assert!(reason.contains("SameSite=None"), "{reason}");
    assert_eq!(sandbox.tasks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_are_one_user_see_each_others_tasks() {
    let (sandbox, root) = sandbox(Faults {
        sign_in: Some(NextAuthFault::SharesGuests),
        ..Faults::default()
    })
    .await;
    let (findings, _) = examine(root.path(), &[]);
    let expected: BTreeSet<_> = ["isolation.guests", "isolation.users"].into();
    assert_eq!(of(&findings, "fail"), expected, "{findings:#?}");
    let reason = &findings["isolation.guests"].1;
    assert!(
        reason.contains("two sign-ins of guests give one id"),
        "{reason}"
    );
    assert_eq!(sandbox.tasks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_in_by_minted_sessions_where_nobody_is_a_guest() {
    for (faults, wrong) in [
        (vec![], vec![]),
        (vec![TaskFault::ReadsAnybodys], vec!["isolation.users"]),
    ] {
        let (sandbox, root) = with(&faults).await;
        let local = std::fs::read_to_string(root.path().join(".env.local")).unwrap();
        let local = local + "HOLDPOINT_NEXTAUTH_PROVIDER=nobody\n";
        write(root.path(), ".env.local", &local);
        let (findings, _) = examine(root.path(), &[]);
        assert_eq!(
            of(&findings, "not-applicable"),
            ["isolation.guests"].into(),
            "{findings:#?}"
        );
        assert_eq!(
            of(&findings, "fail"),
            wrong.into_iter().collect(),
            "{findings:#?}"
        );
        assert_eq!(of(&findings, "inconclusive").len(), 0, "{findings:#?}");
        assert_eq!(sandbox.tasks(), 0);
        // Without the secret nobody comes in.
        let local = local.replace("NEXTAUTH_SECRET=", "ANOTHER_SECRET=");
        write(root.path(), ".env.local", &local);
        let (findings, _) = examine(root.path(), &[]);
        let (verdict, reason) = &findings["isolation.users"];
        assert_eq!(verdict, "inconclusive", "{reason}");
        assert!(reason.contains("no two users could be let in"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_that_answer_strangers_are_told() {
    let (_sandbox, root) = with(&[]).await;
    let file = "app/manifest.webmanifest/route.ts";
    write(
        root.path(),
        file,
        "export async function GET() { return Response.json({}) }",
    );
    let (findings, _) = examine(root.path(), &[]);
    let (verdict, reason) = &findings["api.public-routes-named"];
    assert_eq!(verdict, "fail");
    assert!(reason.contains("GET /manifest.webmanifest"), "{reason}");
    assert_eq!(findings["api.refuses-no-session"].0, "pass");

    write(
        root.path(),
        file,
        "export async function GET() { await getServerSession(options); return Response.json({}) }",
    );
    let (findings, _) = examine(root.path(), &[]);
    let (verdict, reason) = &findings["api.refuses-no-session"];
    assert_eq!(verdict, "fail");
    assert!(
        reason.contains("GET /manifest.webmanifest without a session"),
        "{reason}"
    );

    let settings = std::fs::read_to_string(root.path().join("holdpoint.toml")).unwrap();
    let settings = settings + "\n[api]\npublic = [\"/manifest.webmanifest\"]\n";
    write(root.path(), "holdpoint.toml", &settings);
    let (findings, _) = examine(root.path(), &[]);
    assert_eq!(of(&findings, "pass"), EVERY.into(), "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_is_open() {
    // A cannot create, so nothing is told by others not finding it.
    let (_one, root) = with(&[TaskFault::TakesNothing]).await;
    let (findings, _) = examine(root.path(), &[]);
    for check in EVERY
        .iter()
        .filter(|check| **check != "api.public-routes-named")
    {
        let (verdict, reason) = &findings[*check];
        assert_eq!(verdict, "inconclusive", "{check}: {reason}");
        assert!(
            reason.contains("is answered with 400; say what it takes"),
            "{check}: {reason}"
        );
    }
    // Nothing more is sent to an API that fails.
    let (_two, root) = with(&[TaskFault::Breaks]).await;
    let (findings, _) = examine(root.path(), &[]);
    assert_eq!(findings["isolation.users"].0, "inconclusive");
    // Without the secret an expired session cannot be made; the rest is still told.
    let (sandbox, root) = with(&[]).await;
    let local = std::fs::read_to_string(root.path().join(".env.local")).unwrap();
    let lines: String = local
        .lines()
        .filter(|line| !line.starts_with("NEXTAUTH_SECRET="))
        .map(|line| format!("{line}\n"))
        .collect();
    write(root.path(), ".env.local", &lines);
    let (findings, _) = examine(root.path(), &[]);
    let (verdict, reason) = &findings["api.refuses-false-sessions"];
    assert_eq!(verdict, "inconclusive", "{reason}");
    assert!(
        reason.contains("an expired session cannot be made"),
        "{reason}"
    );
    assert_eq!(findings["isolation.users"].0, "pass");
    assert_eq!(sandbox.tasks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_applies_to_an_api_only_and_asks_for_level_active() {
    let (sandbox, root) = with(&[]).await;
    let (findings, _) = examine(root.path(), &["--level", "live"]);
    assert_eq!(of(&findings, "pass").len(), 0);
    for file in ["app/api/tasks", "app/api/push", "app/api/ai"] {
        std::fs::remove_dir_all(root.path().join(file)).unwrap();
    }
    let (findings, _) = examine(root.path(), &[]);
    let open: BTreeSet<_> = of(&findings, "inconclusive");
    // What is left acts for nobody.
    assert_eq!(
        of(&findings, "not-applicable"),
        EVERY.into(),
        "{open:?} {findings:#?}"
    );
    assert_eq!(sandbox.tasks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_name_a_collection() {
    let (sandbox, root) = with(&[TaskFault::DeletesAnybodys]).await;
    for file in ["app/api/tasks", "app/api/push", "app/api/ai"] {
        std::fs::remove_dir_all(root.path().join(file)).unwrap();
    }
    let settings = std::fs::read_to_string(root.path().join("holdpoint.toml")).unwrap();
    let api = "\n[api]\npublic = [\"/api/health\"]\n\n[[api.collection]]\npath = \"/api/tasks\"\n\
               body = { title = \"a task\", done = false }\nfield = \"title\"\nid = \"id\"\n";
    write(root.path(), "holdpoint.toml", &(settings + api));
    let (findings, _) = examine(root.path(), &[]);
    let (verdict, reason) = &findings["isolation.users"];
    assert_eq!(verdict, "fail", "{reason}");
    assert!(reason.contains("DELETE /api/tasks/[id] as B"), "{reason}");
    assert_eq!(sandbox.tasks(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_request_creates_is_removed() {
    // The answer never comes, so the look is under way when the run is interrupted.
    let (sandbox, root) = with(&[TaskFault::CreatesSlowly]).await;
    let arguments = ["run", "isolation.users", "--level", "active"];
    let running = holdpoint(arguments).within(root.path()).start();
    let begun = holdpoint::clock::tick();
    while sandbox.tasks() == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was created");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    running.interrupt();
    let outcome = tokio::task::spawn_blocking(|| running.wait())
        .await
        .unwrap()
        .expect_code(130);
    assert_eq!(sandbox.tasks(), 0, "{}", outcome.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_there_yet_is_said() {
    // Nothing shows whether a request without an answer is still to create something.
    let (sandbox, root) = with(&[TaskFault::BreaksOffCreation]).await;
    let (_, told) = examine(root.path(), &["--retries", "0"]);
    assert_eq!(sandbox.tasks(), 0);
    let said = "a request that may have created one had no answer";
    assert!(told.contains(said), "{told}");
}
