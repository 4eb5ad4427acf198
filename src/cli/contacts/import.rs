//! Contacts from a file, one JSON object a line, as an export writes them.

use crate::{
    chatwoot::{
        application::ContactQuery,
        outcome::{Class, Failure},
        tenant::{
            contact::{Contact, ContactFields, NewContact},
            filter::{ContactKey, Filter, Key, Operator, Rule},
        },
        types::Map,
    },
    cli::{
        exit,
        inside::{self, Reached},
        output::harmless,
    },
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};

#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 everybody in the file is in the account; 2 some lines were left out, and standard error says which and why; \
1 error. Run it again after one: who is there already is not made twice.")]
pub struct Options {
    /// The file: a JSON object a line, as contacts export writes .ndjson
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    inside: inside::Flags,
}

/// A line. What is missing or null is left as it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    name: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
    identifier: Option<String>,
    blocked: Option<bool>,
    additional_attributes: Option<Map>,
    custom_attributes: Option<Map>,
}

/// What a line came to.
#[derive(Debug, PartialEq, Eq)]
enum Done {
    Made,
    Changed,
    Same,
    LeftOut(String),
}

/// How many of each.
#[derive(Default)]
struct Count {
    made: usize,
    changed: usize,
    same: usize,
    left_out: usize,
}

pub async fn run(options: Options) -> Result<u8> {
    let name = options.file.display();
    let file = File::open(&options.file).with_context(|| format!("{name} cannot be read"))?;
    let reached = options.inside.reach().await?;
    let mut count = Count::default();
    for (at, text) in BufReader::new(file).lines().enumerate() {
        let number = at + 1;
        let text = text.with_context(|| format!("{name}, line {number}, cannot be read"))?;
        if text.trim().is_empty() {
            continue;
        }
        let done = match serde_json::from_str::<Line>(&text) {
            Ok(line) => line.bring(&reached, options.dry_run).await,
            // The parser's own words may repeat what stands there.
            Err(error) => Ok(Done::LeftOut(format!("no contact as JSON, at column {}", error.column()))),
        };
        match done.with_context(|| format!("{name}, line {number}"))? {
            Done::Made => count.made += 1,
            Done::Changed => count.changed += 1,
            Done::Same => count.same += 1,
            Done::LeftOut(why) => {
                count.left_out += 1;
                eprintln!("{name}, line {number}: left out: {}", harmless(&why));
            }
        }
        if number % 100 == 0 {
            eprintln!("{number} lines read");
        }
    }
    let Count { made, changed, same, left_out } = count;
    let would = if options.dry_run { "would be " } else { "" };
    eprintln!("{made} {would}made, {changed} {would}changed, {same} stand so already, {left_out} left out");
    Ok(if left_out == 0 { exit::FINE } else { exit::SOMETHING })
}

impl Line {
    async fn bring(self, reached: &Reached, dry_run: bool) -> Result<Done> {
        let failed = |what: &str, failure| reached.said.error(what, &failure);
        let contacts = reached.account.contacts();
        let filter = match self.filter() {
            Ok(filter) => filter,
            Err(why) => return Ok(Done::LeftOut(why)),
        };
        let found = contacts.filter(&filter, &ContactQuery::default(), 1).await;
        let mut found = found.map_err(|failure| failed("looking for the contact", failure))?.contacts;
        found.retain(|contact| self.is(contact));
        let answer = match found.as_slice() {
            [] if dry_run => return Ok(Done::Made),
            [] => {
                let new = NewContact { fields: self.fields(), ..NewContact::default() };
                contacts.create(&new).await.map(|_| Done::Made)
            }
            [one] if self.stands(one) => return Ok(Done::Same),
            [_] if dry_run => return Ok(Done::Changed),
            [one] => contacts.update(one.id, &self.fields()).await.map(|_| Done::Changed),
            several => {
                let ids: Vec<String> = several.iter().map(|one| one.id.to_string()).collect();
                return Ok(Done::LeftOut(format!("it means several: contacts {}", ids.join(", "))));
            }
        };
        match answer {
            // Chatwoot's words about the values of this line; the next one may be better.
            Err(failure) if failure.class == Class::Invalid => {
                Ok(Done::LeftOut(Failure::to_string(&failure)))
            }
            answer => answer.map_err(|failure| failed("the contact", failure)),
        }
    }

    /// Everybody it may mean.
    fn filter(&self) -> Result<Filter, String> {
        let keys = [
            (ContactKey::Identifier, &self.identifier),
            (ContactKey::Email, &self.email),
            (ContactKey::PhoneNumber, &self.phone_number),
        ];
        let mut filter: Option<Filter> = None;
        for (key, value) in keys {
            let Some(value) = value.clone().filter(|value| !value.trim().is_empty()) else { continue };
            let rule = Rule::new(Key::Standard(key), Operator::EqualTo, &[value]);
            let rule = rule.map_err(|error| error.to_string())?;
            filter = Some(match filter {
                None => Filter::new(rule),
                Some(filter) => filter.or(rule),
            });
        }
        filter
            .ok_or_else(|| "it has neither email, nor phone_number, nor identifier to know it by".to_owned())
    }

    /// Chatwoot compares without regard to case, which is right for e-mail addresses alone.
    fn is(&self, contact: &Contact) -> bool {
        let same = |mine: &Option<String>, theirs: &Option<String>| {
            mine.as_ref().is_some_and(|mine| !mine.is_empty() && Some(mine) == theirs.as_ref())
        };
        let email = |email: &Option<String>| email.as_ref().map(|email| email.to_lowercase());
        same(&self.identifier, &contact.identifier)
            || same(&email(&self.email), &email(&contact.email))
            || same(&self.phone_number, &contact.phone_number)
    }

    /// Whether nothing would change.
    fn stands(&self, contact: &Contact) -> bool {
        let text = |mine: &Option<String>, theirs: Option<&str>| {
            mine.as_deref().is_none_or(|mine| mine == theirs.unwrap_or_default())
        };
        let map = |mine: &Option<Map>, theirs: &Map| {
            mine.as_ref().is_none_or(|mine| mine.iter().all(|(key, value)| theirs.get(key) == Some(value)))
        };
        let email = self.email.as_ref().map(|email| email.to_lowercase());
        text(&self.name, Some(&contact.name))
            && text(&email, contact.email.as_deref())
            && text(&self.phone_number, contact.phone_number.as_deref())
            && text(&self.identifier, contact.identifier.as_deref())
            && self.blocked.is_none_or(|blocked| blocked == contact.blocked)
            && map(&self.custom_attributes, &contact.custom_attributes)
            && map(&self.additional_attributes, &contact.additional_attributes)
    }

    fn fields(self) -> ContactFields {
        ContactFields {
            name: self.name,
            email: self.email,
            phone_number: self.phone_number,
            identifier: self.identifier,
            blocked: self.blocked,
            avatar_url: None,
            additional_attributes: self.additional_attributes,
            custom_attributes: self.custom_attributes,
        }
    }
}
