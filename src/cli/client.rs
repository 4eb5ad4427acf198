//! `client`: what a customer's own application does, through an API inbox.

use super::{
    cluster::Cluster,
    exit,
    inside::{
        self, Attribute, changed, from_environment,
        kubernetes::Kubernetes,
        rows::{Column, Rows, text, time},
    },
};
use crate::{
    chatwoot::{
        outcome::{Class, Failure},
        public::{self, Identity, NewVisitor, Public, Typing},
        tenant::{
            ids::{ContactId, ConversationId},
            message::Message,
            visitor::{VisitorConversation, VisitorFields},
        },
    },
    runtime::flags::ObjectName,
};
use anyhow::{Context, Result, anyhow, bail};
use futures::stream;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::path::PathBuf;

/// Speak as a customer's application does, through an API inbox
#[derive(clap::Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// The customer
    #[command(subcommand)]
    Contact(ContactWhat),
    /// The customer's conversations
    #[command(subcommand)]
    Conversation(ConversationWhat),
}

#[derive(clap::Subcommand, Debug)]
enum ContactWhat {
    /// Make a customer, or find the one who is there
    ///
    /// Prints the contact_identifier, which the other commands take as CHATWOOT_CONTACT: whoever knows it can write as this
    /// person. A contact of the account with the same identifier, e-mail address or phone number is taken, in that order, and
    /// not changed.
    Create(CreateContact),
    /// Change what is known of the customer
    ///
    /// An e-mail address or phone number of another contact merges the two, and the other one stays.
    Update(UpdateContact),
}

#[derive(clap::Subcommand, Debug)]
enum ConversationWhat {
    /// List the customer's conversations
    List(List),
    /// Begin a conversation
    Create(CreateConversation),
    /// Show the agents that the customer is typing, or has stopped
    Typing(SetTyping),
    /// Tell that the customer has read everything
    Seen(Seen),
    /// Say something
    Say(Say),
}

/// Which inbox.
#[derive(clap::Args, Debug)]
struct Entrance {
    /// Address of Chatwoot
    #[arg(long, value_name = "URL")]
    url: String,

    /// Trust this certificate authority (PEM) alone
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Secret with inbox_identifier and, for proofs, hmac_token; otherwise they are the environment's CHATWOOT_INBOX and CHATWOOT_HMAC_TOKEN
    #[arg(long, value_name = "NAMESPACE/NAME")]
    connection: Option<ObjectName>,

    #[command(flatten)]
    cluster: Cluster,
}

#[derive(clap::Args, Debug)]
struct Person {
    /// What the person is called
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Their phone number, with + and the country's code
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    phone_number: Option<String>,

    /// Your application's own name for the person; proven where there is an HMAC token
    #[arg(long, value_name = "TEXT")]
    identifier: Option<String>,

    /// Set a custom attribute
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Attribute>,
}

#[derive(clap::Args, Debug)]
struct CreateContact {
    #[command(flatten)]
    person: Person,

    #[command(flatten)]
    entrance: Entrance,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct UpdateContact {
    #[command(flatten)]
    person: Person,

    #[command(flatten)]
    entrance: Entrance,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct List {
    #[command(flatten)]
    entrance: Entrance,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct CreateConversation {
    /// Set a custom attribute
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Attribute>,

    #[command(flatten)]
    entrance: Entrance,

    #[command(flatten)]
    rows: Rows,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct SetTyping {
    /// The conversation's number
    #[arg(value_name = "NUMBER", value_parser = super::conversations::number)]
    conversation: ConversationId,

    /// on or off
    #[arg(value_name = "on|off")]
    typing: Typing,

    #[command(flatten)]
    entrance: Entrance,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct Seen {
    /// The conversation's number
    #[arg(value_name = "NUMBER", value_parser = super::conversations::number)]
    conversation: ConversationId,

    #[command(flatten)]
    entrance: Entrance,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "The customer is the environment's CHATWOOT_CONTACT.")]
struct Say {
    /// The conversation's number
    #[arg(value_name = "NUMBER", value_parser = super::conversations::number)]
    conversation: ConversationId,

    /// What to say; at most 150,000 characters
    #[arg(value_name = "TEXT")]
    content: String,

    #[command(flatten)]
    entrance: Entrance,

    #[command(flatten)]
    rows: Rows,
}

/// The customer, with what they are called by from now on.
#[derive(Serialize)]
struct Customer {
    id: ContactId,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_identifier: Option<String>,
    name: String,
    email: Option<String>,
    phone_number: Option<String>,
}

const CUSTOMER: &[Column<Customer>] = &[
    ("id", |one| one.id.to_string()),
    ("name", |one| one.name.clone()),
    ("email", |one| text(one.email.as_deref())),
    ("phone_number", |one| text(one.phone_number.as_deref())),
    ("contact_identifier", |one| text(one.contact_identifier.as_deref())),
];

const CONVERSATION: &[Column<VisitorConversation>] = &[
    ("number", |one| one.id.to_string()),
    ("status", |one| one.status.map(|status| status.to_string()).unwrap_or_default()),
    ("customer_seen_at", |one| time(one.contact_last_seen_at)),
    ("agent_seen_at", |one| time(one.agent_last_seen_at)),
    ("last_message", |one| text(one.messages.last().and_then(|message| message.content.as_deref()))),
];

const MESSAGE: &[Column<Message>] = &[
    ("id", |one| one.id.to_string()),
    ("content", |one| text(one.content.as_deref())),
    ("created_at", |one| time(one.created_at)),
];

const INBOX: &str = "CHATWOOT_INBOX";
const HMAC: &str = "CHATWOOT_HMAC_TOKEN";
const CONTACT: &str = "CHATWOOT_CONTACT";

/// An inbox that is reached. Nothing has been sent yet.
struct Open {
    inbox: public::Inbox,
    hmac_token: Option<SecretString>,
    url: String,
}

impl Entrance {
    async fn open(&self) -> Result<Open> {
        let (identifier, hmac_token) = match &self.connection {
            Some(name) => {
                let mut kubernetes = Kubernetes::new(&self.cluster);
                let identifier = kubernetes.secret(name, "inbox_identifier").await?;
                (identifier, kubernetes.maybe_secret(name, "hmac_token").await?)
            }
            None => {
                let identifier = from_environment(INBOX)?.with_context(|| {
                    format!(
                        "which inbox? Put its identifier into the environment as {INBOX} (Chatwoot shows it in the inbox's \
                         settings), or name a Secret with inbox_identifier by --connection NAMESPACE/NAME"
                    )
                })?;
                (identifier, from_environment(HMAC)?)
            }
        };
        let ca_pem = self.ca.as_deref().map(inside::authority).transpose()?;
        let public = Public::new(inside::config(self.url.clone(), ca_pem)).context("--url cannot be used")?;
        Ok(Open { inbox: public.inbox(&identifier), hmac_token, url: self.url.clone() })
    }
}

impl Open {
    fn identity(&self, identifier: Option<&str>) -> Option<Identity> {
        identifier.map(|identifier| match &self.hmac_token {
            Some(token) => Identity::proven(identifier, token),
            None => Identity::claimed(identifier),
        })
    }

    fn error(&self, what: &str, failure: &Failure) -> anyhow::Error {
        let next = match failure.class {
            Class::NotFound => "; are inbox, contact and conversation those of this Chatwoot?",
            Class::Server => "; check --identifier and the HMAC token",
            Class::Connect | Class::Transport | Class::Timeout | Class::Proxy => {
                "; can it be reached from here? --url names another address"
            }
            _ => "",
        };
        anyhow!("{what} at {}: {failure}{next}", self.url)
    }

    fn conversations(&self) -> Result<public::Conversations> {
        Ok(self.inbox.conversations(&customer()?))
    }
}

fn customer() -> Result<SecretString> {
    from_environment(CONTACT)?.with_context(|| {
        format!(
            "which customer? Put the contact_identifier that client contact create prints into the environment as {CONTACT}"
        )
    })
}

impl Person {
    fn fields(&self) -> VisitorFields {
        VisitorFields {
            name: self.name.clone(),
            email: self.email.clone(),
            phone_number: self.phone_number.clone(),
            avatar_url: None,
            custom_attributes: (!self.set.is_empty()).then(|| changed(Default::default(), &self.set, &[])),
        }
    }
}

/// # Errors
/// The inbox cannot be reached, or Chatwoot refuses.
pub async fn run(options: Options) -> Result<u8> {
    match options.what {
        What::Contact(ContactWhat::Create(options)) => create_contact(options).await?,
        What::Contact(ContactWhat::Update(options)) => update_contact(options).await?,
        What::Conversation(ConversationWhat::List(options)) => list(options).await?,
        What::Conversation(ConversationWhat::Create(options)) => create(options).await?,
        What::Conversation(ConversationWhat::Typing(options)) => typing(options).await?,
        What::Conversation(ConversationWhat::Seen(options)) => seen(options).await?,
        What::Conversation(ConversationWhat::Say(options)) => say(options).await?,
    }
    Ok(exit::FINE)
}

async fn create_contact(options: CreateContact) -> Result<()> {
    let open = options.entrance.open().await?;
    let identity = open.identity(options.person.identifier.as_deref());
    let new = NewVisitor { fields: options.person.fields(), identity, source_id: None };
    let made = open.inbox.contacts().create(&new).await;
    let made = made.map_err(|failure| open.error("the contact", &failure))?;
    let customer = Customer {
        id: made.id,
        contact_identifier: made.source_id.map(|source| source.expose_secret().to_owned()),
        name: made.name,
        email: made.email,
        phone_number: made.phone_number,
    };
    options.rows.print_one(customer, CUSTOMER).await
}

async fn update_contact(options: UpdateContact) -> Result<()> {
    let customer = customer()?;
    let open = options.entrance.open().await?;
    let identity = open.identity(options.person.identifier.as_deref());
    let fields = options.person.fields();
    let after = open.inbox.contacts().update(&customer, &fields, identity.as_ref()).await;
    let after = after.map_err(|failure| open.error("the contact", &failure))?;
    let customer = Customer {
        id: after.id,
        contact_identifier: None,
        name: after.name,
        email: after.email,
        phone_number: after.phone_number,
    };
    options.rows.print_one(customer, CUSTOMER.get(..4).unwrap_or(CUSTOMER)).await
}

async fn list(options: List) -> Result<()> {
    let open = options.entrance.open().await?;
    let found = open.conversations()?.list().await;
    let found = found.map_err(|failure| open.error("the conversations", &failure))?;
    let rows = stream::iter(found.into_iter().map(Ok));
    options.rows.print(rows, None, CONVERSATION, CONVERSATION.len()).await.map(drop)
}

async fn create(options: CreateConversation) -> Result<()> {
    let open = options.entrance.open().await?;
    let attributes = changed(Default::default(), &options.set, &[]);
    let made = open.conversations()?.create(&attributes).await;
    let made = made.map_err(|failure| open.error("the conversation", &failure))?;
    options.rows.print_one(made, CONVERSATION).await
}

async fn typing(options: SetTyping) -> Result<()> {
    let open = options.entrance.open().await?;
    let done = open.conversations()?.typing(options.conversation, options.typing).await;
    done.map_err(|failure| open.error(&format!("conversation {}", options.conversation), &failure))
}

async fn seen(options: Seen) -> Result<()> {
    let open = options.entrance.open().await?;
    let done = open.conversations()?.seen(options.conversation).await;
    done.map_err(|failure| open.error(&format!("conversation {}", options.conversation), &failure))
}

async fn say(options: Say) -> Result<()> {
    if options.content.trim().is_empty() {
        bail!("conversation {}: say something; an empty message is none", options.conversation);
    }
    let open = options.entrance.open().await?;
    let said = open.conversations()?.messages(options.conversation).create(&options.content, None).await;
    let said =
        said.map_err(|failure| open.error(&format!("conversation {}", options.conversation), &failure))?;
    options.rows.print_one(said, MESSAGE).await
}
