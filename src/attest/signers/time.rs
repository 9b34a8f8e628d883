//! Times as allowed signers have them: `20260131Z`, `202601311200Z`, `20260131120000Z`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The moment, or what is wrong with it and how to mend it.
pub(super) fn read(text: &str) -> Result<Timestamp, (&'static str, String)> {
    let upper = text.to_ascii_uppercase();
    let digits = upper
        .strip_suffix("UTC")
        .or_else(|| upper.strip_suffix('Z'));
    let form = "write YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ, such as 20261231Z";
    let Some(digits) = digits else {
        if upper.bytes().all(|byte| byte.is_ascii_digit()) && matches!(upper.len(), 8 | 12 | 14) {
            let help = format!(
                "write {text}Z, which is UTC: without the Z, OpenSSH takes the time zone of the machine, and two \
                 machines would differ on who may sign"
            );
            return Err(("a time without its zone", help));
        }
        return Err(("not a time", form.to_owned()));
    };
    let moment = moment(digits).ok_or_else(|| ("not a time", form.to_owned()))?;
    if moment.as_second() <= 0 {
        return Err(("before 1970", form.to_owned()));
    }
    Ok(moment)
}

fn moment(digits: &str) -> Option<Timestamp> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return None;
    }
    // The seconds and the time of day may be left out.
    let part = |at: usize, length: usize| match digits.get(at..at + length) {
        Some(part) => part.parse::<i16>().ok(),
        None => Some(0),
    };
    let two = |at| i8::try_from(part(at, 2)?).ok();
    let time = DateTime::new(
        part(0, 4)?,
        two(4)?,
        two(6)?,
        two(8)?,
        two(10)?,
        two(12)?,
        0,
    )
    .ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        for (text, moment) in [
            ("20260131Z", "2026-01-31T00:00:00Z"),
            ("202601311205Z", "2026-01-31T12:05:00Z"),
            ("20260131120533z", "2026-01-31T12:05:33Z"),
            ("20260131UTC", "2026-01-31T00:00:00Z"),
            ("99991230Z", "9999-12-30T00:00:00Z"),
        ] {
            assert_eq!(read(text).unwrap(), moment.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "Z",
            "2026Z",
            "20260230Z",
            "20261301Z",
            "2026010124Z",
            "202601012460Z",
            "20260101235960Z",
            "2026-01-01Z",
            "+2026011Z",
            "soon",
            "２０２６０１０１Z",
            "19691231Z",
            "19700101Z",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("20260101").unwrap_err().1.contains("20260101Z"));
    }
}
