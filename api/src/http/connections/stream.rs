//! The stream of one connection: it holds the connection's permit, gives up on clients that do not read, and counts what a
//! websocket receives.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_io_timeout::TimeoutWriter;

use super::admission::ConnectionPermit;
use crate::http::memory::Reservation;

/// Time that a client may leave everything unread that was sent to it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to a client.
pub(super) struct ConnectionStream {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    meter: Meter,
    _permit: ConnectionPermit,
}

/// Counts the bytes of the websocket message that a connection receives, with the heads of its frames: each costs time
/// however little its frame holds. It counts nothing until a budget is set: bodies of requests are counted where they are
/// read.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Meter(Arc<Mutex<Option<Counter>>>);

#[derive(Debug)]
struct Counter {
    reservation: Reservation,
    limit: usize,
}

/// The head of a frame from a client that holds at most 125 bytes.
const FRAME_HEAD_BYTES: usize = 6;

/// Bytes that the frames of any message may add to its limit.
const FRAMES_BYTES: usize = 16 * 1024;

impl Meter {
    /// Counts from now on. Reading fails once the reservation cannot grow, or once a message of at most `message_bytes` has
    /// come in far too many frames.
    pub(in crate::http) fn start(&self, reservation: Reservation, message_bytes: usize) {
        let limit = message_bytes.saturating_mul(2).saturating_add(FRAMES_BYTES);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Counter { reservation, limit });
    }

    /// Forgets the bytes counted so far: a message is complete.
    pub(in crate::http) fn message_received(&self) {
        if let Some(counter) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            counter.reservation.clear();
        }
    }

    /// Forgets a ping or a pong, which may come between the frames of a message.
    pub(in crate::http) fn control_frame_received(&self, payload_bytes: usize) {
        if let Some(counter) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            counter.reservation.shrink(payload_bytes + FRAME_HEAD_BYTES);
        }
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(counter) => counter.count(bytes),
            None => Ok(()),
        }
    }
}

impl Counter {
    fn count(&mut self, bytes: usize) -> io::Result<()> {
        self.reservation.grow(bytes).map_err(io::Error::other)?;
        if self.reservation.bytes() > self.limit {
            return Err(io::Error::other("a message came in too many frames"));
        }
        Ok(())
    }
}

impl ConnectionStream {
    /// Wraps an accepted connection. The meter is the stream's own.
    pub(super) fn new(stream: TcpStream, permit: ConnectionPermit) -> (Self, Meter) {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(WRITE_TIMEOUT));
        let meter = Meter::default();
        (Self { stream: Box::pin(stream), meter: meter.clone(), _permit: permit }, meter)
    }
}

impl AsyncRead for ConnectionStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.stream.as_mut().poll_read(cx, buf))?;
        Poll::Ready(self.meter.count(buf.filled().len() - before))
    }
}

impl AsyncWrite for ConnectionStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::{
        config::Config,
        http::{
            connections::admission::Admission,
            memory::{FREE_BYTES, MemoryBudget},
        },
        throttle::Address,
    };

    /// Both ends of a connection, and the meter of the server's.
    async fn connected() -> (TcpStream, ConnectionStream, Meter) {
        let config = Config::development("127.0.0.1:0".parse().unwrap(), String::new(), String::new()).unwrap();
        let permit = Admission::new(&config).admit(Ipv4Addr::LOCALHOST.into()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, meter) = ConnectionStream::new(listener.accept().await.unwrap().0, permit);
        (client, stream, meter)
    }

    #[tokio::test]
    async fn a_message_that_does_not_fit_the_budget_ends_its_connection() {
        let (mut client, mut server, meter) = connected().await;
        let mut part = vec![0; FREE_BYTES];
        client.write_all(&part.repeat(4)).await.unwrap();
        server.read_exact(&mut part).await.expect("nothing is counted before a budget is set");
        meter.start(MemoryBudget::new(1000, 1000).reserve(Address::default()), usize::MAX);
        server.read_exact(&mut part).await.unwrap();
        meter.message_received();
        server.read_exact(&mut part).await.unwrap();
        assert!(server.read_exact(&mut part).await.is_err());
    }

    #[tokio::test]
    async fn a_message_in_too_many_frames_ends_its_connection_and_pings_do_not_count() {
        let (mut client, mut server, meter) = connected().await;
        let mut part = vec![0; FRAMES_BYTES];
        client.write_all(&part.repeat(3)).await.unwrap();
        meter.start(MemoryBudget::new(1_000_000, 1_000_000).reserve(Address::default()), 0);
        server.read_exact(&mut part).await.unwrap();
        meter.control_frame_received(FRAMES_BYTES - FRAME_HEAD_BYTES);
        server.read_exact(&mut part).await.unwrap();
        assert!(server.read_exact(&mut part).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_given_up() {
        let (client, mut server, _) = connected().await;
        let error = loop {
            if let Err(error) = server.write_all(&vec![0; 65_536]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
    }
}
