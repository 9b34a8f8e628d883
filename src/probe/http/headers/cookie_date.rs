//! The lenient dates of cookies, as RFC 6265 section 5.1.1 has browsers read them.

/// Seconds since 1970; none where browsers ignore the attribute.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| matches!(c, '\t' | '\x20'..='\x2f' | '\x3b'..='\x40' | '\x5b'..='\x60' | '\x7b'..='\x7e');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none() && time_of_day(token).is_some() {
            time = time_of_day(token);
        } else if day.is_none() && leading_digits(token, 1..=2).is_some() {
            day = leading_digits(token, 1..=2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() && leading_digits(token, 2..=4).is_some() {
            year = leading_digits(token, 2..=4);
        }
    }
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        full => full,
    };
    let (hour, minute, second) = time?;
    if year < 1601 {
        return None;
    }
    let date = jiff::civil::DateTime::new(
        i16::try_from(year).ok()?,
        month?,
        i8::try_from(day?).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    Some(
        date.ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

/// The number at the start, if it has that many digits and no further one follows.
fn leading_digits(token: &str, width: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    width
        .contains(&digits)
        .then(|| token[..digits].parse().ok())
        .flatten()
}

fn time_of_day(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let whole = |part: &str| {
        ((1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse().ok())
            .flatten()
    };
    let (hour, minute) = (whole(parts.next()?)?, whole(parts.next()?)?);
    Some((hour, minute, leading_digits(parts.next()?, 1..=2)?))
}

fn month_of(token: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = token.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_that_servers_send() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "6 november 1994 8:49:37",
        ] {
            assert_eq!(parse(text), Some(784_111_777), "{text}");
        }
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse("Wed, 01 Jan 31 00:00:00 GMT"), Some(1_924_992_000));
    }

    #[test]
    fn gives_none_where_something_is_missing_or_out_of_range() {
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994",
            "31 Feb 2027 00:00:00",
            "1 Jan 2027 25:00:00",
            "1 Jan 1600 00:00:00",
            "é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
