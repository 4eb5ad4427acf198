//! `spec.settings`: what administrators of an account set themselves. Only declared fields are compared and written, as the
//! account's automation user (chatwoot-api §3.3).

use super::*;
use crate::{
    api::account::Settings,
    chatwoot::{
        outcome::Failure,
        tenant::settings::{AutoResolveAfter, SettingsPatch},
        types::{AccountState, Map},
        version::Version,
    },
};
use serde_json::Value;
use std::time::Duration;

/// The settings as this pass knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    #[default]
    Unread,
    Found(Map),
    /// The automation user may not look, or not yet.
    Refused(Failure),
}

/// What this pass knows of the settings, and has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub seen: Seen,
    pub written: bool,
}

/// Exactly one call, as the automation user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Read { account: i64 },
    Write { account: i64, patch: Box<SettingsPatch> },
}

/// What it taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    Read(Result<Map, Failure>),
    Written(Result<Map, Failure>),
}

/// What differs, and the names of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    pub patch: SettingsPatch,
    pub drifted: Vec<String>,
}

impl Facts {
    /// The settings that the spec declares, if it declares any.
    pub(super) fn declared_settings(&self) -> Option<&Settings> {
        self.spec.settings.as_ref().filter(|settings| **settings != Settings::default())
    }

    /// Whom the operator acts as: nobody any more once the instance does not want it to.
    pub(super) fn acts_as(&self) -> Option<i64> {
        self.around.automation.domain.as_ref()?;
        self.status.automation_user()
    }

    /// One step towards the declared settings; `None`: there is nothing more to do for them in this pass.
    pub(super) fn tend_settings(&self, account: &Account) -> Option<Next> {
        let declared = self.declared_settings().filter(|_| self.is_inside(account))?;
        self.acts_as()?;
        let id = account.id.0;
        match &self.settings.seen {
            Seen::Unread => Some(Step::Act(super::Effect::Settings(Effect::Read { account: id }))),
            Seen::Refused(_) => None,
            Seen::Found(found) => {
                let Diff { patch, .. } = diff(declared, found);
                let writes = patch != SettingsPatch::default()
                    && self.spec.mode == Mode::Enforce
                    && !self.settings.written;
                let write = Effect::Write { account: id, patch: Box::new(patch) };
                writes.then_some(Step::Act(super::Effect::Settings(write)))
            }
        }
    }

    /// Declared settings that differ and are not being repaired.
    pub(super) fn drifted_settings(&self) -> Vec<String> {
        match (self.declared_settings(), &self.settings.seen) {
            (Some(declared), Seen::Found(found)) => diff(declared, found).drifted,
            _ => Vec::new(),
        }
    }

    /// Why the declared settings are not so, where that is nothing that passes by itself.
    pub(super) fn settings_refused(&self, account: &Account) -> Option<Verdict> {
        self.declared_settings().filter(|_| self.spec.mode == Mode::Enforce && self.is_inside(account))?;
        if self.acts_as().is_some() {
            return None;
        }
        if self.around.automation.domain.is_none() {
            let binding = self.around.known().map(|view| &view.binding);
            let instance = binding.map_or_else(String::new, |of| format!(" {}/{}", of.namespace, of.name));
            let text = format!(
                "spec.settings needs a user of the operator's own in the account: have an admin set spec.automation.emailDomain \
                 on ChatwootInstance{instance}, or remove spec.settings"
            );
            return Some(Verdict::new(reason::AUTOMATION_DISABLED, text));
        }
        let problem = self.automation_problem();
        let text =
            problem.unwrap_or_else(|| "the operator has no user of its own in the account yet".to_owned());
        Some(Verdict::new(reason::CREDENTIALS_MISSING, format!("spec.settings waits: {text}")))
    }

    /// Why the declared settings are not compared although everything else is as it should be.
    pub(super) fn settings_wait(&self, account: AccountState) -> Option<&'static str> {
        self.declared_settings()?;
        if account != AccountState::Active {
            return Some("spec.settings waits until the account is active");
        }
        let observes = self.spec.mode == Mode::Observe && self.acts_as().is_none();
        observes.then_some("spec.settings is not compared, because no user is made in mode Observe")
    }

    pub(super) fn fold_settings(&mut self, lesson: Lesson) {
        let (call, answer) = match lesson {
            Lesson::Read(answer) => (Call::Read, answer),
            Lesson::Written(answer) => {
                self.settings.written = true;
                (Call::Write, answer)
            }
        };
        match answer {
            Ok(found) => self.settings.seen = Seen::Found(found),
            Err(failure) if is_about_the_user(&failure) => self.settings.seen = Seen::Refused(failure),
            Err(failure) => self.trouble = Some(Trouble::Failed(call, failure)),
        }
    }
}

/// The failure says something about who asked, and nothing about the account or the instance. Whoever is no member gets a
/// 404 (§3.3).
fn is_about_the_user(failure: &Failure) -> bool {
    use crate::chatwoot::outcome::Class;
    matches!(failure.class, Class::Unauthorized | Class::NotAllowed | Class::NotFound | Class::Suspended)
}

/// What differs between what is declared and what is there.
pub fn diff(declared: &Settings, found: &Map) -> Diff {
    let Settings {
        auto_resolve_after,
        auto_resolve_message,
        auto_resolve_ignore_waiting,
        auto_resolve_label,
        audio_transcriptions,
    } = declared;
    let mut diff = Diff::default();
    let mut drifted = |field: &str| diff.drifted.push(format!("settings.{field}"));
    if let Some(after) = auto_resolve_after {
        let wanted = minutes(after.0);
        if found.get("auto_resolve_after").and_then(Value::as_u64) != wanted.map(u64::from) {
            diff.patch.auto_resolve_after = Some(wanted.and_then(AutoResolveAfter::minutes));
            drifted("autoResolveAfter");
        }
    }
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(message) =
        auto_resolve_message.as_ref().filter(|wanted| **wanted != text("auto_resolve_message"))
    {
        diff.patch.auto_resolve_message = Some(message.clone());
        drifted("autoResolveMessage");
    }
    let switch = |key: &str| found.get(key).and_then(Value::as_bool).unwrap_or_default();
    if let Some(ignore) =
        auto_resolve_ignore_waiting.filter(|on| *on != switch("auto_resolve_ignore_waiting"))
    {
        diff.patch.auto_resolve_ignore_waiting = Some(ignore);
        drifted("autoResolveIgnoreWaiting");
    }
    if let Some(label) = auto_resolve_label.as_ref().filter(|wanted| **wanted != text("auto_resolve_label")) {
        diff.patch.auto_resolve_label = Some(label.clone());
        drifted("autoResolveLabel");
    }
    if let Some(on) = audio_transcriptions.filter(|on| *on != switch("audio_transcriptions")) {
        diff.patch.audio_transcriptions = Some(on);
        drifted("audioTranscriptions");
    }
    diff
}

/// Whole minutes; none: switched off.
fn minutes(after: Duration) -> Option<u32> {
    u32::try_from(after.as_secs() / 60).ok().filter(|minutes| *minutes > 0)
}

/// What this version of Chatwoot does not have, or what the definition would have refused.
pub fn invalid(declared: &Settings, version: Version) -> Option<String> {
    let later = [
        ("autoResolveLabel", declared.auto_resolve_label.is_some()),
        ("audioTranscriptions", declared.audio_transcriptions.is_some()),
    ];
    if let Some((field, _)) = later.iter().find(|(_, asked)| *asked && !version.has_later_settings()) {
        return Some(format!(
            "spec.settings.{field}: Chatwoot has it since 4.3.0, and this is {version}; remove it, or upgrade Chatwoot"
        ));
    }
    let after = declared.auto_resolve_after.map(|after| after.0)?;
    let fits = after.is_zero()
        || (after.as_secs() % 60 == 0
            && after.subsec_nanos() == 0
            && minutes(after).and_then(AutoResolveAfter::minutes).is_some());
    (!fits).then(|| {
        "spec.settings.autoResolveAfter: write whole minutes from 10m to 23997h36m, or 0s to switch it off".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declared(value: Value) -> Settings {
        serde_json::from_value(value).unwrap()
    }

    fn sent(wanted: Value, found: Value) -> Value {
        serde_json::to_value(diff(&declared(wanted), found.as_object().unwrap()).patch).unwrap()
    }

    #[test]
    fn only_declared_fields_that_differ_are_sent() {
        let there =
            json!({"auto_resolve_after": 60, "auto_resolve_message": "bye", "auto_resolve_label": "old"});
        assert_eq!(
            sent(json!({"autoResolveAfter": "1h", "autoResolveMessage": "bye"}), there.clone()),
            json!({})
        );
        assert_eq!(
            sent(json!({"autoResolveAfter": "90m", "autoResolveLabel": ""}), there),
            json!({"auto_resolve_after": 90, "auto_resolve_label": ""})
        );
    }

    #[test]
    fn what_was_never_set_is_off_and_empty() {
        let off = json!({
            "autoResolveAfter": "0s", "autoResolveMessage": "", "autoResolveIgnoreWaiting": false,
            "autoResolveLabel": "", "audioTranscriptions": false
        });
        assert_eq!(sent(off.clone(), json!({})), json!({}));
        assert_eq!(sent(off, json!({"auto_resolve_after": null, "auto_resolve_message": null})), json!({}));
    }

    #[test]
    fn switching_off_sends_null() {
        let patch = sent(json!({"autoResolveAfter": "0s"}), json!({"auto_resolve_after": 60}));
        assert_eq!(patch, json!({"auto_resolve_after": null}));
    }

    #[test]
    fn differences_are_named_as_people_write_them() {
        let wanted = declared(json!({"autoResolveIgnoreWaiting": true, "audioTranscriptions": true}));
        let names = diff(&wanted, &Map::new()).drifted;
        assert_eq!(names, ["settings.autoResolveIgnoreWaiting", "settings.audioTranscriptions"]);
    }

    #[test]
    fn what_this_version_lacks_is_refused_before_a_call() {
        let old = Version::OLDEST_SUPPORTED;
        for field in [json!({"autoResolveLabel": "x"}), json!({"audioTranscriptions": false})] {
            assert!(
                invalid(&declared(field.clone()), old).is_some_and(|text| text.contains("4.3.0")),
                "{field}"
            );
            assert_eq!(invalid(&declared(field), Version::new(4, 3, 0)), None);
        }
        assert_eq!(
            invalid(&declared(json!({"autoResolveAfter": "1h", "autoResolveMessage": "x"})), old),
            None
        );
    }

    #[test]
    fn the_time_is_whole_minutes_within_chatwoots_bounds() {
        let wrong =
            |after: &str| invalid(&declared(json!({"autoResolveAfter": after})), Version::NEWEST_KNOWN);
        for fits in ["0s", "0m", "10m", "72h", "23997h36m"] {
            assert_eq!(wrong(fits), None, "{fits}");
        }
        for misfit in ["9m", "23997h37m", "10m30s", "10m1ms"] {
            assert!(wrong(misfit).is_some(), "{misfit}");
        }
    }
}
