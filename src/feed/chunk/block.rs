//! A block of changes.

use std::sync::Arc;

use bytes::Bytes;

use super::{error::ChunkError, plan::Plan};
use crate::feed::{
    avro::bytes::{Cursor, Fault},
    change::Change,
};

/// A whole block of a chunk.
#[derive(Debug, Clone)]
pub struct Block {
    /// The byte of the chunk at which it begins, for a [position](crate::feed::position::Position).
    pub at: u64,
    /// How many changes it says that it has. Only [`Block::changes`] shows whether that is so.
    pub events: u64,
    pub(super) data: Bytes,
    pub(super) plan: Arc<Plan>,
}

/// The changes of a block, in order.
#[derive(Debug)]
pub struct Changes<'a> {
    block: &'a Block,
    cursor: Cursor<'a>,
    left: u64,
    ended: bool,
}

impl Block {
    /// Its changes, the first with the number 0. A block that is not what it says ends with one error.
    pub fn changes(&self) -> Changes<'_> {
        Changes {
            block: self,
            cursor: Cursor::new(&self.data),
            left: self.events,
            ended: false,
        }
    }
}

impl<'a> Changes<'a> {
    fn following(&mut self) -> Result<Option<Change<'a>>, Fault> {
        if self.left == 0 {
            return match self.cursor.left() {
                0 => Ok(None),
                _ => Err(Fault::wrong("a block has bytes after its last event")),
            };
        }
        self.left -= 1;
        self.block.plan.change(&mut self.cursor).map(Some)
    }
}

impl<'a> Iterator for Changes<'a> {
    type Item = Result<Change<'a>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let problem = match self.following() {
            Ok(Some(change)) => return Some(Ok(change)),
            Ok(None) => None,
            Err(Fault::Cut) => Some("an event does not end within its block".into()),
            Err(Fault::Wrong(problem)) => Some(problem),
        };
        self.ended = true;
        problem.map(|problem| {
            Err(ChunkError {
                at: self.block.at,
                problem: problem.into_owned(),
            })
        })
    }
}
