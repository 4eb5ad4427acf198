//! What people do in Chatwoot behind the operator's back.

use crate::storm::forecast::Deed;
use chatwoot_simulator::{Act, EditAccount, EditUser, How, RecordKind, Removal, Role, State, When};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Only what the operator is asked to put right: marks stay, because without them it must not touch anything.
pub fn people(state: &State, which: usize, deed: Deed) -> Option<Act> {
    let account = state.accounts.get(which % state.accounts.len().max(1))?.id;
    let person = state.users.get(which % state.users.len().max(1));
    let row = state.memberships.get(which % state.memberships.len().max(1));
    let given = |key: &str| json!({key: "changed by people"}).as_object().cloned().unwrap_or_default();
    Some(match deed {
        Deed::RenameAccount => Act::RenameAccount { account, name: "Renamed by people".into() },
        Deed::ChangeAttributes => {
            // The outsourcer's accounts declare none.
            let plan = state.account(account)?.custom_attributes.contains_key("plan");
            let attributes = plan.then(|| given("segment"))?;
            Act::EditAccountAttributes { account, how: How::Merge, attributes }
        }
        Deed::ChangeFeatures => {
            let features = BTreeMap::from([("automations".to_owned(), false), ("macros".to_owned(), false)]);
            let plan = state.account(account)?.custom_attributes.get("plan")? == "pro";
            plan.then(|| Act::EditAccount(EditAccount { account, features, ..EditAccount::default() }))?
        }
        Deed::ChangeLimits => {
            let mut limits = state.account(account)?.limits.as_object().cloned()?;
            *limits.get_mut("agents")? = json!(3);
            Act::EditAccount(EditAccount {
                account,
                limits: Some(Value::Object(limits)),
                ..EditAccount::default()
            })
        }
        // What the operator's own users are called is nobody's wish.
        Deed::RenamePerson => Act::EditUser(EditUser {
            user: person.filter(|person| !person.email.starts_with("chatwoot-operator+"))?.id,
            name: Some("Renamed by people".into()),
            ..EditUser::default()
        }),
        Deed::DeletePerson => Act::DeleteUser { user: person?.id, when: When::Now },
        Deed::RemoveMember => {
            Act::RemoveMember { account: row?.account, user: row?.user, way: Removal::Plain }
        }
        Deed::ChangeRole => {
            let other = if row?.role == Some(Role::Agent) { Role::Administrator } else { Role::Agent };
            Act::ChangeRole { account: row?.account, user: row?.user, role: Some(other) }
        }
        other => return settings(state, which, other),
    })
}

/// Names stay as they are: by them the operator finds what a request has made whose answer was lost.
fn settings(state: &State, which: usize, deed: Deed) -> Option<Act> {
    let content = &state.content;
    let (label, team) = (pick(&content.labels, which), pick(&content.teams, which));
    let (webhook, inbox) = (pick(&content.webhooks, which), pick(&content.inboxes, which));
    let bot = pick(&state.bots, which);
    let edit = |kind, id, fields: Value| {
        Some(Act::EditRecord { kind, id, fields: fields.as_object().cloned().unwrap_or_default() })
    };
    let delete = |kind, id| Some(Act::DeleteRecord { kind, id });
    match deed {
        Deed::ChangeLabel => {
            edit(RecordKind::Label, label?.id, json!({"color": "#000000", "show_on_sidebar": false}))
        }
        Deed::ChangeTeam => edit(RecordKind::Team, team?.id, json!({"description": "Changed by people"})),
        Deed::ChangeWebhook => {
            edit(RecordKind::Webhook, webhook?.id, json!({"subscriptions": ["contact_updated"]}))
        }
        Deed::ChangeInbox => {
            let fields = json!({"greeting_message": "Changed by people"}).as_object().cloned();
            Some(Act::EditInbox { inbox: inbox?.id, name: None, fields: fields.unwrap_or_default() })
        }
        Deed::ChangeBot => {
            let url = Some("https://people.example".to_owned());
            Some(Act::EditBot { bot: bot?.id, name: None, outgoing_url: url })
        }
        Deed::DeleteLabel => delete(RecordKind::Label, label?.id),
        Deed::DeleteTeam => delete(RecordKind::Team, team?.id),
        Deed::DeleteWebhook => delete(RecordKind::Webhook, webhook?.id),
        Deed::DeleteBot => Some(Act::DeleteBot { bot: bot?.id }),
        Deed::DetachBot => Some(Act::AttachBot { inbox: inbox?.id, bot: None }),
        _ => None,
    }
}

fn pick<T>(all: &[T], which: usize) -> Option<&T> {
    all.get(which % all.len().max(1))
}
