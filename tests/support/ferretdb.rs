//! FerretDB: a server of MongoDB's protocol that others wrote, over SQLite.

use super::hostile::PATIENCE;
use super::peers::built;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use tempfile::TempDir;

/// The one user, who may do everything.
pub(crate) const USER: &str = "app";
/// Its password, with characters that a connection string must escape.
pub(crate) const PASSWORD: &str = "p@ss/wörd:7Qk2";
/// The same as it is written in a connection string.
pub(crate) const ESCAPED: &str = "p%40ss%2Fw%C3%B6rd%3A7Qk2";
/// The database that holds the user.
pub(crate) const DATABASE: &str = "shop";

/// A running FerretDB. Dropping it stops it.
pub(crate) struct Ferretdb {
    child: Child,
    /// Where it listens without TLS.
    pub(crate) port: u16,
    /// Where it listens with TLS, if it was given a certificate.
    pub(crate) tls_port: Option<u16>,
    _folder: TempDir,
}

impl Ferretdb {
    /// Starts it with a certificate and its key in PEM files, or returns `None` where it is skipped.
    pub(crate) fn start(identity: Option<(&Path, &Path)>) -> Option<Self> {
        let program = built("ferretdb")?;
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        std::fs::create_dir(folder.path().join("data")).expect("a fresh folder");
        let mut command = Command::new(program);
        command
            .args(["--handler=sqlite", "--sqlite-url=file:data/"])
            .args([
                "--listen-addr=127.0.0.1:0",
                "--debug-addr=-",
                "--telemetry=disable",
            ])
            .arg("--test-enable-new-auth")
            .arg(format!("--setup-username={USER}"))
            .arg(format!("--setup-password={PASSWORD}"))
            .arg(format!("--setup-database={DATABASE}"));
        if let Some((certificate, key)) = identity {
            command
                .arg("--listen-tls=127.0.0.1:0")
                .arg("--listen-tls-cert-file")
                .arg(certificate)
                .arg("--listen-tls-key-file")
                .arg(key);
        }
        let mut child = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ferretdb is a program");
        let said = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let (tell, told) = channel();
        // Read to the end, so that it never waits for a reader.
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                for kind in ["TCP", "TLS"] {
                    let words = format!("Listening on {kind} 127.0.0.1:");
                    if let Some((_, rest)) = line.split_once(&words) {
                        let digits: String =
                            rest.chars().take_while(char::is_ascii_digit).collect();
                        let _gone = tell.send((kind, digits.parse::<u16>()));
                    }
                }
            }
        });
        let (mut port, mut tls_port) = (None, None);
        while port.is_none() || (identity.is_some() && tls_port.is_none()) {
            match told.recv_timeout(PATIENCE) {
                Ok(("TLS", number)) => tls_port = number.ok(),
                Ok((_, number)) => port = number.ok(),
                Err(_) => {
                    let _ended = child.kill();
                    let _waited = child.wait();
                    panic!("ferretdb did not start");
                }
            }
        }
        Some(Self {
            child,
            port: port.expect("it was awaited"),
            tls_port,
            _folder: folder,
        })
    }

    /// A connection string with the right user, and this password as it is written there.
    pub(crate) fn uri(&self, password: &str) -> String {
        let port = self.port;
        format!(
            "mongodb://{USER}:{password}@127.0.0.1:{port}/{DATABASE}?authMechanism=SCRAM-SHA-256"
        )
    }
}

impl Drop for Ferretdb {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
