//! Comma-separated values (RFC 4180) that a spreadsheet can open without running anything.

use std::borrow::Cow;

/// One line, with its end.
pub fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(&tame(&cell)).into_owned()).collect();
    format!("{}\n", cells.join(","))
}

/// What a spreadsheet would take for a formula gets an apostrophe in front. A sign with nothing but digits behind it is a
/// number, such as a telephone's, and stays.
fn tame(cell: &str) -> Cow<'_, str> {
    // Some programs cut white space off first.
    let Some(first) = cell.trim_start().chars().next() else { return Cow::Borrowed(cell) };
    let is_number = || {
        let digits = cell.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    // The second row are the same signs at full width, which some programs take too.
    let is_formula = matches!(first, '=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠')
        || cell.starts_with(['\t', '\r', '\n']);
    if is_formula && !is_number() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r', ';', '\t']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, wanted) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("  =HYPERLINK(1)", "'  =HYPERLINK(1)"),
            ("-2+3", "'-2+3"),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "'＝1"),
            ("+4915112345", "+4915112345"),
            ("-5", "-5"),
            ("+", "'+"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(line([cell.to_owned()]), format!("{wanted}\n"), "{cell:?}");
        }
    }

    #[test]
    fn cells_stay_apart_whatever_is_in_them() {
        let cells = ["Miller, \"Al\"", "two\nlines", "plain"].map(str::to_owned);
        assert_eq!(line(cells), "\"Miller, \"\"Al\"\"\",\"two\nlines\",plain\n");
        assert_eq!(line(["=\",\"".to_owned()]), "\"'=\"\",\"\"\"\n");
    }
}
