//! The languages Chatwoot knows.

/// A language an account can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// Chatwoot's code, case-sensitive, with an underscore: `pt_BR`.
    pub code: &'static str,
    /// Major and minor number of the first release that accepts it; `None`: every supported one (4.2 and newer).
    pub since: Option<(u32, u32)>,
}

const fn always(code: &'static str) -> Locale {
    Locale { code, since: None }
}

const fn since(code: &'static str, major: u32, minor: u32) -> Locale {
    Locale { code, since: Some((major, minor)) }
}

/// Every code some supported version accepts. Anything else answers 500 (chatwoot-api §1.4, §2.1); `hi` and `zh` are
/// defined in Chatwoot but switched off, so they are not here.
pub const LOCALES: [Locale; 40] = [
    always("en"),
    always("ar"),
    always("nl"),
    always("fr"),
    always("de"),
    always("it"),
    always("ja"),
    always("ko"),
    always("pt"),
    always("ru"),
    always("es"),
    always("ml"),
    always("ca"),
    always("el"),
    always("pt_BR"),
    always("ro"),
    always("ta"),
    always("fa"),
    always("zh_TW"),
    always("vi"),
    always("da"),
    always("tr"),
    always("cs"),
    always("fi"),
    always("id"),
    always("sv"),
    always("hu"),
    always("no"),
    always("zh_CN"),
    always("pl"),
    always("sk"),
    always("uk"),
    always("th"),
    always("lv"),
    always("is"),
    always("he"),
    always("lt"),
    always("sr"),
    since("bg", 4, 5),
    since("et", 4, 13),
];

/// The locale with this code.
pub fn find(code: &str) -> Option<Locale> {
    LOCALES.into_iter().find(|locale| locale.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_the_disabled_ones_are_missing() {
        let codes: std::collections::BTreeSet<_> = LOCALES.iter().map(|locale| locale.code).collect();
        assert_eq!(codes.len(), LOCALES.len());
        assert_eq!((find("hi"), find("zh"), find("EN")), (None, None, None));
        assert_eq!(find("et").and_then(|locale| locale.since), Some((4, 13)));
    }
}
