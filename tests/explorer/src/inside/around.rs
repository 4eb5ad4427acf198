//! The account's things of one kind, and the journal of what was done to them.

use chatwoot_operator::{chatwoot::types::Map, plan::content::Seen};
use std::time::Duration;

/// What something is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// As the spec wants it: the first key, or the second.
    Wanted(bool),
    /// The name nobody else would give, of the resource with this uid.
    Temporary(u8),
    /// Another name that somebody gave.
    Other,
}

impl Name {
    pub fn text(self) -> String {
        match self {
            Self::Wanted(false) => "first".into(),
            Self::Wanted(true) => "second".into(),
            Self::Temporary(uid) => format!("chatwoot-operator-{uid}"),
            Self::Other => "other".into(),
        }
    }

    pub fn of(text: &str) -> Self {
        match text.strip_prefix("chatwoot-operator-").and_then(|uid| uid.parse().ok()) {
            Some(uid) => Self::Temporary(uid),
            None => match text {
                "first" => Self::Wanted(false),
                "second" => Self::Wanted(true),
                _ => Self::Other,
            },
        }
    }
}

/// Something in the account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    pub id: i64,
    pub name: Name,
    /// It has what else the spec declares.
    pub declared: bool,
    /// Uid of the resource whose request made it.
    pub made_by: Option<u8>,
    /// The same, while that has not let it go.
    pub maker: Option<u8>,
    /// Somebody made it, then.
    pub theirs: Option<Duration>,
}

impl Item {
    /// As Chatwoot's list shows it.
    pub fn shown(&self) -> Seen {
        let mut fields = Map::new();
        fields.insert("name".into(), self.name.text().into());
        fields.insert("color".into(), self.declared.into());
        Seen { id: self.id, key: self.name.text(), fields }
    }
}

/// A request that is carried out later, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    pub uid: u8,
    pub name: Name,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Around {
    pub items: Vec<Item>,
    /// Sorted.
    pub late: Vec<Request>,
    /// Uid of the next resource of this name.
    pub lives: u8,
    /// Ids are never given again.
    pub last_id: i64,
    // The journal.
    /// How many others have made.
    pub theirs: usize,
    /// An event said that something may exist.
    pub told: bool,
    /// A request was sent twice.
    pub replayed: bool,
    /// The finalizer was away when a resource went.
    pub unheld: bool,
    /// Something that others made was taken over, as asked for.
    pub adopted: bool,
    /// Something that others made was bound, because it appeared while a request of ours was noted; or written, because it
    /// came in the place of ours after that was looked at.
    pub mistaken: bool,
    /// What others make is bound to another resource.
    pub rival: bool,
}

impl Around {
    /// With one that somebody has made.
    pub fn new(theirs: bool) -> Self {
        let mut around = Self::default();
        if theirs {
            around.somebody_makes(Duration::ZERO);
        }
        around
    }

    pub fn find(&self, id: i64) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub fn somebody_makes(&mut self, clock: Duration) {
        let id = self.fresh();
        self.theirs += 1;
        self.items.push(Item {
            id,
            name: Name::Wanted(false),
            declared: false,
            made_by: None,
            maker: None,
            theirs: Some(clock),
        });
    }

    /// The database is set back, and somebody makes something that gets this id.
    pub fn give_again(&mut self, id: i64, clock: Duration) {
        self.items.retain(|item| item.id != id);
        let (name, theirs) = (Name::Other, Some(clock));
        self.items.push(Item { id, name, declared: false, made_by: None, maker: None, theirs });
    }

    /// The id of the new one; `None` where its key is taken.
    pub fn carry_out(&mut self, request: Request, unique: bool) -> Option<i64> {
        if unique && self.items.iter().any(|item| item.name == request.name) {
            return None;
        }
        let id = self.fresh();
        self.items.push(Item {
            id,
            name: request.name,
            declared: true,
            made_by: Some(request.uid),
            maker: Some(request.uid),
            theirs: None,
        });
        Some(id)
    }

    fn fresh(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn delay(&mut self, request: Request) {
        self.late.push(request);
        self.late.sort_unstable();
    }
}
