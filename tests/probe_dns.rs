//! The dns probe against dnsmasq, a name server that others wrote.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, HindranceKind};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Sighting, Wanted, find};
use holdpoint::secret::Book;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use support::dnsmasq::Dnsmasq;
use support::holdpoint;
use support::hostile::Server;

/// The zone `test`.
fn dnsmasq() -> Option<Dnsmasq> {
    Dnsmasq::start(&[
        "--host-record=app.test,192.0.2.10,2001:db8::10,120",
        "--host-record=four.test,192.0.2.4",
        "--host-record=here.test,127.0.0.1",
        "--cname=www.test,app.test",
        "--mx-host=app.test,second.test,20",
        "--mx-host=app.test,first.test,10",
        "--txt-record=app.test,v=spf1 -all",
        "--caa-record=app.test,0,issue,ca.test",
    ])
}

async fn ask(server: &Dnsmasq, name: &str, types: Value) -> Sighting {
    let timeout = Duration::from_secs(10);
    let context = Context {
        target: None,
        root: ".".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment::default()),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: String::new(),
        scratch: holdpoint::probe::Scratch::default(),
    };
    let parameters = json!({ "name": name, "server": server.address, "types": types });
    let probe = find("dns").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    probe.look(&looks[0], &Wanted::default(), &context).await
}

async fn facts(server: &Dnsmasq, name: &str, types: Value) -> Facts {
    let sighting = ask(server, name, types).await;
    assert_eq!(sighting.hindrance, None, "{name}");
    sighting.facts
}

#[tokio::test]
async fn records_are_read_from_a_real_server() {
    let Some(server) = dnsmasq() else { return };
    let every = json!(["A", "AAAA", "CNAME", "MX", "TXT", "CAA"]);

    let app = facts(&server, "app.test", every.clone()).await;
    assert_eq!(app["addresses"], json!(["192.0.2.10", "2001:db8::10"]));
    assert_eq!(
        app["mx"],
        json!([{ "preference": 10, "host": "first.test" }, { "preference": 20, "host": "second.test" }])
    );
    assert_eq!(app["txt"], json!(["v=spf1 -all"]));
    assert_eq!(app["caa"], json!(["0 issue \"ca.test\""]));
    assert_eq!(app["cname"], Value::Null);
    assert_eq!(app["ttl_min"], 120);
    assert_eq!(
        (&app["exists"], &app["loopback"]),
        (&json!(true), &json!(false))
    );

    let www = facts(&server, "WWW.test.", json!(["A", "AAAA"])).await;
    assert_eq!(www["cname"], "app.test");
    assert_eq!(www["addresses"], json!(["192.0.2.10", "2001:db8::10"]));

    let four = facts(&server, "four.test", json!(["A", "AAAA"])).await;
    assert_eq!(four["addresses"], json!(["192.0.2.4"]));

    let here = facts(&server, "here.test", json!(["A"])).await;
    assert_eq!(here["loopback"], true);

    let none = facts(&server, "none.test", every).await;
    assert_eq!(
        (&none["exists"], &none["addresses"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(none["ttl_min"], Value::Null);

    // Without a server to pass the question on to, it refuses.
    let hindrance = ask(&server, "elsewhere.example", json!(["A"]))
        .await
        .hindrance
        .unwrap();
    assert_eq!(hindrance.kind, HindranceKind::Dns, "{}", hindrance.cause);
}

/// The verdict of `site.public-address` for a site on this machine, with this name for its environment.
fn at_home(environment: &str) -> (String, String) {
    let server = Server::start(|_, client| {
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
        )
    });
    let check = "site.public-address";
    let target = server.url();
    let arguments = [
        "run",
        check,
        "--report",
        "json=-",
        "--environment",
        environment,
        "--target",
        &target,
    ];
    let outcome = holdpoint(arguments).run();
    let report: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|it| it["check"] == check).unwrap();
    let word = |key: &str| finding[key].as_str().unwrap().to_owned();
    (word("verdict"), word("reason"))
}

#[test]
fn this_machine_is_no_production() {
    let (verdict, reason) = at_home("production");
    assert_eq!(verdict, "fail", "{reason}");
    assert!(reason.contains("is this machine"), "{reason}");
    assert_eq!(at_home("development").0, "not-applicable");
}
