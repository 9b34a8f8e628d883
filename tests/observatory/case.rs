//! One site as both sides are told of it, and what our side makes of it.

use holdpoint::probe::observatory::{Answer, Edition, Jar, Plain, Preload, Secure, Seen, grade};
use serde_json::{Map, Value, json};
use url::Url;

/// What was seen of one site.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) hostname: String,
    pub(crate) https: Option<Session>,
    pub(crate) http: Option<Session>,
    pub(crate) preflight: Option<Vec<(String, String)>>,
}

/// One chain of redirects, its last answer included.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) verified: bool,
    pub(crate) hops: Vec<Hop>,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Session {
    fn json(&self) -> Value {
        let hop = |hop: &Hop| json!({ "url": hop.url, "status": hop.status, "headers": hop.headers, "body": hop.body });
        json!({ "verified": self.verified, "hops": self.hops.iter().map(hop).collect::<Vec<_>>() })
    }

    fn urls(&self) -> Vec<Url> {
        self.hops
            .iter()
            .map(|hop| hop.url.parse().unwrap())
            .collect()
    }

    fn last(&self) -> &Hop {
        self.hops.last().unwrap()
    }
}

impl Case {
    /// The line that the oracle reads.
    pub(crate) fn line(&self) -> String {
        json!({
            "hostname": self.hostname,
            "https": self.https.as_ref().map(Session::json),
            "http": self.http.as_ref().map(Session::json),
            "preflight": self.preflight,
        })
        .to_string()
    }

    /// What we make of it.
    pub(crate) fn ours(&self) -> Value {
        let graded = grade(&self.seen(), Edition::Four);
        if graded.tests.iter().any(|(_, outcome)| outcome.is_none()) {
            return json!({ "refused": true });
        }
        let tests: Map<String, Value> = graded
            .tests
            .iter()
            .map(|(name, outcome)| {
                let outcome = outcome.unwrap();
                let told = json!({ "result": outcome.result, "modifier": outcome.modifier, "pass": outcome.pass });
                ((*name).to_owned(), told)
            })
            .collect();
        json!({ "score": graded.score, "grade": graded.grade, "tests": tests })
    }

    fn seen(&self) -> Seen {
        let begun = self.https.as_ref().or(self.http.as_ref()).unwrap();
        let mut jar = Jar::default();
        for hop in &begun.hops {
            let url: Url = hop.url.parse().unwrap();
            jar.take_along(&url);
            for (_, value) in hop.headers.iter().filter(|(name, _)| name == "set-cookie") {
                jar.set(value, &url, 1_790_000_000);
            }
        }
        let secure = match &self.https {
            None => Secure::Closed,
            Some(session) if !session.verified => Secure::Untrusted,
            Some(session) => Secure::Answered(joined(&session.last().headers)),
        };
        let plain = match &self.http {
            None => Plain::Closed,
            Some(session) if !session.verified => Plain::Untrusted,
            Some(session) => Plain::Led(session.urls()),
        };
        let last = begun.last();
        Seen {
            host: self.hostname.clone(),
            began_secure: self.https.is_some(),
            page: Answer {
                url: last.url.parse().unwrap(),
                status: last.status,
                headers: last.headers.clone(),
                body: last.body.clone(),
            },
            secure,
            plain,
            preflight: self.preflight.clone(),
            preflight_origin: "https://probe.example".to_owned(),
            jar,
            preload: Preload::of([
                ("exact.example".to_owned(), false),
                ("whole.example".to_owned(), true),
            ]),
        }
    }
}

fn joined(headers: &[(String, String)]) -> Option<String> {
    let lines: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name == "strict-transport-security")
        .map(|(_, value)| value.as_str())
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}
