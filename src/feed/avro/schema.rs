//! The types of a file, so that values that nobody wants can be passed over.

use super::bytes::{Cursor, Fault};

/// How deep values may be nested. The feed's are nested four deep.
const DEEPEST: usize = 64;

/// A place in [`Schema::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::feed) struct Id(pub(super) usize);

/// A type, by how its values are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) enum Type {
    /// No byte: `null`, and all that consists of it alone.
    Nothing,
    /// `int` and `long`.
    Number,
    /// So many bytes, at least one: `boolean`, `float`, `double`, `fixed`.
    Fixed(usize),
    /// `bytes` and `string`.
    Text,
    /// One of these names.
    Enum(Vec<Box<str>>),
    /// A value of one of these types.
    Union(Vec<Id>),
    /// Any number of values.
    Array(Id),
    /// Any number of texts, each with a value.
    Map(Id),
    /// Fields, one after the other.
    Record(Vec<(Box<str>, Id)>),
}

/// A schema that was read once. Types refer to each other by number, so that one that contains itself, or others many
/// times over, is no larger here than in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) struct Schema {
    pub(super) types: Vec<Type>,
    pub(super) root: Id,
}

impl Schema {
    pub(in crate::feed) fn root(&self) -> Id {
        self.root
    }

    /// The type of this number.
    #[inline]
    pub(in crate::feed) fn get(&self, id: Id) -> &Type {
        self.types.get(id.0).unwrap_or(&Type::Nothing)
    }

    /// Passes over a value.
    pub(in crate::feed) fn skip(&self, id: Id, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        self.skip_within(id, cursor, DEEPEST)
    }

    /// Which type of a union the next value has, or the type itself when it is no union.
    #[inline]
    pub(in crate::feed) fn resolve(&self, id: Id, cursor: &mut Cursor<'_>) -> Result<Id, Fault> {
        let mut id = id;
        // A union has no unions.
        if let Type::Union(types) = self.get(id) {
            let index = usize::try_from(cursor.long()?).ok();
            let chosen = index.and_then(|it| types.get(it));
            id = *chosen
                .ok_or_else(|| Fault::wrong("a value has none of the types that it may have"))?;
        }
        Ok(id)
    }

    fn skip_within(&self, id: Id, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::wrong("values are nested more than 64 deep"));
        };
        match self.get(id) {
            Type::Nothing => Ok(()),
            Type::Number | Type::Enum(_) => cursor.long().map(drop),
            Type::Fixed(size) => cursor.take(*size).map(drop),
            Type::Text => cursor.text().map(drop),
            Type::Union(_) => {
                let chosen = self.resolve(id, cursor)?;
                self.skip_within(chosen, cursor, depth)
            }
            Type::Array(item) => self.skip_items(*item, false, cursor, depth),
            Type::Map(value) => self.skip_items(*value, true, cursor, depth),
            Type::Record(fields) => fields
                .iter()
                .try_for_each(|(_, field)| self.skip_within(*field, cursor, depth)),
        }
    }

    fn skip_items(
        &self,
        item: Id,
        named: bool,
        cursor: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<(), Fault> {
        loop {
            let count = cursor.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                // So many items, and how many bytes they have.
                cursor.text()?;
                continue;
            }
            // Items of no byte would cost time and no bytes.
            if !named && *self.get(item) == Type::Nothing {
                continue;
            }
            for _ in 0..count {
                if named {
                    cursor.text()?;
                }
                self.skip_within(item, cursor, depth)?;
            }
        }
    }
}
