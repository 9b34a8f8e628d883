//! The sender probe: whether receivers can believe mail from the application's sender, by what its domain's DNS says.

mod declared;
mod names;
mod policy;
mod provider;
mod spf;

use super::ladder::Ladder;
use super::smtp::{Sender as Address, mail_host, sender_address};
use super::{Context, Probe, ProbeSpec, Sighting, Wanted};
use crate::model::{Facts, Hindrance, HindranceKind};
use declared::RUNGS;
use futures_util::future::BoxFuture;
use names::Resolver;
use policy::{Dkim, Dmarc};
use provider::{Bounces, Provider};
use serde_json::{Value, json};
use spf::Names as _;
use std::net::{IpAddr, SocketAddr};

/// Resend's shared sender, which reaches the account's owner only.
const SHARED: &str = "resend.dev";
/// Names that never stand in the public DNS, or stand for nobody there (RFC 2606, RFC 6761).
const RESERVED: &[&str] = &["invalid", "example", "localhost", "local"];

/// The name of the mail provider whose server this is.
pub(super) fn provider_of(host: &str) -> Option<&'static str> {
    provider::of_host(host).map(|provider| provider.name)
}

/// Looks at the sender's domain.
pub(super) struct Sender;

impl Probe for Sender {
    fn spec(&self) -> ProbeSpec {
        declared::spec()
    }

    fn looks(&self, parameters: &Facts, _: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        for (key, value) in parameters {
            let text = value
                .as_str()
                .ok_or_else(|| format!("{key}: {value} is not text"))?;
            // What is filled in from a variable that is not set is empty.
            if !text.is_empty() {
                look.insert(key.clone(), text.into());
            }
        }
        servers(&look)?;
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        let sender = sender_address(&context.environment, text(parameters, "from"));
        match sender.as_ref().and_then(Address::domain) {
            Some(domain) => format!("DNS of {domain} as a sender"),
            None => "the sender's domain".into(),
        }
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        let server = text(parameters, "server").unwrap_or("system");
        Some(format!("dns://{server}"))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            look(parameters, context)
                .await
                .map_or_else(Sighting::hindered, Sighting::of)
        })
    }
}

fn text<'a>(parameters: &'a Facts, key: &str) -> Option<&'a str> {
    parameters.get(key).and_then(Value::as_str)
}

fn servers(parameters: &Facts) -> Result<Vec<SocketAddr>, String> {
    let Some(servers) = text(parameters, "server") else {
        return Ok(Vec::new());
    };
    let one = |server: &str| {
        server
            .parse()
            .or_else(|_| server.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
            .map_err(|_| {
                format!(
                    "server: '{server}' is not an address with a port, such as \"127.0.0.1:53\""
                )
            })
    };
    servers.split(',').map(str::trim).map(one).collect()
}

async fn look(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let sender = sender_address(&context.environment, text(parameters, "from"))
        .ok_or_else(|| Hindrance::new(HindranceKind::Absent, "no variable holds a sender"))?;
    let provider = recognised(context);
    let mut facts = declared::blank();
    facts.insert("variable".into(), sender.variable.as_str().into());
    facts.insert("origin".into(), sender.origin.as_str().into());
    facts.insert("length".into(), sender.value.chars().count().into());
    let fingerprint = context.secrets.fingerprint(&sender.value);
    facts.insert("fingerprint".into(), fingerprint.into());
    facts.insert("domain".into(), sender.domain().into());
    facts.insert("provider".into(), provider.map(|one| one.name).into());
    let mut ladder = Ladder::new(RUNGS);
    if let Some(domain) = own_domain(&sender, &mut ladder, &mut facts) {
        let dns = |cause| Hindrance::new(HindranceKind::Dns, cause);
        let servers = servers(parameters).map_err(dns)?;
        let resolver = Resolver::new(&servers, context.deadline()).map_err(dns)?;
        match resolver.exists(&domain).await {
            Err(cause) => ladder.untold("exists", cause),
            Ok(false) => ladder.broke(
                "exists",
                format!("there is no domain {domain}"),
                "correct the domain in the sender, or register it",
            ),
            Ok(true) => {
                ladder.held("exists");
                let selector = text(parameters, "selector");
                let (spf, dkim, dmarc, mx, feedback) = tokio::join!(
                    spf(&resolver, &domain, provider),
                    dkim(&resolver, &domain, provider, selector),
                    dmarc(&resolver, &domain),
                    mx(&resolver, &domain),
                    feedback(&resolver, &domain, provider),
                );
                facts.insert("spf".into(), spf);
                facts.insert("dkim".into(), dkim);
                facts.insert("dmarc".into(), dmarc);
                facts.insert("mx".into(), mx);
                facts.insert("feedback".into(), feedback);
            }
        }
    }
    facts.insert("steps".into(), ladder.into_fact());
    Ok(facts)
}

/// The provider, by the mail server's name or by the kind of key.
fn recognised(context: &Context) -> Option<&'static Provider> {
    if let Some(host) = mail_host(&context.environment) {
        return provider::of_host(&host);
    }
    let set = |name: &str| {
        let variable = context.environment.get(name);
        variable.is_some_and(|variable| !variable.value.trim().is_empty())
    };
    [
        ("RESEND_API_KEY", "Resend"),
        ("AUTH_RESEND_KEY", "Resend"),
        ("SENDGRID_API_KEY", "SendGrid"),
        ("AUTH_SENDGRID_KEY", "SendGrid"),
        ("POSTMARK_API_TOKEN", "Postmark"),
        ("AUTH_POSTMARK_KEY", "Postmark"),
    ]
    .into_iter()
    .find(|(variable, _)| set(variable))
    .and_then(|(_, name)| provider::named(name))
}

/// The sender's domain, where it is one of the application's own.
fn own_domain(sender: &Address, ladder: &mut Ladder, facts: &mut Facts) -> Option<String> {
    let name = &sender.variable;
    if let Err(cause) = &sender.address {
        ladder.broke(
            "address",
            cause.clone(),
            "write an address, or a name with an address in angle brackets: Shop <mail@shop.tld>",
        );
        return None;
    }
    ladder.held("address");
    let domain = sender.domain()?;
    let reserved = domain
        .rsplit('.')
        .next()
        .is_some_and(|last| RESERVED.contains(&last));
    let sample = crate::probe::environment::sample_text(&sender.value);
    if reserved || sample.is_some() || !domain.contains('.') {
        let reason = sample.unwrap_or("such a name belongs to nobody");
        ladder.broke(
            "own",
            format!("{name} still holds sample text ({domain}): {reason}"),
            "put in an address of a domain that is verified at the mail provider",
        );
        return None;
    }
    let shared = domain == SHARED;
    facts.insert("shared_sender".into(), shared.into());
    if shared {
        ladder.broke(
            "own",
            format!("{name} is Resend's shared sender, which reaches the account's owner only: users get no mail"),
            "verify a domain of your own at https://resend.com/domains and use an address of it",
        );
        return None;
    }
    ladder.held("own");
    Some(domain)
}

async fn spf(resolver: &Resolver, domain: &str, provider: Option<&Provider>) -> Value {
    let bounces = provider.map_or(Bounces::Sender, |one| one.bounces);
    let name = match bounces {
        Bounces::Below(label) => format!("{label}.{domain}"),
        Bounces::Sender | Bounces::Provider => domain.to_owned(),
    };
    let policy = spf::follow(resolver, &name).await;
    let include = provider.and_then(|one| one.include);
    let untold = policy.untold.join("; ");
    let taken_in = include.map(|include| policy.taken_in.iter().any(|one| one == include));
    // Where bounces go to a name made for the provider, its include stands as it was given. Elsewhere
    // the provider's addresses may have been written out.
    let open = policy.opaque && !matches!(bounces, Bounces::Below(_));
    let open = open || !policy.untold.is_empty();
    let authorises = taken_in.filter(|taken_in| *taken_in || !open);
    // Whether there is a record is told by the first answer; what could not be told comes after it.
    let read = policy.untold.is_empty() || policy.records > 0;
    json!({
        "name": name,
        "needed": bounces != Bounces::Provider,
        "records": read.then_some(policy.records),
        "text": policy.text,
        "lookups": policy.untold.is_empty().then_some(policy.lookups),
        "void_lookups": policy.untold.is_empty().then_some(policy.void_lookups),
        "all": policy.all.map(String::from),
        "taken_in": policy.taken_in,
        "wants": include,
        "authorises": authorises,
        "errors": policy.errors,
        "cause": (!untold.is_empty()).then_some(untold),
    })
}

async fn dkim(
    resolver: &Resolver,
    domain: &str,
    provider: Option<&Provider>,
    given: Option<&str>,
) -> Value {
    let selectors: Vec<&str> = match given {
        Some(given) => vec![given],
        None => provider.map_or_else(Vec::new, |one| one.selectors.to_vec()),
    };
    let asked = selectors.iter().map(|selector| async move {
        let name = format!("{selector}._domainkey.{domain}");
        (*selector, resolver.texts(&name).await)
    });
    let mut best: Option<(&str, Dkim)> = None;
    let mut causes = Vec::new();
    for (selector, answer) in futures_util::future::join_all(asked).await {
        match answer {
            Err(cause) => causes.push(cause),
            Ok(texts) => {
                for found in texts.iter().filter_map(|text| policy::dkim(text)) {
                    let better =
                        matches!(found, Dkim::Key(_)) && !matches!(best, Some((_, Dkim::Key(_))));
                    if better || best.is_none() {
                        best = Some((selector, found));
                    }
                }
            }
        }
    }
    let held = matches!(best, Some((_, Dkim::Key(_))));
    // That nothing stands at a name proves something only where the key can stand at no other.
    let certain = given.is_some() || provider.is_some_and(|one| one.fixed_selectors);
    let cause = if held || (causes.is_empty() && certain) {
        None
    } else if !causes.is_empty() {
        Some(causes.join("; "))
    } else {
        let place = provider.map_or(
            "the mail provider is not known, and so is its selector".into(),
            |one| {
                if selectors.is_empty() {
                    format!("{} gives each customer other selectors", one.name)
                } else {
                    format!("no key stands at the usual selectors of {}", one.name)
                }
            },
        );
        Some(format!(
            "{place}; set HOLDPOINT_DKIM_SELECTOR to the one that the provider shows"
        ))
    };
    json!({
        "asked": selectors,
        "found": if held { Some(true) } else { cause.is_none().then_some(false) },
        "selector": best.as_ref().map(|(selector, _)| *selector),
        "state": best.as_ref().map(|(_, state)| match state {
            Dkim::Key(_) => "key",
            Dkim::Revoked => "revoked",
            Dkim::Broken => "broken",
        }),
        "key_bytes": best.and_then(|(_, state)| match state {
            Dkim::Key(bytes) => Some(bytes),
            Dkim::Revoked | Dkim::Broken => None,
        }),
        "cause": cause,
    })
}

/// Looks at the domain and, where it has none, at each name above it that is not a top-level one.
async fn dmarc(resolver: &Resolver, domain: &str) -> Value {
    let mut name = domain;
    loop {
        let records = match resolver.texts(&format!("_dmarc.{name}")).await {
            Ok(texts) => texts,
            Err(cause) => return declared::dmarc_untold(&cause),
        };
        let found: Vec<&String> = records
            .iter()
            .filter(|text| policy::is_dmarc(text))
            .collect();
        if let [first, more @ ..] = found.as_slice() {
            let parsed = Dmarc::parse(first);
            let error = match (&parsed, more) {
                (_, [_, ..]) => Some(format!(
                    "there are {} records, and receivers then use none",
                    found.len()
                )),
                (Err(cause), []) => Some(cause.clone()),
                (Ok(_), []) => None,
            };
            let read = parsed.ok();
            let inherited = name != domain;
            let policy = read.as_ref().map(|read| match &read.below {
                Some(below) if inherited => below.clone(),
                _ => read.policy.clone(),
            });
            return json!({
                "records": found.len(),
                "name": format!("_dmarc.{name}"),
                "text": first,
                "policy": policy,
                "reports": read.as_ref().map(|read| read.reports),
                "error": error,
                "cause": null,
            });
        }
        match name.split_once('.') {
            Some((_, above)) if above.contains('.') => name = above,
            _ => break,
        }
    }
    json!({
        "records": 0, "name": format!("_dmarc.{domain}"), "text": null, "policy": null,
        "reports": null, "error": null, "cause": null,
    })
}

async fn mx(resolver: &Resolver, domain: &str) -> Value {
    match resolver.exchanges(domain).await {
        Ok(hosts) => {
            let null_mx = hosts.iter().any(String::is_empty);
            let hosts: Vec<String> = hosts.into_iter().filter(|host| !host.is_empty()).collect();
            json!({ "known": true, "hosts": hosts, "refuses": null_mx, "cause": null })
        }
        Err(cause) => json!({ "known": null, "hosts": [], "refuses": null, "cause": cause }),
    }
}

/// The mail server that takes the provider's bounces.
async fn feedback(resolver: &Resolver, domain: &str, provider: Option<&Provider>) -> Value {
    let wanted = provider.and_then(|one| Some((one.feedback?, one.bounces)));
    let Some(((begins, ends), Bounces::Below(label))) = wanted else {
        return json!({ "name": null, "needed": false, "right": null, "cause": null });
    };
    let name = format!("{label}.{domain}");
    match resolver.exchanges(&name).await {
        Ok(hosts) => {
            let right = hosts
                .iter()
                .any(|host| host.starts_with(begins) && host.ends_with(ends));
            json!({ "name": name, "needed": true, "right": right, "cause": null })
        }
        Err(cause) => json!({ "name": name, "needed": true, "right": null, "cause": cause }),
    }
}
