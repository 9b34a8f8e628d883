//! dnsmasq: a name server that others wrote.

use super::hostile::PATIENCE;
use super::peers::{free_port, peer};
use holdpoint::clock;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running dnsmasq that knows the zone `test` and nothing else. Dropping it stops it.
pub(crate) struct Dnsmasq {
    child: Child,
    /// Where it answers: address:port.
    pub(crate) address: String,
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Dnsmasq {
    /// Starts it with these records, or returns `None` where it is skipped.
    pub(crate) fn start(records: &[&str]) -> Option<Self> {
        let program = peer("dnsmasq")?;
        // Between the choice of a free port and its use another program may take it.
        (0..5)
            .find_map(|_| attempt(&program, records))
            .or_else(|| panic!("dnsmasq does not start"))
    }
}

fn attempt(program: &Path, records: &[&str]) -> Option<Dnsmasq> {
    let port = free_port();
    let arguments = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--no-hosts",
        "--no-resolv",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--local=/test/",
        "--local-ttl=300",
        "--host-record=here-now.test,192.0.2.1",
    ];
    let child = Command::new(program)
        .args(arguments)
        .args(records)
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut server = Dnsmasq {
        child,
        address: format!("127.0.0.1:{port}"),
    };
    // It is there when it answers: A of here-now.test, asked until then.
    let question =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08here-now\x04test\x00\x00\x01\x00\x01";
    let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
    socket.connect(&server.address).ok()?;
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .ok()?;
    let begun = clock::tick();
    while begun.elapsed() < PATIENCE && server.child.try_wait().ok()?.is_none() {
        let mut answer = [0; 512];
        if socket
            .send(question)
            .and_then(|_| socket.recv(&mut answer))
            .is_ok()
            && answer[..2] == question[..2]
        {
            return Some(server);
        }
    }
    None
}
