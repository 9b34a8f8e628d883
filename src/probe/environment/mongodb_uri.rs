//! The form of a MongoDB connection string, read without connecting.

use serde::Serialize;

/// What a connection string says, apart from its credentials.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::probe) struct MongodbUri {
    srv: bool,
    hosts: Vec<String>,
    database: Option<String>,
    credentials: bool,
    unescaped: bool,
    insecure: Vec<String>,
}

impl MongodbUri {
    /// Does it have a user name and a password?
    pub(super) fn has_credentials(&self) -> bool {
        self.credentials
    }

    /// Does the user name or password hold a character that must be percent-encoded?
    pub(in crate::probe) fn has_unescaped(&self) -> bool {
        self.unescaped
    }

    /// Options that weaken TLS, as written.
    pub(in crate::probe) fn insecure(&self) -> &[String] {
        &self.insecure
    }

    /// The first host.
    pub(in crate::probe) fn host(&self) -> Option<&str> {
        self.hosts.first().map(String::as_str)
    }
}

/// The user name and password as written, where the string has both.
pub(in crate::probe) fn credentials(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("://")?;
    let (credentials, _) = rest.rsplit_once('@')?;
    credentials.split_once(':')
}

/// Reads `mongodb://` and `mongodb+srv://`; none where a host is missing or the scheme is another.
///
/// Source: MongoDB, Connection String specification.
pub(in crate::probe) fn parse(text: &str) -> Option<MongodbUri> {
    let (scheme, rest) = text.split_once("://")?;
    let srv = match scheme {
        "mongodb" => false,
        "mongodb+srv" => true,
        _ => return None,
    };
    // The last `@` ends the credentials even where a careless password holds another one.
    let (credentials, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => (Some(credentials), rest),
        None => (None, rest),
    };
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = before.split_once('/').unwrap_or((before, ""));
    let hosts: Vec<String> = hosts.split(',').map(str::to_owned).collect();
    if !hosts.iter().all(|host| is_host(host)) {
        return None;
    }
    Some(MongodbUri {
        srv,
        hosts,
        database: (!database.is_empty()).then(|| database.to_owned()),
        credentials: credentials.is_some_and(|text| text.contains(':')),
        unescaped: credentials.is_some_and(has_unescaped),
        insecure: query
            .split('&')
            .filter(|option| weakens_tls(option))
            .map(str::to_owned)
            .collect(),
    })
}

/// A name or an address, with or without a port. What stands behind a colon and is no port may be
/// the password of a string that lost its `@`.
fn is_host(host: &str) -> bool {
    let rest = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => address.parse::<std::net::Ipv6Addr>().ok().map(|_| rest),
        None => host.find(':').map_or(Some(""), |at| Some(&host[at..])),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    !host.is_empty()
        && !host.starts_with(':')
        && !host.contains(char::is_whitespace)
        && rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

/// Characters that must be percent-encoded in a user name or password, or a bare `%`.
fn has_unescaped(credentials: &str) -> bool {
    let password = credentials
        .split_once(':')
        .map_or("", |(_, password)| password);
    let bare_percent = credentials.match_indices('%').any(|(at, _)| {
        !credentials
            .get(at + 1..at + 3)
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    bare_percent || password.contains(':') || credentials.contains(['/', '?', '#', '[', ']', '@'])
}

fn weakens_tls(option: &str) -> bool {
    let Some((name, value)) = option.split_once('=') else {
        return false;
    };
    match name.to_ascii_lowercase().as_str() {
        "tls" | "ssl" => value == "false",
        "tlsinsecure" | "tlsallowinvalidcertificates" | "tlsallowinvalidhostnames" => {
            value == "true"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_string() {
        let uri =
            parse("mongodb+srv://app:p%40ss@c0.ab1cd.mongodb.net/serene-mind?retryWrites=true")
                .unwrap();
        assert!(uri.srv && uri.credentials && !uri.unescaped && uri.insecure.is_empty());
        assert_eq!(uri.database.as_deref(), Some("serene-mind"));
        assert_eq!(uri.host(), Some("c0.ab1cd.mongodb.net"));
    }

    #[test]
    fn several_hosts_and_no_database() {
        let uri = parse("mongodb://a:27017,b:27017/?tls=false&tlsInsecure=true").unwrap();
        assert_eq!(uri.hosts.len(), 2);
        assert_eq!(uri.database, None);
        assert_eq!(uri.insecure, ["tls=false", "tlsInsecure=true"]);
    }

    #[test]
    fn reserved_characters_in_the_password() {
        for password in ["p@ss", "p/ss", "p:ss", "50%off", "p#ss"] {
            assert!(
                parse(&format!("mongodb://u:{password}@h/db"))
                    .unwrap()
                    .unescaped,
                "{password}"
            );
        }
    }

    #[test]
    fn not_a_connection_string() {
        assert_eq!(parse("postgres://u:p@h/db"), None);
        assert_eq!(parse("mongodb://"), None);
        assert_eq!(parse("mongodb+srv://u:p@/db"), None);
        assert_eq!(parse("serene-mind"), None);
        // Without an @ the password would stand where a port belongs, and be told as a host.
        assert_eq!(parse("mongodb+srv://app:S3cret-pw"), None);
        assert_eq!(parse("mongodb://app:S3cret-pw,h:27017/db"), None);
        assert_eq!(parse("mongodb+srv://app:12345:c0.ab1.mongodb.net/db"), None);
        assert!(parse("mongodb://[::1]:27017,[fe80::1]/db").is_some());
        assert!(parse("mongodb://%2Ftmp%2Fmongodb-27017.sock/db").is_some());
    }
}
