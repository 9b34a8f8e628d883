//! Lines for a terminal: safe text, symbols with their ASCII form, ink, and wrapping with hanging indents.

use crate::document::escape::visible;
use crate::model::{Severity, Verdict};
use crate::report::Style;
use anstyle::{AnsiColor, Style as Ansi};

/// What a colour means here. Each is used beside a word or a symbol that says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Doubt,
    Aside,
}

/// The lines written so far.
pub(super) struct Screen<'a> {
    pub(super) style: &'a Style<'a>,
    out: String,
}

impl<'a> Screen<'a> {
    pub(super) fn new(style: &'a Style<'a>) -> Self {
        Self {
            style,
            out: String::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An empty line, unless nothing stands above it.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// The columns that lines may take. Beyond a hundred, lines are hard to read.
    pub(super) fn width(&self) -> usize {
        self.style
            .width
            .clamp(40, if self.style.verbose { 1_000 } else { 100 })
    }

    /// Writes a line that is laid out already.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim_end().replace('\u{a0}', " ");
        self.out.push_str(&line);
        self.out.push('\n');
    }

    /// Text of others, made safe and, where asked for, ASCII. Secrets are taken out of it while it is whole.
    pub(super) fn text(&self, text: &str) -> String {
        let text = match self.style.secrets {
            Some(secrets) => visible(&secrets.redact(text)),
            None => visible(text),
        };
        if self.style.unicode {
            text
        } else {
            ascii(&text)
        }
    }

    pub(super) fn paint(&self, ink: Ink, text: &str) -> String {
        let ansi = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Dim => Ansi::new().dimmed(),
            Ink::Bold => Ansi::new().bold(),
            Ink::Good => AnsiColor::Green.on_default(),
            Ink::Bad => AnsiColor::Red.on_default().bold(),
            Ink::Doubt => AnsiColor::Yellow.on_default(),
            Ink::Aside => AnsiColor::Cyan.on_default(),
        };
        if self.style.color && !text.is_empty() {
            format!("{ansi}{text}{ansi:#}")
        } else {
            text.to_owned()
        }
    }

    /// Writes pieces one after the other, a space between them, wrapped at spaces, later lines
    /// indented by `hang`. Texts must have been made safe. No-break spaces hold words together.
    pub(super) fn flow(&mut self, indent: usize, hang: usize, pieces: &[(Ink, &str)]) {
        self.flow_after(" ".repeat(indent), indent, hang, pieces);
    }

    /// The same after a beginning that takes so many columns.
    fn flow_after(&mut self, beginning: String, taken: usize, hang: usize, pieces: &[(Ink, &str)]) {
        let width = self.width();
        let mut line = beginning;
        let (mut column, mut fresh) = (taken, true);
        for (ink, piece) in pieces {
            let mut run: Vec<String> = Vec::new(); // words of one ink on one line
            for word in piece.split_ascii_whitespace() {
                let mut word = word;
                loop {
                    let space = usize::from(!fresh);
                    if fits(word, width.saturating_sub(column + space)) {
                        column += space + columns(word);
                        if !fresh && run.is_empty() {
                            line.push(' ');
                        }
                        run.push(word.replace('\u{a0}', " "));
                        fresh = false;
                        break;
                    }
                    if fresh || column + space <= hang {
                        // The next line has no more room than this one: it is broken where the line ends.
                        if !fresh && run.is_empty() {
                            line.push(' ');
                        }
                        let end = fitting(word, width.saturating_sub(column + space).max(1));
                        run.push(word[..end].replace('\u{a0}', " "));
                        word = &word[end..];
                    }
                    line.push_str(&self.paint(*ink, &run.join(" ")));
                    run.clear();
                    self.out.push_str(line.trim_end());
                    self.out.push('\n');
                    line = " ".repeat(hang);
                    (column, fresh) = (hang, true);
                    if word.is_empty() {
                        break;
                    }
                }
            }
            line.push_str(&self.paint(*ink, &run.join(" ")));
        }
        if !line.trim().is_empty() {
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }

    /// A labelled line below a finding: `    found     value`, wrapped beneath the value.
    pub(super) fn detail(&mut self, label: &str, ink: Ink, value: &str) {
        if !value.trim().is_empty() {
            let label = format!("{label:<9}").replace(' ', "\u{a0}");
            self.flow(4, 14, &[(Ink::Dim, &label), (ink, value)]);
        }
    }

    /// A middle dot between words.
    pub(super) fn dot(&self) -> &'static str {
        if self.style.unicode { "·" } else { "-" }
    }

    /// The symbol of a verdict.
    fn symbol(&self, symbol: Symbol) -> String {
        let (unicode, ascii, ink) = match symbol {
            Symbol::Verdict(Verdict::Pass) => ("✓", "+", Ink::Good),
            Symbol::Verdict(Verdict::Fail) => ("✗", "x", Ink::Bad),
            Symbol::Verdict(Verdict::Inconclusive) => ("?", "?", Ink::Doubt),
            Symbol::Verdict(Verdict::Blocked) => ("~", "~", Ink::Doubt),
            Symbol::Verdict(_) => ("-", "-", Ink::Dim),
            Symbol::Flaky => ("↻", "f", Ink::Doubt),
            Symbol::Waived => ("w", "w", Ink::Aside),
            Symbol::Warning => ("!", "!", Ink::Doubt),
        };
        self.paint(ink, if self.style.unicode { unicode } else { ascii })
    }

    /// Writes a line that begins with a symbol.
    pub(super) fn marked(&mut self, symbol: Symbol, pieces: &[(Ink, &str)]) {
        let beginning = format!("{} ", self.symbol(symbol));
        self.flow_after(beginning, 2, 4, pieces);
    }

    /// Writes a line below a finding that begins with a symbol of its own.
    pub(super) fn nested(&mut self, symbol: Symbol, pieces: &[(Ink, &str)]) {
        let beginning = format!("    {} ", self.symbol(symbol));
        self.flow_after(beginning, 6, 8, pieces);
    }

    /// The text, or its beginning where it takes more columns than there are.
    pub(super) fn clipped(&self, text: &str, room: usize) -> String {
        if fits(text, room) {
            return text.to_owned();
        }
        let dots = if self.style.unicode { "…" } else { "..." };
        format!(
            "{}{dots}",
            text[..fitting(text, room.saturating_sub(columns(dots)))].trim_end()
        )
    }
}

/// What stands before a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Symbol {
    Verdict(Verdict),
    Flaky,
    Waived,
    Warning,
}

/// The ink of a severity.
pub(super) fn severity(severity: Severity) -> Ink {
    match severity {
        Severity::Critical | Severity::High => Ink::Bad,
        Severity::Medium => Ink::Doubt,
        Severity::Low | Severity::Info => Ink::Dim,
    }
}

/// The columns that a text takes.
pub(in crate::report) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// Two columns for East Asian wide characters and emoji, none for combining marks, else one.
fn column(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Does the text take no more columns than these? No more of a long one is looked at than is needed to tell.
fn fits(text: &str, room: usize) -> bool {
    let mut left = room;
    text.chars().all(|c| match left.checked_sub(column(c)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    })
}

/// The bytes of the beginning that fits into so many columns.
pub(super) fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += column(c);
        if used > room && at > 0 {
            return at;
        }
    }
    text.len()
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{a0}' => out.push(c),
            '→' => out.push_str("->"),
            '·' | '–' | '—' => out.push('-'),
            '…' => out.push_str("..."),
            '‹' => out.push('<'),
            '›' => out.push('>'),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '×' => out.push('x'),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}
