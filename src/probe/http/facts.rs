//! The facts of an answer: what is declared, and how each is measured.

use super::address;
use super::ask::Ask;
use super::declare::{flag, int, maybe_int, maybe_text, object, text, texts};
use super::exchange::{Answer, Redirect};
use super::headers::content_type::ContentType;
use super::headers::csp::Csp;
use super::headers::{
    cookie, cors, csp, framing, hsts, isolation, leaks, legacy, permissions, referrer,
};
use super::kept;
use super::page::{self, Page};
use crate::model::{FactKind, FactSpec, Facts, Target};
use crate::probe::Wanted;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;

pub(super) fn declared() -> Vec<FactSpec> {
    let mut facts = vec![
        text("url", "the address of the last answer, query values masked"),
        int("status", "the status code of the last answer"),
        text("protocol", "HTTP/1.0, HTTP/1.1 or HTTP/2.0"),
        text("method", "the method of the last request"),
        text(
            "path_class",
            "page, sign-in, api, service-worker, manifest, chunk, missing or other: which of the target's paths was asked",
        ),
        FactSpec::new(
            "headers",
            FactKind::map(FactKind::list(FactKind::Text)),
            "lower-case name to its values in order; values that may be private are named by digest unless an expectation reads them",
        ),
        texts(
            "header_names",
            "every header name in the order sent, a repeated one beside its first",
        ),
        super::headers::content_type::declared(),
        hsts::declared(),
    ];
    facts.extend(legacy::declared());
    facts.extend(framing::declared());
    facts.extend([
        referrer::declared(),
        permissions::declared(),
        csp::declared(),
    ]);
    facts.extend(isolation::declared());
    facts.extend([cors::declared(), cookie::declared(), leaks::declared()]);
    facts.extend([
        FactSpec::new("redirects", FactKind::list(FactKind::Object(step(false))), "every redirect that was answered, in order, followed or not"),
        object("redirect", step(true), "the first answer, where it is a redirect"),
        object("body", body(), "the body of the last answer"),
        FactSpec::new("json", FactKind::optional(FactKind::Json), "the body as JSON, the parts that expectations read; null where it is not JSON"),
        FactSpec::new("json_valid", FactKind::optional(FactKind::Bool), "the body parses as JSON; null where it claims to be something else or was not read to its end"),
        page::declared(),
        object("timing", timing(), "how long the phases of the last exchange took"),
        texts("non_text_headers", "names of headers whose value is not UTF-8"),
    ]);
    facts
}

fn step(maybe: bool) -> Vec<FactSpec> {
    let mut facts = if maybe {
        vec![
            flag("present", "the first answer redirects"),
            maybe_int("status", "its status code"),
            flag("permanent", "301 or 308"),
            maybe_text("to", "where it leads, query values masked"),
        ]
    } else {
        vec![
            int("status", "its status code"),
            text("from", "the address that redirects, query values masked"),
            text("to", "where it leads, query values masked"),
        ]
    };
    facts.push(flag("same_host", "the host stays the same"));
    facts.push(flag("to_https", "it leads to HTTPS"));
    facts
}

fn body() -> Vec<FactSpec> {
    vec![
        int("size", "decoded bytes that were read"),
        int(
            "wire_size",
            "bytes of the body as they came, still compressed",
        ),
        maybe_int("declared", "Content-Length"),
        flag(
            "truncated",
            "there was more than the limit, and reading stopped there",
        ),
        text(
            "sha256",
            "digest of the decoded bytes that were read, in hexadecimal",
        ),
        maybe_text("encoding", "Content-Encoding"),
        flag(
            "decoded",
            "the coding is one that holdpoint reads (none, gzip, deflate)",
        ),
        FactSpec::new(
            "contains",
            FactKind::map(FactKind::Bool),
            "each text looked for: was it found? No entry where nobody can tell: not decoded, or not found before the limit",
        ),
        flag("text_error", "the body claims to be UTF-8 text and is not"),
    ]
}

fn timing() -> Vec<FactSpec> {
    vec![
        maybe_int(
            "dns_ms",
            "milliseconds to resolve the name; null where nothing was resolved",
        ),
        maybe_int(
            "connect_ms",
            "milliseconds for TCP and TLS; null on a connection that was open already",
        ),
        int(
            "first_byte_ms",
            "milliseconds from the request to the headers of the answer, connecting included",
        ),
        int(
            "total_ms",
            "milliseconds from the request to the end of the body",
        ),
        flag("reused", "a connection that was open already was used"),
    ]
}

/// Measures everything that is declared.
pub(super) fn measure(
    answer: &Answer,
    ask: &Ask,
    target: &Target,
    wanted: &Wanted,
    now: i64,
) -> Facts {
    let headers = &answer.headers;
    let csp = Csp::read(headers);
    let own = answer.address.origin().ascii_serialization();
    let text = body_text(answer);
    let whole = answer.body.decoded && !answer.body.truncated && answer.fault.is_none();
    let parsed = text
        .as_deref()
        .filter(|_| whole && answer.content_type.is_json())
        .map(|text| serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok());
    let page = Page::read(
        html(answer, text.as_deref()),
        &answer.address,
        answer.status.as_u16(),
        headers,
    );
    let non_text: Vec<_> = headers
        .lines()
        .iter()
        .filter(|line| !line.is_text)
        .map(|line| &line.name)
        .collect();
    let names: Vec<_> = headers.lines().iter().map(|line| &line.name).collect();

    let mut facts = Facts::new();
    let mut put = |name: &str, value: Value| _ = facts.insert(name.to_owned(), value);
    put("url", json!(address::masked(&answer.address)));
    put("status", json!(answer.status.as_u16()));
    put("protocol", json!(answer.protocol));
    put("method", json!(answer.method.as_str()));
    put("path_class", json!(address::class(&ask.path, target)));
    put("headers", Value::Object(kept::headers(headers, wanted)));
    put("header_names", json!(names));
    put("content_type", answer.content_type.facts(headers));
    put("hsts", hsts::read(headers));
    put("nosniff", legacy::nosniff(headers));
    put("xss_protection", legacy::xss_protection(headers));
    put("frame_options", framing::frame_options(headers));
    put(
        "framing",
        framing::framing(headers, &csp, answer.address.host_str().unwrap_or_default()),
    );
    put("referrer_policy", referrer::read(headers));
    put("permissions_policy", permissions::read(headers));
    put("csp", csp.facts());
    put("coop", isolation::coop(headers));
    put("coep", isolation::coep(headers));
    put("corp", isolation::corp(headers));
    put(
        "origin_agent_cluster",
        isolation::origin_agent_cluster(headers),
    );
    put(
        "cors",
        cors::read(headers, answer.sent_origin.as_deref(), &own),
    );
    put("cookies", cookie::facts(&cookie::all(headers), now));
    put("leaks", leaks::read(headers));
    put(
        "redirects",
        answer.redirects.iter().map(redirect_step).collect(),
    );
    put("redirect", first_redirect(answer.redirects.first()));
    put("body", body_facts(answer, ask, text.as_deref()));
    put("json_valid", json!(parsed.as_ref().map(Option::is_some)));
    put(
        "json",
        parsed.flatten().map_or(Value::Null, |value| {
            kept::json(&value, &wanted.below("json").collect::<Vec<_>>())
        }),
    );
    put("page", page.facts(answer.body.decoded));
    put("timing", timing_facts(answer));
    put("non_text_headers", json!(non_text));
    facts
}

/// The body as text, where it could be decoded and was kept; bytes that are not UTF-8 are replaced.
pub(super) fn body_text(answer: &Answer) -> Option<Cow<'_, str>> {
    answer
        .body
        .decoded
        .then(|| String::from_utf8_lossy(&answer.body.bytes))
}

/// The text, where it is HTML by its type or, without one, by its first character.
pub(super) fn html<'a>(answer: &Answer, text: Option<&'a str>) -> Option<&'a str> {
    let untyped =
        answer.content_type == ContentType::default() && !answer.headers.has("content-type");
    text.filter(|text| {
        answer.method != Method::HEAD
            && (answer.content_type.is_html() || (untyped && text.trim_start().starts_with('<')))
    })
}

fn body_facts(answer: &Answer, ask: &Ask, text: Option<&str>) -> Value {
    let body = &answer.body;
    let mut contains = Map::new();
    for wanted in &ask.contains {
        let found = text.is_some_and(|text| text.contains(wanted.as_str()));
        if found || (text.is_some() && !body.truncated && answer.fault.is_none()) {
            contains.insert(wanted.clone(), json!(found));
        }
    }
    let declared: Option<i64> = answer
        .headers
        .first("content-length")
        .and_then(|length| length.parse().ok());
    json!({
        "size": body.size,
        "wire_size": body.wire_size,
        "declared": declared,
        "truncated": body.truncated,
        "sha256": body.sha256,
        "encoding": answer.coding,
        "decoded": body.decoded,
        "contains": contains,
        "text_error": text_error(answer),
    })
}

fn text_error(answer: &Answer) -> bool {
    let kind = &answer.content_type;
    let claims = answer.body.decoded
        && kind.is_text()
        && kind
            .charset
            .as_deref()
            .is_none_or(|charset| charset == "utf-8" || charset == "utf8");
    claims
        && std::str::from_utf8(&answer.body.bytes).is_err_and(|error| {
            // The limit may cut a character in two.
            !(error.error_len().is_none() && answer.body.truncated)
        })
}

fn redirect_step(redirect: &Redirect) -> Value {
    json!({
        "status": redirect.status,
        "from": address::masked(&redirect.from),
        "to": address::masked(&redirect.to),
        "same_host": redirect.from.host() == redirect.to.host(),
        "to_https": redirect.to.scheme() == "https",
    })
}

fn first_redirect(redirect: Option<&Redirect>) -> Value {
    json!({
        "present": redirect.is_some(),
        "status": redirect.map(|redirect| redirect.status),
        "permanent": redirect.is_some_and(|redirect| matches!(redirect.status, 301 | 308)),
        "to": redirect.map(|redirect| address::masked(&redirect.to)),
        "same_host": redirect.is_some_and(|redirect| redirect.from.host() == redirect.to.host()),
        "to_https": redirect.is_some_and(|redirect| redirect.to.scheme() == "https"),
    })
}

fn timing_facts(answer: &Answer) -> Value {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "dns_ms": answer.connection.dns.map(ms),
        "connect_ms": answer.connection.connect.map(ms),
        "first_byte_ms": ms(answer.first_byte),
        "total_ms": ms(answer.total),
        "reused": answer.connection.reused(),
    })
}
