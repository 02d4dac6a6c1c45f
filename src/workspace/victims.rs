//! Which folders give up their graphs when another needs the memory.

use super::fault::{Fault, injected};
use super::slot::FolderId;

/// What the plan may know of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub folder: FolderId,
    /// Bytes that an eviction would set free once no reader holds the graph.
    pub bytes: u64,
    /// Number of its last use; larger is more recent.
    pub last_use: u64,
    /// Pinned by the user, or busy with a build that stands on the graph.
    pub protected: bool,
}

/// Whom to evict, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub victims: Vec<FolderId>,
    /// What the victims hold together.
    pub bytes: u64,
}

/// The least recently used folders, never protected ones, never the requester, until they hold `need` bytes.
///
/// `Err` carries the most that could be had: nobody is to be evicted for a need that cannot be met.
pub fn plan(candidates: &[Candidate], requester: Option<FolderId>, need: u64) -> Result<Plan, u64> {
    let mut able: Vec<&Candidate> =
        candidates.iter().filter(|c| !c.protected && c.bytes > 0 && Some(c.folder) != requester).collect();
    able.sort_by_key(|c| (c.last_use, c.folder));
    if injected(Fault::RecentFirst) {
        able.reverse();
    }
    let mut plan = Plan::default();
    for candidate in able {
        if plan.bytes >= need {
            break;
        }
        plan.victims.push(candidate.folder);
        plan.bytes = plan.bytes.saturating_add(candidate.bytes);
    }
    if plan.bytes >= need { Ok(plan) } else { Err(plan.bytes) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::testing::holds;
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::TestCaseResult;

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (0u64..50, 0u64..6, any::<bool>());
        prop::collection::vec(one, 0..12).prop_map(|rows| {
            let row = |(i, (bytes, last_use, protected)): (usize, (u64, u64, bool))| Candidate {
                folder: FolderId(i as u32),
                bytes,
                last_use,
                protected,
            };
            rows.into_iter().enumerate().map(row).collect()
        })
    }

    fn plan_is_shortest(all: &[Candidate], requester: u32, need: u64) -> TestCaseResult {
        let requester = FolderId(requester);
        let may = |c: &&Candidate| !c.protected && c.folder != requester;
        let most: u64 = all.iter().filter(may).map(|c| c.bytes).sum();
        match plan(all, Some(requester), need) {
            Err(had) => {
                prop_assert!(most < need);
                prop_assert_eq!(had, most);
            }
            Ok(plan) => {
                let of = |id: FolderId| all.iter().find(|c| c.folder == id).unwrap();
                let sum: u64 = plan.victims.iter().map(|v| of(*v).bytes).sum();
                prop_assert_eq!(sum, plan.bytes);
                prop_assert!(sum >= need);
                prop_assert!(plan.victims.iter().all(|v| may(&of(*v))));
                if let Some(last) = plan.victims.last() {
                    prop_assert!(sum - of(*last).bytes < need, "one victim too many");
                    let youngest = of(*last).last_use;
                    let spared = all.iter().filter(may).filter(|c| c.bytes > 0);
                    for c in spared.filter(|c| !plan.victims.contains(&c.folder)) {
                        prop_assert!(c.last_use >= youngest, "a less recently used folder was spared");
                    }
                }
            }
        }
        Ok(())
    }

    /// The plan is the shortest run of the least recently used.
    pub(in super::super) fn model(cases: usize) {
        let inputs = (candidates(), 0u32..12, 0u64..200);
        holds(cases, inputs, |(all, requester, need)| plan_is_shortest(&all, requester, need));
    }

    #[test]
    fn the_plan_is_the_shortest_run_of_least_recently_used() {
        model(256);
    }
}
