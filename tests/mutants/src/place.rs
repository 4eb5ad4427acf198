//! Finding a piece of source, whatever the formatter did to its lines, and putting a switch there.

use crate::variant::Variant;
use anyhow::{Context, Result, bail, ensure};
use std::ops::Range;

/// Where `piece` stands in `text`, in bytes. Spaces and line ends count for nothing.
///
/// # Errors
/// When it stands there not at all, or more than once.
pub fn find(text: &str, piece: &str) -> Result<Range<usize>> {
    let solid = |text: &str| -> String { text.split_whitespace().collect() };
    let (needle, hay) = (solid(piece), solid(text));
    ensure!(!needle.is_empty(), "the piece is empty");
    let mut hits = hay.match_indices(&needle).map(|(at, _)| at);
    let at = hits.next().with_context(|| format!("there is no `{piece}`"))?;
    ensure!(hits.next().is_none(), "`{piece}` stands there more than once; say within what");
    // Byte offsets of the characters that are no space, and one past the last.
    let kept: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
    let mut start = None;
    let mut seen = 0;
    for &(offset, c) in &kept {
        if seen == at {
            start = Some(offset);
        }
        seen += c.len_utf8();
        if seen == at + needle.len() {
            let start = start.context("a piece begins within a character")?;
            return Ok(start..offset + c.len_utf8());
        }
    }
    bail!("`{piece}` ends within a character")
}

/// Where a variant's piece stands in its file.
///
/// # Errors
/// Names the variant and its file.
pub fn of(variant: &Variant, text: &str) -> Result<Range<usize>> {
    let say = || format!("{} does not fit {}", variant.name, variant.file);
    let Some(within) = &variant.within else { return find(text, &variant.from).with_context(say) };
    let outer = find(text, within).with_context(say)?;
    let inner = find(text.get(outer.clone()).unwrap_or_default(), &variant.from).with_context(say)?;
    Ok(outer.start + inner.start..outer.start + inner.end)
}

/// `text` with a switch for each of `variants`, which are all of this file.
///
/// # Errors
/// When a piece is not there once, or two overlap.
pub fn switched(text: &str, variants: &[&Variant]) -> Result<String> {
    let mut places: Vec<(Range<usize>, &Variant)> =
        variants.iter().map(|variant| Ok((of(variant, text)?, *variant))).collect::<Result<_>>()?;
    places.sort_by_key(|(range, _)| range.start);
    let mut out = String::new();
    let mut done = 0;
    for (range, variant) in places {
        ensure!(range.start >= done, "{} overlaps another variant in {}", variant.name, variant.file);
        out.push_str(text.get(done..range.start).unwrap_or_default());
        let from = text.get(range.clone()).unwrap_or_default();
        out.push_str(&switch(&variant.name, from, &variant.to));
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(out)
}

fn switch(name: &str, from: &str, to: &str) -> String {
    let choice = format!("if crate::mutants::on({name:?}) {{ {to} }} else {{ {from} }}");
    if from.ends_with(';') { choice } else { format!("({choice})") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::variant::Binary;

    fn variant(name: &str, from: &str, to: &str) -> Variant {
        Variant {
            name: name.into(),
            breaks: String::new(),
            file: "src/lib.rs".into(),
            from: from.into(),
            within: None,
            to: to.into(),
            with: Vec::new(),
            binary: Binary::Unit,
            caught_by: Vec::new(),
        }
    }

    #[test]
    fn a_piece_is_found_however_its_lines_are_broken() {
        let text = "fn f() -> bool {\n    äö.is_one()\n        && two()\n}";
        let range = find(text, "äö.is_one() && two()").unwrap();
        assert_eq!(&text[range], "äö.is_one()\n        && two()");
    }

    #[test]
    fn a_piece_must_stand_there_once() {
        assert!(find("one one", "one").unwrap_err().to_string().contains("more than once"));
        assert!(find("two", "one").unwrap_err().to_string().contains("there is no `one`"));
        let twice = Variant { within: Some("b(true)".into()), ..variant("x", "true", "false") };
        assert_eq!(of(&twice, "a(true) b(true)").unwrap(), 10..14);
    }

    #[test]
    fn an_expression_and_a_statement_get_a_switch_each() {
        let text = "{ note(); a && b }";
        let variants = [variant("first", "a && b", "true"), variant("second", "note();", "")];
        let out = switched(text, &variants.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(
            out,
            "{ if crate::mutants::on(\"second\") {  } else { note(); } \
             (if crate::mutants::on(\"first\") { true } else { a && b }) }"
        );
    }

    #[test]
    fn two_variants_of_one_place_are_refused() {
        let variants = [variant("first", "a && b", "true"), variant("second", "b", "true")];
        let error = switched("a && b", &variants.iter().collect::<Vec<_>>()).unwrap_err();
        assert!(error.to_string().contains("second overlaps"));
    }
}
