//! The report as a page, in a real browser: it says what the record says, obeys the keyboard, and lets nothing in or out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::model::{
    Decision, Finding, Level, LookVerdict, Note, Outcome, Reason, Severity, Subject, Timing,
    Verdict,
};
use holdpoint::report::{Beside, Report, Style, format};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::browser::Browser;
use support::peers::{fetched, peer};
use support::{holdpoint, write};
use tempfile::TempDir;

/// Names of the elements that a page is made of. Anything else came from outside.
const ELEMENTS: &str = "A B BODY BUTTON CAPTION CIRCLE CODE DD DETAILS DIV DL DT FIELDSET FIGURE FOOTER FORM G H1 H2 H3 H4 HEAD HEADER HTML I \
     INPUT LABEL LEGEND LI MAIN META NAV OL P PATH PRE SECTION SPAN STRONG STYLE SUMMARY SVG TABLE TBODY TD TEXT TH THEAD TITLE TR UL";

/// What is visible of the findings: each is a block or a line with a verdict.
const VISIBLE: &str =
    "[...document.querySelectorAll('.f, .lines > li')].filter(one => one.checkVisibility())";

async fn browser() -> Option<Browser> {
    Some(Browser::start(&peer("chromium")?).await)
}

/// The demonstration's record as a page and as data.
fn demonstration() -> (TempDir, PathBuf, Value) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("demo");
    holdpoint([Path::new("demo"), Path::new("--dir"), &folder])
        .run()
        .expect_code(0);
    reported(&folder, 1);
    let report = fs::read_to_string(parent.path().join("report.json")).unwrap();
    let page = parent.path().join("page.html");
    (parent, page, serde_json::from_str(&report).unwrap())
}

/// Both reports of the newest record, beside the project: within it they would be changes of the code.
fn reported(folder: &Path, code: i32) {
    let reports = ["html=../page.html", "json=../report.json"];
    let reports = reports.into_iter().flat_map(|one| ["--report", one]);
    holdpoint(["report", "--from", "latest"].into_iter().chain(reports))
        .within(folder)
        .run()
        .expect_code(code);
}

/// The page says what the record says: the decision, each count, and each finding with its verdict.
async fn says(browser: &mut Browser, report: &Value) {
    let word = report["decision"].as_str().unwrap().to_uppercase();
    let shown = browser
        .evaluate("document.querySelector('.word').innerText")
        .await;
    assert!(shown.as_str().unwrap().ends_with(&word), "{shown}");
    let title = browser.evaluate("document.title").await;
    assert!(title.as_str().unwrap().starts_with(&word), "{title}");
    let counts = browser
        .evaluate("[...document.querySelectorAll('.counts li')].map(one => one.innerText.replace(/ \\(.*/, ''))")
        .await;
    let summary = report["summary"].as_object().unwrap();
    let mut expected: Vec<String> = summary
        .iter()
        .filter(|(_, count)| **count != json!(0))
        .map(|(word, count)| format!("{count} {}", word.replace('-', " ")))
        .collect();
    let mut counts: Vec<String> = serde_json::from_value(counts).unwrap();
    expected.sort();
    counts.sort();
    assert_eq!(counts, expected);
    // Each check once, in the class of its verdict.
    let shown = browser
        .evaluate("[...document.querySelectorAll('.f, .lines > li')].map(one => [one.querySelector('code').textContent, Number(one.className.match(/v(\\d)/)[1])])")
        .await;
    let mut shown: Vec<(String, usize)> = serde_json::from_value(shown).unwrap();
    shown.sort();
    let findings = report["findings"].as_array().unwrap();
    let mut expected: Vec<(String, usize)> = findings
        .iter()
        .map(|one| {
            let verdict: Verdict = one["verdict"].as_str().unwrap().parse().unwrap();
            (one["check"].as_str().unwrap().to_owned(), verdict as usize)
        })
        .collect();
    expected.sort();
    assert_eq!(shown, expected);
    // Failures stand before everything else.
    let order = browser
        .evaluate(
            "[...document.querySelectorAll('.f, .lines > li')].map(one => one.matches('.v6'))",
        )
        .await;
    let order: Vec<bool> = serde_json::from_value(order).unwrap();
    assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
}

/// Nothing was asked for but the file, nothing was refused, nothing complained, and there is nothing that could act.
async fn quiet(browser: &mut Browser) {
    let asked: Vec<String> = browser
        .seen("Network.requestWillBeSent")
        .iter()
        .map(|one| one["request"]["url"].to_string())
        .filter(|url| !url.contains("page.html"))
        .collect();
    assert_eq!(asked, [""; 0]);
    for name in [
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
        "Log.entryAdded",
    ] {
        assert!(browser.seen(name).is_empty(), "{:?}", browser.seen(name));
    }
    let names =
        "[...new Set([...document.querySelectorAll('*')].map(one => one.tagName.toUpperCase()))]";
    let names: Vec<String> = serde_json::from_value(browser.evaluate(names).await).unwrap();
    for name in names {
        assert!(
            ELEMENTS.split_whitespace().any(|one| one == name),
            "<{name}>"
        );
    }
    let acts = "[...document.querySelectorAll('*')].flatMap(one => [...one.attributes]).filter(one => /^on/.test(one.name) || /^(src|srcset|action|formaction|data)$/.test(one.name) || (one.name === 'href' && !one.value.startsWith('#'))).map(one => one.name + '=' + one.value)";
    assert_eq!(browser.evaluate(acts).await, json!([]));
    let twice = "(() => { const all = [...document.querySelectorAll('[id]')].map(one => one.id); return all.filter((one, place) => all.indexOf(one) !== place); })()";
    assert_eq!(browser.evaluate(twice).await, json!([]));
    // Each link within the page leads somewhere.
    let nowhere = "[...document.querySelectorAll('a')].map(one => one.getAttribute('href')).filter(one => !document.getElementById(one.slice(1)))";
    assert_eq!(browser.evaluate(nowhere).await, json!([]));
}

/// axe finds no violation, whatever the scheme and the width; and the page never scrolls sideways.
async fn accessible(browser: &mut Browser) {
    let Some(folder) = fetched("axe-core") else {
        return;
    };
    let axe = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
        browser.show(width, scheme, "screen").await;
        let across = browser
            .evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            .await;
        assert_eq!(across, json!(0), "at {width} px the page scrolls sideways");
        // What is folded is read too.
        browser
            .evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            .await;
        browser.evaluate(&axe).await;
        let tags = json!({ "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"] });
        let found = browser
            .evaluate(&format!(
                "axe.run(document, {tags}).then(all => ({{ passes: all.passes.length, violations: all.violations.map(one => [one.id, one.help, one.nodes.slice(0, 3).map(node => [node.html, node.failureSummary])]) }}))"
            ))
            .await;
        assert_eq!(found["violations"], json!([]), "{width} px, {scheme}");
        assert!(
            found["passes"].as_u64().unwrap() > 20,
            "axe looked at little: {found}"
        );
    }
    browser.show(1280, "light", "screen").await;
}

/// Each box of the filters hides its findings and no other, by keyboard and by mouse, and all come back.
async fn filters(browser: &mut Browser, report: &Value) {
    let findings = report["findings"].as_array().unwrap();
    let all = browser.evaluate(&format!("{VISIBLE}.length")).await;
    assert_eq!(all, json!(findings.len()));
    let boxes = "[...document.querySelectorAll('.filters input')].map(one => [one.id, one.parentElement.innerText, one.closest('fieldset').querySelector('legend').innerText])";
    let boxes: Vec<(String, String, String)> =
        serde_json::from_value(browser.evaluate(boxes).await).unwrap();
    assert!(boxes.len() > 8, "{boxes:?}");
    for (place, (id, label, row)) in boxes.iter().enumerate() {
        let (word, count) = label.rsplit_once(' ').unwrap();
        let belongs = |one: &&Value| match row.as_str() {
            "Verdict" => one["verdict"].as_str().unwrap().replace('-', " ") == word,
            "Severity" => one["severity"] == word,
            _ => one["check"].as_str().unwrap().split('.').next() == Some(word),
        };
        let its = findings.iter().filter(belongs).count();
        if word != "others" {
            assert_eq!(count, its.to_string(), "{row}: {label}");
        }
        let its: usize = count.parse().unwrap();
        match place % 2 {
            0 => browser.click(&format!("#{id}")).await,
            _ => {
                browser
                    .evaluate(&format!("document.getElementById('{id}').focus()"))
                    .await;
                browser.press(" ").await;
            }
        }
        let left = browser.evaluate(&format!("{VISIBLE}.length")).await;
        assert_eq!(left, json!(findings.len() - its), "{row}: {label}");
        let wrong = match row.as_str() {
            "Verdict" | "Severity" => format!(
                "{VISIBLE}.filter(one => one.classList.contains('{}')).length",
                id.trim_start_matches("show-")
            ),
            _ => "0".into(),
        };
        assert_eq!(browser.evaluate(&wrong).await, json!(0));
        let told = browser
            .evaluate("[...document.querySelectorAll('.told')].filter(one => one.checkVisibility()).length")
            .await;
        assert_eq!(told, json!(1), "that some are hidden is not said");
        browser.click(".filters button").await;
        let back = browser.evaluate(&format!("{VISIBLE}.length")).await;
        assert_eq!(back, json!(findings.len()));
    }
    // Nothing of a row is ticked: that is said, and is not taken for an empty report.
    browser
        .evaluate("document.querySelectorAll('.filters fieldset:first-of-type input').forEach(one => one.click())")
        .await;
    let told = browser
        .evaluate("document.querySelector('.told.nothing').checkVisibility()")
        .await;
    assert_eq!(
        (told, browser.evaluate(&format!("{VISIBLE}.length")).await),
        (json!(true), json!(0))
    );
    browser.click(".filters button").await;
    // Enter in a box sends nothing anywhere.
    browser
        .evaluate("document.querySelector('.filters input').focus()")
        .await;
    browser.press("Enter").await;
    let here = browser.evaluate("location.href").await;
    assert!(here.as_str().unwrap().ends_with("page.html"), "{here}");
    // A link to what a filter hides shows it.
    let first = browser
        .evaluate("document.querySelector('.reasons a').getAttribute('href')")
        .await;
    browser.click(".filters input").await;
    browser.click(".reasons a").await;
    let shown = browser
        .evaluate(&format!(
            "document.querySelector('{}').closest('.f').checkVisibility()",
            first.as_str().unwrap().replace('.', "\\\\.")
        ))
        .await;
    assert_eq!(shown, json!(true));
    browser.click(".filters button").await;
}

/// Tab goes through the page in the order of reading, reaches all that can be acted on, and shows where it is.
async fn keyboard(browser: &mut Browser, page: &Path) {
    browser.open(page).await;
    browser
        .evaluate("(() => { document.querySelectorAll('details').forEach(one => one.open = false); \
             window.stops = [...document.querySelectorAll('a, input, button, summary, [tabindex=\"0\"]')].filter(one => one.checkVisibility({ contentVisibilityAuto: false })); return 0; })()")
        .await;
    let expected = browser.evaluate("stops.length").await.as_u64().unwrap();
    assert!(expected > 20, "{expected}");
    for place in 0..expected {
        browser.press("Tab").await;
        let at = browser
            .evaluate("(() => { const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect(); \
                 return { place: stops.indexOf(one), visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, \
                 inside: box.bottom > 0 && box.top < innerHeight && box.right > 0, what: one.outerHTML.slice(0, 120) }; })()")
            .await;
        assert_eq!(at["place"], json!(place), "{at}");
        assert_eq!(
            (&at["visible"], &at["inside"]),
            (&json!(true), &json!(true)),
            "{at}"
        );
    }
    // A finding unfolds by keyboard.
    browser
        .evaluate("document.querySelector('.f > summary').focus()")
        .await;
    let before = browser.evaluate("document.querySelector('.f').open").await;
    browser.press("Enter").await;
    let after = browser.evaluate("document.querySelector('.f').open").await;
    assert_ne!(before, after);
    browser.press("Enter").await;
}

/// On paper all failures stand in full, and what needs a hand is left out.
async fn paper(browser: &mut Browser) {
    // Whatever is hidden on the screen, and in whichever scheme.
    browser.click(".filters input").await;
    browser.show(760, "dark", "print").await;
    let left = browser
        .evaluate("[...document.querySelectorAll('.filters, nav, .skip, .facts')].filter(one => one.checkVisibility()).length")
        .await;
    assert_eq!(left, json!(0));
    let failures = "[...document.querySelectorAll('.f.v6')]";
    let all = browser.evaluate(&format!("{failures}.length")).await;
    assert!(all.as_u64().unwrap() > 0);
    let whole = browser
        .evaluate(&format!("{failures}.filter(one => one.checkVisibility() && one.querySelector('.body').checkVisibility({{ contentVisibilityAuto: false }}) && one.querySelector('.body').getBoundingClientRect().height > 40).length"))
        .await;
    assert_eq!(whole, all);
    let ground = browser
        .evaluate("[getComputedStyle(document.documentElement).getPropertyValue('--ground'), getComputedStyle(document.querySelector('.band')).backgroundColor, getComputedStyle(document.querySelector('.f')).breakInside]")
        .await;
    assert_eq!(ground, json!(["#ffffff", "rgba(0, 0, 0, 0)", "avoid"]));
    browser.show(1280, "light", "screen").await;
    browser.click(".filters button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_what_its_record_says_and_serves_any_reader() {
    let Some(mut browser) = browser().await else {
        return;
    };
    let (_folder, page, report) = demonstration();
    browser.show(1280, "light", "screen").await;
    browser.open(&page).await;
    says(&mut browser, &report).await;
    filters(&mut browser, &report).await;
    quiet(&mut browser).await;
    keyboard(&mut browser, &page).await;
    paper(&mut browser).await;
    quiet(&mut browser).await;
    accessible(&mut browser).await;
}

/// Everything that a page may be told to be, in each text.
const HOSTILE: &str = "\"></title></style></details><script>alert(1)</script><img src=x onerror=alert(1)><a href=\"javascript:alert(1)\">x</a>\u{1b}[2J\u{202e}&lt;&#x3c; ' `\u{0}\u{fffe}";

/// A finding whose every text is hostile.
fn hostile(place: usize, verdict: Verdict, severity: Severity) -> Finding {
    let long = format!("{HOSTILE}{}", "W".repeat(500));
    let look = LookVerdict {
        label: long.clone(),
        verdict,
        reasons: vec![Reason {
            text: long.clone(),
            expected: long.clone(),
            found: long.clone(),
            line: 1,
            listed: 0,
        }],
        unjudged: vec![],
        facts: json!({ HOSTILE: HOSTILE }).as_object().unwrap().clone(),
        evidence: HOSTILE.into(),
        retried: false,
    };
    Finding {
        check: format!("{HOSTILE}.{place}"),
        title: long.clone(),
        suites: vec![HOSTILE.into()],
        severity,
        verdict,
        flaky: false,
        reason: long.clone(),
        expected: long.clone(),
        found: long.clone(),
        remedy: format!("{long}\n  {HOSTILE}\nend"),
        looks: vec![look],
        blocked_by: Some(format!("{HOSTILE}.0")),
        duration_ms: 1,
        note: Some(Note {
            document: HOSTILE.into(),
            says: long.clone(),
            truth: long.clone(),
            source: HOSTILE.into(),
            tested: long,
            conformance: "not met".into(),
            assessment: "sound".into(),
        }),
        defined: HOSTILE.into(),
        overrides_shipped: true,
        waived: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_stays_text() {
    let Some(mut browser) = browser().await else {
        return;
    };
    let severities = Severity::ALL.iter().cycle();
    let findings: Vec<Finding> = Verdict::ALL
        .iter()
        .zip(severities)
        .enumerate()
        .map(|(place, (verdict, severity))| hostile(place, *verdict, *severity))
        .collect();
    let at = "2026-03-02T09:00:00Z".parse().unwrap();
    let subject = Subject {
        baseline: None,
        given: vec![HOSTILE.into()],
        tool_version: HOSTILE.into(),
        project: HOSTILE.into(),
        root: HOSTILE.into(),
        target: Some(format!("javascript:{HOSTILE}")),
        environment: HOSTILE.into(),
        level: Level::Live,
        selection: vec![HOSTILE.into()],
        suites: Vec::new(),
        started: at,
        ended: at,
        duration_ms: 1,
        commit: Some(HOSTILE.into()),
        dirty: true,
        clean: false,
        record: Some(HOSTILE.into()),
        record_digest: Some(HOSTILE.into()),
        inputs: vec![(HOSTILE.into(), HOSTILE.into())],
        run: HOSTILE.into(),
        interrupted: Some(HOSTILE.into()),
        tags: BTreeMap::new(),
    };
    let decision = Decision {
        outcome: Outcome::Undecided,
        fail_on: Severity::Low,
        summary: Verdict::ALL.iter().map(|one| (*one, 1)).collect(),
        reasons: vec![HOSTILE.into(), format!("{}: why", findings[0].check)],
        warnings: vec![HOSTILE.into()],
    };
    let timings = [Timing {
        probe: HOSTILE.into(),
        label: HOSTILE.into(),
        started: at,
        duration_ms: u64::MAX,
        attempts: 1,
        hindrance: Some(HOSTILE.into()),
        digest: HOSTILE.into(),
    }];
    let report = Report {
        decision: &decision,
        findings: &findings,
        subject: &subject,
        beside: Beside {
            timings: &timings,
            ..Beside::default()
        },
    };
    let text = (format("html").unwrap().render)(&report, &Style::default());
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, text).unwrap();
    browser.show(1280, "light", "screen").await;
    browser.open(&page).await;
    quiet(&mut browser).await;
    let shown = browser.evaluate("document.body.textContent").await;
    assert!(
        shown
            .as_str()
            .unwrap()
            .contains("<script>alert(1)</script>")
    );
    assert!(!shown.as_str().unwrap().contains('\u{202e}'));
    let word = browser
        .evaluate("document.querySelector('.word').innerText")
        .await;
    assert_eq!(word, "? UNDECIDED");
    let all = browser.evaluate(&format!("{VISIBLE}.length")).await;
    assert_eq!(all, json!(Verdict::ALL.len()));
    accessible(&mut browser).await;
}

const GATES: &str = "shipped = false\n\
     [[gate]]\nname = \"build\"\ntitle = \"the build\"\nowner = \"Team One\"\nsuite = \"build\"\nlevel = \"static\"\n\
     [[gate]]\nname = \"release\"\ntitle = \"go or no-go\"\nowner = \"Managing Engineer\"\nupstream = [\"build\"]\n\
     [[gate.criterion]]\nsays = \"the window is confirmed\"\nattested = \"window\"\n";

fn check(id: &str, file: &str, severity: &str) -> String {
    format!(
        "id = \"shop.{id}\"\ntitle = \"{file} is there\"\nwhy = \"it is needed\"\nseverity = \"{severity}\"\nlevel = \"static\"\nsuites = [\"quality\"]\n\
         [look]\nprobe = \"file\"\npath = \"{file}\"\n[[expect]]\nthat = \"exists\"\notherwise = \"{file} is not there\"\n\
         [remedy]\ntext = \"write it\"\n"
    )
}

/// A repository with two gates and a person who may sign them, and the file of that person's key.
fn gated() -> Option<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    fs::create_dir(&root).unwrap();
    let key = folder.path().join("ann");
    Command::new(peer("ssh-keygen")?)
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f"])
        .arg(&key)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    for (path, text) in [
        (
            ".holdpoint/checks/a.toml",
            check("manifest", "package.json", "high"),
        ),
        (
            ".holdpoint/checks/b.toml",
            check("license", "LICENSE", "critical"),
        ),
        (".holdpoint/gates.toml", GATES.into()),
        (
            ".holdpoint/allowed_signers",
            format!("ann@example.com namespaces=\"*@holdpoint\" {public}"),
        ),
        ("package.json", "{}\n".into()),
        ("LICENSE", "free\n".into()),
        ("holdpoint.toml", "[suites]\nbuild = [\"shop.*\"]\n".into()),
    ] {
        write(&root, path, &text);
    }
    git(&root, &["init", "-q", "-b", "main"]);
    commit(&root);
    Some((folder, key))
}

fn git(root: &Path, arguments: &[&str]) {
    let made = support::git::git(root).args(arguments).status().unwrap();
    assert!(made.success(), "{arguments:?}");
}

fn commit(root: &Path) {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "--allow-empty", "-m", "all"]);
}

/// The texts of the gates' table, a row each.
async fn rows(browser: &mut Browser, section: &str) -> Vec<Vec<String>> {
    let rows = format!(
        "[...document.querySelectorAll('section[aria-labelledby={section}] tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))"
    );
    serde_json::from_value(browser.evaluate(&rows).await).unwrap()
}

async fn section(browser: &mut Browser, name: &str) -> String {
    let text = format!("document.querySelector('section[aria-labelledby={name}]').innerText");
    browser.evaluate(&text).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_and_changes_since_a_signature_are_told() {
    let Some(mut browser) = browser().await else {
        return;
    };
    let Some((folder, key)) = gated() else {
        return;
    };
    let root = folder.path().join("shop");
    let page = folder.path().join("page.html");
    let call = |arguments: &[&str], code: i32| {
        holdpoint(arguments.iter().copied())
            .within(&root)
            .run()
            .expect_code(code)
    };
    browser.show(1280, "light", "screen").await;

    // Nobody has signed: that is said, and the gate may be.
    call(&["run", "build"], 0);
    reported(&root, 0);
    browser.open(&page).await;
    let gates = rows(&mut browser, "gates").await;
    assert_eq!(gates.len(), 2, "{gates:?}");
    assert_eq!(
        gates[0][..5],
        ["1", "build", "Team One", "ready to sign", "2 measured pass"]
    );
    assert_eq!(gates[0][6], "nobody");
    assert_eq!(gates[1][..3], ["2", "release", "Managing Engineer"]);
    assert!(
        section(&mut browser, "drift")
            .await
            .contains("Nobody has signed yet")
    );
    let who = browser
        .evaluate("document.querySelector('.who').innerText")
        .await;
    let who = who.as_str().unwrap();
    assert!(
        who.contains("Team One: sign build") && who.contains("Managing Engineer: "),
        "{who}"
    );

    // A run that may ship opens no gate, and the head of the page says so.
    let head = browser
        .evaluate("document.querySelector('.band').innerText")
        .await;
    let head = head.as_str().unwrap();
    assert!(
        head.contains("GO") && head.contains("0 of 2 gates open; release is undecided"),
        "{head}"
    );

    // Signed, and run again: open, and nothing changed.
    call(
        &["sign", "build", "--yes", "--key", key.to_str().unwrap()],
        0,
    );
    commit(&root);
    call(&["run", "build"], 0);
    reported(&root, 0);
    browser.open(&page).await;
    let gates = rows(&mut browser, "gates").await;
    assert_eq!(gates[0][3], "open", "{gates:?}");
    assert_eq!(gates[0][6], "ann@example.com (valid)");
    let drift = section(&mut browser, "drift").await;
    assert!(
        drift.contains("Nothing changed")
            && drift.contains("ann@example.com signed for the gate build")
            && drift.contains("still counts"),
        "{drift}"
    );

    // Something broke: who must act, what changed, and that the signature is void.
    fs::remove_file(root.join("LICENSE")).unwrap();
    commit(&root);
    call(&["run", "build"], 1);
    reported(&root, 1);
    browser.open(&page).await;
    let gates = rows(&mut browser, "gates").await;
    assert_eq!(gates[0][3], "no-go", "{gates:?}");
    assert!(
        gates[0][5].contains("LICENSE is not there") && gates[0][5].contains("since 20"),
        "{gates:?}"
    );
    let drift = section(&mut browser, "drift").await;
    assert!(drift.contains("does not count any more"), "{drift}");
    let changed = rows(&mut browser, "drift").await;
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(
        changed[0][..4],
        ["shop.license", "critical", "broke", "pass → fail"]
    );
    // The program's own word on the same moment.
    let told = call(&["gate", "build", "--report", "json=-"], 1);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let blockers = told["gates"][0]["blockers"].as_array().unwrap().len();
    let listed = browser
        .evaluate("document.querySelector('.gate ol').children.length")
        .await;
    assert_eq!(listed, json!(blockers));
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    says(&mut browser, &serde_json::from_str(&report).unwrap()).await;
    keyboard(&mut browser, &page).await;
    quiet(&mut browser).await;
    accessible(&mut browser).await;
}
