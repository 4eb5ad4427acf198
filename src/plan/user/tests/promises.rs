//! Where passes end up, and what they leave alone: everything declared becomes so, nothing else is touched, and nothing
//! hangs on the order in which it is declared.

use super::{properties::*, world::*};
use crate::{
    api::{common::Role, user::UserSpec},
    chatwoot::{
        marker,
        types::{AccountId, Belonging, MemberRole, User},
    },
    plan::memberships::{Target, member_role},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How others have left a person.
#[derive(Clone, Debug)]
struct Edited {
    name: &'static str,
    display: Option<&'static str>,
    attributes: BTreeMap<&'static str, i64>,
    members: BTreeMap<i64, bool>,
}

prop_compose! {
    fn edited()(
        name in prop::sample::select(vec!["Alice", "Vandal"]),
        display in prop::option::of(prop::sample::select(vec!["Al", "Boss"])),
        attributes in prop::collection::btree_map(prop::sample::select(vec!["team", "tier", "theirs"]), 0i64..3, 0..4),
        members in prop::collection::btree_map(prop::sample::select(vec![42i64, 43, 99]), any::<bool>(), 0..4),
    ) -> Edited {
        Edited { name, display, attributes, members }
    }
}

impl Edited {
    fn apply(&self, user: &mut User) {
        user.name = self.name.into();
        user.display_name = self.display.map(str::to_owned);
        let mine = user.custom_attributes.remove(marker::KEY);
        user.custom_attributes =
            self.attributes.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        user.custom_attributes.extend(mine.map(|mine| (marker::KEY.to_owned(), mine)));
        let role = |admin: bool| if admin { MemberRole::Administrator } else { MemberRole::Agent };
        user.belongings = (self.members.iter())
            .map(|(id, admin)| Belonging { account: AccountId(*id), role: Some(role(*admin)) })
            .collect();
    }
}

fn enforced(mut spec: Value) -> Value {
    let fields = spec.as_object_mut().unwrap();
    fields.insert("mode".into(), json!("Enforce"));
    fields.insert("paused".into(), json!(false));
    spec
}

/// The declared memberships of accounts that are there.
fn declared(spec: &UserSpec, world: &World) -> BTreeMap<i64, MemberRole> {
    let known = spec.memberships.iter().filter_map(|wish| match world.targets.get(&wish.account) {
        Some(Target::There { id: Some(id), .. }) => Some((id.0, member_role(wish.role))),
        _ => None,
    });
    known.collect()
}

fn memberships(user: &User) -> BTreeMap<i64, MemberRole> {
    user.belongings.iter().map(|one| (one.account.0, one.role.unwrap())).collect()
}

proptest! {
    #![proptest_config(crate::tried(400))]

    /// Convergence, and nothing beyond it: after any spec, any edits behind our back and any other spec, the person is
    /// exactly what is declared, over exactly what others left of them.
    #[test]
    fn what_is_declared_becomes_so_and_everything_else_stays(
        first in a_spec(), second in a_spec(), edited in edited(), yours in prop::option::of("[a-z]{3}"),
    ) {
        let mut world = World::new(enforced(first));
        world.settle();
        let earlier = world.spec.clone();
        let ours = declared(&earlier, &world);
        edited.apply(world.user_mut());
        let left = world.user().clone();
        if let Some(value) = yours {
            world.yours = Some(format!("{CANARY}{value}"));
            world.secret_news = true;
        }
        world.change(enforced(second));
        world.settle();
        let (spec, user) = (&world.spec, world.user());
        prop_assert_eq!((&user.email, &user.name), (&spec.email, &spec.name));
        let display = spec.display_name.clone().or(left.display_name).filter(|name| !name.is_empty());
        prop_assert_eq!(user.display_name.clone().filter(|name| !name.is_empty()), display);
        // Chatwoot cannot remove a key of a person: what was ours and is named no more is null (P14), and counts as none.
        let mut attributes = left.custom_attributes.clone();
        attributes.retain(|key, _| !earlier.custom_attributes.contains_key(key));
        attributes.extend(spec.custom_attributes.iter().map(|(key, value)| (key.clone(), json!(value))));
        let named = |map: &crate::chatwoot::types::Map| -> BTreeMap<String, Value> {
            map.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        prop_assert_eq!(named(&user.custom_attributes), named(&attributes));
        let mut members: BTreeMap<_, _> = left.belongings.iter().map(|one| (one.account.0, one.role.unwrap())).collect();
        members.retain(|id, _| !ours.contains_key(id));
        members.extend(declared(spec, &world));
        prop_assert_eq!(memberships(user), members);
        let recorded: BTreeSet<i64> = world.status.memberships.iter().filter_map(|made| made.account_id).collect();
        prop_assert_eq!(recorded, declared(spec, &world).into_keys().collect::<BTreeSet<_>>());
    }

    /// Memberships written in another order are the same memberships.
    #[test]
    fn memberships_have_no_order(
        first in a_spec(), events in prop::collection::vec(event(), 0..12),
        (roles, shuffled) in prop::collection::btree_map(prop::sample::select(vec!["main", "second", "third"]), any::<bool>(), 0..4)
            .prop_flat_map(|roles| { let roles: Vec<_> = roles.into_iter().collect(); (Just(roles.clone()), Just(roles).prop_shuffle()) }),
    ) {
        let listed = |roles: &[(&str, bool)]| -> Vec<Value> {
            let role = |admin: bool| if admin { Role::Administrator } else { Role::Agent };
            roles.iter().map(|(name, admin)| member(name, role(*admin))).collect()
        };
        let with = |members: Vec<Value>| {
            let mut spec = enforced(first.clone());
            spec.as_object_mut().unwrap().insert("memberships".into(), members.into());
            spec
        };
        let (mut one, mut other) = (World::new(with(listed(&roles))), World::new(with(listed(&shuffled))));
        for (counter, event) in events.into_iter().enumerate() {
            // Another spec brings its own memberships, in the one order they have; and a call that fails hits whichever
            // comes first.
            if matches!(event, Event::Spec(_)) {
                continue;
            }
            happen(&mut one, event.clone(), counter);
            happen(&mut other, event, counter);
            if one.gone || other.gone {
                return Ok(());
            }
            one.pass();
            other.pass();
        }
        for world in [&mut one, &mut other] {
            world.failing.clear();
            world.broken_accounts.clear();
            (world.no_turn, world.conflicts, world.loses_answer, world.secrets_fail) = (None, 0, false, false);
            world.due = true;
            world.settle();
        }
        prop_assert_eq!(one.gone, other.gone);
        let people = |world: &World| -> BTreeMap<i64, (User, BTreeMap<i64, MemberRole>)> {
            // Which account was entered first is nobody's wish.
            let alone = |user: &User| User { belongings: Vec::new(), ..user.clone() };
            let roles = |user: &User| user.belongings.iter().filter_map(|one| Some((one.account.0, one.role?))).collect();
            world.users.iter().map(|(id, user)| (*id, (alone(user), roles(user)))).collect()
        };
        prop_assert_eq!(people(&one), people(&other));
        prop_assert_eq!(one.reason(), other.reason());
        let sorted = |world: &World| {
            let mut made = world.status.memberships.clone();
            made.sort_by(|a, b| a.account.cmp(&b.account));
            made
        };
        prop_assert_eq!(sorted(&one), sorted(&other));
    }
}
