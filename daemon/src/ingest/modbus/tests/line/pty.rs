//! A pair of pseudo-terminals: the far end of a serial line.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, unix::AsyncFd};

pub(super) struct Pty {
    far: AsyncFd<OwnedFd>,
    /// Held open, so that the line does not end with the client's last handle.
    _near: File,
}

impl Pty {
    /// The far end, and the path of the near one.
    #[expect(deprecated, reason = "its successor is unsafe; an owned descriptor is safe in both")]
    pub(super) fn open() -> io::Result<(Self, String)> {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&far)?;
        unlockpt(&far)?;
        rustix::io::ioctl_fionbio(&far, true)?;
        let path = ptsname(&far, Vec::new())?.into_string().map_err(io::Error::other)?;
        let near = File::options().read(true).write(true).open(&path)?;
        Ok((Self { far: AsyncFd::new(far)?, _near: near }, path))
    }
}

impl AsyncRead for Pty {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.far.poll_read_ready(context))?;
            let room = into.initialize_unfilled();
            if let Ok(read) = guard.try_io(|far| Ok(rustix::io::read(far, room)?)) {
                into.advance(read?);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Pty {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.far.poll_write_ready(context))?;
            if let Ok(written) = guard.try_io(|far| Ok(rustix::io::write(far, bytes)?)) {
                return Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
