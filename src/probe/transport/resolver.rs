//! Name resolution for the dns probe: the system's resolver or a named server, with nothing remembered.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{ResolverBuilder, TokioResolver};
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
    let builder = match server {
        Some(server) => asking(named(server)),
        None => TokioResolver::builder_tokio().map_err(unusable)?,
    };
    build(builder, timeout)
}

/// A resolver for each of `servers`, or for each server of this machine, to be asked in turn: what one
/// fails to tell another may know. Without the hosts file.
///
/// # Errors
/// As for [`resolver`].
pub(crate) fn resolvers(
    servers: &[SocketAddr],
    timeout: Duration,
) -> Result<Vec<TokioResolver>, String> {
    let servers: Vec<NameServerConfig> = if servers.is_empty() {
        let (config, _) = read_system_conf().map_err(unusable)?;
        config.name_servers().to_vec()
    } else {
        servers.iter().copied().map(named).collect()
    };
    servers
        .into_iter()
        .map(|server| build(asking(server), timeout))
        .collect()
}

fn unusable(error: impl std::fmt::Display) -> String {
    format!("this machine's resolver settings: {error}")
}

fn named(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

fn asking(server: NameServerConfig) -> ResolverBuilder<TokioRuntimeProvider> {
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder
}

fn build(
    mut builder: ResolverBuilder<TokioRuntimeProvider>,
    timeout: Duration,
) -> Result<TokioResolver, String> {
    let options = builder.options_mut();
    options.cache_size = 0;
    options.preserve_intermediates = true;
    options.timeout = timeout;
    options.attempts = 1;
    builder
        .build()
        .map_err(|error| format!("the resolver could not be set up: {error}"))
}
