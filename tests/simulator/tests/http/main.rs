//! Every quirk the simulator plays, over real HTTP. Numbers such as P5 and §1.4 are those of the facts about Chatwoot.

mod accounts;
mod acts;
mod bots;
mod deletion;
mod doors;
mod errors;
mod faults;
mod journal;
mod members;
mod migrations;
mod program;
mod support;
mod tls;
mod users;
mod versions;
