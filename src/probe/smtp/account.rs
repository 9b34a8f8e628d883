//! The mail account as the application's mailer reads it: nodemailer's rules, not lettre's.

use crate::model::{Environment, Variable};
use percent_encoding::percent_decode_str;

/// Variables that hold a whole address, the usual one first.
pub(super) const ADDRESSES: &[&str] = &["EMAIL_SERVER", "AUTH_EMAIL_SERVER", "SMTP_URL"];
/// Beginnings of variables that hold the parts of one.
const PARTS: &[&str] = &["EMAIL_SERVER", "SMTP", "MAIL"];

/// What the environment says about the mail server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// No variable of the kind is set.
    Absent,
    /// The mailer would not reach the server that was meant.
    Wrong {
        source: Source,
        cause: String,
        remedy: &'static str,
    },
    /// The account.
    Account(Box<Account>),
}

/// Where the account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The variable that holds the secret, or else the address.
    pub(super) variable: String,
    /// file:line, or the process environment.
    pub(super) origin: String,
    /// The value of that variable; never recorded.
    pub(super) value: String,
}

impl Source {
    fn of(variable: &Variable) -> Self {
        Self {
            variable: variable.name.clone(),
            origin: variable.origin.to_string(),
            value: variable.value.clone(),
        }
    }
}

/// A mail account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) source: Source,
    pub(super) host: String,
    pub(super) port: u16,
    /// TLS from the first byte, rather than STARTTLS where it is offered.
    pub(super) implicit: bool,
    /// User name and password.
    pub(super) login: Option<(String, String)>,
    /// STARTTLS is not used although it is offered.
    pub(super) ignores_tls: bool,
    /// The mailer gives up where STARTTLS is not offered.
    pub(super) requires_tls: bool,
    /// The mailer verifies the server's certificate.
    pub(super) verifies: bool,
    /// The user name or password has a character that must be percent-encoded, and that nodemailer bears.
    pub(super) unescaped: bool,
}

/// Reads the account. `only` names the one variable to read.
pub(super) fn read(environment: &Environment, only: Option<&str>) -> Reading {
    let set = |name: &str| {
        environment
            .get(name)
            .filter(|variable| !variable.value.trim().is_empty())
    };
    let names: Vec<&str> = only.map_or_else(|| ADDRESSES.to_vec(), |only| vec![only]);
    if let Some(variable) = names.iter().find_map(|name| set(name)) {
        let source = Source::of(variable);
        return match parse(&variable.value, source.clone()) {
            Ok(account) => Reading::Account(Box::new(account)),
            Err((cause, remedy)) => Reading::Wrong {
                source,
                cause,
                remedy,
            },
        };
    }
    if only.is_some() {
        return Reading::Absent;
    }
    let from_parts = PARTS.iter().find_map(|prefix| {
        let part = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| set(&format!("{prefix}_{name}")))
        };
        let host = part(&["HOST"])?;
        Some(assemble(
            host,
            part(&["PORT"]),
            part(&["USER", "USERNAME"]),
            part(&["PASSWORD", "PASS"]),
            part(&["SECURE"]),
        ))
    });
    from_parts.unwrap_or(Reading::Absent)
}

fn assemble(
    host: &Variable,
    port: Option<&Variable>,
    user: Option<&Variable>,
    password: Option<&Variable>,
    secure: Option<&Variable>,
) -> Reading {
    let source = Source::of(password.unwrap_or(host));
    let wrong = |source, cause, remedy| Reading::Wrong {
        source,
        cause,
        remedy,
    };
    let secure = secure.map(|secure| secure.value.trim().eq_ignore_ascii_case("true"));
    let number = match port.map(|port| port.value.trim().parse::<u16>()) {
        None => None,
        Some(Ok(number)) if number > 0 => Some(number),
        Some(_) => {
            let port = port.map(Source::of).unwrap_or(source);
            let cause = format!("{} is not a port from 1 to 65535", port.variable);
            return wrong(
                port,
                cause,
                "write 465 for TLS from the first byte, or 587 for STARTTLS",
            );
        }
    };
    let port = number.unwrap_or(if secure == Some(true) { 465 } else { 587 });
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user.value.clone(), password.value.clone())),
        (None, None) => None,
        (user, _) => {
            let (there, missing) = if user.is_some() {
                ("user name", "password")
            } else {
                ("password", "user name")
            };
            return wrong(
                source,
                format!("a {there} is set and no {missing}"),
                "set both, or neither where the server asks for none",
            );
        }
    };
    let name = host.value.trim();
    if name.contains("://") || name.contains(['/', '@', ' ']) {
        return wrong(
            Source::of(host),
            format!("{} is an address, not a host name", host.name),
            "write the host name alone, such as smtp.provider.example",
        );
    }
    Reading::Account(Box::new(Account {
        source,
        host: name.to_owned(),
        port,
        // Where nothing is said of it, port 465 alone means TLS from the first byte.
        implicit: secure.unwrap_or(port == 465),
        login,
        ignores_tls: false,
        requires_tls: false,
        verifies: true,
        unescaped: false,
    }))
}

const ESCAPE: &str = "percent-encode the user name and the password: / is %2F, # is %23, ? is %3F, @ is %40, % is %25, \\ is %5C";
const SHAPE: &str = "write smtp://USER:PASSWORD@HOST:587, or smtps://USER:PASSWORD@HOST:465";

/// Reads an address as nodemailer 7 does, with the URL parser of Node's older interface.
fn parse(text: &str, source: Source) -> Result<Account, (String, &'static str)> {
    let text = text.trim();
    let name = source.variable.clone();
    let scheme = text
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let implicit = match scheme.as_deref() {
        Some("smtp") => false,
        Some("smtps") => true,
        _ => {
            return Err((
                format!("{name} does not begin with smtp:// or smtps://"),
                SHAPE,
            ));
        }
    };
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if cuts_password(authority, tail) {
        let cause = format!(
            "a character in the user name or password of {name} ends the address too early, so the mailer would connect to another host"
        );
        return Err((cause, ESCAPE));
    }
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    let login = userinfo
        .map(|userinfo| login(userinfo, &name))
        .transpose()?
        .flatten();
    let (host, port) = host_and_port(place, &name)?;
    let options: Vec<(String, String)> = match tail.split_once('?') {
        Some((_, query)) => {
            let query = query.split('#').next().unwrap_or_default();
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect()
        }
        None => Vec::new(),
    };
    let option = |name: &str| {
        options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| !matches!(value.as_str(), "false" | "0" | ""))
    };
    Ok(Account {
        host,
        // What a query says of `secure` and `port` is not heard: the address has said it.
        port: port.unwrap_or(if implicit { 465 } else { 587 }),
        implicit,
        login,
        ignores_tls: option("ignoreTLS").unwrap_or(false),
        requires_tls: option("requireTLS").unwrap_or(false),
        verifies: option("tls.rejectUnauthorized").unwrap_or(true),
        unescaped: userinfo.is_some_and(has_unescaped),
        source,
    })
}

/// Does the address end inside what was meant as user name and password?
fn cuts_password(authority: &str, tail: &str) -> bool {
    if authority.contains('@') {
        return false;
    }
    match tail.as_bytes().first() {
        Some(b'?') => {
            let key = tail.split(['=', '&']).next().unwrap_or_default();
            key.contains('@')
        }
        Some(_) => tail
            .split('?')
            .next()
            .is_some_and(|path| path.contains('@')),
        None => false,
    }
}

/// User name and password: decoded first and divided then, as the mailer does.
fn login(userinfo: &str, name: &str) -> Result<Option<(String, String)>, (String, &'static str)> {
    let bytes = userinfo.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !bytes
                .get(at + 1..at + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(userinfo).decode_utf8();
    let (false, Ok(decoded)) = (broken, decoded) else {
        let cause = format!(
            "the user name or password of {name} has a % that is not an escape, which the mailer refuses (URI malformed)"
        );
        return Err((cause, ESCAPE));
    };
    let (user, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
    if user.is_empty() != password.is_empty() {
        let missing = if user.is_empty() {
            "user name"
        } else {
            "password"
        };
        return Err((
            format!("the address in {name} has no {missing}, so the mailer refuses to log in"),
            SHAPE,
        ));
    }
    Ok((!user.is_empty()).then(|| (user.to_owned(), password.to_owned())))
}

fn host_and_port(place: &str, name: &str) -> Result<(String, Option<u16>), (String, &'static str)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => {
                return Err((
                    format!("the IPv6 address in {name} has no closing bracket"),
                    SHAPE,
                ));
            }
        },
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "<>\"'{}|^`;,".contains(c)) {
        return Err((format!("the address in {name} has no host name"), SHAPE));
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 => Some(number),
            _ => {
                let cause = format!(
                    "the port in {name} is not a number from 1 to 65535, so the mailer uses another"
                );
                return Err((cause, SHAPE));
            }
        },
    };
    Ok((host.to_ascii_lowercase(), port))
}

/// Characters that a user name or password must escape (RFC 3986 section 3.2.1).
fn has_unescaped(userinfo: &str) -> bool {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=%".contains(c);
    !user.chars().chain(password.chars()).all(allowed)
}

#[cfg(test)]
mod tests;
