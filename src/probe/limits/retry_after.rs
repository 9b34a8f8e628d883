//! Retry-After: an HTTP date or whole seconds (RFC 9110, section 10.2.3), and what else is sent in its place.

/// What the field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// Wait this many seconds.
    Seconds(u64),
    /// It is no date and no whole number of seconds.
    Malformed,
    /// A date that has passed.
    Past,
}

/// More than this many seconds is a count of milliseconds or a moment, where seconds were meant.
const LONGEST: u64 = 366 * 86_400;

impl RetryAfter {
    /// Reads a value at the server's time `now`, in seconds since 1970.
    pub(super) fn read(text: &str, now: f64) -> Self {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(seconds) if seconds <= LONGEST => Self::Seconds(seconds),
                _ => Self::Malformed,
            };
        }
        let Ok(date) = httpdate::parse_http_date(text) else {
            return Self::Malformed;
        };
        let at = date
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64());
        let left = (at - now).ceil();
        if left < -1.0 {
            return Self::Past;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and cut at the greatest"
        )]
        Self::Seconds(left.max(0.0) as u64)
    }

    /// The word in facts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Seconds(_) => "good",
            Self::Malformed => "malformed",
            Self::Past => "past",
        }
    }

    /// The seconds, where it says some.
    pub(super) fn seconds(self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_seconds_and_http_dates_count() {
        // Wed, 25 Nov 2026 09:46:40 GMT
        let read = |text: &str| RetryAfter::read(text, 1_795_600_000.0);
        assert_eq!(read("10"), RetryAfter::Seconds(10));
        assert_eq!(read("0"), RetryAfter::Seconds(0));
        let date = "Wed, 25 Nov 2026 09:46:50 GMT";
        assert_eq!(read(date), RetryAfter::Seconds(10));
        assert_eq!(read("Wed, 25 Nov 2026 09:40:00 GMT"), RetryAfter::Past);
        for bad in ["", "1.5", "-1", "10s", "2026-11-25T09:46:50Z", "1795600010"] {
            assert_eq!(read(bad), RetryAfter::Malformed, "{bad}");
        }
    }
}
