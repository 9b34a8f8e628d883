//! The dns probe: what a name server says about a name.

use super::transport::resolver::resolver;
use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::clock;
use crate::model::{FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use futures_util::future::{BoxFuture, join_all};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use url::Host;

const TYPES: &[(&str, RecordType)] = &[
    ("A", RecordType::A),
    ("AAAA", RecordType::AAAA),
    ("CNAME", RecordType::CNAME),
    ("MX", RecordType::MX),
    ("TXT", RecordType::TXT),
    ("CAA", RecordType::CAA),
    ("NS", RecordType::NS),
];

/// Asks for the records of one name.
pub(super) struct Dns;

impl Probe for Dns {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Bool, Int, Text};
        let mail = vec![
            FactSpec::new("preference", Int, "lower is tried first"),
            FactSpec::new("host", Text, "the mail server's name"),
        ];
        ProbeSpec {
            name: "dns",
            version: 1,
            summary: "Asks for the records of one name, taken as fully qualified: search domains are never added. \
                A name that does not exist is a fact; a server that fails or is silent is a hindrance.",
            level: Level::Live,
            exclusive: false,
            needs_target: false,
            parameters: vec![
                ParameterSpec::optional("name", Text, "the name; default the target's host"),
                ParameterSpec::optional(
                    "server",
                    Text,
                    "the server to ask, as address:port; default this machine's resolver with its hosts file",
                ),
                ParameterSpec::optional(
                    "types",
                    FactKind::list(Text),
                    "the record types to ask for: A, AAAA, CNAME, MX, TXT, CAA, NS; default [\"A\", \"AAAA\"]",
                ),
            ],
            facts: vec![
                FactSpec::new("name", Text, "the name that was asked for"),
                FactSpec::new(
                    "addresses",
                    FactKind::list(Text),
                    "IPv4 and IPv6 addresses, in order; an address stands for itself",
                ),
                FactSpec::new(
                    "cname",
                    FactKind::optional(Text),
                    "the name that it is an alias of",
                ),
                FactSpec::new(
                    "mx",
                    FactKind::list(FactKind::Object(mail)),
                    "mail servers, first choice first",
                ),
                FactSpec::new(
                    "txt",
                    FactKind::list(Text),
                    "texts, each joined from its parts",
                ),
                FactSpec::new(
                    "caa",
                    FactKind::list(Text),
                    "who may issue certificates, as `flags tag \"value\"`",
                ),
                FactSpec::new("ns", FactKind::list(Text), "name servers"),
                FactSpec::new(
                    "ttl_min",
                    FactKind::optional(Int),
                    "the shortest lifetime of the records that were found, in seconds",
                ),
                FactSpec::new(
                    "exists",
                    Bool,
                    "false where the server says that there is no such name (NXDOMAIN)",
                ),
                FactSpec::new(
                    "loopback",
                    Bool,
                    "some address is that of this machine itself",
                ),
                FactSpec::new(
                    "private",
                    Bool,
                    "some address is of private use, which the internet does not lead to (RFC 1918, 6598, 3927, 4193)",
                ),
            ],
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let mut look = Facts::new();
        let target = || {
            context
                .target
                .as_ref()
                .and_then(|target| target.url.host_str())
        };
        if let Some(name) = given(parameters, "name")?.or_else(target) {
            look.insert("name".into(), subject(name)?.to_string().into());
        }
        if let Some(server) = given(parameters, "server")? {
            let server = server_address(server)?;
            look.insert("server".into(), server.to_string().into());
        }
        let types = match parameters.get("types") {
            Some(types) => record_types(types)?,
            None => vec!["A", "AAAA"],
        };
        look.insert("types".into(), types.into());
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, _: &Context) -> String {
        let types: Vec<_> = types(parameters).collect();
        format!(
            "DNS {} {}",
            types.join(" "),
            text(parameters, "name").unwrap_or("no name")
        )
    }

    fn origin(&self, parameters: &Facts, _: &Context) -> Option<String> {
        Some(format!(
            "dns://{}",
            text(parameters, "server").unwrap_or("system")
        ))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            match records(parameters, context).await {
                Ok(facts) => Sighting::of(facts),
                Err(hindrance) => {
                    let passing =
                        matches!(hindrance.kind, HindranceKind::Dns | HindranceKind::Timeout);
                    Sighting {
                        transient: passing.then_some(Transient { retry_after: None }),
                        ..Sighting::hindered(hindrance)
                    }
                }
            }
        })
    }
}

/// A parameter that must be text if it is there; what is filled in may be something else.
fn given<'a>(parameters: &'a Facts, key: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = parameters.get(key) else {
        return Ok(None);
    };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| format!("{key}: {value} is not text"))
}

fn text<'a>(parameters: &'a Facts, key: &str) -> Option<&'a str> {
    parameters.get(key).and_then(Value::as_str)
}

fn types(parameters: &Facts) -> impl Iterator<Item = &str> {
    parameters
        .get("types")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// A name or an address, without brackets and without the dot of the root.
fn subject(name: &str) -> Result<Host, String> {
    let bare = name.trim_end_matches('.');
    let host = match bare.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => Host::Ipv6(address),
        Err(_) => Host::parse(bare)
            .map_err(|error| format!("name: '{name}' is not a host name: {error}"))?,
    };
    match &host {
        Host::Domain(domain) => {
            Name::from_ascii(domain)
                .map_err(|error| format!("name: '{name}' is not a host name: {error}"))?;
        }
        Host::Ipv4(_) | Host::Ipv6(_) => {}
    }
    Ok(host)
}

fn server_address(server: &str) -> Result<SocketAddr, String> {
    server
        .parse()
        .or_else(|_| {
            server
                .parse::<IpAddr>()
                .map(|address| SocketAddr::new(address, 53))
        })
        .map_err(|_| {
            format!("server: '{server}' is not an address with a port, such as \"127.0.0.1:53\"")
        })
}

/// The types in the order of the table, each once, so that equal looks are seen to be equal.
fn record_types(asked: &Value) -> Result<Vec<&'static str>, String> {
    let words: Vec<String> = asked
        .as_array()
        .into_iter()
        .flatten()
        .map(|word| word.as_str().unwrap_or_default().to_uppercase())
        .collect();
    let known = || TYPES.iter().map(|(word, _)| *word);
    match words
        .iter()
        .find(|word| !known().any(|name| name == word.as_str()))
    {
        Some(word) => Err(format!(
            "types: '{word}' is not one of {}",
            known().collect::<Vec<_>>().join(", ")
        )),
        None if words.is_empty() => Err("types: name at least one record type".into()),
        None => Ok(known()
            .filter(|name| words.iter().any(|word| word == name))
            .collect()),
    }
}

async fn records(parameters: &Facts, context: &Context) -> Result<Facts, Hindrance> {
    let internal = |cause: String| Hindrance::new(HindranceKind::Internal, cause);
    let name = text(parameters, "name").ok_or_else(|| {
        Hindrance::new(
            HindranceKind::Absent,
            "there is no target and no name is given",
        )
    })?;
    let mut found = Found {
        exists: true,
        ..Found::default()
    };
    match subject(name).map_err(internal)? {
        Host::Ipv4(address) => found.addresses.push(address.into()),
        Host::Ipv6(address) => found.addresses.push(address.into()),
        Host::Domain(domain) => {
            let mut name =
                Name::from_ascii(&domain).map_err(|error| internal(error.to_string()))?;
            name.set_fqdn(true);
            found = ask(name, parameters, context).await?;
        }
    }
    Ok(found.facts(name))
}

/// Asks every question at once; one that stays unanswered hinders the whole look.
async fn ask(name: Name, parameters: &Facts, context: &Context) -> Result<Found, Hindrance> {
    let internal = |cause: String| Hindrance::new(HindranceKind::Internal, cause);
    let server = text(parameters, "server")
        .map(server_address)
        .transpose()
        .map_err(internal)?;
    let left = context.until.saturating_duration_since(clock::tick());
    // Asked twice within the time that is left, with some to spare for the answer.
    let resolver = resolver(server, left * 2 / 5)
        .map_err(|cause| Hindrance::new(HindranceKind::Dns, cause))?;
    let questions = TYPES
        .iter()
        .filter(|(word, _)| types(parameters).any(|one| one == *word))
        .map(|(word, kind)| {
            let (resolver, name) = (&resolver, name.clone());
            async move { (word, resolver.lookup(name, *kind).await) }
        });
    let answers = tokio::time::timeout_at(context.until.into(), join_all(questions))
        .await
        .map_err(|_| {
            Hindrance::new(
                HindranceKind::Timeout,
                format!("no answer about {name} in time"),
            )
        })?;
    let mut found = Found::default();
    for (word, answer) in answers {
        match answer {
            Ok(answer) => {
                found.exists = true;
                answer
                    .answers()
                    .iter()
                    .for_each(|record| found.take(record));
            }
            Err(error) if error.is_nx_domain() => {}
            Err(error) if error.is_no_records_found() => found.exists = true,
            Err(error) => return Err(hindrance(&name, word, &error)),
        }
    }
    Ok(found)
}

fn hindrance(name: &Name, word: &str, error: &NetError) -> Hindrance {
    let (kind, cause) = match error {
        NetError::Timeout => (
            HindranceKind::Timeout,
            "the name server did not answer in time".into(),
        ),
        NetError::Dns(DnsError::ResponseCode(code)) => (
            HindranceKind::Dns,
            format!("the name server answered {code}"),
        ),
        NetError::NoConnections => (HindranceKind::Dns, "no name server could be reached".into()),
        other => (HindranceKind::Dns, other.to_string()),
    };
    Hindrance::new(kind, format!("{word} of {name} {cause}"))
}

/// What the answers said, together.
#[derive(Default)]
struct Found {
    exists: bool,
    addresses: Vec<IpAddr>,
    cname: Option<String>,
    mx: Vec<(u16, String)>,
    txt: Vec<String>,
    caa: Vec<String>,
    ns: Vec<String>,
    ttl_min: Option<u32>,
}

impl Found {
    fn take(&mut self, record: &Record) {
        self.ttl_min = Some(self.ttl_min.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
        match &record.data {
            RData::A(address) => self.addresses.push(address.0.into()),
            RData::AAAA(address) => self.addresses.push(address.0.into()),
            // Later links of a chain come after the first.
            RData::CNAME(alias) => {
                self.cname.get_or_insert_with(|| plain(alias));
            }
            RData::MX(mail) => self.mx.push((mail.preference, plain(&mail.exchange))),
            RData::TXT(text) => self
                .txt
                .push(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            RData::CAA(rule) => self.caa.push(rule.to_string()),
            RData::NS(server) => self.ns.push(plain(server)),
            _ => {}
        }
    }

    /// The facts, in an order that does not depend on how the server shuffles its records.
    fn facts(mut self, name: &str) -> Facts {
        self.addresses.sort();
        self.mx.sort();
        self.txt.sort();
        self.caa.sort();
        self.ns.sort();
        let mx: Vec<_> = self
            .mx
            .iter()
            .map(|(preference, host)| json!({ "preference": preference, "host": host }))
            .collect();
        let facts = json!({
            "name": name,
            "addresses": self.addresses,
            "cname": self.cname,
            "mx": mx,
            "txt": self.txt,
            "caa": self.caa,
            "ns": self.ns,
            "ttl_min": self.ttl_min,
            "exists": self.exists,
            "loopback": self.addresses.iter().any(|it| it.is_loopback() || it.is_unspecified()),
            "private": self.addresses.iter().any(is_private),
        });
        match facts {
            Value::Object(facts) => facts,
            _ => Facts::new(),
        }
    }
}

/// A name without the dot of the root, in lower case.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_lowercase()
}

/// Addresses of private use, shared ones of carriers, and those of one link.
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
