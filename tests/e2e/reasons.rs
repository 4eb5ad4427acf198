//! Every reason an object can show is reached by a test, and left again.

use crate::{
    accounts, adoption, content, crashes, decisions, deletion, grants, instances, lost, plans, tenancy,
    user_adoption, user_answers, user_deletion, user_emails, user_memberships, user_passwords, users,
    webhooks,
};
use chatwoot_operator::api::conditions::{REASONS, reason};
use std::collections::BTreeSet;

/// A test, as the compiler knows it: one that is renamed or removed must be so here, too.
type Test = fn() -> anyhow::Result<()>;

/// Which test reaches a reason and leaves it again.
const REACHED_BY: [(&str, Test); 45] = [
    (reason::SUCCEEDED, accounts::an_account_is_made_with_the_fewest_calls_and_writes),
    (reason::OBSERVED, accounts::observing_creates_binds_and_writes_nothing),
    (reason::PAUSED, accounts::a_paused_account_is_left_alone_until_it_is_no_longer),
    (reason::PROGRESSING, accounts::while_it_is_at_work_an_account_says_at_what),
    (reason::CREATING, accounts::while_it_is_at_work_an_account_says_at_what),
    (reason::RESOLVING_CREATE, lost::a_lost_answer_never_makes_a_second_account),
    (reason::DELETING, deletion::delete_destroys_and_waits_until_it_is_done),
    (reason::WAITING_FOR_INSTANCE, instances::an_account_waits_for_an_instance_that_is_still_to_come),
    (reason::CHATWOOT_UNAVAILABLE, lost::an_outage_writes_nothing_on_who_has_no_work_and_tells_who_has),
    (reason::RATE_LIMITED, lost::what_was_refused_is_the_same_attempt_again),
    (reason::KUBERNETES_ERROR, crashes::permissions_taken_away_are_said_and_given_back_are_enough),
    (reason::INVALID_SPEC, accounts::what_this_chatwoot_cannot_do_is_said_before_anything_is_sent),
    (reason::INVALID_SPEC, plans::a_plan_with_a_flag_this_chatwoot_does_not_know_says_so),
    (reason::NOT_OWNED, decisions::an_account_whose_marker_is_gone_or_foreign_is_not_touched),
    (reason::NOT_OWNED, adoption::an_account_with_somebody_elses_marker_is_never_taken),
    (
        reason::ACCOUNT_ALREADY_BOUND,
        adoption::an_account_bound_to_another_resource_is_refused_until_that_lets_go,
    ),
    (reason::REJECTED_BY_CHATWOOT, lost::what_chatwoot_rejects_is_its_authors_to_correct_and_made_once),
    (reason::REJECTED_BY_CHATWOOT, lost::a_write_that_chatwoot_fails_at_thrice_is_its_last_word),
    (reason::NOT_GRANTED, grants::without_a_grant_nothing_is_sent_and_with_one_all_is),
    (reason::UNAUTHORIZED, instances::a_refused_token_stops_the_instance_and_a_new_one_starts_it),
    (reason::CREDENTIALS_MISSING, instances::an_instance_without_its_token_says_how_to_make_the_secret),
    (
        reason::NOT_PERMITTED,
        adoption::an_account_the_platform_app_may_not_see_comes_with_the_statement_that_permits_it,
    ),
    (reason::REDIRECTED, instances::a_redirect_is_never_followed_and_the_way_out_is_named),
    (
        reason::DIFFERENT_CHATWOOT,
        instances::another_chatwoot_behind_the_same_name_is_noticed_before_anything_is_written,
    ),
    (reason::UNSUPPORTED_CHATWOOT, instances::a_chatwoot_that_is_too_old_is_refused_until_it_is_upgraded),
    (
        reason::CREATE_OUTCOME_UNKNOWN,
        decisions::without_an_index_a_lost_answer_is_a_question_and_nothing_is_sent,
    ),
    (
        reason::DUPLICATE_CREATED,
        decisions::a_second_account_from_a_replaying_proxy_is_found_and_neither_is_deleted,
    ),
    (
        reason::PREVIOUS_ACCOUNT_FOUND,
        decisions::a_new_namespace_of_an_old_name_does_not_get_the_old_ones_account,
    ),
    (
        reason::EXTERNAL_RESOURCE_MISSING,
        decisions::an_account_that_vanished_is_a_question_and_made_anew_only_when_told,
    ),
    (
        reason::DELETION_BLOCKED,
        deletion::a_dead_chatwoot_never_wedges_a_namespace_without_saying_how_to_get_out,
    ),
    (reason::DELETION_BLOCKED, instances::an_instance_in_use_is_protected_until_nobody_is_bound),
    // People's.
    (reason::WAITING_FOR_ACCOUNT, user_memberships::a_person_waits_for_an_account_and_joins_when_it_is_there),
    (reason::ACCOUNT_GONE, user_memberships::an_account_whose_resource_is_gone_keeps_its_people),
    (
        reason::SECRET_INVALID,
        user_passwords::a_password_chatwoot_would_refuse_is_never_sent_and_never_repeated,
    ),
    (reason::NOT_OWNED, user_emails::a_matching_email_never_hands_over_a_stranger),
    (reason::NOT_GRANTED, tenancy::a_grant_narrowed_in_use_freezes_people_and_takes_nothing_back),
    (reason::ACCOUNT_ALREADY_BOUND, user_adoption::somebody_bound_to_another_resource_is_refused),
    (reason::INVALID_SPEC, user_adoption::the_address_must_be_theirs),
    (
        reason::NOT_PERMITTED,
        user_adoption::somebody_the_platform_app_may_not_see_comes_with_the_statement_that_permits_it,
    ),
    (reason::REJECTED_BY_CHATWOOT, user_answers::every_reason_of_a_failing_call_is_reached_and_left_again),
    (reason::CHATWOOT_UNAVAILABLE, users::while_an_account_is_cleaned_up_only_its_people_wait),
    (reason::EXTERNAL_RESOURCE_MISSING, users::nobody_is_made_again_in_what_may_be_another_chatwoot),
    (reason::DELETION_BLOCKED, user_deletion::a_dead_chatwoot_blocks_and_says_the_way_out),
    // What is inside accounts.
    (reason::AUTOMATION_DISABLED, content::without_automation_the_message_says_what_the_admin_writes),
    (reason::WAITING_FOR_REFERENCE, webhooks::an_inbox_that_is_named_is_waited_for),
];

#[test]
fn every_reason_is_reached_by_a_test() {
    let listed: BTreeSet<&str> = REACHED_BY.iter().map(|(reason, _)| *reason).collect();
    let all: BTreeSet<&str> = REASONS.iter().map(|explanation| explanation.reason).collect();
    assert_eq!(listed, all);
}
