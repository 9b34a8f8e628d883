//! The critical path: the longest chain of gates that are not open up to the one that decides.

/// A gate as far as the path is concerned.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// It is open.
    pub(super) open: bool,
    /// The places of the gates that must be open before it; each is smaller than its own.
    pub(super) upstream: Vec<usize>,
}

/// A gate on the critical path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The place of the gate's row.
    pub gate: usize,
    /// The places of others that are not open, are waited for too, and come at the same turn.
    pub beside: Vec<usize>,
    /// Every gate before it is open, so that its team can act.
    pub can_act: bool,
}

/// The longest chain that ends at this gate; empty where that is open. Of chains of one length, that whose gates
/// come first in the plan.
pub(super) fn critical(gates: &[Node], end: usize) -> Vec<Step> {
    if gates.get(end).is_none_or(|one| one.open) {
        return Vec::new();
    }
    let closed = |place: usize| {
        (gates[place].upstream.iter().copied()).filter(|before| !gates[*before].open)
    };
    // How many gates that are not open stand one behind the other up to this one.
    let mut turns = vec![0_usize; gates.len()];
    for place in 0..gates.len() {
        if !gates[place].open {
            turns[place] = 1 + closed(place).map(|before| turns[before]).max().unwrap_or(0);
        }
    }
    let mut waited_for = vec![false; gates.len()];
    waited_for[end] = true;
    for place in (0..gates.len()).rev().filter(|place| !gates[*place].open) {
        if waited_for[place] {
            closed(place).for_each(|before| waited_for[before] = true);
        }
    }
    let mut chain = vec![end];
    let mut at = end;
    while let Some(before) = closed(at)
        .filter(|before| turns[*before] + 1 == turns[at])
        .min()
    {
        chain.push(before);
        at = before;
    }
    chain.reverse();
    let steps = chain.into_iter().map(|gate| Step {
        gate,
        beside: (0..gates.len())
            .filter(|other| waited_for[*other] && *other != gate && turns[*other] == turns[gate])
            .collect(),
        can_act: turns[gate] == 1,
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn() -> impl Strategy<Value = Vec<Node>> {
        let node = (any::<bool>(), any::<u16>(), any::<bool>());
        proptest::collection::vec(node, 1..9).prop_map(|drawn| {
            let mut nodes: Vec<Node> = Vec::new();
            for (place, (open, bits, also)) in drawn.into_iter().enumerate() {
                let upstream = (0..place)
                    .filter(|before| bits >> before & 1 == 1)
                    .collect();
                nodes.push(Node {
                    open: open && also,
                    upstream,
                });
            }
            nodes
        })
    }

    /// Every chain of gates that are not open and that ends here, the first gate first.
    fn chains(nodes: &[Node], end: usize) -> Vec<Vec<usize>> {
        if nodes[end].open {
            return Vec::new();
        }
        let mut found = vec![vec![end]];
        for before in &nodes[end].upstream {
            for mut chain in chains(nodes, *before) {
                chain.push(end);
                found.push(chain);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn it_is_the_longest_of_all_chains(nodes in drawn()) {
            let all = chains(&nodes, nodes.len() - 1);
            let path = critical(&nodes, nodes.len() - 1);
            let gates: Vec<usize> = path.iter().map(|step| step.gate).collect();
            let longest = all.iter().map(Vec::len).max().unwrap_or(0);
            prop_assert_eq!(gates.len(), longest);
            prop_assert!(gates.is_empty() || all.contains(&gates), "{:?} {:?}", gates, all);
            // Whoever comes first waits for nobody, and nobody else on the path can say so.
            for (turn, step) in path.iter().enumerate() {
                let waits = nodes[step.gate].upstream.iter().any(|one| !nodes[*one].open);
                prop_assert_eq!(step.can_act, !waits);
                prop_assert_eq!(step.can_act, turn == 0);
                for other in &step.beside {
                    // It is on some chain to the last, and its longest own is as long as that up to here.
                    prop_assert!(all.iter().any(|chain| chain.contains(other)));
                    let own = chains(&nodes, *other).iter().map(Vec::len).max();
                    prop_assert_eq!(own, Some(turn + 1));
                }
            }
            // Every gate that the last one waits for is told of at exactly one turn.
            let told: Vec<usize> = path.iter().flat_map(|step| step.beside.iter().copied().chain([step.gate])).collect();
            let mut waited_for: Vec<usize> = all.iter().flatten().copied().collect();
            waited_for.sort_unstable();
            waited_for.dedup();
            let mut sorted = told.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, waited_for);
        }
    }

    #[test]
    fn the_plans_own_path_goes_by_its_teams() {
        let plan = |open: &[usize]| -> Vec<Node> {
            let upstream: [&[usize]; 6] = [&[], &[0], &[0], &[1, 2], &[1], &[0, 1, 2, 3, 4]];
            let each = upstream.iter().enumerate();
            each.map(|(place, upstream)| Node {
                open: open.contains(&place),
                upstream: upstream.to_vec(),
            })
            .collect()
        };
        let step = |gate, beside: &[usize], can_act| Step {
            gate,
            beside: beside.to_vec(),
            can_act,
        };
        let all = [
            step(0, &[], true),
            step(1, &[2], false),
            step(3, &[4], false),
            step(5, &[], false),
        ];
        assert_eq!(critical(&plan(&[]), 5), all);
        let later = [
            step(2, &[4], true),
            step(3, &[], false),
            step(5, &[], false),
        ];
        assert_eq!(critical(&plan(&[0, 1]), 5), later);
        assert_eq!(critical(&plan(&[0, 1, 2, 3, 4]), 5), [step(5, &[], true)]);
        assert!(critical(&plan(&[0, 1, 2, 3, 4, 5]), 5).is_empty());
        assert!(critical(&[], 0).is_empty());
    }
}
