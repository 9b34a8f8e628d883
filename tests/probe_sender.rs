//! The sender probe against dnsmasq: domains with every record right, and with each of them wrong.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use base64::Engine as _;
use holdpoint::model::Facts;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;
use support::dnsmasq::Dnsmasq;
use support::looking::{Looking, rung};

/// A key as DKIM records write it.
fn key() -> String {
    let der = [&[0x30, 0x81, 159][..], &[7; 159]].concat();
    base64::engine::general_purpose::STANDARD.encode(der)
}

fn dnsmasq() -> Option<Dnsmasq> {
    let eleven: Vec<String> = (0..11).map(|number| format!("a:m{number}.test")).collect();
    let texts = [
        ("good.test", "v=spf1 -all".to_owned()),
        ("send.good.test", "v=spf1 include:amazonses.com ~all".into()),
        ("amazonses.com", "v=spf1 ip4:199.255.192.0/22 -all".into()),
        ("resend._domainkey.good.test", format!("p={}", key())),
        (
            "_dmarc.good.test",
            "v=DMARC1; p=quarantine; sp=none; rua=mailto:dmarc@good.test".into(),
        ),
        (
            "news.good.test",
            "v=spf1 include:_spf.google.com -all".into(),
        ),
        (
            "_spf.google.com",
            "v=spf1 include:_netblocks.google.com ~all".into(),
        ),
        (
            "_netblocks.google.com",
            "v=spf1 ip4:35.190.247.0/24 ~all".into(),
        ),
        (
            "google._domainkey.news.good.test",
            "v=DKIM1; k=rsa; p=".into(),
        ),
        ("bare.test", "hello".into()),
        ("xn--mnchen-3ya.test", "v=spf1 -all".into()),
        ("two.test", "v=spf1 -all".into()),
        ("two.test", "v=spf1 a -all".into()),
        ("_dmarc.two.test", "v=DMARC1; p=none".into()),
        ("_dmarc.two.test", "v=DMARC1; p=reject".into()),
        ("many.test", format!("v=spf1 {} -all", eleven.join(" "))),
        (
            "_dmarc.many.test",
            "v=DMARC1; rua=mailto:a@many.test".into(),
        ),
        (
            "far.test",
            "v=spf1 include:elsewhere.example.net -all".into(),
        ),
    ];
    let mut records: Vec<String> = [
        "--local=/amazonses.com/",
        "--local=/google.com/",
        "--mx-host=good.test,mx.good.test,10",
        "--mx-host=news.good.test,.,0",
        "--mx-host=send.good.test,feedback-smtp.eu-west-1.amazonses.com,10",
    ]
    .map(str::to_owned)
    .into();
    records.extend((0..11).map(|number| format!("--host-record=m{number}.test,192.0.2.{number}")));
    records.extend(texts.iter().map(|(name, text)| {
        // Parts of a text have 255 characters at most, and dnsmasq joins them in one record.
        let parts: Vec<String> = text
            .as_bytes()
            .chunks(200)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect();
        format!("--txt-record={name},{}", parts.join(","))
    }));
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    Dnsmasq::start(&records)
}

async fn facts(server: &Dnsmasq, variables: &[(&str, &str)]) -> Facts {
    let looking = Looking::at("sender").with(variables.iter().copied());
    looking.facts(json!({ "server": server.address })).await
}

#[tokio::test]
async fn a_domain_with_every_record_holds() {
    let Some(server) = dnsmasq() else { return };
    let found = facts(
        &server,
        &[
            ("EMAIL_FROM", "Shop <mail@Good.test>"),
            ("RESEND_API_KEY", "re_1234567890abcdef1234"),
        ],
    )
    .await;
    for name in ["address", "own", "exists"] {
        rung(&found, name, Some(true));
    }
    assert_eq!(found["provider"], "Resend");
    let spf = &found["spf"];
    assert_eq!(spf["name"], "send.good.test");
    assert_eq!((&spf["records"], &spf["lookups"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&spf["authorises"], &spf["all"]),
        (&json!(true), &json!("~"))
    );
    assert_eq!(spf["errors"], json!([]));
    assert_eq!(
        (&found["dkim"]["found"], &found["dkim"]["key_bytes"]),
        (&json!(true), &json!(162))
    );
    assert_eq!(found["dmarc"]["policy"], "quarantine");
    assert_eq!(found["dmarc"]["reports"], true);
    assert_eq!(found["mx"]["hosts"], json!(["mx.good.test"]));
    assert_eq!(found["feedback"]["right"], true);

    // Below the domain: the policy for names below, a null MX, a key that was taken back.
    let below = facts(
        &server,
        &[
            ("EMAIL_FROM", "mail@news.good.test"),
            ("EMAIL_SERVER", "smtp://u:p@smtp.gmail.com"),
        ],
    )
    .await;
    assert_eq!(below["provider"], "Google");
    assert_eq!(
        (&below["spf"]["lookups"], &below["spf"]["authorises"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(below["dmarc"]["name"], "_dmarc.good.test");
    assert_eq!(below["dmarc"]["policy"], "none");
    assert_eq!(
        (&below["mx"]["hosts"], &below["mx"]["refuses"]),
        (&json!([]), &json!(true))
    );
    assert_eq!(
        (&below["dkim"]["found"], &below["dkim"]["state"]),
        (&Value::Null, &json!("revoked"))
    );
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_told() {
    let Some(server) = dnsmasq() else { return };
    let resend = ("RESEND_API_KEY", "re_1234567890abcdef1234");
    let bare = facts(&server, &[("EMAIL_FROM", "mail@bare.test"), resend]).await;
    assert_eq!(
        (&bare["spf"]["records"], &bare["spf"]["cause"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(bare["dkim"]["found"], false);
    assert_eq!(
        (&bare["dmarc"]["records"], &bare["dmarc"]["cause"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(
        (&bare["mx"]["known"], &bare["mx"]["hosts"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(bare["feedback"]["right"], false);

    let two = facts(&server, &[("EMAIL_FROM", "mail@two.test")]).await;
    assert_eq!(two["spf"]["records"], 2);
    assert_eq!(two["dmarc"]["records"], 2);
    assert!(two["dmarc"]["error"].is_string());
    // Without a provider there is no selector to ask for, and that proves nothing.
    assert_eq!(two["dkim"]["found"], Value::Null);

    let many = facts(&server, &[("EMAIL_FROM", "mail@many.test")]).await;
    assert_eq!(
        (&many["spf"]["lookups"], &many["spf"]["void_lookups"]),
        (&json!(11), &json!(0))
    );
    assert!(
        many["spf"]["errors"][0]
            .as_str()
            .unwrap()
            .contains("11 lookups")
    );
    assert_eq!(many["dmarc"]["error"], "it has no p");
}

#[tokio::test]
async fn what_cannot_be_asked_proves_nothing() {
    let Some(server) = dnsmasq() else { return };
    // dnsmasq refuses what it has no other server for.
    let far = facts(&server, &[("EMAIL_FROM", "mail@far.test")]).await;
    assert_eq!(
        (&far["spf"]["records"], &far["spf"]["lookups"]),
        (&json!(1), &Value::Null)
    );
    let cause = far["spf"]["cause"].as_str().unwrap();
    assert!(cause.contains("elsewhere.example.net"), "{cause}");
    let foreign = facts(&server, &[("EMAIL_FROM", "mail@elsewhere.org")]).await;
    let cause = rung(&foreign, "exists", None);
    assert!(cause.contains("name server answered"), "{cause}");
    // Nobody answers there.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let looking = Looking::at("sender")
        .with([("EMAIL_FROM", "mail@good.test")])
        .within(Duration::from_secs(3));
    let begun = holdpoint::clock::tick();
    let found = looking.facts(json!({ "server": address })).await;
    assert!(begun.elapsed() < Duration::from_secs(8));
    rung(&found, "exists", None);
}

/// The questions that have come to a socket, each once: the name and the type.
fn questions(socket: &UdpSocket) -> BTreeSet<Vec<u8>> {
    socket.set_nonblocking(true).unwrap();
    let mut packet = [0; 1500];
    let mut asked = BTreeSet::new();
    while let Ok(length) = socket.recv(&mut packet) {
        let question = &packet[12..length];
        let name = question.iter().position(|byte| *byte == 0).unwrap();
        asked.insert(question[..name + 3].to_vec());
    }
    asked
}

#[tokio::test]
async fn what_one_name_server_does_not_tell_another_is_asked() {
    // dnsmasq refuses what it has no other server for.
    let Some(refuses) = Dnsmasq::start(&[]) else {
        return;
    };
    let records = [
        "--local=/org/",
        "--txt-record=elsewhere.org,v=spf1 include:a.elsewhere.org -all",
        "--txt-record=a.elsewhere.org,v=spf1 -all",
    ];
    let Some(knows) = Dnsmasq::start(&records) else {
        return;
    };
    let unanswered = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = unanswered.local_addr().unwrap().to_string();
    let looking = || Looking::at("sender").with([("EMAIL_FROM", "mail@elsewhere.org")]);
    for first in [&silent, &refuses.address] {
        let both = format!("{first}, {}", knows.address);
        let found = looking().facts(json!({ "server": both })).await;
        rung(&found, "exists", Some(true));
        assert_eq!(found["spf"]["records"], 1, "{first}");
        assert_eq!(found["spf"]["lookups"], 1, "{first}");
    }
    // A silent server costs its patience once, not for every question.
    assert_eq!(questions(&unanswered).len(), 1);
    let neither = format!("{},{silent}", refuses.address);
    let looking = looking().within(Duration::from_secs(6));
    let found = looking.facts(json!({ "server": neither })).await;
    let cause = rung(&found, "exists", None);
    assert!(
        cause.contains("answered") && cause.contains("in time"),
        "{cause}"
    );
}

#[tokio::test]
async fn senders_that_are_none_are_told_without_a_question() {
    let sample = |value: &'static str| async move {
        let looking = Looking::at("sender").with([("EMAIL_FROM", value)]);
        let facts = looking.facts(json!({ "server": "127.0.0.1:9" })).await;
        rung(&facts, "own", Some(false))
    };
    assert!(
        sample("noreply@yourdomain.com")
            .await
            .contains("sample text")
    );
    assert!(
        sample("Shop <mail@example.com>")
            .await
            .contains("sample text")
    );
    assert!(
        sample("mail@shop.invalid")
            .await
            .contains("belongs to nobody")
    );
    assert!(
        sample("onboarding@resend.dev")
            .await
            .contains("shared sender")
    );
    let looking = Looking::at("sender").with([("EMAIL_FROM", "Shop")]);
    let facts = looking.facts(json!({})).await;
    assert!(rung(&facts, "address", Some(false)).contains("no mail address"));
    let nothing = Looking::at("sender").look(json!({})).await;
    assert_eq!(nothing.hindrance.unwrap().kind.word(), "absent");
}

#[tokio::test]
async fn a_domain_that_does_not_exist_is_told() {
    let Some(server) = dnsmasq() else { return };
    let umlaut = facts(&server, &[("EMAIL_FROM", "mail@m\u{fc}nchen.test")]).await;
    rung(&umlaut, "exists", Some(true));
    assert_eq!(umlaut["spf"]["records"], 1);
    let gone = facts(&server, &[("EMAIL_FROM", "mail@gone.test")]).await;
    assert!(rung(&gone, "exists", Some(false)).contains("no domain gone.test"));
}

/// The verdicts of the checks of a sender, by the program.
fn verdicts(
    server: &Dnsmasq,
    variables: &[(&str, &str)],
) -> std::collections::BTreeMap<String, String> {
    let ids = [
        "sender-domain",
        "spf",
        "spf-lookups",
        "dkim",
        "dmarc",
        "dmarc-enforced",
        "mx",
        "bounces",
    ];
    let ids = ids.map(|id| format!("email.{id}"));
    let mut call = support::holdpoint(
        ["run"]
            .into_iter()
            .chain(ids.iter().map(String::as_str))
            .chain(["--report", "json=-"]),
    )
    .env("HOLDPOINT_DNS_SERVER", &server.address);
    for (name, value) in variables {
        call = call.env(name, value);
    }
    let outcome = call.run();
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap().to_owned();
            (word("check").replace("email.", ""), word("verdict"))
        })
        .collect()
}

#[test]
fn the_program_judges_a_sender() {
    let Some(server) = dnsmasq() else { return };
    let resend = ("RESEND_API_KEY", "re_1234567890abcdef1234");
    let expect = |variables: &[(&str, &str)], expected: &[(&str, &str)]| {
        let found = verdicts(&server, variables);
        for (id, verdict) in expected {
            assert_eq!(found[*id], *verdict, "{id} of {variables:?}: {found:#?}");
        }
    };
    expect(
        &[("EMAIL_FROM", "Shop <mail@good.test>"), resend],
        &[
            ("sender-domain", "pass"),
            ("spf", "pass"),
            ("spf-lookups", "pass"),
            ("dkim", "pass"),
            ("dmarc", "pass"),
            ("dmarc-enforced", "pass"),
            ("mx", "pass"),
            ("bounces", "pass"),
        ],
    );
    expect(
        &[("EMAIL_FROM", "mail@bare.test"), resend],
        &[
            ("sender-domain", "pass"),
            ("spf", "fail"),
            ("spf-lookups", "not-applicable"),
            ("dkim", "fail"),
            ("dmarc", "fail"),
            ("dmarc-enforced", "blocked"),
            ("mx", "fail"),
            ("bounces", "fail"),
        ],
    );
    expect(
        &[("EMAIL_FROM", "mail@many.test")],
        &[
            ("spf", "pass"),
            ("spf-lookups", "fail"),
            ("dkim", "inconclusive"),
            ("dmarc", "fail"),
            ("bounces", "not-applicable"),
        ],
    );
    expect(
        &[("EMAIL_FROM", "mail@two.test")],
        &[
            ("spf", "fail"),
            ("spf-lookups", "not-applicable"),
            ("dmarc", "fail"),
        ],
    );
    expect(
        &[("EMAIL_FROM", "mail@far.test")],
        &[("spf", "inconclusive"), ("spf-lookups", "inconclusive")],
    );
    expect(
        &[("EMAIL_FROM", "mail@elsewhere.org")],
        &[("sender-domain", "inconclusive"), ("spf", "blocked")],
    );
    expect(
        &[("EMAIL_FROM", "noreply@yourdomain.com")],
        &[
            ("sender-domain", "fail"),
            ("spf", "blocked"),
            ("dkim", "blocked"),
        ],
    );
}
