//! What can be wrong with a file before anything in it is read.

use std::io;
use std::path::{Path, PathBuf};

/// Without a word about what kind of file it is: who opens it knows, and gives the fault its own name.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the path names no file")]
    Nameless,
    #[error("somebody else has it")]
    Locked,
    #[error("its log is there, and the file is not")]
    LogAlone,
    #[error("it is another program's file")]
    Foreign,
    #[error("the file is cut: it has {bytes} bytes")]
    Cut { bytes: u64 },
    #[error("{}: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

impl Fault {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { path, cause }
    }
}
