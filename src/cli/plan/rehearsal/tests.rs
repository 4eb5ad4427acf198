mod happens;
mod inside;
mod manifests;
mod picture;
mod stage;

use super::*;

#[test]
fn whoever_others_depend_on_is_looked_at_first_and_a_muted_wake_is_none() {
    let woken = Woken::default();
    for kind in ["ChatwootLabel", wiring::USER, account::KIND, wiring::PLAN, instance::KIND] {
        woken.wake(Key::new(kind, "acme", "main"));
        woken.wake(Key::new(kind, "acme", "main"));
    }
    woken.muted(|| woken.wake(Key::new(wiring::GRANT, "acme", "main")));
    let order: Vec<_> = std::iter::from_fn(|| woken.next()).map(|key| key.kind).collect();
    assert_eq!(order, [instance::KIND, wiring::PLAN, account::KIND, wiring::USER, "ChatwootLabel"]);
}
