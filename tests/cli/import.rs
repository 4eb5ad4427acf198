//! `import` takes over what exists: what it prints, that it touches nothing, and what applying it does.

use crate::{
    bench::{Bench, Ended, HOME, SECOND},
    town::{Town, is_ready_with, settled},
};
use anyhow::Result;
use chatwoot_simulator::{Act, Effect, Fault, Filter, Kind, Role, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn import(bench: &Bench, more: &[&str]) -> Result<Ended> {
    bench.run(&[&["import", "--operator-namespace", HOME], more].concat(), "").await
}

/// Accounts 1 Acme, 2 BPO and 3 Globex (suspended), with Alice 1, Bea 2 of two accounts, and Carl 3.
async fn three_tenants(bench: &Bench) -> Result<Town> {
    let mut town = Town::default();
    for name in ["Acme: \"Support\"", "BPO", "Globex"] {
        town.account(&bench.chatwoot, name).await?;
    }
    town.person(&bench.chatwoot, "Alice", "alice@acme.example", &[(1, Role::Administrator)]).await?;
    town.person(&bench.chatwoot, "Bea", "bea@bpo.example", &[(1, Role::Agent), (2, Role::Administrator)])
        .await?;
    town.person(&bench.chatwoot, "Carl", "carl@globex.example", &[(3, Role::Agent)]).await?;
    let edit = json!({"act": "edit_account", "account": 3, "status": "suspended", "locale": "de"});
    bench.chatwoot.act(serde_json::from_value(edit)?).await?;
    let edit = json!({"act": "edit_user", "user": 3, "confirmed": false});
    bench.chatwoot.act(serde_json::from_value(edit)?).await?;
    Ok(town)
}

/// Accounts, people and memberships, without what only time changes.
fn contents(state: &State) -> Value {
    json!([state.accounts, state.users, state.memberships, state.permissions])
}

#[tokio::test]
async fn observing_changes_nothing_and_enforcing_sends_one_stamp_each() -> Result<()> {
    let bench = Bench::new().await?;
    let town = three_tenants(&bench).await?;
    let before = contents(&bench.chatwoot.state().await?);
    let seq = bench.chatwoot.last_seq().await?;
    let printed = import(&bench, &[]).await?;
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(printed.err.contains("3 accounts and 3 people in 3 namespaces"), "{}", printed.err);
    assert!(printed.err.contains("accounts 3 are suspended and stay so"), "{}", printed.err);
    assert!(!printed.out.contains(bench.chatwoot.token()) && !printed.err.contains(bench.chatwoot.token()));
    bench.nothing_was_written(seq).await?;

    // Applied in mode Observe: everything is looked at, and nothing sent.
    let operator = bench.operator()?;
    let client = bench.plane.client()?;
    bench.apply(&printed.out).await?;
    let observed = |object: &Value| is_ready_with(object, "Observed");
    for (kind, count) in [("ChatwootAccount", 3), ("ChatwootUser", 3)] {
        for object in settled(&client, kind, count, observed, 60 * SECOND).await? {
            assert_eq!(object["status"]["drifted"], Value::Null, "{object:#}");
            assert_eq!(object["status"]["id"], Value::Null, "{object:#}");
        }
    }
    assert_eq!(bench.writes_since(seq).await?, []);
    assert_eq!(contents(&bench.chatwoot.state().await?), before);

    // What has changed in Chatwoot since shows, and is not put right.
    bench.chatwoot.act(Act::RenameAccount { account: 2, name: "BPO Ltd".into() }).await?;
    let looked = bench.run(&["reconcile", "account", "tenant-bpo/bpo"], "").await?;
    assert_eq!(looked.code, 0, "{looked:?}");
    let drifted =
        |object: &Value| object["spec"]["name"] != "BPO" || object["status"]["drifted"] == json!(["name"]);
    settled(&client, "ChatwootAccount", 3, drifted, 60 * SECOND).await?;

    // Another run says the same, and with the new name for the one that has changed.
    let again = import(&bench, &["--mode", "enforce"]).await?;
    assert_eq!(again.code, 0, "{again:?}");
    let enforced = printed.out.replace("mode: Observe", "mode: Enforce");
    assert_eq!(again.out, enforced.replace("name: BPO\n", "name: \"BPO Ltd\"\n"));

    let seq = bench.chatwoot.last_seq().await?;
    bench.apply(&again.out).await?;
    let succeeded = |object: &Value| is_ready_with(object, "Succeeded");
    for (kind, count) in [("ChatwootAccount", 3), ("ChatwootUser", 3)] {
        settled(&client, kind, count, succeeded, 60 * SECOND).await?;
    }
    let mut writes: Vec<_> = bench.writes_since(seq).await?.into_iter().map(|(route, _)| route).collect();
    writes.sort();
    let stamp = |what: &str| std::iter::repeat_n(format!("PATCH /{what}/:id"), 3).collect::<Vec<_>>();
    assert_eq!(writes, [stamp("accounts"), stamp("users")].concat());
    let people = settled(&client, "ChatwootUser", 3, succeeded, SECOND).await?;
    let bea = people.iter().find(|person| person["metadata"]["name"] == "bea").unwrap();
    let states: Vec<_> =
        bea["status"]["memberships"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["Granted", "Granted"], "{bea:#}");
    assert_eq!(bea["status"]["ownership"], "Adopted");
    let state = bench.chatwoot.state().await?;
    assert_eq!(state.memberships.len(), town.memberships);
    assert!(
        state.accounts.iter().chain(&[]).all(|one| one.custom_attributes.contains_key("chatwoot_operator"))
    );

    // Nothing is left to take over; and letting go takes nothing away from anybody.
    let done = import(&bench, &[]).await?;
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{done:?}");
    assert!(
        done.err.contains("accounts 1-3 are left out: objects are bound to them already"),
        "{}",
        done.err
    );
    let seq = bench.chatwoot.last_seq().await?;
    bench.plane.kubectl(["delete", "chatwootusers,chatwootaccounts", "--all", "-A"]).run().await?;
    assert_eq!(bench.writes_since(seq).await?, []);
    // The same names come back to the same accounts, because their markers say so.
    bench.chatwoot.act(Act::RenameAccount { account: 2, name: "BPO".into() }).await?;
    let back = import(&bench, &[]).await?;
    assert_eq!((back.code, &back.out), (0, &printed.out), "{}", back.err);
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_left_out_and_said_and_the_rest_is_printed() -> Result<()> {
    let bench = Bench::new().await?;
    let mut town = three_tenants(&bench).await?;
    // 4 Dora is nobody's business, 5 Emil's address none of ours, 6 Fay's token row is gone, so that she cannot be shown.
    town.person(&bench.chatwoot, "Dora", "dora@acme.example", &[(1, Role::Agent)]).await?;
    town.person(&bench.chatwoot, "Emil", "émil@acme.example", &[(1, Role::Agent)]).await?;
    town.person(&bench.chatwoot, "Fay", "fay@acme.example", &[(1, Role::Agent)]).await?;
    bench.chatwoot.act(Act::Revoke { kind: Kind::User, id: 4, app: None }).await?;
    let found = import(&bench, &[]).await?;
    assert_eq!(found.code, 2, "{found:?}");
    let left_out = "user 4 is left out: the Platform App is not permitted on it; see --rails";
    assert!(found.err.contains(left_out), "{}", found.err);
    assert!(
        found.err.contains("user 5 is left out: a manifest cannot hold the address \"émil@acme.example\""),
        "{}",
        found.err
    );
    assert!(found.out.contains("email: fay@acme.example"), "{}", found.out);

    // A 500 that stays, resets and a throttle that pass, and one that vanished since the list was made.
    bench.chatwoot.act(Act::DropAccessToken { user: 6 }).await?;
    let path = "/platform/api/v1/accounts/3";
    let one = "GET /platform/api/v1/accounts/:id";
    bench
        .chatwoot
        .add_fault(Fault::always(one, Effect::Status { status: 500, after_commit: false }).on_path(path))
        .await?;
    let passing = Fault::once(one, Effect::ResetBeforeCommit).on_path("/platform/api/v1/accounts/1");
    bench.chatwoot.add_fault(passing).await?;
    let members = "GET /platform/api/v1/accounts/:account_id/account_users";
    bench.chatwoot.add_fault(Fault::once(members, Effect::RetryAfter { seconds: 1 })).await?;
    let body = json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 99}]);
    let index = "GET /platform/api/v1/accounts";
    bench
        .chatwoot
        .add_fault(Fault::once(index, Effect::Json { status: 200, body, after_commit: false }))
        .await?;
    let found = import(&bench, &["-o", "json"]).await?;
    assert_eq!(found.code, 1, "{found:?}");
    for part in [
        "account 3 cannot be read: Chatwoot failed",
        "user 6 cannot be read",
        "accounts 99 do not exist any more",
    ] {
        assert!(found.err.contains(part), "{part:?} is not in {}", found.err);
    }
    let list = found.json();
    let kinds: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let count = |kind| kinds.iter().filter(|one| **one == kind).count();
    assert_eq!(
        (count("ChatwootAccount"), count("ChatwootUser"), count("ChatwootGrant")),
        (2, 2, 2),
        "{kinds:?}"
    );
    bench.chatwoot.clear_faults().await?;

    // Named ones that are not there, and a broken list.
    let named = import(&bench, &["--account-ids", "2,7-9"]).await?;
    assert_eq!(named.code, 2, "{named:?}");
    assert!(named.err.contains("accounts 7-9 do not exist"), "{}", named.err);
    assert!(named.out.contains("name: BPO") && !named.out.contains("acme"), "{}", named.out);
    bench.chatwoot.act(Act::BreakIndex { app: None }).await?;
    let broken = import(&bench, &[]).await?;
    assert_eq!((broken.code, broken.out.as_str()), (1, ""), "{broken:?}");
    assert!(
        broken.err.contains("PlatformAppPermissible.where(permissible_type: 'Account')"),
        "{}",
        broken.err
    );
    bench.chatwoot.act(Act::SetVersion { version: "4.4.0".parse().unwrap() }).await?;
    let old = import(&bench, &[]).await?;
    assert!(old.code == 1 && old.err.contains("lists its accounts since 4.5"), "{old:?}");
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "1\n2\n")?;
    let from = format!("--account-ids-from={}", file.path().display());
    let named = import(&bench, &[&from, "--namespace-template=t{id}"]).await?;
    assert!(named.out.contains("namespace: t1\n") && named.out.contains("namespace: t2\n"), "{named:?}");

    // Where it takes long, it says how far it is.
    bench.chatwoot.act(Act::SetLatency { ms: 1100 }).await?;
    let slow = import(&bench, &["--account-ids=1-3", "--fields=name"]).await?;
    assert!(slow.err.contains("account 1 of 3\n"), "{}", slow.err);
    assert!(slow.out.contains("name: BPO") && !slow.out.contains("locale"), "{}", slow.out);
    Ok(())
}

#[tokio::test]
async fn a_folder_gets_a_file_for_each_namespace_and_never_over_other_content() -> Result<()> {
    let bench = Bench::new().await?;
    let mut town = three_tenants(&bench).await?;
    town.account(&bench.chatwoot, "no\u{1b}[2J").await?;
    // Hostile to readers of YAML and of terminals, and yet names that can be declared.
    for (id, name) in (5..).zip(["no", "- a: {b}", "\u{202e}evil # x", "1:30", "mode: Observe"]) {
        town.account(&bench.chatwoot, name).await?;
        town.person(&bench.chatwoot, name, &format!("no+{id}@acme.example"), &[(id, Role::Agent)]).await?;
    }
    let folder = tempfile::tempdir()?;
    let into = folder.path().join("takeover");
    let at = format!("--output-dir={}", into.display());
    let written = import(&bench, &[&at]).await?;
    assert_eq!((written.code, written.out.as_str()), (2, ""), "{written:?}");
    assert!(written.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", written.err);
    let files = |folder: &std::path::Path| -> Result<BTreeMap<String, String>> {
        let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        let text = |path| std::fs::read_to_string(path).map_err(anyhow::Error::from);
        entries
            .iter()
            .map(|one| Ok((one.file_name().to_string_lossy().into_owned(), text(one.path())?)))
            .collect()
    };
    let first = files(&into)?;
    assert_eq!(first.len(), 9, "{:?}", first.keys());
    assert!(
        first["chat.yaml"].matches("kind: ChatwootGrant").count() == 8
            && first.contains_key("tenant-bpo.yaml")
    );

    // The same again is no change; other content is not touched.
    assert_eq!(import(&bench, &[&at]).await?.code, 2);
    assert_eq!(files(&into)?, first);
    std::fs::write(into.join("tenant-bpo.yaml"), "mine")?;
    std::fs::remove_file(into.join("chat.yaml"))?;
    let refused = import(&bench, &[&at]).await?;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("tenant-bpo.yaml is there with other content, so nothing was written"),
        "{}",
        refused.err
    );
    assert!(!into.join("chat.yaml").exists());
    std::fs::remove_dir_all(&into)?;
    import(&bench, &[&at]).await?;

    // kubectl reads what was meant, and Chatwoot agrees with all of it.
    let operator = bench.operator()?;
    bench.plane.kubectl(["apply", "--validate=strict", "-f"]).args([&into]).run().await?;
    let observed = |object: &Value| is_ready_with(object, "Observed");
    for (kind, count) in [("ChatwootAccount", 8), ("ChatwootUser", 8)] {
        for object in settled(&bench.plane.client()?, kind, count, observed, 60 * SECOND).await? {
            assert_eq!(object["status"]["drifted"], Value::Null, "{object:#}");
        }
    }
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn the_statements_that_permit_are_printed_without_a_look_at_anything() -> Result<()> {
    let bench = Bench::new().await?;
    let seq = bench.chatwoot.last_seq().await?;
    let rails = bench.run(&["import", "--rails", "--account-ids=1,5-9", "--kubeconfig=/nowhere"], "").await?;
    assert_eq!(rails.code, 0, "{rails:?}");
    assert!(rails.out.contains("Account.where(id: [1, 5..9]).find_each"), "{}", rails.out);
    let nothing = import(&bench, &[]).await?;
    assert_eq!(nothing.code, 2, "{nothing:?}");
    assert!(
        nothing.err.contains("the token may see no account; import --rails prints what lets it"),
        "{}",
        nothing.err
    );
    let unknown = import(&bench, &["--instance=chat/other"]).await?;
    assert!(
        unknown.code == 1 && unknown.err.contains("there is no ChatwootInstance chat/other"),
        "{unknown:?}"
    );
    for (flag, says) in [
        ("--namespace-template=-x", "such as tenant-{slug}"),
        ("--account-ids=x", "1,2,5-9"),
        ("--mode=x", "Observe or Enforce"),
    ] {
        let wrong = import(&bench, &[flag]).await?;
        assert!(wrong.code == 1 && wrong.err.contains(says), "{wrong:?}");
    }
    let filter = Filter { since: seq, ..Filter::default() };
    assert!(bench.chatwoot.journal(&filter).await?.iter().all(|entry| entry.method == "GET"));
    Ok(())
}
