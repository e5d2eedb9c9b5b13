//! Which values of a record are wanted, found out once for each file.

use crate::{
    blob::BlobType,
    feed::{
        avro::{
            bytes::{Cursor, Fault},
            json,
            schema::{Id, Schema, Type},
        },
        change::{Change, Kind, Place},
    },
};

/// How to read the records of a file.
#[derive(Debug)]
pub(super) struct Plan {
    schema: Schema,
    /// The fields of a record, in order.
    event: Vec<(Option<Wanted>, Id)>,
    /// Which type holds the fields of `data`.
    data_type: Option<Id>,
    /// Those fields.
    data: Vec<(Option<Wanted>, Id)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Subject,
    EventType,
    EventTime,
    Data,
    Api,
    Etag,
    Size,
    BlobType,
}

/// The wanted values of a record.
#[derive(Default)]
struct Values<'a> {
    subject: &'a str,
    event_type: &'a str,
    event_time: &'a str,
    api: &'a str,
    etag: &'a str,
    size: Option<u64>,
    blob_type: &'a str,
}

impl Plan {
    /// The plan for this schema, JSON.
    ///
    /// # Errors
    /// [`Fault::Wrong`] when it is no schema, or has no events: then nothing of the file would be understood.
    pub(super) fn read(schema: &[u8]) -> Result<Self, Fault> {
        let schema = json::read(schema)?;
        let Type::Record(fields) = schema.get(schema.root()) else {
            return Err(Fault::wrong(
                "its records are no events: they have no fields",
            ));
        };
        let event: Vec<_> = fields
            .iter()
            .map(|(name, id)| (of_event(name), *id))
            .collect();
        for (due, name) in [
            (Wanted::Subject, "subject"),
            (Wanted::EventType, "eventType"),
        ] {
            let found = event.iter().find(|(wanted, _)| *wanted == Some(due));
            if !found.is_some_and(|(_, id)| holds_text(&schema, *id)) {
                return Err(Fault::wrong(format!(
                    "its records are no events: they have no text called `{name}`"
                )));
            }
        }
        let data = event
            .iter()
            .find(|(wanted, _)| *wanted == Some(Wanted::Data));
        let data_type = data.and_then(|(_, id)| record_of(&schema, *id));
        let data = match data_type.map(|id| schema.get(id)) {
            Some(Type::Record(fields)) => fields
                .iter()
                .map(|(name, id)| (of_data(name), *id))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            event,
            data_type,
            data,
            schema,
        })
    }

    /// The next record.
    pub(super) fn change<'a>(&'a self, cursor: &mut Cursor<'a>) -> Result<Change<'a>, Fault> {
        let mut values = Values::default();
        self.fields(&self.event, cursor, &mut values)?;
        Ok(Change {
            kind: Kind::of(values.event_type),
            blob: Place::from_subject(values.subject),
            api: values.api,
            etag: values.etag.trim_matches('"'),
            event_time: values.event_time,
            size: values.size,
            blob_type: BlobType::from_name(values.blob_type),
        })
    }

    fn fields<'a>(
        &'a self,
        fields: &[(Option<Wanted>, Id)],
        cursor: &mut Cursor<'a>,
        values: &mut Values<'a>,
    ) -> Result<(), Fault> {
        for (wanted, id) in fields {
            match wanted {
                None => self.schema.skip(*id, cursor)?,
                Some(Wanted::Subject) => values.subject = self.text(*id, cursor)?,
                Some(Wanted::EventType) => values.event_type = self.text(*id, cursor)?,
                Some(Wanted::EventTime) => values.event_time = self.text(*id, cursor)?,
                Some(Wanted::Api) => values.api = self.text(*id, cursor)?,
                Some(Wanted::Etag) => values.etag = self.text(*id, cursor)?,
                Some(Wanted::BlobType) => values.blob_type = self.text(*id, cursor)?,
                Some(Wanted::Size) => values.size = self.number(*id, cursor)?,
                Some(Wanted::Data) => {
                    let id = self.schema.resolve(*id, cursor)?;
                    match self.data_type == Some(id) {
                        true => self.fields(&self.data, cursor, values)?,
                        false => self.schema.skip(id, cursor)?,
                    }
                }
            }
        }
        Ok(())
    }

    // A text that is not UTF-8 says nothing that we could use, and the next event is still where it should be.
    #[inline]
    fn text<'a>(&'a self, id: Id, cursor: &mut Cursor<'a>) -> Result<&'a str, Fault> {
        let id = self.schema.resolve(id, cursor)?;
        match self.schema.get(id) {
            Type::Text => Ok(std::str::from_utf8(cursor.text()?).unwrap_or_default()),
            Type::Enum(names) => {
                let index = usize::try_from(cursor.long()?).ok();
                let name = index.and_then(|it| names.get(it));
                let name =
                    name.ok_or_else(|| Fault::wrong("a value is none of those that it may be"))?;
                Ok(name)
            }
            _ => self.schema.skip(id, cursor).map(|()| ""),
        }
    }

    fn number(&self, id: Id, cursor: &mut Cursor<'_>) -> Result<Option<u64>, Fault> {
        let id = self.schema.resolve(id, cursor)?;
        match self.schema.get(id) {
            Type::Number => Ok(u64::try_from(cursor.long()?).ok()),
            _ => self.schema.skip(id, cursor).map(|()| None),
        }
    }
}

fn of_event(name: &str) -> Option<Wanted> {
    Some(match name {
        "subject" => Wanted::Subject,
        "eventType" => Wanted::EventType,
        "eventTime" => Wanted::EventTime,
        "data" => Wanted::Data,
        _ => return None,
    })
}

fn of_data(name: &str) -> Option<Wanted> {
    Some(match name {
        "api" => Wanted::Api,
        "etag" => Wanted::Etag,
        "contentLength" => Wanted::Size,
        "blobType" => Wanted::BlobType,
        _ => return None,
    })
}

fn holds_text(schema: &Schema, id: Id) -> bool {
    match schema.get(id) {
        Type::Text | Type::Enum(_) => true,
        Type::Union(types) => types
            .iter()
            .any(|it| matches!(schema.get(*it), Type::Text | Type::Enum(_))),
        _ => false,
    }
}

fn record_of(schema: &Schema, id: Id) -> Option<Id> {
    match schema.get(id) {
        Type::Record(_) => Some(id),
        Type::Union(types) => types
            .iter()
            .copied()
            .find(|it| matches!(schema.get(*it), Type::Record(_))),
        _ => None,
    }
}
