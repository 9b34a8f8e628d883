//! The only way to the terminal: everything is redacted on it.

use super::args::{OutputArguments, Pipeline, When};
use super::exit::Exit;
use super::pipeline::Platform;
use crate::diagnostic::Diagnostic;
use crate::report::pipeline::{Syntax, inert};
use crate::report::{Style, hint, wrapped};
use crate::secret::Book;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::sync::Arc;
use terminal_size::{Height, Width, terminal_size, terminal_size_of};

/// More problems than this are counted, not shown.
const SHOWN: usize = 20;

/// Standard output and standard error, with the book of secrets between.
#[derive(Debug, Clone)]
pub(super) struct Output {
    secrets: Arc<Book>,
    color: When,
    no_color: bool,
    unicode: bool,
    quiet: bool,
    verbose: bool,
    in_ci: bool,
    pipeline: Pipeline,
    /// What is printed goes into a log that obeys commands.
    obeyed: bool,
}

impl Output {
    /// Output as the arguments and the environment want it.
    pub(super) fn new(
        arguments: &OutputArguments,
        environment: &BTreeMap<String, String>,
        secrets: Arc<Book>,
    ) -> Self {
        let given = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| environment.get(*name).filter(|v| !v.is_empty()));
        let utf8 = |locale: &String| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        let forced = ["CLICOLOR_FORCE", "FORCE_COLOR"]
            .iter()
            .any(|name| given(name) && environment[*name] != "0");
        Self {
            secrets,
            color: if arguments.color == When::Auto && forced {
                When::Always
            } else {
                arguments.color
            },
            no_color: given("NO_COLOR"),
            unicode: locale.is_none_or(utf8),
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            in_ci: given("CI"),
            pipeline: arguments.pipeline,
            obeyed: Platform::of(arguments.pipeline, environment) == Some(Platform::GitHub),
        }
    }

    /// Only the decision and failures are wanted.
    pub(super) fn quiet(&self) -> bool {
        self.quiet
    }

    /// How a report in a file looks.
    pub(super) fn plain(&self) -> Style<'_> {
        Style {
            verbose: self.verbose,
            secrets: Some(&self.secrets),
            ..Style::default()
        }
    }

    /// How a report on standard output looks.
    pub(super) fn style(&self) -> Style<'_> {
        Style {
            secrets: Some(&self.secrets),
            color: self.colored(std::io::stdout().is_terminal()),
            unicode: self.unicode,
            verbose: self.verbose,
            quiet: self.quiet,
            width: columns(terminal_size()).unwrap_or(100),
        }
    }

    /// May progress be drawn? Only where a person watches.
    pub(super) fn draws_progress(&self) -> bool {
        !self.quiet && !self.in_ci && std::io::stderr().is_terminal()
    }

    /// Whose pipeline this is, by what was asked for and by these variables.
    pub(super) fn platform(&self, variables: &BTreeMap<String, String>) -> Option<Platform> {
        Platform::of(self.pipeline, variables)
    }

    /// The book of secrets.
    pub(super) fn secrets(&self) -> &Arc<Book> {
        &self.secrets
    }

    /// Text without secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        self.secrets.redact(text)
    }

    /// Writes asked-for output; true when it was written, or nobody wants it.
    pub(super) fn print(&self, text: &str) -> bool {
        self.print_in(Syntax::Text, text)
    }

    /// The same for a text of some other syntax, which it keeps.
    pub(super) fn print_in(&self, syntax: Syntax, text: &str) -> bool {
        let text = self.secrets.redact(text);
        match self.obeyed && !is_file(std::io::stdout()) {
            true => self.hand_over(&inert(&text, syntax)),
            false => self.hand_over(&text),
        }
    }

    /// The same with secrets left in: for what the user has asked to be shown by its own option.
    pub(super) fn hand_over(&self, text: &str) -> bool {
        let mut text = text.to_owned();
        if !text.ends_with('\n') && !text.is_empty() {
            text.push('\n');
        }
        let mut stdout = std::io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        match written {
            Ok(()) => true,
            // A closed pipe is the reader's choice, not a fault.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => true,
            Err(error) => {
                self.remark(&format!("error: cannot write to standard output: {error}"));
                false
            }
        }
    }

    /// Writes what came of a verb and what is next, as asked-for output; wrapped at a terminal.
    pub(super) fn tell(&self, text: &str) -> bool {
        match columns(terminal_size_of(std::io::stdout())) {
            Some(room) => self.print(&hint(&self.secrets.redact(text), room)),
            None => self.print(text),
        }
    }

    /// Writes a remark for people, beside the output; wrapped at a terminal, and in a log as it is.
    pub(super) fn remark(&self, text: &str) {
        match room_for_remarks() {
            // A secret that two lines share is not found afterwards.
            Some(room) => self.say(&hint(&self.secrets.redact(text), room)),
            None => self.say(text),
        }
    }

    /// Writes what is laid out already, beside the output.
    fn say(&self, text: &str) {
        let text = self.secrets.redact(text);
        let text = match self.obeyed {
            true => inert(&text, Syntax::Text),
            false => Cow::Borrowed(&*text),
        };
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Writes a line that the platform of the pipeline obeys, beside the output.
    pub(super) fn command(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", self.secrets.redact(line));
    }

    /// Writes lines with secrets left in, for a runner that takes them out of its log; false, and nothing is written,
    /// where standard error is no pipe.
    pub(super) fn command_unredacted(&self, lines: &[String]) -> bool {
        if !is_pipe(std::io::stderr()) {
            return false;
        }
        let mut stderr = std::io::stderr().lock();
        lines.iter().all(|line| writeln!(stderr, "{line}").is_ok())
    }

    /// Writes a question for people, who answer on the same line.
    pub(super) fn ask(&self, question: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "{}", self.secrets.redact(question)).and_then(|()| stderr.flush());
    }

    /// Writes what is odd and stops nothing.
    pub(super) fn warn(&self, warnings: &[Diagnostic]) {
        for warning in warnings {
            let place = warning.place.as_ref().map(|(source, span, _)| {
                format!(" ({}:{})", source.name, source.line_of(span.start))
            });
            self.remark(&format!(
                "warning: {}{}",
                warning.message,
                place.unwrap_or_default()
            ));
            if let Some(help) = &warning.help {
                self.remark(&format!("help: {help}"));
            }
        }
    }

    /// Writes diagnostics and returns the status for them.
    pub(super) fn diagnose(&self, problems: &[Diagnostic]) -> Exit {
        let color = self.colored(std::io::stderr().is_terminal());
        let room = room_for_remarks();
        for problem in problems.iter().take(SHOWN) {
            let problem = problem.redacted(|text| self.redact(text));
            let problem = match room {
                Some(room) => in_lines(problem, room),
                None => problem,
            };
            self.say(&problem.render(color));
            self.say("");
        }
        if problems.len() > SHOWN {
            self.remark(&format!("and {} more of the like", problems.len() - SHOWN));
        }
        Exit::Usage
    }

    fn colored(&self, terminal: bool) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !self.no_color,
        }
    }
}

/// The columns of a terminal, as far as lines may take them.
fn columns(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0).clamp(40, 120))
}

/// The columns of the terminal that remarks go to; none where they go into a log.
fn room_for_remarks() -> Option<usize> {
    columns(terminal_size_of(std::io::stderr()))
}

/// The message and its help in lines of so many columns, beneath where their renderer begins them.
fn in_lines(problem: Diagnostic, room: usize) -> Diagnostic {
    let line = problem.place.as_ref();
    let digits = line.map_or(0, |(source, span, _)| {
        source.line_of(span.start).to_string().len()
    });
    let wrap = |text: &str, before: usize| {
        let lines = text
            .lines()
            .flat_map(|line| wrapped(line, before, before, room));
        lines.collect::<Vec<_>>().join("\n")
    };
    Diagnostic {
        message: wrap(&problem.message, "error: ".len()),
        help: problem
            .help
            .map(|help| wrap(&help, digits + " = help: ".len())),
        place: problem.place,
    }
}

fn is_pipe(stream: impl AsFd) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata())
        .is_ok_and(|about| about.file_type().is_fifo())
}

/// Does it go into a file? Then no log shows it, and every byte is what was asked for.
fn is_file(stream: impl AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata())
        .is_ok_and(|about| about.is_file())
}
