//! Limiters that others wrote: express-rate-limit and rate-limiter-flexible, one for each path.

use super::peers;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The running server. Dropping it ends it.
pub(crate) struct Limiters {
    child: Child,
    /// Where it answers, without a trailing slash.
    pub(crate) address: String,
}

impl Limiters {
    /// Starts the server, with windows of so many seconds; none where it is skipped.
    pub(crate) fn start(seconds: u32) -> Option<Self> {
        let node = peers::peer("node")?;
        let package = peers::fetched("limiters")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/limiters/server.mjs");
        let mut child = Command::new(node)
            .arg(script)
            .arg(package.join("node_modules"))
            .arg(seconds.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is a program");
        let said = child.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(said).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening ").map(str::to_owned))
            .expect("the server says where it listens");
        // Read to the end, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            address: format!("http://127.0.0.1:{port}"),
        })
    }
}

impl Drop for Limiters {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
