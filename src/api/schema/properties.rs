//! Whatever the definitions let pass can be read: an object that is stored and cannot be read is invisible.

use super::{anything::any_part, definition};
use crate::api::{
    account::ChatwootAccount, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan,
    user::ChatwootUser,
};
use kube::core::cel::{Validator, compile_schema};
use proptest::{prelude::*, test_runner::TestRunner};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::cell::Cell;

fn what_is_accepted_is_read<K: DeserializeOwned>(kind: &str) {
    let definition = definition(kind);
    let (schema, accepted) = (compile_schema(&definition), Cell::new(0));
    let cases = crate::tried(256);
    let enough = cases.cases / 20;
    let mut runner = TestRunner::new(ProptestConfig { source_file: Some(file!()), ..cases });
    let parts = (any_part(&definition, "spec"), any_part(&definition, "status"));
    runner
        .run(&parts, |(spec, status)| {
            let object = json!({
                "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind, "metadata": {"name": "x", "namespace": "n"},
                "spec": spec, "status": status
            });
            if Validator::new().validate_compiled(&schema, &object, None).is_ok() {
                accepted.set(accepted.get() + 1);
                let read = serde_json::from_value::<K>(object.clone());
                prop_assert!(read.is_ok(), "{:?} in {object:#}", read.err());
            }
            Ok(())
        })
        .unwrap();
    // The rules must not refuse so much that nothing was tried.
    assert!(accepted.get() >= enough, "{kind}: only {} were accepted", accepted.get());
}

#[test]
fn every_instance_that_is_accepted_can_be_read() {
    what_is_accepted_is_read::<ChatwootInstance>("ChatwootInstance");
}

#[test]
fn every_grant_that_is_accepted_can_be_read() {
    what_is_accepted_is_read::<ChatwootGrant>("ChatwootGrant");
}

#[test]
fn every_plan_that_is_accepted_can_be_read() {
    what_is_accepted_is_read::<ChatwootPlan>("ChatwootPlan");
}

#[test]
fn every_account_that_is_accepted_can_be_read() {
    what_is_accepted_is_read::<ChatwootAccount>("ChatwootAccount");
}

#[test]
fn every_user_that_is_accepted_can_be_read() {
    what_is_accepted_is_read::<ChatwootUser>("ChatwootUser");
}
