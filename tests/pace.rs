//! What active looks may do to whom: who is spared, how much is sent, when it stops, and that two audits never overlap.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::hostile::{PATIENCE, Server};
use support::{Holdpoint, Running, holdpoint, write};

/// A server that notes what it is sent and answers with a status, at once or when it is let.
struct Site {
    server: Server,
    seen: Arc<Mutex<Vec<String>>>,
    held: Arc<AtomicBool>,
}

impl Site {
    fn start(status: u16) -> Self {
        Self::answering(move |_| status)
    }

    /// Gives each request, counted from 0, its status.
    fn answering(status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let held = Arc::new(AtomicBool::new(false));
        let (note, hold) = (seen.clone(), held.clone());
        let server = Server::start(move |request, client| {
            let number = {
                let mut seen = note.lock().unwrap();
                seen.push(request.head.clone());
                seen.len() - 1
            };
            while hold.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            let status = status(number);
            write!(
                client,
                "HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            )
        });
        Self { server, seen, held }
    }

    fn url(&self) -> String {
        self.server.url()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn wait_for(&self, requests: usize) {
        let begun = holdpoint::clock::tick();
        while self.seen.lock().unwrap().len() < requests {
            assert!(begun.elapsed() < PATIENCE, "{:#?}", self.seen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A project whose checks each look at paths of the target.
fn project(checks: &[(&str, &str, &[String])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, level, paths) in checks {
        let text = format!(
            "id = \"mine.{name}\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"{level}\"\nsuites = []\n\
             [look]\nprobe = \"http\"\npaths = {paths:?}\n\
             [[expect]]\nthat = \"status == 200\"\notherwise = \"status {{status}}\"\n\
             [remedy]\ntext = \"r\"\n"
        );
        write(
            root.path(),
            &format!(".holdpoint/checks/{name}.toml"),
            &text,
        );
    }
    root
}

/// Checks `c0`, `c1` … of level active, each of one path.
fn each_alone(count: usize) -> tempfile::TempDir {
    let names: Vec<_> = (0..count)
        .map(|number| (format!("c{number}"), vec![format!("/{number}")]))
        .collect();
    let checks: Vec<_> = names
        .iter()
        .map(|(name, paths)| (name.as_str(), "active", paths.as_slice()))
        .collect();
    project(&checks)
}

fn run(root: &Path, target: &str, more: &[&str]) -> Holdpoint {
    let arguments = ["run", "mine.*", "--report", "json=-", "--target", target];
    // A look that is held here must not end before it is let go.
    let patient = ["--timeout", "200s"];
    holdpoint(arguments.iter().chain(&patient).chain(more)).within(root)
}

/// Verdict and reason of each check.
fn findings(stdout: &str) -> BTreeMap<String, (String, String)> {
    let report: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let each = report["findings"].as_array().unwrap().iter();
    each.map(|one| {
        (
            word(one, "check"),
            (word(one, "verdict"), word(one, "reason")),
        )
    })
    .collect()
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

const ACTIVE: [&str; 2] = ["--level", "active"];

#[test]
fn three_server_errors_in_a_row_stop_everything_active() {
    let site = Site::start(500);
    let root = each_alone(8);
    let outcome = run(root.path(), &site.url(), &ACTIVE).run();
    let seen = site.seen();
    assert_eq!(seen.len(), 3, "{seen:#?}");
    let found = findings(&outcome.stdout);
    let of = |verdict: &str| {
        let those = found.values().filter(|(one, _)| one == verdict);
        those.map(|(_, reason)| reason.as_str()).collect::<Vec<_>>()
    };
    // What was answered is judged, what was not is open, and says why.
    assert_eq!(of("fail").len(), 3, "{found:#?}");
    let open = of("inconclusive");
    assert_eq!(open.len(), 5, "{found:#?}");
    let last = seen[2].split(' ').nth(1).unwrap();
    let cause = format!("stopped after three server errors in a row, the last (500) at GET {last}");
    for reason in open {
        assert!(reason.contains(&cause), "{reason}");
    }
    // Looks that only read are neither counted nor held back.
    let paths = ["/a".to_owned(), "/b".into(), "/c".into(), "/d".into()];
    let reading = project(&[("reads", "live", &paths)]);
    run(reading.path(), &site.url(), &ACTIVE).run();
    assert_eq!(site.seen().len(), 3 + 4);
}

#[test]
fn a_server_that_fails_now_and_then_is_not_given_up() {
    let site = Site::answering(|number| if number % 3 == 2 { 404 } else { 500 });
    let root = each_alone(9);
    let outcome = run(root.path(), &site.url(), &ACTIVE).run();
    assert_eq!(site.seen().len(), 9, "{}", outcome.stderr);
    // Each error was waited for: half a second, then a whole one.
    assert!(outcome.took >= Duration::from_millis(4500));
}

#[test]
fn active_requests_say_who_sends_them() {
    let site = Site::start(200);
    let paths = ["/x".to_owned()];
    let root = project(&[
        ("sends", "active", &paths),
        ("reads", "live", &["/y".into()]),
    ]);
    run(root.path(), &site.url(), &ACTIVE).run().expect_code(0);
    let seen = site.seen();
    let of = |path: &str| {
        seen.iter()
            .find(|head| head.contains(&format!("GET {path} ")))
            .unwrap()
    };
    let version = env!("CARGO_PKG_VERSION");
    let run = header(of("/x"), "x-holdpoint-run").unwrap();
    let record = std::fs::read_dir(root.path().join(".holdpoint/records"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let record = std::fs::read_to_string(record.path()).unwrap();
    assert!(record.contains(&format!("\"run\":\"{run}\"")), "{run}");
    let agent = format!("holdpoint/{version} (active; run {run})");
    assert_eq!(header(of("/x"), "user-agent"), Some(agent));
    assert_eq!(
        header(of("/y"), "user-agent"),
        Some(format!("holdpoint/{version}"))
    );
    assert_eq!(header(of("/y"), "x-holdpoint-run"), None);
}

/// An address of this machine that is not a loopback address, and so is taken for another's.
fn elsewhere(site: &Site) -> String {
    site.url().replace("127.0.0.1", "0.0.0.0")
}

#[test]
fn others_and_production_are_spared() {
    let site = Site::start(200);
    let root = each_alone(1);
    let other = elsewhere(&site);
    let refused = |more: &[&str], says: [&str; 2]| {
        let outcome = run(root.path(), &other, &ACTIVE)
            .arguments(more)
            .run()
            .expect_code(2);
        for text in says {
            assert!(outcome.stderr.contains(text), "{}", outcome.stderr);
        }
        assert_eq!(site.seen().len(), 0);
    };
    refused(&[], ["only for targets that are yours", "--owned"]);
    refused(
        &["--on-production"],
        ["only for targets that are yours", "--owned"],
    );
    refused(
        &["--owned"],
        ["environment is production", "--on-production"],
    );
    refused(
        &["--owned", "--environment", "Production"],
        ["environment is production", "--on-production"],
    );
    let allowed = |more: &[&str]| {
        let before = site.seen().len();
        run(root.path(), &other, &ACTIVE)
            .arguments(more)
            .run()
            .expect_code(0);
        assert_eq!(site.seen().len(), before + 1);
    };
    allowed(&["--owned", "--on-production"]);
    allowed(&["--owned", "--environment", "staging"]);
    // What is said twice is known afterwards.
    let plan = [
        "plan",
        "mine.*",
        "--target",
        &other,
        "--owned",
        "--on-production",
        "--level",
        "active",
    ];
    let plan = holdpoint(plan)
        .within(root.path())
        .run()
        .expect_code(0)
        .stdout;
    assert!(
        plan.contains("target.on_production") && plan.contains("200 requests at most"),
        "{plan}"
    );
    // A stack on this machine is nobody's production, and needs nobody's leave.
    run(root.path(), &site.url(), &ACTIVE)
        .arguments(&["--environment", "production"])
        .run()
        .expect_code(0);
}

#[test]
fn another_machine_is_asked_ten_times_a_second_at_most() {
    let site = Site::start(200);
    let root = each_alone(12);
    let outcome = run(root.path(), &elsewhere(&site), &ACTIVE)
        .arguments(&["--owned", "--environment", "staging"])
        .run()
        .expect_code(0);
    assert_eq!(site.seen().len(), 12);
    assert!(
        outcome.took >= Duration::from_millis(1100),
        "{:?}",
        outcome.took
    );
}

#[test]
fn a_run_sends_no_more_than_its_budget() {
    let site = Site::start(200);
    let paths: Vec<String> = (0..2010).map(|number| format!("/{number}")).collect();
    let root = project(&[("many", "active", &paths)]);
    let outcome = run(root.path(), &site.url(), &ACTIVE).run();
    assert_eq!(site.seen().len(), 2000);
    let (verdict, reason) = &findings(&outcome.stdout)["mine.many"];
    assert_eq!(verdict, "inconclusive");
    assert!(
        reason.contains("2000 requests were sent to http://localhost:"),
        "{reason}"
    );
}

/// A run that is in the middle of its first active request.
fn under_way(root: &Path, site: &Site, state: &Path) -> Running {
    let before = site.seen().len();
    site.held.store(true, Ordering::SeqCst);
    let running = run(root, &site.url(), &ACTIVE)
        .env("XDG_STATE_HOME", state)
        .start();
    site.wait_for(before + 1);
    running
}

#[test]
fn two_audits_of_one_origin_never_overlap() {
    let (site, other) = (Site::start(200), Site::start(200));
    let (root, state) = (each_alone(1), tempfile::tempdir().unwrap());
    let second = |url: &str, more: &[&str]| {
        run(root.path(), url, more)
            .env("XDG_STATE_HOME", state.path())
            .run()
    };
    let first = under_way(root.path(), &site, state.path());
    // Another name of this machine is the same origin.
    for url in [site.url(), site.url().replace("127.0.0.1", "localhost")] {
        let refused = second(&url, &ACTIVE).expect_code(2);
        for text in [
            "another audit of http://localhost:",
            "is under way: run ",
            " since ",
            "help: ",
        ] {
            assert!(refused.stderr.contains(text), "{}", refused.stderr);
        }
    }
    assert_eq!(site.seen().len(), 1);
    second(&other.url(), &ACTIVE).expect_code(0);
    let reading = project(&[("reads", "live", &["/y".to_owned()])]);
    let live = run(reading.path(), &site.url(), &[])
        .env("XDG_STATE_HOME", state.path())
        .start();
    site.wait_for(2);
    site.held.store(false, Ordering::SeqCst);
    live.wait().expect_code(0);
    first.wait().expect_code(0);
    second(&site.url(), &ACTIVE).expect_code(0);
    assert_eq!(
        std::fs::read_dir(state.path().join("holdpoint"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn an_audit_that_is_ended_gives_its_origin_back() {
    let site = Site::start(200);
    let (root, state) = (each_alone(1), tempfile::tempdir().unwrap());
    let ends: [fn(&Running); 2] = [Running::interrupt, Running::kill];
    for end in ends {
        let running = under_way(root.path(), &site, state.path());
        end(&running);
        let _ended = running.wait();
        site.held.store(false, Ordering::SeqCst);
        run(root.path(), &site.url(), &ACTIVE)
            .env("XDG_STATE_HOME", state.path())
            .run()
            .expect_code(0);
    }
}

#[test]
fn bursts_and_mail_are_active_whatever_a_check_says() {
    let root = tempfile::tempdir().unwrap();
    for (probe, look) in [
        ("limits", "claim"),
        ("smtp", "send"),
        ("nextauth", "sign-in"),
    ] {
        let text = format!(
            "id = \"mine.sly\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"live\"\nsuites = []\n\
             [look]\nprobe = \"{probe}\"\nlook = \"{look}\"\n\
             [[expect]]\nthat = \"true\"\notherwise = \"o\"\n[remedy]\ntext = \"r\"\n"
        );
        write(root.path(), ".holdpoint/checks/sly.toml", &text);
        let outcome = run(root.path(), "http://127.0.0.1:1", &[])
            .run()
            .expect_code(2);
        assert!(
            outcome.stderr.contains("the look needs at least 'active'"),
            "{}",
            outcome.stderr
        );
    }
}
