//! One connection as hyper reads and writes it: closed when nothing happens on it for too long, which is measured by
//! whose turn it is, and with a whole problem where hyper itself refuses what it cannot read.

use super::{turn::Turn, unread::Unread};
use crate::{Error, edge};
use service::ConnectionTimes;
use std::{
    io,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep, sleep_until},
};

/// How long, and how much of, what a refused client still sends is read and thrown away: a connection that is closed
/// with something unread in it is reset, and the client loses the answer.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1024 * 1024);

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    times: ConnectionTimes,
    turn: Turn,
    unread: Unread,
    /// Until when the client must have done what it is waited for.
    until: Instant,
    /// Whether a request has begun to come.
    has_begun: bool,
    /// Looks at `until` now and then; it need not be moved for every request.
    reading: Pin<Box<Sleep>>,
    /// Since when the client has taken nothing.
    writing: Option<Pin<Box<Sleep>>>,
    /// Our words instead of hyper's, and how many of them are sent.
    refusal: Option<(Vec<u8>, usize)>,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        times: ConnectionTimes,
        turn: Turn,
        unread: Unread,
    ) -> Self {
        let until = Instant::now() + times.idle;
        Self {
            stream,
            times,
            turn,
            unread,
            until,
            has_begun: false,
            reading: Box::pin(sleep_until(until)),
            writing: None,
            refusal: None,
            lingering: None,
        }
    }

    /// Ready when the client's time is up.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.reading.deadline() > self.until {
                self.reading.as_mut().reset(self.until);
            }
            ready!(self.reading.as_mut().poll(cx));
            if Instant::now() >= self.until {
                return Poll::Ready(());
            }
            self.reading.as_mut().reset(self.until);
        }
    }

    /// What became of a write; one that has waited for too long has failed.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let time = self.times.write;
        let waiting = self.writing.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(waiting.as_mut().poll(cx));
        // Else the kernel would keep for minutes what the client does not take.
        if let Err(e) = self.stream.set_zero_linger() {
            tracing::debug!(error = %e, "a connection cannot be reset");
        }
        let nothing = "the client takes nothing of its answer";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, nothing)))
    }

    /// Says in our words what hyper says in `head`: that it cannot read the request.
    fn poll_refuse(
        &mut self,
        cx: &mut Context<'_>,
        head: &[u8],
        len: usize,
    ) -> Poll<io::Result<usize>> {
        let (words, mut sent) = self
            .refusal
            .take()
            .unwrap_or_else(|| (edge::unasked(&unreadable(head)), 0));
        while sent < words.len() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &words[sent..]);
            match self.written(cx, written) {
                Poll::Ready(Ok(n)) => sent += n,
                other => {
                    self.refusal = Some((words, sent));
                    return other;
                }
            }
        }
        self.refusal = Some((words, sent));
        Poll::Ready(Ok(len))
    }
}

/// Why hyper refuses a request, by the head of its own answer.
fn unreadable(head: &[u8]) -> Error {
    match head.get(9..12) {
        Some(b"431") => Error::HeadersTooLarge,
        Some(b"414") => Error::UriTooLong,
        _ => Error::Malformed("The request is not one of HTTP/1.1.".into()),
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut me.stream).poll_read(cx, buf);
        if !me.turn.is_clients() {
            return read;
        }
        if read.is_ready() {
            if !me.has_begun && buf.filled().len() > before {
                me.has_begun = true;
                me.until = Instant::now() + me.times.header;
            }
            return read;
        }
        ready!(me.poll_late(cx));
        let late = "no request came in time";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, late)))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        // Nobody of ours was asked.
        if me.turn.is_clients() {
            let Some(head) = bufs.iter().find(|buf| !buf.is_empty()) else {
                return Poll::Ready(Ok(0));
            };
            let len = bufs.iter().map(|buf| buf.len()).sum();
            return me.poll_refuse(cx, head, len);
        }
        let written = Pin::new(&mut me.stream).poll_write_vectored(cx, bufs);
        me.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        // hyper flushes when it has written everything.
        if me.turn.sent() {
            me.has_begun = false;
            me.until = Instant::now() + me.times.idle;
            // hyper may not read again until something comes; the clock must wake it, too.
            if me.poll_late(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Pin::new(&mut me.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.lingering.is_none() {
            ready!(Pin::new(&mut me.stream).poll_shutdown(cx))?;
        }
        let mut rest = [0; 4096];
        loop {
            let mut rest = ReadBuf::new(&mut rest);
            match Pin::new(&mut me.stream).poll_read(cx, &mut rest) {
                Poll::Ready(Ok(())) if !rest.filled().is_empty() => {
                    let begin = || (Box::pin(sleep(LINGER.0)), 0);
                    let (_, read) = me.lingering.get_or_insert_with(begin);
                    *read += rest.filled().len();
                    if *read > LINGER.1 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => break,
            }
        }
        if me.refusal.is_some() || me.unread.is_left() {
            // More may be on its way.
            me.lingering
                .get_or_insert_with(|| (Box::pin(sleep(LINGER.0)), 0));
        }
        match &mut me.lingering {
            Some((time, _)) => time.as_mut().poll(cx).map(Ok),
            None => Poll::Ready(Ok(())),
        }
    }
}
