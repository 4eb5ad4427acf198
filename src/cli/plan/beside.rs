//! Instances, grants and plans in rehearsal: nothing of theirs is written to Chatwoot.

use super::{
    hands::{Mind, Rehearsed, Shared, Snapshots},
    sheet::Sheet,
};
use crate::{
    api::{conditions::Condition, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan},
    plan::{
        instance::{Effect, Facts, Lesson},
        offer::Never,
    },
    reconcile::{instance, references::InstanceKey, snapshot::Snapshot, world::World},
    runtime::{pump::Change, wiring},
};
use kube::ResourceExt;
use std::sync::Arc;

impl Rehearsed for ChatwootInstance {
    const KIND: &'static str = instance::KIND;
    type Imagined = ();

    fn imagine(_: &Facts, _: &Arc<World>) {}

    async fn pretend(
        (): &mut (),
        effect: Effect,
        sheet: &mut Sheet,
        _: Mind<'_, Self>,
    ) -> Result<Lesson, Effect> {
        match effect {
            // Nobody waits for its answer here; whoever needs the index reads it.
            Effect::Sweep => Ok(Lesson::Swept),
            Effect::Release => {
                sheet.note("every resource bound to it is let go as it is");
                Ok(Lesson::Released { left: 0 })
            }
            read @ (Effect::AddFinalizer
            | Effect::DropFinalizer
            | Effect::Connect
            | Effect::About
            | Effect::Probe
            | Effect::Witness(_)
            | Effect::Publish(_)) => Err(read),
        }
    }

    fn noticed((): &mut (), _: &mut Lesson, _: &Shared) {}

    fn conditions(&self) -> &[Condition] {
        self.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
    }

    fn id(&self) -> Option<i64> {
        None
    }

    fn instance(&self, _: &World) -> Option<InstanceKey> {
        None
    }

    fn snapshot(snapshots: &mut Snapshots) -> &mut Snapshot<Self> {
        &mut snapshots.instances
    }

    fn changed(world: &World, change: &Change<'_, Self>) {
        wiring::instance_changed(world, change);
    }
}

/// The two kinds differ in name only.
macro_rules! beside {
    ($kind:ty, $name:expr, $snapshot:ident, $changed:path) => {
        impl Rehearsed for $kind {
            const KIND: &'static str = $name;
            type Imagined = ();

            fn imagine(_: &Self::Machine, _: &Arc<World>) {}

            async fn pretend(
                (): &mut (),
                effect: Never,
                _: &mut Sheet,
                _: Mind<'_, Self>,
            ) -> Result<Never, Never> {
                match effect {}
            }

            fn noticed((): &mut (), _: &mut Never, _: &Shared) {}

            fn conditions(&self) -> &[Condition] {
                self.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
            }

            fn id(&self) -> Option<i64> {
                None
            }

            fn instance(&self, _: &World) -> Option<InstanceKey> {
                let name = self.spec.instance_ref.name.clone();
                Some(InstanceKey { namespace: self.namespace()?, name })
            }

            fn snapshot(snapshots: &mut Snapshots) -> &mut Snapshot<Self> {
                &mut snapshots.$snapshot
            }

            fn changed(world: &World, change: &Change<'_, Self>) {
                $changed(world, change);
            }
        }
    };
}

beside!(ChatwootGrant, wiring::GRANT, grants, wiring::grant_changed);
beside!(ChatwootPlan, wiring::PLAN, plans, wiring::plan_changed);
