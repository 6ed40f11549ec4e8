//! Network namespaces that threads of this process enter.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace that `ip netns` knows.
#[derive(Clone, Debug)]
pub(crate) struct Namespace(Arc<File>);

impl Namespace {
    pub(crate) fn open(name: &str) -> io::Result<Self> {
        File::open(format!("/run/netns/{name}")).map(|file| Self(Arc::new(file)))
    }

    /// Moves the calling thread; the sockets that it opens from then on are in there, whoever uses them.
    pub(crate) fn enter(&self) -> io::Result<()> {
        Ok(move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))?)
    }

    /// Does something in there, on a thread of its own.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| self.enter().map(|()| work()));
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread in a namespace panicked")))
        })
    }
}
