//! The application's own sign-in mail, and the checks of mail as a whole through the program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::sandbox::resend::{Access, ResendApi};
use holdpoint::sandbox::smtp::{Fault, MailServer, Security};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use support::holdpoint;
use support::hostile::PATIENCE;
use support::looking::{Looking, rung};
use support::mail::{Mailpit, PASSWORD, USER};
use support::next_auth::{Conduct, NextAuth};

async fn facts(conduct: Conduct, seconds: u64) -> (holdpoint::model::Facts, MailServer) {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    let application = NextAuth::start(conduct, &server).await;
    let facts = Looking::at("smtp")
        .with(server.variables())
        .within(Duration::from_secs(seconds))
        .facts(json!({ "look": "magic-link", "url": application.url }))
        .await;
    (facts, server)
}

#[tokio::test]
async fn a_sign_in_mail_is_asked_for_found_and_taken_out() {
    for (conduct, provider) in [
        (Conduct::Right, "email"),
        (Conduct::RightInFive, "nodemailer"),
    ] {
        let (facts, server) = facts(conduct, 60).await;
        for name in ["form", "request", "arrive", "link"] {
            rung(&facts, name, Some(true));
        }
        assert_eq!(facts["provider"], provider);
        assert_eq!(facts["link_host"], "127.0.0.1");
        assert_eq!(facts["removed"], true);
        assert!(server.mails().is_empty());
        // The link lets somebody in: it stands nowhere.
        let text = serde_json::to_string(&facts).unwrap();
        assert!(!text.contains("abcdef0123"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_of_200_is_not_a_mail() {
    for (conduct, name, ok, words) in [
        (
            Conduct::CannotSend,
            "request",
            Some(false),
            "could not be sent",
        ),
        (Conduct::Throws, "request", Some(false), "answered 500"),
        // Who may sign in, and what a proxy says, tell nothing about the mail.
        (Conduct::Denies, "request", None, "AccessDenied"),
        (Conduct::Unreached, "request", None, "answered 502"),
        // A catcher that holds nothing does not show that the mail went nowhere.
        (Conduct::Forgets, "arrive", None, "neither in the inbox"),
        (
            Conduct::LinksElsewhere,
            "link",
            Some(false),
            "points to http://localhost:3000",
        ),
    ] {
        // Only a mail that does not come has its time waited for.
        let seconds = if conduct == Conduct::Forgets { 6 } else { 60 };
        let (facts, _server) = facts(conduct, seconds).await;
        let cause = rung(&facts, name, ok);
        assert!(cause.contains(words), "{conduct:?}: {cause}");
    }
}

#[tokio::test]
async fn old_mail_is_no_answer_and_other_providers_are_none() {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    let sent = NextAuth::start(Conduct::Right, &server).await;
    let forgets = NextAuth::start(Conduct::Forgets, &server).await;
    let looking = |url: &str| {
        let parameters = json!({ "look": "magic-link", "url": url });
        let looking = Looking::at("smtp")
            .with(server.variables())
            .within(Duration::from_secs(6));
        async move { looking.look(parameters).await }
    };
    // A mail of before, which stays: it was asked for without a mailbox.
    let blind = Looking::at("smtp")
        .with(server.variables())
        .without(&["HOLDPOINT_MAIL_CATCHER_URL"])
        .facts(json!({ "look": "magic-link", "url": sent.url }))
        .await;
    rung(&blind, "request", Some(true));
    rung(&blind, "arrive", None);
    assert_eq!(server.mails().len(), 1);
    let facts = looking(&forgets.url).await.facts;
    rung(&facts, "arrive", None);
    assert_eq!(server.mails().len(), 1);

    let other = NextAuth::start(Conduct::NoMail, &server).await;
    let hindrance = looking(&other.url).await.hindrance.unwrap();
    assert_eq!(hindrance.kind.word(), "absent");
}

#[tokio::test]
async fn mailpit_shows_the_trial_mail_and_the_sign_in_mail() {
    let Some(server) = Mailpit::start() else {
        return;
    };
    let escaped = PASSWORD.replace('/', "%2F");
    let looking = Looking::at("smtp")
        .with([
            (
                "EMAIL_SERVER",
                format!("smtp://{USER}:{escaped}@localhost:{}", server.smtp),
            ),
            ("EMAIL_FROM", "Shop <mail@shop.test>".into()),
            ("HOLDPOINT_MAIL_TO", "probe@inbox.test".into()),
            (
                "HOLDPOINT_MAIL_CATCHER_URL",
                format!("http://127.0.0.1:{}", server.web),
            ),
        ])
        .trusting(server.authority.as_str());
    let sent = looking.facts(json!({ "look": "send" })).await;
    for name in ["tls", "authenticate", "accept", "arrive"] {
        rung(&sent, name, Some(true));
    }
    assert_eq!(
        (&sent["security"], &sent["removed"]),
        (&json!("starttls"), &json!(true))
    );
    let login = (USER, PASSWORD);
    let application =
        NextAuth::start_with(Conduct::Right, server.smtp, login, &server.authority).await;
    let asked = json!({ "look": "magic-link", "url": application.url });
    // Twice: the first mail is gone, and would not be taken for the second.
    for _ in 0..2 {
        let facts = looking.facts(asked.clone()).await;
        for name in ["request", "arrive", "link"] {
            rung(&facts, name, Some(true));
        }
        assert_eq!(facts["removed"], true);
    }
    let wrong = looking
        .with([(
            "EMAIL_SERVER",
            format!("smtp://{USER}:other@localhost:{}", server.smtp),
        )])
        .facts(json!({}))
        .await;
    rung(&wrong, "authenticate", Some(false));
}

/// The verdict of each check of mail, by the program, with an application that sends by `server`.
fn verdicts(
    url: &str,
    server: &MailServer,
    variables: &[(&str, String)],
    code: i32,
) -> BTreeMap<String, String> {
    let authority = tempfile::tempdir().unwrap();
    let pem = authority.path().join("ca.pem");
    std::fs::write(&pem, server.authority_pem()).unwrap();
    // An application that signs in by mail.
    let project = tempfile::tempdir().unwrap();
    let package = r#"{ "dependencies": { "next-auth": "4.24.13", "nodemailer": "7.0.10" } }"#;
    support::write(project.path(), "package.json", package);
    let mut call = holdpoint([
        "run", "email", "--level", "active", "--target", url, "--owned", "--report", "json=-",
    ])
    .within(project.path())
    .env("NODE_EXTRA_CA_CERTS", &pem)
    // Nobody answers there, so nothing is known of the sender's domain.
    .env("HOLDPOINT_DNS_SERVER", "127.0.0.1:9");
    for (name, value) in variables {
        call = call.env(name, value);
    }
    let outcome = call.run().expect_code(code);
    let secret = server.password();
    assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap().to_owned();
            (word("check"), word("verdict"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_judges_a_right_application() {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    let resend = ResendApi::start(Access::Sending, None).await.unwrap();
    let application = NextAuth::start(Conduct::Right, &server).await;
    let variables: Vec<_> = resend
        .variables()
        .into_iter()
        .chain(server.variables())
        .collect();
    let found = tokio::task::block_in_place(|| verdicts(&application.url, &server, &variables, 3));
    for id in [
        "configured",
        "address-readable",
        "connects",
        "tls",
        "encrypted",
        "authenticates",
        "answers",
        "sends",
        "arrives",
        "arrives-in-inbox",
        "resend-key",
        "resend-least-privilege",
        "resend-sends",
        "magic-link-arrives",
    ] {
        assert_eq!(found[&format!("email.{id}")], "pass", "{id}: {found:#?}");
    }
    assert_eq!(found["email.sender-domain"], "inconclusive");
    assert_eq!(found["email.spf"], "blocked");
    assert_eq!(found["email.resend-delivers"], "not-applicable");
    assert!(server.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_names_the_rung_that_broke() {
    let server = MailServer::start(Security::StartTls, Some(Fault::WrongPassword))
        .await
        .unwrap();
    let found = tokio::task::block_in_place(|| {
        verdicts("http://127.0.0.1:9", &server, &server.variables(), 1)
    });
    assert_eq!(found["email.tls"], "pass");
    assert_eq!(found["email.authenticates"], "fail");
    for id in ["answers", "sends", "arrives", "arrives-in-inbox"] {
        assert_eq!(found[&format!("email.{id}")], "blocked", "{id}");
    }
    assert_eq!(found["email.resend-key"], "not-applicable");
}

/// Interrupts a run `after` its trial mail was taken over by the server.
async fn interrupted(server: &MailServer, after: Duration) -> support::Outcome {
    let authority = tempfile::tempdir().unwrap();
    let pem = authority.path().join("ca.pem");
    std::fs::write(&pem, server.authority_pem()).unwrap();
    let mut call = holdpoint([
        "run",
        "email.sends",
        "email.arrives",
        "--level",
        "active",
        "--target",
        "http://127.0.0.1:9",
        "--owned",
    ])
    .env("NODE_EXTRA_CA_CERTS", &pem);
    for (name, value) in server.variables() {
        call = call.env(name, value);
    }
    let running = call.start();
    let begun = holdpoint::clock::tick();
    while server.taken() == 0 && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.taken(), 1);
    tokio::time::sleep(after).await;
    running.interrupt();
    tokio::task::block_in_place(|| running.wait())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cut_short_takes_its_mail_out() {
    let server = MailServer::start(Security::StartTls, None).await.unwrap();
    // The run may have ended by then; the mail is gone either way.
    let outcome = interrupted(&server, Duration::ZERO).await;
    assert!(server.mails().is_empty(), "{}", outcome.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_still_on_its_way_is_told() {
    let server = MailServer::start(Security::StartTls, Some(Fault::LosesMail))
        .await
        .unwrap();
    let outcome = interrupted(&server, Duration::from_millis(500))
        .await
        .expect_code(130);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    for words in ["it was sent and has not arrived yet", "with the subject"] {
        assert!(said.contains(words), "{said}");
    }
}
