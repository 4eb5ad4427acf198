//! What is said about an import besides its manifests.

use crate::cli::exit;

/// What a note means for how the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good to know.
    Told,
    /// Something was left out, and a person can do something about it.
    Look,
    /// Something could not be found out.
    Unknown,
}

/// Everything said, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes(Vec<(Weight, String)>);

impl Notes {
    pub fn tell(&mut self, text: impl Into<String>) {
        self.0.push((Weight::Told, text.into()));
    }

    pub fn look(&mut self, text: impl Into<String>) {
        self.0.push((Weight::Look, text.into()));
    }

    pub fn unknown(&mut self, text: impl Into<String>) {
        self.0.push((Weight::Unknown, text.into()));
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, text)| text.as_str())
    }

    pub fn extend(&mut self, more: Notes) {
        self.0.extend(more.0);
    }

    /// How the command ends.
    pub fn exit(&self) -> u8 {
        match self.0.iter().map(|(weight, _)| *weight).max() {
            None | Some(Weight::Told) => exit::FINE,
            Some(Weight::Look) => exit::SOMETHING,
            Some(Weight::Unknown) => exit::ERROR,
        }
    }
}

/// Text from Chatwoot, fit for a terminal: in quotes, at most 60 characters, and nothing in it that moves a cursor, breaks
/// a line or turns the writing round.
pub fn shown(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_note_decides_how_the_command_ends() {
        let mut notes = Notes::default();
        assert_eq!(notes.exit(), exit::FINE);
        notes.tell("a");
        assert_eq!(notes.exit(), exit::FINE);
        notes.look("b");
        assert_eq!(notes.exit(), exit::SOMETHING);
        notes.unknown("c");
        notes.tell("d");
        assert_eq!(notes.exit(), exit::ERROR);
        assert_eq!(notes.lines().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn text_from_chatwoot_cannot_steer_a_terminal() {
        let hostile = "a\u{1b}]0;owned\u{7}\r\n\u{9b}31m\u{202e}b\u{2028}\"";
        let text = shown(hostile);
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{2028}'), "{text:?}");
        assert_eq!(shown("Zoë"), "\"Zoë\"");
        assert!(shown(&"x".repeat(1000)).chars().count() < 70);
    }
}
