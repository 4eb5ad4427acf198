//! Figures for a person to read.

use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// A figure and what it should be.
#[derive(Debug, Serialize)]
pub struct Aim {
    pub figure: &'static str,
    pub measured: f64,
    /// The most it may be; without one the figure is there to be known.
    pub at_most: Option<f64>,
    pub unit: &'static str,
}

impl Aim {
    pub fn new(
        figure: &'static str,
        measured: f64,
        at_most: impl Into<Option<f64>>,
        unit: &'static str,
    ) -> Self {
        Self { figure, measured, at_most: at_most.into(), unit }
    }

    pub fn verdict(&self) -> &'static str {
        match self.at_most {
            Some(most) if self.measured <= most => "ok",
            Some(_) => "SHORT",
            None => "",
        }
    }
}

/// Counts under a title; one without counts is not shown.
#[derive(Debug)]
pub struct Section<'a> {
    title: &'static str,
    counts: &'a BTreeMap<String, u64>,
    /// How many of what they are for.
    each: Option<(u64, &'static str)>,
}

impl<'a> Section<'a> {
    pub fn new(title: &'static str, counts: &'a BTreeMap<String, u64>) -> Self {
        Self { title, counts, each: None }
    }

    /// Says also how many that is for each of so many objects.
    pub fn each_of(self, objects: u64) -> Self {
        self.per(objects, "object")
    }

    /// Says also how many that is for each of so many of something else.
    pub fn per(self, count: u64, of: &'static str) -> Self {
        Self { each: Some((count, of)), ..self }
    }
}

impl fmt::Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.counts.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{}", self.title)?;
        for (what, count) in self.counts {
            let each = |(number, of)| format!("  {:.3} per {of}", ratio(*count, number));
            writeln!(f, "  {count:>7}  {what}{}", self.each.map(each).unwrap_or_default())?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn whole(count: u64) -> f64 {
    count as f64
}

pub fn count(count: usize) -> f64 {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}

pub fn ratio(count: u64, of: u64) -> f64 {
    whole(count) / whole(of.max(1))
}

pub fn seconds(ms: u128) -> f64 {
    whole(u64::try_from(ms).unwrap_or(u64::MAX)) / 1000.0
}

pub fn mib(kib: u64) -> f64 {
    whole(kib) / 1024.0
}

/// Three digits after the point at most, and none for whole numbers.
pub fn short(figure: f64) -> String {
    let text = format!("{figure:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beyond_its_aim_is_said_to_be_short() {
        assert_eq!(Aim::new("x", 3.0, 3.0, "").verdict(), "ok");
        assert_eq!(Aim::new("x", 3.1, 3.0, "").verdict(), "SHORT");
        assert_eq!(Aim::new("x", 3.1, None, "").verdict(), "");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([short(3.0), short(0.1234), short(120.0)], ["3", "0.123", "120"]);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let none = BTreeMap::new();
        assert_eq!(Section::new("x", &none).to_string(), "");
        let some = [("POST /a".to_owned(), 3)].into();
        assert_eq!(
            Section::new("x", &some).each_of(2).to_string(),
            "\nx\n        3  POST /a  1.500 per object\n"
        );
    }
}
