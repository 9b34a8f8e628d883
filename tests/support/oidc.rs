//! oidc-provider: the certified OpenID provider that others wrote, with one client.

use super::peers;
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The one client, and its secret.
pub(crate) const ID: &str = "shop-client-0451";
pub(crate) const SECRET: &str = "k9-Zr4.the~secret_of+the/shop%1";

/// A running provider. Dropping it ends it.
pub(crate) struct OidcProvider {
    child: Child,
    /// Where it answers, without a trailing slash; its issuer, unless it was told another.
    pub(crate) address: String,
}

impl OidcProvider {
    /// Starts the provider with the client and these callbacks, under its own name or another; none
    /// where it is skipped.
    pub(crate) fn start(redirect_uris: &[&str], issuer: Option<&str>) -> Option<Self> {
        let node = peers::peer("node")?;
        let package = peers::fetched("oidc-provider")?;
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/oidc-provider/server.mjs");
        let mut client = json!({ "id": ID, "secret": SECRET, "redirectUris": redirect_uris });
        if let Some(issuer) = issuer {
            client["issuer"] = issuer.into();
        }
        let mut child = Command::new(node)
            .arg(script)
            .arg(package.join("node_modules/oidc-provider"))
            .arg(client.to_string())
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
            .expect("the provider says where it listens");
        // Read to the end, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            address: format!("http://127.0.0.1:{port}"),
        })
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
