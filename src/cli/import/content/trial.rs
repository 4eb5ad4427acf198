//! What the API server would make of a manifest: the definitions' rules are its to judge. Nothing is stored.

use super::kinds::Kind;
use crate::cli::{kinds::KindName, output::harmless, plan::apply::ELSEWHERE};
use kube::{
    Client,
    api::{DynamicObject, PostParams},
    core::response::StatusCause,
};
use serde_json::{Value, json};

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It takes this spec, without the fields of these names.
    Takes { spec: Value, without: Vec<String> },
    /// It would not, whatever is left out.
    Refuses(String),
    /// It could not be asked.
    Unknown(String),
}

/// Tries a spec; then without what is wrong in it.
pub async fn trial(client: &Client, kind: &Kind, spec: &Value) -> Verdict {
    let causes = match attempt(client, kind, spec).await {
        Ok(()) => return Verdict::Takes { spec: spec.clone(), without: Vec::new() },
        Err(Trouble::Invalid(causes)) => causes,
        Err(Trouble::Other(why)) => return Verdict::Unknown(why),
    };
    let mut thinner = spec.clone();
    let fields = causes.iter().filter_map(|cause| taken_out(&mut thinner, &cause.field));
    let without: Vec<String> = fields.collect();
    if !without.is_empty() && attempt(client, kind, &thinner).await.is_ok() {
        return Verdict::Takes { spec: thinner, without };
    }
    let reasons: Vec<String> = causes.iter().take(3).map(reason).collect();
    Verdict::Refuses(reasons.join("; "))
}

enum Trouble {
    Invalid(Vec<StatusCause>),
    Other(String),
}

async fn attempt(client: &Client, kind: &Kind, spec: &Value) -> Result<(), Trouble> {
    let Some(name) = KindName::ALL.into_iter().find(|one| one.kind() == kind.of.kind) else { return Ok(()) };
    // Its own namespace may not be there yet, and what is in it already would be judged as changed.
    let mut object = DynamicObject::new("import-trial", &name.resource()).within(ELSEWHERE);
    object.data = json!({ "spec": spec });
    let params = PostParams { dry_run: true, ..PostParams::default() };
    match name.api(client, Some(ELSEWHERE)).create(&params, &object).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 422 => {
            let details = status.details.map(|details| details.causes).unwrap_or_default();
            Err(Trouble::Invalid(details))
        }
        Err(kube::Error::Api(status)) => Err(Trouble::Other(harmless(&status.message).into_owned())),
        Err(_) => Err(Trouble::Other("the API server does not answer".to_owned())),
    }
}

/// Takes out the field that a cause names, and whatever list it stands in; gives its name.
fn taken_out(spec: &mut Value, field: &str) -> Option<String> {
    let path = field.strip_prefix("spec.")?.split('[').next()?;
    let (parents, last) = path.rsplit_once('.').map_or((None, path), |(parents, last)| (Some(parents), last));
    let mut at = spec;
    for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
        at = at.get_mut(parent)?;
    }
    at.as_object_mut()?.remove(last).map(|_| path.to_owned())
}

/// Without the value, which may be a secret.
fn reason(cause: &StatusCause) -> String {
    let text = cause.message.rsplit_once("\": ").map_or(cause.message.as_str(), |(_, text)| text);
    format!("{}: {}", cause.field, harmless(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_taken_out_where_it_stands() {
        let mut spec = json!({"name": "a", "webWidget": {"welcomeTitle": "x", "color": "y"}, "workingHours": {"days": [1, 2]}});
        let take = |spec: &mut Value, field: &str| taken_out(spec, field);
        assert_eq!(take(&mut spec, "spec.webWidget.welcomeTitle").as_deref(), Some("webWidget.welcomeTitle"));
        assert_eq!(take(&mut spec, "spec.workingHours.days[1].open").as_deref(), Some("workingHours.days"));
        assert_eq!(take(&mut spec, "spec.workingHours.days[0]"), None);
        for nothing in ["spec", "metadata.name", "spec.name.first", "spec.other"] {
            assert_eq!(take(&mut spec, nothing), None, "{nothing}");
        }
        assert_eq!(spec, json!({"name": "a", "webWidget": {"color": "y"}, "workingHours": {}}));
    }

    #[test]
    fn a_reason_never_repeats_the_value() {
        let cause = |message: &str| {
            let cause = json!({"reason": "FieldValueInvalid", "message": message, "field": "spec.url"});
            reason(&serde_json::from_value(cause).unwrap())
        };
        let said = cause(r#"Invalid value: "https://h.example/canary": url must be http:// or https://"#);
        assert_eq!(said, "spec.url: url must be http:// or https://");
        assert_eq!(
            cause("Too long: may not be more than 9 bytes"),
            "spec.url: Too long: may not be more than 9 bytes"
        );
    }
}
