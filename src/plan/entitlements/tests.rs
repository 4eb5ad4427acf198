mod properties;
mod suspended;

use super::*;
use crate::chatwoot::{
    marker,
    types::{Account, AccountId, Map},
};
use serde_json::json;

/// Chatwoot's side of the two PATCHes: scalars and maps are replaced, features are a delta.
fn send(account: &mut Account, diff: &Diff) {
    let patch = &diff.patch;
    if let Some(name) = &patch.name {
        account.name.clone_from(name);
    }
    if patch.locale.is_some() {
        account.locale.clone_from(&patch.locale);
    }
    if patch.domain.is_some() {
        account.domain.clone_from(&patch.domain);
    }
    if patch.support_email.is_some() {
        account.support_email.clone_from(&patch.support_email);
    }
    if let Some(state) = patch.state {
        account.state = state;
    }
    if let Some(limits) = &patch.limits {
        account.limits.clone_from(limits);
    }
    if let Some(attributes) = &patch.custom_attributes {
        account.custom_attributes.clone_from(attributes);
    }
    for (flag, on) in patch.features.iter().chain(&diff.features) {
        if *on {
            account.features.insert(flag.clone());
        } else {
            account.features.remove(flag);
        }
    }
}

fn fresh() -> Account {
    Account {
        id: AccountId(42),
        name: "Acme".into(),
        locale: Some("en".into()),
        domain: None,
        support_email: Some("Chatwoot <accounts@chatwoot.com>".into()),
        state: AccountState::Active,
        features: ["help_center".to_owned()].into(),
        limits: Map::new(),
        custom_attributes: object(json!({marker::KEY: "v1:i:o:n:u", "theirs": {"deep": [1]}})),
    }
}

fn object(value: serde_json::Value) -> Map {
    value.as_object().unwrap().clone()
}

fn spec(fields: serde_json::Value) -> AccountSpec {
    let mut whole = json!({"name": "Acme"});
    whole.as_object_mut().unwrap().extend(object(fields));
    serde_json::from_value(whole).unwrap()
}

fn plan(fields: serde_json::Value) -> PlanSpec {
    let mut whole = json!({"instanceRef": {"name": "main"}});
    whole.as_object_mut().unwrap().extend(object(fields));
    serde_json::from_value(whole).unwrap()
}

/// One account with its status, and the plans of its instance.
#[derive(Clone, Debug)]
struct World {
    spec: AccountSpec,
    plans: BTreeMap<String, PlanSpec>,
    managed: Managed,
    before: Option<State>,
    suspension: Suspension,
    account: Account,
}

impl World {
    fn new(spec: AccountSpec, plans: &[(&str, PlanSpec)]) -> Self {
        Self {
            spec,
            plans: plans.iter().map(|(name, plan)| ((*name).to_owned(), plan.clone())).collect(),
            managed: Managed::default(),
            before: None,
            suspension: Suspension::No,
            account: fresh(),
        }
    }

    fn with<T>(&self, scope: Scope, use_it: impl FnOnce(&Asked) -> T) -> T {
        let planned = Planned::of(self.plans.values());
        use_it(&Asked {
            spec: &self.spec,
            plan: self.spec.plan.as_ref().and_then(|name| self.plans.get(name)),
            planned: &planned,
            managed: &self.managed,
            suspension: self.suspension,
            before: self.before,
            scope,
        })
    }

    fn wanted(&self, scope: Scope) -> Wanted {
        self.with(scope, wanted)
    }

    fn diff(&self, scope: Scope) -> Diff {
        diff(&self.wanted(scope), &self.account, false, |_| false)
    }

    /// One pass as the planner runs it: record, send, record. `crash` ends it early: 0 before, 1 after the PATCH.
    fn pass(&mut self, scope: Scope, crash: Option<u8>) {
        let wanted = self.wanted(scope);
        let diff = diff(&wanted, &self.account, false, |_| false);
        self.managed = wanted.managed_meanwhile.clone();
        let before = self.with(scope, |asked| state_before(asked, self.account.state));
        if before.is_some() {
            self.before = before;
        }
        if crash == Some(0) {
            return;
        }
        send(&mut self.account, &diff);
        if crash == Some(1) {
            return;
        }
        self.managed = wanted.managed;
        self.before = before;
    }

    fn settle(&mut self, scope: Scope) {
        self.pass(scope, None);
        self.pass(scope, None);
        assert!(self.diff(scope).is_empty(), "{:?}", self.diff(scope));
    }

    fn limit(&self, key: &str) -> Option<i64> {
        self.account.limits.get(key).and_then(serde_json::Value::as_i64)
    }

    fn has(&self, flag: &str) -> bool {
        self.account.features.contains(flag)
    }
}

fn shop() -> [(&'static str, PlanSpec); 2] {
    [
        ("free", plan(json!({"limits": {"agents": 3}, "customAttributes": {"tier": "free"}}))),
        (
            "pro",
            plan(json!({"features": {"sla": true}, "limits": {"agents": 25, "inboxes": 9},
                "customAttributes": {"tier": "pro", "support": 24}})),
        ),
    ]
}

#[test]
fn a_downgrade_takes_away_what_the_upgrade_gave() {
    let mut world = World::new(spec(json!({"plan": "pro"})), &shop());
    world.settle(Scope::Everything);
    assert!(world.has("sla"));
    assert_eq!((world.limit("agents"), world.limit("inboxes")), (Some(25), Some(9)));
    world.spec.plan = Some("free".into());
    world.settle(Scope::Everything);
    assert!(!world.has("sla"));
    assert_eq!((world.limit("agents"), world.limit("inboxes")), (Some(3), None));
    assert_eq!(world.account.custom_attributes.get("tier"), Some(&json!("free")));
    assert_eq!(world.account.custom_attributes.get("support"), None);
}

#[test]
fn what_somebody_switched_on_behind_our_back_is_off_unless_the_plan_sells_it() {
    let mut world = World::new(spec(json!({"plan": "free"})), &shop());
    world.account.features.insert("sla".into());
    world.account.limits = object(json!({"inboxes": 100}));
    assert_eq!(
        world.diff(Scope::Everything).drifted,
        ["features.sla", "limits.agents", "limits.inboxes", "customAttributes.tier"]
    );
    world.settle(Scope::Everything);
    assert!(!world.has("sla") && world.limit("inboxes").is_none());
    // Without a plan, plans' keys are nobody's.
    let mut free = World::new(spec(json!({})), &shop());
    free.account.features.insert("sla".into());
    assert!(free.diff(Scope::Everything).is_empty());
}

#[test]
fn the_accounts_own_fields_go_over_the_plan_key_by_key() {
    let own = json!({"plan": "pro", "features": {"macros": true, "sla": false}, "limits": {"agents": 10}});
    let mut world = World::new(spec(own), &shop());
    world.settle(Scope::Everything);
    assert!(world.has("macros") && !world.has("sla"));
    assert_eq!((world.limit("agents"), world.limit("inboxes")), (Some(10), Some(9)));
    world.spec.features.clear();
    world.spec.limits.clear();
    world.settle(Scope::Everything);
    assert!(!world.has("macros") && world.has("sla"));
    assert_eq!(world.limit("agents"), Some(25));
}

#[test]
fn pausing_keeps_nothing_that_a_downgrade_takes() {
    for scope in [Scope::Resting, Scope::Sold] {
        let mut world = World::new(spec(json!({"plan": "pro"})), &shop());
        world.settle(Scope::Everything);
        world.spec.plan = Some("free".into());
        world.settle(scope);
        assert!(!world.has("sla"), "{scope:?}");
        assert_eq!((world.limit("agents"), world.limit("inboxes")), (Some(3), None), "{scope:?}");
        // The plan itself changes, and no plan sells it any more.
        let mut world = World::new(spec(json!({"plan": "pro"})), &shop());
        world.settle(Scope::Everything);
        world.plans.insert("pro".into(), plan(json!({})));
        world.settle(scope);
        assert!(!world.has("sla") && world.limit("inboxes").is_none(), "{scope:?}");
    }
}

#[test]
fn pausing_leaves_the_tenants_own_fields_alone() {
    let own = json!({"plan": "pro", "name": "New", "locale": "de", "state": "Suspended", "features": {"sla": false},
        "limits": {"agents": 10}, "customAttributes": {"segment": "smb"}});
    let mut world = World::new(spec(own), &shop());
    world.settle(Scope::Resting);
    assert_eq!((world.account.name.as_str(), world.account.locale.as_deref()), ("Acme", Some("en")));
    assert_eq!((world.limit("agents"), world.limit("inboxes")), (None, Some(9)));
    assert_eq!(world.account.custom_attributes, fresh().custom_attributes);
    assert_eq!(world.account.state, AccountState::Active);
    assert_eq!(world.account.features, fresh().features);
}

#[test]
fn a_refused_wish_does_not_shield_what_plans_name_and_takes_nothing_else_away() {
    let mut world = World::new(spec(json!({"plan": "pro", "features": {"macros": true}})), &shop());
    world.settle(Scope::Everything);
    // The tenant asks for more than is granted and changes plan: the refusal is no way to keep sla.
    world.spec =
        spec(json!({"plan": "free", "features": {"macros": true, "sla": true}, "limits": {"agents": 999}}));
    world.settle(Scope::Sold);
    assert!(!world.has("sla") && world.has("macros"));
    assert_eq!(world.limit("agents"), Some(3));
}

#[test]
fn what_is_frozen_is_not_touched() {
    let mut world = World::new(spec(json!({"plan": "pro", "name": "New"})), &shop());
    world.settle(Scope::Everything);
    world.account.features.clear();
    assert_eq!(
        world.wanted(Scope::Frozen),
        Wanted {
            managed: world.managed.clone(),
            managed_meanwhile: world.managed.clone(),
            ..Wanted::default()
        }
    );
    // A plan that is gone freezes as well, whatever the grants say.
    world.plans.remove("pro");
    assert!(world.diff(Scope::Everything).is_empty());
}

#[test]
fn a_suspension_holds_whatever_the_tenant_does() {
    for scope in [Scope::Everything, Scope::Resting, Scope::Sold, Scope::Frozen] {
        let mut world = World::new(spec(json!({"state": "Active"})), &shop());
        world.suspension = Suspension::Yes;
        world.settle(scope);
        assert_eq!(world.account.state, AccountState::Suspended, "{scope:?}");
        assert_eq!(world.before, Some(State::Active));
        // A grant that cannot be read lets nobody go.
        world.suspension = Suspension::Unknown;
        world.settle(scope);
        assert_eq!(world.account.state, AccountState::Suspended, "{scope:?}");
        // Nor does a plan that is missing.
        world.suspension = Suspension::Yes;
        world.spec.plan = Some("nowhere".into());
        world.account.state = AccountState::Active;
        world.settle(scope);
        assert_eq!(world.account.state, AccountState::Suspended, "{scope:?}");
    }
}

#[test]
fn lifting_a_suspension_restores_the_state_from_before() {
    for (earlier, own, after) in [
        (AccountState::Active, None, AccountState::Active),
        (AccountState::Suspended, None, AccountState::Suspended),
        (AccountState::Active, Some(State::Suspended), AccountState::Suspended),
        (AccountState::Unknown, None, AccountState::Active),
    ] {
        for scope in [Scope::Everything, Scope::Resting] {
            let mut world = World::new(spec(json!({})), &[]);
            world.account.state = earlier;
            world.suspension = Suspension::Yes;
            world.settle(scope);
            world.spec.state = own;
            world.suspension = Suspension::No;
            world.settle(scope);
            assert_eq!((world.account.state, world.before), (after, None), "{earlier:?} {own:?} {scope:?}");
        }
    }
}

#[test]
fn a_grant_taken_away_lifts_no_suspension() {
    let mut world = World::new(spec(json!({})), &[]);
    world.suspension = Suspension::Yes;
    world.settle(Scope::Everything);
    world.suspension = Suspension::No;
    world.settle(Scope::Frozen);
    assert_eq!((world.account.state, world.before), (AccountState::Suspended, Some(State::Active)));
}

#[test]
fn a_suspension_is_recorded_before_it_is_sent_so_that_it_can_be_lifted() {
    for crash in [0, 1] {
        let mut world = World::new(spec(json!({})), &[]);
        world.suspension = Suspension::Yes;
        world.pass(Scope::Everything, Some(crash));
        world.settle(Scope::Everything);
        world.suspension = Suspension::No;
        world.pass(Scope::Everything, Some(crash));
        world.settle(Scope::Everything);
        assert_eq!((world.account.state, world.before), (AccountState::Active, None));
    }
}

#[test]
fn a_support_address_that_is_not_set_is_not_compared() {
    let world = World::new(spec(json!({})), &[]);
    assert!(world.diff(Scope::Everything).is_empty());
    let empty = World::new(spec(json!({"supportEmail": ""})), &[]);
    assert!(empty.diff(Scope::Everything).is_empty());
}

#[test]
fn a_domain_cleared_and_a_domain_never_set_are_the_same() {
    let mut world = World::new(spec(json!({"domain": ""})), &[]);
    assert!(world.diff(Scope::Everything).is_empty());
    world.account.domain = Some("old.example".into());
    assert_eq!(world.diff(Scope::Everything).patch.domain.as_deref(), Some(""));
}

#[test]
fn a_flag_that_chatwoot_resets_every_day_is_reported_and_not_fought() {
    let world =
        World::new(spec(json!({"features": {"sla": true, "macros": true, "help_center": false}})), &[]);
    let resets = |flag: &str| flag == "sla" || flag == "help_center";
    let first = diff(&world.wanted(Scope::Everything), &world.account, false, resets);
    assert_eq!(first.features.get("sla"), Some(&true));
    let later = diff(&world.wanted(Scope::Everything), &world.account, true, resets);
    assert_eq!(later.withheld, ["features.sla"]);
    assert_eq!(later.drifted, ["features.help_center", "features.macros", "features.sla"]);
    assert_eq!(later.features.keys().collect::<Vec<_>>(), ["help_center", "macros"]);
}

#[test]
fn features_never_share_a_request_with_anything_else() {
    let world = World::new(spec(json!({"name": "New", "features": {"sla": true}})), &[]);
    let diff = world.diff(Scope::Everything);
    assert!(diff.patch.features.is_empty() && diff.patch.name.is_some());
    assert_eq!(diff.features, [("sla".to_owned(), true)].into());
}

#[test]
fn nobody_writes_the_marker_or_chatwoots_own_attributes_or_the_bit_mask() {
    let attributes =
        json!({"chatwoot_operator": "v1:forged", "marked_for_deletion_at": "2020-01-01", "segment": "a"});
    let own = json!({"plan": "evil", "customAttributes": attributes, "features": {"flags": false}});
    let plans = [("evil", plan(json!({"customAttributes": attributes, "features": {"flags": false}})))];
    let mut world = World::new(spec(own), &plans);
    world.managed.custom_attributes = vec!["chatwoot_operator".into(), "plan_name".into()];
    world.managed.features = vec!["flags".into()];
    let wanted = world.wanted(Scope::Everything);
    assert_eq!(wanted.custom_attributes.keys().collect::<Vec<_>>(), ["segment"]);
    assert!(wanted.features.is_empty() && wanted.managed.features.is_empty());
    world.settle(Scope::Everything);
    assert_eq!(world.account.custom_attributes.get(marker::KEY), Some(&json!("v1:i:o:n:u")));
}

#[test]
fn a_limit_that_is_text_is_written_as_a_number() {
    let mut world = World::new(spec(json!({"limits": {"agents": 5}})), &[]);
    world.account.limits = object(json!({"agents": "5", "theirs": null}));
    world.settle(Scope::Everything);
    assert_eq!(world.account.limits, object(json!({"agents": 5, "theirs": null})));
}
