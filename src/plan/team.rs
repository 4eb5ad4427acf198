//! What a ChatwootTeam asks for, in Chatwoot's words.

use super::{
    content::{Names, Naming, Seen, Telling, Trait, Wish, declared, fields},
    staff,
    status::Verdict,
};
use crate::{
    api::{
        content::{ContentDeletionPolicy, Within},
        team::TeamSpec,
    },
    chatwoot::tenant::{agent::Agent, team::Team},
};
use serde_json::{Value, json};

pub const TEAM: Trait =
    Trait { kind: "ChatwootTeam", noun: "team", key: "name", naming: Naming::Key, precious: false };
/// The part that says who is in it.
pub const MEMBERS: &str = "members";

/// # Errors
/// None: who is waited for stands in the wish.
pub fn wish(spec: &TeamSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    let fields = declared([
        ("name", Some(json!(spec.name))),
        ("description", spec.description.as_ref().map(|text| json!(text))),
        ("allow_auto_assign", spec.allow_auto_assign.map(|allowed| json!(allowed))),
    ]);
    let mut wish = Wish { key: spec.name.clone(), fields, ..Wish::default() };
    if let Some(people) = &spec.members {
        staff::declare(people, names, MEMBERS, &mut wish);
    }
    Ok(wish)
}

pub fn seen(team: &Team) -> Seen {
    Seen {
        id: team.id.0,
        key: team.name.clone(),
        fields: fields([
            ("name", json!(team.name)),
            ("description", json!(team.description.clone().unwrap_or_default())),
            ("allow_auto_assign", json!(team.allow_auto_assign)),
        ]),
    }
}

/// What a manifest of one that is there declares.
pub fn told(within: Within, team: &mut Telling<'_>) -> TeamSpec {
    TeamSpec {
        within,
        name: team.key(),
        description: team.text("description"),
        allow_auto_assign: team.flag("allow_auto_assign"),
        members: team.people(MEMBERS),
        deletion_policy: ContentDeletionPolicy::Retain,
    }
}

/// Who is in it.
pub fn members(agents: &[Agent]) -> Value {
    staff::in_order(agents.iter().map(|agent| agent.id.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::content::tests::Namesakes;

    fn spec() -> TeamSpec {
        TeamSpec {
            within: Within { account: "acme".into(), ..Within::default() },
            name: "support".into(),
            description: Some(String::new()),
            allow_auto_assign: None,
            members: None,
            deletion_policy: ContentDeletionPolicy::Delete,
        }
    }

    fn team(json: Value) -> Seen {
        seen(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn only_what_the_spec_declares_is_asked_for() {
        let wish = wish(&spec(), &Namesakes::default()).unwrap();
        assert_eq!(wish.fields.keys().collect::<Vec<_>>(), ["description", "name"]);
        assert!(wish.parts.is_empty(), "members that are not declared are nobody's business");
        let same = team(json!({"id": 3, "name": "support", "description": null, "allow_auto_assign": false}));
        assert!(wish.differences(&same).is_empty(), "a description that was never set is an empty one");
        let other = team(json!({"id": 3, "name": "sales", "description": "By hand"}));
        assert_eq!(wish.differences(&other).keys().collect::<Vec<_>>(), ["description", "name"]);
    }

    #[test]
    fn members_are_a_set_of_whole_numbers() {
        let names = Namesakes::of(&[("bob", 9), ("alice", 4)]);
        let of = |people: &[&str]| {
            let members = Some(people.iter().map(|name| (*name).to_owned()).collect());
            wish(&TeamSpec { members, ..spec() }, &names)
        };
        assert_eq!(of(&["bob", "alice"]).unwrap().parts[MEMBERS], json!([4, 9]));
        assert_eq!(of(&[]).unwrap().parts[MEMBERS], json!([]), "a declared team of nobody is empty");
        let waiting = of(&["carol", "alice"]).unwrap();
        assert_eq!(waiting.parts[MEMBERS], json!([4]), "who is there does not wait for who is not");
        assert_eq!(waiting.pending.unwrap().reason, "WaitingForReference");
        let agents: Vec<Agent> = serde_json::from_value(json!([{"id": 9}, {"id": "4"}])).unwrap();
        assert_eq!(members(&agents), json!([4, 9]));
    }
}
