//! What an answer announces about rate limits, in the dialects that are in use.
//!
//! The shapes are those of draft-ietf-httpapi-ratelimit-headers-10, of express-rate-limit 8 (source/headers.ts), and of
//! services that go without a specification: GitHub, GitLab, Kong, Envoy, Discord, Shopify, OpenAI.

use super::draft;
use super::reset::{Reset, number};
use std::collections::BTreeMap;

/// One limit that is announced.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Announced {
    /// `draft-8`, `draft-7`, `draft-6`, `x-ratelimit`, `x-rate-limit`, `shopify`.
    pub(super) dialect: &'static str,
    /// What the limit is called, or what it counts; empty where that is not said.
    pub(super) policy: String,
    pub(super) limit: Option<u64>,
    /// Seconds.
    pub(super) window: Option<u64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset: Option<Reset>,
    /// The dialect says that the reset counts seconds from now.
    pub(super) counts_seconds: bool,
}

/// All that an answer announces, and where it breaks its own dialect.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Announcement {
    pub(super) limits: Vec<Announced>,
    pub(super) faults: Vec<String>,
}

/// Reads header lines, their names in lower case.
pub(super) fn read(lines: &[(String, String)]) -> Announcement {
    let mut told = Announcement::default();
    let values = |name: &str| {
        let of = lines.iter().filter(|(line, _)| line == name);
        of.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    single_fields(&values("ratelimit"), &values("ratelimit-policy"), &mut told);
    for (dialect, prefix) in [
        ("draft-6", "ratelimit-"),
        ("x-ratelimit", "x-ratelimit-"),
        ("x-rate-limit", "x-rate-limit-"),
    ] {
        families(dialect, prefix, lines, &mut told);
    }
    for value in values("x-shopify-shop-api-call-limit") {
        match value
            .split_once('/')
            .map(|(used, limit)| (whole(used), whole(limit)))
        {
            Some((Some(used), Some(limit))) => told.limits.push(Announced {
                dialect: "shopify",
                limit: Some(limit),
                #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
                remaining: Some(limit.saturating_sub(used) as f64),
                ..Announced::default()
            }),
            _ => told
                .faults
                .push("X-Shopify-Shop-Api-Call-Limit is not used/limit".into()),
        }
    }
    for one in &told.limits {
        if let (Some(limit), Some(remaining)) = (one.limit, one.remaining) {
            #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
            if remaining > limit as f64 {
                told.faults
                    .push(format!("{remaining} are said to remain of {limit}"));
            }
        }
    }
    told
}

fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// RateLimit with RateLimit-Policy: lists of named items since draft 8, `limit=, remaining=, reset=` in draft 7.
fn single_fields(limits: &[&str], policies: &[&str], told: &mut Announcement) {
    let (limit, policy) = (limits.join(", "), policies.join(", "));
    if limit.contains("limit=") && !limit.trim_start().starts_with('"') {
        draft_7(&limit, &policy, told);
        return;
    }
    let named = policy.trim_start().starts_with('"');
    if limit.is_empty() && !named {
        // RateLimit-Policy with a number belongs to draft 6.
        return;
    }
    let mut list = |name: &str, text: &str| {
        if text.is_empty() {
            return Vec::new();
        }
        draft::items(text).unwrap_or_else(|| {
            told.faults.push(format!(
                "{name} is no list of named items, so clients must ignore it"
            ));
            Vec::new()
        })
    };
    let quotas = list("RateLimit-Policy", if named { &policy } else { "" });
    let states = list("RateLimit", &limit);
    let mut faults = Vec::new();
    for quota in &quotas {
        if quota.number("q").is_none() {
            faults.push("a policy in RateLimit-Policy has no quota q".into());
        }
        if quota.has("w") && quota.number("w").is_none_or(|window| window == 0) {
            faults.push("a window w in RateLimit-Policy is no positive number of seconds".into());
        }
    }
    for state in &states {
        if state.number("r").is_none() {
            faults.push("an item of RateLimit has no remaining quota r".into());
        }
        if state.has("t") && state.number("t").is_none() {
            faults.push("a time t in RateLimit is no number of seconds".into());
        }
    }
    told.faults.append(&mut faults);
    let of = |name: &str| states.iter().find(|state| state.name == name);
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
    let limit = |name: &str, quota: Option<&draft::Item>, state: Option<&draft::Item>| Announced {
        dialect: "draft-8",
        policy: name.to_owned(),
        limit: quota.and_then(|quota| quota.number("q")),
        window: quota.and_then(|quota| quota.number("w")),
        remaining: state
            .and_then(|state| state.number("r"))
            .map(|left| left as f64),
        reset: state
            .and_then(|state| state.number("t"))
            .map(|left| Reset::Number(left as f64)),
        counts_seconds: true,
    };
    for quota in &quotas {
        told.limits
            .push(limit(&quota.name, Some(quota), of(&quota.name)));
    }
    for state in &states {
        if !quotas.iter().any(|quota| quota.name == state.name) {
            told.limits.push(limit(&state.name, None, Some(state)));
        }
    }
}

fn draft_7(limit: &str, policy: &str, told: &mut Announcement) {
    let mut one = Announced {
        dialect: "draft-7",
        counts_seconds: true,
        ..Announced::default()
    };
    for part in limit.split(',') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.trim() {
            "limit" => one.limit = whole(value),
            "remaining" => one.remaining = number(value.trim()),
            "reset" => one.reset = number(value.trim()).map(Reset::Number),
            _ => {}
        }
    }
    if one.limit.is_none() || one.remaining.is_none() || one.reset.is_none() {
        told.faults
            .push("RateLimit does not give limit, remaining and reset as numbers".into());
    }
    one.window = window(policy, one.limit);
    told.limits.push(one);
}

/// The window of the policy with that quota: `10;w=10`, `100;w=60;comment="…"`.
fn window(policies: &str, limit: Option<u64>) -> Option<u64> {
    policies.split(',').find_map(|policy| {
        let mut parts = policy.split(';');
        let quota = whole(parts.next()?);
        let window = parts.find_map(|part| whole(part.trim().strip_prefix("w=")?));
        window.filter(|_| quota.is_some() && quota == limit)
    })
}

/// One field each for limit, remaining and reset, where their names may end in what they count (`-Minute`, `-requests`).
fn families(
    dialect: &'static str,
    prefix: &str,
    lines: &[(String, String)],
    told: &mut Announcement,
) {
    let mut found: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for (name, value) in lines {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        let kinds = ["limit", "remaining", "reset-after", "reset"];
        let Some((kind, counted)) = kinds.into_iter().find_map(|kind| {
            let counted = rest.strip_prefix(kind)?;
            (counted.is_empty() || counted.starts_with('-')).then_some((kind, counted))
        }) else {
            continue;
        };
        let family = found
            .entry(counted.trim_start_matches('-').to_owned())
            .or_default();
        if family
            .insert(kind, value)
            .is_some_and(|other| other != value)
        {
            told.faults
                .push(format!("{name} is sent twice, with different values"));
        }
    }
    for (counted, fields) in found {
        let mut unread = |field: &str| {
            told.faults.push(format!(
                "{prefix}{field} holds something that is not understood"
            ));
        };
        let mut one = Announced {
            dialect,
            counts_seconds: dialect == "draft-6",
            ..Announced::default()
        };
        if let Some(value) = fields.get("limit") {
            // Older drafts and Envoy put the policies behind the number: `10, 10;w=1;name="a"`.
            one.limit = value.split([',', ';']).next().and_then(whole);
            one.window = window(value, one.limit);
            if one.limit.is_none() {
                unread("limit");
            }
        }
        if let Some(value) = fields.get("remaining") {
            one.remaining = number(value.trim());
            if one.remaining.is_none() {
                unread("remaining");
            }
        }
        if let Some(value) = fields.get("reset") {
            one.reset = Reset::read(value);
            if one.reset.is_none() {
                unread("reset");
            }
        }
        if let Some(value) = fields.get("reset-after") {
            // Discord sends both; this one cannot be misread.
            one.reset = number(value.trim()).map(Reset::Duration).or(one.reset);
        }
        let of_policy = lines
            .iter()
            .filter(|(name, _)| dialect == "draft-6" && name == "ratelimit-policy");
        for (_, policy) in of_policy {
            one.window = one.window.or_else(|| window(policy, one.limit));
        }
        one.window = one.window.or(match counted.as_str() {
            "second" => Some(1),
            "minute" => Some(60),
            "hour" => Some(3600),
            "day" => Some(86_400),
            _ => None,
        });
        one.policy = counted;
        if one.limit.is_some() || one.remaining.is_some() || one.reset.is_some() {
            told.limits.push(one);
        }
    }
}

#[cfg(test)]
mod tests;
