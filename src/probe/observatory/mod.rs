//! The observatory probe: grades a site as the MDN HTTP Observatory does, and says where that misleads.

mod csp;
mod declare;
mod differ;
mod evaluator;
mod grade;
mod html;
mod jar;
mod merge;
mod outcome;
mod policies;
mod retrieve;
mod scripts;
mod seen;
mod single;
#[cfg(test)]
mod tests;

pub use evaluator::{Finding, Severity, evaluate};
pub use grade::{Edition, Grade, grade};
pub use jar::Jar;
pub use outcome::Outcome;
pub use seen::{Answer, Plain, Preload, Secure, Seen};

use super::http::whole::masked;
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::diagnostic::nearest;
use crate::model::{Facts, Hindrance, HindranceKind, Level, Target};
use futures_util::future::BoxFuture;
use html::Markup;
use policies::Policies;
use retrieve::Retrieved;
use serde_json::{Map, Value, json};

/// Grades the headers of a site.
pub(super) struct Observatory;

/// The grade that is asked for where nothing else is said.
const LEAST: &str = "B";

impl Probe for Observatory {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            name: "observatory",
            version: 1,
            summary: "Asks a path over HTTPS and plain HTTP, follows redirects, asks a preflight of a foreign origin, \
                and computes the MDN HTTP Observatory's tests, score and grade from the answers (algorithm 4 of the \
                package @mdn/mdn-http-observatory 1.4.8; beside it the twelve tests of algorithm 6). Says where \
                these rules and browsers part, and what Google's CSP Evaluator finds in the policies. Of the list \
                of preloaded hosts it knows whole top-level domains only. GET and OPTIONS; nothing is changed.",
            level: Level::Live,
            exclusive: false,
            needs_target: true,
            parameters: declare::parameters(),
            facts: declare::facts(),
        }
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let least = text("least").filter(|least| !least.is_empty());
        let least = least.unwrap_or(LEAST).to_ascii_uppercase();
        if outcome::least_score(&least).is_none() {
            let hint = nearest(&least, outcome::grades())
                .map(|near| format!("; did you mean '{near}'?"))
                .unwrap_or_default();
            return Err(format!("'{least}' is no grade: they go from A+ to F{hint}"));
        }
        let paths: Vec<&str> = match (text("path"), parameters.get("paths")) {
            (Some(_), Some(_)) => return Err("give 'path' or 'paths', not both".into()),
            (None, Some(paths)) => {
                let paths = paths.as_array().into_iter().flatten();
                paths.filter_map(Value::as_str).collect()
            }
            (path, None) => vec![path.unwrap_or("/")],
        };
        let mut looks: Vec<Facts> = Vec::new();
        for path in paths {
            if !path.starts_with('/') {
                return Err(format!("'{path}' is not a path: begin it with /"));
            }
            let mut look = Facts::new();
            look.insert("path".into(), json!(path));
            look.insert("least".into(), json!(least));
            if !looks.contains(&look) {
                looks.push(look);
            }
        }
        if looks.is_empty() {
            return Err("'paths' is empty".into());
        }
        Ok(looks)
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        format!("observatory {}", path(parameters))
    }

    fn origin(&self, _: &Facts, context: &Context) -> Option<String> {
        let url = &context.target.as_deref()?.url;
        let port = url.port_or_known_default()?;
        Some(format!("{}://{}:{port}", url.scheme(), url.host_str()?))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(target) = context.target.as_deref() else {
                let cause = "no target is given";
                return Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause));
            };
            match retrieve::retrieve(path(parameters), target, context).await {
                Ok(retrieved) => measure(retrieved, parameters, target, context).await,
                Err(sighting) => *sighting,
            }
        })
    }
}

fn path(parameters: &Facts) -> &str {
    parameters
        .get("path")
        .and_then(Value::as_str)
        .unwrap_or("/")
}

async fn measure(
    retrieved: Retrieved,
    parameters: &Facts,
    target: &Target,
    context: &Context,
) -> Sighting {
    let seen = &retrieved.seen;
    let page = &seen.page;
    let markup = Markup::read(page, Edition::Four);
    let policies = Policies::of(page, &markup);
    let nonces = policies.nonces();
    let reused = match nonces.is_empty() {
        true => None,
        false => retrieve::again(&page.url, context)
            .await
            .map(|again| Policies::of(&again, &Markup::read(&again, Edition::Four)))
            .map(|again| !again.nonces().is_disjoint(&nonces)),
    };
    let least = parameters.get("least").and_then(Value::as_str);
    let least = least.unwrap_or(LEAST);
    let graded = grade(seen, Edition::Four);
    let later = grade(seen, Edition::Six);
    let mut facts = Facts::new();
    let mut put = |name: &str, value: Value| facts.insert(name.into(), value);
    put("url", json!(masked(&page.url)));
    put("status", json!(page.status));
    put(
        "accepted",
        json!((200..400).contains(&page.status) || matches!(page.status, 401 | 403)),
    );
    put("elsewhere", json!(page.url.host() != target.url.host()));
    put("is_html", json!(markup.is_html));
    put("cut", json!(retrieved.cut && markup.is_html));
    put("score", json!(graded.score));
    put(
        "worst_score",
        json!(graded.worst_score(retrieved.cut && markup.is_html)),
    );
    put("grade", json!(graded.grade));
    put("least_grade", json!(least));
    put("least_score", json!(outcome::least_score(least)));
    put("tests", tests(&graded));
    put("costs", costs(&graded));
    put("losses", losses(&graded));
    put(
        "dearest",
        json!(dear(&graded).first().map(|one| one.remedy)),
    );
    put("untold", json!(untold(&graded)));
    put(
        "later",
        json!({ "score": later.score, "grade": later.grade, "costs": costs(&later) }),
    );
    put("differs", differ::facts(seen, &graded, &policies));
    put("unpinned", json!(scripts::unpinned(seen, &markup)));
    put("csp", policies.csp.facts());
    put("evaluation", policies.evaluation());
    put(
        "nonce",
        json!({
            "used": !nonces.is_empty(),
            "reused": reused,
        }),
    );
    Sighting {
        facts,
        transient: retrieved.transient,
        excerpts: retrieved.excerpts,
        hindrance: None,
    }
}

/// The name of a test as expectations write it.
fn fact_name(test: &str) -> String {
    test.replace('-', "_")
}

fn tests(graded: &Grade) -> Value {
    let tests: Map<String, Value> = graded
        .tests
        .iter()
        .map(|(test, outcome)| {
            let told = json!({
                "result": outcome.map(|outcome| outcome.result),
                "modifier": outcome.map_or(0, |outcome| outcome.modifier),
                "pass": outcome.map(|outcome| outcome.pass),
                "remedy": outcome.map_or("", |outcome| outcome.remedy),
            });
            (fact_name(test), told)
        })
        .collect();
    Value::Object(tests)
}

/// The tests that take points away, the dearest first.
fn dear(graded: &Grade) -> Vec<Outcome> {
    let mut dear: Vec<_> = graded
        .tests
        .iter()
        .filter_map(|(_, outcome)| outcome.filter(|outcome| outcome.modifier < 0))
        .collect();
    dear.sort_by_key(|outcome| outcome.modifier);
    dear
}

/// The same by the Observatory's names, each with its points.
fn losses(graded: &Grade) -> Value {
    let told = dear(graded).into_iter();
    told.map(|outcome| format!("{} ({})", outcome.result, outcome.modifier))
        .collect()
}

/// The same, each with what to do.
fn costs(graded: &Grade) -> Value {
    let told = dear(graded).into_iter().map(|outcome| {
        format!(
            "{} ({}): {}",
            outcome.result, outcome.modifier, outcome.remedy
        )
    });
    told.collect()
}

fn untold(graded: &Grade) -> Vec<&'static str> {
    graded
        .tests
        .iter()
        .filter(|(_, outcome)| outcome.is_none())
        .map(|(test, _)| *test)
        .collect()
}
