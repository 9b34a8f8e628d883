//! The mongodb probe against the server of the sandbox, for what no real server can be made to do.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use holdpoint::clock;
use holdpoint::model::{Application, Environment, Facts, Variable, VariableOrigin};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Wanted, find};
use holdpoint::sandbox::mongodb::{Fault, Mongodb, Setting};
use holdpoint::secret::Book;
use mongodb::bson::doc;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::dnsmasq::Dnsmasq;
use support::hostile::PATIENCE;
use support::{holdpoint, write};
use tempfile::TempDir;

const AMPLE: Duration = Duration::from_secs(25);

/// A server with faults, and the folder of an application that is told of it.
struct Stage {
    server: Mongodb,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Stage {
    async fn new(tls: bool, faults: &[Fault]) -> Self {
        let faults = faults.to_vec();
        let server = Mongodb::start_with(Setting { tls, faults }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        if let Some(pem) = server.authority_pem() {
            write(folder.path(), "ca.pem", pem);
        }
        let variables = server.variables(tls.then_some("ca.pem"));
        Self {
            server,
            folder,
            variables,
        }
    }

    async fn look(&self, kind: &str) -> Facts {
        let facts = look(
            &self.variables,
            json!({ "look": kind }),
            self.folder.path(),
            AMPLE,
        )
        .await;
        assert!(!format!("{facts:?}").contains(self.server.password()));
        facts
    }

    /// Nothing of ours is left in the server.
    fn is_clean(&self) {
        assert_eq!(self.server.collections(), [""; 0]);
    }
}

async fn look(
    variables: &[(String, String)],
    parameters: Value,
    root: &Path,
    timeout: Duration,
) -> Facts {
    let (secrets, environment) = environment(variables);
    look_in(secrets, environment, parameters, root, timeout).await
}

fn environment(variables: &[(String, String)]) -> (Book, Environment) {
    let secrets = Book::default();
    let mut environment = Environment::default();
    for (name, value) in variables {
        secrets.register(name, value);
        environment.variables.push(Variable {
            name: name.clone(),
            value: value.clone(),
            raw: value.clone(),
            origin: VariableOrigin::File {
                path: ".env.local".into(),
                line: 1,
            },
            secret: true,
            shadowed: Vec::new(),
        });
    }
    (secrets, environment)
}

async fn look_in(
    secrets: Book,
    environment: Environment,
    parameters: Value,
    root: &Path,
    timeout: Duration,
) -> Facts {
    let context = Context {
        target: None,
        root: root.to_owned(),
        application: Arc::new(Application::default()),
        environment: Arc::new(environment),
        secrets: Arc::new(secrets),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout,
        until: clock::tick() + timeout,
        now: clock::now().as_second(),
        run: "20261125T120000-test".into(),
        scratch: holdpoint::probe::Scratch::default(),
    };
    let probe = find("mongodb").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    let sighting = probe.look(&looks[0], &Wanted::default(), &context).await;
    assert_eq!(sighting.hindrance, None);
    sighting.facts
}

/// Every rung before this one held, this one is as told, and the later ones were not reached.
fn stops_at(facts: &Facts, rung: &str, ok: Option<bool>, words: &str) {
    let mut reached = true;
    for (name, step) in facts["steps"].as_object().unwrap() {
        if name == rung {
            assert_eq!(step["ok"].as_bool(), ok, "{name}: {step}");
            let cause = step["cause"].as_str().unwrap();
            assert!(cause.contains(words), "{name}: {cause}");
            reached = false;
        } else {
            assert_eq!(
                step["ok"].as_bool(),
                reached.then_some(true),
                "{name}: {step}"
            );
        }
    }
}

fn holds(facts: &Facts) {
    for (name, step) in facts["steps"].as_object().unwrap() {
        assert_eq!(step["ok"], true, "{name}: {step}");
    }
}

#[tokio::test]
async fn all_rungs_hold_with_and_without_tls() {
    for tls in [false, true] {
        let stage = Stage::new(tls, &[]).await;
        let facts = stage.look("round-trip").await;
        holds(&facts);
        assert_eq!(facts["identity"]["roles"], json!(["readWrite@tasks"]));
        assert_eq!(facts["identity"]["broad"], json!([]));
        assert_eq!(facts["server"]["set_name"], "rs0");
        assert_eq!(facts["tls"]["used"], tls);
        assert_eq!(facts["database"]["agrees"], true);
        let trip = &facts["round_trip"];
        assert_eq!(
            (&trip["ok"], &trip["removed"], &trip["expires"]),
            (&json!(true), &json!(true), &json!(true))
        );
        let steps: Vec<_> = trip["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            steps,
            [
                "create-index",
                "insert",
                "find",
                "update",
                "find",
                "delete",
                "count",
                "drop"
            ]
        );
        stage.is_clean();
    }
}

/// Node.js takes NODE_EXTRA_CA_CERTS from the process alone, and goes on without a file that is missing.
#[tokio::test]
async fn authorities_count_where_node_takes_them() {
    let mut stage = Stage::new(true, &[]).await;
    let (without, _) = stage.variables[0].1.split_once("&tlsCAFile").unwrap();
    stage.variables[0].1 = without.to_owned();
    stage
        .variables
        .push(("NODE_EXTRA_CA_CERTS".into(), "ca.pem".into()));
    let words = "no trusted authority";
    stops_at(&stage.look("reach").await, "tls", Some(false), words);
    for (file, held) in [("ca.pem", true), ("none.pem", false)] {
        let environment = environment(&stage.variables[..stage.variables.len() - 1]);
        let (secrets, mut environment) = environment;
        environment.variables.push(Variable {
            name: "NODE_EXTRA_CA_CERTS".into(),
            value: file.into(),
            raw: file.into(),
            origin: VariableOrigin::Process,
            secret: false,
            shadowed: Vec::new(),
        });
        let parameters = json!({ "look": "reach" });
        let facts = look_in(secrets, environment, parameters, stage.folder.path(), AMPLE).await;
        if held {
            holds(&facts);
        } else {
            stops_at(&facts, "tls", Some(false), words);
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_open_in_time() {
    for tls in [false, true] {
        let stage = Stage::new(tls, &[Fault::Hangs]).await;
        let begun = clock::tick();
        let facts = stage.look("reach").await;
        let rung = if tls { "tls" } else { "hello" };
        stops_at(&facts, rung, None, "in");
        assert!(begun.elapsed() < AMPLE);
        // A look that has less time than the driver says itself what did not answer.
        let short = Duration::from_secs(2);
        let facts = look(&stage.variables, json!({}), stage.folder.path(), short).await;
        stops_at(&facts, rung, None, "in");
    }
}

#[tokio::test]
async fn a_server_that_turns_everybody_away_is_open() {
    let stage = Stage::new(true, &[Fault::ClosesAtOnce]).await;
    stops_at(
        &stage.look("reach").await,
        "tls",
        None,
        "closed the connection as soon as TLS began",
    );
}

#[tokio::test]
async fn a_set_without_a_primary_breaks() {
    let stage = Stage::new(false, &[Fault::NoPrimary]).await;
    stops_at(
        &stage.look("reach").await,
        "hello",
        Some(false),
        "none of them is a writable primary",
    );
}

#[tokio::test]
async fn a_set_of_another_name_breaks() {
    let mut stage = Stage::new(false, &[]).await;
    stage.variables[0].1 = stage.variables[0]
        .1
        .replace("replicaSet=rs0", "replicaSet=rs1");
    stops_at(
        &stage.look("reach").await,
        "hello",
        Some(false),
        "replica set rs1",
    );
}

#[tokio::test]
async fn a_refused_login_breaks_and_a_silent_one_is_open() {
    let stage = Stage::new(false, &[Fault::RefusesAuthentication]).await;
    stops_at(
        &stage.look("reach").await,
        "authenticate",
        Some(false),
        "refused",
    );
    let stage = Stage::new(false, &[Fault::Withholds("saslContinue")]).await;
    let facts = look(
        &stage.variables,
        json!({}),
        stage.folder.path(),
        Duration::from_secs(6),
    )
    .await;
    stops_at(&facts, "authenticate", None, "did not answer");
    let stage = Stage::new(false, &[Fault::Forbids("connectionStatus")]).await;
    stops_at(&stage.look("reach").await, "authenticate", None, "code 13");
}

#[tokio::test]
async fn privileges_that_are_too_few_too_many_or_not_told() {
    let stage = Stage::new(false, &[Fault::ReadOnly]).await;
    let facts = stage.look("round-trip").await;
    stops_at(
        &facts,
        "privileges",
        Some(false),
        "insert, update, remove, createIndex, dropCollection",
    );
    assert_eq!(facts["round_trip"]["ok"], false);
    assert!(!stage.server.log().contains(&"insert".to_owned()));

    // Code may name the database itself: what the user lacks on `test` says nothing then.
    let mut stage = Stage::new(false, &[]).await;
    stage.variables.truncate(1);
    stage.variables[0].1 = stage.variables[0].1.replace("/tasks?", "/?");
    let facts = stage.look("round-trip").await;
    stops_at(&facts, "privileges", None, "names no database");
    assert_eq!(facts["identity"]["broad"], json!([]));
    assert_eq!(facts["round_trip"]["ok"], Value::Null);
    stage.is_clean();

    // What the application's own collections are is not known here, and no other may be written.
    let stage = Stage::new(false, &[Fault::OneCollection]).await;
    let facts = stage.look("round-trip").await;
    stops_at(&facts, "privileges", None, "single collections");
    assert_eq!(facts["round_trip"]["ok"], Value::Null);
    assert_eq!(facts["round_trip"]["failed"], "begin");
    assert!(!stage.server.log().contains(&"insert".to_owned()));

    let stage = Stage::new(false, &[Fault::BroadRoles]).await;
    let facts = stage.look("reach").await;
    holds(&facts);
    assert_eq!(facts["identity"]["broad"][0], "the role atlasAdmin@admin");
    assert_eq!(facts["identity"]["broad"].as_array().unwrap().len(), 2);

    for (role, broad) in [
        (
            "dbOwner",
            "the role dbOwner@tasks, which administers the database",
        ),
        ("appRole", "dropDatabase on the database tasks"),
    ] {
        let stage = Stage::new(false, &[Fault::Administers(role)]).await;
        let facts = stage.look("reach").await;
        holds(&facts);
        assert_eq!(facts["identity"]["broad"], json!([broad]));
    }

    let stage = Stage::new(false, &[Fault::SilentAboutPrivileges]).await;
    let facts = stage.look("round-trip").await;
    stops_at(&facts, "privileges", None, "names no privileges");
    assert_eq!(facts["round_trip"]["ok"], true);
    stage.is_clean();
}

#[tokio::test]
async fn strangers() {
    let open = async |tls: bool, faults: &[Fault]| {
        let stage = Stage::new(tls, faults).await;
        let facts = stage.look("open").await;
        (
            facts["open"]["anonymous_refused"].clone(),
            facts["open"]["plaintext_refused"].clone(),
        )
    };
    assert_eq!(open(true, &[]).await, (json!(true), json!(true)));
    assert_eq!(open(false, &[]).await, (json!(true), Value::Null));
    assert_eq!(
        open(true, &[Fault::AcceptsAnyone]).await,
        (json!(false), json!(true))
    );
    assert_eq!(
        open(true, &[Fault::AnswersPlaintext]).await,
        (json!(true), json!(false))
    );
    // A refusal for another reason is none for want of a login.
    assert_eq!(
        open(true, &[Fault::Unknown("listDatabases")]).await,
        (Value::Null, json!(true))
    );
    // Where nobody is answered, that plain text is not proves nothing.
    assert_eq!(
        open(true, &[Fault::ClosesAtOnce]).await,
        (Value::Null, Value::Null)
    );
}

#[tokio::test]
async fn a_round_trip_that_goes_wrong_says_where_and_leaves_nothing() {
    let broken = [
        (Fault::QuotaReached, Some(false), "insert", "quota"),
        (Fault::WriteConcern(64), Some(false), "insert", "majority"),
        (
            Fault::WriteConcern(100),
            Some(false),
            "insert",
            "voting members",
        ),
        (
            Fault::WrongData,
            Some(false),
            "find",
            "not what was written",
        ),
        (
            Fault::Forbids("insert"),
            Some(false),
            "insert",
            "lacks the privilege insert",
        ),
        (
            Fault::Forbids("update"),
            Some(false),
            "update",
            "lacks the privilege update",
        ),
        (
            Fault::Forbids("createIndexes"),
            None,
            "create-index",
            "lacks the privilege createIndex",
        ),
        (
            Fault::Forbids("listCollections"),
            None,
            "begin",
            "lacks the privilege listCollections",
        ),
    ];
    for (fault, ok, step, words) in broken {
        let stage = Stage::new(false, std::slice::from_ref(&fault)).await;
        let facts = stage.look("round-trip").await;
        let trip = &facts["round_trip"];
        assert_eq!(trip["ok"].as_bool(), ok, "{fault:?}: {trip}");
        assert_eq!(trip["failed"], step, "{fault:?}");
        assert!(
            trip["cause"].as_str().unwrap().contains(words),
            "{fault:?}: {trip}"
        );
        stage.is_clean();
    }
}

#[tokio::test]
async fn a_server_without_expiry_does_and_one_that_keeps_the_collection_does_not() {
    let stage = Stage::new(false, &[Fault::Unknown("createIndexes")]).await;
    let trip = stage.look("round-trip").await["round_trip"].clone();
    assert_eq!(
        (&trip["ok"], &trip["expires"]),
        (&json!(true), &json!(false))
    );
    stage.is_clean();

    let stage = Stage::new(false, &[Fault::Forbids("drop")]).await;
    let trip = stage.look("round-trip").await["round_trip"].clone();
    assert_eq!(
        (&trip["ok"], &trip["removed"]),
        (&Value::Null, &json!(false))
    );
    assert!(
        trip["cause"]
            .as_str()
            .unwrap()
            .contains("could not be removed"),
        "{trip}"
    );
    assert_eq!(
        stage.server.collections(),
        ["holdpoint_probe_20261125T120000_test"]
    );
}

#[tokio::test]
async fn a_collection_of_the_same_name_is_left_alone() {
    let stage = Stage::new(false, &[]).await;
    stage.server.seed(
        "holdpoint_probe_20261125T120000_test",
        vec![doc! { "key": { "a": 1 } }],
    );
    let trip = stage.look("round-trip").await["round_trip"].clone();
    assert_eq!(
        (&trip["ok"], &trip["failed"]),
        (&Value::Null, &json!("begin"))
    );
    assert_eq!(stage.server.collections().len(), 1);
}

#[tokio::test]
async fn indexes_of_code_settings_and_documents() {
    let stage = Stage::new(false, &[]).await;
    let root = stage.folder.path();
    write(root, "package.json", r#"{"name":"shop"}"#);
    write(
        root,
        "src/db.ts",
        "await db.collection('tasks').createIndex({ userId: 1 }, { expireAfterSeconds: 60 });",
    );
    write(
        root,
        "README.md",
        "```js\ndb.tasks.createIndex({ mood: 1 })\n```\n",
    );
    stage.server.seed(
        "tasks",
        vec![doc! { "key": { "userId": 1 }, "expireAfterSeconds": 60 }],
    );
    let parameters = json!({ "look": "indexes", "required": ["tasks { title: 'text' }"] });
    let facts = look(&stage.variables, parameters, root, AMPLE).await;
    let indexes = &facts["indexes"];
    assert_eq!(indexes["ok"], false);
    assert_eq!(
        indexes["missing"],
        json!(["tasks { title: text } (the check's parameter required)"])
    );
    assert_eq!(
        indexes["documented_only"],
        json!(["tasks { mood: 1 } (README.md:2)"])
    );
    let facts = stage.look("indexes").await;
    assert_eq!(facts["indexes"]["ok"], true);
    // An index that may not be listed is not missing.
    let stage = Stage::new(false, &[Fault::Forbids("listIndexes")]).await;
    write(
        stage.folder.path(),
        "src/db.ts",
        "db.collection('tasks').createIndex({ userId: 1 })",
    );
    let facts = stage.look("indexes").await;
    assert_eq!(facts["indexes"]["ok"], Value::Null);
    assert!(
        facts["indexes"]["cause"]
            .as_str()
            .unwrap()
            .contains("listIndexes")
    );
}

#[tokio::test]
async fn names_of_databases() {
    let mut stage = Stage::new(false, &[]).await;
    stage.variables[1].1 = "another".into();
    let facts = stage.look("reach").await;
    assert_eq!(facts["database"]["agrees"], false);
    // The rights are for one database, and the application uses another.
    stops_at(&facts, "privileges", Some(false), "on the database another");
    stage.variables.pop();
    let facts = stage.look("reach").await;
    assert_eq!(facts["database"]["name"], "tasks");
}

#[tokio::test]
async fn clusters_behind_records() {
    let stage = Stage::new(false, &[]).await;
    let port = stage.server.address().port();
    let records = [
        format!("--srv-host=_mongodb._tcp.c0.db.test,a.db.test,{port}"),
        format!("--srv-host=_mongodb._tcp.far.db.test,b.other.test,{port}"),
        format!("--srv-host=_mongodb._tcp.odd.db.test,a.db.test,{port}"),
        "--host-record=a.db.test,127.0.0.1".to_owned(),
        "--txt-record=c0.db.test,authSource=admin&replicaSet=rs0".to_owned(),
        "--txt-record=odd.db.test,authSource=admin&w=1".to_owned(),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let Some(dns) = Dnsmasq::start(&records) else {
        return;
    };
    let reach = async |uri: &str| {
        let variables = [("MONGODB_URI".to_owned(), uri.to_owned())];
        let parameters = json!({ "dns_server": dns.address });
        look(&variables, parameters, stage.folder.path(), AMPLE).await
    };
    let facts = reach("mongodb+srv://app:Zr8qkQ2mLw6x@c0.db.test/shop?tls=false").await;
    assert_eq!(facts["seeds"][0]["host"], format!("a.db.test:{port}"));
    assert_eq!(facts["seeds"][0]["connected"], true);
    // What the TXT record says, in place of the path.
    assert_eq!(facts["auth_source"], "admin");
    // The driver asks the system for the name, which does not know it.
    stops_at(&facts, "hello", None, "cannot be resolved here");
    for (host, words) in [
        ("gone.db.test", "does not exist"),
        ("far.db.test", "outside its domain"),
        ("odd.db.test", "holds more than authSource"),
    ] {
        let facts = reach(&format!("mongodb+srv://app:Zr8qkQ2mLw6x@{host}/shop")).await;
        stops_at(&facts, "resolve", Some(false), words);
    }
    let facts = reach("mongodb://app:Zr8qkQ2mLw6x@nowhere.test/shop").await;
    stops_at(
        &facts,
        "resolve",
        Some(false),
        "nowhere.test has no address",
    );
}

#[tokio::test]
async fn a_name_server_that_is_silent_leaves_it_open() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let variables = [(
        "MONGODB_URI".to_owned(),
        "mongodb+srv://app:Zr8qkQ2mLw6x@c0.db.test/shop".to_owned(),
    )];
    let parameters = json!({ "dns_server": silent.local_addr().unwrap().to_string() });
    let begun = clock::tick();
    let facts = look(&variables, parameters, Path::new("."), AMPLE).await;
    stops_at(&facts, "resolve", None, "did not answer in time");
    assert!(begun.elapsed() < Duration::from_secs(15));
}

/// What `holdpoint demo` and other tests rely on: nothing is wrong with a server without faults.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_faults_is_go() {
    for tls in [false, true] {
        let stage = Stage::new(tls, &[]).await;
        let package = r#"{"name":"shop","dependencies":{"mongodb":"6"}}"#;
        write(stage.folder.path(), "package.json", package);
        let lines = stage.variables.iter();
        let lines: String = lines
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        write(stage.folder.path(), ".env.local", &lines);
        let run = holdpoint(["run", "mongodb"]).within(stage.folder.path());
        tokio::task::spawn_blocking(|| run.run().expect_code(0))
            .await
            .unwrap();
        stage.is_clean();
    }
}

/// The program in the folder of an application whose database never answers `find`.
async fn stuck() -> (Stage, support::Running) {
    let stage = Stage::new(false, &[Fault::Withholds("find")]).await;
    write(
        stage.folder.path(),
        "package.json",
        r#"{"name":"shop","dependencies":{"mongodb":"6"}}"#,
    );
    let lines: Vec<_> = stage
        .variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    write(stage.folder.path(), ".env.local", &lines.concat());
    let running = holdpoint(["run", "mongodb.round-trip"])
        .within(stage.folder.path())
        .start();
    let begun = clock::tick();
    while !stage.server.log().contains(&"find".to_owned()) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", stage.server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stage.server.collections().len(), 1);
    (stage, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_nothing() {
    let (stage, running) = stuck().await;
    running.interrupt();
    let outcome = tokio::task::spawn_blocking(|| running.wait())
        .await
        .unwrap();
    assert_eq!(outcome.code(), 130, "{}", outcome.stderr);
    stage.is_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_leaves_is_named_by_the_next() {
    let (stage, running) = stuck().await;
    running.kill();
    tokio::task::spawn_blocking(|| running.wait())
        .await
        .unwrap();
    let left = stage.server.collections();
    assert_eq!(left.len(), 1);
    let root = stage.folder.path().to_owned();
    let next = holdpoint(["run", "mongodb.parses"]).within(root);
    let outcome = tokio::task::spawn_blocking(|| next.run()).await.unwrap();
    let told = outcome.stdout + &outcome.stderr;
    assert!(
        told.contains(&left[0]) && told.contains(".drop()"),
        "{told}"
    );
}
