//! The facts of a pass, as `reconcile/` gathers them.

use super::{Memory, Tenant, around::*, users};
use crate::{
    model::{MARGIN, TIMEOUT},
    person::facts::view,
    resource::{Object, State},
};
use chatwoot_operator::{
    api::{
        account::{AccountDeletionPolicy as Policy, AccountSpec},
        common::Adopt,
    },
    plan::{
        account::{self, Done, Facts, InstanceChoice, Object as Seen, Remote},
        create,
        entitlements::Planned,
        grants::{Fit, Need, Refusal, Suspension, Verdict},
    },
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

pub fn observe(kind: &Tenant, state: &State<Tenant>, object: &Object<Tenant>, memory: &Memory) -> Facts {
    let order = &object.spec;
    let status = object.status.clone();
    let claim = status.creation.as_ref().map(create::Claim::from);
    let mut remembered = memory.create.clone();
    remembered.observe(claim.as_ref(), object.finalizer, state.clock, memory.known);
    let swept = state.chatwoot.seen_by_sweep(object.uid);
    // The sweep may be older than this version of the object: it cannot say that a recorded duplicate has vanished.
    let swept = swept.map(|seen| seen.into_iter().chain(status.duplicates.iter().copied()).collect());
    Facts {
        object: Seen {
            namespace: "acme".into(),
            name: "main".into(),
            generation: object.generation,
            deleting: object.deleting,
            finalizer: object.finalizer,
            requested_at: None,
        },
        spec: AccountSpec {
            name: "Acme".into(),
            domain: Some(DOMAIN.into()),
            adopt: order.adopt.then_some(Adopt { id: ADOPTABLE }),
            deletion_policy: order.policy,
            ..AccountSpec::default()
        },
        around: account::Around {
            instance: InstanceChoice::Known(Box::new(view())),
            verdict: Verdict { fit: Fit::Granted, plan_stands: true, suspension: Suspension::No },
            ungranted: Refusal { namespace: "acme".into(), needs: vec![Need::Plan(None)] },
            may_delete: Fit::Granted,
            plan: None,
            planned: Arc::new(Planned::default()),
            is_instance_namespace: false,
            invalid: None,
            marker: marker_of(object.uid),
            automation: account::automation::Around {
                domain: kind.content.then(|| DOMAIN.into()),
                wanted: kind.content,
                content_leaving: false,
                walking: false,
                doubted: false,
                marker: users::marker_of(object.uid),
                deleting_for: Duration::from_secs(3),
                settle: TIMEOUT * 2 + MARGIN,
            },
            walked: None,
            hash: format!("{:?} {}", order.policy, order.adopt),
            reconciled: status.observed_generation == object.generation,
            adoptable: BTreeSet::from([ADOPTABLE]),
            taken: BTreeSet::new(),
            swept,
            due: true,
            grace: Duration::ZERO,
            interval: Duration::from_secs(3600),
            write_errors: 0,
        },
        create: create::Facts {
            bound: status.id,
            claim,
            finalizer: object.finalizer,
            deleting: object.deleting,
            destroying: order.policy == Policy::Delete,
            adopt: order.adopt.then_some(ADOPTABLE),
            question: status.decision.as_ref().map(|decision| decision.token.clone()),
            answer: order.answer.clone(),
            read_at: state.clock,
            restoring: false,
            timeout: TIMEOUT,
            settle_margin: MARGIN,
            memory: remembered,
            mine: None,
            unsure: None,
            look: None,
            ended: None,
            read_again: false,
            stale: false,
            gone: false,
        },
        status,
        remote: Remote::Unread,
        automation: Default::default(),
        settings: Default::default(),
        trouble: None,
        done: Done::default(),
    }
}
