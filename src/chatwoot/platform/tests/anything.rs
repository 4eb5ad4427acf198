//! Whatever an address answers, every method comes back with something that can be acted on.

use super::*;
use crate::chatwoot::{
    anything::any_body,
    types::{AccountPatch, MemberRole},
};
use proptest::prelude::*;

/// What a server may say: any status, with or without a content type, with any body.
fn any_answer() -> impl Strategy<Value = (u16, Act)> {
    let status = prop_oneof![4 => Just(200u16), 3 => 200u16..600, 2 => prop::sample::select(vec![401u16, 404, 422, 429])];
    let kind = prop::sample::select(vec![
        "Content-Type: application/json\r\n",
        "Content-Type: application/json; charset=utf-8\r\n",
        "Content-Type: text/html\r\n",
        "",
    ]);
    let more = prop::sample::select(vec![
        "",
        "Retry-After: 7\r\n",
        "Retry-After: \u{fffd}\r\n",
        "Location: //[::\r\n",
    ]);
    (status, kind, more, any_body()).prop_map(|(status, kind, more, body)| {
        // A status without a body has none, whatever comes behind it.
        let status = if matches!(status, 204 | 304) { 500 } else { status };
        let text = String::from_utf8_lossy(&body).into_owned();
        (status, Act::raw(status, &format!("{kind}{more}"), &text))
    })
}

proptest! {
    #![proptest_config(crate::tried(96))]

    #[test]
    fn no_answer_brings_a_method_down_or_is_taken_for_another_objects((status, answer) in any_answer()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = Server::start([answer]);
        let platform = server.platform();
        runtime.block_on(async {
            let (account, user) = (AccountId(42), UserId(7));
            let patch = AccountPatch { name: Some("Acme".into()), ..Default::default() };
            let mut succeeded = vec![
                platform.create_account(&new_account()).await.is_ok(),
                platform.delete_account(account).await.is_ok(),
                platform.members(account).await.is_ok(),
                platform.remove_member(account, user).await.is_ok(),
                platform.create_user(&new_user()).await.is_ok(),
                platform.delete_user(user).await.is_ok(),
                platform.login(user).await.is_ok(),
                platform.token(user).await.is_ok(),
                platform.about().await.is_ok(),
                platform.accounts_index(1 << 20).await.is_ok(),
            ];
            for found in [platform.account(account).await, platform.update_account(account, &patch).await] {
                succeeded.push(found.is_ok());
                prop_assert!(found.is_ok_and(|found| found.id == account) || !*succeeded.last().unwrap());
            }
            for found in [platform.user(user).await, platform.update_user(user, &UserPatch::default()).await] {
                succeeded.push(found.is_ok());
                prop_assert!(found.is_ok_and(|found| found.id == user) || !*succeeded.last().unwrap());
            }
            let member = platform.upsert_member(account, user, MemberRole::Agent).await;
            succeeded.push(member.is_ok());
            prop_assert!(member.is_ok_and(|member| member.user == user) || !*succeeded.last().unwrap());
            // Nothing but 200 is a success, and nobody is gone because of a success.
            prop_assert!(status == 200 || !succeeded.contains(&true));
            for gone in [platform.account_vanished(account).await, platform.user_vanished(user).await] {
                prop_assert!(status == 401 || gone != Ok(true));
            }
            let _ = (platform.probe_token().await, platform.public_signup().await);
            Ok(())
        })?;
    }
}
