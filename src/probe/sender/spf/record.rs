//! An SPF record in its parts (RFC 7208 section 4.6 and 12).

/// One mechanism, as far as counting and following it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe::sender) enum Mechanism {
    /// `all` with its qualifier: + - ~ ?
    All(char),
    /// `include:`, and whether what it names may send: not so with - ~ ? before it.
    Include(String, bool),
    /// `a`, with a domain other than the record's own where one is written.
    A(Option<String>),
    /// `mx`, the same.
    Mx(Option<String>),
    /// `ptr`, which is discouraged and still counts.
    Ptr,
    /// `exists:`
    Exists(String),
    /// `ip4` or `ip6`, which ask nothing.
    Address,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::probe::sender) struct Record {
    pub(in crate::probe::sender) mechanisms: Vec<Mechanism>,
    pub(in crate::probe::sender) redirect: Option<String>,
}

/// Is the text an SPF record, right or wrong?
pub(in crate::probe::sender) fn is_spf(text: &str) -> bool {
    let version = text.split(' ').next().unwrap_or_default();
    version.eq_ignore_ascii_case("v=spf1")
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// The term that breaks the syntax, which makes receivers give up the whole record.
    pub(in crate::probe::sender) fn parse(text: &str) -> Result<Self, String> {
        let mut record = Self::default();
        for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
            match modifier(term) {
                Some((name, value)) if name.eq_ignore_ascii_case("redirect") => {
                    if record.redirect.is_some() || value.is_empty() {
                        return Err(format!("'{term}' is not understood"));
                    }
                    record.redirect = Some(plain(value));
                }
                // Others are ignored by receivers (section 6).
                Some(_) => {}
                None => record.mechanisms.push(mechanism(term)?),
            }
        }
        Ok(record)
    }

    /// The qualifier of `all`, where the record has one.
    pub(in crate::probe::sender) fn all(&self) -> Option<char> {
        self.mechanisms.iter().find_map(|one| match one {
            Mechanism::All(qualifier) => Some(*qualifier),
            _ => None,
        })
    }
}

/// A name and a value with = between; a mechanism has : or / before any =.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    word.then_some((name, value))
}

fn mechanism(term: &str) -> Result<Mechanism, String> {
    let wrong = || format!("'{term}' is not understood");
    let (qualifier, rest) = match term.chars().next() {
        Some(sign @ ('+' | '-' | '~' | '?')) => (sign, &term[1..]),
        _ => ('+', term),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let argument = tail.strip_prefix(':');
    let domain = || {
        argument
            .filter(|text| !text.is_empty())
            .map(plain)
            .ok_or_else(wrong)
    };
    match name.to_ascii_lowercase().as_str() {
        "all" if tail.is_empty() => Ok(Mechanism::All(qualifier)),
        "include" => Ok(Mechanism::Include(domain()?, qualifier == '+')),
        "exists" => Ok(Mechanism::Exists(domain()?)),
        "a" => target(tail).map(Mechanism::A).ok_or_else(wrong),
        "mx" => target(tail).map(Mechanism::Mx).ok_or_else(wrong),
        "ptr" => Ok(Mechanism::Ptr),
        "ip4" | "ip6" => {
            let text = argument.ok_or_else(wrong)?;
            let (address, length) = match text.split_once('/') {
                Some((address, length)) => (address, Some(length)),
                None => (text, None),
            };
            let four = name.eq_ignore_ascii_case("ip4");
            let good = if four {
                address.parse::<std::net::Ipv4Addr>().is_ok()
            } else {
                address.parse::<std::net::Ipv6Addr>().is_ok()
            };
            let most = if four { 32 } else { 128 };
            let fits = length.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most));
            if good && fits {
                Ok(Mechanism::Address)
            } else {
                Err(wrong())
            }
        }
        _ => Err(wrong()),
    }
}

/// The domain of `a` or `mx`, without the prefix lengths behind it.
fn target(tail: &str) -> Option<Option<String>> {
    let (domain, lengths) = match tail.find('/') {
        // A slash inside a macro is no prefix length, and such a domain is not followed anyway.
        Some(at) if !tail[..at].contains('%') => tail.split_at(at),
        _ => (tail, ""),
    };
    let digits = lengths
        .trim_start_matches('/')
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'/');
    match domain.strip_prefix(':') {
        Some("") => None,
        Some(domain) if digits => Some(Some(plain(domain))),
        None if digits => Some(None),
        _ => None,
    }
}

/// In lower case, without the dot of the root; macros keep their letters, whose case has a meaning.
fn plain(domain: &str) -> String {
    let domain = domain.trim_end_matches('.');
    if domain.contains('%') {
        domain.to_owned()
    } else {
        domain.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_recognised() {
        for text in ["v=spf1", "v=spf1 -all", "V=SPF1 a"] {
            assert!(is_spf(text), "{text}");
        }
        for text in [
            "v=spf10 -all",
            "v=spf2.0/pra",
            "spf1",
            "v=DMARC1; p=none",
            "v=spf1-all",
        ] {
            assert!(!is_spf(text), "{text}");
        }
    }

    #[test]
    fn every_mechanism_is_read() {
        let record = Record::parse(
            "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx a:Mail.Shop.test/24//64 mx:mx.shop.test/28 \
            include:_spf.google.com. ~exists:%{i}._spf.shop.test ?ptr exp=why.shop.test redirect=other.test -all",
        )
        .unwrap();
        assert_eq!(
            record.mechanisms,
            [
                Mechanism::Address,
                Mechanism::Address,
                Mechanism::A(None),
                Mechanism::Mx(None),
                Mechanism::A(Some("mail.shop.test".into())),
                Mechanism::Mx(Some("mx.shop.test".into())),
                Mechanism::Include("_spf.google.com".into(), true),
                Mechanism::Exists("%{i}._spf.shop.test".into()),
                Mechanism::Ptr,
                Mechanism::All('-'),
            ]
        );
        assert_eq!(record.redirect.as_deref(), Some("other.test"));
        assert_eq!(record.all(), Some('-'));
        assert_eq!(Record::parse("v=spf1 all").unwrap().all(), Some('+'));
    }

    #[test]
    fn what_receivers_refuse_is_refused() {
        for text in [
            "v=spf1 include:",
            "v=spf1 include",
            "v=spf1 ip4:not-an-address -all",
            "v=spf1 ip4:192.0.2.0/33",
            "v=spf1 ipv4:192.0.2.1",
            "v=spf1 -all:x",
            "v=spf1 a:",
            "v=spf1 mx/abc",
            "v=spf1 redirect=a.test redirect=b.test",
            "v=spf1 incude:_spf.google.com",
        ] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
        assert!(Record::parse("v=spf1  a   -all").is_ok());
        assert!(Record::parse("v=spf1 unknown=modifier -all").is_ok());
    }
}
