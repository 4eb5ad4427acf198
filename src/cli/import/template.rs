//! How an account's namespace is called.

use super::{known::RESERVED_PREFIX, slug::LABEL};
use std::{fmt, str::FromStr};

/// More literal text would leave no room for what makes a name unique.
const LITERAL: usize = 30;
const WANTED: &str =
    "write lower-case letters, digits and dashes around {slug} or {id}, such as tenant-{slug}";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Slug,
    Id,
}

/// A namespace's name with places for what differs between accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('{') {
                let Some((name, after)) = after.split_once('}') else { return Err(WANTED.to_owned()) };
                parts.push(match name {
                    // The account's object is called by its slug, so both say the same.
                    "slug" | "name" => Part::Slug,
                    "id" => Part::Id,
                    _ => return Err(WANTED.to_owned()),
                });
                rest = after;
            } else {
                let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                if !literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
                    return Err(WANTED.to_owned());
                }
                parts.push(Part::Text(literal.to_owned()));
                rest = after;
            }
        }
        let template = Self(parts);
        let sample = template.put_in("a", 1);
        if sample.is_empty() || sample.starts_with('-') || sample.ends_with('-') {
            return Err(format!("a namespace begins and ends with a letter or digit; {WANTED}"));
        }
        if text.starts_with(RESERVED_PREFIX) {
            return Err(format!("{RESERVED_PREFIX} is Kubernetes' own; {WANTED}"));
        }
        let literal: usize =
            template.0.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum();
        if literal > LITERAL {
            return Err(format!("at most {LITERAL} characters besides {{slug}} and {{id}}; {WANTED}"));
        }
        Ok(template)
    }
}

impl Template {
    /// Every account is meant to have a namespace of its own.
    pub fn is_per_account(&self) -> bool {
        self.0.iter().any(|part| *part != Part::Text(String::new()) && !matches!(part, Part::Text(_)))
    }

    /// The namespace for an account: a label, not yet known to be free.
    pub fn render(&self, slug: &str, id: i64) -> String {
        let whole = self.put_in(slug, id);
        whole.get(..LABEL).unwrap_or(&whole).trim_end_matches('-').to_owned()
    }

    fn put_in(&self, slug: &str, id: i64) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Slug => slug.to_owned(),
                Part::Id => id.to_string(),
            })
            .collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Slug => f.write_str("{slug}"),
            Part::Id => f.write_str("{id}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> String {
        template.parse::<Template>().unwrap().render("acme-support", 42)
    }

    #[test]
    fn places_are_filled_and_text_stays() {
        assert_eq!(rendered("tenant-{slug}"), "tenant-acme-support");
        assert_eq!(rendered("{name}"), "acme-support");
        assert_eq!(rendered("{id}"), "42");
        assert_eq!(rendered("t{id}-{slug}-x"), "t42-acme-support-x");
        assert_eq!(rendered("tenants"), "tenants");
        assert!(!"tenants".parse::<Template>().unwrap().is_per_account());
        assert!("{id}".parse::<Template>().unwrap().is_per_account());
        let long = "{slug}-{slug}".parse::<Template>().unwrap();
        assert_eq!(long.render(&"a".repeat(40), 1).len(), LABEL);
    }

    #[test]
    fn what_makes_no_namespace_is_refused_with_what_to_write() {
        for text in [
            "",
            "-{slug}",
            "{slug}-",
            "{Slug}",
            "{slug",
            "a b",
            "Ü{id}",
            "kube_{id}",
            "kube-{id}",
            "{}",
            "x}",
        ] {
            let said = text.parse::<Template>().unwrap_err();
            assert!(said.contains("such as tenant-{slug}"), "{text:?}: {said}");
        }
        assert!(format!("{}{{id}}", "a".repeat(31)).parse::<Template>().unwrap_err().contains("at most 30"));
    }
}
