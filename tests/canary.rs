//! Secrets placed in every source appear in no output, record, document or error, in any form they take.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::io::Write as _;
use support::forms::{every_file, forms};
use support::hostile::Server;
use support::{holdpoint, write};

/// One canary for each source. Each has characters that change under every encoding.
const CANARIES: &[(&str, &str)] = &[
    ("a process variable", "c4nary+proc/Zq9==Tweet&1"),
    ("an environment file", "c4nary+file/Xw8??Chirp\"2"),
    ("a losing environment file", "c4nary+lost/Vu7%%Trill'3"),
    ("a named environment file", "c4nary+named/Ts6##Cheep<4"),
    ("a password in a URI", "c4nary-uri-Rq5!Peep5"),
    ("a header of the target", "c4nary+head/Po4~~Warble6"),
    ("a program's environment", "c4nary+exec/Nm3||Whistle7"),
    ("a cookie of the target", "c4nary.cookie.Lk2.Twitter8"),
];

fn expect_clean(what: &str, text: &str) {
    for (source, secret) in CANARIES {
        for form in forms(secret) {
            assert!(
                !text.contains(&form),
                "{what} holds the canary of {source} as {form}:\n{text}"
            );
        }
    }
}

fn canary(source: &str) -> &'static str {
    CANARIES.iter().find(|(name, _)| *name == source).unwrap().1
}

/// A server that says back everything it was sent, in headers, body, redirects and cookies.
fn parrot() -> Server {
    Server::start(|request, client| {
        let cookie = canary("a cookie of the target");
        let said: String = request.head.lines().collect::<Vec<_>>().join(" ");
        let body = format!(
            "<!doctype html><title>{said}</title><p>{}</p>",
            CANARIES
                .iter()
                .map(|(_, secret)| *secret)
                .collect::<Vec<_>>()
                .join(" ")
        );
        if request.target().starts_with("/api") {
            let json = serde_json::json!({ "said": said, "cookie": cookie }).to_string();
            return write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Said: {said}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}",
                json.len()
            );
        }
        if request.target().contains("signin") {
            return write!(
                client,
                "HTTP/1.1 302 Found\r\nLocation: /?token={}&said={cookie}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                canary("a header of the target").replace('/', "%2F")
            );
        }
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: session={cookie}; Path=/\r\nX-Said: {said}\r\nServer: {said}\r\nContent-Security-Policy: script-src {cookie}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    })
}

#[test]
fn no_canary_sings() {
    let server = parrot();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let file = canary("an environment file");
    let uri = canary("a password in a URI");
    write(
        root,
        "package.json",
        r#"{ "name": "shop", "dependencies": { "next": "15.0.0", "next-auth": "4.24.0" } }"#,
    );
    write(
        root,
        ".env.local",
        &format!(
            "NEXTAUTH_SECRET='{file}'\nMONGODB_URI=mongodb+srv://app:{uri}@cluster.test/shop\nNEXTAUTH_URL={}\n",
            server.url()
        ),
    );
    write(
        root,
        ".env",
        &format!(
            "NEXTAUTH_SECRET=\"{}\"\n",
            canary("a losing environment file")
        ),
    );
    write(
        root,
        "named.env",
        &format!(
            "API_TOKEN={}\nBAD LINE\n",
            canary("a named environment file").replace('#', "\\#")
        ),
    );
    write(
        root,
        "app/page.tsx",
        "export default () => process.env.NEXTAUTH_SECRET + process.env.NEXT_PUBLIC_SECRET;\n",
    );
    write(
        root,
        "holdpoint.toml",
        &format!(
            "[target]\nurl = \"{}\"\nowned = true\n[target.headers]\nx-bypass = \"${{BYPASS_TOKEN}}\"\n",
            server.url()
        ),
    );
    write(
        root,
        "say.sh",
        "#!/bin/sh\ncat >/dev/null\necho \"$EXEC_SECRET\" >&2\nprintf '{\"said\": \"%s\"}' \"$EXEC_SECRET\"\n",
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(root.join("say.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let example =
        "[[example]]\nname = \"e\"\nhindrance = \"timeout\"\nverdict = \"inconclusive\"\n";
    write(
        root,
        ".holdpoint/checks/said.toml",
        &format!(
            "id = \"mine.says-nothing\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"live\"\nsuites = [\"smoke\"]\n[look]\nprobe = \"exec\"\nprogram = \"./say.sh\"\nsecrets = [\"EXEC_SECRET\"]\n[look.facts]\nsaid = \"text\"\n[[expect]]\nthat = \"said == ''\"\notherwise = \"it said {{said}}\"\n[remedy]\ntext = \"be silent about {{said}}\"\n{example}"
        ),
    );
    write(
        root,
        ".holdpoint/checks/sent.toml",
        &format!(
            "id = \"mine.sends\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"live\"\nsuites = [\"smoke\"]\n[look]\nprobe = \"http\"\npath = \"/api/echo\"\nheaders = {{ authorization = \"Bearer ${{NEXTAUTH_SECRET}}\" }}\n[[expect]]\nthat = \"json.said == '' && headers['x-said'][0] == ''\"\notherwise = \"it said {{json.said}} and {{headers.x-said}}\"\n[remedy]\ntext = \"mend\"\n{example}"
        ),
    );
    let set = |call: support::Holdpoint| {
        call.within(root)
            .env("GITHUB_TOKEN", canary("a process variable"))
            .env("BYPASS_TOKEN", canary("a header of the target"))
            .env("EXEC_SECRET", canary("a program's environment"))
    };
    let formats = [
        "terminal=t.txt",
        "json=r.json",
        "junit=j.xml",
        "sarif=s.sarif",
        "markdown=m.md",
        "sign-off=s.md",
        "infrastructure-validation=i.md",
        "auth-security-audit=a.md",
    ];
    let reports: Vec<&str> = formats
        .iter()
        .flat_map(|format| ["--report", format])
        .collect();
    let calls: Vec<Vec<&str>> = vec![
        [vec!["run", "-v"], reports.clone()].concat(),
        vec!["run", "--env-file", "named.env", "-v"],
        vec!["plan", "-v"],
        vec!["plan", "--env-file", "named.env"],
        [vec!["report", "--from", "latest", "-v"], reports.clone()].concat(),
        vec![
            "report",
            "--from",
            "latest",
            "--rejudge",
            "--report",
            "json=-",
        ],
        vec!["list"],
        vec!["guide", "--write", "g.md"],
        vec!["explain", "mine.sends"],
        vec!["smoke"],
        vec!["run", "mine.sends", "--target", "not a url c4nary"],
    ];
    // A pipeline's platform is told the same without them: annotations, summary, outputs, and no masks.
    write(root, "summary.md", "");
    write(root, "output.env", "");
    let github = |call: support::Holdpoint| {
        call.env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", root.join("summary.md"))
            .env("GITHUB_OUTPUT", root.join("output.env"))
    };
    let mut annotated = false;
    for call in [
        vec!["run", "-v", "--report", "code-quality=q.json"],
        vec!["report", "--from", "latest", "--report", "dotenv=d.env"],
        vec!["smoke"],
        vec!["gate"],
    ] {
        let outcome = github(set(holdpoint(&call))).run();
        annotated |= outcome.stderr.contains("mine.says-nothing");
        expect_clean(&format!("standard output of {call:?}"), &outcome.stdout);
        expect_clean(&format!("standard error of {call:?}"), &outcome.stderr);
        assert!(!outcome.stderr.contains("add-mask"), "{}", outcome.stderr);
    }
    assert!(annotated, "nothing was annotated, so nothing was tested");
    let mut looked = false;
    for call in calls {
        let outcome = set(holdpoint(&call)).run();
        let code = outcome.code();
        looked |= call[0] == "run" && outcome.stdout.contains("mine.says-nothing");
        expect_clean(
            &format!("standard output of {call:?} ({code})"),
            &outcome.stdout,
        );
        expect_clean(
            &format!("standard error of {call:?} ({code})"),
            &outcome.stderr,
        );
    }
    assert!(looked, "nothing was looked at, so nothing was tested");
    let mut files = Vec::new();
    every_file(&root.join(".holdpoint"), &mut files);
    files.extend(
        [
            "summary.md",
            "output.env",
            "q.json",
            "d.env",
            "t.txt",
            "r.json",
            "j.xml",
            "m.md",
            "s.md",
            "i.md",
            "a.md",
            "g.md",
        ]
        .map(|name| root.join(name)),
    );
    assert!(files.len() >= 8, "{files:?}");
    for path in files {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        expect_clean(&path.display().to_string(), &text);
    }
}

#[test]
fn a_secret_in_a_wrong_place_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let secret = canary("a password in a URI");
    let cases: &[&[&str]] = &[
        &[
            "run",
            "--target",
            "https://user:c4nary-uri-Rq5!Peep5@host.test/",
        ],
        &["smoke", "https://user:c4nary-uri-Rq5!Peep5@host.test/"],
    ];
    for call in cases {
        let outcome = holdpoint(call.iter()).within(root).run();
        assert_eq!(outcome.code(), 2);
        assert!(
            !outcome.stderr.contains(secret) && !outcome.stdout.contains(secret),
            "{}",
            outcome.stderr
        );
    }
    write(
        root,
        "holdpoint.toml",
        &format!("[target]\nurl = \"https://user:{secret}@host.test/\"\n"),
    );
    let outcome = holdpoint(["plan"]).within(root).run();
    assert_eq!(outcome.code(), 2);
    assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
}

/// Reports escape, wrap and cut what people wrote; a secret in it must be gone before.
#[test]
fn a_secret_in_what_people_wrote_is_taken_out_before_it_is_escaped() {
    // Its characters change in Markdown; the other is broken into lines in a table.
    let (escaped, broken) = (
        "c4nary_wr*te<n>|Ln8_",
        "c4nary0123456789abcdefghijklmnopqrstuvwxyz0123456789",
    );
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        ".env.local",
        &format!("A_SECRET='{escaped}'\nB_SECRET={broken}\n"),
    );
    write(root, "README.md", "# Shop\n");
    write(
        root,
        "holdpoint.toml",
        &format!(
            "[project]\nname = '{escaped}'\n[plan.infrastructure]\nleader = '{escaped}'\n[plan.security]\nleader = '{broken}'\n"
        ),
    );
    write(
        root,
        ".holdpoint/checks/kept.toml",
        "id = \"mine.kept\"\ntitle = \"t\"\nwhy = \"w\"\nseverity = \"high\"\nlevel = \"static\"\nsuites = [\"smoke\"]\n[look]\nprobe = \"file\"\npath = \"gone.md\"\n[[expect]]\nthat = \"exists\"\notherwise = \"it is gone\"\n[remedy]\ntext = \"mend\"\n[[example]]\nname = \"e\"\nhindrance = \"timeout\"\nverdict = \"inconclusive\"\n",
    );
    write(
        root,
        ".holdpoint/waivers.toml",
        &format!(
            "[[waiver]]\ncheck = 'mine.kept'\nowner = '{escaped}'\nreason = '{broken}'\nuntil = 9999-12-30\n"
        ),
    );
    let clean = |what: &str, text: &str| {
        // However it was broken and escaped.
        let text: String = text.split_whitespace().collect();
        let bare: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        for part in ["c4nary", "Ln8", "ijklmnop"] {
            assert!(!bare.contains(part), "{what} holds {part}: {text}");
        }
    };
    let run = [
        "run",
        "mine.kept",
        "--level",
        "static",
        "--environment",
        escaped,
    ];
    let mut named = 0;
    for call in [&run[..], &["report", "--from", "latest"], &["status"]] {
        for format in ["terminal", "markdown", "json", "html", "sarif", "sign-off"] {
            if call[0] == "status" && !["terminal", "markdown", "json"].contains(&format) {
                continue;
            }
            let to = format!("{format}=-");
            let call = [call, &["--report", &to]].concat();
            let outcome = holdpoint(&call).within(root).run();
            assert_ne!(outcome.code(), 2, "{}", outcome.stderr);
            named += outcome.stdout.matches("A_SECRET").count();
            clean(&format!("standard output of {call:?}"), &outcome.stdout);
            clean(&format!("standard error of {call:?}"), &outcome.stderr);
        }
    }
    assert!(
        named >= 15,
        "it was shown {named} times, so little was tested"
    );
}
