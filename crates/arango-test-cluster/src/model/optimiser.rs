//! Plans that lower the imbalance, greedily, one move after another.

use super::imbalance::{Layout, SHARD_SIZE};

/// What a plan may move.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) maximum: usize,
    pub(crate) leader_changes: bool,
    pub(crate) move_leaders: bool,
    pub(crate) move_followers: bool,
    pub(crate) pi_factor: f64,
}

/// One move of a plan. Shard and servers are indexes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Move {
    pub(crate) shard: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) is_leader: bool,
    pub(crate) score: f64,
}

/// The number of candidates after which a group may end. It ends at the next change of collection.
const GROUP_SIZE: usize = 1000;

impl Layout {
    /// Plans moves, best first. The layout is unchanged.
    pub(crate) fn plan(&self, options: &Options) -> Vec<Move> {
        let mut work = self.clone();
        let mut plan: Vec<Move> = Vec::new();
        for group in self.candidates(options) {
            let moves = work.best_of(group, options);
            plan.extend(moves);
        }
        plan.sort_by(|one, other| other.score.total_cmp(&one.score));
        plan.truncate(options.maximum);
        plan
    }

    /// Returns all possible moves, in groups that mostly follow collections.
    fn candidates(&self, options: &Options) -> Vec<Vec<Move>> {
        let mut groups = vec![Vec::new()];
        let mut previous = None;
        for (index, shard) in self.shards.iter().enumerate() {
            let group = groups.last_mut().expect("there is always a group to add to");
            let is_good = |server: &usize| self.servers[*server].is_usable;
            let candidate = |from, to, is_leader| Move { shard: index, from, to, is_leader, score: 0.0 };
            let other_servers: Vec<usize> =
                (0..self.servers.len()).filter(|server| is_good(server) && !shard.is_on(*server)).collect();
            if options.leader_changes {
                group.extend(
                    shard
                        .followers
                        .iter()
                        .copied()
                        .filter(is_good)
                        .map(|to| candidate(shard.leader, to, true)),
                );
            }
            if options.move_leaders {
                group.extend(other_servers.iter().map(|to| candidate(shard.leader, *to, true)));
            }
            if options.move_followers {
                group.extend(
                    shard
                        .followers
                        .iter()
                        .flat_map(|from| other_servers.iter().map(|to| candidate(*from, *to, false))),
                );
            }
            // The first shard of the next collection still falls into the old group, as in the original.
            if group.len() > GROUP_SIZE && previous.is_some_and(|previous| previous != shard.collection) {
                groups.push(Vec::new());
            }
            previous = Some(shard.collection);
        }
        groups
    }

    /// Repeatedly takes the best move of a group. All but the last stay applied.
    fn best_of(&mut self, mut group: Vec<Move>, options: &Options) -> Vec<Move> {
        let mut chosen: Vec<Move> = Vec::new();
        let mut bound = f64::INFINITY;
        loop {
            group.retain_mut(|candidate| match self.score(candidate, options.pi_factor) {
                // The score of a later move never exceeds that of an earlier one, so that a merged plan keeps the
                // order.
                Some(score) if score > 0.0 => {
                    candidate.score = score.min(bound);
                    true
                }
                _ => false,
            });
            group.sort_by(|one, other| other.score.total_cmp(&one.score));
            group.truncate(options.maximum);
            if group.is_empty() || chosen.len() == options.maximum {
                return chosen;
            }
            let best = group.remove(0);
            bound = best.score;
            let is_last = group.is_empty() || chosen.len() + 1 == options.maximum;
            if !is_last {
                self.apply(&best);
            }
            chosen.push(best);
        }
    }

    /// Returns by how much a move lowers both imbalances. `None` if it is no longer possible.
    ///
    /// It is computed from the two servers and the one collection that the move touches. In the difference of two total
    /// sums, a change of leaders would be lost in the rounding of squared byte counts.
    fn score(&mut self, step: &Move, pi_factor: f64) -> Option<f64> {
        let before = self.affected_imbalance(step, pi_factor);
        let undo = self.shards[step.shard].clone();
        if !self.apply(step) {
            return None;
        }
        let after = self.affected_imbalance(step, pi_factor);
        self.shards[step.shard] = undo;
        Some(before.0 - after.0 + (before.1 - after.1))
    }

    /// Returns the parts of both imbalances that a move can change.
    fn affected_imbalance(&self, step: &Move, pi_factor: f64) -> (f64, f64) {
        let (mut size, mut weight) = ([0.0; 2], [0.0; 2]);
        let (mut total_size, mut total_weight) = (0.0, 0.0);
        for shard in &self.shards {
            let heaviness = self.collections[shard.collection].weight;
            total_weight += heaviness;
            total_size += SHARD_SIZE * (1.0 + super::double(shard.followers.len()));
            for (place, server) in [step.from, step.to].into_iter().enumerate() {
                if shard.leader == server {
                    weight[place] += heaviness;
                }
                if shard.is_on(server) {
                    size[place] += SHARD_SIZE;
                }
            }
        }
        let (target_size, target_weight) = (self.share(total_size), self.share(total_weight));
        let mut duplicates = vec![0.0; self.servers.len()];
        self.add_duplicates(self.shards[step.shard].collection, pi_factor, &mut duplicates);
        let shards = size.iter().map(|size| (size - target_size).powi(2)).sum();
        let leaders: f64 = weight.iter().map(|weight| (weight - target_weight).powi(2)).sum();
        (shards, leaders + duplicates.iter().sum::<f64>())
    }

    /// Makes a move. Returns `false` and changes nothing if it is impossible.
    pub(crate) fn apply(&mut self, step: &Move) -> bool {
        let shard = &mut self.shards[step.shard];
        let follower = |server| shard.followers.iter().position(|follower| *follower == server);
        match (step.is_leader, follower(step.from), follower(step.to)) {
            (true, _, _) if shard.leader != step.from || step.from == step.to => return false,
            (true, _, Some(swapped)) => {
                shard.followers[swapped] = step.from;
                shard.leader = step.to;
            }
            (true, _, None) => shard.leader = step.to,
            (false, Some(moved), None) if shard.leader != step.to => shard.followers[moved] = step.to,
            (false, _, _) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::imbalance::worked_example;
    use super::*;

    fn options() -> Options {
        Options {
            maximum: 1000,
            leader_changes: true,
            move_leaders: false,
            move_followers: false,
            pi_factor: 1.0,
        }
    }

    fn after(layout: &Layout, plan: &[Move]) -> Layout {
        let mut layout = layout.clone();
        assert!(plan.iter().all(|step| layout.apply(step)), "every move of a plan can be made in its order");
        layout
    }

    #[test]
    fn the_worked_example_is_balanced_by_exactly_one_change_of_leader() {
        let layout = worked_example();
        let plan = layout.plan(&options());

        assert_eq!(plan.len(), 1);
        assert_eq!((plan[0].shard, plan[0].from, plan[0].to, plan[0].is_leader), (1, 0, 2, true));
        assert!((plan[0].score - 8.0).abs() < 1e-9);
        let leader = after(&layout, &plan).leader_imbalance(1.0);
        assert_eq!((leader.weight_used, leader.duplicates), (vec![2.0, 2.0, 1.0], vec![1.0, 1.0, 0.0]));
        assert!((leader.imbalance - 2.666_666_666_666_666_5).abs() < 1e-12);
        assert_eq!(after(&layout, &plan).shard_imbalance(), layout.shard_imbalance());
    }

    #[test]
    fn a_plan_with_all_kinds_of_moves_lowers_both_imbalances() {
        let layout = worked_example();
        let plan = layout.plan(&Options { move_leaders: true, move_followers: true, ..options() });
        let balanced = after(&layout, &plan);

        assert!(balanced.leader_imbalance(1.0).imbalance < layout.leader_imbalance(1.0).imbalance);
        assert!(balanced.shard_imbalance().imbalance <= layout.shard_imbalance().imbalance);
    }

    #[test]
    fn no_plan_exceeds_the_maximum() {
        let layout = worked_example();

        assert_eq!(layout.plan(&Options { maximum: 0, ..options() }), []);
        assert_eq!(layout.plan(&Options { maximum: 1, move_followers: true, ..options() }).len(), 1);
    }

    #[test]
    fn nothing_is_moved_to_a_server_that_is_not_good() {
        let mut layout = worked_example();
        layout.servers[2].is_usable = false;

        assert!(layout.plan(&options()).iter().all(|step| step.to != 2));
    }
}
