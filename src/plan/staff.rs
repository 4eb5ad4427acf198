//! Who works in an inbox or a team: the people that a spec names, as the part of a wish.

use super::{
    content::{Names, Wish},
    status::Verdict,
};
use crate::api::conditions::reason;
use serde_json::{Value, json};

/// How many of those who are waited for a message says something about.
const SAID: usize = 3;

/// Asks for exactly `people` in `part`, and says who of them is waited for. Whoever is there already comes in, and whoever
/// is not named goes, without waiting for the others: somebody who was taken out must not keep access because somebody
/// else has not come yet.
///
/// Where it is not even known whom a name stands for, nothing is asked for: whoever that is may be there.
pub fn declare(people: &[String], names: &dyn Names, part: &'static str, wish: &mut Wish) {
    let (mut ids, mut missing): (Vec<i64>, Vec<Verdict>) = (Vec::new(), Vec::new());
    for name in people {
        match names.member(name) {
            Ok(id) => ids.push(id),
            Err(why) if names.is_known(name) => missing.push(why),
            Err(why) => {
                wish.pending = Some(why);
                return;
            }
        }
    }
    wish.parts.insert(part, in_order(ids));
    wish.pending = waiting(&missing);
}

/// Ids as they are compared: each once, in order. Always whole numbers: Chatwoot would take texts for nobody and remove
/// everybody (chatwoot-api §3.6).
pub fn in_order(mut ids: Vec<i64>) -> Value {
    ids.sort_unstable();
    ids.dedup();
    json!(ids)
}

fn waiting(missing: &[Verdict]) -> Option<Verdict> {
    let said: Vec<&str> = missing.iter().take(SAID).map(|why| why.message.as_str()).collect();
    let more = missing.len().saturating_sub(SAID);
    let text = match more {
        0 => said.join("; "),
        more => format!("{}; and {more} more are waited for", said.join("; ")),
    };
    (!missing.is_empty()).then(|| Verdict::new(reason::WAITING_FOR_REFERENCE, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chatwoot::version::Version, plan::content::tests::Namesakes};

    fn asked(people: &[&str], names: &dyn Names) -> Wish {
        let people: Vec<String> = people.iter().map(|name| (*name).to_owned()).collect();
        let mut wish = Wish::default();
        declare(&people, names, "members", &mut wish);
        wish
    }

    #[test]
    fn whoever_is_taken_out_goes_whoever_else_has_not_come_yet() {
        let town = Namesakes::of(&[("bob", 9), ("alice", 4)]);
        let all = asked(&["bob", "alice", "bob"], &town);
        assert_eq!((&all.parts["members"], &all.pending), (&json!([4, 9]), &None));
        // Bob is not named any more, and Carol is not there yet.
        let exchanged = asked(&["alice", "carol"], &town);
        assert_eq!(exchanged.parts["members"], json!([4]));
        let pending = exchanged.pending.unwrap();
        assert_eq!((pending.reason, pending.message.as_str()), ("WaitingForReference", "there is no carol"));
        assert_eq!(asked(&[], &town).parts["members"], json!([]), "a declared team of nobody is empty");
    }

    #[test]
    fn everybody_who_is_waited_for_is_counted() {
        let pending =
            asked(&["alice", "bob", "carol", "dora", "emil"], &Namesakes::default()).pending.unwrap();
        let said = "there is no alice; there is no bob; there is no carol; and 2 more are waited for";
        assert_eq!(pending.message, said);
    }

    /// Knows that Bob cannot be told.
    struct Fog;

    impl Names for Fog {
        fn version(&self) -> Version {
            Version::NEWEST_KNOWN
        }

        fn member(&self, name: &str) -> Result<i64, Verdict> {
            let unread = || Verdict::new(reason::WAITING_FOR_REFERENCE, "ChatwootUser bob cannot be read");
            if name == "bob" { Err(unread()) } else { Ok(4) }
        }

        fn is_known(&self, name: &str) -> bool {
            name != "bob"
        }

        fn sibling(&self, _: &'static str, name: &str) -> Result<i64, Verdict> {
            self.member(name)
        }
    }

    #[test]
    fn nobody_is_taken_out_while_it_is_not_known_who_somebody_is() {
        let wish = asked(&["alice", "bob"], &Fog);
        assert!(wish.parts.is_empty(), "{wish:?}");
        assert_eq!(wish.pending.unwrap().message, "ChatwootUser bob cannot be read");
    }
}
