//! The headers of an answer as they were sent, and one parser for each that checks judge.

pub(super) mod content_type;
pub(in crate::probe) mod cookie;
pub(super) mod cookie_date;
pub(super) mod cors;
pub(in crate::probe) mod csp;
pub(super) mod framing;
pub(super) mod hsts;
pub(super) mod isolation;
pub(super) mod leaks;
pub(super) mod legacy;
pub(super) mod permissions;
pub(super) mod referrer;
pub(in crate::probe) mod structured;

use reqwest::header::HeaderMap;

/// Every header line of an answer, duplicates included.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    lines: Vec<Line>,
}

/// One header line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// In lower case.
    pub name: String,
    /// Bytes that are not UTF-8 are replaced.
    pub value: String,
    /// Was the value UTF-8?
    pub is_text: bool,
}

impl Headers {
    /// All names and values together, in bytes.
    pub(super) fn size(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.name.len() + line.value.len())
            .sum()
    }

    /// Takes the lines over, a repeated name beside its first line.
    pub(super) fn of(map: &HeaderMap) -> Self {
        let lines = map
            .iter()
            .map(|(name, value)| Line {
                name: name.as_str().to_owned(),
                value: String::from_utf8_lossy(value.as_bytes()).trim().to_owned(),
                is_text: std::str::from_utf8(value.as_bytes()).is_ok(),
            })
            .collect();
        Self { lines }
    }

    /// Every line, in order.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Every value of a name, in order. Names are given in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |line| line.name == name)
            .map(|line| line.value.as_str())
    }

    /// The first value of a name.
    pub(super) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Is a header of that name there?
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// All values of a name as one, as RFC 9110 section 5.3 combines them.
    pub(super) fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The members of a comma-separated list over all lines, without the empty ones.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|member| !member.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[cfg(test)]
    pub(super) fn from(lines: &[(&str, &str)]) -> Self {
        let line = |&(name, value): &(&str, &str)| Line {
            name: name.into(),
            value: value.into(),
            is_text: true,
        };
        Self {
            lines: lines.iter().map(line).collect(),
        }
    }
}
