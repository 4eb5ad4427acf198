mod anything;
mod calls;
mod errors;
mod indexing;
mod secrecy;
mod transport;

use super::*;
use crate::chatwoot::{
    outcome::{Fate, Refusal},
    scripted::{Act, Server, TOKEN},
    types::{AccountId, UserId},
};

const ACCOUNT: &str = r#"{"id":42,"name":"Acme","locale":"en","domain":null,"support_email":"a@b.co",
    "features":{"help_center":true},"custom_attributes":{"chatwoot_operator":"v1:i:o:n:u","n":1},"limits":{},"status":"active"}"#;

const USER: &str = r#"{"access_token":"users-api-token-77","account_id":42,"available_name":"Al","avatar_url":"",
    "confirmed":true,"display_name":"Al","message_signature":null,"email":"alice@acme.example","id":7,"name":"Alice",
    "provider":"email","pubsub_token":"pubsub-token-88","custom_attributes":{"chatwoot_operator":"v1:i:o:n:u"},
    "role":"agent","ui_settings":{},"uid":"alice@acme.example",
    "accounts":[{"id":42,"name":"Acme","active_at":null,"role":"administrator"},{"id":43,"name":"B","role":null}]}"#;

fn new_account() -> NewAccount {
    NewAccount { name: "Acme".into(), marker: "v1:i:o:n:u".into() }
}

fn new_user() -> NewUser {
    NewUser {
        email: "alice@acme.example".into(),
        name: "Alice".into(),
        display_name: None,
        password: PASSWORD.into(),
        custom_attributes: Default::default(),
    }
}

const PASSWORD: &str = "Hunter2-secret!";
