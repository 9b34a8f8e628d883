//! A connection string as the application's driver takes it, with what is wrong with it in words.

use super::cause::Cause;
use crate::probe::environment::{mongodb_uri, placeholder, shape};
use mongodb::options::{AuthMechanism, ConnectionString, Credential, HostInfo, ServerAddress, Tls};
use std::path::PathBuf;

/// The port of a server that names none.
const PORT: u16 = 27017;

/// Options that change whom the driver reaches, and how. Others are left out, because drivers differ
/// in what they know: the official driver for Rust refuses `socketTimeoutMS`, which Node.js takes.
const CONCERN_US: &[&str] = &[
    "authsource",
    "authmechanism",
    "authmechanismproperties",
    "replicaset",
    "directconnection",
    "loadbalanced",
    "srvservicename",
    "tls",
    "ssl",
    "tlscafile",
    "tlscertificatekeyfile",
];

/// What a connection string says.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// `mongodb+srv`: the one host is a name to look up.
    pub(super) srv: bool,
    pub(super) hosts: Vec<(String, u16)>,
    /// Where a name is looked up by SRV: the service, `mongodb` as a rule.
    pub(super) service: String,
    /// The database in the path.
    pub(super) database: Option<String>,
    /// Who logs in; its source is what the string says, and nothing else.
    pub(super) credential: Option<Credential>,
    pub(super) replica_set: Option<String>,
    pub(super) direct: Option<bool>,
    pub(super) load_balanced: Option<bool>,
    pub(super) tls: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    /// Options that weaken TLS, as written.
    pub(super) insecure: Vec<String>,
}

/// What the password shows of its strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strength {
    pub(super) length: usize,
    pub(super) bits: f64,
}

/// Reads a connection string.
///
/// # Errors
/// What is wrong with it, without a part of it that may be secret.
pub(super) fn read(text: &str) -> Result<Address, Cause> {
    let shape = "write it as mongodb+srv://user:password@host/database";
    if text.trim().is_empty() {
        return Err(Cause::broke("it is set to nothing", shape));
    }
    let Some(uri) = mongodb_uri::parse(text) else {
        return Err(Cause::broke("it is no MongoDB connection string", shape));
    };
    if let Some(reason) = sample(text) {
        let remedy = "replace the sample text with the user and password of Database Access and the host of the Connect dialog";
        return Err(Cause::broke(
            format!("it still holds sample text: {reason}"),
            remedy,
        ));
    }
    if uri.has_unescaped() {
        return Err(Cause::broke(
            "the user name or password holds a character that must be percent-encoded",
            "write : / ? # [ ] @ and % in the password as %3A %2F %3F %23 %5B %5D %40 and %25, or choose a password of letters and digits",
        ));
    }
    let parsed = ConnectionString::parse(concerning_us(text)).map_err(|error| {
        let cause = match error.kind.as_ref() {
            mongodb::error::ErrorKind::InvalidArgument { message, .. } => message.clone(),
            _ => "the driver refuses it".into(),
        };
        Cause::broke(format!("the driver refuses it: {cause}"), shape)
    })?;
    let (srv, hosts) = match &parsed.host_info {
        HostInfo::DnsRecord(host) => (true, vec![(host.clone(), PORT)]),
        HostInfo::HostIdentifiers(hosts) => {
            let hosts = hosts.iter().map(host).collect::<Option<_>>();
            (false, hosts.unwrap_or_default())
        }
        _ => (false, Vec::new()),
    };
    if hosts.is_empty() {
        return Err(Cause::untold(
            "it leads to a socket file, which is not looked at",
        ));
    }
    let (tls, files) = match parsed.tls {
        Some(Tls::Enabled(options)) => (true, (options.ca_file_path, options.cert_key_file_path)),
        Some(Tls::Disabled) => (false, (None, None)),
        // What comes from SRV records is encrypted unless the string says otherwise.
        None => (srv, (None, None)),
    };
    Ok(Address {
        srv,
        hosts,
        service: parsed.srv_service_name.unwrap_or_else(|| "mongodb".into()),
        database: parsed.default_database,
        credential: parsed.credential,
        replica_set: parsed.replica_set,
        direct: parsed.direct_connection,
        load_balanced: parsed.load_balanced,
        tls,
        ca_file: files.0,
        key_file: files.1,
        insecure: uri.insecure().to_vec(),
    })
}

impl Address {
    /// Is it a cluster of MongoDB Atlas?
    pub(super) fn is_atlas(&self) -> bool {
        self.hosts
            .iter()
            .all(|(host, _)| host.ends_with(".mongodb.net"))
    }

    /// Does it lead to this machine only?
    pub(super) fn is_loopback(&self) -> bool {
        self.hosts.iter().all(|(host, _)| {
            host == "localhost"
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        })
    }

    /// The database that users are looked up in: the string's word, then that of the TXT record
    /// (`announced`), then the mechanism's, then the database of the path, then `admin`.
    pub(super) fn auth_source(&self, announced: Option<&str>) -> String {
        let credential = self.credential.as_ref();
        let external = credential
            .and_then(|credential| credential.mechanism.as_ref())
            .is_some_and(|mechanism| {
                !matches!(
                    mechanism,
                    AuthMechanism::ScramSha1 | AuthMechanism::ScramSha256
                )
            });
        credential
            .and_then(|credential| credential.source.clone())
            .or_else(|| announced.map(str::to_owned))
            .or_else(|| external.then(|| "$external".into()))
            .or_else(|| self.database.clone())
            .unwrap_or_else(|| "admin".into())
    }

    /// How strong the password is, where there is one.
    pub(super) fn strength(&self) -> Option<Strength> {
        let password = self.credential.as_ref()?.password.as_ref()?;
        let length = password.chars().count();
        let bits = shape::entropy_per_char(password) * length as f64;
        Some(Strength {
            length,
            bits: (bits * 10.0).round() / 10.0 + 0.0,
        })
    }
}

fn host(address: &ServerAddress) -> Option<(String, u16)> {
    match address {
        ServerAddress::Tcp { host, port } => Some((host.clone(), port.unwrap_or(PORT))),
        ServerAddress::Unix { .. } => None,
        _ => None,
    }
}

/// Why the string is a sample, looking at its parts, since a whole one ends in neither.
fn sample(text: &str) -> Option<&'static str> {
    let user = mongodb_uri::credentials(text);
    let parts = user
        .into_iter()
        .flat_map(|(name, password)| [name, password]);
    parts.chain([text]).find_map(placeholder::reason)
}

/// The string with only those options that change whom the driver reaches.
fn concerning_us(text: &str) -> String {
    let Some((before, options)) = text.split_once('?') else {
        return text.to_owned();
    };
    let kept: Vec<_> = options
        .split(['&', ';'])
        .filter(|option| {
            let name = option.split('=').next().unwrap_or_default();
            CONCERN_US.contains(&name.to_ascii_lowercase().as_str())
        })
        .collect();
    format!("{before}?{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strings_that_atlas_gives() {
        let text = "mongodb+srv://app:s3cr3tpw@c0.ab1cd.mongodb.net/serene-mind?retryWrites=true&w=majority&appName=c0";
        let address = read(text).unwrap();
        assert!(address.srv && address.tls && address.is_atlas());
        assert_eq!(address.hosts, [("c0.ab1cd.mongodb.net".to_owned(), 27017)]);
        assert_eq!(address.database.as_deref(), Some("serene-mind"));
        assert_eq!(address.auth_source(Some("admin")), "admin");
        assert_eq!(address.auth_source(None), "serene-mind");
    }

    #[test]
    fn options_of_other_drivers_do_not_matter() {
        let text = "mongodb://u:p9xk@h/db?socketTimeoutMS=5000&tlsInsecure=true&tls=true";
        let address = read(text).unwrap();
        assert!(address.tls);
        assert_eq!(address.insecure, ["tlsInsecure=true"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cause = |text| read(text).unwrap_err().text;
        assert!(cause("").contains("nothing"));
        assert!(cause("postgres://u:p@h/db").contains("no MongoDB"));
        assert!(cause("mongodb+srv://u:p/w@c0.ab1cd.mongodb.net/db").contains("percent-encoded"));
        assert!(cause("mongodb+srv://u:<password>@c0.ab1cd.mongodb.net/db").contains("sample"));
        assert!(
            cause("mongodb+srv://u:p4ss@c0.ab1cd.mongodb.net:27017/db")
                .contains("port cannot be specified")
        );
        assert!(cause("mongodb://u:p4ss@h/db?tls=maybe").contains("driver refuses"));
    }

    #[test]
    fn this_machine_is_known() {
        assert!(read("mongodb://localhost/db").unwrap().is_loopback());
        assert!(
            read("mongodb://127.0.0.1:1,[::1]:2/db")
                .unwrap()
                .is_loopback()
        );
        assert!(!read("mongodb://127.0.0.1:1,h/db").unwrap().is_loopback());
    }

    #[test]
    fn a_password_has_a_strength() {
        let strength = read("mongodb://u:aaaa@h/db").unwrap().strength().unwrap();
        assert_eq!((strength.length, strength.bits), (4, 0.0));
        let address = read("mongodb://u:Zr8%40kQ2m@h/db").unwrap();
        assert_eq!(address.strength().unwrap().length, 8);
        assert_eq!(read("mongodb://h/db").unwrap().strength(), None);
    }
}
