//! A customer's first message, step by step: what `verify` of the command line and `spec.verify` of an account both do.

mod leftovers;
mod steps;

pub use steps::{Ended, Over, Step, Told, Trouble};

use crate::chatwoot::{
    application::{Account, Answer, ContactQuery},
    outcome::Failure,
    public::{self, Identity, NewVisitor, Public, Typing},
    tenant::{
        contact::Contact,
        conversation::Status,
        filter::{ContactKey, Filter, Key, Operator, Rule},
        ids::{ContactId, ConversationId, InboxId},
        inbox::{ApiChannel, Channel, InboxFields, NewInbox},
        message::{Direction, Message, NewMessage},
        visitor::VisitorFields,
    },
    types::Map,
};
use leftovers::Made;
use secrecy::SecretString;
use std::future::Future;
use steps::{Steps, expect};
use tokio_util::sync::CancellationToken;

const ASKS: &str = "Does a first message arrive?";
const ANSWERS: &str = "It does.";
const LABEL: &str = "verify";
const ATTRIBUTE: &str = "verified_by";

/// How calls are made: at once, or each in a turn of its own.
pub trait Calls: Sync {
    /// Makes one call.
    ///
    /// # Errors
    /// Those of the call, and whatever kept it from being made.
    fn make<T: Send + 'static>(&self, call: Answer<T>) -> impl Future<Output = Result<T, Failure>> + Send;
}

/// An account as both sides see it.
#[derive(Clone, Debug)]
pub struct Sides {
    /// As an administrator of it.
    pub account: Account,
    /// The customers' side of the same Chatwoot.
    pub public: Public,
}

/// A walk. Whatever [`walk`](Self::walk) comes to, [`clean_up`](Self::clean_up) follows.
pub struct Walk<'a, C> {
    calls: &'a C,
    sides: &'a Sides,
    steps: Steps,
    /// The name of everything that is made here, and of nothing else anywhere.
    called: String,
    inbox: Made<InboxId>,
    contact: Made<ContactId>,
}

/// The inbox, and the key of its customers' proofs.
struct Entrance {
    inbox: public::Inbox,
    hmac_token: SecretString,
}

impl<'a, C: Calls> Walk<'a, C> {
    /// Sends nothing. `called`: the name of everything that is made; `told` hears of every step that begins; once `stop` is
    /// cancelled no other step is, save cleaning up.
    pub fn new(calls: &'a C, sides: &'a Sides, called: String, told: Told, stop: CancellationToken) -> Self {
        let steps = Steps::new(told, stop);
        Self { calls, sides, steps, called, inbox: Made::No, contact: Made::No }
    }

    pub fn into_steps(self) -> Vec<Step> {
        self.steps.into_done()
    }

    /// Removes what an earlier walk of the same name has left.
    ///
    /// # Errors
    /// A step did not work, or somebody wants it to stop.
    pub async fn tidy(&mut self) -> Result<(), Over> {
        let Self { calls, sides, steps, called, .. } = self;
        let account = &sides.account;
        let work = leftovers::contact(*calls, account, Made::Perhaps, called);
        steps.take("remove what an earlier walk left: the contact", work).await?;
        let work = leftovers::inbox(*calls, account, Made::Perhaps, called);
        steps.take("remove what an earlier walk left: the inbox", work).await
    }

    /// # Errors
    /// A step did not work, or somebody wants it to stop.
    pub async fn walk(&mut self) -> Result<(), Over> {
        let entrance = self.open().await?;
        let identity = Identity::proven(&self.called, &entrance.hmac_token);
        let source = self.arrive(&entrance, &identity).await?;
        let customer = entrance.inbox.conversations(&source);
        let id = self.write(&customer).await?;
        self.find(id).await?;
        self.handle(id).await?;
        self.answer(id, &customer).await?;
        self.resolve(id).await
    }

    /// Removes what there is, or may be.
    pub async fn clean_up(&mut self) {
        let (calls, account) = (self.calls, &self.sides.account);
        if self.contact != Made::No {
            let work = leftovers::contact(calls, account, self.contact, &self.called);
            let _ = self.steps.insist("delete the contact", work).await;
        }
        if self.inbox != Made::No {
            let work = leftovers::inbox(calls, account, self.inbox, &self.called);
            let _ = self.steps.insist("delete the inbox", work).await;
        }
    }

    /// A temporary API inbox that insists on proofs.
    async fn open(&mut self) -> Result<Entrance, Over> {
        let Self { calls, sides, steps, called, inbox, .. } = self;
        let fields = InboxFields {
            name: Some(called.clone()),
            enable_auto_assignment: Some(false),
            ..InboxFields::default()
        };
        let channel = Channel::Api(ApiChannel { hmac_mandatory: Some(true), ..ApiChannel::default() });
        let new = NewInbox { fields, channel };
        let entrance = steps
            .take("make an inbox", async {
                let answer = calls.make(sides.account.inboxes().create(&new)).await;
                *inbox = Made::by(&answer, |made| made.id);
                let made = answer?;
                let (Some(identifier), Some(hmac_token)) = (made.inbox_identifier, made.hmac_token) else {
                    return Err(Trouble::Wrong(
                        "the inbox came without identifier or HMAC token: is the token an administrator's?",
                    ));
                };
                Ok(Entrance { inbox: sides.public.inbox(&identifier), hmac_token })
            })
            .await?;
        steps
            .take("customer: see the inbox", async {
                let seen = calls.make(entrance.inbox.show()).await?;
                expect(seen.identity_validation_enabled, "the inbox does not ask customers for proofs")
            })
            .await?;
        Ok(entrance)
    }

    /// The customer introduces themselves.
    async fn arrive(&mut self, entrance: &Entrance, identity: &Identity) -> Result<SecretString, Over> {
        let Self { calls, steps, called, contact, .. } = self;
        let fields = VisitorFields {
            name: Some(called.clone()),
            email: Some(email(called)),
            ..VisitorFields::default()
        };
        let new = NewVisitor { fields, identity: Some(identity.clone()), source_id: None };
        let source = steps
            .take("customer: arrive with a proven identity", async {
                let answer = calls.make(entrance.inbox.contacts().create(&new)).await;
                *contact = Made::by(&answer, |made| made.id);
                answer?.source_id.ok_or(Trouble::Wrong("the contact came without an address"))
            })
            .await?;
        let id = *contact;
        steps
            .take("customer: be known by it", async {
                let seen = calls.make(entrance.inbox.contacts().show(&source, Some(identity))).await?;
                expect(Made::Yes(seen.id) == id, "the proof leads to somebody else")
            })
            .await?;
        Ok(source)
    }

    async fn write(&mut self, customer: &public::Conversations) -> Result<ConversationId, Over> {
        let Self { calls, steps, .. } = self;
        let begin = async { Ok(calls.make(customer.create(&Map::new())).await?.id) };
        let id = steps.take("customer: begin a conversation", begin).await?;
        let typing = async {
            calls.make(customer.typing(id, Typing::On)).await?;
            Ok(calls.make(customer.typing(id, Typing::Off)).await?)
        };
        steps.take("customer: type", typing).await?;
        let say = async {
            let said = calls.make(customer.messages(id).create(ASKS, None)).await?;
            expect(said.content.as_deref() == Some(ASKS), "the message came back changed")
        };
        steps.take("customer: say something", say).await?;
        steps.take("customer: have seen it", async { Ok(calls.make(customer.seen(id)).await?) }).await?;
        Ok(id)
    }

    /// The agents find who wrote, and what.
    async fn find(&mut self, id: ConversationId) -> Result<(), Over> {
        let Self { calls, sides, steps, called, contact, .. } = self;
        let (account, contact, email) = (&sides.account, *contact, email(called));
        let arrived = async {
            let messages = calls.make(account.messages(id).list(None)).await?;
            let is = |message: &Message| {
                message.content.as_deref() == Some(ASKS) && message.direction == Some(Direction::Incoming)
            };
            expect(messages.iter().any(is), "the message did not arrive")
        };
        steps.take("agent: read the message", arrived).await?;
        let ours = |found: &[Contact]| found.iter().any(|one| Made::Yes(one.id) == contact);
        let search = async {
            let found = calls.make(account.contacts().search(&email, None, 1)).await?.contacts;
            expect(ours(&found), "the search does not find the customer")
        };
        steps.take("agent: search for the customer", search).await?;
        let filter = async {
            let key = Key::Standard(ContactKey::Email);
            let rule = Rule::new(key, Operator::EqualTo, std::slice::from_ref(&email));
            let filter = Filter::new(rule.map_err(|_| Trouble::Wrong("the filter cannot be written"))?);
            let query = ContactQuery::default();
            let found = calls.make(account.contacts().filter(&filter, &query, 1)).await?.contacts;
            expect(ours(&found), "the filter does not find the customer")
        };
        steps.take("agent: filter for the customer", filter).await?;
        let conversations = async {
            let Made::Yes(contact) = contact else { return Err(Trouble::Wrong("the customer has no id")) };
            let found = calls.make(account.contacts().conversations(contact)).await?;
            expect(found.iter().any(|one| one.id == id), "the customer's conversations lack it")
        };
        steps.take("agent: see the customer's conversations", conversations).await
    }

    /// The agents put it in order.
    async fn handle(&mut self, id: ConversationId) -> Result<(), Over> {
        let Self { calls, sides, steps, called, .. } = self;
        let conversations = sides.account.conversations();
        let label = async {
            let labels = calls.make(conversations.set_labels(id, &[LABEL.to_owned()])).await?;
            expect(labels == [LABEL], "the conversation did not take the label")
        };
        steps.take("agent: label the conversation", label).await?;
        let attributes = async {
            let wanted = Map::from_iter([(ATTRIBUTE.to_owned(), called.as_str().into())]);
            calls.make(conversations.set_custom_attributes(id, &wanted)).await?;
            let stored = calls.make(conversations.show(id)).await?.custom_attributes;
            expect(stored == wanted, "the conversation did not take the attributes")
        };
        steps.take("agent: set its attributes", attributes).await
    }

    async fn answer(&mut self, id: ConversationId, customer: &public::Conversations) -> Result<(), Over> {
        let Self { calls, sides, steps, .. } = self;
        let answer = async {
            calls.make(sides.account.messages(id).create(&NewMessage::text(ANSWERS))).await?;
            let seen = calls.make(customer.messages(id).list(None)).await?;
            let arrived = seen.iter().any(|message| message.content.as_deref() == Some(ANSWERS));
            expect(arrived, "the customer does not see the answer")
        };
        steps.take("agent: answer the customer", answer).await
    }

    async fn resolve(&mut self, id: ConversationId) -> Result<(), Over> {
        let Self { calls, sides, steps, .. } = self;
        let resolve = async {
            let conversations = sides.account.conversations();
            let toggled = calls.make(conversations.set_status(id, Status::Resolved, None)).await?;
            toggled.confirm(Status::Resolved)?;
            Ok(())
        };
        steps.take("agent: resolve the conversation", resolve).await
    }
}

/// An address that cannot exist (RFC 2606).
fn email(called: &str) -> String {
    format!("{called}@verify.invalid")
}
