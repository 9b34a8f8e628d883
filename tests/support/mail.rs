//! Mail servers and mailboxes that others wrote, and the certificates they show.

use super::peers::{Process, built, fetched, free_port, peer, python};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What accounts of these servers are called, and their password: Mailpit ends one at a blank.
pub(crate) const USER: &str = "app";
pub(crate) const PASSWORD: &str = "correct-horse/battery";

/// A fresh folder with cert.pem and key.pem for localhost, and the authority behind them.
pub(crate) fn certified() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let mut params =
        CertificateParams::new(Vec::<String>::new()).expect("no names are valid names");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // OpenSSL takes a certificate for its own issuer where both have the same name.
    params
        .distinguished_name
        .push(DnType::CommonName, "Authority of the tests");
    let key = KeyPair::generate().expect("a key can be generated");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority signs itself");
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let key = KeyPair::generate().expect("a key can be generated");
    let certificate = CertificateParams::new(names)
        .and_then(|params| params.signed_by(&key, &authority))
        .expect("an authority signs a certificate");
    std::fs::write(folder.path().join("cert.pem"), certificate.pem())
        .expect("a file can be written");
    std::fs::write(folder.path().join("key.pem"), key.serialize_pem())
        .expect("a file can be written");
    (folder, authority.pem())
}

/// A running maildev with its mailbox.
pub(crate) struct Maildev {
    _process: Process,
    _folder: TempDir,
    pub(crate) authority: String,
    pub(crate) smtp: u16,
    pub(crate) web: u16,
}

impl Maildev {
    /// Starts maildev, with TLS from the first byte or without any; none where it is skipped.
    pub(crate) fn start(secure: bool) -> Option<Self> {
        let program = fetched("maildev")?.join("node_modules/maildev/dist/bin/maildev.js");
        let (folder, authority) = certified();
        for _ in 0..5 {
            let (smtp, web) = (free_port(), free_port());
            let mut command = Command::new("node");
            command
                .arg(&program)
                .args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1"])
                .args(["--smtp", &smtp.to_string(), "--web", &web.to_string()])
                .args(["--incoming-user", USER, "--incoming-pass", PASSWORD])
                .arg("--mail-directory")
                .arg(folder.path().join("mails"))
                .current_dir(folder.path());
            if secure {
                command.arg("--incoming-secure");
                command
                    .arg("--incoming-cert")
                    .arg(folder.path().join("cert.pem"));
                command
                    .arg("--incoming-key")
                    .arg(folder.path().join("key.pem"));
            }
            let mut process = Process::spawn(command)?;
            if process.speaks(|| answers(web, "/api/email") && connects(smtp)) {
                return Some(Self {
                    _process: process,
                    _folder: folder,
                    authority,
                    smtp,
                    web,
                });
            }
        }
        panic!("maildev did not start");
    }
}

/// Does an HTTP server answer there?
fn answers(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let limit = Some(Duration::from_secs(2));
    let mut first = [0; 12];
    stream.set_read_timeout(limit).is_ok()
        && stream
            .write_all(
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .is_ok()
        && stream.read_exact(&mut first).is_ok()
        && first == *b"HTTP/1.1 200"
}

/// Does a mail server greet there?
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let mut first = [0; 4];
    stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .is_ok()
        && stream.read_exact(&mut first).is_ok()
        && first == *b"220 "
}

fn connects(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A running Mailpit, which wants STARTTLS and then a login.
pub(crate) struct Mailpit {
    _process: Process,
    _folder: TempDir,
    pub(crate) authority: String,
    pub(crate) smtp: u16,
    pub(crate) web: u16,
}

impl Mailpit {
    /// Starts it; none where it is skipped.
    pub(crate) fn start() -> Option<Self> {
        let program = built("mailpit")?;
        let (folder, authority) = certified();
        let logins = folder.path().join("logins");
        std::fs::write(&logins, format!("{USER}:{PASSWORD}\n")).expect("a file can be written");
        for _ in 0..5 {
            let (smtp, web) = (free_port(), free_port());
            let mut command = Command::new(&program);
            command
                .args(["--disable-version-check", "--smtp-require-starttls"])
                .args(["--smtp", &format!("127.0.0.1:{smtp}")])
                .args(["--listen", &format!("127.0.0.1:{web}")])
                .arg("--smtp-tls-cert")
                .arg(folder.path().join("cert.pem"))
                .arg("--smtp-tls-key")
                .arg(folder.path().join("key.pem"))
                .arg("--smtp-auth-file")
                .arg(&logins)
                .current_dir(folder.path());
            let mut process = Process::spawn(command)?;
            if process.speaks(|| answers(web, "/api/v1/info") && greets(smtp)) {
                return Some(Self {
                    _process: process,
                    _folder: folder,
                    authority,
                    smtp,
                    web,
                });
            }
        }
        panic!("mailpit did not start");
    }
}

/// A running aiosmtpd, whose mail goes into a maildir.
pub(crate) struct Aiosmtpd {
    _process: Process,
    pub(crate) port: u16,
}

impl Aiosmtpd {
    /// Starts it with the certificate in `folder`; its mail goes into `folder`/maildir.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let python = python("aiosmtpd")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/aiosmtpd/server.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(folder.join("cert.pem"))
            .arg(folder.join("key.pem"))
            .arg(folder.join("maildir"))
            .args([USER, PASSWORD])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        let said = child.stdout.take().expect("standard output is piped");
        let process = Process(child);
        let mut line = String::new();
        BufReader::new(said)
            .read_line(&mut line)
            .expect("the server says its port");
        let port = line.trim().parse().expect("the server says its port");
        Some(Self {
            _process: process,
            port,
        })
    }
}

/// A running Dovecot, whose mailbox is a maildir.
pub(crate) struct Dovecot {
    _process: Process,
    pub(crate) port: u16,
}

impl Dovecot {
    /// Starts it with the certificate and the maildir in `folder`; none where it is skipped.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let program = peer("dovecot")?;
        let owner = rustix::process::getuid();
        let name = |kind: &str| {
            let output = Command::new("id").arg(kind).arg("-n").output();
            let output = output.expect("id is a program").stdout;
            String::from_utf8_lossy(&output).trim().to_owned()
        };
        // Its parts refuse to run as root, so root runs them as nobody.
        let (user, group) = if owner.is_root() {
            ("nobody".to_owned(), "nogroup".to_owned())
        } else {
            (name("-u"), name("-g"))
        };
        std::fs::write(
            folder.join("users"),
            format!("{USER}:{{PLAIN}}{PASSWORD}\n"),
        )
        .expect("a file can be written");
        for part in [
            "home",
            "maildir",
            "maildir/new",
            "maildir/cur",
            "maildir/tmp",
        ] {
            std::fs::create_dir_all(folder.join(part)).expect("a folder can be made");
        }
        if owner.is_root() {
            let mut command = Command::new("chown");
            command.args(["-R", "nobody:nogroup"]).arg(folder);
            assert!(command.status().is_ok_and(|status| status.success()));
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/dovecot/dovecot.conf");
        let template = std::fs::read_to_string(path).expect("the template is there");
        for _ in 0..5 {
            let port = free_port();
            let text = template
                .replace("{dir}", &folder.to_string_lossy())
                .replace("{port}", &port.to_string())
                .replace("{owner}", &user)
                .replace("{group}", &group);
            std::fs::write(folder.join("dovecot.conf"), text).expect("a file can be written");
            let mut command = Command::new(&program);
            command.arg("-F").arg("-c").arg(folder.join("dovecot.conf"));
            let mut process = Process::spawn(command)?;
            if process.speaks(|| connects(port)) {
                return Some(Self {
                    _process: process,
                    port,
                });
            }
        }
        let log = std::fs::read_to_string(folder.join("dovecot.log")).unwrap_or_default();
        panic!("dovecot did not start: {log}");
    }
}
