//! A file that is written at the end of a task that takes minutes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// A file that was opened before there is anything to write. On drop it is removed, if it was created here and is empty.
#[derive(Debug)]
pub(crate) struct OutFile {
    path: PathBuf,
    file: File,
    is_unused: bool,
}

impl OutFile {
    /// Opens or creates the file, and leaves what it contains.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let open = || -> io::Result<(File, bool)> {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Ok((OpenOptions::new().write(true).open(&path)?, false))
                }
                created => Ok((created?, true)),
            }
        };
        let (file, is_unused) = open().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file, is_unused })
    }

    /// Replaces what the file contains.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn write(mut self, text: &str) -> Result<()> {
        self.is_unused = false;
        let mut write = || -> io::Result<()> {
            // A pipe or a device has no length.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.file.write_all(text.as_bytes())
        };
        write().with_context(|| format!("cannot write {}", self.path.display()))?;
        anstream::eprintln!("written to {}", self.path.display());
        Ok(())
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if self.is_unused {
            // An empty file that stays does no harm.
            _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_by_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "a longer text").unwrap();

        drop(OutFile::open(old.clone()).unwrap());
        drop(OutFile::open(new.clone()).unwrap());
        assert_eq!((fs::read_to_string(&old).unwrap().as_str(), new.exists()), ("a longer text", false));

        for path in [&old, &new] {
            OutFile::open(path.clone()).unwrap().write("short").unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), "short");
        }
    }
}
