//! Which paths exist, and since when: the tables of the three APIs, and how a path finds its row.

use crate::{Version, application, platform, public};

/// What a route does.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    Platform(platform::routes::Action),
    Application(application::routes::Action),
    Public(public::Handler),
}

#[derive(Debug)]
pub struct Route {
    /// Method and path template; what journal and faults call it.
    pub name: &'static str,
    pub since: Version,
    pub action: Action,
}

/// A route with what its path says.
#[derive(Clone, Debug)]
pub struct Found {
    pub route: &'static Route,
    /// The segments in the places of the template's parameters, decoded.
    segments: Vec<(&'static str, String)>,
    /// The extension, as in `/accounts/1.xml`.
    pub format: Option<String>,
}

impl Found {
    /// A parameter of the path, without its colon; empty where the template has none of that name.
    pub fn segment(&self, name: &str) -> &str {
        self.segments.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The last parameter of the path.
    pub fn id(&self) -> &str {
        self.segments.last().map_or("", |(_, value)| value)
    }
}

/// As old as anything that is played.
pub const EVER: Version = Version(2, 0, 0);

/// Every route of every release.
pub fn all() -> impl Iterator<Item = &'static Route> {
    [platform::routes::ROUTES, application::routes::ROUTES, public::routes::ROUTES].into_iter().flatten()
}

/// The table a path can be in, so that no request is held against the rows of other APIs.
fn table(path: &str) -> &'static [Route] {
    if path.starts_with("/api/v1/") {
        application::routes::ROUTES
    } else if path.starts_with("/public/") {
        public::routes::ROUTES
    } else {
        platform::routes::ROUTES
    }
}

impl Route {
    fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, ""))
    }
}

/// The route of a request in this release; HEAD is served like GET.
pub fn find(method: &str, path: &str, version: Version) -> Option<Found> {
    let method = if method == "HEAD" { "GET" } else { method };
    let path = path.trim_end_matches('/');
    let (head, tail) = path.rsplit_once('/')?;
    let (stem, format) = tail.split_once('.').map_or((tail, None), |(stem, format)| (stem, Some(format)));
    table(path).iter().filter(|route| route.since <= version).find_map(|route| {
        let (verb, template) = route.parts();
        if verb != method {
            return None;
        }
        let segments = fit(template, head, stem)?;
        Some(Found { route, segments, format: format.map(str::to_owned) })
    })
}

/// The parameters of a path that fits a template. `stem`: the last segment without its extension.
fn fit(template: &'static str, head: &str, stem: &str) -> Option<Vec<(&'static str, String)>> {
    let mut wanted = template.split('/');
    let mut segments = Vec::new();
    for value in head.split('/').chain([stem]) {
        let name = wanted.next()?;
        match name.strip_prefix(':') {
            Some(name) if !value.is_empty() => segments.push((name, decoded(value))),
            None if name == value => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(segments)
}

/// `%40` is an @.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
    fn paths_find_their_template_and_parameters() {
        let found = find("PUT", "/platform/api/v1/accounts/1abc", Version::REFERENCE).unwrap();
        assert_eq!((found.route.name, found.id()), ("PUT /platform/api/v1/accounts/:id", "1abc"));
        let found = find("GET", "/platform/api/v1/users/7/login", Version::REFERENCE).unwrap();
        assert_eq!((found.route.name, found.id()), ("GET /platform/api/v1/users/:id/login", "7"));
        assert_eq!(name("HEAD", "/platform/api/v1/accounts/"), Some("GET /platform/api/v1/accounts"));
        assert_eq!(name("GET", "/platform/api/v1/users"), None);
        assert_eq!(name("GET", "/"), None);
        let found = find("GET", "/api/v1/accounts/3/conversations/8/messages", Version::REFERENCE).unwrap();
        assert_eq!((found.segment("account_id"), found.segment("id")), ("3", "8"));
    }

    #[test]
    fn a_word_is_told_from_a_parameter() {
        let contacts = "/api/v1/accounts/1/contacts";
        assert_eq!(
            name("GET", &format!("{contacts}/search")),
            Some("GET /api/v1/accounts/:account_id/contacts/search")
        );
        assert_eq!(
            name("GET", &format!("{contacts}/7")),
            Some("GET /api/v1/accounts/:account_id/contacts/:id")
        );
    }

    #[test]
    fn an_extension_is_taken_off_and_percents_are_decoded() {
        let found = find("GET", "/platform/api/v1/accounts/1.xml", Version::REFERENCE).unwrap();
        assert_eq!((found.id(), found.format.as_deref()), ("1", Some("xml")));
        let found = find("GET", "/public/api/v1/inboxes/a/contacts/x%20%40y%", Version::REFERENCE).unwrap();
        assert_eq!(found.id(), "x @y%");
    }

    #[test]
    fn routes_appear_with_their_release() {
        let since = |path, verb, version| find(verb, path, version).is_some();
        assert!(!since("/platform/api/v1/accounts", "GET", Version(4, 4, 0)));
        assert!(since("/platform/api/v1/accounts", "GET", Version(4, 5, 0)));
        assert!(!since("/platform/api/v1/users/1/token", "POST", Version(4, 2, 0)));
        assert!(!since("/health", "GET", Version(4, 10, 0)));
        assert!(!since("/api/v1/profile/reset_access_token", "POST", Version(4, 2, 0)));
        let migrate = "/platform/api/v1/accounts/1/email_channel_migrations";
        assert!(!since(migrate, "POST", Version(4, 12, 0)) && since(migrate, "POST", Version(4, 12, 1)));
    }

    #[test]
    fn no_row_stands_in_the_way_of_another() {
        let newest = Version(u16::MAX, 0, 0);
        for route in all() {
            let (verb, template) = route.parts();
            let segments = template.split('/').map(|part| if part.starts_with(':') { "7" } else { part });
            let path = segments.collect::<Vec<_>>().join("/");
            assert_eq!(find(verb, &path, newest).unwrap().route.name, route.name);
        }
    }

    #[test]
    fn no_two_rows_have_one_name() {
        let mut names: Vec<&str> = all().map(|route| route.name).collect();
        names.sort_unstable();
        let rows = names.len();
        names.dedup();
        assert_eq!(names.len(), rows);
    }
}
