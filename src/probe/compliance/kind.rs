//! The words by which pages of English, German, French and Spanish sites name their privacy policy and their terms.

use percent_encoding::percent_decode_str;
use regex::Regex;
use std::sync::LazyLock;
use url::Url;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What becomes of people's data.
    Privacy,
    /// Under which terms the service may be used.
    Terms,
}

/// How one kind is named.
struct Words {
    /// A name that cannot be taken for anything else, in a text of up to eight words.
    sure: Regex,
    /// A name in a text of up to three words.
    short: Regex,
    /// The last part of a path.
    path: Regex,
    /// An address as scripts hold it.
    quoted: Regex,
}

fn words(sure: &str, short: &str, path: &str) -> Words {
    let regex = |pattern: String| Regex::new(&pattern).expect("the pattern is a constant");
    Words {
        sure: regex(format!("(?i){sure}")),
        short: regex(format!("(?i){short}")),
        path: regex(format!(r"(?i)^(?:{path})(?:\.html?|\.pdf)?$")),
        quoted: regex(format!(r#"(?i)/(?:{path})\\?["'`]"#)),
    }
}

static PRIVACY: LazyLock<Words> = LazyLock::new(|| {
    words(
        r"\bprivacy\W+(?:\w+\W+){0,2}(?:policy|notice|statement)\b|\bdata (?:protection|privacy) (?:policy|notice|statement)\b|datenschutz|politique de confidentialité|(?:protection|respect) de la vie privée|données personnelles|política de privacidad|aviso de privacidad|protección de datos",
        r"\bprivacy\b|\bdata protection\b|\bconfidentialité\b|\bvie privée\b|\bprivacidad\b",
        r"(?:our[-_])?privacy(?:[-_]?(?:policy|notice|statement))?|data-protection|datenschutz[a-zäöü-]*|(?:politique-(?:de-)?)?confidentialit[eé]|vie-priv[eé]e|donn[eé]es-personnelles|(?:pol[ií]tica|aviso)-(?:de-)?privacidad|privacidad",
    )
});
static TERMS: LazyLock<Words> = LazyLock::new(|| {
    words(
        r"\bterms\W+(?:of|and|&)|\b(?:service|user|usage) terms\b|\bconditions of (?:use|service)\b|nutzungsbedingungen|geschäftsbedingungen|conditions (?:générales|d.utilisation)|\b(?:términos|condiciones) (?:de|y|generales)\b",
        r"^\W*(?:the |our )?terms\W*$|\bAGB\b|\bCGU\b|\bCGV\b|\btérminos\b",
        r"terms(?:[-_]?(?:of|and))?(?:[-_]?(?:service|use|conditions))?|tos|nutzungsbedingungen|agb|conditions-(?:g[eé]n[eé]rales|d-?utilisation|utilisation)[a-zé-]*|cgu|cgv|(?:t[eé]rminos|condiciones)(?:-[a-z-]+)?",
    )
});
/// What is about privacy and is no policy.
static SETTINGS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:settings|choices|preferences|einstellungen|paramètres|préférences|ajustes|preferencias)\b|datenschutz-?einstellungen")
        .expect("the pattern is a constant")
});

impl Kind {
    fn words(self) -> &'static Words {
        match self {
            Self::Privacy => &PRIVACY,
            Self::Terms => &TERMS,
        }
    }

    /// What it is called in sentences.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Privacy => "privacy policy",
            Self::Terms => "terms of service",
        }
    }

    /// Does the text of a link or a button name it?
    pub(super) fn is_named(self, text: &str) -> bool {
        let count = text.split_whitespace().count();
        let words = self.words();
        !SETTINGS.is_match(text)
            && (count <= 8 && words.sure.is_match(text) || count <= 3 && words.short.is_match(text))
    }

    /// Does the path of an address name it?
    pub(super) fn is_addressed(self, address: &Url) -> bool {
        let path = percent_decode_str(address.path()).decode_utf8_lossy();
        let last = path.trim_end_matches('/').rsplit('/').next();
        last.is_some_and(|last| self.words().path.is_match(last))
    }

    /// Do scripts hold an address that names it?
    pub(super) fn is_in_scripts(self, scripts: &str) -> bool {
        self.words().quoted.is_match(scripts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_known_by_their_names() {
        for text in [
            "Privacy",
            "Privacy Policy",
            "Read our privacy & cookie policy",
            "Datenschutzerklärung",
            "Politique de confidentialité",
            "Política de privacidad",
            "Terms and Privacy Policy",
        ] {
            assert!(Kind::Privacy.is_named(text), "{text}");
        }
        for text in [
            "Terms",
            "Terms of Service",
            "Terms & Conditions",
            "AGB",
            "Conditions générales d’utilisation",
            "Términos y condiciones",
            "Terms and Privacy Policy",
        ] {
            assert!(Kind::Terms.is_named(text), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_policies() {
        for text in [
            "Privacy settings",
            "How we think about privacy at work",
            "Your privacy choices",
            "Sign in",
            "",
        ] {
            assert!(!Kind::Privacy.is_named(text), "{text}");
        }
        for text in ["Search terms", "Long terms loans", "Conditions", "Privacy"] {
            assert!(!Kind::Terms.is_named(text), "{text}");
        }
    }

    #[test]
    fn addresses_name_them_by_their_last_part() {
        let at = |path: &str| Url::parse(&format!("https://shop.example{path}")).unwrap();
        for path in [
            "/privacy",
            "/en/legal/privacy-policy/",
            "/datenschutzerkl%C3%A4rung",
            "/privacy.html",
        ] {
            assert!(Kind::Privacy.is_addressed(&at(path)), "{path}");
        }
        for path in ["/terms", "/legal/terms-of-service", "/tos", "/agb"] {
            assert!(Kind::Terms.is_addressed(&at(path)), "{path}");
        }
        for path in ["/blog/privacy-tips", "/", "/privacy/delete", "/?privacy"] {
            assert!(!Kind::Privacy.is_addressed(&at(path)), "{path}");
        }
        assert!(Kind::Privacy.is_in_scripts(r#"push([1,"{\"href\":\"/privacy\"}"])"#));
        assert!(!Kind::Privacy.is_in_scripts("const privacy = 1 / privacy"));
    }
}
