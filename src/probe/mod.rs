//! The registry of probes, and nothing else: one `mod` line and one entry of the table each.

mod accounts;
mod advisories;
mod ai;
mod atlas;
mod bundle;
mod compliance;
mod contract;
mod dns;
mod environment;
mod exec;
mod exposed;
mod file;
mod gcloud;
mod history;
mod http;
mod isolation;
mod ladder;
mod limits;
mod mongodb;
mod nextauth;
pub mod observatory;
mod oidc;
mod packages;
mod passwords;
mod push;
mod resend;
mod scratch;
mod sender;
mod site;
mod smtp;
mod tls;
pub mod transport;
mod vercel;

use std::sync::LazyLock;

pub(crate) use nextauth::library as nextauth_library;

pub use contract::{Budget, Context, ParameterSpec, Probe, ProbeSpec, Sighting, Transient, Wanted};
pub use scratch::{Promise, Scratch};

/// Every probe, in the order of their names.
pub static PROBES: &[&dyn Probe] = &[
    &accounts::Accounts,
    &advisories::Advisories,
    &ai::Ai,
    &atlas::Atlas,
    &bundle::Bundle,
    &compliance::Compliance,
    &dns::Dns,
    &environment::EnvironmentProbe,
    &exec::Exec,
    &exposed::Exposed,
    &file::File,
    &gcloud::Gcloud,
    &history::History,
    &http::Http,
    &isolation::Isolation,
    &limits::Limits,
    &mongodb::Mongodb,
    &nextauth::NextAuth,
    &observatory::Observatory,
    &oidc::Oidc,
    &packages::Packages,
    &passwords::Passwords,
    &push::Push,
    &resend::Resend,
    &sender::Sender,
    &smtp::Smtp,
    &tls::Tls,
    &vercel::Vercel,
];

/// Their declarations in the same order, made once: every check of a catalogue asks for one.
static SPECS: LazyLock<Vec<ProbeSpec>> =
    LazyLock::new(|| PROBES.iter().map(|probe| probe.spec()).collect());

/// The probe of that name.
pub fn find(name: &str) -> Option<&'static dyn Probe> {
    let place = SPECS.iter().position(|spec| spec.name == name)?;
    PROBES.get(place).copied()
}

/// The declaration of the probe of that name.
pub fn spec(name: &str) -> Option<&'static ProbeSpec> {
    SPECS.iter().find(|spec| spec.name == name)
}
