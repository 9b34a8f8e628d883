//! The compliance probe and its checks against small sites, a real application, and a middleware of others: right, broken,
//! and such that nothing can be told.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::hostile::{Refusing, Server};
use support::next::NextApp;
use support::{holdpoint, peers};
use tempfile::TempDir;

const SECURITY_TXT: &str = "/.well-known/security.txt";
const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// A site: by path the status, the type and the body, and of a redirect the address.
#[derive(Default, Clone)]
struct Site(BTreeMap<String, (u16, String, String)>);

impl Site {
    /// A front page with this in its footer, and a sign-in page, without scripts.
    fn with_footer(footer: &str) -> Self {
        let front = format!(
            "<h1>Tasks</h1><p>What is left.</p><a href=/api/auth/signin>Sign in</a><footer>{footer}</footer>"
        );
        Self::default().page("/", &front).page(
            "/api/auth/signin",
            "<form><button>Sign in with Google</button></form>",
        )
    }

    fn page(self, path: &str, body: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html><html><head><title>Tasks</title></head><body>{body}</body></html>"
        );
        self.answer(path, 200, HTML, &page)
    }

    fn answer(mut self, path: &str, status: u16, kind: &str, body: &str) -> Self {
        self.0
            .insert(path.into(), (status, kind.into(), body.into()));
        self
    }

    fn start(self) -> Server {
        Server::start(move |request, client| {
            let path = request.target().split('?').next().unwrap_or_default();
            let missing = (404, HTML.to_owned(), "<h1>404</h1>".to_owned());
            let (status, kind, body) = self.0.get(path).or(self.0.get("*")).unwrap_or(&missing);
            let (name, value, body) = if (300..400).contains(status) {
                ("Location", body, "")
            } else {
                ("Content-Type", kind, body.as_str())
            };
            write!(
                client,
                "HTTP/1.1 {status} X\r\n{name}: {value}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        })
    }
}

/// A policy of two hundred words.
fn policy(names: &str) -> String {
    format!(
        "<h1>Privacy</h1><p>{}</p><p>{names}</p>",
        "we keep what you write ".repeat(40)
    )
}

/// The verdict of a check at a site, in a repository with these files, and what is said of it.
fn judged(check: &str, url: &str, root: &Path, variables: &[(&str, &str)]) -> (String, String) {
    let mut call = holdpoint([
        "run",
        check,
        "--target",
        url,
        "--report",
        "json=-",
        "--timeout",
        "5s",
        "--retries",
        "0",
    ])
    .within(root);
    for (name, value) in variables {
        call = call.env(name, value);
    }
    let outcome = call.run();
    let report: Value = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", outcome.stdout, outcome.stderr));
    let findings = report["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap();
    let verdict = finding["verdict"].as_str().unwrap().to_owned();
    (verdict, finding.to_string())
}

/// Fails unless the check has this verdict at the site and says this.
fn expect(check: &str, site: Site, verdict: &str, says: &str) {
    let server = site.start();
    let root = TempDir::new().unwrap();
    let (found, finding) = judged(check, &server.url(), root.path(), &[]);
    assert_eq!(found, verdict, "{check}: {finding}");
    assert!(finding.contains(says), "{says}: {finding}");
}

fn security_txt(text: &str, verdict: &str, says: &str) {
    let site = Site::default().answer(SECURITY_TXT, 200, PLAIN, text);
    expect("compliance.security-txt", site, verdict, says);
}

/// A time so many days from now, as RFC 3339 writes it.
fn in_days(days: i64) -> String {
    let now = holdpoint::clock::now();
    (now + jiff::SignedDuration::from_hours(24 * days + 1)).to_string()
}

#[test]
fn a_right_security_txt() {
    let text = format!(
        "Contact: mailto:security@shop.example\nExpires: {}\nCanonical: https://shop.example{SECURITY_TXT}\n",
        in_days(200)
    );
    security_txt(&text, "pass", "");
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n"
    );
    security_txt(&signed, "pass", "");
    let moved = Site::default()
        .answer(SECURITY_TXT, 301, "", "/security.txt")
        .answer("/security.txt", 200, "Text/Plain", &text);
    expect("compliance.security-txt", moved, "pass", "");
}

#[test]
fn a_wrong_security_txt() {
    let contact = "Contact: https://shop.example/report";
    let expires = format!("Expires: {}", in_days(30));
    security_txt(&expires, "fail", "names no Contact");
    let bare = format!("Contact: security@shop.example\n{expires}");
    security_txt(&bare, "fail", "security@shop.example");
    security_txt(contact, "fail", "exactly once");
    let twice = format!("{contact}\n{expires}\n{expires}");
    security_txt(&twice, "fail", "exactly once");
    let old = format!("{contact}\nExpires: {}", in_days(-3));
    security_txt(&old, "fail", "has expired");
    let long = format!("{contact}\nExpires: {}", in_days(1200));
    security_txt(&long, "fail", "expires in 1200 days");
    let right = format!("{contact}\n{expires}");
    let typed = Site::default().answer(SECURITY_TXT, 200, "application/octet-stream", &right);
    expect("compliance.security-txt", typed, "fail", "octet-stream");
    let page = Site::default().answer("*", 200, HTML, "<h1>Tasks</h1>");
    expect("compliance.security-txt", page, "fail", "a page in place");
    expect(
        "compliance.security-txt",
        Site::default(),
        "fail",
        "status 404",
    );
}

#[test]
fn a_security_txt_of_which_nothing_can_be_told() {
    let check = "compliance.security-txt";
    let away = Site::default().answer(
        SECURITY_TXT,
        302,
        "",
        "https://holding.example/security.txt",
    );
    expect(check, away, "inconclusive", "https://holding.example");
    let guarded = Site::default().answer(SECURITY_TXT, 403, HTML, "no");
    expect(check, guarded, "inconclusive", "status 403");
    let root = TempDir::new().unwrap();
    let refusing = Refusing::start();
    assert_eq!(
        judged(check, &refusing.url(), root.path(), &[]).0,
        "inconclusive"
    );
    let hostile = Server::gigabyte();
    assert_eq!(
        judged(check, &hostile.url(), root.path(), &[]).0,
        "inconclusive"
    );
}

#[test]
fn policies_that_can_be_read() {
    let footer = "<a href=/privacy>Privacy Policy</a> <a href='/legal/terms'>Terms</a>";
    let site = Site::with_footer(footer)
        .page("/privacy", &policy(""))
        .answer("/legal/terms", 308, "", "/legal/terms/")
        .answer("/legal/terms/", 200, PLAIN, &policy(""));
    expect("compliance.privacy-policy-linked", site.clone(), "pass", "");
    expect("compliance.terms-linked", site, "pass", "");
    // Named by its path alone, by a German name, and on the sign-in page alone; one dead link beside a right one.
    let site = Site::with_footer("<a href='#'>Datenschutz</a>")
        .page(
            "/api/auth/signin",
            "<a href=/datenschutz><svg></svg></a><a href=/agb>AGB</a>",
        )
        .page("/datenschutz", &policy(""))
        .answer("/agb", 200, "application/pdf", "%PDF-1.7 x");
    expect("compliance.privacy-policy-linked", site.clone(), "pass", "");
    expect("compliance.terms-linked", site, "pass", "");
}

#[test]
fn policies_that_are_missing() {
    let check = "compliance.privacy-policy-linked";
    let footer = "<a href=/privacy>Privacy</a>";
    for (site, says) in [
        (
            Site::with_footer(""),
            "no link to the privacy policy stands on / or /api/auth/signin",
        ),
        (
            Site::with_footer("<a href='#'>Privacy</a>"),
            "leads nowhere: its address is '#'",
        ),
        (
            Site::with_footer("<a>Privacy</a>"),
            "the link has no address",
        ),
        (
            Site::with_footer("<a href='javascript:void(0)'>Privacy</a>"),
            "leads nowhere",
        ),
        (Site::with_footer(footer), "status 404"),
        (
            Site::with_footer(footer).page("/privacy", "<p>Soon.</p>"),
            "shows 1 words",
        ),
        (
            Site::with_footer(footer).page(
                "/privacy",
                &format!("<h1>Page not found</h1>{}", policy("")),
            ),
            "says that there is no such page",
        ),
        (
            Site::with_footer(footer).answer("/privacy", 307, "", "/api/auth/signin?next=/privacy"),
            "to sign in first",
        ),
        (
            Site::with_footer(footer).answer("/privacy", 302, "", "/"),
            "leads back to /",
        ),
        (
            Site::with_footer(footer).answer("/privacy", 302, "", "/privacy"),
            "again and again",
        ),
        (
            Site::with_footer(
                "protected by a captcha: <a href=https://policies.google.com/privacy>Privacy</a>",
            ),
            "no link to the privacy policy",
        ),
        // Every path that is nobody's shows the same long page.
        (
            Site::with_footer(footer).answer("*", 200, HTML, &policy("")),
            "does not exist",
        ),
    ] {
        expect(check, site, "fail", says);
    }
    let dead = Site::with_footer("<a href='#'>Terms of Service</a>");
    expect("compliance.terms-linked", dead, "fail", "leads nowhere");
}

#[test]
fn policies_of_which_nothing_can_be_told() {
    let check = "compliance.privacy-policy-linked";
    let shell = "<div id=root>Loading…</div><script src=/main.js></script>";
    let footer = "<a href=/privacy>Privacy</a>";
    let script = "<script>self.__next_f.push([1,'{\"href\":\"/privacy\"}'])</script>";
    for (site, says) in [
        (Site::default().page("/", shell), "completed by its scripts"),
        (
            Site::with_footer("<!--$!--><script src=/a.js></script>"),
            "completed by its scripts",
        ),
        (Site::with_footer(script), "hold an address of one"),
        (
            Site::with_footer("<button>Privacy Policy</button>"),
            "on a button",
        ),
        (
            Site::with_footer("<a href=https://legal.example/p>Privacy</a>"),
            "https://legal.example",
        ),
        (
            Site::with_footer("<a href='#p'>Privacy</a><section id=p>"),
            "part #p of the page",
        ),
        (
            Site::with_footer(footer).page("/privacy", shell),
            "until scripts run",
        ),
        (
            Site::with_footer(footer).answer("/privacy", 503, HTML, ""),
            "status 503",
        ),
        (
            Site::with_footer("").answer("/api/auth/signin", 500, HTML, ""),
            "/api/auth/signin answers with status 500",
        ),
    ] {
        expect(check, site, "inconclusive", says);
    }
    let shown = Site::default().page("/", shell);
    expect(
        "compliance.terms-linked",
        shown,
        "inconclusive",
        "completed by its scripts",
    );
}

#[test]
fn third_parties_are_looked_for_in_the_policy() {
    let check = "compliance.third-parties-named";
    let variables = [
        ("GEMINI_API_KEY", "AIzaSyC4naryC4naryC4naryC4naryC4naryC4n"),
        (
            "MONGODB_URI",
            "mongodb+srv://app:c4nary-password@c.abcde.mongodb.net/tasks",
        ),
        ("EMAIL_SERVER_HOST", "smtp.sendgrid.net"),
    ];
    let root = TempDir::new().unwrap();
    let footer = "<a href=/privacy>Privacy</a>";
    let ask = |names: &str, variables: &[(&str, &str)]| {
        let server = Site::with_footer(footer)
            .page("/privacy", &policy(names))
            .start();
        judged(check, &server.url(), root.path(), variables)
    };
    let all = "Data goes to Google (Gemini), MongoDB Atlas and SendGrid.";
    assert_eq!(ask(all, &variables).0, "pass");
    let (verdict, finding) = ask("Data goes to MongoDB. We resend nothing.", &variables);
    assert_eq!(verdict, "fail");
    assert!(
        finding.contains("Google Gemini") && finding.contains("SendGrid"),
        "{finding}"
    );
    assert!(!finding.contains("c4nary-password"));
    assert_eq!(ask("", &[]).0, "not-applicable");
    let pdf = Site::with_footer(footer)
        .answer("/privacy", 200, "application/pdf", "%PDF-1.7")
        .start();
    let (verdict, finding) = judged(check, &pdf.url(), root.path(), &variables);
    assert_eq!(verdict, "inconclusive", "{finding}");
    let without = Site::with_footer("").start();
    let (verdict, finding) = judged(check, &without.url(), root.path(), &variables);
    assert_eq!(verdict, "blocked", "{finding}");
}

#[test]
fn the_repository_says_how_to_report() {
    let ask = |path: &str, text: &str| {
        let root = TempDir::new().unwrap();
        support::write(root.path(), path, text);
        judged(
            "compliance.security-policy-file",
            "http://127.0.0.1:9",
            root.path(),
            &[],
        )
    };
    let right = "# Security\n\nWrite to security@shop.example.\n";
    for path in ["SECURITY.md", ".github/SECURITY.md", "docs/SECURITY.md"] {
        assert_eq!(ask(path, right).0, "pass", "{path}");
    }
    assert_eq!(ask("README.md", right).0, "fail");
    assert_eq!(ask("SECURITY.md", "We care.").0, "fail");
    let template =
        "Use this section to tell people how to report a vulnerability.\nhttps://x.example\n";
    assert_eq!(ask("SECURITY.md", template).0, "fail");
    #[cfg(unix)]
    {
        let root = TempDir::new().unwrap();
        let outside = TempDir::new().unwrap();
        support::write(outside.path(), "SECURITY.md", right);
        std::os::unix::fs::symlink(
            outside.path().join("SECURITY.md"),
            root.path().join("SECURITY.md"),
        )
        .unwrap();
        let found = judged(
            "compliance.security-policy-file",
            "http://127.0.0.1:9",
            root.path(),
            &[],
        );
        assert_eq!(found.0, "inconclusive", "{}", found.1);
    }
}

/// An application of Next.js, with what it is told to look at as its front page.
#[test]
fn a_real_application_with_policies_of_its_own() {
    let variables = |url: &str| {
        let secret = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=".to_owned();
        vec![
            ("NEXTAUTH_URL", url.to_owned()),
            ("NEXTAUTH_SECRET", secret),
        ]
    };
    let Some(application) = NextApp::start("next-auth-4", variables) else {
        return;
    };
    let root = TempDir::new().unwrap();
    let ask = |check: &str| judged(check, &application.url(), root.path(), &[]);
    for check in [
        "compliance.privacy-policy-linked",
        "compliance.terms-linked",
        "compliance.security-txt",
    ] {
        let (verdict, finding) = ask(check);
        assert_eq!(verdict, "pass", "{check}: {finding}");
    }
    // What a page of a few words shows once its scripts have run, nobody can tell who runs none.
    for (page, check, verdict, says) in [
        (
            "/unfinished",
            "compliance.privacy-policy-linked",
            "inconclusive",
            "shows 2 words",
        ),
        (
            "/unfinished",
            "compliance.terms-linked",
            "fail",
            "leads nowhere",
        ),
        (
            "/unfinished/moved",
            "compliance.privacy-policy-linked",
            "fail",
            "status 404",
        ),
    ] {
        let settings = format!("[paths]\npage = \"{page}\"\n");
        support::write(root.path(), "holdpoint.toml", &settings);
        let (found, finding) = ask(check);
        assert_eq!(found, verdict, "{page}: {finding}");
        assert!(finding.contains(says), "{says}: {finding}");
    }
}

/// The server of `tests/peers/security-txt`. Dropping it ends it.
struct Middleware {
    child: Child,
    url: String,
}

impl Middleware {
    fn start(fields: &Value) -> Option<Self> {
        let node = peers::peer("node")?;
        let package = peers::fetched("security-txt")?;
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/security-txt/server.mjs");
        let mut child = Command::new(node)
            .arg(script)
            .arg(package.join("node_modules"))
            .arg(fields.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let said = child.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening ").unwrap();
        Some(Self {
            url: format!("http://127.0.0.1:{port}"),
            child,
        })
    }
}

impl Drop for Middleware {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

#[test]
fn a_security_txt_that_a_middleware_writes() {
    let contact = [
        "mailto:security@shop.example",
        "https://shop.example/report",
    ];
    for (fields, verdict, says) in [
        (
            json!({ "contact": contact, "expires": in_days(90), "preferred-languages": "en" }),
            "pass",
            "",
        ),
        // As its own documentation has it, from before the RFC.
        (
            json!({ "contact": contact, "encryption": "https://shop.example/key.asc", "acknowledgements": "https://shop.example/thanks" }),
            "fail",
            "exactly once",
        ),
        (
            json!({ "contact": contact, "expires": in_days(-2) }),
            "fail",
            "has expired",
        ),
        (
            json!({ "contact": "security@shop.example", "expires": in_days(90) }),
            "fail",
            "security@shop.example",
        ),
    ] {
        let Some(server) = Middleware::start(&fields) else {
            return;
        };
        let root = TempDir::new().unwrap();
        let (found, finding) = judged("compliance.security-txt", &server.url, root.path(), &[]);
        assert_eq!(found, verdict, "{fields}: {finding}");
        assert!(finding.contains(says), "{says}: {finding}");
    }
}
