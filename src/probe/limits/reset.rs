//! What the reset of an announced limit means: fields of one name hold seconds, moments, milliseconds and dates.

/// A reset as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reset {
    /// A bare number, of a unit that is still to be told.
    Number(f64),
    /// A date, in seconds since 1970.
    Date(f64),
    /// A duration with its units, in seconds: `6m0s`.
    Duration(f64),
}

/// What a reset means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Seconds since 1970, reckoned anew with each request: a sliding window or a bucket.
    MovingEpoch,
    /// A small number that does not fall: the length of the window, where the time left was meant.
    Constant,
    /// A date.
    Date,
    /// A duration with its units.
    Duration,
}

/// One reset, and the server's time when it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) reset: Reset,
    /// Seconds since 1970.
    pub(super) now: f64,
}

/// What a reset was taken to mean, and whether two samples settle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) meaning: Meaning,
    pub(super) settled: bool,
}

const DAY: f64 = 86_400.0;
/// Rounding of either value, and of either clock.
const ROUNDING: f64 = 1.01;
/// Samples that are closer cannot tell a value that falls from one that stands.
const APART: f64 = 1.5;

impl Meaning {
    /// The word in facts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::EpochSeconds => "epoch-seconds",
            Self::EpochMilliseconds => "epoch-milliseconds",
            Self::MovingEpoch => "moving-epoch",
            Self::Constant => "constant",
            Self::Date => "date",
            Self::Duration => "duration",
        }
    }

    /// Seconds from `now` until the reset; none where the value does not say.
    pub(super) fn seconds_left(self, reset: Reset, now: f64) -> Option<f64> {
        match (self, reset) {
            (_, Reset::Date(at)) => Some(at - now),
            (_, Reset::Duration(left)) | (Self::Seconds, Reset::Number(left)) => Some(left),
            (Self::Milliseconds, Reset::Number(left)) => Some(left / 1000.0),
            (Self::EpochSeconds | Self::MovingEpoch, Reset::Number(at)) => Some(at - now),
            (Self::EpochMilliseconds, Reset::Number(at)) => Some(at / 1000.0 - now),
            (Self::Constant | Self::Date | Self::Duration, Reset::Number(_)) => None,
        }
    }
}

impl Reset {
    /// Reads a value: a number, an ISO 8601 date, an HTTP date, the text of a JavaScript date, or a duration.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return number(text).map(Self::Number);
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(Self::Date(at.as_duration().as_secs_f64()));
        }
        if let Ok(at) = httpdate::parse_http_date(text) {
            let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
            return Some(Self::Date(since.as_secs_f64()));
        }
        javascript_date(text)
            .map(Self::Date)
            .or_else(|| duration(text).map(Self::Duration))
    }
}

/// A number without sign or exponent; what is longer than any moment in milliseconds is none.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_number = plain && text.len() <= 20 && text.starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// `Wed Nov 25 2026 12:00:00 GMT+0000 (Coordinated Universal Time)` (ECMA-262, Date.prototype.toString).
fn javascript_date(text: &str) -> Option<f64> {
    let text = text.split(" (").next()?;
    let parsed = jiff::fmt::strtime::parse("%a %b %d %Y %H:%M:%S GMT%z", text).ok()?;
    Some(parsed.to_timestamp().ok()?.as_duration().as_secs_f64())
}

/// `1h2m3.5s`, `250ms`, as Go writes them.
fn duration(text: &str) -> Option<f64> {
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count = number(&rest[..end])?;
        rest = &rest[end..];
        let (unit, length) = [
            ("ms", 0.001),
            ("h", 3600.0),
            ("m", 60.0),
            ("s", 1.0),
            ("d", DAY),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        seconds += count * length;
    }
    Some(seconds)
}

/// What a value means, by itself and, where there is one, by a later value of the same window.
pub(super) fn meaning(first: Sample, later: Option<Sample>) -> Reading {
    let settled = |meaning| Reading {
        meaning,
        settled: true,
    };
    let one = match first.reset {
        Reset::Date(_) => return settled(Meaning::Date),
        Reset::Duration(_) => return settled(Meaning::Duration),
        Reset::Number(value) => value,
    };
    let by_size = Reading {
        meaning: if one > 1e12 {
            Meaning::EpochMilliseconds
        } else if one > 1e9 {
            Meaning::EpochSeconds
        } else {
            Meaning::Seconds
        },
        settled: false,
    };
    let Some((two, passed)) = later.and_then(|later| match later.reset {
        Reset::Number(value) => Some((value, later.now - first.now)),
        _ => None,
    }) else {
        return by_size;
    };
    if passed < APART {
        return by_size;
    }
    let moved = two - one;
    let near = |scale: f64| (one / scale - first.now).abs() <= DAY;
    // A date is told by its size, whatever it does; a day around now is far from every other meaning.
    if near(1000.0) {
        return settled(Meaning::EpochMilliseconds);
    }
    if near(1.0) {
        let stands = moved.abs() < ROUNDING;
        let drifts = moved > 0.0 && moved <= passed + ROUNDING;
        return match (stands, drifts) {
            (true, _) => settled(Meaning::EpochSeconds),
            (false, true) => settled(Meaning::MovingEpoch),
            (false, false) => settled(Meaning::EpochSeconds),
        };
    }
    if one > 1e9 {
        return by_size;
    }
    if (moved + 1000.0 * passed).abs() <= 1000.0 * ROUNDING {
        settled(Meaning::Milliseconds)
    } else if moved < 0.0 && (moved + passed).abs() <= ROUNDING {
        settled(Meaning::Seconds)
    } else if moved == 0.0 && one > passed + 0.5 {
        // A window as short as the pause has begun anew, and its reset with it.
        settled(Meaning::Constant)
    } else {
        // The window was renewed in between, or a bucket filled up.
        by_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: f64 = 1_795_600_000.0;

    fn told(one: f64, two: f64, passed: f64) -> Reading {
        let sample = |value, now| Sample {
            reset: Reset::Number(value),
            now,
        };
        meaning(sample(one, NOW), Some(sample(two, NOW + passed)))
    }

    #[test]
    fn two_samples_settle_what_a_number_means() {
        for (one, two, meaning) in [
            (10.0, 8.0, Meaning::Seconds),
            (10_000.0, 8_000.0, Meaning::Milliseconds),
            (NOW + 10.0, NOW + 10.0, Meaning::EpochSeconds),
            (
                (NOW + 10.0) * 1e3,
                (NOW + 10.0) * 1e3,
                Meaning::EpochMilliseconds,
            ),
            (NOW + 10.0, NOW + 12.0, Meaning::MovingEpoch),
            (60.0, 60.0, Meaning::Constant),
        ] {
            let reading = told(one, two, 2.0);
            assert_eq!((reading.meaning, reading.settled), (meaning, true), "{one}");
        }
        assert!(!told(1.0, 10.0, 2.0).settled, "the window was renewed");
        assert!(!told(10.0, 10.0, 0.2).settled, "too soon");
        assert!(!told(2.0, 2.0, 2.0).settled, "the window was over");
    }

    #[test]
    fn one_sample_tells_by_size_and_form() {
        let of = |text: &str| {
            let reset = Reset::read(text)?;
            let reading = meaning(Sample { reset, now: NOW }, None);
            let left = reading.meaning.seconds_left(reset, NOW)?;
            Some((reading.meaning, left))
        };
        assert_eq!(of("10"), Some((Meaning::Seconds, 10.0)));
        assert_eq!(of("1795600010"), Some((Meaning::EpochSeconds, 10.0)));
        assert_eq!(
            of("1795600010000"),
            Some((Meaning::EpochMilliseconds, 10.0))
        );
        assert_eq!(of("2026-11-25T09:46:50Z"), Some((Meaning::Date, 10.0)));
        assert_eq!(
            of("Wed, 25 Nov 2026 09:46:50 GMT"),
            Some((Meaning::Date, 10.0))
        );
        assert_eq!(
            of("Wed Nov 25 2026 09:46:50 GMT+0000 (Coordinated Universal Time)"),
            Some((Meaning::Date, 10.0))
        );
        assert_eq!(of("6m0s"), Some((Meaning::Duration, 360.0)));
        assert_eq!(of("250ms"), Some((Meaning::Duration, 0.25)));
        for bad in ["", "soon", "-1", "1e3", "NaN", "inf", ".", "5x", "m"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(text in "\\PC{0,40}") {
            let _ = Reset::read(&text);
        }

        #[test]
        fn each_way_of_writing_one_reset_is_told_apart(left in 4u32..80_000, passed in 1.6f64..3.4) {
            let at = (NOW + f64::from(left)).round();
            let after = |scale: f64| ((f64::from(left) - passed) * scale).round();
            let delta = told(f64::from(left), after(1.0), passed);
            prop_assert_eq!(delta.meaning, Meaning::Seconds);
            let millis = told(f64::from(left) * 1e3, after(1e3), passed);
            prop_assert_eq!(millis.meaning, Meaning::Milliseconds);
            prop_assert_eq!(told(at, at, passed).meaning, Meaning::EpochSeconds);
            prop_assert_eq!(told(at * 1e3, at * 1e3, passed).meaning, Meaning::EpochMilliseconds);
            prop_assert_eq!(told(f64::from(left), f64::from(left), passed).meaning, Meaning::Constant);
        }
    }
}
