//! The rules of the optimizer. They are listed, and optimize nothing.

use serde_json::{Value, json};

/// The rules of 3.12 in their order, each with its flags: `h` hidden, `c` for clusters only, `f` fixed (it cannot be
/// disabled), `p` may create additional plans, `d` disabled by default, `e` for the Enterprise Edition only.
const RULES: &str = "
    replace-function-with-index f
    inline-subqueries
    simplify-conditions
    move-calculations-up
    move-filters-up
    remove-redundant-calculations
    remove-unnecessary-filters
    remove-unnecessary-calculations
    specialize-collect hfp
    remove-redundant-sorts
    optimize-subqueries
    interchange-adjacent-enumerations p
    move-calculations-up-2
    move-filters-up-2
    remove-redundant-sorts-2
    remove-sort-rand-limit-1
    remove-collect-variables
    propagate-constant-attributes
    remove-data-modification-out-variables
    replace-or-with-in
    remove-redundant-or
    geo-index-optimizer
    use-indexes
    remove-filter-covered-by-index
    remove-unnecessary-filters-2
    use-index-for-sort
    sort-in-values
    optimize-traversal-last-element-access
    optimize-traversals
    optimize-paths
    remove-filter-covered-by-traversal
    handle-arangosearch-views f
    arangosearch-constrained-sort
    remove-unnecessary-calculations-2
    remove-redundant-path-var
    optimize-cluster-single-document-operations c
    optimize-cluster-multiple-document-operations c
    move-calculations-down
    fuse-filters
    cluster-one-shard ce
    cluster-lift-constant-for-disjoint-graph-nodes cfe
    distribute-in-cluster cf
    smart-joins ce
    scatter-in-cluster cf
    scatter-satellite-graphs ce
    remove-satellite-joins ce
    remove-distribute-nodes ce
    distribute-offset-info-to-cluster cfe
    distribute-filtercalc-to-cluster c
    distribute-sort-to-cluster c
    move-filters-into-enumerate
    remove-unnecessary-calculations-3 hd
    remove-unnecessary-remote-scatter c
    undistribute-remove-after-enum-coll c
    collect-in-cluster c
    sort-limit
    reduce-extraction-to-projection
    restrict-to-single-shard c
    optimize-count
    parallelize-gather c
    async-prefetch hd
    decay-unnecessary-sorted-gather c
    push-subqueries-to-dbserver ce
    late-document-materialization-arangosearch
    late-document-materialization
    late-materialization-offset-info e
    join-index-nodes d
    splice-subqueries f
";

/// Returns the list of `GET /_api/query/rules`.
pub(super) fn list() -> Value {
    let rules = RULES.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, flags) = (words.next()?, words.next().unwrap_or_default());
        Some(json!({
            "name": name,
            "flags": {
                "hidden": flags.contains('h'), "clusterOnly": flags.contains('c'),
                "canBeDisabled": !flags.contains('f'), "canCreateAdditionalPlans": flags.contains('p'),
                "disabledByDefault": flags.contains('d'), "enterpriseOnly": flags.contains('e'),
            },
        }))
    });
    rules.collect()
}
