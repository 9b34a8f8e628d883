//! The arguments of `keys`, and the help that teaches them.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to make.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Keys {
    /// A VAPID key pair for web push: the public key for browsers, the private one for the server
    #[command(after_help = "\
The public key has 87 characters of base64url, the private one 43. Browsers that subscribed with \
another public key stay bound to it: after a change every subscription must be renewed, and the \
application built again.")]
    Vapid(KeysVapidArguments),
    /// A secret of 32 random bytes in base64, as NextAuth signs its sessions with
    #[command(after_help = "\
Whoever is signed in is signed out when the secret changes. Use another one for each environment.")]
    Secret(KeysSecretArguments),
}

/// The arguments of `keys vapid`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct KeysVapidArguments {
    /// The variable for the public key
    #[arg(long, value_name = "NAME", default_value = "NEXT_PUBLIC_VAPID_PUBLIC_KEY", value_parser = KeysTo::name)]
    pub(in crate::cli) public_name: String,
    #[command(flatten)]
    pub(in crate::cli) to: KeysTo,
}

/// The arguments of `keys secret`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct KeysSecretArguments {
    /// The variable for it; AUTH_SECRET for Auth.js 5
    #[arg(long, value_name = "NAME", default_value = "NEXTAUTH_SECRET", value_parser = KeysTo::name)]
    pub(in crate::cli) name: String,
    #[command(flatten)]
    pub(in crate::cli) to: KeysTo,
}

/// Where what was made goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where to")]
pub(in crate::cli) struct KeysTo {
    /// Write it to a new file that only you can read; a file that is there is left alone
    #[arg(long, value_name = "FILE", conflicts_with = "stdout")]
    pub(in crate::cli) write: Option<PathBuf>,
    /// With --write: add to the file where it is there and does not set the names yet
    #[arg(long, requires = "write")]
    pub(in crate::cli) append: bool,
    /// Print it, secret part and all: a pair as lines of an environment file, a secret alone
    #[arg(long)]
    pub(in crate::cli) stdout: bool,
}
