//! The smtp probe against mail servers that others wrote, and against one that fails as it is told to.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::clock;
use holdpoint::sandbox::smtp::{Fault, MailServer, Security};
use serde_json::{Value, json};
use std::time::Duration;
use support::hostile::Refusing;
use support::looking::{Looking, rung};
use support::mail::{Aiosmtpd, Dovecot, Maildev, PASSWORD, USER, certified};

const SESSION: [&str; 7] = [
    "parse",
    "resolve",
    "connect",
    "greeting",
    "tls",
    "authenticate",
    "noop",
];

fn at(server: &MailServer) -> Looking {
    Looking::at("smtp")
        .with(server.variables())
        .trusting(server.authority_pem())
}

async fn sandbox(security: Security, fault: Fault) -> MailServer {
    MailServer::start(security, Some(fault)).await.unwrap()
}

#[tokio::test]
async fn a_right_account_holds_on_every_rung() {
    for (security, word) in [
        (Security::StartTls, "starttls"),
        (Security::Implicit, "tls"),
    ] {
        let server = MailServer::start(security, None).await.unwrap();
        let facts = at(&server).facts(json!({})).await;
        SESSION.iter().for_each(|name| {
            rung(&facts, name, Some(true));
        });
        assert_eq!(facts["security"], word);
        assert_eq!(facts["tls_version"], "TLSv1.3");
        assert_eq!(facts["login_code"], 235);
        assert_eq!(facts["login_enhanced"], "2.7.0");
        assert_eq!(facts["variable"], "EMAIL_SERVER");
        assert_eq!(facts["local"], true);
        // Nothing is sent by a session.
        rung(&facts, "sender", None);
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn the_rung_that_broke_is_named_with_its_cause() {
    use Fault::*;
    for (fault, name, ok, words) in [
        (WrongPassword, "authenticate", Some(false), "535 5.7.8"),
        (LoginUnavailable, "authenticate", None, "454 4.7.0"),
        (NoLogin, "authenticate", Some(false), "offers no login"),
        (NoStartTls, "tls", Some(false), "does not offer STARTTLS"),
        (ExpiredCertificate, "tls", Some(false), "it has expired"),
        (
            ForeignCertificate,
            "tls",
            Some(false),
            "not for the name 127.0.0.1",
        ),
        (TurnsAway, "greeting", None, "554 5.7.1"),
    ] {
        let server = sandbox(Security::StartTls, fault).await;
        let facts = at(&server).facts(json!({})).await;
        let cause = rung(&facts, name, ok);
        assert!(cause.contains(words), "{fault:?}: {cause}");
        let place = SESSION.iter().position(|one| *one == name).unwrap();
        SESSION[..place].iter().for_each(|name| {
            rung(&facts, name, Some(true));
        });
        SESSION[place + 1..].iter().for_each(|name| {
            rung(&facts, name, None);
        });
    }
}

#[tokio::test]
async fn login_is_used_where_plain_is_not_offered() {
    let server = sandbox(Security::Implicit, Fault::LoginOnly).await;
    let facts = at(&server).facts(json!({})).await;
    rung(&facts, "noop", Some(true));
    assert_eq!(facts["login_mechanism"], "LOGIN");
    let wrong = format!(
        "smtps://app%40sandbox.test:another-word@{}",
        server.address()
    );
    let facts = at(&server)
        .with([("EMAIL_SERVER", wrong)])
        .facts(json!({}))
        .await;
    rung(&facts, "authenticate", Some(false));
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_not_trusted() {
    for security in [Security::StartTls, Security::Implicit] {
        let server = MailServer::start(security, None).await.unwrap();
        let facts = Looking::at("smtp")
            .with(server.variables())
            .facts(json!({}))
            .await;
        let cause = rung(&facts, "tls", Some(false));
        assert!(cause.contains("no trusted authority"), "{cause}");
        // No password goes to a server that is not known.
        assert_eq!(facts["login_code"], json!(null));
        // A server on this machine that the mailer takes as it is may well work.
        let (_, address) = server.variables().swap_remove(0);
        let bears = format!("{address}/?tls.rejectUnauthorized=false");
        let facts = Looking::at("smtp")
            .with([("EMAIL_SERVER", bears)])
            .facts(json!({}))
            .await;
        let cause = rung(&facts, "tls", None);
        assert!(cause.contains("rejectUnauthorized"), "{cause}");
        assert_eq!(facts["login_code"], json!(null));
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_ends_in_its_time() {
    for (security, fault, name, words) in [
        (
            Security::StartTls,
            Fault::Silent,
            "greeting",
            "did not answer",
        ),
        (
            Security::StartTls,
            Fault::HangsAfterGreeting,
            "greeting",
            "did not answer",
        ),
        (
            Security::Implicit,
            Fault::Silent,
            "tls",
            "not finished in time",
        ),
    ] {
        let server = sandbox(security, fault).await;
        let begun = clock::tick();
        let facts = at(&server)
            .within(Duration::from_secs(3))
            .facts(json!({}))
            .await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{fault:?}");
        let cause = rung(&facts, name, None);
        assert!(cause.contains(words), "{cause}");
    }
}

#[tokio::test]
async fn a_greeting_that_comes_late_is_waited_for() {
    let server = sandbox(Security::StartTls, Fault::GreetsLate).await;
    let facts = at(&server).facts(json!({})).await;
    rung(&facts, "noop", Some(true));
    assert!(facts["steps"]["greeting"]["ms"].as_u64().unwrap() >= 3_900);
}

#[tokio::test]
async fn a_goodbye_is_not_waited_for() {
    let server = sandbox(Security::StartTls, Fault::NoGoodbye).await;
    let begun = clock::tick();
    let facts = at(&server).facts(json!({ "look": "send" })).await;
    rung(&facts, "arrive", Some(true));
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn the_wrong_scheme_is_told_from_a_dead_server() {
    let first_byte = MailServer::start(Security::Implicit, None).await.unwrap();
    let plain = format!("smtp://u:password@{}", first_byte.address());
    let facts = at(&first_byte)
        .with([("EMAIL_SERVER", plain)])
        .facts(json!({}))
        .await;
    let cause = rung(&facts, "greeting", Some(false));
    assert!(cause.contains("speaks TLS from the first byte"), "{cause}");

    let upgraded = MailServer::start(Security::StartTls, None).await.unwrap();
    let secure = format!("smtps://u:password@{}", upgraded.address());
    let facts = at(&upgraded)
        .with([("EMAIL_SERVER", secure)])
        .facts(json!({}))
        .await;
    let cause = rung(&facts, "tls", Some(false));
    assert!(cause.contains("does not speak TLS"), "{cause}");
    rung(&facts, "greeting", None);

    let nobody = Refusing::start();
    let address = nobody.url().replace("http://", "smtp://u:password@");
    let gone = Looking::at("smtp")
        .with([("EMAIL_SERVER", address)])
        .facts(json!({}))
        .await;
    let cause = rung(&gone, "connect", Some(false));
    assert!(cause.contains("nothing listens"), "{cause}");
}

#[tokio::test]
async fn what_is_not_set_up_is_absent_and_samples_are_told() {
    let nothing = Looking::at("smtp").look(json!({})).await;
    assert_eq!(nothing.hindrance.unwrap().kind.word(), "absent");
    let sample = Looking::at("smtp")
        .with([(
            "EMAIL_SERVER",
            "smtp://username:password@smtp.example.com:587",
        )])
        .facts(json!({}))
        .await;
    let cause = rung(&sample, "parse", Some(false));
    assert!(cause.contains("sample text"), "{cause}");
    let escaped = Looking::at("smtp")
        .with([("EMAIL_SERVER", "smtp://me:s3cr#t-word@mail.test:587")])
        .facts(json!({}))
        .await;
    let cause = rung(&escaped, "parse", Some(false));
    assert!(cause.contains("ends the address too early"), "{cause}");
}

#[tokio::test]
async fn a_trial_mail_arrives_and_is_taken_out_again() {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    let facts = at(&server).facts(json!({ "look": "send" })).await;
    for name in ["noop", "sender", "recipient", "accept", "arrive"] {
        rung(&facts, name, Some(true));
    }
    assert_eq!(facts["folder"], "inbox");
    assert_eq!(facts["removed"], true);
    assert_eq!(facts["from_domain"], "sandbox.test");
    assert_eq!(facts["to_domain"], "inbox.test");
    assert!(facts["queue_id"].as_str().unwrap().len() == 16);
    assert!(server.mails().is_empty(), "{:?}", server.mails());

    // Without a mailbox the mail stays, and shows what it is.
    let blind = at(&server)
        .without(&["HOLDPOINT_MAIL_CATCHER_URL"])
        .facts(json!({ "look": "send" }))
        .await;
    rung(&blind, "accept", Some(true));
    let cause = rung(&blind, "arrive", None);
    assert!(cause.contains("no mailbox is configured"), "{cause}");
    let [mail] = server.mails().try_into().unwrap();
    assert_eq!(
        mail.header("X-Holdpoint-Run"),
        Some("20260101T000000Z-abcdef")
    );
    assert_eq!(mail.header("From"), Some("Sandbox <app@sandbox.test>"));
    assert_eq!(mail.to, ["probe@inbox.test"]);

    let nobody = at(&server)
        .without(&["HOLDPOINT_MAIL_TO"])
        .look(json!({ "look": "send" }))
        .await;
    assert_eq!(nobody.hindrance.unwrap().kind.word(), "denied");
}

#[tokio::test]
async fn what_becomes_of_a_mail_is_told_apart() {
    use Fault::*;
    for (fault, name, ok, words) in [
        (
            RefusesSender,
            "sender",
            Some(false),
            "not verified there (550 5.7.1)",
        ),
        (SharedSender, "accept", Some(false), "account's owner only"),
        (PutsOff, "accept", None, "451 4.7.1"),
        (
            LosesMail,
            "arrive",
            None,
            "neither in the inbox nor in the junk",
        ),
    ] {
        let server = sandbox(Security::StartTls, fault).await;
        // Only a mail that is lost has its time waited for.
        let seconds = if fault == LosesMail { 6 } else { 60 };
        let facts = at(&server)
            .within(Duration::from_secs(seconds))
            .facts(json!({ "look": "send" }))
            .await;
        let cause = rung(&facts, name, ok);
        assert!(cause.contains(words), "{fault:?}: {cause}");
        assert_ne!(facts["removed"], true);
    }
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_read_proves_nothing() {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    let facts = at(&server)
        .with([("HOLDPOINT_MAIL_CATCHER_URL", "http://127.0.0.1:9")])
        .within(Duration::from_secs(3))
        .facts(json!({ "look": "send" }))
        .await;
    rung(&facts, "accept", Some(true));
    let cause = rung(&facts, "arrive", None);
    assert!(cause.contains("could not be searched"), "{cause}");
}

/// The password in an address of these servers.
fn escaped() -> String {
    PASSWORD.replace('/', "%2F")
}

#[tokio::test]
async fn maildev_takes_a_mail_and_shows_it() {
    let Some(server) = Maildev::start(true) else {
        return;
    };
    let looking = |password: &str| {
        Looking::at("smtp")
            .with([
                (
                    "EMAIL_SERVER",
                    format!("smtps://{USER}:{password}@localhost:{}", server.smtp),
                ),
                ("EMAIL_FROM", "Shop <mail@shop.test>".into()),
                ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
                (
                    "HOLDPOINT_MAIL_CATCHER_URL",
                    format!("http://127.0.0.1:{}", server.web),
                ),
            ])
            .trusting(server.authority.as_str())
    };
    let facts = looking(&escaped()).facts(json!({ "look": "send" })).await;
    for name in SESSION
        .iter()
        .chain(&["sender", "recipient", "accept", "arrive"])
    {
        rung(&facts, name, Some(true));
    }
    assert_eq!(facts["removed"], true);
    let wrong = looking("another-word").facts(json!({})).await;
    let cause = rung(&wrong, "authenticate", Some(false));
    assert!(cause.contains("(535"), "{cause}");
}

#[tokio::test]
async fn maildev_without_tls_gets_no_password() {
    let Some(server) = Maildev::start(false) else {
        return;
    };
    let address = |login: &str| format!("smtp://{login}localhost:{}", server.smtp);
    let login = format!("{USER}:{}@", escaped());
    let facts = Looking::at("smtp")
        .with([("EMAIL_SERVER", address(&login))])
        .facts(json!({}))
        .await;
    let cause = rung(&facts, "tls", Some(false));
    assert!(cause.contains("does not offer STARTTLS"), "{cause}");
    assert_eq!(facts["login_code"], json!(null));
    // Where no password is set, nothing secret goes; the server wants one when it comes to the mail.
    let sent = Looking::at("smtp")
        .with([
            ("EMAIL_SERVER", address("")),
            ("EMAIL_FROM", "mail@shop.test".into()),
            ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
        ])
        .facts(json!({ "look": "send" }))
        .await;
    assert_eq!(sent["security"], "none");
    let cause = rung(&sent, "sender", Some(false));
    assert!(cause.contains("wants a login"), "{cause}");
}

#[tokio::test]
async fn aiosmtpd_is_logged_in_to_after_starttls() {
    let (folder, authority) = certified();
    let Some(server) = Aiosmtpd::start(folder.path()) else {
        return;
    };
    let looking = |password: &str| {
        Looking::at("smtp")
            .with([
                ("EMAIL_SERVER_HOST", "localhost".to_owned()),
                ("EMAIL_SERVER_PORT", server.port.to_string()),
                ("EMAIL_SERVER_USER", USER.into()),
                ("EMAIL_SERVER_PASSWORD", password.into()),
            ])
            .trusting(authority.as_str())
    };
    let facts = looking(PASSWORD).facts(json!({})).await;
    SESSION.iter().for_each(|name| {
        rung(&facts, name, Some(true));
    });
    assert_eq!(facts["security"], "starttls");
    assert_eq!(facts["variable"], "EMAIL_SERVER_PASSWORD");
    let wrong = looking("another-word").facts(json!({})).await;
    rung(&wrong, "authenticate", Some(false));
}

/// The addresses that the probe reads are those that nodemailer connects to; where the two would differ,
/// the address is told to be wrong.
#[tokio::test]
async fn nodemailer_reads_the_same() {
    let Some(folder) = support::peers::fetched("maildev") else {
        return;
    };
    let words = [
        "p", "p%40w", "p@w", "p w", "p+q", "p{w", "a:b", "p#w", "p/w", "p?w", "p%w", "p\\w", "%7Bé",
    ];
    let ends = [
        "",
        ":9",
        ":465",
        "/?requireTLS=true",
        ":9/?pool=true&secure=true",
    ];
    let mut addresses: Vec<String> = Vec::new();
    for scheme in ["smtp", "smtps", "SMTP"] {
        for word in words {
            for end in ends {
                addresses.push(format!("{scheme}://u:{word}@127.0.0.1{end}"));
            }
        }
        addresses.push(format!("{scheme}://127.0.0.1"));
        addresses.push(format!("{scheme}://[::1]:9"));
    }
    let mut oracle = std::process::Command::new("node")
        .arg("tests/peers/maildev/oracle.mjs")
        .env("PEERS", folder.parent().unwrap())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(&addresses).unwrap();
    std::io::Write::write_all(&mut oracle.stdin.take().unwrap(), &input).unwrap();
    let output = oracle.wait_with_output().unwrap();
    let expected: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let (mut right, mut wrong) = (0, 0);
    for (address, expected) in addresses.iter().zip(&expected) {
        let facts = Looking::at("smtp")
            .with([("EMAIL_SERVER", address.as_str())])
            .facts(json!({ "look": "session" }))
            .await;
        let meant = expected[0] == "127.0.0.1" || expected[0] == "::1";
        if facts["steps"]["parse"]["ok"] == true {
            right += 1;
            assert_eq!(facts["host"], expected[0], "{address}");
            assert_eq!(facts["port"], expected[1], "{address}");
            assert_eq!(facts["credentials"], expected[3].is_string(), "{address}");
        } else {
            wrong += 1;
            assert!(!meant, "{address} is read well: {expected}");
        }
        assert_eq!(meant, facts["steps"]["parse"]["ok"] == true, "{address}");
    }
    assert!(right > 60 && wrong > 60, "{right} right, {wrong} wrong");
}

/// Moves the trial mail to the junk folder as soon as it is there, with what a receiver writes upon it.
fn distrusts(maildir: std::path::PathBuf) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        let begun = clock::tick();
        while begun.elapsed() < Duration::from_secs(20) {
            for entry in std::fs::read_dir(maildir.join("new"))
                .into_iter()
                .flatten()
                .flatten()
            {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                if text.contains("X-Holdpoint-Run") {
                    let verdict = "Authentication-Results: mx.inbox.test;\r\n spf=softfail; dkim=none; dmarc=fail\r\n";
                    let to = maildir.join(".Junk/new").join(entry.file_name());
                    std::fs::write(&to, format!("{verdict}{text}")).unwrap();
                    std::fs::set_permissions(
                        &to,
                        std::os::unix::fs::PermissionsExt::from_mode(0o666),
                    )
                    .unwrap();
                    std::fs::remove_file(entry.path()).unwrap();
                    return true;
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    })
}

#[tokio::test]
async fn mail_in_the_junk_folder_is_found_there() {
    let (folder, authority) = certified();
    let Some(sender) = Aiosmtpd::start(folder.path()) else {
        return;
    };
    let Some(mailbox) = Dovecot::start(folder.path()) else {
        return;
    };
    let looking = Looking::at("smtp")
        .with([
            (
                "EMAIL_SERVER",
                format!("smtp://{USER}:{}@localhost:{}", escaped(), sender.port),
            ),
            ("EMAIL_FROM", "mail@shop.test".into()),
            ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
            (
                "HOLDPOINT_IMAP_URL",
                format!("imaps://{USER}:{}@localhost:{}", escaped(), mailbox.port),
            ),
        ])
        .trusting(authority.as_str());
    let junk = folder.path().join("maildir/.Junk/new");
    if !junk.is_dir() {
        // The first login makes it.
        looking.facts(json!({ "look": "send" })).await;
    }
    assert!(junk.is_dir());
    let moved = distrusts(folder.path().join("maildir"));
    let facts = looking.facts(json!({ "look": "send" })).await;
    assert!(moved.join().unwrap());
    rung(&facts, "arrive", Some(true));
    assert_eq!(facts["folder"], "junk");
    let results = json!({ "spf": "softfail", "dkim": "none", "dmarc": "fail" });
    assert_eq!(facts["authentication"], results);
    assert_eq!(facts["removed"], true);
    assert_eq!(std::fs::read_dir(junk).unwrap().count(), 0);
}

#[tokio::test]
async fn dovecot_shows_the_mail_and_only_that_one_is_taken_out() {
    let (folder, authority) = certified();
    let Some(sender) = Aiosmtpd::start(folder.path()) else {
        return;
    };
    let Some(mailbox) = Dovecot::start(folder.path()) else {
        return;
    };
    let stranger =
        "From: a@b.test\r\nTo: probe@inbox.test\r\nMessage-ID: <other@b.test>\r\n\r\nkeep me\r\n";
    std::fs::write(folder.path().join("maildir/new/1.other"), stranger).unwrap();
    let imap =
        |password: &str| format!("imaps://{USER}:{password}@localhost:{}/INBOX", mailbox.port);
    let looking = |password: &str| {
        Looking::at("smtp")
            .with([
                (
                    "EMAIL_SERVER",
                    format!("smtp://{USER}:{}@localhost:{}", escaped(), sender.port),
                ),
                ("EMAIL_FROM", "mail@shop.test".into()),
                ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
                ("HOLDPOINT_IMAP_URL", imap(password)),
            ])
            .trusting(authority.as_str())
    };
    let facts = looking(&escaped()).facts(json!({ "look": "send" })).await;
    rung(&facts, "arrive", Some(true));
    assert_eq!(facts["mailbox"], "imap");
    assert_eq!(facts["folder"], "inbox");
    assert_eq!(facts["removed"], true);
    let kept: Vec<_> = ["new", "cur"]
        .iter()
        .flat_map(|part| std::fs::read_dir(folder.path().join("maildir").join(part)).unwrap())
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].contains("keep me"));

    let closed = looking("another-word")
        .facts(json!({ "look": "send" }))
        .await;
    rung(&closed, "accept", Some(true));
    let cause = rung(&closed, "arrive", None);
    assert!(
        cause.contains("refuses the mailbox's user name or password"),
        "{cause}"
    );
}
