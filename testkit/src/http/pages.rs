//! Pages of made-up blobs, rendered by patching a template instead of writing XML.
//!
//! A bench of a million blobs measures its client, so the server must cost next to nothing: one
//! copy of a template per page, 28 digits per blob, and pages that were made before are shared.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Mutex, OnceLock},
};

use bytes::Bytes;

use super::list::write_item;
use crate::account::Synthetic;

/// Rendered `<Blob>` elements of [`Synthetic`] blobs.
#[derive(Debug)]
pub struct SyntheticPages {
    templates: [OnceLock<Template>; 2],
    cache: Mutex<Cache>,
}

#[derive(Debug)]
struct Cache {
    pages: HashMap<(u64, u64, bool), Bytes>,
    room: usize,
}

/// One element with the places of all that differs between blobs.
#[derive(Debug)]
struct Template {
    element: Vec<u8>,
    name: usize,
    etag: usize,
    size: usize,
}

impl SyntheticPages {
    /// Pages of which up to `cache` bytes are kept.
    pub fn new(cache: usize) -> Self {
        Self {
            templates: [OnceLock::new(), OnceLock::new()],
            cache: Mutex::new(Cache {
                pages: HashMap::new(),
                room: cache,
            }),
        }
    }

    /// The `<Blob>` elements of the blobs with these indexes.
    pub fn items(&self, range: Range<u64>, metadata: bool) -> Bytes {
        let key = (range.start, range.end, metadata);
        if let Some(page) = self.cache.lock().expect("a cache").pages.get(&key) {
            return page.clone();
        }
        let template =
            self.templates[usize::from(metadata)].get_or_init(|| Template::new(metadata));
        let page = Bytes::from(template.render(range));
        let mut cache = self.cache.lock().expect("a cache");
        if page.len() <= cache.room && cache.pages.insert(key, page.clone()).is_none() {
            cache.room -= page.len();
        }
        page
    }
}

impl Template {
    fn new(metadata: bool) -> Self {
        let mut element = String::new();
        let item = Synthetic::item(0);
        write_item(&mut element, &item, metadata, false);
        let place = |text: &str| element.find(text).expect("the template holds its item");
        Self {
            name: place(&item.name) + "raw/part-".len(),
            etag: place(&item.etag) + "0x8DE".len(),
            size: place(&format!(">{}<", item.size)) + 1,
            element: element.into_bytes(),
        }
    }

    fn render(&self, range: Range<u64>) -> Vec<u8> {
        let count = range.end.saturating_sub(range.start) as usize;
        let mut page = self.element.repeat(count);
        for (element, index) in page.chunks_exact_mut(self.element.len()).zip(range) {
            decimal(&mut element[self.name..self.name + 9], index + 1);
            hexadecimal(
                &mut element[self.etag..self.etag + 12],
                Synthetic::etag_bits(index),
            );
            decimal(
                &mut element[self.size..self.size + 7],
                Synthetic::size(index),
            );
        }
        page
    }
}

fn decimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn hexadecimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789ABCDEF"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patched_page_is_what_the_writer_writes() {
        for metadata in [false, true] {
            let mut written = String::new();
            for index in 9_999..10_050 {
                write_item(&mut written, &Synthetic::item(index), metadata, false);
            }
            let pages = SyntheticPages::new(1 << 20);
            for _ in 0..2 {
                assert_eq!(pages.items(9_999..10_050, metadata), written);
            }
        }
    }
}
