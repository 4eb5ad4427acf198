//! Whatever grants there are, in whatever order: a request is one grant's or nobody's, more grants take nothing away, and
//! a suspension holds.

use super::*;
use proptest::{prelude::*, sample::subsequence};

/// Labels of namespace `acme`, which one of the selectors below means.
fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("team".to_owned(), "acme".to_owned())])
}

fn any_selector() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        3 => subsequence(vec!["acme", "bpo"], 1..=2).prop_map(|names| json!({"names": names})),
        1 => Just(json!({"selector": {}})),
        2 => prop::sample::select(vec!["acme", "bpo"])
            .prop_map(|team| json!({"selector": {"matchLabels": {"team": team}}})),
    ]
}

/// A grant, and whether its spec can be acted on.
fn any_grant() -> impl Strategy<Value = (GrantSpec, bool)> {
    (
        any_selector(),
        subsequence(vec!["acme.example", "*.acme.example", "bpo.example"], 1..=3),
        subsequence(vec!["free", "pro"], 0..=2),
        subsequence(ALL.to_vec(), 0..=7),
        subsequence(vec![1, 2], 0..=2),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(namespaces, domains, plans, allow, ids, suspended, valid)| {
            let fields = json!({
                "namespaces": namespaces, "emailDomains": domains, "plans": plans, "suspended": suspended,
                "adoptable": {"accounts": ids, "users": ids},
            });
            (GrantSpec { allow, ..spec(fields) }, valid)
        })
}

type List = Vec<(GrantSpec, bool)>;

fn some_grants() -> impl Strategy<Value = List> {
    prop::collection::vec(any_grant(), 0..5)
}

/// What somebody may ask for, as an account and as a person.
#[derive(Clone, Debug)]
struct Wishes {
    plan: Option<&'static str>,
    flags: [bool; 5],
    adopt: Option<i64>,
    email: Email,
    credentials: bool,
    /// Labels of their namespace are known.
    seen: bool,
}

prop_compose! {
    fn wishes()(
        plan in prop::option::of(prop::sample::select(vec!["free", "pro"])),
        flags in prop::array::uniform5(prop::bool::weighted(0.35)),
        adopt in prop::option::weighted(0.3, 1i64..4),
        domain in prop::sample::select(vec!["acme.example", "x.acme.example", "bpo.example", "victim.example"]),
        credentials: bool,
        seen in prop::bool::weighted(0.7),
    ) -> Wishes {
        Wishes { plan, flags, adopt, email: email(&format!("alice@{domain}")), credentials, seen }
    }
}

impl Wishes {
    fn account(&self) -> AccountRequest<'_> {
        let [features, limits, state, custom_attributes, delete] = self.flags;
        let adopt = self.adopt.map(AccountId);
        AccountRequest { plan: self.plan, features, limits, state, custom_attributes, delete, adopt }
    }

    fn user(&self) -> UserRequest<'_> {
        let adopt = self.adopt.map(UserId);
        UserRequest { email: &self.email, adopt, delete: self.flags[4], credentials: self.credentials }
    }
}

/// Everything grants are ever asked about one tenant.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    account: Verdict,
    user: Fit,
    may_delete: [Fit; 2],
    takes_back: [bool; 2],
}

impl Said {
    /// All that is given, in one list.
    fn given(&self) -> [bool; 7] {
        let [account, user] = &self.may_delete;
        let [back, user_back] = self.takes_back;
        let fit = self.account.fit.granted();
        let stands = self.account.plan_stands;
        [fit, stands, self.user.granted(), account.granted(), user.granted(), back, user_back]
    }
}

fn ask(list: &List, unreadable: bool, wishes: &Wishes) -> Said {
    let list = list.iter().map(|(spec, valid)| Grant { spec, valid: *valid }).collect();
    let (grants, labels) = (Grants { list, unreadable }, labels());
    let tenant = Tenant { labels: wishes.seen.then_some(&labels), ..tenant("acme") };
    let (request, person) = (wishes.account(), wishes.user());
    Said {
        account: account(&grants, &tenant, &request),
        user: user(&grants, &tenant, &person),
        may_delete: [
            may_delete_account(&grants, &tenant, wishes.plan),
            may_delete_user(&grants, &tenant, &wishes.email),
        ],
        takes_back: [
            may_take_back_account(&grants, &tenant, &request, AccountId(1)),
            may_take_back_user(&grants, &tenant, &person, UserId(2)),
        ],
    }
}

proptest! {
    #![proptest_config(crate::tried(2048))]

    /// Whoever is granted something is granted it by one of the grants alone, however much their union would allow.
    #[test]
    fn grants_never_mix(list in some_grants(), wishes in wishes()) {
        let together = ask(&list, false, &wishes).given();
        let mut alone = [false; 7];
        for one in &list {
            let by_one = ask(&vec![one.clone()], false, &wishes).given();
            alone = std::array::from_fn(|at| alone[at] || by_one[at]);
        }
        prop_assert_eq!(together, alone);
    }

    /// Another grant, whatever is in it and wherever it stands, never takes away what one gives; and one that is for
    /// somebody else changes nothing at all.
    #[test]
    fn one_more_grant_never_takes_away(
        list in some_grants(), more in any_grant(), at in any::<prop::sample::Index>(), unreadable: bool, wishes in wishes(),
    ) {
        let before = ask(&list, unreadable, &wishes);
        let mut longer = list.clone();
        longer.insert(at.index(list.len() + 1), more.clone());
        let after = ask(&longer, unreadable, &wishes);
        for (before, after) in before.given().into_iter().zip(after.given()) {
            prop_assert!(after || !before);
        }
        let covers_us = more.0.namespaces.selector.is_some() || more.0.namespaces.names.contains(&"acme".to_owned());
        if !covers_us {
            prop_assert_eq!(&before, &after);
        }
        // One that does not suspend has no say in who is suspended.
        if !more.0.suspended {
            prop_assert_eq!(before.account.suspension, after.account.suspension);
        }
    }

    /// One grant that suspends wins over all others, whatever is asked for and whatever they give.
    #[test]
    fn a_suspended_grant_wins(list in some_grants(), unreadable: bool, wishes in wishes()) {
        let labels = labels();
        let means_us = |spec: &GrantSpec| {
            let known = spec.namespaces.names.contains(&"acme".to_owned())
                || spec.namespaces.selector.as_ref().is_some_and(|selector| selector.match_labels.is_empty());
            known || (wishes.seen && spec.namespaces.matches("acme", &labels))
        };
        let suspends = list.iter().any(|(spec, _)| spec.suspended && means_us(spec));
        let said = ask(&list, unreadable, &wishes).account.suspension;
        prop_assert_eq!(said == Suspension::Yes, suspends, "{:?}", said);
        // Nobody is let go while something cannot be read.
        prop_assert!(said != Suspension::No || !unreadable);
    }

    /// The order in which grants are listed changes no answer.
    #[test]
    fn grants_have_no_order(
        (list, shuffled) in some_grants().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        unreadable: bool, wishes in wishes(),
    ) {
        prop_assert_eq!(ask(&list, unreadable, &wishes), ask(&shuffled, unreadable, &wishes));
    }

    /// Fewer wishes are never refused where more are granted.
    #[test]
    fn asking_for_less_never_hurts(list in some_grants(), wishes in wishes(), keep: [bool; 5]) {
        let more = ask(&list, false, &wishes);
        let flags = std::array::from_fn(|at| wishes.flags[at] && keep[at]);
        let less = ask(&list, false, &Wishes { flags, adopt: None, credentials: false, ..wishes });
        prop_assert!(less.account.fit.granted() || !more.account.fit.granted());
        prop_assert!(less.user.granted() || !more.user.granted());
    }
}
