//! `GET /api/v1/notices/export`: the ledger as a file, written while it is read.
//!
//! Invariant: two pieces wait at most: whoever reads slowly makes us read slowly. One that breaks off breaks off the answer, so
//! that nobody takes half of a ledger for all of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header;
use bytes::Bytes;
use hyper::body::Frame;
use openid::wire::form::Form;
use store::NoticeFilter;
use tokio::sync::mpsc;

use super::reading::{filter, given};
use super::{Ended, Problem, known};
use crate::answer::{Answer, put};
use crate::op::Op;
use crate::view::export::{Export, Format};

/// The ledger could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("the ledger could not be read to its end")]
struct BrokenOff;

/// A body of pieces that are still being read.
struct Pieces(mpsc::Receiver<Result<Bytes, BrokenOff>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// The endpoint.
pub(super) fn export(op: &Op, query: &Form) -> Ended {
    let names = ["format", "state", "client", "account", "cause", "session", "text", "cursor"];
    given!(known(query, &names));
    let Some(format) = Format::read(query.get("format").unwrap_or("ndjson")) else {
        return Ok(Err(Problem::meaningless("format must be one of ndjson, csv")));
    };
    let filter = NoticeFilter { limit: u32::MAX, ..given!(filter(query)) };
    let (pieces, body) = mpsc::channel(2);
    let (op, mut export) = (op.clone(), Export::new(filter, format));
    tokio::spawn(async move {
        loop {
            let piece = match export.next(&op).await {
                Ok(None) => return,
                Ok(Some(piece)) => Ok(Bytes::from(piece)),
                Err(fault) => {
                    tracing::error!("an export broke off: {fault:#}");
                    Err(BrokenOff)
                }
            };
            let is_over = piece.is_err();
            // Whoever has hung up wants no more.
            if pieces.send(piece).await.is_err() || is_over {
                return;
            }
        }
    });
    let mut answer = Answer::new(Body::new(Pieces(body)));
    put(&mut answer, header::CONTENT_TYPE, format.media_type());
    let name = format!("attachment; filename=\"notices.{}\"", format.ext());
    put(&mut answer, header::CONTENT_DISPOSITION, &name);
    Ok(Ok(answer))
}
