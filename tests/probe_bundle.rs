//! The bundle probe against pages and scripts that hold secrets, hold none, or cannot be read.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdpoint::clock;
use holdpoint::model::{
    Application, Environment, Facts, HindranceKind, PathClasses, Target, Variable, VariableOrigin,
};
use holdpoint::probe::transport::Transport;
use holdpoint::probe::{Context, Scratch, Sighting, Wanted, find};
use holdpoint::secret::Book;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use support::hostile::Server;

const SECRET: &str = "q7Rk+Zw/93xLpT2mVn5Ys8Bd==1";
const PUBLIC: &str = "AIzaSyD3kL9mN2pQ7rS4tU6vW8xY1zA5bC0dE-f";

/// A site of one page, two scripts, and a third that only the second names.
fn site(what: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::start(move |request, client| {
        let path = request.target().to_owned();
        let body = what(&path).or_else(|| match path.as_str() {
            "/" => Some(r#"<!doctype html><script src="/_next/static/chunks/main-1a.js" async></script>
                <script src="/own.js"></script><script src="https://elsewhere.test/tag.js"></script>"#.into()),
            "/own.js" => Some("var a=1;".into()),
            "/_next/static/chunks/main-1a.js" => Some(r#"import("/_next/static/chunks/page-2b.js")"#.into()),
            "/_next/static/chunks/page-2b.js" => Some(format!("const maps='{PUBLIC}'")),
            _ => None,
        });
        let (status, body) = body.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
        write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    })
}

fn context(server: &Server) -> Context {
    let variable = |name: &str, value: &str| Variable {
        name: name.into(),
        value: value.into(),
        raw: value.into(),
        origin: VariableOrigin::Process,
        secret: true,
        shadowed: Vec::new(),
    };
    Context {
        target: Some(Arc::new(Target {
            url: server.url().parse().unwrap(),
            environment: "local".into(),
            owned: true,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        })),
        root: "/nonexistent".into(),
        application: Arc::new(Application::default()),
        environment: Arc::new(Environment {
            variables: vec![
                variable("AUTH_SECRET", SECRET),
                variable("MAPS_API_KEY", PUBLIC),
                variable("NEXT_PUBLIC_MAPS_API_KEY", PUBLIC),
            ],
            ..Environment::default()
        }),
        secrets: Arc::new(Book::default()),
        transport: Arc::new(Transport::new(None).unwrap()),
        timeout: Duration::from_secs(20),
        until: clock::tick() + Duration::from_secs(20),
        now: 1_760_000_000,
        run: "r".into(),
        scratch: Scratch::default(),
    }
}

async fn sight(server: &Server, parameters: Value) -> Sighting {
    let context = context(server);
    let probe = find("bundle").unwrap();
    let looks = probe
        .looks(parameters.as_object().unwrap(), &context)
        .unwrap();
    let sighting = probe.look(&looks[0], &Wanted::default(), &context).await;
    assert!(!format!("{sighting:?}").contains(SECRET));
    sighting
}

async fn facts(server: &Server) -> Facts {
    let sighting = sight(server, json!({})).await;
    assert_eq!(sighting.hindrance, None);
    let declared = find("bundle").unwrap().spec().facts;
    let declared: Vec<_> = declared
        .into_iter()
        .map(|fact| fact.name.into_owned())
        .collect();
    assert_eq!(sighting.facts.keys().cloned().collect::<Vec<_>>(), declared);
    sighting.facts
}

#[tokio::test]
async fn a_clean_bundle_is_read_to_its_end() {
    let server = site(|_| None);
    let facts = facts(&server).await;
    assert_eq!(
        [&facts["pages"], &facts["scripts"], &facts["third_party"]],
        [&json!(1), &json!(3), &json!(1)]
    );
    for none in ["unread", "secrets", "secrets_found", "shapes"] {
        assert_eq!(facts[none], json!([]), "{none}");
    }
    assert_eq!(facts["searched"][0]["name"], "AUTH_SECRET");
    // What browsers are given on purpose is no secret, whatever else it is called.
    assert_eq!(facts["not_searched"][0]["name"], "MAPS_API_KEY");
}

#[tokio::test]
async fn a_secret_is_found_in_pages_and_in_scripts_of_scripts() {
    let place = "/_next/static/chunks/page-2b.js";
    for (text, as_written) in [(SECRET.to_owned(), true), (STANDARD.encode(SECRET), false)] {
        let server = site(move |path| (path == place).then(|| format!("a='{text}';b='{text}'")));
        let facts = facts(&server).await;
        let found = &facts["secrets"][0];
        assert_eq!(
            [
                &found["variables"][0],
                &found["path"],
                &found["offset"],
                &found["times"]
            ],
            [&json!("AUTH_SECRET"), &json!(place), &json!(3), &json!(2)]
        );
        assert_eq!(found["as_written"], as_written);
        let said = facts["secrets_found"][0].as_str().unwrap();
        assert!(
            said.starts_with("AUTH_SECRET") && said.ends_with(&format!("in {place}, byte 3")),
            "{said}"
        );
    }
    let server = site(|path| {
        (path == "/").then(|| format!("<p data-x='{SECRET}'></p><script src=/own.js></script>"))
    });
    assert_eq!(facts(&server).await["secrets"][0]["path"], "/");
    // One character less is another value.
    let server = site(|path| (path == "/own.js").then(|| SECRET[1..].to_owned()));
    assert_eq!(facts(&server).await["secrets"], json!([]));
}

#[tokio::test]
async fn shapes_are_found_without_their_text() {
    let key = "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";
    let server = site(move |path| (path == "/own.js").then(|| format!("secret:\"{key}\"")));
    let facts = facts(&server).await;
    assert_eq!(
        facts["shapes_found"],
        json!(["a client secret of Google in /own.js, byte 8"])
    );
    assert!(!format!("{facts:?}").contains(key));
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let server = site(|path| {
        (path == "/")
            .then(|| r#"<script src="/gone.js"></script><script src="/own.js"></script>"#.into())
    });
    let told = facts(&server).await;
    assert_eq!(told["unread"], json!(["/gone.js: 404"]));
    let sighting = sight(&server, json!({ "paths": ["/nowhere"] })).await;
    assert_eq!(sighting.hindrance.unwrap().kind, HindranceKind::Protocol);
    // A bundle without end is given up, and said so.
    let server = site(|path| {
        let number: usize = path
            .trim_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .unwrap_or(0);
        path.ends_with(".js")
            .then(|| format!("import('/_next/static/chunks/{}.js')", number + 1))
    });
    let told = facts(&server).await;
    assert_eq!(told["unread"], json!(["1 more scripts"]));
}

#[tokio::test]
async fn source_maps_are_told_and_searched() {
    let map = |source: &str| {
        json!({ "version": 3, "sources": ["a.ts"], "sourcesContent": [source], "mappings": "" })
            .to_string()
    };
    // Named by the script, and only lying beside one.
    let (named, beside) = ("/maps/own.map", "/_next/static/chunks/main-1a.js.map");
    for place in [named, beside] {
        let text = map(&format!("const secret = '{SECRET}'"));
        let server = site(move |path| match path {
            "/own.js" => Some(format!("var a=1;\n//# sourceMappingURL={named}")),
            path if path == place => Some(text.clone()),
            _ => None,
        });
        let told = facts(&server).await;
        assert_eq!(told["maps"], json!([place]));
        let said = told["secrets_found"][0].as_str().unwrap();
        assert!(said.contains(&format!("in {place}, byte ")), "{said}");
    }
    // A page that stands in for what is missing is no map.
    let server = site(|path| path.ends_with(".map").then(|| "<!doctype html>".to_owned()));
    let told = facts(&server).await;
    assert_eq!(
        [&told["maps"], &told["maps_untold"]],
        [&json!([]), &json!([])]
    );
}

#[tokio::test]
async fn a_map_within_a_script_is_decoded_and_searched() {
    let map = json!({ "sourcesContent": [format!("const secret = '{SECRET}'")] }).to_string();
    let text = format!(
        "var a=1;\r\n//# sourceMappingURL=data:application/json;base64,{}\r\n",
        STANDARD.encode(map)
    );
    let server = site(move |path| (path == "/own.js").then(|| text.clone()));
    let told = facts(&server).await;
    assert_eq!(told["maps"], json!(["/own.js"]));
    let said = told["secrets_found"].to_string();
    assert!(
        said.contains("AUTH_SECRET in /own.js (its map), byte "),
        "{said}"
    );
}

#[tokio::test]
async fn a_map_that_a_header_names_is_read() {
    let server = Server::start(|request, client| {
        let (header, body) = match request.target() {
            "/" => ("", "<script src=/own.js></script>"),
            "/own.js" => ("SourceMap: /maps/own\r\n", "var a=1"),
            "/maps/own" => ("", ")]}'\n{\"sourcesContent\":[\"x\"]}"),
            _ => ("", ""),
        };
        write!(
            client,
            "HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    assert_eq!(facts(&server).await["maps"], json!(["/maps/own"]));
}

#[tokio::test]
async fn maps_that_were_left_out_are_told() {
    // One script names none, and its map by the usual name is asked for beside the others.
    let page = |path: &str| match path {
        "/" => Some(
            (10..50)
                .map(|n| format!("<script src=/{n}.js></script>"))
                .collect(),
        ),
        "/49.js" => Some("var a=1".to_owned()),
        path => path
            .strip_suffix(".js")
            .map(|name| format!("//# sourceMappingURL={name}.map")),
    };
    let told = facts(&site(page)).await;
    assert_eq!(
        [&told["maps"], &told["maps_untold"]],
        [&json!([]), &json!(["15 more maps"])]
    );
    let told = facts(&site(move |path| match path {
        "/49.js.map" => Some(r#"{"sourcesContent":["x"]}"#.to_owned()),
        path => page(path),
    }))
    .await;
    assert_eq!(
        [&told["maps"], &told["maps_untold"]],
        [&json!(["/49.js.map"]), &json!([])]
    );
}
