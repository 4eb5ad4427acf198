//! The paths of the Platform API and the probes, and since when (chatwoot-api §1.2).

use crate::{
    Version,
    routes::{EVER, Route},
};

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    ListAccounts,
    CreateAccount,
    ShowAccount,
    UpdateAccount,
    DeleteAccount,
    ListMembers,
    SaveMember,
    RemoveMember,
    MigrateEmailChannels,
    SaveUser,
    ShowUser,
    UpdateUser,
    DeleteUser,
    Login,
    Token,
    ListBots,
    CreateBot,
    ShowBot,
    UpdateBot,
    DeleteBot,
    DeleteBotAvatar,
    Probe,
    Health,
}

const fn route(name: &'static str, since: Version, action: Action) -> Route {
    Route { name, since, action: crate::routes::Action::Platform(action) }
}

pub const ROUTES: &[Route] = &[
    route("GET /platform/api/v1/accounts", Version(4, 5, 0), Action::ListAccounts),
    route("POST /platform/api/v1/accounts", EVER, Action::CreateAccount),
    route("GET /platform/api/v1/accounts/:id", EVER, Action::ShowAccount),
    route("PATCH /platform/api/v1/accounts/:id", EVER, Action::UpdateAccount),
    route("PUT /platform/api/v1/accounts/:id", EVER, Action::UpdateAccount),
    route("DELETE /platform/api/v1/accounts/:id", EVER, Action::DeleteAccount),
    route("GET /platform/api/v1/accounts/:account_id/account_users", EVER, Action::ListMembers),
    route("POST /platform/api/v1/accounts/:account_id/account_users", EVER, Action::SaveMember),
    route("DELETE /platform/api/v1/accounts/:account_id/account_users", EVER, Action::RemoveMember),
    route(
        "POST /platform/api/v1/accounts/:account_id/email_channel_migrations",
        Version(4, 12, 1),
        Action::MigrateEmailChannels,
    ),
    route("POST /platform/api/v1/users", EVER, Action::SaveUser),
    route("GET /platform/api/v1/users/:id", EVER, Action::ShowUser),
    route("PATCH /platform/api/v1/users/:id", EVER, Action::UpdateUser),
    route("PUT /platform/api/v1/users/:id", EVER, Action::UpdateUser),
    route("DELETE /platform/api/v1/users/:id", EVER, Action::DeleteUser),
    route("GET /platform/api/v1/users/:id/login", EVER, Action::Login),
    route("POST /platform/api/v1/users/:id/token", Version(4, 3, 0), Action::Token),
    route("GET /platform/api/v1/agent_bots", EVER, Action::ListBots),
    route("POST /platform/api/v1/agent_bots", EVER, Action::CreateBot),
    route("GET /platform/api/v1/agent_bots/:id", EVER, Action::ShowBot),
    route("PATCH /platform/api/v1/agent_bots/:id", EVER, Action::UpdateBot),
    route("PUT /platform/api/v1/agent_bots/:id", EVER, Action::UpdateBot),
    route("DELETE /platform/api/v1/agent_bots/:id", EVER, Action::DeleteBot),
    route("DELETE /platform/api/v1/agent_bots/:id/avatar", Version(3, 4, 0), Action::DeleteBotAvatar),
    route("GET /api", EVER, Action::Probe),
    route("GET /health", Version(4, 11, 0), Action::Health),
];
