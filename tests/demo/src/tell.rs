//! What the reader sees.

use std::io::{IsTerminal, Write};

/// The story, on standard output.
#[derive(Debug, Default)]
pub struct Tell {
    chapter: u32,
}

impl Tell {
    /// Begins a part, and says why it matters.
    pub fn chapter(&mut self, title: &str, why: &str) {
        self.chapter += 1;
        let (on, off) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        print(&format!("\n{on}{}. {title}{off}", self.chapter));
        if !why.is_empty() {
            print(why);
        }
    }

    /// Something that was reached.
    pub fn done(&self, text: &str) {
        print(&format!("   ✓ {text}"));
    }

    /// Something to know.
    pub fn note(&self, text: &str) {
        print(&format!("     {text}"));
    }

    /// A command as a person would type it, and what it prints.
    pub fn command(&self, typed: &str, printed: &str) {
        print(&format!("   $ {typed}"));
        for line in printed.lines() {
            print(&format!("     {}", line.trim_end()));
        }
    }

    /// Rows under a heading, in columns.
    pub fn table(&self, rows: &[Vec<String>]) {
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        for row in rows {
            let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
            self.note(cells.collect::<Vec<_>>().join("   ").trim_end());
        }
    }
}

/// One line. A reader who went away (`make demo | head`) ends the demo by the signal that follows, not by an error.
pub fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
