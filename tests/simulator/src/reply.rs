//! Answers in exactly Chatwoot's words and content types (chatwoot-api §1.4).

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

/// What `render json:` sends.
pub const JSON: &str = "application/json; charset=utf-8";
/// What Rails' page for unhandled errors sends; the capitals are the only difference.
const ERROR_PAGE_JSON: &str = "application/json; charset=UTF-8";
const HTML: &str = "text/html; charset=UTF-8";

/// An answer, before it is put on the wire.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: Option<&'static str>,
    pub body: Bytes,
    pub headers: Vec<(&'static str, String)>,
    /// Whether the request left something behind in the database, whatever the status says.
    pub wrote: bool,
}

impl Reply {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Reply {
            status,
            content_type: Some(content_type),
            body: body.into(),
            headers: Vec::new(),
            wrote: false,
        }
    }

    /// 200 with a rendered view.
    pub fn view(value: &Value) -> Self {
        Reply::new(200, JSON, escaped(value))
    }

    /// What a DELETE answers: 200, no byte of body, and a content type that promises JSON.
    pub fn empty() -> Self {
        Reply::new(200, "application/json", Bytes::new())
    }

    /// 204, which a few DELETEs answer.
    pub fn no_content() -> Self {
        Reply { content_type: None, ..Reply::new(204, "", Bytes::new()) }
    }

    pub fn wrote(self) -> Self {
        Reply { wrote: true, ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Chatwoot's own answer with this status, as far as it has one.
    pub fn page(status: u16) -> Self {
        let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
        let page = Page { status, error: reason.unwrap_or("Unknown") };
        Reply::new(status, ERROR_PAGE_JSON, escaped(&page))
    }

    /// A web page, as a proxy in front of Chatwoot would send it.
    pub fn html(status: u16) -> Self {
        let reason =
            http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("");
        let page = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
             <center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Reply::new(status, "text/html", page)
    }

    /// The throttle's answer. There is no Retry-After.
    pub fn throttled() -> Self {
        Reply::new(429, "text/plain", "Retry later\n")
    }
}

/// A struct, because clients may compare bytes and a map would not keep this order.
#[derive(Serialize)]
struct Page<'a> {
    status: u16,
    error: &'a str,
}

#[derive(Debug, PartialEq, Serialize)]
struct Complaints<'a> {
    message: String,
    attributes: Vec<&'a str>,
}

/// Validation messages of a 422, in Chatwoot's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<(&'static str, String)>);

impl Errors {
    pub fn add(&mut self, attribute: &'static str, message: impl Into<String>) {
        self.0.push((attribute, message.into()));
    }

    /// Complains where a text is longer than its column allows.
    pub fn limit(&mut self, attribute: &'static str, human: &str, text: Option<&str>, most: usize) {
        if text.is_some_and(|text| text.chars().count() > most) {
            self.add(attribute, format!("{human} is too long (maximum is {most} characters)"));
        }
    }

    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self)) }
    }

    fn complaints(&self) -> Complaints<'_> {
        let mut attributes: Vec<&str> = Vec::new();
        for (attribute, _) in &self.0 {
            if !attributes.contains(attribute) {
                attributes.push(attribute);
            }
        }
        let messages: Vec<&str> = self.0.iter().map(|(_, message)| message.as_str()).collect();
        Complaints { message: messages.join(", "), attributes }
    }
}

/// Why a request did not get its 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    InvalidToken,
    NotPermissible,
    NotFound,
    /// No such path or verb in this release.
    NotRouted,
    /// The body is not the JSON it claims to be.
    Malformed,
    /// A view exists only as JSON.
    NotAcceptable,
    Invalid(Errors),
    /// `{"error": …}` with a status of its own.
    Said(u16, String),
    /// A body of another shape.
    Told(u16, Value),
    /// The Application API without any token.
    NotSignedIn,
    /// An unhandled exception; true where rows had been committed before it.
    Crash {
        wrote: bool,
    },
}

impl Refusal {
    /// A 500 that left nothing behind.
    pub const CRASH: Refusal = Refusal::Crash { wrote: false };

    /// `accept` is the request's header; some errors look at it.
    pub fn reply(&self, accept: Option<&str>) -> Reply {
        let wants_json = accept.is_some_and(|accept| accept.contains("application/json"));
        let error = |status, text: &str| Reply::new(status, JSON, escaped(&json!({"error": text})));
        match self {
            Refusal::InvalidToken => error(401, "Invalid access_token"),
            Refusal::NotPermissible => error(401, "Non permissible resource"),
            Refusal::NotFound => Reply::page(404),
            Refusal::NotRouted if wants_json => Reply::page(404),
            Refusal::NotRouted => Reply::new(404, HTML, NOT_FOUND_PAGE),
            Refusal::Malformed if wants_json => Reply::page(400),
            Refusal::Malformed => Reply::new(400, HTML, Bytes::new()),
            Refusal::NotAcceptable => Reply::new(406, "application/xml; charset=UTF-8", NOT_ACCEPTABLE_XML),
            Refusal::Invalid(errors) => Reply::new(422, JSON, escaped(&errors.complaints())),
            Refusal::Said(status, text) => error(*status, text),
            Refusal::Told(status, body) => Reply::new(*status, JSON, escaped(body)),
            Refusal::NotSignedIn => Refusal::Told(401, json!({"errors": [SIGN_IN]})).reply(accept),
            Refusal::Crash { wrote } => Reply { wrote: *wrote, ..Reply::page(500) },
        }
    }
}

const SIGN_IN: &str = "You need to sign in or sign up before continuing.";

const NOT_FOUND_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n  <title>The page you were looking for doesn't exist \
    (404)</title>\n</head>\n<body>\n  <h1>The page you were looking for doesn't exist.</h1>\n</body>\n</html>\n";

const NOT_ACCEPTABLE_XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hash>\n  \
    <status type=\"integer\">406</status>\n  <error>Not Acceptable</error>\n</hash>\n";

/// JSON with `<`, `>` and `&` escaped. They occur in strings only, so a look at the characters is enough.
fn escaped(value: &impl Serialize) -> String {
    // Nothing here can fail to be written: no map has keys other than strings.
    let plain = serde_json::to_string(value).unwrap_or_default();
    if !plain.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return plain;
    }
    let mut text = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angle_brackets_and_ampersands_are_escaped_and_still_json() {
        let value = json!({"a": "<b> & \u{2028}"});
        let text = escaped(&value);
        assert!(text.contains("\\u003cb\\u003e \\u0026 \\u2028"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn attributes_are_named_once_and_messages_are_joined() {
        let mut errors = Errors::default();
        errors.add("email", "Email can't be blank");
        errors.add("password", "One");
        errors.add("password", "Two");
        assert_eq!(
            escaped(&errors.complaints()),
            r#"{"message":"Email can't be blank, One, Two","attributes":["email","password"]}"#
        );
    }
}
