//! A response body that may break off in the middle.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// What comes after the bytes.
enum Ending {
    Whole,
    /// A pause in which the bytes go out, then the failure.
    Pause,
    Failure,
}

/// The bytes to send, and how the body ends after them.
pub struct Answer {
    bytes: Option<Bytes>,
    ending: Ending,
    length: u64,
}

impl Answer {
    pub fn whole(bytes: Bytes) -> Self {
        Answer { length: bytes.len() as u64, bytes: Some(bytes), ending: Ending::Whole }
    }

    /// Promises all bytes, sends the first half, then fails.
    pub fn half(bytes: Bytes) -> Self {
        Answer {
            length: bytes.len() as u64,
            bytes: Some(bytes.slice(..bytes.len() / 2)),
            ending: Ending::Pause,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.ending {
            Ending::Whole => Poll::Ready(None),
            Ending::Pause => {
                self.ending = Ending::Failure;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Ending::Failure => Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.ending, Ending::Whole) && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
