//! The whole suite `infrastructure` against a real Next.js application wired to real services: all of
//! it right, then one thing wrong at a time.
//!
//! The push service is the sandbox's: none that others wrote can be had without a network.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use base64::Engine as _;
use holdpoint::sandbox::PushService;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::dnsmasq::Dnsmasq;
use support::ferretdb::{ESCAPED, Ferretdb};
use support::mail::{self, Maildev};
use support::next::NextApp;
use support::oidc::{self, OidcProvider};
use support::peers::Aimock;
use support::{holdpoint, write};
use tempfile::TempDir;

const SESSION_SECRET: &str = "Zk3v9Qw7Lx2Rt8Yp5Nd1Hs6Jc4Bf0GmA+VuEiOaTy=";
/// The private half of a pair made for this test.
const ANOTHER_PRIVATE_KEY: &str = "mQ4kV0c2Jx9sLr7TfYw1ZbN8eUaHd5GiPo3CqXnKvEs";
/// What a team writes down for those who deploy the application.
const DOCUMENTED: &str = "SESSION_MAX_AGE=\nNEXTAUTH_SECRET=\nNEXTAUTH_URL=\nAUTH_SECRET=\nGOOGLE_CLIENT_ID=\nGOOGLE_CLIENT_SECRET=\nEMAIL_SERVER=\nEMAIL_FROM=\nMONGODB_URI=\nTASKS_FAULT=\n";
/// What FerretDB does not tell or do; these are shown right and broken by the sandbox alone.
const BEYOND_THE_PEERS: &[&str] = &["mongodb.least-privilege", "mongodb.privileges-suffice"];

type Variables = BTreeMap<&'static str, String>;

/// The application and everything it talks to.
struct Stack {
    root: TempDir,
    url: String,
    variables: Variables,
    database_port: u16,
    mail_port: u16,
    _application: NextApp,
    _database: Ferretdb,
    _provider: OidcProvider,
    _mail: Maildev,
    _models: Aimock,
    _push: PushService,
    _names: Dnsmasq,
}

/// The verdict and the reason of each check.
type Findings = BTreeMap<String, (String, String)>;

impl Stack {
    /// None where one of the peers is skipped.
    async fn start(application: &'static str) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/peers")
                .join(application),
            root.path(),
        );
        let (identity, authority) = mail::certified();
        let database = Ferretdb::start(Some((
            &identity.path().join("cert.pem"),
            &identity.path().join("key.pem"),
        )))?;
        let mail = Maildev::start(true)?;
        let models = Aimock::start(&[])?;
        let push = PushService::start(None).await.unwrap();
        // A key as DKIM records write it; nobody signs with it here.
        let der = [&[0x30, 0x81, 159][..], &[7; 159]].concat();
        let key = base64::engine::general_purpose::STANDARD.encode(der);
        let dkim = format!("--txt-record=mail._domainkey.tasks.test,v=DKIM1; k=rsa; p={key}");
        let names = Dnsmasq::start(&[
            "--mx-host=tasks.test,mx.tasks.test,10",
            "--host-record=mx.tasks.test,192.0.2.25",
            "--txt-record=tasks.test,v=spf1 mx -all",
            &dkim,
            "--txt-record=_dmarc.tasks.test,v=DMARC1; p=quarantine; rua=mailto:dmarc@tasks.test",
        ])?;
        // The application trusts the one by its environment, the driver the other by its address.
        let of_mail = root.path().join("mail.pem").display().to_string();
        let of_database = root.path().join("database.pem").display().to_string();
        write(root.path(), "mail.pem", &mail.authority);
        write(root.path(), ".env.example", DOCUMENTED);
        write(root.path(), "database.pem", &authority);

        let mut variables: Variables = push.variables().into_iter().collect();
        variables.extend([
            ("NODE_EXTRA_CA_CERTS", of_mail),
            ("SESSION_MAX_AGE", "86400".into()),
            ("GOOGLE_CLIENT_ID", oidc::ID.into()),
            ("GOOGLE_CLIENT_SECRET", oidc::SECRET.into()),
            (
                "EMAIL_SERVER",
                format!(
                    "smtps://{}:correct-horse%2Fbattery@localhost:{}",
                    mail::USER,
                    mail.smtp
                ),
            ),
            ("EMAIL_FROM", "Tasks <tasks@tasks.test>".into()),
            ("HOLDPOINT_MAIL_TO", "release@tasks.test".into()),
            (
                "HOLDPOINT_MAIL_CATCHER_URL",
                format!("http://127.0.0.1:{}", mail.web),
            ),
            ("HOLDPOINT_DNS_SERVER", names.address.clone()),
            ("HOLDPOINT_DKIM_SELECTOR", "mail".into()),
            ("GEMINI_API_KEY", Aimock::KEY.into()),
            ("GEMINI_BASE_URL", models.url().into()),
            ("HOLDPOINT_GEMINI_URL", models.url().into()),
            (
                "MONGODB_URI",
                format!(
                    "mongodb://app:{ESCAPED}@localhost:{}/shop?authMechanism=SCRAM-SHA-256&tls=true&tlsCAFile={}",
                    database.tls_port.unwrap(),
                    percent_encoding::utf8_percent_encode(
                        &of_database,
                        percent_encoding::NON_ALPHANUMERIC
                    )
                ),
            ),
        ]);
        let five = application == "next-auth-5";
        let (secret, address) = match five {
            true => ("AUTH_SECRET", "AUTH_URL"),
            false => ("NEXTAUTH_SECRET", "NEXTAUTH_URL"),
        };
        variables.insert(secret, SESSION_SECRET.into());
        let provider = RefCell::new(None);
        let application = NextApp::start(application, |url| {
            // The provider has to know the callback, and the application the provider.
            let callback = format!("{url}/api/auth/callback/google");
            let started = OidcProvider::start(&[&callback], None);
            let issuer = started.as_ref().map(|provider| provider.address.clone());
            *provider.borrow_mut() = started;
            let own = [
                (address, url.to_owned()),
                ("GOOGLE_ISSUER", issuer.unwrap_or_default()),
            ];
            variables
                .iter()
                .filter(|(name, _)| !name.starts_with("HOLDPOINT_"))
                .map(|(name, value)| (*name, value.clone()))
                .chain(own)
                .collect()
        })?;
        let provider = provider.into_inner()?;
        variables.insert(address, application.url());
        variables.insert("GOOGLE_ISSUER", provider.address.clone());
        variables.insert("HOLDPOINT_GOOGLE_ISSUER", provider.address.clone());
        Some(Self {
            root,
            url: application.url(),
            variables,
            database_port: database.tls_port.unwrap(),
            mail_port: mail.smtp,
            _application: application,
            _database: database,
            _provider: provider,
            _mail: mail,
            _models: models,
            _push: push,
            _names: names,
        })
    }

    /// Runs the suite with these variables in place of the right ones.
    fn examine(&self, wrong: &[(&'static str, &str)]) -> Findings {
        let mut variables = self.variables.clone();
        for (name, value) in wrong {
            variables.insert(name, (*value).to_owned());
        }
        let arguments = [
            "run",
            "infrastructure",
            // Those of the suite `security` too.
            "mongodb.*",
            "oidc.*",
            "nextauth.*",
            "--level",
            "active",
            "--owned",
            "--target",
            &self.url,
            "--report",
            "json=-",
        ];
        let mut call = holdpoint(arguments).within(self.root.path());
        for (name, value) in &variables {
            call = call.env(name, value);
        }
        let outcome = call.run();
        let report: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
        let word =
            |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let told = (word(finding, "verdict"), word(finding, "reason"));
                (word(finding, "check"), told)
            })
            .collect()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// The checks of the suite with one of these verdicts.
fn with<'a>(findings: &'a Findings, verdicts: &[&str]) -> BTreeSet<&'a str> {
    findings
        .iter()
        .filter(|(_, (verdict, _))| verdicts.contains(&verdict.as_str()))
        .map(|(check, _)| check.as_str())
        .collect()
}

fn told(findings: &Findings, checks: &BTreeSet<&str>) -> String {
    let each = checks.iter().map(|check| match findings.get(*check) {
        Some((verdict, reason)) => format!("{check}: {verdict}: {reason}\n"),
        None => format!("{check}: there is no such check in the suite\n"),
    });
    each.collect()
}

/// Verdicts that hold a release, or leave it open.
const HELD: &[&str] = &["fail", "inconclusive", "blocked"];

/// Every claim about a service that must have been observed to hold, so that nothing passes by not applying.
const OBSERVED: &[&str] = &[
    "ai.gemini-generates",
    "ai.gemini-schema-bound",
    "email.arrives",
    "email.authenticates",
    "email.magic-link-arrives",
    "mongodb.anonymous-refused",
    "mongodb.plaintext-refused",
    "mongodb.round-trip",
    "nextauth.deployed-secret-matches",
    "nextauth.session-accepts-own",
    "nextauth.session-refuses-altered",
    "nextauth.session-refuses-foreign",
    "nextauth.sign-in-opens-a-session",
    "oidc.application-sends-client",
    "oidc.callback-refuses-wrong-state",
    "oidc.redirect-uri-registered",
    "oidc.secret-accepted",
    "push.delivers",
    "push.refuses-foreign-key",
];

/// What NextAuth 4 does not show from outside.
const BEYOND_NEXT_AUTH_4: &[&str] = &["oidc.state-is-examined"];

async fn everything_right(application: &'static str) {
    let Some(stack) = Stack::start(application).await else {
        return;
    };
    let findings = stack.examine(&[]);
    let held = with(&findings, HELD);
    let mut expected: BTreeSet<_> = BEYOND_THE_PEERS.iter().copied().collect();
    if application == "next-auth-4" {
        expected.extend(BEYOND_NEXT_AUTH_4);
    }
    assert_eq!(held, expected, "{}", told(&findings, &held));
    let passed = with(&findings, &["pass"]);
    let unseen: BTreeSet<_> = OBSERVED
        .iter()
        .copied()
        .filter(|check| !passed.contains(check))
        .collect();
    assert!(unseen.is_empty(), "{}", told(&findings, &unseen));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_right_with_nextauth_4() {
    everything_right("next-auth-4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_right_with_auth_js_5() {
    everything_right("next-auth-5").await;
}

/// One thing wrong in what the run is told: what it is called, the variable, its value, the claims
/// that are then false, and a word of the cause.
type Fault = (
    &'static str,
    &'static str,
    String,
    &'static [&'static str],
    &'static str,
);

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_wrong_at_a_time() {
    let Some(stack) = Stack::start("next-auth-4").await else {
        return;
    };
    let healthy = stack.examine(&[]);
    let database = &stack.variables["MONGODB_URI"];
    let mail = &stack.variables["EMAIL_SERVER"];
    let faults: Vec<Fault> = vec![
        (
            "password of the database",
            "MONGODB_URI",
            database.replace(ESCAPED, "anoth3r-0ne"),
            &["mongodb.authenticates"],
            "password",
        ),
        (
            "user of the database",
            "MONGODB_URI",
            database.replace("//app:", "//nobody:"),
            &["mongodb.authenticates"],
            "user",
        ),
        (
            "client secret",
            "GOOGLE_CLIENT_SECRET",
            "another-secret-of-the-shop-0".into(),
            &["oidc.secret-accepted"],
            "secret",
        ),
        (
            "client id",
            "GOOGLE_CLIENT_ID",
            "nobody".into(),
            &["oidc.application-sends-client", "oidc.client-accepted"],
            "invalid_client",
        ),
        (
            "password of the mailer",
            "EMAIL_SERVER",
            mail.replace("horse", "mule"),
            &["email.authenticates"],
            "password",
        ),
        (
            "key of the models",
            "GEMINI_API_KEY",
            "AIza-wrong".into(),
            &["ai.gemini-key-accepted"],
            "key",
        ),
        (
            "secret of sessions",
            "NEXTAUTH_SECRET",
            "Qp8Xn2Vb6Mz4Kd9Wf1Ls7Hg3Jt5Rc0YeU+AiOqPlSk=".into(),
            &["nextauth.deployed-secret-matches"],
            "secret",
        ),
        (
            "port of the database",
            "MONGODB_URI",
            database.replace(&format!(":{}/", stack.database_port), ":1/"),
            &["mongodb.connects"],
            "refused",
        ),
        (
            "port of the mail server",
            "EMAIL_SERVER",
            mail.replace(&format!(":{}", stack.mail_port), ":1"),
            &["email.connects"],
            "refuses connections",
        ),
        (
            "sender",
            "EMAIL_FROM",
            "Tasks <tasks@elsewhere.test>".into(),
            &["email.sender-domain"],
            "no domain elsewhere.test",
        ),
        (
            "half of the push keys",
            "VAPID_PRIVATE_KEY",
            ANOTHER_PRIVATE_KEY.into(),
            &["push.keys-pair"],
            "pair",
        ),
    ];
    for (what, variable, value, expected, cause) in faults {
        let findings = stack.examine(&[(variable, &value)]);
        // What is blocked by a fault is not false itself.
        let changed: BTreeSet<_> = with(&findings, &["fail", "inconclusive"])
            .difference(&with(&healthy, &["fail", "inconclusive"]))
            .copied()
            .collect();
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        assert_eq!(changed, expected, "{what}: {}", told(&findings, &changed));
        for check in &changed {
            assert_eq!(
                findings[*check].0,
                "fail",
                "{what}: {}",
                told(&findings, &changed)
            );
        }
        let said = told(&findings, &changed);
        assert!(said.contains(cause), "{what}: no '{cause}' in {said}");
    }
}
