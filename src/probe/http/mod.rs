//! The http probe: asks a path of the target and says everything about the answer, judging nothing.

mod address;
mod ask;
mod body;
mod declare;
mod exchange;
mod facts;
mod headers;
mod kept;
mod page;
mod parameters;
#[cfg(test)]
mod tests;
pub(in crate::probe) mod whole;

pub(in crate::probe) use address::{masked, of_path};
pub(in crate::probe) use headers::cookie;
pub(in crate::probe) use headers::csp;
pub(in crate::probe) use headers::csp::policy::{
    directives as policy_directives, is_known as is_known_directive,
};
pub(in crate::probe) use headers::csp::source as policy_source;
pub(in crate::probe) use headers::hsts::is_read as hsts_is_read;
pub(in crate::probe) use headers::structured;
pub(in crate::probe) use page::tags;

use super::{Context, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::model::{Excerpt, Facts, Hindrance, HindranceKind, Level, PathClasses, Target};
use ask::Ask;
use exchange::{Answer, Exchange, Failure};
use futures_util::future::BoxFuture;
use std::time::Duration;
use url::Url;

/// Asks over HTTP.
pub(super) struct Http;

/// How many redirects are followed to the front page when a script of it is wanted.
const FOLLOW_TO_PAGE: usize = 5;
/// The most bytes of headers of one answer; Node.js stops at 16 KiB, Chromium at 256 KiB.
const MOST_HEADERS: usize = 64 * 1024;

impl Probe for Http {
    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            name: "http",
            version: 1,
            summary: "Asks a path of the target over HTTP and reports the answer: status, every header, cookies, redirects, body and timing. GET, HEAD and OPTIONS change nothing; a check that uses another method needs level active.",
            level: Level::Live,
            exclusive: false,
            needs_target: true,
            parameters: parameters::declared(),
            facts: facts::declared(),
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        parameters::looks(parameters, context)
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        Ask::of(parameters).label(context.target.as_deref())
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        let target = context.target.as_deref()?;
        address::origin(&Ask::of(parameters).address(target)?)
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        wanted: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(target) = context.target.as_deref() else {
                return absent("no target is given");
            };
            look(&Ask::of(parameters), target, wanted, context).await
        })
    }
}

async fn look(ask: &Ask, target: &Target, wanted: &Wanted, context: &Context) -> Sighting {
    let Some(mut address) = ask.address(target) else {
        return absent("no plain HTTP address of the target is known");
    };
    if ask.path == PathClasses::CHUNK {
        match find_chunk(ask, target, context).await {
            Ok(script) => {
                address.set_path(script.path());
                address.set_query(script.query());
            }
            Err(sighting) => return *sighting,
        }
    }
    match (Exchange {
        ask,
        target,
        context,
    })
    .answer(address)
    .await
    {
        Err(failure) if ask.plain && failure.fault.hindrance.kind == HindranceKind::Refused => {
            absent("plain HTTP is refused, so there is nothing to be led away from")
        }
        Err(failure) => not_answered(failure),
        Ok(answer) if answer.headers.size() > MOST_HEADERS => {
            Sighting::hindered(too_large(&answer))
        }
        Ok(answer) => Sighting {
            facts: facts::measure(&answer, ask, target, wanted, context.now),
            transient: transient(&answer, context.now),
            excerpts: vec![
                Excerpt {
                    name: "request".into(),
                    text: answer.request.clone(),
                },
                Excerpt {
                    name: "response".into(),
                    text: kept::response(&answer.protocol, answer.status, &answer.headers, wanted),
                },
            ],
            hindrance: hindrance(&answer),
        },
    }
}

/// A script of the target's own origin that the front page loads, or why there is none.
async fn find_chunk(ask: &Ask, target: &Target, context: &Context) -> Result<Url, Box<Sighting>> {
    let front = Ask {
        path: target.paths.page.clone(),
        headers: ask.headers.clone(),
        follow: FOLLOW_TO_PAGE,
        ..Ask::of(&Facts::new())
    };
    let Some(address) = front.address(target) else {
        return Err(Box::new(absent("the front page has no address")));
    };
    let answer = match (Exchange {
        ask: &front,
        target,
        context,
    })
    .answer(address)
    .await
    {
        Ok(answer) => answer,
        Err(failure) => return Err(Box::new(not_answered(failure))),
    };
    if let Some(hindrance) = hindrance(&answer) {
        let transient = transient(&answer, context.now);
        return Err(Box::new(Sighting {
            transient,
            ..Sighting::hindered(hindrance)
        }));
    }
    let text = facts::body_text(&answer);
    let html = facts::html(&answer, text.as_deref());
    let page = page::Page::read(
        html,
        &answer.address,
        answer.status.as_u16(),
        &answer.headers,
    );
    page.own_script(&target.url.origin())
        .cloned()
        .ok_or_else(|| {
            let cause = format!(
                "the front page answers {} and loads no script of its own origin",
                answer.status.as_u16()
            );
            Box::new(Sighting {
                transient: transient(&answer, context.now),
                ..absent(&cause)
            })
        })
}

/// Headers beyond every limit of servers and browsers: nothing in them is measured, so that a hostile
/// answer costs no more than its transfer.
fn too_large(answer: &Answer) -> Hindrance {
    let cause = format!(
        "the answer's headers are {} KiB, more than the {} KiB that are read",
        answer.headers.size() / 1024,
        MOST_HEADERS / 1024
    );
    Hindrance::new(HindranceKind::TooLarge, cause)
}

fn absent(cause: &str) -> Sighting {
    Sighting::hindered(Hindrance::new(HindranceKind::Absent, cause))
}

fn not_answered(failure: Failure) -> Sighting {
    Sighting {
        hindrance: Some(failure.fault.hindrance),
        transient: failure
            .fault
            .connecting
            .then_some(Transient { retry_after: None }),
        excerpts: vec![Excerpt {
            name: "request".into(),
            text: failure.request,
        }],
        facts: Facts::new(),
    }
}

fn hindrance(answer: &Answer) -> Option<Hindrance> {
    if answer.status.as_u16() == 429 {
        let cause = match answer.headers.first("retry-after") {
            Some(when) => format!("429 Too Many Requests, Retry-After: {when}"),
            None => "429 Too Many Requests".to_owned(),
        };
        return Some(Hindrance::new(HindranceKind::RateLimited, cause));
    }
    if answer.headers.size() > MOST_HEADERS {
        return Some(too_large(answer));
    }
    answer.fault.clone()
}

/// 502, 503 and 504 pass by themselves; 429 says when, or cannot be waited for.
fn transient(answer: &Answer, now: i64) -> Option<Transient> {
    let retry_after = answer
        .headers
        .first("retry-after")
        .and_then(|value| delay(value, now));
    match answer.status.as_u16() {
        502..=504 => Some(Transient { retry_after }),
        429 if retry_after.is_some() => Some(Transient { retry_after }),
        _ => None,
    }
}

/// Retry-After: seconds, or a date (RFC 9110 section 10.2.3).
fn delay(value: &str, now: i64) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    Some(Duration::from_secs(
        at.as_secs()
            .saturating_sub(u64::try_from(now).unwrap_or_default()),
    ))
}
