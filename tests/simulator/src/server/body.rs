//! A response body that may break off in the middle.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// The bytes to send, and whether the connection breaks after them.
pub struct Answer {
    bytes: Option<Bytes>,
    breaks: bool,
    length: u64,
}

impl Answer {
    pub fn whole(bytes: Bytes) -> Self {
        Answer { length: bytes.len() as u64, bytes: Some(bytes), breaks: false }
    }

    /// Promises all bytes, sends the first half, then fails.
    pub fn half(bytes: Bytes) -> Self {
        Answer { length: bytes.len() as u64, bytes: Some(bytes.slice(..bytes.len() / 2)), breaks: true }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.bytes.take() {
            Some(bytes) if !bytes.is_empty() => {
                if self.breaks {
                    // Lets the first half go out before the failure is found.
                    context.waker().wake_by_ref();
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            _ if self.breaks => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.breaks && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
