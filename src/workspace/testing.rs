//! What the tests of this layer share.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use super::fault;

/// Tries to make an input that breaks a property smaller.
const SHRINK_MAX: u32 = 4_096;

/// So many cases, or that times what the variable `COPPICE_TEST_SCALE` says: a night has time for more than a change.
pub fn scaled(cases: usize) -> usize {
    let scale = std::env::var("COPPICE_TEST_SCALE").ok().and_then(|s| s.parse().ok());
    cases.saturating_mul(scale.unwrap_or(1))
}

/// Tries the property on that many inputs; panics with a small one that breaks it.
#[track_caller]
pub fn holds<S: Strategy>(cases: usize, inputs: S, property: impl Fn(S::Value) -> TestCaseResult) {
    // With a fault switched on, the first input that breaks it will do.
    let shrink = if fault::any() { 0 } else { SHRINK_MAX };
    let config = Config {
        cases: u32::try_from(scaled(cases)).unwrap_or(u32::MAX),
        max_shrink_iters: shrink,
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(error) = TestRunner::new(config).run(&inputs, property) {
        panic!("{error}");
    }
}
