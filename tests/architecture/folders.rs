//! The folders of each crate are layers: one imports only from those below it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::imports::{SourceFile, read_crate};

/// The folders and files at the top of one crate, from the bottom up. Those of one group may import one another.
struct Layout {
    name: &'static str,
    groups: &'static [&'static [&'static str]],
    /// Those that list what the whole crate exports, and so import from its root.
    listings: &'static [&'static str],
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "arango-protocol",
        groups: &[
            &["version"],
            &["metadata"],
            &["affinity", "requirement"],
            &["properties"],
            &["database_name"],
            &["build_error", "created_resource", "request_builder", "request_path"],
            &["error"],
            &["values"],
            &["decode_error_path"],
            &["spare_header_maps"],
            &["api_response", "output_error"],
            &["identity"],
            &["operation"],
            &["resolve"],
            &["login"],
            &["renew_token"],
        ],
        listings: &[],
    },
    Layout {
        name: "arango-balance",
        groups: &[
            &["sync"],
            &["random_source"],
            &["health"],
            &["load"],
            &["members"],
            &["pick"],
            &["policy"],
            &["discovery"],
            &["layer"],
            &["loom_tests"],
        ],
        listings: &[],
    },
    Layout {
        name: "arango-cluster",
        groups: &[
            &["types"],
            &["server"],
            &["jobs"],
            &["rebalance"],
            &["log"],
            &["metrics"],
            &["statistics"],
            &["shutdown"],
            &["server_count"],
            &["sort_migration"],
            &["health"],
            &["maintenance"],
            &["license"],
            &["agency"],
            &["tokens"],
            &["shards"],
            &["removal"],
            &["diagnostics"],
            &["keys"],
            &["compact"],
            &["endpoints"],
            &["unique_ids"],
            &["user_databases"],
            &["for_each_operation"],
            &["testing"],
            &["fixtures"],
            &["operation_tests"],
            &["foreign_responses"],
        ],
        listings: &["for_each_operation", "operation_tests", "foreign_responses", "fixtures"],
    },
    Layout {
        name: "arango-data",
        groups: &[
            &["expected_error", "drop_status"],
            &["property_difference", "json_covers"],
            &["ensured"],
            &["names"],
            &["json"],
            &["documents"],
            &["collections"],
            &["indexes"],
            &["views"],
            &["analyzers"],
            &["graphs"],
            &["databases"],
            &["queries"],
            &["transactions"],
            &["traversals"],
            &["users"],
            &["for_each_operation"],
            &["testing"],
            &["operation_tests"],
        ],
        listings: &["for_each_operation", "operation_tests"],
    },
    Layout {
        name: "arango-transport",
        groups: &[
            &["types"],
            &["error"],
            &["credentials"],
            &["config"],
            &["tls"],
            &["connect"],
            &["call"],
            &["telemetry"],
            &["pool"],
            &["compression"],
            &["layers"],
            &["client"],
        ],
        listings: &[],
    },
    Layout {
        name: "arango",
        groups: &[&["balance", "transport"], &["handles"], &["data"], &["client"], &["long_running"]],
        listings: &[],
    },
    Layout {
        name: "arango-test-aql",
        groups: &[
            &["error"],
            &["value"],
            &["store"],
            &["functions"],
            &["syntax"],
            &["check"],
            &["execute"],
            &["query"],
        ],
        listings: &[],
    },
    Layout {
        name: "arango-test-cluster",
        groups: &[
            &["http"],
            &["model"],
            &["tls"],
            &["config"],
            &["journal"],
            &["store"],
            &["state"],
            &["faults"],
            &["api"],
            &["admission"],
            &["server"],
            &["proxy"],
        ],
        listings: &[],
    },
];

impl Layout {
    fn read(&self) -> Vec<SourceFile> {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(self.name).join("src");
        read_crate(&src)
    }

    fn level(&self, folder: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.contains(&folder))
    }
}

#[test]
fn no_folder_imports_from_one_above_it() {
    let mut upward = BTreeSet::new();
    for layout in LAYOUTS {
        for file in layout.read().iter().filter(|file| !file.module.is_empty()) {
            let own = &file.module[0];
            for path in &file.uses {
                let Some(other) = path.first().filter(|other| *other != own) else { continue };
                if let (Some(from), Some(to)) = (layout.level(own), layout.level(other))
                    && to > from
                {
                    upward.insert(format!(
                        "{}: `{own}` imports from `{other}`, which is above it ({})",
                        layout.name,
                        file.path.display()
                    ));
                }
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn every_folder_and_file_has_its_place_in_the_order() {
    for layout in LAYOUTS {
        let there: BTreeSet<String> =
            layout.read().into_iter().filter_map(|file| file.module.into_iter().next()).collect();
        let ordered: BTreeSet<String> =
            layout.groups.iter().flat_map(|group| group.iter().map(ToString::to_string)).collect();
        assert_eq!(there, ordered, "{}", layout.name);
    }
}

/// Folders and files that only tests use, besides the listings: the page leaves them out.
const FOR_TESTS: &[&str] = &["loom_tests", "testing"];

/// The names in code of a line of the page, in their order.
fn code(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_page_of_the_architecture_has_the_same_order() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/architecture.md");
    let page = std::fs::read_to_string(page).unwrap();
    // Most folders of this crate are named as one group, "one folder for each subject".
    for layout in LAYOUTS.iter().filter(|layout| layout.name != "arango-cluster") {
        let begin = format!("| `{}` | ", layout.name);
        let row = page.lines().find_map(|line| line.strip_prefix(&begin)).unwrap();
        let expected: Vec<Vec<&str>> = layout
            .groups
            .iter()
            .map(|group| {
                let is_listed = |name: &&str| !FOR_TESTS.contains(name) && !layout.listings.contains(name);
                group.iter().copied().filter(is_listed).collect()
            })
            .filter(|group: &Vec<&str>| !group.is_empty())
            .collect();
        let listed: Vec<Vec<&str>> = row.split('·').map(code).collect();
        assert_eq!(listed, expected, "{}", layout.name);
    }
    let (_, contract) = page.split_once("The folder `contract` of `xtask` is built the same way: ").unwrap();
    let (contract, _) = contract.split_once(". ").unwrap();
    assert_eq!(code(contract), CONTRACT);
}

/// Through the root of a crate everything can be reached, so that an import would not show its folder.
#[test]
fn nothing_is_imported_through_the_root_of_its_crate() {
    let mut found = BTreeSet::new();
    for layout in LAYOUTS {
        for file in layout.read().iter().filter(|file| !file.module.is_empty()) {
            if layout.listings.contains(&file.module[0].as_str()) {
                continue;
            }
            for path in &file.uses {
                if path.first().is_some_and(|first| layout.level(first).is_none()) {
                    found.insert(format!(
                        "{}: {} imports `crate::{}`",
                        layout.name,
                        file.path.display(),
                        path.join("::")
                    ));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The layers of the contract of xtask, from the bottom up, and what it imports besides.
const CONTRACT: &[&str] = &[
    "version",
    "answer",
    "shape",
    "script",
    "recording",
    "compare",
    "documented",
    "session",
    "questions",
    "recorder",
    "embedded_clusters",
    "commands",
];
const BESIDE_THE_CONTRACT: &[&str] =
    &["cli", "cluster", "columns", "consent", "interruption", "out_file", "workspace"];

#[test]
fn the_contract_of_xtask_is_made_of_layers_and_imports_no_other_task() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/src");
    let level = |name: &str| CONTRACT.iter().position(|layer| *layer == name);
    let mut faults = BTreeSet::new();
    let mut files = 0;
    for file in
        read_crate(&src).iter().filter(|file| file.module.first().is_some_and(|top| top == "contract"))
    {
        let Some(own) = file.module.get(1) else { continue };
        files += 1;
        for path in &file.uses {
            let is_fine = match path.first().map(String::as_str) {
                Some("contract") => match (level(own), path.get(1).and_then(|other| level(other))) {
                    (Some(from), Some(to)) => to <= from,
                    _ => false,
                },
                Some(other) => BESIDE_THE_CONTRACT.contains(&other),
                None => true,
            };
            if !is_fine {
                faults.insert(format!("{}: {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(files > CONTRACT.len() && faults.is_empty(), "{files} files, {faults:#?}");
}
