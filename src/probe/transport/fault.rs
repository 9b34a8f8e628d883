//! What went wrong on the wire, told by kind, from the chain of causes of an error.

use crate::model::{Hindrance, HindranceKind};
use std::error::Error;
use std::io::{self, ErrorKind};

/// A request that found no answer.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Fault {
    /// What happened.
    pub hindrance: Hindrance,
    /// It happened before there was a connection, so another attempt may fare better.
    pub connecting: bool,
}

impl Fault {
    /// A fault that another attempt would meet again.
    pub(in crate::probe) fn settled(hindrance: Hindrance) -> Self {
        Self {
            hindrance,
            connecting: false,
        }
    }
}

/// Why a request found no answer.
pub(super) fn of_request(error: &reqwest::Error) -> Fault {
    let connecting = error.is_connect();
    let hindrance = if error.is_dns() {
        Hindrance::new(
            HindranceKind::Dns,
            format!("the name could not be resolved: {}", root_cause(error)),
        )
    } else if error.is_timeout() && connecting {
        Hindrance::new(
            HindranceKind::Timeout,
            "no connection within the time allowed",
        )
    } else if connecting {
        classify(error, "connecting", HindranceKind::Unreachable)
    } else {
        classify(error, "waiting for the answer", HindranceKind::Protocol)
    };
    let passing = matches!(
        hindrance.kind,
        HindranceKind::Refused
            | HindranceKind::Closed
            | HindranceKind::Timeout
            | HindranceKind::Unreachable
    );
    Fault {
        hindrance,
        connecting: connecting && passing,
    }
}

/// Why a body ended before its end.
pub(super) fn of_body(error: &reqwest::Error) -> Fault {
    Fault::settled(classify(error, "reading the body", HindranceKind::Protocol))
}

/// Why a connection could not be made, or broke.
pub(super) fn of_io(error: &io::Error, doing: &str) -> Hindrance {
    classify(error, doing, HindranceKind::Unreachable)
}

/// `otherwise` is what an error means that says nothing known.
fn classify(error: &(dyn Error + 'static), doing: &str, otherwise: HindranceKind) -> Hindrance {
    let mut kind = otherwise;
    let mut link = Some(error);
    while let Some(cause) = link {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Hindrance::new(
                HindranceKind::Tls,
                format!("TLS failed while {doing}: {tls}"),
            );
        }
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            if hyper.is_incomplete_message() || hyper.is_canceled() || hyper.is_closed() {
                kind = HindranceKind::Closed;
            } else if hyper.is_parse() {
                kind = HindranceKind::Protocol;
            }
        }
        if let Some(known) = cause
            .downcast_ref::<io::Error>()
            .and_then(|io| kind_of_io(io.kind()))
        {
            kind = known;
        }
        link = next(cause);
    }
    let cause = root_cause(error);
    let sentence = match kind {
        HindranceKind::Refused => "the connection was refused".to_owned(),
        HindranceKind::Closed => format!("the connection was closed while {doing}"),
        HindranceKind::Timeout => format!("no progress within the time allowed while {doing}"),
        HindranceKind::Unreachable => format!("the host cannot be reached: {cause}"),
        _ => format!("the answer is not valid HTTP: {cause}"),
    };
    Hindrance::new(kind, sentence)
}

fn kind_of_io(kind: ErrorKind) -> Option<HindranceKind> {
    Some(match kind {
        ErrorKind::ConnectionRefused => HindranceKind::Refused,
        ErrorKind::TimedOut => HindranceKind::Timeout,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => HindranceKind::Closed,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::PermissionDenied => HindranceKind::Unreachable,
        _ => return None,
    })
}

/// The next error down the chain. An I/O error's `source` skips the error that it wraps.
fn next<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The innermost cause in words; the outer ones only repeat it, with the address.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(inner) = next(last) {
        last = inner;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_tls_error_inside_nested_io_errors() {
        let tls = rustls::Error::General("untrusted".into());
        let nested = io::Error::other(io::Error::new(ErrorKind::InvalidData, tls));
        assert_eq!(of_io(&nested, "connecting").kind, HindranceKind::Tls);
    }

    #[test]
    fn tells_refused_closed_and_unreachable_apart() {
        let kind = |kind: ErrorKind| of_io(&io::Error::from(kind), "connecting").kind;
        assert_eq!(kind(ErrorKind::ConnectionRefused), HindranceKind::Refused);
        assert_eq!(kind(ErrorKind::UnexpectedEof), HindranceKind::Closed);
        assert_eq!(
            kind(ErrorKind::NetworkUnreachable),
            HindranceKind::Unreachable
        );
    }
}
