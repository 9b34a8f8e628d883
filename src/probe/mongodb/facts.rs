//! The facts of a climb, as far as it came.

use super::climb::{Climb, Reached};
use super::uri::Address;
use serde_json::{Value, json};

impl Climb<'_> {
    /// The facts of the climb.
    pub(super) fn facts(&self) -> Value {
        let address = self.address.as_ref();
        let seeds: Vec<_> = self.reached.iter().map(Reached::fact).collect();
        let path = address.and_then(|address| address.database.clone());
        let identity = self.identity.as_ref();
        let text = |key: &str| self.hello.get_str(key).ok();
        let primary = ["isWritablePrimary", "ismaster"]
            .iter()
            .find_map(|key| self.hello.get_bool(key).ok());
        json!({
            "loopback": address.map(Address::is_loopback),
            "atlas": address.map(Address::is_atlas),
            "srv": address.map(|address| address.srv),
            "insecure": address.map_or(&[][..], |address| &address.insecure),
            "auth_source": address.filter(|address| address.credential.is_some()).map(|_| &self.auth_source),
            "database": {
                "name": address.map(|_| self.database()),
                "path": path,
                "variable": self.asked.database,
                "agrees": address.map(|address| match (&address.database, self.asked.database) {
                    (Some(path), Some(variable)) => path == variable,
                    _ => true,
                }),
            },
            "password": address.and_then(Address::strength).map(|strength| json!({
                "length": strength.length,
                "entropy_bits": strength.bits,
            })),
            "seeds": seeds,
            "tls": {
                "used": address.map(|address| address.tls),
                "trusted": self.trusted,
                "version": self.tls_version,
            },
            "server": {
                "primary": primary,
                "mongos": (!self.hello.is_empty()).then(|| self.is_mongos()),
                "set_name": text("setName"),
                "max_wire_version": self.hello.get_i32("maxWireVersion").ok(),
                "version": self.version,
            },
            "identity": {
                "roles": identity.map(|identity| &identity.roles),
                "broad": identity.map(|identity| &identity.broad),
                "missing": identity.and_then(|identity| identity.missing.as_ref()),
            },
        })
    }
}

impl Reached {
    fn fact(&self) -> Value {
        json!({
            "host": self.seed.name(),
            "connected": self.connected,
            "ms": self.ms,
            "cause": self.cause,
        })
    }
}
