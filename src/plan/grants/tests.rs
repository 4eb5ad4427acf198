mod properties;

use super::*;
use serde_json::json;

const ALL: [Privilege; 7] = [
    Privilege::Features,
    Privilege::Limits,
    Privilege::State,
    Privilege::CustomAttributes,
    Privilege::Delete,
    Privilege::Credentials,
    Privilege::InstallationBots,
];

/// A grant that names namespace acme and domain acme.example, with `fields` over it.
fn spec(fields: serde_json::Value) -> GrantSpec {
    let mut whole = json!({
        "instanceRef": {"name": "main"},
        "namespaces": {"names": ["acme"]},
        "emailDomains": ["acme.example"],
    });
    let more = fields.as_object().cloned().unwrap_or_default();
    whole.as_object_mut().unwrap().extend(more);
    serde_json::from_value(whole).unwrap()
}

fn grants(specs: &[GrantSpec]) -> Grants<'_> {
    Grants { list: specs.iter().map(|spec| Grant { spec, valid: true }).collect(), unreadable: false }
}

fn tenant(namespace: &str) -> Tenant<'_> {
    static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();
    Tenant { namespace, labels: Some(&NO_LABELS), home: false }
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn may_have(specs: &[GrantSpec], request: AccountRequest) -> bool {
    account(&grants(specs), &tenant("acme"), &request).fit.granted()
}

fn may_use(specs: &[GrantSpec], address: &str) -> bool {
    let email = email(address);
    let request = UserRequest { email: &email, adopt: None, delete: false, credentials: false };
    user(&grants(specs), &tenant("acme"), &request).granted()
}

fn text(fit: &Fit) -> String {
    match fit {
        Fit::Granted => panic!("granted"),
        Fit::Refused(refusal) | Fit::Unknown(refusal) => refusal.to_string(),
    }
}

#[test]
fn without_a_grant_a_tenant_gets_nothing() {
    assert!(!may_have(&[], AccountRequest::default()));
    assert!(!may_use(&[], "alice@acme.example"));
    let other = [spec(json!({"namespaces": {"names": ["bpo", "acme-2"]}}))];
    assert!(!may_have(&other, AccountRequest::default()));
}

#[test]
fn a_grant_lets_its_namespace_have_plain_accounts_and_users_and_nothing_more() {
    let specs = [spec(json!({}))];
    assert!(may_have(&specs, AccountRequest::default()));
    assert!(may_use(&specs, "alice@acme.example"));
    for more in [
        AccountRequest { features: true, ..Default::default() },
        AccountRequest { limits: true, ..Default::default() },
        AccountRequest { state: true, ..Default::default() },
        AccountRequest { custom_attributes: true, ..Default::default() },
        AccountRequest { delete: true, ..Default::default() },
        AccountRequest { adopt: Some(AccountId(42)), ..Default::default() },
        AccountRequest { plan: Some("pro"), ..Default::default() },
    ] {
        assert!(!may_have(&specs, more), "{more:?}");
    }
}

#[test]
fn where_plans_are_listed_an_account_must_name_one_of_them() {
    let specs = [spec(json!({"plans": ["free", "pro"]}))];
    let with = |plan| AccountRequest { plan, ..Default::default() };
    assert!(may_have(&specs, with(Some("pro"))));
    assert!(!may_have(&specs, with(None)));
    assert!(!may_have(&specs, with(Some("enterprise"))));
}

#[test]
fn rights_of_two_grants_are_never_mixed() {
    let specs = [spec(json!({"plans": ["free"], "allow": ["Features"]})), spec(json!({"plans": ["pro"]}))];
    let mixed = AccountRequest { plan: Some("pro"), features: true, ..Default::default() };
    assert!(!may_have(&specs, mixed));
    assert!(may_have(&specs, AccountRequest { plan: Some("free"), ..mixed }));

    let people = [
        spec(json!({"adoptable": {"users": [7]}, "emailDomains": ["corp.example"]})),
        spec(json!({"allow": ["Delete", "Credentials"]})),
    ];
    let alice = email("alice@acme.example");
    let request = UserRequest { email: &alice, adopt: Some(UserId(7)), delete: false, credentials: false };
    assert!(!user(&grants(&people), &tenant("acme"), &request).granted());
}

#[test]
fn destroying_an_account_of_one_plan_is_not_allowed_by_the_grant_for_another() {
    let specs = [spec(json!({"plans": ["free"], "allow": ["Delete"]})), spec(json!({"plans": ["pro"]}))];
    let grants = grants(&specs);
    assert!(may_delete_account(&grants, &tenant("acme"), Some("free")).granted());
    assert!(!may_delete_account(&grants, &tenant("acme"), Some("pro")).granted());
    assert!(!may_delete_account(&grants, &tenant("evil"), Some("free")).granted());
}

#[test]
fn destroying_a_person_needs_the_right_for_their_domain() {
    let specs = [spec(json!({"allow": ["Delete"]})), spec(json!({"emailDomains": ["corp.example"]}))];
    let grants = grants(&specs);
    assert!(may_delete_user(&grants, &tenant("acme"), &email("a@acme.example")).granted());
    assert!(!may_delete_user(&grants, &tenant("acme"), &email("a@corp.example")).granted());
}

#[test]
fn a_domain_is_the_whole_part_after_the_at_sign() {
    let exact = [spec(json!({}))];
    assert!(may_use(&exact, "Alice@ACME.Example"));
    for other in [
        "alice@evilacme.example",
        "alice@acme.example.evil.com",
        "alice@sub.acme.example",
        "alice@example.com",
        "acme.example@evil.com",
    ] {
        assert!(!may_use(&exact, other), "{other}");
    }
}

#[test]
fn a_star_in_front_means_subdomains_of_any_depth_and_not_the_domain() {
    let below = [spec(json!({"emailDomains": ["*.acme.example"]}))];
    assert!(may_use(&below, "a@x.acme.example") && may_use(&below, "a@x.y.acme.example"));
    assert!(!may_use(&below, "a@acme.example") && !may_use(&below, "a@xacme.example"));
    assert!(may_use(&[spec(json!({"emailDomains": ["*"]}))], "a@any.where.example"));
    for nonsense in ["", "*.", "**", "*.*", "acme.*", "*acme.example"] {
        assert!(!may_use(&[spec(json!({"emailDomains": [nonsense]}))], "a@x.acme.example"), "{nonsense}");
    }
}

#[test]
fn any_matching_suspended_grant_wins_and_a_refused_request_does_not_escape_it() {
    let specs = [spec(json!({})), spec(json!({"suspended": true}))];
    let asked = AccountRequest { state: true, ..Default::default() };
    let verdict = account(&grants(&specs), &tenant("acme"), &asked);
    assert!(matches!(verdict.fit, Fit::Refused(_)));
    assert_eq!(verdict.suspension, Suspension::Yes);
    assert_eq!(suspension(&grants(&specs), &tenant("bpo")), Suspension::No);
}

#[test]
fn an_invalid_grant_gives_nothing_but_its_suspension_still_holds() {
    let specs = [spec(json!({"suspended": true})), spec(json!({}))];
    let list = vec![Grant { spec: &specs[0], valid: false }, Grant { spec: &specs[1], valid: false }];
    let verdict = account(&Grants { list, unreadable: false }, &tenant("acme"), &AccountRequest::default());
    assert!(matches!(verdict.fit, Fit::Refused(_)));
    assert_eq!(verdict.suspension, Suspension::Yes);
}

#[test]
fn the_instances_own_namespace_may_do_everything_but_can_be_suspended() {
    let home = Tenant { home: true, ..tenant("chatwoot-system") };
    let all = AccountRequest {
        plan: Some("any"),
        features: true,
        limits: true,
        state: true,
        custom_attributes: true,
        delete: true,
        adopt: Some(AccountId(1)),
    };
    assert_eq!(account(&Grants::default(), &home, &all).fit, Fit::Granted);
    let named = [spec(json!({"namespaces": {"names": ["chatwoot-system"]}, "suspended": true}))];
    let verdict = account(&grants(&named), &home, &all);
    assert_eq!((verdict.fit, verdict.suspension), (Fit::Granted, Suspension::Yes));
}

#[test]
fn a_grant_that_cannot_be_read_is_unknown_and_holds_nobody_else_up() {
    let specs = [spec(json!({}))];
    let grants = Grants { unreadable: true, ..grants(&specs) };
    let fits = account(&grants, &tenant("acme"), &AccountRequest::default());
    assert_eq!((fits.fit, fits.suspension), (Fit::Granted, Suspension::Unknown));
    assert!(matches!(account(&grants, &tenant("bpo"), &AccountRequest::default()).fit, Fit::Unknown(_)));
}

#[test]
fn labels_nobody_knows_neither_give_nor_take() {
    let by_label = json!({"namespaces": {"selector": {"matchLabels": {"team": "acme"}}}});
    let specs = [spec(by_label)];
    let blind = Tenant { labels: None, ..tenant("acme") };
    assert!(matches!(account(&grants(&specs), &blind, &AccountRequest::default()).fit, Fit::Unknown(_)));
    let anybody = [spec(json!({"namespaces": {"selector": {}}}))];
    assert!(account(&grants(&anybody), &blind, &AccountRequest::default()).fit.granted());
    let mut suspended = specs[0].clone();
    suspended.suspended = true;
    assert_eq!(suspension(&grants(&[suspended]), &blind), Suspension::Unknown);
}

#[test]
fn a_negative_selector_does_not_match_a_namespace_whose_labels_are_unknown() {
    let selector = json!({"selector": {"matchExpressions": [{"key": "evil", "operator": "DoesNotExist"}]}});
    let specs = [spec(json!({"namespaces": selector}))];
    let blind = Tenant { labels: None, ..tenant("acme") };
    assert!(!account(&grants(&specs), &blind, &AccountRequest::default()).fit.granted());
}

#[test]
fn asking_for_too_much_does_not_keep_what_the_plan_takes_away() {
    let specs = [spec(json!({"plans": ["pro"]}))];
    let greedy = AccountRequest { plan: Some("pro"), features: true, ..Default::default() };
    let verdict = account(&grants(&specs), &tenant("acme"), &greedy);
    assert!(!verdict.fit.granted() && verdict.plan_stands);
    let other = AccountRequest { plan: Some("enterprise"), ..greedy };
    assert!(!account(&grants(&specs), &tenant("acme"), &other).plan_stands);
}

#[test]
fn a_refusal_reads_the_same_whatever_grants_there_are() {
    let alice = email("alice@victim.example");
    let asked = AccountRequest {
        plan: Some("pro"),
        features: true,
        adopt: Some(AccountId(42)),
        ..Default::default()
    };
    let person = UserRequest { email: &alice, adopt: Some(UserId(7)), delete: true, credentials: true };
    let worlds: [Vec<GrantSpec>; 5] = [
        vec![],
        vec![spec(json!({}))],
        vec![spec(json!({"plans": ["pro"], "allow": ["Features"]}))],
        vec![spec(json!({"namespaces": {"names": ["victim"]}, "emailDomains": ["victim.example"],
            "plans": ["pro"], "allow": ["Features", "Delete", "Credentials"],
            "adoptable": {"accounts": [42], "users": [7]}}))],
        vec![spec(json!({"adoptable": {"accounts": [42], "users": [7]}, "suspended": true}))],
    ];
    let said = |specs: &[GrantSpec], unreadable| {
        let grants = Grants { unreadable, ..grants(specs) };
        let evil = tenant("evil");
        (text(&account(&grants, &evil, &asked).fit), text(&user(&grants, &evil, &person)))
    };
    let first = said(&worlds[0], false);
    for specs in &worlds {
        assert_eq!(said(specs, false), first);
        assert_eq!(said(specs, true), first);
    }
    assert!(!first.0.contains("victim"), "{}", first.0);
}

#[test]
fn a_refusal_says_what_to_write() {
    let asked = AccountRequest { plan: Some("pro"), features: true, limits: true, ..Default::default() };
    assert_eq!(
        text(&account(&Grants::default(), &tenant("acme"), &asked).fit),
        "no ChatwootGrant lets namespace acme use plan pro, set features and set limits; ask the platform admin for one with namespaces: {names: [acme]}, plans: [pro], allow: [Features, Limits], or remove \
         what is not needed"
    );
    let alice = email("alice@acme.example");
    let plain = UserRequest { email: &alice, adopt: None, delete: false, credentials: false };
    assert_eq!(
        text(&user(&Grants::default(), &tenant("acme"), &plain)),
        "no ChatwootGrant lets namespace acme use e-mail addresses of acme.example; ask the platform \
         admin for one with namespaces: {names: [acme]}, emailDomains: [acme.example]"
    );
}

#[test]
fn the_longest_refusal_fits_a_condition() {
    let (plan, namespace) = ("p".repeat(253), "n".repeat(63));
    let asked = AccountRequest {
        plan: Some(&plan),
        features: true,
        limits: true,
        state: true,
        custom_attributes: true,
        delete: true,
        adopt: Some(AccountId(i64::MAX)),
    };
    let said = text(&account(&Grants::default(), &tenant(&namespace), &asked).fit);
    assert!(said.len() <= 1024, "{}", said.len());
}

#[test]
fn a_restored_marker_counts_only_where_a_fitting_grant_lists_the_id() {
    let specs =
        [spec(json!({"adoptable": {"accounts": [42]}, "plans": ["free"]})), spec(json!({"plans": ["pro"]}))];
    let grants = grants(&specs);
    let with = |plan| AccountRequest { plan: Some(plan), ..Default::default() };
    let back = |request, id| may_take_back_account(&grants, &tenant("acme"), &request, AccountId(id));
    assert!(back(with("free"), 42));
    assert!(!back(with("pro"), 42));
    assert!(!back(with("free"), 43));
    let home = Tenant { home: true, ..tenant("home") };
    let named = AccountRequest { adopt: Some(AccountId(9)), ..Default::default() };
    assert!(may_take_back_account(&grants, &home, &named, AccountId(9)));
    assert!(!may_take_back_account(&grants, &home, &named, AccountId(8)));
    assert!(!may_take_back_account(&grants, &home, &AccountRequest::default(), AccountId(9)));
}

#[test]
fn what_is_inside_an_account_fits_one_grant_whole() {
    let free = spec(json!({"plans": ["free"]}));
    let enterprise = spec(json!({"plans": ["enterprise"], "allow": ["InstallationBots"]}));
    let both = [free, enterprise];
    let asks = |plan, beside: &[Need]| content(&grants(&both), &tenant("acme"), Some(plan), beside.to_vec());
    let bots = [Need::Privilege(Privilege::InstallationBots)];
    assert!(asks("free", &[]).granted());
    assert!(asks("enterprise", &bots).granted());
    assert!(!asks("free", &bots).granted());
    assert!(asks("free", &[Need::EmailDomain("acme.example".into())]).granted());
    assert!(!asks("free", &[Need::EmailDomain("other.example".into())]).granted());
}
