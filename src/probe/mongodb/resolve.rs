//! Name resolution as drivers do it: SRV and TXT records of a cluster, then the addresses of each server.

use super::cause::Cause;
use super::uri::Address;
use crate::clock;
use crate::probe::transport::mongodb::within;
use crate::probe::transport::{lookup, resolver::resolver};
use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// How long name resolution may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// One server to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seed {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) addresses: Vec<IpAddr>,
}

impl Seed {
    /// `host:port`
    pub(super) fn name(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// What name resolution told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) seeds: Vec<Seed>,
    /// Options that the TXT record gives.
    pub(super) auth_source: Option<String>,
    pub(super) replica_set: Option<String>,
    pub(super) load_balanced: Option<bool>,
}

/// Resolves what the connection string names, with the system's resolver or `server`.
///
/// # Errors
/// Why no server is known.
pub(super) async fn resolve(
    address: &Address,
    server: Option<SocketAddr>,
    until: Instant,
) -> Result<Resolved, Cause> {
    let until = within(PATIENCE, until);
    let left = until.saturating_duration_since(clock::tick());
    // Asked twice within the time that is left.
    let resolver = resolver(server, left * 2 / 5).map_err(Cause::untold)?;
    let looking_up = async {
        let mut resolved = Resolved::default();
        let hosts = if address.srv {
            let host = &address.hosts[0].0;
            options(&resolver, host, &mut resolved).await?;
            servers(&resolver, &address.service, host).await?
        } else {
            address.hosts.clone()
        };
        let addresses = join_all(
            hosts
                .iter()
                .map(|(host, port)| addresses(&resolver, server.is_none(), host, *port)),
        );
        let mut causes = Vec::new();
        for ((host, port), found) in hosts.iter().zip(addresses.await) {
            let addresses = found.unwrap_or_else(|cause| {
                causes.push(cause);
                Vec::new()
            });
            resolved.seeds.push(Seed {
                host: host.clone(),
                port: *port,
                addresses,
            });
        }
        let none = resolved.seeds.iter().all(|seed| seed.addresses.is_empty());
        match causes.into_iter().min_by_key(|cause| cause.ok.is_some()) {
            Some(cause) if none => Err(cause),
            _ => Ok(resolved),
        }
    };
    tokio::time::timeout_at(until.into(), looking_up)
        .await
        .unwrap_or_else(|_| Err(Cause::untold("the name server did not answer in time")))
}

/// The TXT record of a cluster: at most one, with authSource, replicaSet and loadBalanced alone
/// (MongoDB, Initial DNS Seedlist Discovery specification).
async fn options(
    resolver: &TokioResolver,
    host: &str,
    resolved: &mut Resolved,
) -> Result<(), Cause> {
    let answer = match resolver.txt_lookup(absolute(host)).await {
        Ok(answer) => answer,
        Err(error) if error.is_no_records_found() || error.is_nx_domain() => return Ok(()),
        Err(error) => return Err(unanswered("TXT", host, &error)),
    };
    let texts: Vec<_> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        })
        .collect();
    let [text] = texts.as_slice() else {
        return if texts.is_empty() {
            Ok(())
        } else {
            Err(Cause::broke(
                format!("{host} has several TXT records, and drivers accept one"),
                "take away the TXT records that are not MongoDB's",
            ))
        };
    };
    for option in text.split('&') {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name.to_ascii_lowercase().as_str() {
            "authsource" => resolved.auth_source = Some(value.into()),
            "replicaset" => resolved.replica_set = Some(value.into()),
            "loadbalanced" => resolved.load_balanced = Some(value == "true"),
            _ => {
                return Err(Cause::broke(
                    format!(
                        "the TXT record of {host} holds more than authSource, replicaSet and loadBalanced, which drivers refuse"
                    ),
                    "take out of the TXT record what is not MongoDB's",
                ));
            }
        }
    }
    Ok(())
}

/// The SRV records of a cluster. Their hosts must lie in its own domain, or drivers refuse them.
async fn servers(
    resolver: &TokioResolver,
    service: &str,
    host: &str,
) -> Result<Vec<(String, u16)>, Cause> {
    let name = format!("_{service}._tcp.{host}");
    let wrong = "copy the host from the Connect dialog of Atlas again; a cluster that was deleted, or paused for long, has no records";
    let answer = match resolver.srv_lookup(absolute(&name)).await {
        Ok(answer) => answer,
        Err(error) if error.is_nx_domain() => {
            return Err(Cause::broke(
                format!("{name} does not exist: the host name is wrong, or the cluster is gone"),
                wrong,
            ));
        }
        Err(error) if error.is_no_records_found() => {
            return Err(Cause::broke(
                format!("{name} has no SRV records: the host is no cluster, or it is gone"),
                wrong,
            ));
        }
        Err(error) => return Err(unanswered("SRV", &name, &error)),
    };
    let mut hosts: Vec<(String, u16)> = answer
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(server) => {
                let target = server.target.to_ascii();
                Some((
                    target.trim_end_matches('.').to_ascii_lowercase(),
                    server.port,
                ))
            }
            _ => None,
        })
        .collect();
    hosts.sort();
    if let Some((stranger, _)) = hosts.iter().find(|(target, _)| !is_kin(host, target)) {
        return Err(Cause::broke(
            format!(
                "the SRV records of {host} lead to {stranger}, outside its domain, and drivers refuse that"
            ),
            wrong,
        ));
    }
    Ok(hosts)
}

/// Does the host that an SRV record names share the domain of the one that was asked about?
fn is_kin(asked: &str, target: &str) -> bool {
    let asked = asked.to_ascii_lowercase();
    let domain = match asked.split_once('.') {
        Some((_, parent)) if parent.contains('.') => parent,
        _ => &asked,
    };
    target
        .strip_suffix(domain)
        .is_some_and(|before| before.ends_with('.'))
}

async fn addresses(
    resolver: &TokioResolver,
    by_system: bool,
    host: &str,
    port: u16,
) -> Result<Vec<IpAddr>, Cause> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Ok(vec![address]);
    }
    match resolver.lookup_ip(absolute(host)).await {
        Ok(found) => {
            let addresses: Vec<_> = found.iter().collect();
            if !addresses.is_empty() {
                return Ok(addresses);
            }
        }
        // The system may know names in other ways than by DNS, as containers do.
        Err(_) if by_system && lookup(host, port).await.is_ok_and(|it| !it.is_empty()) => {
            return Ok(lookup(host, port).await.unwrap_or_default());
        }
        Err(error) if !error.is_nx_domain() && !error.is_no_records_found() => {
            return Err(unanswered("the address", host, &error));
        }
        Err(_) => {}
    }
    Err(Cause::broke(
        format!("{host} has no address: the host name is wrong"),
        "correct the host in the connection string",
    ))
}

/// Names in records are whole: no search domain is added to them.
fn absolute(name: &str) -> String {
    if name.contains('.') && !name.ends_with('.') {
        format!("{name}.")
    } else {
        name.to_owned()
    }
}

fn unanswered(what: &str, name: &str, error: &NetError) -> Cause {
    let cause = match error {
        NetError::Timeout => "the name server did not answer in time".to_owned(),
        NetError::NoConnections => "no name server could be reached".to_owned(),
        other => other.to_string(),
    };
    Cause::untold(format!(
        "{what} of {name} could not be looked up: {cause}; where the network blocks SRV and TXT, the standard connection string (mongodb:// with every host) does without"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kin_share_the_parent_domain() {
        assert!(is_kin(
            "c0.ab1cd.mongodb.net",
            "c0-shard-00-00.ab1cd.mongodb.net"
        ));
        assert!(!is_kin(
            "c0.ab1cd.mongodb.net",
            "c0.ab1cd.mongodb.net.evil.example"
        ));
        assert!(!is_kin(
            "c0.ab1cd.mongodb.net",
            "c0-shard.xab1cd.mongodb.net"
        ));
        assert!(is_kin("db.test", "a.db.test"));
        assert!(!is_kin("db.test", "a.test"));
    }

    #[test]
    fn a_server_is_named_with_its_port() {
        let seed = |host: &str| Seed {
            host: host.into(),
            port: 27017,
            addresses: Vec::new(),
        };
        assert_eq!(seed("h").name(), "h:27017");
        assert_eq!(seed("::1").name(), "[::1]:27017");
    }
}
