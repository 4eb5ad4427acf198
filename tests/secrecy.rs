//! Nothing that can be printed holds a secret: every type of the product that derives `Debug` is looked through, and the
//! few that hold one print themselves without it.

use anyhow::Result;
use chatwoot_operator::{
    chatwoot::{
        marker::Installation,
        platform::{Config, NewUser, Platform, UserPatch},
    },
    plan::password::{Source, Stored},
};
use secrecy::SecretString;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Fields that are named like a secret and hold none: file, field, and what it is.
const HARMLESS: [(&str, &str, &str); 28] = [
    ("api/account/status.rs", "token", "of a question, which status shows so that it can be answered"),
    ("api/automation_rule/action.rs", "add_private_note", "what colleagues read in a conversation"),
    ("api/content.rs", "connection_secret", "a Secret's name"),
    ("api/inbox/channel.rs", "login", "a user name at a mail server"),
    ("api/user/status.rs", "credentials_secret", "a Secret's name"),
    ("chatwoot/tenant/inbox/channel.rs", "login", "a user name at a mail server"),
    ("cli/installed.rs", "installation_secret", "a Secret's name"),
    ("plan/account/settings.rs", "Lesson::Read", "an account's settings"),
    ("plan/account/settings.rs", "Lesson::Written", "an account's settings"),
    ("plan/content/names.rs", "Named::Secret", "a Secret's name"),
    ("plan/content/types.rs", "Effect::DropSecret", "a Secret's name"),
    ("plan/content/types.rs", "Lesson::PartRead", "ids of who is part of it"),
    ("plan/content/types.rs", "Lesson::PartWritten", "ids of who is part of it"),
    ("plan/content/types.rs", "Lesson::SecretDropped", "a Secret's name, and what the API server said"),
    ("plan/content/types.rs", "Lesson::Secrets", "keyed hashes"),
    ("plan/content/types.rs", "dropped_secrets", "names of Secrets"),
    ("plan/content/types.rs", "secrets", "names of Secrets and their keys"),
    ("plan/create/types.rs", "token", "of an answer to a question"),
    ("plan/user/types.rs", "Effect::DropSecret", "a Secret's name"),
    ("plan/user/types.rs", "Lesson::SecretDropped", "a Secret's name, and what the API server said"),
    ("plan/user/types.rs", "Password::Kubernetes", "what the API server said"),
    ("plan/user/types.rs", "Password::Unusable", "which rule is broken, in words of our own"),
    ("plan/user/types.rs", "dropped_secrets", "names of Secrets"),
    ("reconcile/content.rs", "secrets", "resource versions by name"),
    ("reconcile/installation.rs", "secret", "a Secret's name"),
    ("reconcile/references.rs", "Ref::Secret", "a Secret's namespace and name"),
    ("reconcile/user.rs", "secrets", "resource versions by name"),
    ("runtime/options.rs", "installation_secret", "a Secret's name"),
];

/// In a name, they say that a field may hold a secret.
const NAMES: [&str; 9] =
    ["token", "password", "secret", "credential", "private", "pem", "sso", "authorization", "login"];
/// Types that can hold one and print it.
const TYPES: [&str; 8] = ["String", "str", "Value", "Map", "Vec<u8>", "[u8]", "Bytes", "ByteString"];

/// One field, or one part of a variant, of a type that derives `Debug`.
#[derive(Debug)]
struct Field {
    file: String,
    owner: String,
    name: String,
    kind: String,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// What stands between the brackets that begin at `from`, and where they end.
fn inside(text: &str, from: usize, open: char, close: char) -> Option<&str> {
    let mut depth = 0;
    for (at, c) in text.get(from..)?.char_indices() {
        depth += i32::from(c == open) - i32::from(c == close);
        if depth == 0 {
            return text.get(from + 1..from + at);
        }
    }
    None
}

/// The parts of a list, at its own depth.
fn parts(list: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in list.chars() {
        depth += i32::from("<([{".contains(c)) - i32::from(">)]}".contains(c));
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Without comments and attributes.
fn plain(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut text = lines.collect::<Vec<_>>().join(" ");
    while let Some(at) = text.find("#[") {
        let Some(attribute) = inside(&text, at + 1, '[', ']') else { break };
        let end = at + 1 + attribute.len() + 2;
        text.replace_range(at..end, " ");
    }
    text
}

fn fields(file: &str, owner: &str, list: &str, found: &mut Vec<Field>) {
    for part in parts(list) {
        let part = part
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub ");
        let (name, kind) = match part.find(['(', '{', ':']) {
            // A variant, whose parts are fields in turn.
            Some(at) if !part[at..].starts_with(':') => {
                let (open, close) = if part[at..].starts_with('(') { ('(', ')') } else { ('{', '}') };
                if let Some(list) = inside(part, at, open, close) {
                    fields(file, &format!("{owner}::{}", part[..at].trim()), list, found);
                }
                continue;
            }
            Some(at) if !part[at..].starts_with("::") => (part[..at].trim(), part[at + 1..].trim()),
            _ => ("", part),
        };
        // Without a name of its own it is called what it stands in.
        let name = if name.is_empty() { owner } else { name };
        found.push(Field { file: file.into(), owner: owner.into(), name: name.into(), kind: kind.into() });
    }
}

/// Every field of every type in `text` that derives `Debug`.
fn printed(file: &str, text: &str, found: &mut Vec<Field>) {
    for (at, _) in text.match_indices("#[derive(") {
        let Some(derived) = inside(text, at + 8, '(', ')') else { continue };
        if !derived.split(',').any(|name| name.trim() == "Debug") {
            continue;
        }
        let rest = plain(&text[at + 8 + derived.len() + 3..]);
        let Some(begin) = rest.find("struct ").into_iter().chain(rest.find("enum ")).min() else { continue };
        let word = rest[begin..].split([' ', '<', '(', '{', ';']).nth(1).unwrap_or_default().to_owned();
        let Some(open) = rest[begin..].find(['{', '(', ';']).map(|offset| begin + offset) else { continue };
        let list = match &rest[open..=open] {
            "{" => inside(&rest, open, '{', '}'),
            "(" => inside(&rest, open, '(', ')'),
            _ => None,
        };
        if let Some(list) = list {
            fields(file, &word, list, found);
        }
    }
}

fn everything() -> Result<Vec<Field>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files)?;
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root)?.display().to_string();
        if name.contains("tests") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        // What only tests see comes last in a file.
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        printed(&name, product, &mut found);
    }
    Ok(found)
}

fn is_suspicious(field: &Field) -> bool {
    let name = field.name.to_lowercase();
    let word = |kind: &str| {
        let edges = |c: char| !c.is_alphanumeric() && c != '_';
        field.kind.split(edges).any(|part| part == kind)
            || (!kind.chars().all(char::is_alphanumeric) && field.kind.contains(kind))
    };
    let raw = ["Vec<u8>", "[u8]", "Bytes", "ByteString"].into_iter().any(word);
    let text = NAMES.iter().any(|part| name.contains(part)) && TYPES.into_iter().any(word);
    // A whole Secret of Kubernetes, or an answer's body.
    raw || text || word("Secret") || word("Body")
}

#[test]
fn no_type_that_can_be_printed_holds_a_secret_as_text() -> Result<()> {
    let all = everything()?;
    assert!(all.len() > 500, "only {} fields were found", all.len());
    let suspicious: Vec<_> = all.iter().filter(|field| is_suspicious(field)).collect();
    let excused =
        |field: &Field| HARMLESS.iter().any(|(file, name, _)| field.file == *file && field.name == *name);
    let wrong: Vec<_> = suspicious.iter().filter(|field| !excused(field)).collect();
    assert!(wrong.is_empty(), "use a type of `secrecy`, or say in HARMLESS what it is: {wrong:#?}");
    for (file, name, what) in HARMLESS {
        let there = suspicious.iter().any(|field| field.file == file && field.name == name);
        assert!(there, "{name} of {file} ({what}) is there no longer, or needs no excuse");
    }
    Ok(())
}

#[test]
fn a_secret_in_a_type_that_can_be_printed_is_found_wherever_it_stands() {
    for (wrong, name) in [
        (
            "#[derive(Clone, Debug)]\npub struct A { pub id: i64, pub access_token: Option<String> }",
            "access_token",
        ),
        ("#[derive(\n    Debug,\n)]\nstruct Password(String);", "Password"),
        ("#[derive(Debug)]\nstruct C<'a> {\n    /// It is, {well}\n    pub key: &'a [u8],\n}", "key"),
        ("#[derive(Debug)]\nstruct D { secrets: BTreeMap<String, Vec<(i64, Secret)>> }", "secrets"),
    ] {
        let mut found = Vec::new();
        printed("x.rs", wrong, &mut found);
        let suspicious =
            found.iter().any(|field| is_suspicious(field) && (field.name == name || field.owner == name));
        assert!(suspicious, "{name}: {found:?}");
    }
    let mut found = Vec::new();
    printed(
        "x.rs",
        "#[derive(Debug)]\nstruct E { token: SecretString, name: String, secret: bool }",
        &mut found,
    );
    assert!(found.len() == 3 && !found.iter().any(is_suspicious), "{found:?}");
}

#[test]
fn what_holds_a_secret_prints_itself_without_it() {
    let secret = |text: &str| SecretString::from(text);
    let key = b"canary-key-of-an-installation-32".to_vec();
    let installation = Installation::new("0123456789abcdef".into(), key.clone());
    let config = Config {
        url: "http://user:canary-user-info@127.0.0.1:1".into(),
        external_url: Some("https://user:canary-user-info@chat.example".into()),
        token: secret("canary-token"),
        ca_pem: Some(b"canary-pem".to_vec()),
        timeout: Duration::from_secs(1),
    };
    let refused = Platform::new(config.clone());
    let platform = Platform::new(Config {
        url: "http://127.0.0.1:1".into(),
        external_url: None,
        ca_pem: None,
        ..config.clone()
    });
    let new = NewUser {
        email: "a@b.example".into(),
        name: "A".into(),
        display_name: None,
        password: secret("canary-password"),
        custom_attributes: Default::default(),
    };
    let patch = UserPatch { password: Some(secret("canary-password")), ..UserPatch::default() };
    let value = secret("canary-password");
    let source = Source::Generated { rotation: "1", stored: Some(Stored { value: &value, rotation: None }) };
    let told = format!(
        "{installation:?} {config:?} {refused:?} {platform:?} {new:?} {patch:?} {source:?} {value:#?}"
    );
    let numbers = key.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    assert!(refused.is_err() && platform.is_ok(), "{told}");
    assert!(!told.contains("canary") && !told.contains(&numbers), "{told}");
}
