//! The probe against servers on loopback that behave in every way a server can.

mod hostile;
mod ordinary;
mod parameters;
mod redirects;
mod secrets;

use super::Http;
use crate::model::{FactKind, Facts, Target};
use crate::probe::transport::Transport;
use crate::probe::{Context, Probe, Sighting, Wanted};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Long enough that no test waits for it unless that is what it tests.
const AMPLE: Duration = Duration::from_secs(30);

/// A server on loopback.
struct Server {
    url: Url,
    /// The head of every request that came, in order.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn request(&self, at: usize) -> String {
        self.requests.lock().unwrap()[at].clone()
    }
}

/// Serves every connection with `serve`, which gets the head of the request, then closes it.
async fn server<F, W>(serve: F) -> Server
where
    F: Fn(String, TcpStream) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = requests.clone();
    let serve = Arc::new(serve);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, serve) = (seen.clone(), serve.clone());
            tokio::spawn(async move {
                let head = read_head(&mut stream).await;
                seen.lock().unwrap().push(head.clone());
                serve(head, stream).await;
            });
        }
    });
    Server { url, requests }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|count| count == 1)
    {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers each request with the bytes that `answer` makes of its first line.
async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Server {
    server(move |head, mut stream| {
        let bytes = answer(head.lines().next().unwrap_or_default());
        async move {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

/// An answer with its length, after which the connection closes.
fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn target(url: &Url) -> Target {
    Target {
        url: url.clone(),
        environment: "test".into(),
        owned: true,
        plain_url: None,
        authority_pem: None,
        headers: Vec::new(),
        paths: crate::model::PathClasses::default(),
    }
}

fn context(target: Target, timeout: Duration) -> Context {
    let transport = Transport::new(target.authority_pem.as_deref()).unwrap();
    Context {
        target: Some(Arc::new(target)),
        root: ".".into(),
        application: Arc::default(),
        environment: Arc::default(),
        secrets: Arc::default(),
        transport: Arc::new(transport),
        timeout,
        until: crate::clock::tick() + timeout,
        now: 1_000_000_000,
        run: String::new(),
        scratch: crate::probe::Scratch::default(),
    }
}

fn given(parameters: Value) -> Facts {
    parameters.as_object().unwrap().clone()
}

async fn look_in(context: &Context, parameters: Value, wanted: &Wanted) -> Sighting {
    let looks = Http.looks(&given(parameters), context).unwrap();
    let sighting = Http.look(&looks[0], wanted, context).await;
    if sighting.hindrance.is_none() {
        conforms(&sighting.facts);
    }
    sighting
}

async fn look(server: &Server, parameters: Value) -> Sighting {
    look_in(
        &context(target(&server.url), AMPLE),
        parameters,
        &Wanted::default(),
    )
    .await
}

/// Facts of an answer with these header lines.
async fn facts_of(headers: &str) -> Facts {
    let bytes = answer("200 OK", headers, "<p>hello");
    let server = answering(move |_| bytes.clone()).await;
    look(&server, json!({})).await.facts
}

/// Holds facts to the declaration: every declared fact there, of its type, and nothing else.
fn conforms(facts: &Facts) {
    let spec = Http.spec();
    object_conforms("", &spec.facts, facts);
}

fn object_conforms(at: &str, specs: &[crate::model::FactSpec], facts: &Facts) {
    for spec in specs {
        let value = facts
            .get(spec.name.as_ref())
            .unwrap_or_else(|| panic!("{at}.{} is missing", spec.name));
        value_conforms(&format!("{at}.{}", spec.name), &spec.kind, value);
    }
    for name in facts.keys() {
        assert!(
            specs.iter().any(|spec| spec.name == name.as_str()),
            "{at}.{name} is not declared"
        );
    }
}

fn value_conforms(at: &str, kind: &FactKind, value: &Value) {
    let fine = match (kind, value) {
        (FactKind::Optional(_), Value::Null) | (FactKind::Json, _) => true,
        (FactKind::Optional(kind), value) => {
            value_conforms(at, kind, value);
            true
        }
        (FactKind::List(kind), Value::Array(items)) => {
            items.iter().for_each(|item| value_conforms(at, kind, item));
            true
        }
        (FactKind::Map(kind), Value::Object(map)) => {
            map.values().for_each(|item| value_conforms(at, kind, item));
            true
        }
        (FactKind::Object(specs), Value::Object(map)) => {
            object_conforms(at, specs, map);
            true
        }
        (FactKind::Bool, value) => value.is_boolean(),
        (FactKind::Int, value) => value.is_i64(),
        (FactKind::Text, value) => value.is_string(),
        _ => false,
    };
    assert!(fine, "{at} is {value}, not {}", kind.describe());
}
