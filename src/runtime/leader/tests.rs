use super::*;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::time::advance;

fn held(by: &str, seconds_ago: i64) -> LeaseSpec {
    let renewed = Timestamp::now() - jiff::SignedDuration::from_secs(seconds_ago);
    LeaseSpec {
        holder_identity: Some(by.to_owned()),
        lease_duration_seconds: Some(15),
        renew_time: Some(MicroTime(renewed)),
        ..LeaseSpec::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_free_lease_and_our_own_are_taken_at_once() {
    assert!(Watched::default().free(&LeaseSpec::default(), "me"));
    assert!(Watched::default().free(&held("", 0), "me"));
    assert!(Watched::default().free(&held("me", 0), "me"));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_fell_silent_is_replaced_after_its_duration() {
    let (mut watched, lease) = (Watched::default(), held("other", 3));
    assert!(!watched.free(&lease, "me"));
    advance(Duration::from_secs(14)).await;
    assert!(!watched.free(&lease, "me"));
    advance(Duration::from_secs(1)).await;
    assert!(watched.free(&lease, "me"));
}

/// The other node's clock is half a minute behind: by the wall clock its Lease has always run out.
#[tokio::test(start_paused = true)]
async fn a_living_leader_with_a_slow_clock_is_left_alone() {
    let mut watched = Watched::default();
    for renewal in 0..20 {
        assert!(!watched.free(&held("other", 30 - renewal % 2), "me"));
        advance(Duration::from_secs(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_long_ago_is_not_waited_for() {
    assert!(Watched::default().free(&held("other", 300), "me"));
}
