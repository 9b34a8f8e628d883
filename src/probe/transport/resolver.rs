//! Name resolution for the dns probe: the system's resolver or a named server, with nothing remembered.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use std::net::SocketAddr;
use std::time::Duration;

/// A resolver that asks `server`, or the servers and the hosts file of this machine.
///
/// Nothing is cached, so that lifetimes are what the server says now. `timeout` is the patience
/// for one question; each is asked twice before it counts as unanswered.
///
/// # Errors
/// Says why the system's configuration cannot be used.
pub(crate) fn resolver(
    server: Option<SocketAddr>,
    timeout: Duration,
) -> Result<TokioResolver, String> {
    let mut builder = match server {
        Some(server) => {
            let connections =
                [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
            let server = NameServerConfig::new(server.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, vec![], vec![server]);
            let mut builder =
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        }
        None => TokioResolver::builder_tokio()
            .map_err(|error| format!("this machine's resolver settings: {error}"))?,
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.preserve_intermediates = true;
    options.timeout = timeout;
    options.attempts = 1;
    builder
        .build()
        .map_err(|error| format!("the resolver could not be set up: {error}"))
}
