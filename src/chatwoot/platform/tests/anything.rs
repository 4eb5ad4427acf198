//! Whatever an address answers, every method comes back with something that can be acted on.

use super::*;
use crate::chatwoot::{
    anything::any_body,
    types::{AccountPatch, MemberRole},
};
use proptest::prelude::*;

/// What a server may say: any status, with or without a content type, with any body.
fn any_answer() -> impl Strategy<Value = (u16, Act)> {
    let status = prop_oneof![6 => Just(200u16), 2 => 200u16..600, 2 => prop::sample::select(vec![401u16, 404, 422, 429])];
    let kind = prop_oneof![
        4 => Just("Content-Type: application/json; charset=utf-8\r\n"),
        1 => Just("Content-Type: text/html\r\n"),
        1 => Just(""),
    ];
    let more = prop_oneof![
        6 => Just(""),
        1 => Just("Retry-After: 7\r\n"),
        1 => Just("Retry-After: \u{fffd}\r\n"),
        1 => Just("Location: //[::\r\n"),
    ];
    (status, kind, more, any_body()).prop_map(|(status, kind, more, body)| {
        // A status that has no body would leave one for the next answer.
        let status = if matches!(status, 204 | 304) { 500 } else { status };
        let text = String::from_utf8_lossy(&body).into_owned();
        (status, Act::raw(status, &format!("{kind}{more}"), &text))
    })
}

/// Calls every method once, and says of each whether it succeeded and, where the answer is about one object, whether it
/// is the one that was asked for.
async fn call_everything(platform: &Platform) -> Vec<(bool, bool)> {
    fn any<T, E>(answer: Result<T, E>) -> (bool, bool) {
        (answer.is_ok(), true)
    }
    fn about<T, E>(answer: Result<T, E>, right: impl FnOnce(&T) -> bool) -> (bool, bool) {
        (answer.is_ok(), answer.as_ref().map_or(true, right))
    }
    let (account, user) = (AccountId(42), UserId(7));
    let patch = AccountPatch { name: Some("Acme".into()), ..Default::default() };
    let role = MemberRole::Agent;
    vec![
        any(platform.create_account(&new_account()).await),
        any(platform.delete_account(account).await),
        any(platform.members(account).await),
        any(platform.remove_member(account, user).await),
        any(platform.create_user(&new_user()).await),
        any(platform.delete_user(user).await),
        any(platform.login(user).await),
        any(platform.token(user).await),
        any(platform.about().await),
        any(platform.accounts_index(1 << 20).await),
        any(platform.public_signup().await),
        about(platform.account(account).await, |found| found.id == account),
        about(platform.update_account(account, &patch).await, |found| found.id == account),
        about(platform.user(user).await, |found| found.id == user),
        about(platform.update_user(user, &UserPatch::default()).await, |found| found.id == user),
        about(platform.upsert_member(account, user, role).await, |found| found.user == user),
    ]
}

const METHODS: usize = 16;

proptest! {
    #![proptest_config(crate::tried(96))]

    #[test]
    fn no_answer_brings_a_method_down_or_is_taken_for_another_objects(
        answers in prop::collection::vec(any_answer(), METHODS),
        last in any_answer(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (last_status, last) = last;
        let server = Server::start(answers.iter().map(|(_, answer)| answer.clone()).chain([last]));
        let platform = server.platform();
        runtime.block_on(async {
            let told = call_everything(&platform).await;
            prop_assert_eq!(told.len(), METHODS);
            for (at, ((succeeded, right), (status, _))) in told.into_iter().zip(&answers).enumerate() {
                prop_assert!(right, "method {} takes another object for the one it asked for", at);
                prop_assert!(*status == 200 || !succeeded, "method {} takes {} for a success", at, status);
            }
            for gone in [platform.account_vanished(AccountId(42)).await, platform.user_vanished(UserId(7)).await] {
                prop_assert!(last_status == 401 || gone != Ok(true), "gone because of {}", last_status);
            }
            let _ = platform.probe_token().await;
            Ok(())
        })?;
    }
}
