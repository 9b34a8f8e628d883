//! A line of text, cut at what may be a slot: runs of underscores and the signs of options.

use super::super::slot::Context;
use std::ops::Range;

/// What a line is cut at.
#[derive(Debug)]
pub(super) struct Mark {
    /// Its bytes in the document.
    pub(super) at: Range<usize>,
    /// What it is.
    pub(super) what: What,
}

/// The kinds of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A run of underscores.
    Blank(Context),
    /// `☐`, `☑` or `☒`: the sign of an option.
    Open(bool),
    /// `✓` or `✗`: the sign of an option, the name of one, or a claim.
    Verdict(char),
}

/// The words between two marks.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// The words, without emphasis.
    pub(super) words: String,
    /// The last strong text in them.
    strong: Option<Range<usize>>,
    /// Where the strong text began that is open.
    open: Option<usize>,
    /// Where the code span began that holds the mark after them.
    code: Option<usize>,
}

impl Segment {
    /// Where the label of what follows begins: at the last strong text that ends in a colon, or after a
    /// wide space or a bar. Without those, where `at_word` says so, at the last word.
    pub(super) fn label(&self, at_word: bool) -> Option<usize> {
        if let Some(strong) = &self.strong {
            let inside = self.words.get(strong.clone()).unwrap_or_default();
            let after = self.words.get(strong.end..).unwrap_or_default();
            if inside.trim_end().ends_with(':') || after.trim_start().starts_with(':') {
                return Some(strong.start);
            }
        }
        let words = self.words.trim_end();
        if !words.ends_with(':') {
            return None;
        }
        let wide = words.rfind("  ").or_else(|| words.rfind(['|', ';', '\t']));
        let word = || words.rfind(' ').filter(|_| at_word);
        wide.or_else(word).map(|at| at + 1)
    }

    /// The words from `at` that say what the mark after them is for. The beginning of a code span, as in
    /// `re_____`, says it only where nothing else does.
    pub(super) fn from(&self, at: usize) -> &str {
        let outside = self.code.and_then(|code| self.words.get(at..code));
        outside
            .filter(|words| words.contains(char::is_alphanumeric))
            .or_else(|| self.words.get(at..))
            .unwrap_or_default()
    }
}

/// A line of a paragraph, a heading, a cell or a fenced block. When it is finished, there is one segment
/// more than marks.
#[derive(Debug)]
pub(super) struct Line {
    /// The words before each mark, and when the line is finished those after the last.
    pub(super) segments: Vec<Segment>,
    /// The words since the last mark.
    last: Segment,
    /// The marks, in order.
    pub(super) marks: Vec<Mark>,
    /// The stretches of plain text in it.
    pub(super) texts: Vec<Range<usize>>,
    /// Something else than plain text is in it: a code span, an image.
    pub(super) mixed: bool,
    /// The plain text that is not cut yet, for the parser hands it out in pieces.
    pending: Range<usize>,
    /// Where the line stands.
    pub(super) place: Context,
}

impl Line {
    /// An empty line.
    pub(super) fn new(place: Context) -> Self {
        Self {
            segments: Vec::new(),
            last: Segment::default(),
            marks: Vec::new(),
            texts: Vec::new(),
            mixed: false,
            pending: 0..0,
            place,
        }
    }

    /// Plain text, which stands in the document as it is shown.
    pub(super) fn text(&mut self, source: &str, at: Range<usize>) {
        if self.pending.end == at.start && !self.pending.is_empty() {
            self.pending.end = at.end;
        } else {
            self.flush(source);
            self.pending = at;
        }
    }

    /// Words in which nothing can be filled in, such as an escaped character.
    pub(super) fn words(&mut self, source: &str, words: &str) {
        self.flush(source);
        self.mixed = true;
        self.last.words.push_str(words);
    }

    /// What stands between the backticks of a code span.
    pub(super) fn code(&mut self, source: &str, inside: Range<usize>) {
        self.flush(source);
        self.mixed = true;
        let context = match self.place {
            Context::Cell => Context::CellCode,
            _ => Context::Code,
        };
        self.last.code = Some(self.last.words.len());
        self.cut(source, inside, context);
        self.last.code = None;
    }

    /// Strong text begins.
    pub(super) fn strong(&mut self, source: &str) {
        self.flush(source);
        self.last.open = Some(self.last.words.len());
    }

    /// Strong text ends.
    pub(super) fn weak(&mut self, source: &str) {
        self.flush(source);
        if let Some(start) = self.last.open.take() {
            self.last.strong = Some(start..self.last.words.len());
        }
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, source: &str) {
        self.flush(source);
        self.segments.push(std::mem::take(&mut self.last));
    }

    /// Emphasis, a link or a comment begins or ends: text does not go on over it.
    pub(super) fn flush(&mut self, source: &str) {
        let at = std::mem::replace(&mut self.pending, 0..0);
        if !at.is_empty() {
            self.texts.push(at.clone());
            self.cut(source, at, self.place);
        }
    }

    /// All words of it, with a space for each mark.
    pub(super) fn all_words(&self) -> String {
        let words: Vec<&str> = self.segments.iter().map(|one| one.words.as_str()).collect();
        words.join(" ")
    }

    /// All of it as it is shown.
    pub(super) fn shown(&self, source: &str) -> String {
        let mut shown = String::new();
        for (index, segment) in self.segments.iter().enumerate() {
            shown.push_str(&segment.words);
            let mark = self.marks.get(index).map(|mark| mark.at.clone());
            shown.push_str(mark.and_then(|at| source.get(at)).unwrap_or_default());
        }
        shown
    }

    fn mark(&mut self, at: Range<usize>, what: What) {
        self.marks.push(Mark { at, what });
        self.segments.push(std::mem::take(&mut self.last));
        let in_code = matches!(what, What::Blank(context) if context != self.place);
        self.last.code = in_code.then_some(0);
    }

    fn cut(&mut self, source: &str, at: Range<usize>, context: Context) {
        let Some(slice) = source.get(at.clone()) else {
            return;
        };
        let (mut from, mut worded) = (0, false);
        let mut rest = slice.char_indices().peekable();
        while let Some((start, c)) = rest.next() {
            let mut end = start + c.len_utf8();
            worded |= c.is_alphanumeric();
            let what = match c {
                '_' => {
                    while rest.next_if(|(_, next)| *next == '_').is_some() {
                        end += 1;
                    }
                    let run = at.start + start..at.start + end;
                    is_blank(source, &run, worded, context).then_some(What::Blank(context))
                }
                _ if !matches!(context, Context::Text | Context::Cell) => None,
                '☐' => Some(What::Open(false)),
                '☑' | '☒' => Some(What::Open(true)),
                '✓' | '✗' => Some(What::Verdict(c)),
                _ => None,
            };
            if let Some(what) = what {
                let before = slice.get(from..start).unwrap_or_default();
                self.last.words.push_str(before);
                self.mark(at.start + start..at.start + end, what);
                from = end;
            }
        }
        let after = slice.get(from..).unwrap_or_default();
        self.last.words.push_str(after);
    }
}

/// A run of underscores is a blank: long enough, whole, and no part of a name such as `__Host-id`.
fn is_blank(source: &str, run: &Range<usize>, worded: bool, context: Context) -> bool {
    let bytes = source.as_bytes();
    let before = run.start.checked_sub(1).and_then(|at| bytes.get(at));
    let after = bytes.get(run.end);
    let is = |byte: Option<&u8>, wanted: u8| byte == Some(&wanted);
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_code = !matches!(context, Context::Text | Context::Cell);
    if is(before, b'_') || is(after, b'_') || (is(before, b'\\') && !is_code) {
        return false;
    }
    match (run.len(), context) {
        (0 | 1, _) => false,
        (2, Context::Cell) => !is_word(before) && !is_word(after),
        (2, _) => false,
        // In a fence there are drawings and programs: a blank has a word before it.
        (_, Context::Fence) => !is_word(after) && worded,
        _ => !(is_word(before) && is_word(after)),
    }
}
