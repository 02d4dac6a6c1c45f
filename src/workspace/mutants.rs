//! Each fault is found by the model that is there to find it; those that only a schedule shows are looked for in
//! `keeper::tests::schedules`.

use super::fault::{Fault, caught};
use super::{keeper, ledger, slot, victims};

/// Cases within which a fault has to show; the rarest needs some hundreds.
const CASES: usize = 8_192;

#[track_caller]
fn all_found(faults: &[Fault], model: fn(usize)) {
    for fault in faults {
        assert!(caught(*fault, || model(CASES)), "{fault:?} goes unnoticed");
    }
}

#[test]
fn mistakes_in_the_ledger_are_found_by_its_model() {
    let faults = [
        Fault::SettleUnchecked,
        Fault::RetireBeforeCheck,
        Fault::ForgottenRetire,
        Fault::DoubleRelease,
        Fault::GrowUnchecked,
    ];
    all_found(&faults, ledger::tests::model);
}

#[test]
fn mistakes_in_the_life_of_a_folder_are_found_by_its_model() {
    let faults = [Fault::ChangesForgotten, Fault::NoFollowUp, Fault::StartedTwice];
    all_found(&faults, slot::tests::model);
}

#[test]
fn mistakes_in_the_plan_are_found_by_its_model() {
    all_found(&[Fault::RecentFirst], victims::tests::model);
}

#[test]
fn mistakes_in_the_protocol_are_found_by_its_model() {
    let faults = [
        Fault::SettleUnchecked,
        Fault::ForgottenRetire,
        Fault::DoubleRelease,
        Fault::GrowUnchecked,
        Fault::ForgottenEviction,
        Fault::PublishUnchecked,
        Fault::PinnedPlanned,
        Fault::NotMarkedStale,
        Fault::NoFollowUp,
    ];
    all_found(&faults, keeper::tests::model::model);
}
