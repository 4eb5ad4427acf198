//! Which paths exist, and since when (chatwoot-api §1.2).

use crate::Version;

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

#[derive(Debug)]
pub struct Route {
    /// Method and path template; what journal and faults call it.
    pub name: &'static str,
    since: Version,
    pub action: Action,
}

/// A route with what its path says.
#[derive(Clone, Debug)]
pub struct Found {
    pub route: &'static Route,
    /// The segment in the place of the template's parameter; empty where there is none.
    pub id: String,
    /// The extension, as in `/accounts/1.xml`.
    pub format: Option<String>,
}

const EVER: Version = Version(2, 0, 0);

const fn route(name: &'static str, since: Version, action: Action) -> Route {
    Route { name, since, action }
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

impl Route {
    fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, ""))
    }
}

/// The route of a request in this release; HEAD is served like GET.
pub fn find(method: &str, path: &str, version: Version) -> Option<Found> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().filter(|route| route.since <= version).find_map(|route| {
        let (verb, template) = route.parts();
        if verb != method {
            return None;
        }
        let (id, format) = fit(template, path.trim_end_matches('/'))?;
        Some(Found { route, id, format })
    })
}

/// Parameter and extension of a path that fits a template.
fn fit(template: &str, path: &str) -> Option<(String, Option<String>)> {
    let (path, format) = match path.rsplit_once('/') {
        Some((head, tail)) => match tail.split_once('.') {
            Some((stem, format)) => (format!("{head}/{stem}"), Some(format.to_owned())),
            None => (path.to_owned(), None),
        },
        None => return None,
    };
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut id = String::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some((id, format)),
            (Some(name), Some(value)) if name.starts_with(':') && !value.is_empty() => id = value.to_owned(),
            (Some(name), Some(value)) if name == value => {}
            _ => return None,
        }
    }
}

/// What the journal calls a request that no route fits.
pub fn unrouted(method: &str) -> &'static str {
    match method {
        "GET" => "GET (no route)",
        "HEAD" => "HEAD (no route)",
        "POST" => "POST (no route)",
        "PATCH" => "PATCH (no route)",
        "PUT" => "PUT (no route)",
        "DELETE" => "DELETE (no route)",
        _ => "OTHER (no route)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> Option<&'static str> {
        find(method, path, Version::REFERENCE).map(|found| found.route.name)
    }

    #[test]
    fn paths_find_their_template_and_parameter() {
        let found = find("PUT", "/platform/api/v1/accounts/1abc", Version::REFERENCE).unwrap();
        assert_eq!((found.route.name, found.id.as_str()), ("PUT /platform/api/v1/accounts/:id", "1abc"));
        let found = find("GET", "/platform/api/v1/users/7/login", Version::REFERENCE).unwrap();
        assert_eq!((found.route.action, found.id.as_str()), (Action::Login, "7"));
        assert_eq!(name("HEAD", "/platform/api/v1/accounts/"), Some("GET /platform/api/v1/accounts"));
        assert_eq!(name("GET", "/platform/api/v1/users"), None);
        assert_eq!(name("GET", "/"), None);
    }

    #[test]
    fn an_extension_is_taken_off() {
        let found = find("GET", "/platform/api/v1/accounts/1.xml", Version::REFERENCE).unwrap();
        assert_eq!((found.id.as_str(), found.format.as_deref()), ("1", Some("xml")));
    }

    #[test]
    fn routes_appear_with_their_release() {
        let since = |path, verb, version| find(verb, path, version).is_some();
        assert!(!since("/platform/api/v1/accounts", "GET", Version(4, 4, 0)));
        assert!(since("/platform/api/v1/accounts", "GET", Version(4, 5, 0)));
        assert!(!since("/platform/api/v1/users/1/token", "POST", Version(4, 2, 0)));
        assert!(!since("/health", "GET", Version(4, 10, 0)));
        let migrate = "/platform/api/v1/accounts/1/email_channel_migrations";
        assert!(!since(migrate, "POST", Version(4, 12, 0)) && since(migrate, "POST", Version(4, 12, 1)));
    }
}
