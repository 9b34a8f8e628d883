//! A diagnostic as a terminal shows it.

use super::Diagnostic;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub(super) fn render(diagnostic: &Diagnostic, color: bool) -> String {
    let title = Level::ERROR.primary_title(diagnostic.message.as_str());
    let mut group = match &diagnostic.place {
        Some((source, span, label)) => {
            let span = source.whole_chars(span);
            title.element(
                Snippet::source(source.text.as_ref())
                    .path(source.name.as_ref())
                    .annotation(AnnotationKind::Primary.span(span).label(label.as_str())),
            )
        }
        None => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Diagnostic, Source};

    #[test]
    fn points_at_the_place() {
        let source = Source::new("holdpoint.toml", "[target]\nurll = \"x\"\n");
        let text = Diagnostic::new("unknown key 'urll'")
            .at(&source, 9..13, "not a key of [target]")
            .help("did you mean 'url'?")
            .render(false);
        assert!(text.contains("holdpoint.toml:2:1"), "{text}");
        assert!(text.contains("^^^^ not a key of [target]"), "{text}");
        assert!(text.contains("help: did you mean 'url'?"), "{text}");
    }

    #[test]
    fn survives_a_span_outside_the_text() {
        let source = Source::new("a", "é");
        let text = Diagnostic::new("x").at(&source, 5..9, "y").render(false);
        assert!(text.contains('x'), "{text}");
    }

    #[test]
    fn survives_a_span_that_cuts_a_character() {
        let source = Source::new("a", "that = 'é'");
        for start in 0..12 {
            let text = Diagnostic::new("x")
                .at(&source, start..start + 1, "here")
                .render(false);
            assert!(text.contains("here"), "{text}");
        }
    }
}
