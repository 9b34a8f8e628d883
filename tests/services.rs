//! The whole infrastructure suite against the embedded stack: everything right, and every fault by itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::ai::AiFault;
use holdpoint::sandbox::mongodb::Fault as Database;
use holdpoint::sandbox::oidc::Fault as Provider;
use holdpoint::sandbox::smtp::Fault as Mail;
use holdpoint::sandbox::{Faults, NextAuthFault as SignIn, PushFault as Push, Sandbox, Variant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use support::forms::{every_file, forms};
use support::{Outcome, holdpoint};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Stacks at once, over all tests: each keeps a processor busy for a second or two.
static TURNS: Semaphore = Semaphore::const_new(4);
/// How every token of a session or of a sign-in under way begins: its header is always the same.
const SEALED: &str = "eyJhbGciOiJkaXIi";

/// A change of `.env.local`: a variable, and its value made of the one that it had.
type Edit = (&'static str, fn(&str) -> String);
/// A check that must not pass, its verdict, and words of the reason.
type Finds = &'static [(&'static str, &'static str, &'static str)];

const FAIL: &str = "fail";
const UNTOLD: &str = "inconclusive";

/// One thing that is wrong, and all that follows from it.
struct Case {
    faults: Faults,
    edit: Option<Edit>,
    finds: Finds,
    /// The service never answers, and the looks of this probe wait for it.
    hangs: Option<&'static str>,
    /// Shipped checks that are made to wait less.
    hurried: &'static [&'static str],
}

fn case(faults: Faults, finds: Finds) -> Case {
    Case {
        faults,
        edit: None,
        finds,
        hangs: None,
        hurried: &[],
    }
}

fn database(fault: Database, finds: Finds) -> Case {
    let database = vec![fault];
    let none = Faults::default();
    case(Faults { database, ..none }, finds)
}

fn provider(fault: Provider, finds: Finds) -> Case {
    let provider = Some(fault);
    let none = Faults::default();
    case(Faults { provider, ..none }, finds)
}

fn push(fault: Push, finds: Finds) -> Case {
    let push = Some(fault);
    let none = Faults::default();
    case(Faults { push, ..none }, finds)
}

fn model(fault: AiFault, finds: Finds) -> Case {
    let model = Some(fault);
    let none = Faults::default();
    case(Faults { model, ..none }, finds)
}

fn mail(fault: Mail, finds: Finds) -> Case {
    let mail = Some(fault);
    let none = Faults::default();
    case(Faults { mail, ..none }, finds)
}

fn sign_in(fault: SignIn, finds: Finds) -> Case {
    let sign_in = Some(fault);
    let none = Faults::default();
    case(Faults { sign_in, ..none }, finds)
}

fn edited(edit: Edit, finds: Finds) -> Case {
    Case {
        edit: Some(edit),
        ..case(Faults::default(), finds)
    }
}

impl Case {
    fn hanging(self, probe: &'static str) -> Self {
        let hangs = Some(probe);
        Self { hangs, ..self }
    }

    fn hurried(self, hurried: &'static [&'static str]) -> Self {
        Self { hurried, ..self }
    }
}

/// A sandbox with its project, before or after a run.
struct Stack {
    sandbox: Sandbox,
    root: TempDir,
}

impl Stack {
    async fn start(case: &Case) -> Self {
        let sandbox = Sandbox::start_with(Variant::Mended, case.faults.clone());
        let sandbox = sandbox.await.unwrap();
        let root = tempfile::tempdir().unwrap();
        sandbox.write_project(root.path()).unwrap();
        let stack = Self { sandbox, root };
        if let Some((name, edit)) = case.edit {
            let variables = stack.variables().into_iter().map(|(of, value)| {
                let value = if of == name { edit(&value) } else { value };
                format!("{of}={value}\n")
            });
            std::fs::write(stack.path(".env.local"), variables.collect::<String>()).unwrap();
        }
        stack.hurry(case.hurried);
        stack
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.path(".env.local")).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    /// Puts checks of the project in place of shipped ones that wait two minutes for a mail.
    fn hurry(&self, checks: &[&str]) {
        if checks.is_empty() {
            return;
        }
        let mut ids = Vec::new();
        for id in checks {
            let file = format!("checks/{}.toml", id.replace('.', "/"));
            let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&file);
            let text = std::fs::read_to_string(shipped).unwrap();
            assert!(text.contains("\"120s\""), "{id} waits otherwise by now");
            let text = text.replace("\"120s\"", "\"20s\"");
            support::write(&self.path(".holdpoint"), &file, &text);
            ids.push(format!("{id:?}"));
        }
        let settings = std::fs::read_to_string(self.path("holdpoint.toml")).unwrap();
        let settings = format!("{settings}\n[checks]\noverride = [{}]\n", ids.join(", "));
        std::fs::write(self.path("holdpoint.toml"), settings).unwrap();
    }

    /// Runs the suite; the services answer on other threads meanwhile. Only what hangs has its time waited for.
    async fn run(&self, hangs: bool) -> Outcome {
        let root = self.root.path().to_owned();
        let variables = self.sandbox.variables();
        let run = move || {
            // A look may take longer where the machine has much else to do.
            let time = if hangs { "20s" } else { "100s" };
            let arguments = "run infrastructure --level active --report terminal \
                             --report json=report.json --report sign-off=SIGN_OFF.md --timeout";
            let call = holdpoint(arguments.split_whitespace().chain([time]));
            let call = variables
                .iter()
                .fold(call, |call, (name, value)| call.env(name, value));
            call.within(root).run()
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    fn findings(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("report.json")).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        report["findings"].as_array().unwrap().clone()
    }

    /// What is left behind in any service, or promised to be removed.
    fn left(&self) -> Vec<String> {
        let services = self.sandbox.services();
        let mut left = Vec::new();
        let collections = services.database.collections();
        if collections != ["ended", "subscriptions", "tasks"] {
            left.push(format!("collections {collections:?}"));
        }
        if services.push.channels() > 0 {
            left.push("a push channel".into());
        }
        if !services.mail.mails().is_empty() {
            left.push("a mail".into());
        }
        let promised = std::fs::read_dir(self.path(".holdpoint/leftovers"));
        let promised = promised.into_iter().flatten().filter_map(Result::ok);
        left.extend(promised.map(|file| format!("{:?}", file.file_name())));
        left
    }

    /// Every secret of the project that is written down somewhere, in some form.
    fn sung(&self, outcome: &Outcome) -> Vec<String> {
        let mut texts = vec![
            ("standard output".to_owned(), outcome.stdout.clone()),
            ("standard error".to_owned(), outcome.stderr.clone()),
        ];
        let mut files = Vec::new();
        every_file(&self.path(".holdpoint"), &mut files);
        files.extend([self.path("report.json"), self.path("SIGN_OFF.md")]);
        assert!(files.len() >= 3, "{files:?}");
        for path in files {
            let text = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            texts.push((path.display().to_string(), text));
        }
        let variables = self.variables();
        let password = |name: &str| {
            let uri = &variables[name];
            let (login, _) = uri.rsplit_once('@').unwrap();
            login.rsplit_once(':').unwrap().1.to_owned()
        };
        let named = [
            "NEXTAUTH_SECRET",
            "TASKS_PASSWORD",
            "GOOGLE_CLIENT_SECRET",
            "VAPID_PRIVATE_KEY",
            "GEMINI_API_KEY",
            "CRON_SECRET",
        ];
        let mut secrets: Vec<_> = named.map(|name| (name, variables[name].clone())).into();
        secrets.extend(["MONGODB_URI", "EMAIL_SERVER"].map(|name| (name, password(name))));
        let mut sung = Vec::new();
        for (place, text) in &texts {
            for (name, secret) in &secrets {
                assert!(secret.len() >= 12, "{name}");
                if forms(secret).iter().any(|form| text.contains(form)) {
                    sung.push(format!("{place} holds {name}"));
                }
            }
            for (what, start) in [
                ("a sealed token", SEALED),
                ("a sign-in link", "callback/email?"),
            ] {
                if text.contains(start) {
                    sung.push(format!("{place} holds {what}"));
                }
            }
        }
        sung
    }

    /// When the last look of a probe ended, and when the last of all others began, in milliseconds.
    fn waited(&self, probe: &str) -> (i64, i64) {
        let records = std::fs::read_dir(self.path(".holdpoint/records")).unwrap();
        let record = records.map(|entry| entry.unwrap().path()).next().unwrap();
        let text = std::fs::read_to_string(record).unwrap();
        let (mut ended, mut began) = (i64::MIN, i64::MIN);
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let seen = &line["observation"]["seen"];
            let Some(started) = seen["started"].as_str() else {
                continue;
            };
            let started: jiff::Timestamp = started.parse().unwrap();
            let started = started.as_millisecond();
            if seen["probe"] == probe {
                ended = ended.max(started + seen["duration_ms"].as_i64().unwrap());
            } else {
                began = began.max(started);
            }
        }
        (ended, began)
    }
}

fn text<'v>(finding: &'v Value, key: &str) -> &'v str {
    finding[key].as_str().unwrap_or_default()
}

/// Everything that is not as the case says.
fn complaints(case: &Case, stack: &Stack, outcome: &Outcome) -> String {
    let mut complaints = String::new();
    let findings = stack.findings();
    let area = |id: &str| id.split('.').next().unwrap_or_default().to_owned();
    let areas: BTreeSet<_> = case.finds.iter().map(|(id, ..)| area(id)).collect();
    for finding in &findings {
        let (id, verdict) = (text(finding, "check"), text(finding, "verdict"));
        let reason = text(finding, "reason");
        let found = case.finds.iter().find(|(check, ..)| *check == id);
        let right = match (found, verdict) {
            (Some((_, wanted, words)), _) => verdict == *wanted && reason.contains(words),
            (None, "blocked") => areas.contains(&area(id)),
            (None, "pass") => finding["flaky"] == false,
            (None, other) => other == "not-applicable",
        };
        if !right {
            let _ = writeln!(complaints, "  {verdict} {id}: {reason}");
        }
    }
    for (id, ..) in case.finds {
        if !findings.iter().any(|finding| finding["check"] == *id) {
            let _ = writeln!(complaints, "  there is no {id}");
        }
    }
    // What only matters little does not decide, and what it keeps from being looked at does.
    let code = match case.finds {
        [] => outcome.code() == 0,
        finds if finds.iter().all(|(_, verdict, _)| *verdict == UNTOLD) => outcome.code() == 3,
        _ => matches!(outcome.code(), 1 | 3),
    };
    if !code {
        let _ = writeln!(complaints, "  exit status {}", outcome.code());
    }
    // A mail that has not arrived yet cannot be removed: that stays written down, and is told.
    let told = outcome.stderr.contains("has not arrived");
    for left in stack.left().iter().filter(|_| !told) {
        let _ = writeln!(complaints, "  left behind: {left}\n{}", outcome.stderr);
    }
    for sung in stack.sung(outcome) {
        let _ = writeln!(complaints, "  {sung}");
    }
    if let Some(probe) = case.hangs {
        // How long others take is the machine's affair; none may have waited for what hangs.
        let (ended, began) = stack.waited(probe);
        if ended <= began {
            let late = began - ended;
            let _ = writeln!(
                complaints,
                "  others began {late} ms after what hangs ended"
            );
        }
    }
    complaints
}

/// Runs every case, some at a time, and fails with all that is not as it should be.
async fn hold(cases: Vec<(&'static str, Case)>) {
    let mut running = JoinSet::new();
    for (name, case) in cases {
        running.spawn(async move {
            let _turn = TURNS.acquire().await.unwrap();
            let stack = Stack::start(&case).await;
            let outcome = stack.run(case.hangs.is_some()).await;
            let complaints = complaints(&case, &stack, &outcome);
            match complaints.is_empty() {
                true => String::new(),
                false => format!("{name}, after {:?}\n{complaints}", outcome.took),
            }
        });
    }
    let mut wrong = String::new();
    while let Some(complaints) = running.join_next().await {
        wrong += &complaints.unwrap();
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_right_is_go_and_nothing_stays() {
    let stack = Stack::start(&case(Faults::default(), &[])).await;
    let outcome = stack.run(false).await.expect_code(0);
    let findings = stack.findings();
    let of = |verdict: &str| {
        findings
            .iter()
            .filter(|one| one["verdict"] == verdict)
            .count()
    };
    let set_aside = of("not-applicable");
    // NextAuth 4 answers a right and a wrong state alike, so this one cannot be told.
    let state = |finding: &&Value| finding["check"] == "oidc.state-is-examined";
    let untold = findings.iter().filter(state).count();
    assert_eq!(
        of("pass") + set_aside + untold,
        findings.len(),
        "{}",
        outcome.stdout
    );
    // Every service was looked at, and what can be sent was sent.
    for id in [
        "mongodb.round-trip",
        "oidc.secret-accepted",
        "nextauth.sign-in-is-recognised",
        "email.arrives",
        "email.magic-link-arrives",
        "email.dkim",
        "push.delivers",
        "ai.gemini-schema-bound",
        "environment.required-set",
    ] {
        let finding = findings.iter().find(|finding| finding["check"] == id);
        assert_eq!(finding.unwrap()["verdict"], "pass", "{id}");
    }
    assert!(stack.sandbox.services().push.acknowledged().contains(&100));
    assert_eq!(stack.left(), [""; 0], "{}", outcome.stderr);
    assert_eq!(stack.sung(&outcome), [""; 0]);
    stack.sandbox.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_database() {
    const UNBORN: Finds = &[
        ("mongodb.database-name", FAIL, "names tasksx"),
        ("mongodb.indexes", UNTOLD, "collections that do not exist"),
        (
            "mongodb.least-privilege",
            FAIL,
            "rights on the database tasks",
        ),
        ("mongodb.privileges-suffice", FAIL, "on the database tasksx"),
        ("mongodb.round-trip", FAIL, "lacks the privilege insert"),
    ];
    const PASSWORD: Finds = &[(
        "mongodb.authenticates",
        FAIL,
        "user name or the password was refused",
    )];
    hold(vec![
        (
            "a database that hangs",
            database(
                Database::Hangs,
                &[("mongodb.has-primary", UNTOLD, "a firewall on the way")],
            )
            .hanging("mongodb"),
        ),
        (
            "a database that turns clients away",
            database(
                Database::ClosesAtOnce,
                &[("mongodb.has-primary", UNTOLD, "turns this machine away")],
            ),
        ),
        (
            "no primary",
            database(
                Database::NoPrimary,
                &[("mongodb.has-primary", FAIL, "an election is under way")],
            ),
        ),
        (
            "no replica set",
            database(
                Database::Standalone,
                &[(
                    "mongodb.has-primary",
                    FAIL,
                    "do not belong to the replica set rs0",
                )],
            ),
        ),
        (
            "a login that is refused",
            database(Database::RefusesAuthentication, PASSWORD),
        ),
        (
            "a wrong password",
            edited(("MONGODB_URI", |uri| uri.replacen('@', "x@", 1)), PASSWORD),
        ),
        (
            "another database",
            edited(("MONGODB_DB", |name| format!("{name}x")), UNBORN),
        ),
        (
            "a missing privilege",
            database(
                Database::Forbids("insert"),
                &[("mongodb.round-trip", FAIL, "lacks the privilege insert")],
            ),
        ),
        (
            "a command without an answer",
            database(
                Database::Withholds("insert"),
                &[("mongodb.round-trip", UNTOLD, "did not answer insert")],
            )
            .hanging("mongodb"),
        ),
        (
            "members that lag",
            database(
                Database::WriteConcern(64),
                &[("mongodb.round-trip", FAIL, "replication lags")],
            ),
        ),
        (
            "too few members",
            database(
                Database::WriteConcern(100),
                &[("mongodb.round-trip", FAIL, "too few voting members")],
            ),
        ),
        (
            "other data than was written",
            database(
                Database::WrongData,
                &[("mongodb.round-trip", FAIL, "not what was written")],
            ),
        ),
        (
            "a full disk",
            database(
                Database::QuotaReached,
                &[("mongodb.round-trip", FAIL, "quota")],
            ),
        ),
        (
            "an administrator",
            database(
                Database::BroadRoles,
                &[("mongodb.least-privilege", FAIL, "atlasAdmin")],
            ),
        ),
        (
            "the owner of its own database",
            database(
                Database::Administers("dbOwner"),
                &[("mongodb.least-privilege", FAIL, "dbOwner@tasks")],
            ),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_sign_in() {
    const OFFERS: (&str, &str, &str) = ("oidc.application-offers-provider", UNTOLD, "answers 500");
    const LINK: (&str, &str, &str) = ("email.magic-link-arrives", UNTOLD, "answered 500");
    hold(vec![
        (
            "another issuer",
            provider(
                Provider::WrongIssuer,
                &[("oidc.discovers", FAIL, "id.example")],
            ),
        ),
        (
            "no keys",
            provider(Provider::NoKeys, &[("oidc.keys", FAIL, "key")]),
        ),
        (
            "a provider that fails",
            provider(
                Provider::Fails,
                &[
                    ("oidc.client-accepted", UNTOLD, "500"),
                    ("oidc.application-request-accepted", UNTOLD, "500"),
                ],
            ),
        ),
        (
            "a provider that asks for patience",
            provider(
                Provider::TooManyRequests,
                &[
                    ("oidc.client-accepted", UNTOLD, "429"),
                    ("oidc.application-request-accepted", UNTOLD, "429"),
                ],
            ),
        ),
        (
            "a provider that hangs",
            provider(Provider::Hangs, &[("oidc.discovers", UNTOLD, "no answer")]).hanging("oidc"),
        ),
        (
            "a deleted client",
            provider(
                Provider::ClientDeleted,
                &[
                    ("oidc.client-accepted", FAIL, "refuses the client id"),
                    (
                        "oidc.application-request-accepted",
                        FAIL,
                        "refuses the client id",
                    ),
                ],
            ),
        ),
        (
            "a replaced secret",
            provider(
                Provider::SecretReplaced,
                &[("oidc.secret-accepted", FAIL, "refuses the client secret")],
            ),
        ),
        (
            "no callback registered",
            provider(
                Provider::RedirectsRemoved,
                &[
                    ("oidc.redirect-uri-registered", FAIL, "is not registered"),
                    ("oidc.development-redirect-uri", FAIL, "not registered"),
                    (
                        "oidc.application-request-accepted",
                        FAIL,
                        "refuses the callback",
                    ),
                ],
            ),
        ),
        (
            "another client id",
            edited(
                ("GOOGLE_CLIENT_ID", |id| format!("{id}x")),
                &[
                    ("oidc.client-accepted", FAIL, "refuses the client id"),
                    ("oidc.application-sends-client", FAIL, "sends the client id"),
                ],
            ),
        ),
        (
            "another client secret",
            edited(
                ("GOOGLE_CLIENT_SECRET", |secret| format!("{secret}x")),
                &[("oidc.secret-accepted", FAIL, "GOOGLE_CLIENT_SECRET")],
            ),
        ),
        (
            "another secret",
            edited(
                ("NEXTAUTH_SECRET", |secret| format!("x{secret}")),
                &[(
                    "nextauth.deployed-secret-matches",
                    FAIL,
                    "signs with another secret than NEXTAUTH_SECRET",
                )],
            ),
        ),
        (
            "another address",
            edited(
                ("NEXTAUTH_URL", |_| "https://tasks.sandbox.test".into()),
                &[
                    (
                        "nextauth.configured-url-matches",
                        FAIL,
                        "https://tasks.sandbox.test",
                    ),
                    (
                        "oidc.redirect-uri-registered",
                        FAIL,
                        "https://tasks.sandbox.test/api/auth/callback/google is not registered",
                    ),
                ],
            ),
        ),
        (
            "sessions that may be altered",
            sign_in(
                SignIn::AcceptsAltered,
                &[
                    (
                        "nextauth.session-refuses-altered",
                        FAIL,
                        "altered session is accepted",
                    ),
                    (
                        "nextauth.session-refuses-foreign",
                        FAIL,
                        "another secret encrypted is accepted",
                    ),
                ],
            ),
        ),
        (
            "sessions without an end",
            sign_in(
                SignIn::AcceptsExpired,
                &[(
                    "nextauth.session-refuses-expired",
                    FAIL,
                    "ended an hour ago is accepted",
                )],
            ),
        ),
        (
            "sessions that get lost",
            sign_in(
                SignIn::LosesSessions,
                &[
                    (
                        "nextauth.session-accepts-own",
                        UNTOLD,
                        "answered as a stranger's",
                    ),
                    (
                        "nextauth.sign-in-is-recognised",
                        FAIL,
                        "answered as a stranger's",
                    ),
                ],
            ),
        ),
        (
            "a sign-out that signs nobody out",
            sign_in(
                SignIn::KeepsCookieOnSignOut,
                &[(
                    "nextauth.sign-out-clears",
                    FAIL,
                    "leaves the session cookie",
                )],
            ),
        ),
        (
            "a sign-in that breaks",
            sign_in(
                SignIn::Breaks,
                &[
                    ("nextauth.endpoints-answer", UNTOLD, "status 500"),
                    OFFERS,
                    LINK,
                ],
            ),
        ),
        (
            "a misconfigured sign-in",
            sign_in(
                SignIn::Misconfigured,
                &[
                    ("nextauth.endpoints-answer", FAIL, "configuration is wrong"),
                    OFFERS,
                    LINK,
                ],
            ),
        ),
        (
            "sessions that hang",
            sign_in(
                SignIn::HangsOnSessions,
                &[
                    ("nextauth.session-accepts-own", UNTOLD, "no answer"),
                    ("nextauth.sign-in-opens-a-session", UNTOLD, "no answer"),
                ],
            )
            .hanging("nextauth"),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_mail() {
    const LINK: (&str, &str, &str) = (
        "email.magic-link-arrives",
        FAIL,
        "the mail could not be sent",
    );
    hold(vec![
        (
            "a wrong password",
            mail(
                Mail::WrongPassword,
                &[
                    (
                        "email.authenticates",
                        FAIL,
                        "refuses the user name or password",
                    ),
                    LINK,
                ],
            ),
        ),
        (
            "another password here than there",
            edited(
                ("EMAIL_SERVER", |uri| uri.replace("@127", "x@127")),
                &[(
                    "email.authenticates",
                    FAIL,
                    "refuses the user name or password",
                )],
            ),
        ),
        (
            "a login that cannot be verified",
            mail(
                Mail::LoginUnavailable,
                &[
                    ("email.authenticates", UNTOLD, "could not verify the login"),
                    LINK,
                ],
            ),
        ),
        (
            "no STARTTLS",
            mail(
                Mail::NoStartTls,
                &[("email.tls", FAIL, "does not offer STARTTLS")],
            ),
        ),
        (
            "an old certificate",
            mail(
                Mail::ExpiredCertificate,
                &[("email.tls", FAIL, "it has expired"), LINK],
            ),
        ),
        (
            "a foreign certificate",
            mail(
                Mail::ForeignCertificate,
                &[("email.tls", FAIL, "not for the name"), LINK],
            ),
        ),
        (
            "an unverified sender",
            mail(
                Mail::RefusesSender,
                &[("email.sends", FAIL, "the sender is not verified"), LINK],
            ),
        ),
        (
            "a shared sender",
            mail(
                Mail::SharedSender,
                &[("email.sends", FAIL, "to the account's owner only"), LINK],
            ),
        ),
        (
            "mail that is put off",
            mail(
                Mail::PutsOff,
                &[("email.sends", UNTOLD, "put the message off"), LINK],
            ),
        ),
        (
            "mail that is lost",
            mail(
                Mail::LosesMail,
                &[
                    (
                        "email.arrives",
                        UNTOLD,
                        "neither in the inbox nor in the junk folder",
                    ),
                    (
                        "email.magic-link-arrives",
                        UNTOLD,
                        "neither in the inbox nor in the junk folder",
                    ),
                ],
            )
            .hurried(&[
                "email.sends",
                "email.arrives",
                "email.arrives-in-inbox",
                "email.magic-link-arrives",
            ]),
        ),
        (
            "a server that says nothing",
            mail(
                Mail::Silent,
                &[("email.connects", UNTOLD, "did not answer"), LINK],
            )
            .hanging("smtp"),
        ),
        (
            "a server that says no more",
            mail(
                Mail::HangsAfterGreeting,
                &[("email.connects", UNTOLD, "did not answer EHLO"), LINK],
            )
            .hanging("smtp"),
        ),
        (
            "a server that turns clients away",
            mail(
                Mail::TurnsAway,
                &[("email.connects", UNTOLD, "turns this client away"), LINK],
            ),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_push() {
    hold(vec![
        (
            "a service that hangs",
            push(
                Push::Hangs,
                &[(
                    "push.service-answers",
                    UNTOLD,
                    "the WebSocket was not opened",
                )],
            )
            .hanging("push"),
        ),
        (
            "a service that is down",
            push(
                Push::RefusesHello,
                &[("push.service-answers", UNTOLD, "503")],
            ),
        ),
        (
            "a service that takes no channels",
            push(
                Push::RefusesChannel,
                &[("push.registers", FAIL, "does not take the public key")],
            ),
        ),
        (
            "signatures that are refused",
            push(
                Push::RefusesEverySignature,
                &[("push.accepts", FAIL, "401")],
            ),
        ),
        (
            "signatures that nobody verifies",
            push(
                Push::AcceptsAnySignature,
                &[(
                    "push.refuses-foreign-key",
                    FAIL,
                    "takes a message signed with a key that the channel is not bound to",
                )],
            ),
        ),
        (
            "a subscription that is gone",
            push(Push::Expired, &[("push.accepts", UNTOLD, "410")]),
        ),
        (
            "a service with too much to do",
            push(Push::Unavailable, &[("push.accepts", UNTOLD, "503")]),
        ),
        (
            "messages that arrive broken",
            push(
                Push::Garbles,
                &[("push.delivers", FAIL, "cannot be decrypted")],
            ),
        ),
        (
            "messages that never arrive",
            push(
                Push::NeverDelivers,
                &[("push.delivers", UNTOLD, "was accepted, and did not arrive")],
            )
            .hanging("push"),
        ),
        (
            "a connection that ends",
            push(
                Push::Closes,
                &[(
                    "push.delivers",
                    UNTOLD,
                    "then the peer closed the connection",
                )],
            ),
        ),
        (
            "halves of two pairs",
            edited(
                ("VAPID_PRIVATE_KEY", |_| {
                    holdpoint::secret::VapidPair::generate().unwrap().private
                }),
                &[(
                    "push.keys-pair",
                    FAIL,
                    "is not the public half of VAPID_PRIVATE_KEY",
                )],
            ),
        ),
        (
            "a contact that nobody reaches",
            edited(
                ("VAPID_SUBJECT", |_| "mailto:admin@localhost".into()),
                &[
                    ("push.subject", FAIL, "Apple's service refuses"),
                    ("environment.vapid-keys-shape", FAIL, "VAPID_SUBJECT"),
                ],
            ),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_model() {
    hold(vec![
        (
            "a bad key",
            model(
                AiFault::BadKey,
                &[("ai.gemini-key-accepted", FAIL, "does not accept the key")],
            ),
        ),
        (
            "another key",
            edited(
                ("GEMINI_API_KEY", |key| format!("{key}x")),
                &[("ai.gemini-key-accepted", FAIL, "does not accept the key")],
            ),
        ),
        (
            "a restricted key",
            model(
                AiFault::RestrictedKey,
                &[(
                    "ai.gemini-key-accepted",
                    FAIL,
                    "it is for web pages of certain addresses",
                )],
            ),
        ),
        (
            "a region without service",
            model(
                AiFault::Region,
                &[("ai.gemini-key-accepted", FAIL, "does not serve the place")],
            ),
        ),
        (
            "a model that is gone",
            model(
                AiFault::ModelGone,
                &[("ai.gemini-generates", FAIL, "is not there")],
            ),
        ),
        (
            "too many requests",
            model(
                AiFault::PerMinute,
                &[("ai.gemini-generates", UNTOLD, "a limit of the moment")],
            ),
        ),
        (
            "no quota",
            model(
                AiFault::NoMoney,
                &[("ai.gemini-generates", FAIL, "no money or no quota is left")],
            ),
        ),
        (
            "too much to do",
            model(
                AiFault::Overload,
                &[("ai.gemini-generates", UNTOLD, "too much to do")],
            ),
        ),
        (
            "answers that are cut",
            model(
                AiFault::LengthStop,
                &[
                    ("ai.gemini-schema-bound", FAIL, "cut off"),
                    ("ai.gemini-within-budget", UNTOLD, "no whole answer came"),
                ],
            ),
        ),
        (
            "answers without text",
            model(AiFault::Mute, &[("ai.gemini-generates", FAIL, "no text")]),
        ),
        (
            "answers that are no JSON",
            model(
                AiFault::NotJson,
                &[
                    ("ai.gemini-schema-bound", FAIL, "not JSON"),
                    ("ai.gemini-within-budget", UNTOLD, "no whole answer came"),
                ],
            ),
        ),
        (
            "a page of a gateway",
            model(
                AiFault::Page,
                &[("ai.gemini-key-accepted", UNTOLD, "gateway")],
            ),
        ),
        (
            "slow answers",
            model(
                AiFault::Slow(Duration::from_secs(11)),
                &[("ai.gemini-within-budget", FAIL, "the first text came after")],
            )
            .hanging("ai"),
        ),
        (
            "no answers",
            model(
                AiFault::Hang,
                &[("ai.gemini-generates", UNTOLD, "no answer")],
            )
            .hanging("ai"),
        ),
    ])
    .await;
}
