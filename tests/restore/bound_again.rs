//! With `rebindUntil` everything binds to what it was bound to, whatever the backup kept, and no call makes anything.

use crate::{
    backup::Kept,
    scene::{WITH_PASSWORD, restored},
};
use anyhow::Result;

/// The operator runs while the objects come back, and leaves each alone until its status is there too.
#[tokio::test]
async fn what_comes_back_with_its_status_is_bound_again_and_only_marked_anew() -> Result<()> {
    let scene = restored(Kept::Everything).await?;
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&[]).await?;
    let mut writes = scene.writes().await?;
    writes.sort();
    let one_each = [["PATCH account"; 2].as_slice(), &["PATCH user"; 3]].concat();
    assert_eq!(writes, one_each, "one write for each, with its new marker");
    Ok(())
}

/// An export that was applied: the finalizers say that there was something, and nothing says what.
#[tokio::test]
async fn what_comes_back_without_status_is_found_by_its_marker() -> Result<()> {
    let scene = restored(Kept::NoStatus).await?;
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&WITH_PASSWORD).await
}

/// Nothing says that these were ever there, but that Chatwoot has something under their names.
#[tokio::test]
async fn what_comes_back_as_bare_specs_is_found_by_its_marker() -> Result<()> {
    let scene = restored(Kept::SpecOnly).await?;
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&WITH_PASSWORD).await
}
