//! The vercel probe and its checks against the embedded host: right, and broken in each way.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::vercel::{Hosted, HostedVariable, VercelFault, VercelHost};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::holdpoint;
use support::hostile::Refusing;
use support::peers::Emulate;
use tempfile::TempDir;

const ALL: &[&str] = &["production", "preview", "development"];

/// An application that needs a database address, a secret and an address of its own.
fn application() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "package.json",
        r#"{"name":"tasks","engines":{"node":">=20"},"dependencies":{"next":"15.5.6","next-auth":"4.24.13"}}"#,
    );
    write(
        "app/api/tasks/route.ts",
        "const uri = process.env.MONGODB_URI!;\nexport const GET = () => connect(uri.trim());\nexport const LIMIT = process.env.LIMIT ?? '10';\n",
    );
    write(
        ".git/config",
        "[remote \"origin\"]\n\turl = git@github.com:Example/Tasks.git\n",
    );
    write(
        ".env.local",
        "NEXTAUTH_SECRET=kept-on-this-machine-0123456789\nMONGODB_URI=mongodb://127.0.0.1/tasks\n",
    );
    root
}

/// A project with everything as it should be.
fn right() -> Hosted {
    let one = |name: &str, value: &str, targets: &[&'static str]| {
        HostedVariable::new(name, value, targets)
    };
    Hosted {
        variables: vec![
            one(
                "MONGODB_URI",
                "mongodb+srv://app:pr0d-passw0rd@db.example/tasks",
                &["production"],
            ),
            one(
                "MONGODB_URI",
                "mongodb+srv://app:prev1ew-passw0rd@db.example/preview",
                &["preview"],
            ),
            one("MONGODB_URI", "mongodb://127.0.0.1/tasks", &["development"]),
            one(
                "NEXTAUTH_SECRET",
                "pr0duction-secret-0123456789abcdef",
                &["production"],
            ),
            one(
                "NEXTAUTH_SECRET",
                "prev1ew-secret-0123456789abcdef",
                &["preview"],
            ),
            one(
                "NEXTAUTH_SECRET",
                "devel0pment-secret-0123456789",
                &["development"],
            ),
            one("NEXTAUTH_URL", "https://tasks.example", &["production"]),
        ],
        ..Hosted::default()
    }
}

struct Finding {
    verdict: String,
    reason: String,
    remedy: String,
}

fn run(root: &TempDir, variables: &[(&str, String)], more: &[&str]) -> BTreeMap<String, Finding> {
    let arguments = ["run", "vercel.*", "--report", "json=-"];
    let mut program = holdpoint(arguments.iter().chain(more)).within(root.path());
    for (name, value) in variables {
        program = program.env(name, value);
    }
    let outcome = program.run();
    for secret in ["pr0d-passw0rd", "pr0duction-secret", "sandbox-token-"] {
        assert!(
            !outcome.stdout.contains(secret),
            "{secret} is in the report"
        );
        assert!(
            !outcome.stderr.contains(secret),
            "{secret} is on the screen"
        );
    }
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", outcome.stdout, outcome.stderr));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let told = Finding {
                verdict: word(finding, "verdict"),
                reason: word(finding, "reason"),
                remedy: word(finding, "remedy"),
            };
            (word(finding, "check"), told)
        })
        .collect()
}

fn failed(findings: &BTreeMap<String, Finding>) -> Vec<&str> {
    of(findings, "fail")
}

fn of<'f>(findings: &'f BTreeMap<String, Finding>, verdict: &str) -> Vec<&'f str> {
    findings
        .iter()
        .filter(|(_, finding)| finding.verdict == verdict)
        .map(|(check, _)| check.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_project_passes() {
    let host = VercelHost::start(right()).await.unwrap();
    let findings = run(&application(), &host.variables(), &[]);
    for (check, finding) in &findings {
        assert_eq!(finding.verdict, "pass", "{check}: {}", finding.reason);
    }
    assert_eq!(findings.len(), 15);
    assert!(
        host.asked()
            .iter()
            .all(|asked| !asked.contains(host.token()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_defect_has_its_finding() {
    let host = VercelHost::start(right()).await.unwrap();
    let root = application();
    let with = |change: &dyn Fn(&mut Hosted)| {
        let mut hosted = right();
        change(&mut hosted);
        host.host(hosted);
        run(&root, &host.variables(), &[])
    };

    let findings = with(&|hosted| {
        hosted
            .variables
            .retain(|one| one.name != "MONGODB_URI" || one.targets != ["production"]);
    });
    assert_eq!(failed(&findings), ["vercel.variables-present-production"]);
    let finding = &findings["vercel.variables-present-production"];
    assert!(
        finding.reason.contains("MONGODB_URI")
            && finding.reason.contains("app/api/tasks/route.ts:1"),
        "{}",
        finding.reason
    );
    assert!(
        finding
            .remedy
            .contains("vercel env add MONGODB_URI production"),
        "{}",
        finding.remedy
    );

    let findings = with(&|hosted| {
        hosted.variables.retain(|one| one.targets != ["preview"]);
        hosted.variables[0].targets = vec!["production", "preview"];
        hosted.variables.push(HostedVariable::new(
            "NEXTAUTH_SECRET",
            "an0ther-0123456789abcdef",
            &["preview"],
        ));
    });
    assert_eq!(
        failed(&findings),
        ["vercel.database-not-shared-with-preview"]
    );

    let findings = with(&|hosted| {
        hosted.variables[6].value = "http://localhost:3000/".into();
    });
    assert_eq!(failed(&findings), ["vercel.app-address"]);

    // What the team shares is there too, and where that cannot be read nothing is said to be missing.
    let shared = |hosted: &mut Hosted| {
        let moved = hosted.variables.remove(3);
        hosted.shared.push(moved);
    };
    assert_eq!(failed(&with(&shared)), [""; 0]);
    host.set(VercelFault::NoShared);
    let findings = with(&shared);
    assert_eq!(
        of(&findings, "inconclusive"),
        [
            "vercel.database-not-shared-with-preview",
            "vercel.no-node-env",
            "vercel.no-unread-variables",
            "vercel.not-stale",
            "vercel.secrets-not-plain",
            "vercel.session-secret-not-shared",
            "vercel.variables-present-production",
        ]
    );
    host.set(VercelFault::None);

    // Sensitive values are given to nobody, so that it stays open whether they differ.
    let findings = with(&|hosted| {
        for one in &mut hosted.variables {
            one.kind = "sensitive";
        }
    });
    assert_eq!(failed(&findings), [""; 0]);
    assert_eq!(
        of(&findings, "inconclusive"),
        [
            "vercel.app-address",
            "vercel.database-not-shared-with-preview",
            "vercel.session-secret-not-shared",
        ]
    );

    let findings = with(&|hosted| {
        hosted
            .variables
            .push(HostedVariable::new("NODE_ENV", "production", ALL));
    });
    assert_eq!(failed(&findings), ["vercel.no-node-env"]);

    let findings = with(&|hosted| hosted.variables[0].edited_ms = 3_000);
    assert_eq!(failed(&findings), ["vercel.not-stale"]);
    assert!(findings["vercel.not-stale"].reason.contains("MONGODB_URI"));

    let findings = with(&|hosted| hosted.state = "ERROR");
    assert_eq!(failed(&findings), ["vercel.deployment-ready"]);
    let findings = with(&|hosted| hosted.state = "BUILDING");
    assert_eq!(of(&findings, "inconclusive"), ["vercel.deployment-ready"]);

    let findings = with(&|hosted| {
        hosted.variables[4].value = "pr0duction-secret-0123456789abcdef".into();
    });
    assert_eq!(failed(&findings), ["vercel.session-secret-not-shared"]);

    let findings = with(&|hosted| hosted.node = "18.x");
    assert_eq!(failed(&findings), ["vercel.node-version"]);

    let findings = with(&|hosted| hosted.variables[3].kind = "plain");
    assert_eq!(failed(&findings), ["vercel.secrets-not-plain"]);

    let findings = with(&|hosted| {
        hosted.variables.push(HostedVariable::new(
            "EMAIL_SERVER_PASSWORD",
            "unread-0123456789",
            ALL,
        ));
    });
    assert_eq!(failed(&findings), ["vercel.no-unread-variables"]);

    for change in [
        &(|hosted: &mut Hosted| hosted.repository = ("example", "old-tasks"))
            as &dyn Fn(&mut Hosted),
        &|hosted| hosted.framework = "vite",
    ] {
        assert_eq!(failed(&with(change)), ["vercel.project-settings"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_from_looking_is_no_verdict() {
    let host = VercelHost::start(right()).await.unwrap();
    let root = application();
    for (fault, words) in [
        (VercelFault::BadToken, "does not accept the token"),
        (VercelFault::Forbidden, "VERCEL_TEAM_ID"),
        (VercelFault::Broken, "fault of its own"),
    ] {
        host.set(fault);
        let findings = run(&root, &host.variables(), &[]);
        assert_eq!(
            of(&findings, "inconclusive"),
            ["vercel.project-found"],
            "{fault:?}"
        );
        assert!(
            findings["vercel.project-found"].reason.contains(words),
            "{}",
            findings["vercel.project-found"].reason
        );
        assert_eq!(of(&findings, "blocked").len(), 13);
    }
    host.set(VercelFault::NoVariables);
    let findings = run(&root, &host.variables(), &[]);
    assert_eq!(failed(&findings), [""; 0]);
    assert_eq!(
        of(&findings, "pass"),
        [
            "vercel.configured",
            "vercel.deployment-ready",
            "vercel.node-version",
            "vercel.project-found",
            "vercel.project-settings"
        ]
    );
    assert!(
        findings["vercel.no-node-env"]
            .reason
            .contains("may not read the list")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_project_is_said_to_be_none() {
    let host = VercelHost::start(right()).await.unwrap();
    let mut variables = host.variables();
    variables[1].1 = "prj_of_somebody_else".into();
    let findings = run(&application(), &variables, &[]);
    assert_eq!(failed(&findings), ["vercel.project-found"]);
    assert!(
        findings["vercel.project-found"]
            .remedy
            .contains("VERCEL_PROJECT_ID")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_project_is_found_in_the_folder_of_the_host() {
    let host = VercelHost::start(right()).await.unwrap();
    let root = application();
    std::fs::create_dir(root.path().join(".vercel")).unwrap();
    std::fs::write(
        root.path().join(".vercel/project.json"),
        r#"{"projectId":"prj_sandbox","orgId":"team_sandbox"}"#,
    )
    .unwrap();
    let variables = host.variables();
    let token_and_address = [variables[0].clone(), variables[3].clone()];
    let findings = run(&root, &token_and_address, &[]);
    assert_eq!(findings["vercel.project-found"].verdict, "pass");

    // Linked, and no token: it cannot be looked at, and the reason says what would help.
    let findings = run(&root, &variables[3..], &[]);
    let finding = &findings["vercel.variables-present-production"];
    assert!(finding.verdict == "blocked" || finding.verdict == "inconclusive");
    assert!(
        findings["vercel.project-found"]
            .reason
            .contains("VERCEL_TOKEN is not set")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_refusal_end_in_time() {
    let host = VercelHost::start(right()).await.unwrap();
    host.set(VercelFault::Hang);
    let root = application();
    let findings = run(&root, &host.variables(), &[]);
    assert_eq!(of(&findings, "inconclusive"), ["vercel.project-found"]);
    assert!(
        findings["vercel.project-found"]
            .reason
            .contains("no answer within"),
        "{}",
        findings["vercel.project-found"].reason
    );
    let nobody = Refusing::start();
    let mut variables = host.variables();
    variables[3].1 = nobody.url();
    let findings = run(&root, &variables, &[]);
    assert!(
        findings["vercel.project-found"].reason.contains("refused"),
        "{}",
        findings["vercel.project-found"].reason
    );
}

#[test]
fn an_application_that_is_deployed_elsewhere_is_left_alone() {
    let findings = run(&application(), &[], &[]);
    assert_eq!(of(&findings, "not-applicable").len(), 15);
}

/// What a run needs to meet the emulated API.
fn emulated(peer: &Emulate, project: &str) -> Vec<(&'static str, String)> {
    vec![
        ("VERCEL_TOKEN", Emulate::TOKEN.into()),
        ("VERCEL_PROJECT_ID", project.into()),
        ("HOLDPOINT_VERCEL_URL", peer.url().into()),
    ]
}

#[test]
fn the_makers_own_emulation_is_read() {
    let everywhere = |name: &str, value: &str| json!({ "key": name, "value": value, "type": "plain", "target": ALL });
    let variables = vec![
        json!({ "key": "MONGODB_URI", "value": "mongodb://db.example/tasks", "type": "encrypted", "target": ["production"] }),
        json!({ "key": "MONGODB_URI", "value": "mongodb://db.example/preview", "type": "sensitive", "target": ["preview"] }),
        json!({ "key": "NEXTAUTH_SECRET", "value": "0123456789-abcdef", "type": "sensitive", "target": ["production", "preview"] }),
        everywhere("NODE_ENV", "production"),
        everywhere("EMAIL_SERVER_PASSWORD", "read-by-nothing"),
    ];
    let project = json!({
        "name": "tasks", "framework": "nextjs", "nodeVersion": "22.x", "envVars": variables,
    });
    let Some(peer) = Emulate::start(&project) else {
        return;
    };
    let findings = run(&application(), &emulated(&peer, "tasks"), &[]);
    let verdict = |id: &str| findings[id].verdict.as_str();
    assert_eq!(verdict("vercel.project-found"), "pass");
    assert_eq!(
        verdict("vercel.variables-present-production"),
        "pass",
        "{}",
        findings["vercel.variables-present-production"].reason
    );
    assert_eq!(verdict("vercel.variables-present-preview"), "pass");
    let development = &findings["vercel.variables-present-development"];
    assert_eq!(development.verdict, "fail");
    assert!(
        development
            .remedy
            .contains("vercel env add MONGODB_URI development")
    );
    assert_eq!(verdict("vercel.no-node-env"), "fail");
    // It gives out no value of what is encrypted.
    assert_eq!(
        verdict("vercel.database-not-shared-with-preview"),
        "inconclusive"
    );
    assert_eq!(verdict("vercel.project-settings"), "pass");
    // Nothing was ever deployed.
    assert_eq!(verdict("vercel.deployment-ready"), "fail");
    assert_eq!(verdict("vercel.not-stale"), "inconclusive");
    let unread = &findings["vercel.no-unread-variables"];
    assert_eq!(unread.verdict, "fail");
    assert!(unread.reason.contains("EMAIL_SERVER_PASSWORD"));
    assert_eq!(verdict("vercel.secrets-not-plain"), "fail");

    let findings = run(&application(), &emulated(&peer, "another"), &[]);
    assert_eq!(failed(&findings), ["vercel.project-found"]);
}

#[test]
fn no_variable_is_called_missing_because_a_list_is_long() {
    // Its pages hold twenty, and these are made within few moments, by which it pages.
    let mut variables: Vec<_> = (0..70)
        .map(|count| {
            json!({ "key": format!("NEXT_PUBLIC_FLAG_{count}"), "value": "on", "type": "plain", "target": ALL })
        })
        .collect();
    for name in ["MONGODB_URI", "NEXTAUTH_SECRET"] {
        let one = json!({ "key": name, "value": "0123456789-abcdef", "type": "sensitive", "target": ALL });
        variables.insert(35, one);
    }
    let project = json!({ "name": "tasks", "framework": "nextjs", "envVars": variables });
    let Some(peer) = Emulate::start(&project) else {
        return;
    };
    let findings = run(&application(), &emulated(&peer, "tasks"), &[]);
    let verdict = findings["vercel.variables-present-production"]
        .verdict
        .as_str();
    assert!(matches!(verdict, "pass" | "inconclusive"), "{verdict}");
}
