//! The push probe against a service of our own that can be made to fail, and against peers that others
//! wrote: the library `web-push`, and the service `web-push-testing`, which verifies and decrypts.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use ece::Receiver;
use futures_util::{SinkExt as _, StreamExt as _};
use holdpoint::clock;
use holdpoint::model::{
    Application, Environment, Facts, HindranceKind, PathClasses, Route, Target, Variable,
    VariableOrigin,
};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Sighting, Wanted, find};
use holdpoint::sandbox::{PushFault, PushService};
use holdpoint::secret::{Book, VapidPair};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use support::hostile::{PATIENCE, Refusing, Server};
use support::peers::{fetched, free_port};
use support::{holdpoint, write};
use tokio_tungstenite::tungstenite::Message;

const AMPLE: Duration = Duration::from_secs(60);
/// Long enough for the steps before a silence on a busy machine, short enough to wait for.
const SHORT: Duration = Duration::from_secs(12);
const SUBJECT: &str = "mailto:push@tasks.internal";

fn environment(variables: &[(&str, String)]) -> Environment {
    let mut variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| Variable {
            name: (*name).to_owned(),
            value: value.clone(),
            raw: value.clone(),
            origin: VariableOrigin::File {
                path: ".env.local".into(),
                line: 3,
            },
            secret: false,
            shadowed: Vec::new(),
        })
        .collect();
    variables.sort_by(|one, other| one.name.cmp(&other.name));
    Environment {
        variables,
        ..Environment::default()
    }
}

fn context(variables: &[(&str, String)], timeout: Duration) -> Context {
    Context {
        target: None,
        root: "/nonexistent".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(environment(variables)),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: "20260101T000000-test".into(),
        scratch: Scratch::default(),
    }
}

async fn look(parameters: Value, context: &Context) -> Sighting {
    let probe = find("push").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), context)
        .unwrap();
    probe.look(&looks[0], &Wanted::default(), context).await
}

async fn facts(parameters: Value, context: &Context) -> Facts {
    let sighting = look(parameters, context).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

async fn delivery(service: &PushService, variables: &[(&str, String)], timeout: Duration) -> Facts {
    let context = context(variables, timeout);
    let facts = facts(
        json!({ "look": "delivery", "url": service.url() }),
        &context,
    )
    .await;
    let left = context.scratch.settle(AMPLE).await;
    assert_eq!(left, [], "what could not be removed");
    facts
}

fn variables(service: &PushService) -> Vec<(&'static str, String)> {
    service.variables()
}

fn pair(public: &str, private: &str) -> Vec<(&'static str, String)> {
    vec![
        ("NEXT_PUBLIC_VAPID_PUBLIC_KEY", public.to_owned()),
        ("VAPID_PRIVATE_KEY", private.to_owned()),
        ("VAPID_SUBJECT", SUBJECT.to_owned()),
    ]
}

fn step<'a>(facts: &'a Facts, rung: &str) -> &'a Value {
    &facts["steps"][rung]
}

const RUNGS: [&str; 9] = [
    "connect",
    "hello",
    "register",
    "send",
    "control",
    "receive",
    "decrypt",
    "acknowledge",
    "unregister",
];

/// The first rung that did not hold; all before it held, and all after it were not reached.
fn broken<'a>(facts: &'a Facts, name: &str) -> (&'static str, &'a Value) {
    let at = RUNGS
        .iter()
        .position(|rung| step(facts, rung)["ok"] != true)
        .unwrap_or_else(|| panic!("{name}: every rung held"));
    for rung in &RUNGS[at + 1..] {
        assert_eq!(step(facts, rung)["ok"], Value::Null, "{name}: {rung}");
        assert_eq!(step(facts, rung)["cause"], Value::Null, "{name}: {rung}");
    }
    (RUNGS[at], step(facts, RUNGS[at]))
}

#[tokio::test]
async fn a_message_is_delivered_and_the_channel_given_up() {
    let service = PushService::start(None).await.unwrap();
    let facts = delivery(&service, &variables(&service), AMPLE).await;
    for rung in RUNGS {
        assert_eq!(
            step(&facts, rung)["ok"],
            true,
            "{rung}: {}",
            step(&facts, rung)
        );
    }
    assert_eq!(facts["delivery"]["status"], 201);
    assert_eq!(facts["delivery"]["foreign_key_refused"], true);
    assert_eq!(facts["delivery"]["foreign_key_status"], 401);
    assert!(facts["delivery"]["arrived_ms"].as_u64().unwrap() < 5000);
    assert_eq!(service.channels(), 0);
    assert_eq!(service.acknowledged(), [100]);
}

#[tokio::test]
async fn every_fault_breaks_its_rung_and_says_why() {
    use PushFault::*;
    let cases = [
        (Hangs, "connect", None, "not opened within the time"),
        (RefusesHello, "hello", None, "status 503"),
        (RefusesClients, "hello", Some(false), "status 401"),
        (
            RefusesChannel,
            "register",
            Some(false),
            "does not take the public key",
        ),
        (RefusesEverySignature, "send", Some(false), "401/109"),
        (AcceptsAnySignature, "control", None, "proves nothing"),
        (Expired, "send", None, "410/106"),
        (TooLarge, "send", None, "413/104"),
        (Unavailable, "send", None, "503/201, Retry-After: 120"),
        (Garbles, "decrypt", Some(false), "cannot be decrypted"),
        (NeverDelivers, "receive", None, "did not arrive within"),
        (Closes, "receive", None, "closed"),
        (KeepsChannels, "unregister", None, "nothing came"),
    ];
    assert_eq!(cases.len(), PushFault::ALL.len());
    let looks = cases.map(|(fault, rung, ok, word)| async move {
        let service = PushService::start(Some(fault)).await.unwrap();
        let began = clock::tick();
        // Only these wait for the end of their time.
        let silent = matches!(fault, Hangs | NeverDelivers);
        let time = if silent { SHORT } else { AMPLE };
        let facts = delivery(&service, &variables(&service), time).await;
        let name = format!("{fault:?}");
        let (at, step) = broken(&facts, &name);
        assert_eq!((at, step["ok"].as_bool()), (rung, ok), "{name}: {step}");
        assert!(
            step["cause"].as_str().unwrap().contains(word),
            "{name}: {step}"
        );
        assert_eq!(
            step["remedy"].is_string(),
            ok == Some(false),
            "{name}: {step}"
        );
        assert!(began.elapsed() < time + AMPLE, "{name}");
        assert_eq!(service.channels(), 0, "{name}");
        match fault {
            AcceptsAnySignature => assert_eq!(facts["delivery"]["foreign_key_refused"], false),
            Garbles => assert_eq!(service.acknowledged(), [101]),
            _ => {}
        }
    });
    futures_util::future::join_all(looks).await;
}

#[tokio::test]
async fn halves_of_two_pairs_are_told_by_the_service() {
    let service = PushService::start(None).await.unwrap();
    let [one, other] = [(), ()].map(|()| VapidPair::generate().unwrap());
    let facts = delivery(&service, &pair(&one.public, &other.private), AMPLE).await;
    assert_eq!(facts["keys"]["matches"], false);
    assert_eq!(facts["keys"]["derived_public"], *other.public);
    let (rung, step) = broken(&facts, "two pairs");
    assert_eq!((rung, &step["ok"]), ("send", &json!(false)));
    assert!(
        step["cause"].as_str().unwrap().contains("bound to"),
        "{step}"
    );
    let remedy = step["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("other than the one in the browser bundle"),
        "{remedy}"
    );
}

#[tokio::test]
async fn a_public_key_that_is_none_makes_no_channel() {
    let service = PushService::start(None).await.unwrap();
    let good = VapidPair::generate().unwrap();
    let facts = delivery(&service, &pair("no key!", &good.private), AMPLE).await;
    assert_eq!(broken(&facts, "no key").0, "register");
    assert_eq!(step(&facts, "register")["ok"], false);
}

#[tokio::test]
async fn what_keeps_from_looking_is_said() {
    let service = PushService::start(None).await.unwrap();
    let good = VapidPair::generate().unwrap();
    let ask = json!({ "look": "delivery", "url": service.url() });
    let without = |name: &str| -> Vec<_> {
        let mut set = pair(&good.public, &good.private);
        set.retain(|(one, _)| *one != name);
        set
    };
    for (set, kind, word) in [
        (Vec::new(), HindranceKind::Absent, "no keys"),
        (
            without("VAPID_PRIVATE_KEY"),
            HindranceKind::Denied,
            "VAPID_PRIVATE_KEY is not set",
        ),
        (
            without("NEXT_PUBLIC_VAPID_PUBLIC_KEY"),
            HindranceKind::Denied,
            "NEXT_PUBLIC_VAPID_PUBLIC_KEY is not set",
        ),
        (
            without("VAPID_SUBJECT"),
            HindranceKind::Denied,
            "VAPID_SUBJECT is not set",
        ),
        (
            pair(&good.public, "short"),
            HindranceKind::Denied,
            "cannot sign",
        ),
    ] {
        let told = look(ask.clone(), &context(&set, AMPLE))
            .await
            .hindrance
            .unwrap();
        assert_eq!(told.kind, kind, "{told:?}");
        assert!(told.cause.contains(word), "{told:?}");
    }
    assert_eq!(service.channels(), 0);
    // Nobody listens: the way out cannot be told from a closed service.
    let refusing = Refusing::start();
    let url = refusing.url().replace("http", "ws");
    let set = context(&pair(&good.public, &good.private), AMPLE);
    let told = facts(json!({ "look": "delivery", "url": url }), &set).await;
    let (rung, step) = broken(&told, "refused");
    assert_eq!((rung, &step["ok"]), ("connect", &Value::Null), "{step}");
    assert!(
        step["cause"].as_str().unwrap().contains("refused"),
        "{step}"
    );
}

#[tokio::test]
async fn a_look_that_is_cut_short_leaves_no_channel() {
    let service = PushService::start(Some(PushFault::NeverDelivers))
        .await
        .unwrap();
    let context = context(&variables(&service), AMPLE);
    let ask = json!({ "look": "delivery", "url": service.url() });
    let running = look(ask, &context);
    tokio::pin!(running);
    let waited = async {
        while service.channels() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = &mut running => panic!("nothing is ever delivered"),
        () = waited => {}
    }
    assert_eq!(service.channels(), 1);
    running.set(look(json!({ "look": "keys" }), &context));
    assert_eq!(context.scratch.settle(AMPLE).await, []);
    assert_eq!(service.channels(), 0);
}

#[test]
fn addresses_are_held_to_tls() {
    let context = context(&[], AMPLE);
    let refused = |parameters: Value| {
        let probe = find("push").unwrap();
        probe
            .looks(parameters.as_object().unwrap(), &context)
            .unwrap_err()
    };
    let to = |url: &str| refused(json!({ "look": "delivery", "url": url }));
    assert!(to("ws://push.test/").contains("write wss"));
    assert!(to("https://push.test/").contains("another protocol"));
    assert!(to("push").contains("not an address"));
    assert!(refused(json!({ "look": "all" })).contains("none of keys"));
    assert!(refused(json!({ "look": "keys", "url": "wss://x.test/" })).contains("not a parameter"));
    assert!(refused(json!({ "look": "routes" })).contains("no target is given"));
    let paths = json!({ "look": "routes", "paths": ["api/push"] });
    assert!(refused(paths).contains("is not like"));
}

#[tokio::test]
async fn keys_are_told_without_a_network() {
    let good = VapidPair::generate().unwrap();
    let told = async |set: Vec<(&str, String)>| {
        facts(json!({ "look": "keys" }), &context(&set, AMPLE)).await["keys"].clone()
    };
    let keys = told(pair(&good.public, &good.private)).await;
    assert_eq!(keys["matches"], true);
    assert_eq!(keys["public"]["cause"], Value::Null);
    assert_eq!(keys["public"]["origin"], ".env.local:3");
    assert_eq!(keys["subject"]["cause"], Value::Null);
    assert_eq!(
        (&keys["exposed"], &keys["missing"]),
        (&json!([]), &json!([]))
    );
    assert!(!keys.to_string().contains(&good.private));

    // Padded: refused as it is written, and still known for what it is.
    let bytes = URL_SAFE_NO_PAD.decode(&good.public).unwrap();
    let keys = told(pair(&URL_SAFE.encode(&bytes), &good.private)).await;
    assert_eq!(keys["matches"], true);
    assert!(keys["public"]["cause"].as_str().unwrap().contains("padded"));
    assert_eq!(keys["public"]["corrected"], *good.public);

    // Another key under the name that the server reads.
    let other = VapidPair::generate().unwrap();
    let mut set = pair(&good.public, &good.private);
    set.push(("VAPID_PUBLIC_KEY", other.public.clone()));
    let keys = told(set).await;
    assert_eq!(keys["publics_agree"], false);
    assert_eq!(keys["publics"].as_array().unwrap().len(), 2);

    // The private key under a name that browsers get, in another alphabet.
    let bytes = URL_SAFE_NO_PAD.decode(&good.private).unwrap();
    let mut set = pair(&good.public, &good.private);
    set.push(("NEXT_PUBLIC_SALT", STANDARD.encode(bytes)));
    let keys = told(set).await;
    assert_eq!(keys["exposed"][0]["name"], "NEXT_PUBLIC_SALT");

    // A bare address is completed where the name says that it is one, and not in a subject.
    for (name, cause) in [("VAPID_EMAIL", false), ("VAPID_SUBJECT", true)] {
        let mut set = pair(&good.public, &good.private);
        set[2] = (name, "push@tasks.internal".into());
        assert_eq!(
            told(set).await["subject"]["cause"].is_string(),
            cause,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_contact_in_the_code_is_found() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "package.json",
        r#"{"dependencies":{"web-push":"3"}}"#,
    );
    write(
        root.path(),
        "lib/push.ts",
        "import webpush from 'web-push'\n\nwebpush.setVapidDetails('https://localhost', a, b)\n",
    );
    let good = VapidPair::generate().unwrap();
    let mut set = pair(&good.public, &good.private);
    set.truncate(2);
    let context = Context {
        root: root.path().into(),
        ..context(&set, AMPLE)
    };
    let told = facts(json!({ "look": "keys" }), &context).await;
    assert_eq!(told["keys"]["subject"]["origin"], "lib/push.ts:3");
    assert!(
        told["keys"]["subject"]["cause"]
            .as_str()
            .unwrap()
            .contains("localhost")
    );
}

// The application's own routes.

const BELL: &str = "'use client'\nconst registration = await navigator.serviceWorker.ready\n\
    await registration.pushManager.subscribe(options)\n\
    await fetch('/api/push/subscribe', { method: 'POST', body: JSON.stringify(subscription) })\n";

/// A target that answers OPTIONS and POST of one path with these lines, and 404 otherwise.
fn target(options: &'static str, post: &'static str) -> Server {
    Server::start(move |request, client| {
        let line = match request.head.split(' ').next() {
            _ if request.target() != "/api/push/subscribe" => "404 Not Found",
            Some("OPTIONS") => options,
            Some("POST") => post,
            _ => "405 Method Not Allowed",
        };
        write!(
            client,
            "HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    })
}

/// The same for paths that nobody has.
fn target_that_answers_everything(line: &'static str) -> Server {
    Server::start(move |_, client| {
        write!(
            client,
            "HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    })
}

const SUBSCRIBE: &str = "/api/push/subscribe";

async fn routes(server: &Server, declared: &[&str], code: &str) -> Value {
    routes_at(&server.url(), declared, code).await
}

async fn routes_at(address: &str, declared: &[&str], code: &str) -> Value {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "components/bell.tsx", code);
    write(
        root.path(),
        "app/api/push/subscribe/route.ts",
        "throw new Error('/api/push/other')",
    );
    let route = |path: &&str| Route {
        path: (*path).into(),
        file: "app/route.ts".into(),
        api: true,
        methods: vec!["POST".into()],
    };
    let context = Context {
        root: root.path().into(),
        target: Some(Arc::new(Target {
            owned: false,
            url: address.parse().unwrap(),
            environment: "test".into(),
            plain_url: None,
            authority_pem: None,
            headers: vec![("x-bypass".into(), "yes".into())],
            paths: PathClasses::default(),
        })),
        application: Arc::new(Application {
            routes: declared.iter().map(route).collect(),
            ..Application::default()
        }),
        ..context(&[], AMPLE)
    };
    facts(json!({ "look": "routes" }), &context).await["routes"].clone()
}

#[tokio::test]
async fn routes_are_known_by_their_answers() {
    for (options, post, declared, exists, requests) in [
        // Next.js tells by itself which methods a route exports: nothing need be posted.
        (
            "204 No Content\r\nAllow: OPTIONS, POST",
            "500 Oops",
            true,
            Some(true),
            2,
        ),
        (
            "204 No Content\r\nAllow: OPTIONS, POST",
            "500 Oops",
            false,
            Some(true),
            2,
        ),
        (
            "204 No Content\r\nAllow: GET, HEAD, OPTIONS",
            "201 Created",
            true,
            Some(false),
            2,
        ),
        ("404 Not Found", "201 Created", true, Some(false), 2),
        (
            "405 Method Not Allowed",
            "401 Unauthorized",
            true,
            Some(true),
            3,
        ),
        (
            "405 Method Not Allowed",
            "400 Bad Request",
            false,
            Some(true),
            3,
        ),
        (
            "405 Method Not Allowed",
            "405 Method Not Allowed",
            true,
            Some(false),
            3,
        ),
        ("204 No Content", "404 Not Found", false, Some(false), 3),
        ("401 Unauthorized", "401 Unauthorized", false, None, 3),
        (
            "302 Found\r\nLocation: /",
            "302 Found\r\nLocation: /",
            true,
            Some(true),
            3,
        ),
        ("200 OK", "503 Service Unavailable", true, None, 3),
    ] {
        let server = target(options, post);
        let routes_of: &[&str] = if declared {
            &[SUBSCRIBE]
        } else {
            &["/api/tasks"]
        };
        let told = routes(&server, routes_of, BELL).await;
        assert_eq!(told["exist"].as_bool(), exists, "{options} {post}: {told}");
        assert_eq!(told["asked"].as_array().unwrap().len(), 1);
        let asked = &told["asked"][0];
        assert_eq!(asked["at"], "components/bell.tsx:4");
        assert_eq!(
            (&asked["method"], &asked["path"]),
            (&json!("POST"), &json!(SUBSCRIBE))
        );
        assert_eq!(server.requests(), requests, "{options} {post}");
    }
}

/// A proxy or a middleware that answers for every path must not pass for a route.
#[tokio::test]
async fn an_answer_to_everything_is_no_route() {
    for line in [
        "204 No Content\r\nAllow: GET, POST, OPTIONS",
        "400 Bad Request",
        "401 Unauthorized",
        "200 OK",
    ] {
        let server = target_that_answers_everything(line);
        let told = routes(&server, &["/api/tasks"], BELL).await;
        assert_eq!(told["exist"], Value::Null, "{line}: {told}");
        // A middleware may turn strangers away from every route; a page for everything proves none.
        let told = routes(&server, &[SUBSCRIBE], BELL).await;
        let exists = line.starts_with('4').then_some(true);
        assert_eq!(told["exist"].as_bool(), exists, "{line}: {told}");
    }
}

/// Nothing in such a request would keep a route from deleting, on any target.
#[tokio::test]
async fn nothing_is_deleted() {
    let server = target("204 No Content", "201 Created");
    let told = routes(&server, &["/api/tasks"], &BELL.replace("POST", "DELETE")).await;
    assert_eq!(told["asked"][0]["method"], "DELETE");
    assert_eq!(told["exist"], Value::Null, "{told}");
    assert_eq!(server.requests(), 2);
}

/// Where POST may not be tried, the repository speaks for a target that answers at all.
#[tokio::test]
async fn a_target_in_trouble_proves_no_route() {
    for (options, exists) in [
        ("405 Method Not Allowed", Some(true)),
        ("401 Unauthorized", Some(true)),
        ("500 Internal Server Error", None),
        ("503 Service Unavailable", None),
        ("429 Too Many Requests", None),
    ] {
        let server = target(options, "201 Created");
        // An address that is not this machine's by its name.
        let address = server.url().replace("127.0.0.1", "0.0.0.0");
        let told = routes_at(&address, &[SUBSCRIBE], BELL).await;
        assert_eq!(told["exist"].as_bool(), exists, "{options}: {told}");
        assert_eq!(server.requests(), 2, "nothing is posted");
    }
}

#[tokio::test]
async fn a_computed_path_is_looked_up_and_not_asked_for() {
    let code = BELL.replace("'/api/push/subscribe'", "`/api/push/${id}`");
    let server = target("404 Not Found", "404 Not Found");
    let told = routes(&server, &["/api/push/[id]"], &code).await;
    assert_eq!(told["exist"], true);
    let told = routes(&server, &["/api/tasks"], &code).await;
    assert_eq!(told["exist"], false);
    assert!(
        told["cause"].as_str().unwrap().contains("/api/push/[…]"),
        "{told}"
    );
}

#[tokio::test]
async fn no_notification_code_is_not_applicable() {
    let server = target("404 Not Found", "404 Not Found");
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "components/list.tsx", "fetch('/api/tasks')");
    let context = Context {
        root: root.path().into(),
        target: Some(Arc::new(Target {
            url: server.url().parse().unwrap(),
            environment: "test".into(),
            owned: true,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        })),
        ..context(&[], AMPLE)
    };
    let told = look(json!({ "look": "routes" }), &context)
        .await
        .hindrance
        .unwrap();
    assert_eq!(told.kind, HindranceKind::Absent);
    // Routes that a check names are asked for all the same.
    let named =
        json!({ "look": "routes", "paths": ["POST /api/push/subscribe", "/api/push/subscribe"] });
    let told = facts(named, &context).await["routes"].clone();
    assert_eq!(told["exist"], false);
    assert_eq!(told["asked"].as_array().unwrap().len(), 2);
    assert_eq!(told["asked"][0]["at"], "the check");
}

// The program, from arguments to findings.

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Tasks</title></head><body><main><h1>Tasks</h1>\
    <p>What is left to do before the release.</p></main><script src=\"/_next/static/chunks/main-1.js\"></script></body></html>";

fn application(root: &Path, set: &[(&str, String)]) {
    write(
        root,
        "package.json",
        r#"{"name":"tasks","dependencies":{"web-push":"3.6.7"}}"#,
    );
    write(root, "components/bell.tsx", BELL);
    let lines = set.iter().map(|(name, value)| format!("{name}={value}\n"));
    write(root, ".env.local", &lines.collect::<String>());
}

/// A site whose script holds this text.
fn site(script: String) -> Server {
    Server::start(move |request, client| {
        let (line, body) = match (request.head.split(' ').next(), request.target()) {
            (_, "/") => ("200 OK\r\nContent-Type: text/html", PAGE),
            (_, "/_next/static/chunks/main-1.js") => ("200 OK", script.as_str()),
            (Some("OPTIONS"), SUBSCRIBE) => ("204 No Content\r\nAllow: OPTIONS, POST", ""),
            _ => ("404 Not Found", ""),
        };
        write!(
            client,
            "HTTP/1.1 {line}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    })
}

async fn bundle(server: &Server, pair_of: &VapidPair) -> Value {
    bundle_at(&server.url(), pair_of).await
}

async fn bundle_at(address: &str, pair_of: &VapidPair) -> Value {
    let target = Target {
        url: address.parse().unwrap(),
        environment: "test".into(),
        owned: false,
        plain_url: None,
        authority_pem: None,
        headers: Vec::new(),
        paths: PathClasses::default(),
    };
    let context = Context {
        target: Some(Arc::new(target)),
        ..context(&pair(&pair_of.public, &pair_of.private), AMPLE)
    };
    facts(json!({ "look": "bundle" }), &context).await["bundle"].clone()
}

#[tokio::test]
async fn keys_are_found_in_the_scripts_that_browsers_load() {
    let [keys, other] = [(), ()].map(|()| VapidPair::generate().unwrap());
    let told = bundle(&site(format!("k=\"{}\"", keys.public)), &keys).await;
    assert_eq!(
        (&told["matches"], &told["scripts"]),
        (&json!(true), &json!(1)),
        "{told}"
    );
    assert_eq!(told["private_in"], json!([]));
    let told = bundle(&site(format!("k=\"{}\"", other.public)), &keys).await;
    assert_eq!(
        (&told["matches"], &told["keys"]),
        (&json!(false), &json!([other.public]))
    );
    let told = bundle(&site("nothing".into()), &keys).await;
    assert_eq!(
        (&told["matches"], &told["unread"]),
        (&Value::Null, &json!(0))
    );
    let told = bundle(&site(format!("k='{}'", keys.private)), &keys).await;
    assert_eq!(
        told["private_in"],
        json!(["/_next/static/chunks/main-1.js"])
    );
    // An application below a path is not the one at the root.
    let below = Server::start(|request, client| {
        let body = match request.target() {
            "/shop" => PAGE,
            _ => "<!doctype html>",
        };
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let told = bundle_at(&format!("{}/shop", below.url()), &keys).await;
    assert_eq!(told["scripts"], 1, "{told}");
    // A script that is missing, or too long to be read, leaves it open.
    let told = bundle(&site("x".repeat(2 << 20)), &keys).await;
    assert_eq!(
        (&told["matches"], &told["unread"]),
        (&Value::Null, &json!(1))
    );
}

fn run(root: &Path, target: &str, more: &[&str], code: i32) -> Vec<(String, String, String)> {
    let arguments = [
        "run", "push", "--level", "active", "--owned", "--target", target,
    ];
    let outcome = holdpoint(arguments.iter().chain(&["--report", "json=-"]).chain(more))
        .within(root)
        .run()
        .expect_code(code);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().unwrap().to_owned();
            (word("check"), word("verdict"), finding.to_string())
        })
        .filter(|(check, ..)| check.starts_with("push."))
        .collect()
}

fn every_text_of(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            text.push_str(&every_text_of(&entry.path()));
        } else if !entry.file_name().to_string_lossy().starts_with(".env") {
            let bytes = std::fs::read(entry.path()).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_proves_a_right_application() {
    let service = PushService::start(None).await.unwrap();
    let root = tempfile::tempdir().unwrap();
    application(root.path(), &service.variables());
    let site = site(format!("key:\"{}\"", service.variables()[1].1));
    let found = tokio::task::block_in_place(|| run(root.path(), &site.url(), &[], 0));
    for (check, verdict, finding) in &found {
        let wanted = match check.as_str() {
            "push.subscription-accepted" => "not-applicable",
            _ => "pass",
        };
        assert_eq!(verdict, wanted, "{check}: {finding}");
    }
    assert_eq!(found.len(), 15);
    assert_eq!(service.channels(), 0);
    // Neither key nor channel is left in what was written.
    let written = every_text_of(root.path());
    assert!(written.contains("push.delivers") && !written.contains("/wpush/v2/"));
    let (_, private) = &service.variables()[2];
    assert!(!written.contains(private.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_names_the_rung_that_broke() {
    let service = PushService::start(Some(PushFault::RefusesEverySignature))
        .await
        .unwrap();
    let root = tempfile::tempdir().unwrap();
    application(root.path(), &service.variables());
    let site = Server::start(|request, client| {
        let line = if request.target() == "/" {
            "200 OK\r\nContent-Type: text/html"
        } else {
            "404 Not Found"
        };
        write!(
            client,
            "HTTP/1.1 {line}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PAGE}",
            PAGE.len()
        )
    });
    let found = tokio::task::block_in_place(|| run(root.path(), &site.url(), &[], 1));
    let of = |id: &str| {
        let (_, verdict, finding) = found.iter().find(|(check, ..)| check == id).unwrap();
        (verdict.as_str(), finding.as_str())
    };
    assert_eq!(of("push.registers").0, "pass");
    let (verdict, finding) = of("push.accepts");
    assert_eq!(verdict, "fail");
    assert!(finding.contains("401/109"), "{finding}");
    assert!(
        finding.contains("other than the one in the browser bundle"),
        "{finding}"
    );
    assert_eq!(of("push.refuses-foreign-key").0, "blocked");
    assert_eq!(of("push.delivers").0, "blocked");
    let (verdict, finding) = of("push.routes-exist");
    assert_eq!(verdict, "fail");
    assert!(
        finding.contains(
            "POST /api/push/subscribe, called at components/bell.tsx:4, is answered with 404"
        ),
        "{finding}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_no_channel() {
    let service = PushService::start(Some(PushFault::NeverDelivers))
        .await
        .unwrap();
    let root = tempfile::tempdir().unwrap();
    application(root.path(), &service.variables());
    let site = site(String::new());
    let url = site.url();
    let running = holdpoint([
        "run",
        "push.delivers",
        "--level",
        "active",
        "--owned",
        "--target",
        &url,
    ])
    .within(root.path())
    .start();
    let waited = async {
        while service.channels() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap();
    running.interrupt();
    tokio::task::block_in_place(|| running.wait().expect_code(130));
    assert_eq!(service.channels(), 0);
}

// The library `web-push`, from npm.

/// Asks the library.
fn oracle(folder: &Path, question: &str, given: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/web-push/oracle.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .arg(folder)
        .arg(question)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(given.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn pairs_of_the_library_are_right_and_ours_are_taken_by_it() {
    let Some(folder) = fetched("web-push") else {
        return;
    };
    let theirs = oracle(&folder, "generate", &json!({ "count": 50 }));
    let look = async |public: &str, private: &str, subject: &str| {
        let mut set = pair(public, private);
        set[2].1 = subject.to_owned();
        facts(json!({ "look": "keys" }), &context(&set, AMPLE)).await["keys"].clone()
    };
    for made in theirs.as_array().unwrap() {
        let half = |key: &str| made[key].as_str().unwrap();
        let keys = look(half("publicKey"), half("privateKey"), SUBJECT).await;
        assert_eq!(keys["matches"], true, "{made}");
        assert_eq!(keys["public"]["cause"], Value::Null, "{made}");
        assert_eq!(keys["private"]["cause"], Value::Null);
    }
    // What the library refuses we refuse; what we take it takes.
    let good = VapidPair::generate().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&good.public).unwrap();
    let publics = [
        good.public.clone(),
        URL_SAFE.encode(&bytes),
        STANDARD.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes[..64]),
        format!("{} ", good.public),
        "BEL_your-public-key".into(),
    ];
    let privates = [
        good.private.clone(),
        format!("{}=", good.private),
        good.public.clone(),
        "x".into(),
    ];
    let subjects = [
        "mailto:a@b.io",
        "https://b.io",
        "http://b.io",
        "a@b.io",
        "mailto:a@example.com",
        "https://localhost",
        "",
    ];
    let mut cases = Vec::new();
    for public in &publics {
        for private in &privates {
            for subject in subjects {
                cases.push(
                    json!({ "publicKey": public, "privateKey": private, "subject": subject }),
                );
            }
        }
    }
    let answers = oracle(&folder, "accept", &cases.clone().into());
    let mut taken = 0;
    for (case, accepted) in cases.iter().zip(answers.as_array().unwrap()) {
        let part = |key: &str| case[key].as_str().unwrap();
        let keys = look(part("publicKey"), part("privateKey"), part("subject")).await;
        let clean = |half: &str| keys[half].is_object() && keys[half]["cause"].is_null();
        let ours = clean("public") && clean("private") && clean("subject");
        assert!(
            !ours || *accepted == true,
            "we take what the library refuses: {case}"
        );
        taken += usize::from(ours);
    }
    assert_eq!(taken, 2, "the good pair with the two good contacts");
}

/// The library sends to our service, and the browser's end opens it: both ends of the service are right.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_of_the_sandbox_takes_what_the_library_sends() {
    let Some(folder) = fetched("web-push") else {
        return;
    };
    let service = PushService::start(None).await.unwrap();
    let keys = VapidPair::generate().unwrap();
    let (mut socket, _) = tokio_tungstenite::connect_async(service.url())
        .await
        .unwrap();
    let id = "5a2c0f3e-8d3c-4f6e-9a57-0c3f3b0e9d11";
    for message in [
        json!({ "messageType": "hello", "use_webpush": true, "channelIDs": [] }),
        json!({ "messageType": "register", "channelID": id, "key": keys.public }),
    ] {
        socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
    let mut next = async || {
        let text = socket.next().await.unwrap().unwrap();
        serde_json::from_str::<Value>(text.to_text().unwrap()).unwrap()
    };
    assert_eq!(next().await["status"], 200);
    let registered = next().await;
    let browser = Receiver::generate();
    let send = |pair: &VapidPair, subject: &str| {
        let given = json!({
            "subscription": {
                "endpoint": registered["pushEndpoint"],
                "keys": {
                    "p256dh": URL_SAFE_NO_PAD.encode(browser.public_key()),
                    "auth": URL_SAFE_NO_PAD.encode(browser.auth()),
                },
            },
            "vapidDetails": { "subject": subject, "publicKey": pair.public, "privateKey": pair.private },
            "text": "over the wire",
        });
        tokio::task::block_in_place(|| oracle(&folder, "send", &given))
    };
    let answer = send(&keys, SUBJECT);
    assert_eq!(answer["status"], 201, "{answer}");
    let arrived = next().await;
    let data = URL_SAFE_NO_PAD
        .decode(arrived["data"].as_str().unwrap())
        .unwrap();
    assert_eq!(browser.decrypt(&data).unwrap(), b"over the wire");
    let other = send(&VapidPair::generate().unwrap(), SUBJECT);
    assert_eq!(other["status"], 401);
    assert!(
        other["said"].as_str().unwrap().contains("key mismatch"),
        "{other}"
    );
}

// The service `web-push-testing`, from npm.

/// A running service that verifies signatures and decrypts. Dropping it ends it.
struct Testing {
    child: Child,
    port: u16,
}

impl Drop for Testing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Testing {
    fn start() -> Option<Self> {
        let folder = fetched("web-push")?;
        let program: PathBuf = folder.join("node_modules/web-push-testing/src/bin/server.js");
        for _ in 0..5 {
            let port = free_port();
            let child = Command::new("node")
                .arg(&program)
                .arg(port.to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut service = Self { child, port };
            // It ends where another process took the port first.
            while matches!(service.child.try_wait(), Ok(None)) {
                if service
                    .post("status", &json!({}))
                    .is_some_and(|(status, _)| status == 200)
                {
                    return Some(service);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("web-push-testing did not start");
    }

    fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let body = body.to_string();
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        Some((status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// A new subscription, as a browser would give it, and its name at the service.
    fn subscribe(&self, key: &str) -> (String, String) {
        let options = json!({ "userVisibleOnly": "true", "applicationServerKey": key });
        let (status, told) = self.post("subscribe", &options).unwrap();
        assert_eq!(status, 200, "{told}");
        let name = told["data"]["clientHash"].as_str().unwrap().to_owned();
        let given = json!({ "endpoint": told["data"]["endpoint"], "expirationTime": null, "keys": told["data"]["keys"] });
        (given.to_string(), name)
    }
}

async fn subscription(pair_of: &VapidPair, given: &str) -> Value {
    let mut set = pair(&pair_of.public, &pair_of.private);
    set.push(("HOLDPOINT_PUSH_SUBSCRIPTION", given.to_owned()));
    let context = context(&set, AMPLE);
    let facts = facts(json!({ "look": "subscription" }), &context).await;
    facts["subscription"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_subscription_is_sent_to_and_the_answer_told() {
    let Some(service) = Testing::start() else {
        return;
    };
    let keys = VapidPair::generate().unwrap();
    let (given, name) = service.subscribe(&keys.public);
    let told = subscription(&keys, &given).await;
    assert_eq!(
        (&told["status"], &told["accepted"]),
        (&json!(201), &json!(true)),
        "{told}"
    );
    assert_eq!(told["service"], "localhost");
    let (_, arrived) = service
        .post("get-notifications", &json!({ "clientHash": name }))
        .unwrap();
    let arrived = arrived["data"]["messages"][0].as_str().unwrap().to_owned();
    let message: Value = serde_json::from_str(&arrived).unwrap();
    assert_eq!(message["title"], "holdpoint", "it was decrypted");

    // Another pair than the one that the subscription was made with.
    let other = VapidPair::generate().unwrap();
    let told = subscription(&other, &given).await;
    assert_eq!(
        (&told["status"], &told["accepted"]),
        (&json!(400), &json!(false)),
        "{told}"
    );
    assert!(told["cause"].as_str().unwrap().contains("key"), "{told}");
    assert!(
        told["remedy"].as_str().unwrap().contains("one pair"),
        "{told}"
    );

    let (status, _) = service
        .post(&format!("expire-subscription/{name}"), &json!({}))
        .unwrap();
    assert_eq!(status, 200);
    let told = subscription(&keys, &given).await;
    assert_eq!(
        (&told["status"], &told["accepted"]),
        (&json!(410), &json!(false)),
        "{told}"
    );
    assert!(told["cause"].as_str().unwrap().contains("ended"), "{told}");
}

#[tokio::test]
async fn other_answers_to_a_given_subscription_are_told_apart() {
    let keys = VapidPair::generate().unwrap();
    let browser = Receiver::generate();
    let given = |endpoint: &str| {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "endpoint": format!("{endpoint}/send/abcdefghijklmnopqrstuvwxyz"),
            "keys": { "p256dh": part(&browser.public_key()), "auth": part(&browser.auth()) },
        })
        .to_string()
    };
    for (status, accepted, word) in [
        ("201 Created", Some(true), ""),
        ("400 Bad Request", Some(false), "malformed"),
        ("401 Unauthorized", Some(false), "signature"),
        ("403 Forbidden", Some(false), "not allowed to send"),
        ("404 Not Found", Some(false), "does not know"),
        ("413 Payload Too Large", Some(false), "too large"),
        (
            "429 Too Many Requests\r\nRetry-After: 60",
            None,
            "Retry-After: 60",
        ),
        ("500 Internal Server Error", None, "trouble"),
        ("302 Found\r\nLocation: /", None, "not one of web push"),
    ] {
        let server = Server::answering(format!(
            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        let told = subscription(&keys, &given(&server.url())).await;
        assert_eq!(told["accepted"].as_bool(), accepted, "{told}");
        let cause = told["cause"].as_str().unwrap_or_default();
        assert!(cause.contains(word), "{status}: {cause}");
        assert_eq!(
            told["remedy"].is_string(),
            accepted == Some(false),
            "{told}"
        );
    }
    let told = subscription(&keys, "{\"endpoint\":1}").await;
    assert_eq!(told["accepted"], false);
    assert!(told["remedy"].as_str().unwrap().contains("getSubscription"));
    let gone = Refusing::start();
    let told = subscription(&keys, &given(&gone.url())).await;
    assert_eq!(told["accepted"], Value::Null);
    assert!(
        told["cause"].as_str().unwrap().contains("refused"),
        "{told}"
    );
}

/// A front that speaks TLS, as every push service of browsers does, before one that does not.
const FRONT: &str = "
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {}
http {
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server { listen 127.0.0.1:{port}; return 204; }
    server {
        listen 127.0.0.1:{plain_port} ssl;
        ssl_certificate {dir}/cert.pem;
        ssl_certificate_key {dir}/key.pem;
        location / { proxy_pass http://127.0.0.1:SERVICE; }
    }
}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_given_subscription_behind_tls_is_sent_to() {
    let Some(service) = Testing::start() else {
        return;
    };
    let (identity, authority) = support::mail::certified();
    let template = FRONT.replace("SERVICE", &service.port.to_string());
    let Some(front) = support::peers::Nginx::start_with(&template, |folder| {
        for file in ["cert.pem", "key.pem"] {
            std::fs::copy(identity.path().join(file), folder.join(file)).unwrap();
        }
    }) else {
        return;
    };
    let keys = VapidPair::generate().unwrap();
    let (given, name) = service.subscribe(&keys.public);
    let secure = front
        .plain_url()
        .replace("http://127.0.0.1", "https://localhost");
    let given = given.replace(&format!("http://localhost:{}", service.port), &secure);
    assert!(given.contains("https://localhost"), "{given}");
    let mut set = pair(&keys.public, &keys.private);
    set.push(("HOLDPOINT_PUSH_SUBSCRIPTION", given));
    let mut trusting = context(&set, AMPLE);
    trusting.transport = Arc::new(Transport::new(Some(&authority)).unwrap());
    let told = facts(json!({ "look": "subscription" }), &trusting).await;
    assert_eq!(told["subscription"]["accepted"], true, "{told:?}");
    let (_, arrived) = service
        .post("get-notifications", &json!({ "clientHash": name }))
        .unwrap();
    assert_eq!(
        arrived["data"]["messages"].as_array().map(Vec::len),
        Some(1)
    );

    // An authority that is not trusted proves nothing about the subscription.
    let told = facts(json!({ "look": "subscription" }), &context(&set, AMPLE)).await;
    assert_eq!(told["subscription"]["accepted"], Value::Null, "{told:?}");
    let cause = told["subscription"]["cause"].as_str().unwrap();
    assert!(
        cause.contains("certificate") || cause.contains("TLS"),
        "{cause}"
    );
}
