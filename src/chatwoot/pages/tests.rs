use super::*;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

const SIZE: usize = 3;

/// A list that changes between requests: before the n-th request the n-th change is made.
#[derive(Clone)]
struct Moving {
    items: Arc<Mutex<Vec<i64>>>,
    changes: Arc<Mutex<Vec<Change>>>,
    asked: Arc<Mutex<Vec<u32>>>,
}

#[derive(Clone, Debug)]
enum Change {
    Nothing,
    /// Takes the item at this place away, if it may go.
    Leave(usize),
    /// Puts a new one there.
    Come(usize, i64),
    /// Moves the item at the first place to the front, if it may move.
    ToFront(usize),
}

impl Moving {
    fn new(items: impl IntoIterator<Item = i64>, mut changes: Vec<Change>) -> Self {
        changes.reverse();
        Self {
            items: Arc::new(Mutex::new(items.into_iter().collect())),
            changes: Arc::new(Mutex::new(changes)),
            asked: Arc::default(),
        }
    }

    fn page(&self, page: u32) -> Page<i64> {
        self.asked.lock().unwrap().push(page);
        let mut items = self.items.lock().unwrap();
        match self.changes.lock().unwrap().pop() {
            // Odd ones stand still.
            Some(Change::Leave(at)) if items.get(at).is_some_and(|item| item % 2 == 0) => {
                items.remove(at);
            }
            Some(Change::Come(at, id)) => {
                let at = at.min(items.len());
                items.insert(at, id);
            }
            Some(Change::ToFront(at)) if items.get(at).is_some_and(|item| item % 2 == 0) => {
                let item = items.remove(at);
                items.insert(0, item);
            }
            _ => {}
        }
        let rows = items.chunks(SIZE).nth(page as usize - 1).unwrap_or_default().to_vec();
        Page { items: rows, last: false }
    }

    async fn walked(&self) -> Vec<i64> {
        let list = self.clone();
        let stream = walk(
            move |page| {
                let list = list.clone();
                async move { Ok(list.page(page)) }
            },
            |id| *id,
        );
        stream.try_collect().await.unwrap()
    }
}

#[tokio::test]
async fn a_list_at_rest_comes_whole_and_in_order() {
    for length in 0..10 {
        let list = Moving::new(1..=length, vec![]);
        assert_eq!(list.walked().await, (1..=length).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_slips_to_a_page_already_read_is_not_lost() {
    // 2 goes after page 1 was read: 7 slips from page 3 to page 2 later, 5 at once to page 1.
    let list = Moving::new([1, 2, 3, 5, 7, 9, 11], vec![Change::Nothing, Change::Leave(1)]);
    let mut walked = list.walked().await;
    walked.sort_unstable();
    assert_eq!(walked, [1, 2, 3, 5, 7, 9, 11]);
}

#[tokio::test]
async fn what_slips_to_a_later_page_does_not_come_twice() {
    let changes = (0..6).map(|at| Change::Come(0, 100 + at * 2)).collect();
    let list = Moving::new(1..=9, changes);
    let walked = list.walked().await;
    assert_eq!(walked.iter().collect::<HashSet<_>>().len(), walked.len(), "{walked:?}");
    assert!((1..=9).all(|id| walked.contains(&id)), "{walked:?}");
}

#[tokio::test]
async fn a_page_that_says_it_is_the_last_costs_no_further_request() {
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let stream = walk(
        move |_| {
            *count.lock().unwrap() += 1;
            async { Ok(Page { items: vec![1, 2], last: true }) }
        },
        |id: &i64| *id,
    );
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), [1, 2]);
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_server_that_knows_no_pages_is_not_asked_for_ever() {
    let stream = walk(|_| async { Ok(Page { items: vec![1, 2, 3], last: false }) }, |id: &i64| *id);
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_list_without_an_end_is_given_up() {
    let stream = walk(|page| async move { Ok(Page { items: vec![page], last: false }) }, |id| i64::from(*id));
    let ended = stream.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(ended.class, Class::Unexpected);
}

#[tokio::test]
async fn the_first_failure_ends_it() {
    let stream = walk(
        |page| async move {
            if page == 2 {
                Err(Failure::of(Class::Timeout))
            } else {
                Ok(Page { items: vec![1], last: false })
            }
        },
        |id: &i64| *id,
    );
    let items: Vec<_> = stream.collect().await;
    assert!(matches!(&items[..], [Ok(1), Err(Failure { class: Class::Timeout, .. })]), "{items:?}");
}

fn goes() -> impl Strategy<Value = Change> {
    prop_oneof![Just(Change::Nothing), (0..20usize).prop_map(Change::Leave)]
}

fn comes() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Nothing),
        (0..20usize).prop_map(Change::ToFront),
        (0..20usize, 100..200i64).prop_map(|(at, id)| Change::Come(at, id * 2)),
    ]
}

/// All in one direction at any pace, or in both with three requests at rest after each.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    let rested = |change| [change, Change::Nothing, Change::Nothing, Change::Nothing];
    prop_oneof![
        prop::collection::vec(goes(), 0..30),
        prop::collection::vec(comes(), 0..30),
        prop::collection::vec(prop_oneof![goes(), comes()], 0..8)
            .prop_map(move |changes| changes.into_iter().flat_map(rested).collect()),
    ]
}

proptest! {
    #![proptest_config(crate::tried(256))]

    /// Things come, go and move to the front between any two requests; the odd ones stand still and all come.
    #[test]
    fn none_that_stood_still_is_lost(length in 0i64..20, changes in changes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let list = Moving::new(1..=length, changes);
        let walked = runtime.block_on(list.walked());
        let unique: HashSet<_> = walked.iter().collect();
        prop_assert_eq!(unique.len(), walked.len(), "twice: {:?}", walked);
        for id in (1..=length).filter(|id| id % 2 == 1) {
            prop_assert!(unique.contains(&id), "lost {id} of {length}: {walked:?}, asked {:?}", list.asked.lock().unwrap());
        }
    }
}
