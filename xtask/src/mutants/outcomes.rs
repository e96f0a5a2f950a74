//! The results of cargo-mutants so far, which it writes to files as it goes.

use std::fs;
use std::path::Path;

/// Counts of mutants, and the survivors.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes {
    pub(super) caught: usize,
    pub(super) timeouts: usize,
    pub(super) unviable: usize,
    pub(super) missed: Vec<String>,
}

impl Outcomes {
    /// Reads the results below `output`. A missing file counts as empty.
    pub(super) fn read(output: &Path) -> Self {
        let lines = |name: &str| -> Vec<String> {
            let text = fs::read_to_string(output.join("mutants.out").join(name)).unwrap_or_default();
            text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        Self {
            caught: lines("caught.txt").len(),
            timeouts: lines("timeout.txt").len(),
            unviable: lines("unviable.txt").len(),
            missed: lines("missed.txt"),
        }
    }

    pub(super) fn tried(&self) -> usize {
        self.caught + self.timeouts + self.unviable + self.missed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_an_interrupted_run_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("mutants.out");
        fs::create_dir(&files).unwrap();
        fs::write(files.join("caught.txt"), "a\nb\n").unwrap();
        fs::write(files.join("missed.txt"), "src/x.rs:1:2: replace < with <= in f\n").unwrap();
        let outcomes = Outcomes::read(folder.path());
        assert_eq!((outcomes.caught, outcomes.tried()), (2, 3));
        assert_eq!(outcomes.missed, ["src/x.rs:1:2: replace < with <= in f"]);
        assert_eq!(Outcomes::read(&files), Outcomes::default());
    }
}
