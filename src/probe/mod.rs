//! The registry of probes, and nothing else: one `mod` line and one entry of the table each.

mod contract;
mod dns;
mod environment;
mod exec;
mod file;
mod http;
mod tls;
pub mod transport;

pub use contract::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Transient, Wanted};

/// Every probe, in the order of their names.
pub static PROBES: &[&dyn Probe] = &[
    &dns::Dns,
    &environment::EnvironmentProbe,
    &exec::Exec,
    &file::File,
    &http::Http,
    &tls::Tls,
];

/// The probe of that name.
pub fn find(name: &str) -> Option<&'static dyn Probe> {
    PROBES
        .iter()
        .copied()
        .find(|probe| probe.spec().name == name)
}
