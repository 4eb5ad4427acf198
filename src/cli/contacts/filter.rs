//! Rules as people write them, and who they mean.

use super::{COLUMNS, WIDE, look::Order};
use crate::{
    chatwoot::{
        application::ContactQuery,
        tenant::{
            attribute::{AttributeDefinition, AttributeModel},
            filter::{ContactKey, Filter, Join, Key, Operator, Rule},
        },
    },
    cli::inside::{self, Reached, rows::Rows},
};
use anyhow::{Context, Result, anyhow, bail};
use futures::TryStreamExt;

#[derive(clap::Args, Debug)]
pub struct Options {
    /// Rules, with AND or OR between two
    #[arg(value_name = "RULE", required = true)]
    rules: Vec<String>,

    #[command(flatten)]
    inside: inside::Flags,

    #[command(flatten)]
    order: Order,

    #[command(flatten)]
    rows: Rows,
}

pub async fn run(options: Options) -> Result<()> {
    let rules = parse(&options.rules)?;
    let reached = options.inside.reach().await?;
    let filter = filter(rules, &reached).await?;
    let query = ContactQuery { sort: options.order.sort, ..ContactQuery::default() };
    let rows = reached.account.contacts().filter_stream(&filter, &query);
    let rows = rows.map_err(|failure| reached.said.error("the filter", &failure));
    options.rows.print(rows, options.order.limit, COLUMNS, WIDE).await.map(drop)
}

/// A rule whose key may be an attribute of the account's own.
#[derive(Debug, PartialEq)]
pub struct Written {
    /// How it is joined to the one before it; the first is not.
    join: Join,
    key: String,
    operator: Operator,
    value: Option<String>,
}

impl Written {
    fn standard(&self) -> Option<ContactKey> {
        self.key.parse().ok()
    }

    fn rule(self, key: Key) -> Result<Rule> {
        let values: Vec<String> = self.value.into_iter().collect();
        Ok(Rule::new(key, self.operator, &values)?)
    }
}

/// Reads rules and what joins them.
///
/// # Errors
/// Says which word is wrong, and what could stand there.
pub fn parse(words: &[String]) -> Result<Vec<Written>> {
    let mut rules = Vec::new();
    let (mut join, mut expects_rule) = (Join::And, true);
    for word in words {
        let word = word.trim();
        if !expects_rule {
            join = match word.to_ascii_uppercase().parse() {
                Ok(join) => join,
                Err(_) => bail!("between two rules stands AND or OR, not {word:?}; put each rule in quotes"),
            };
            expects_rule = true;
            continue;
        }
        let (key, rest) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
        let (operator, value) =
            rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim_start(), ""));
        if key.is_empty() || operator.is_empty() {
            bail!(
                "{word:?} is no rule: write KEY OPERATOR VALUE in quotes, such as 'email contains @acme.example'"
            );
        }
        let operator = operator.parse().map_err(|error| anyhow!("rule {word:?}: {error}"))?;
        let value = value.trim();
        let value = (!value.is_empty()).then(|| value.to_owned());
        let rule = Written { join, key: key.to_owned(), operator, value };
        // What can be checked without the account is, before anything is asked.
        if let Some(key) = rule.standard() {
            let values: Vec<String> = rule.value.iter().cloned().collect();
            Rule::new(Key::Standard(key), rule.operator, &values)
                .with_context(|| format!("rule {word:?}"))?;
        }
        rules.push(rule);
        expects_rule = false;
    }
    if expects_rule {
        bail!("after AND or OR stands another rule");
    }
    Ok(rules)
}

/// Looks keys up that are the account's own.
///
/// # Errors
/// The account has no such attribute, or its definitions cannot be read.
pub async fn filter(rules: Vec<Written>, reached: &Reached) -> Result<Filter> {
    let mut definitions = Vec::new();
    if rules.iter().any(|rule| rule.standard().is_none()) {
        let read = reached.account.attributes().list(Some(AttributeModel::Contact)).await;
        let what = "the definitions of custom attributes";
        definitions = read.map_err(|failure| reached.said.error(what, &failure))?;
    }
    joined(rules, &definitions)
}

fn joined(rules: Vec<Written>, definitions: &[AttributeDefinition]) -> Result<Filter> {
    let mut whole: Option<Filter> = None;
    for written in rules {
        let key = match written.standard() {
            Some(key) => Key::Standard(key),
            None => custom(&written.key, definitions)?,
        };
        let join = written.join;
        let rule = written.rule(key)?;
        whole = Some(match whole {
            None => Filter::new(rule),
            Some(filter) => filter.join(join, rule),
        });
    }
    whole.context("there is no rule")
}

fn custom(key: &str, definitions: &[AttributeDefinition]) -> Result<Key> {
    let known = |definition: &&AttributeDefinition| definition.key == key;
    let Some(definition) = definitions.iter().find(known) else {
        let own = ContactKey::ALL.iter().map(|key| key.as_str());
        let all: Vec<&str> =
            own.chain(definitions.iter().map(|definition| definition.key.as_str())).collect();
        bail!("contacts have no {key:?} here: write one of {}", all.join(", "));
    };
    let kind =
        definition.display_type.with_context(|| format!("{key} is of a type that is not known here"))?;
    Ok(Key::Custom { key: key.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn sent(rules: &[&str]) -> Result<Value> {
        let plan = json!({"id": 1, "attribute_key": "plan", "attribute_display_type": "list"});
        let definitions = [serde_json::from_value(plan).unwrap()];
        Ok(serde_json::to_value(joined(parse(&words(rules))?, &definitions)?)?)
    }

    #[test]
    fn rules_are_read_with_what_joins_them() {
        let filter = sent(&[
            "email contains @acme.example",
            "and",
            "name equal_to Al  Miller",
            "OR",
            "plan is_present",
        ]);
        let wanted = json!([
            {"attribute_key": "email", "filter_operator": "contains", "values": ["@acme.example"], "query_operator": "AND"},
            {"attribute_key": "name", "filter_operator": "equal_to", "values": ["Al  Miller"], "query_operator": "OR"},
            {"attribute_key": "plan", "filter_operator": "is_present", "values": [], "query_operator": null},
        ]);
        assert_eq!(filter.unwrap(), wanted);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (rules, told) in [
            (&["email"][..], "KEY OPERATOR VALUE"),
            (&["email is acme"], "filter operator \"is\" is not one of Chatwoot's: write one of equal_to"),
            (&["email days_before 3"], "email cannot be compared with days_before: write one of equal_to"),
            (&["email contains a", "name contains b"], "stands AND or OR"),
            (&["email contains a", "and"], "another rule"),
            (&["colour equal_to red"], "contacts have no \"colour\" here: write one of name,"),
            (&["blocked equal_to yes"], "true or false"),
        ] {
            let error = format!("{:#}", sent(rules).unwrap_err());
            assert!(error.contains(told), "{rules:?}: {error}");
        }
        assert!(sent(&["colour equal_to red"]).unwrap_err().to_string().ends_with("blocked, plan"));
    }
}
