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

/// Counts the bytes of the websocket message that a connection receives. It counts nothing until a budget is set: bodies
/// of requests are counted where they are read.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Meter(Arc<Mutex<Option<Reservation>>>);

impl Meter {
    /// Counts from now on. Reading fails once the reservation cannot grow.
    pub(in crate::http) fn start(&self, reservation: Reservation) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reservation);
    }

    /// Forgets the bytes counted so far: a message is complete.
    pub(in crate::http) fn message_received(&self) {
        if let Some(reservation) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            reservation.clear();
        }
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(reservation) => reservation.grow(bytes).map_err(io::Error::other),
            None => Ok(()),
        }
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
        meter.start(MemoryBudget::new(1000, 1000).reserve(Address::default()));
        server.read_exact(&mut part).await.unwrap();
        meter.message_received();
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
