//! Who among several resources may have an e-mail address, or the id of an object in Chatwoot.

use super::email::Email;
use jiff::Timestamp;

/// One resource's wish to have one thing: an e-mail address, an account's id or a user's id, of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The resource's UID.
    pub uid: String,
    pub namespace: String,
    pub name: String,
    /// It has the thing: its status says so.
    pub bound: bool,
    /// `metadata.creationTimestamp`, which the API server sets.
    pub created: Timestamp,
    /// A grant lets the resource's namespace have it. Without one a claim does not count, or everybody could keep
    /// everybody else's addresses from them.
    pub granted: bool,
}

/// How a resource's own claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Holds,
    /// Somebody else has it; nobody is told who.
    Taken,
    /// A resource that cannot be read may have it: nothing new is decided.
    Unknown,
}

/// Whose the thing is that all of `claims` are for: bound beats unbound, then the oldest, then the smallest UID. Only
/// granted claims count.
pub fn holder<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Option<&'a Claim> {
    claims
        .into_iter()
        .filter(|claim| claim.granted)
        .min_by_key(|claim| (!claim.bound, claim.created, &claim.uid))
}

/// How the claim of resource `uid` stands among `claims`, all for the same thing.
///
/// `doubt`: a resource that cannot be read may claim it too. Count only those whose own namespace could be granted it,
/// or one tenant's unreadable resource would hold up everybody. What is bound already stays decided.
pub fn standing<'a>(uid: &str, claims: impl IntoIterator<Item = &'a Claim>, doubt: bool) -> Standing {
    match holder(claims) {
        Some(holder) if holder.uid != uid => Standing::Taken,
        Some(holder) if holder.bound => Standing::Holds,
        _ if doubt => Standing::Unknown,
        Some(_) => Standing::Holds,
        // Its own claim does not count, so it has nothing; grants are asked before claims.
        None => Standing::Taken,
    }
}

/// An e-mail address a user resource claims, and whether the person it is bound to has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimedEmail {
    pub email: Email,
    pub bound: bool,
}

/// The addresses a user resource claims: the one its spec wants and the one its status says the person has. While they
/// differ, the wanted one is claimed like a newcomer's: whoever has that address already keeps it.
pub fn claimed_emails(wanted: Option<&Email>, has: Option<&Email>) -> Vec<ClaimedEmail> {
    let bound = has.map(|email| ClaimedEmail { email: email.clone(), bound: true });
    let new = wanted.filter(|email| Some(*email) != has);
    bound.into_iter().chain(new.map(|email| ClaimedEmail { email: email.clone(), bound: false })).collect()
}

/// The ids a resource claims: `status.id`, else `spec.adopt.id`. Returns the id and whether it is bound.
pub fn claimed_id(bound: Option<i64>, adopt: Option<i64>) -> Option<(i64, bool)> {
    bound.map(|id| (id, true)).or(adopt.map(|id| (id, false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(uid: &str, bound: bool, second: i64, granted: bool) -> Claim {
        Claim {
            uid: uid.into(),
            namespace: "acme".into(),
            name: uid.into(),
            bound,
            created: Timestamp::from_second(second).unwrap(),
            granted,
        }
    }

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    #[test]
    fn whoever_has_a_person_keeps_them_from_older_newcomers() {
        let claims = [claim("old", false, 1, true), claim("has", true, 9, true)];
        assert_eq!(standing("has", &claims, false), Standing::Holds);
        assert_eq!(standing("old", &claims, false), Standing::Taken);
    }

    #[test]
    fn among_equals_the_oldest_wins_and_then_the_uid_decides() {
        let claims = [claim("c", false, 2, true), claim("b", false, 1, true), claim("a", false, 1, true)];
        assert_eq!(holder(&claims).unwrap().uid, "a");
        let copies = [claim("copy", true, 5, true), claim("original", true, 4, true)];
        assert_eq!(holder(&copies).unwrap().uid, "original");
    }

    #[test]
    fn squatting_without_a_grant_keeps_nobody_from_their_address() {
        let claims = [claim("squatter", false, 1, false), claim("owner", false, 9, true)];
        assert_eq!(standing("owner", &claims, false), Standing::Holds);
        assert_eq!(standing("squatter", &claims, false), Standing::Taken);
        assert_eq!(standing("squatter", &claims[..1], false), Standing::Taken);
    }

    #[test]
    fn an_unreadable_resource_lets_nothing_new_be_decided_and_nothing_old_be_lost() {
        assert_eq!(standing("new", &[claim("new", false, 1, true)], true), Standing::Unknown);
        assert_eq!(standing("has", &[claim("has", true, 1, true)], true), Standing::Holds);
        let claims = [claim("new", false, 1, true), claim("has", true, 2, true)];
        assert_eq!(standing("new", &claims, true), Standing::Taken);
    }

    #[test]
    fn changing_ones_address_onto_a_bound_one_does_not_take_it() {
        let (victim, evil) = (email("victim@acme.example"), email("evil@acme.example"));
        let changed = claimed_emails(Some(&victim), Some(&evil));
        assert_eq!(
            changed,
            [ClaimedEmail { email: evil, bound: true }, ClaimedEmail { email: victim.clone(), bound: false }]
        );
        let claims = [claim("evil", changed[1].bound, 1, true), claim("victim", true, 9, true)];
        assert_eq!(standing("evil", &claims, false), Standing::Taken);
    }

    #[test]
    fn an_address_is_claimed_until_chatwoot_has_the_new_one() {
        let (old, new) = ("old@acme.example", "new@acme.example");
        let claimed = |wanted: Option<&str>, has: Option<&str>| -> Vec<String> {
            let all = claimed_emails(wanted.map(email).as_ref(), has.map(email).as_ref());
            all.into_iter().map(|claimed| claimed.email.to_string()).collect()
        };
        assert_eq!(claimed(Some(new), Some(old)), [old, new]);
        assert_eq!(claimed(Some(new), Some(new)), [new]);
        assert_eq!(claimed(Some(new), None), [new]);
        // A spec that cannot be parsed does not set the person free.
        assert_eq!(claimed(None, Some(old)), [old]);
    }

    #[test]
    fn a_bound_id_goes_before_the_one_asked_for() {
        assert_eq!(claimed_id(Some(42), Some(7)), Some((42, true)));
        assert_eq!(claimed_id(None, Some(7)), Some((7, false)));
        assert_eq!(claimed_id(None, None), None);
    }

    proptest! {
        /// Whatever order the index lists them in, there is exactly one holder among those that count.
        #[test]
        fn one_thing_has_one_holder(
            shape in prop::collection::btree_map("[a-f]", (any::<bool>(), 0i64..3, any::<bool>()), 1..6),
            turn in 0usize..6,
        ) {
            let mut claims: Vec<Claim> =
                shape.iter().map(|(uid, (bound, at, granted))| claim(uid, *bound, *at, *granted)).collect();
            let first = holder(&claims).map(|claim| claim.uid.clone());
            let turn = turn % claims.len();
            claims.rotate_left(turn);
            prop_assert_eq!(holder(&claims).map(|claim| claim.uid.clone()), first);
            let holders = claims.iter().filter(|c| standing(&c.uid, &claims, false) == Standing::Holds).count();
            prop_assert_eq!(holders, usize::from(claims.iter().any(|c| c.granted)));
        }
    }
}
