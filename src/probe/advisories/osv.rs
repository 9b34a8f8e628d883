//! Advisories from OSV's interface: a batch of packages in, ids out, then each record (google.github.io/osv.dev/api).

use super::record;
use crate::model::HindranceKind;
use crate::probe::Context;
use crate::probe::transport::Fetched;
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use url::Url;

/// The most queries of one batch.
const BATCH: usize = 1000;
/// The most rounds of further pages.
const ROUNDS: usize = 50;
/// The most records that are fetched.
const MOST_RECORDS: usize = 2000;
/// How many records are asked for at the same time.
const AT_ONCE: usize = 8;

/// What was asked and what came.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// For each package that was asked about, the ids that concern it.
    pub(super) ids: Vec<BTreeSet<String>>,
    /// Records by their id.
    pub(super) records: BTreeMap<String, Value>,
    /// What kept it from being complete.
    pub(super) cause: Option<String>,
    /// Another attempt may go better.
    pub(super) passing: bool,
}

/// Why an answer is none.
struct Unanswered {
    cause: String,
    passing: bool,
}

impl From<String> for Unanswered {
    fn from(cause: String) -> Self {
        let passing = false;
        Self { cause, passing }
    }
}

/// Asks about packages by name and version. What was heard is kept also where something went wrong.
pub(super) async fn ask(
    context: &Context,
    base: &Url,
    packages: &[(String, String)],
    until: Instant,
) -> Answers {
    let mut answers = Answers {
        ids: vec![BTreeSet::new(); packages.len()],
        ..Answers::default()
    };
    if let Err(fault) = batches(context, base, packages, until, &mut answers).await {
        answers.cause = Some(fault.cause);
        answers.passing = fault.passing;
    }
    let mut wanted: BTreeSet<String> = answers.ids.iter().flatten().cloned().collect();
    if wanted.len() > MOST_RECORDS {
        let cause = format!("more than {MOST_RECORDS} advisories concern this lockfile");
        answers.cause.get_or_insert(cause);
        wanted = wanted.into_iter().take(MOST_RECORDS).collect();
    }
    let records = futures_util::stream::iter(wanted)
        .map(|id| async move {
            let record = fetch_record(context, base, &id, until).await;
            (id, record)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for (id, record) in records {
        match record {
            Ok(record) => {
                answers.records.insert(id, record);
            }
            Err(fault) => {
                answers.cause.get_or_insert(fault.cause);
                answers.passing |= fault.passing;
            }
        }
    }
    answers
}

async fn batches(
    context: &Context,
    base: &Url,
    packages: &[(String, String)],
    until: Instant,
    answers: &mut Answers,
) -> Result<(), Unanswered> {
    for start in (0..packages.len()).step_by(BATCH) {
        let end = packages.len().min(start + BATCH);
        let mut pending: Vec<(usize, Option<String>)> = (start..end).map(|at| (at, None)).collect();
        let mut rounds = 0;
        while !pending.is_empty() {
            rounds += 1;
            if rounds > ROUNDS {
                return Err(format!("OSV's pages do not end after {ROUNDS} of them").into());
            }
            pending = batch(context, base, packages, pending, until, answers).await?;
        }
    }
    Ok(())
}

/// One batch; gives the queries that have a further page.
async fn batch(
    context: &Context,
    base: &Url,
    packages: &[(String, String)],
    pending: Vec<(usize, Option<String>)>,
    until: Instant,
    answers: &mut Answers,
) -> Result<Vec<(usize, Option<String>)>, Unanswered> {
    let queries = pending.iter().filter_map(|(at, token)| {
        let (name, version) = packages.get(*at)?;
        let mut query =
            json!({ "package": { "name": name, "ecosystem": "npm" }, "version": version });
        if let Some(token) = token {
            query["page_token"] = token.as_str().into();
        }
        Some(query)
    });
    let body = json!({ "queries": queries.collect::<Vec<_>>() });
    let mut request = Request::new(Method::POST, address(base, "/v1/querybatch")?);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body.to_string().into());
    let answer = fetch(context, request, until).await?;
    let json = answer.json().unwrap_or_default();
    let results = json.get("results").and_then(Value::as_array);
    let results =
        results.ok_or_else(|| "the answer of OSV to a batch holds no results".to_owned())?;
    if results.len() != pending.len() {
        return Err(format!(
            "OSV answered {} of {} questions",
            results.len(),
            pending.len()
        )
        .into());
    }
    let mut further = Vec::new();
    for ((at, before), result) in pending.into_iter().zip(results) {
        let vulns = match (result, result.get("vulns")) {
            (Value::Object(_), None) => &[],
            (_, Some(Value::Array(vulns))) => vulns.as_slice(),
            _ => return Err("an answer of OSV is not of its form".to_owned().into()),
        };
        for vuln in vulns {
            let id = vuln.get("id").and_then(Value::as_str);
            let id = id.filter(|id| record::proper(id));
            let id = id.ok_or_else(|| "OSV names an advisory without a proper id".to_owned())?;
            if let Some(ids) = answers.ids.get_mut(at) {
                ids.insert(id.to_owned());
            }
        }
        let token = result.get("next_page_token").and_then(Value::as_str);
        match token.filter(|token| !token.is_empty()) {
            Some(token) if before.as_deref() == Some(token) => {
                return Err("OSV gives the same page again".to_owned().into());
            }
            Some(token) => further.push((at, Some(token.to_owned()))),
            None => {}
        }
    }
    Ok(further)
}

async fn fetch_record(
    context: &Context,
    base: &Url,
    id: &str,
    until: Instant,
) -> Result<Value, Unanswered> {
    let request = Request::new(Method::GET, address(base, &format!("/v1/vulns/{id}"))?);
    let answer = fetch(context, request, until).await?;
    let record = answer.json().unwrap_or_default();
    match record.get("id").and_then(Value::as_str) {
        Some(told) if told == id => Ok(record),
        _ => Err(format!("the answer of OSV about {id} is not that record").into()),
    }
}

fn address(base: &Url, path: &str) -> Result<Url, Unanswered> {
    let joined = format!("{}{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&joined).map_err(|error| Unanswered::from(format!("{joined}: {error}")))
}

async fn fetch(
    context: &Context,
    mut request: Request,
    until: Instant,
) -> Result<Fetched, Unanswered> {
    let accept = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, accept);
    let answer = context.transport.fetch(request, until).await;
    let answer = answer.map_err(|fault| Unanswered {
        cause: format!("OSV could not be asked: {}", fault.hindrance.cause),
        passing: !matches!(fault.hindrance.kind, HindranceKind::TooLarge),
    })?;
    match answer.status {
        200 => Ok(answer),
        status => Err(Unanswered {
            cause: format!("OSV answered with status {status}"),
            passing: status == 429 || status >= 500,
        }),
    }
}
