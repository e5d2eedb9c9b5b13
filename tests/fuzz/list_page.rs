//! Whatever answers a listing, it is a page whose blobs make sense, or it is told.

use azure_blob_eventsource::azure::list_page::parse;
use time::OffsetDateTime;

use crate::feed::{Outcome, feed, is_a_sentence, mutated};

const PAGES: [&str; 3] = [
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://lake7.blob.core.windows.net/\" \
     ContainerName=\"raw\"><Prefix>in/</Prefix><Blobs><Blob><Name>in/a.csv</Name><Properties><Creation-Time>Mon, 02 Nov 2026 \
     08:15:30 GMT</Creation-Time><Last-Modified>Mon, 02 Nov 2026 08:15:30 GMT</Last-Modified><Etag>0x8DE2</Etag>\
     <Content-Length>412</Content-Length><Content-Type>text/csv</Content-Type><Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==\
     </Content-MD5><BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier></Properties></Blob></Blobs><NextMarker>2!76!\
     MDAw</NextMarker></EnumerationResults>",
    "<EnumerationResults><Blobs><Blob><Name Encoded=\"true\">in%EF%BF%BE%0A.csv</Name><Properties><Last-Modified>Mon, 02 Nov \
     2026 08:15:30 GMT</Last-Modified><Etag>\"0x1\"</Etag><Content-Length>0</Content-Length><BlobType>AppendBlob</BlobType>\
     <CopyStatus>pending</CopyStatus><ArchiveStatus>rehydrate-pending-to-hot</ArchiveStatus><ResourceType>directory\
     </ResourceType></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob></Blobs><NextMarker/>\
     </EnumerationResults>",
    "<html><body>503 Service Unavailable &amp; more</body></html>",
];

const WORDS: [&str; 16] = [
    "<Blob>",
    "</Blob>",
    "<Name>",
    "<NextMarker>",
    "</",
    "/>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "&lt;",
    "&#0;",
    "&x;",
    "Encoded=\"true\"",
    "%00",
    "18446744073709551616",
    "\u{feff}",
];

#[test]
fn whatever_answers_a_listing_is_a_page_or_told_in_a_sentence() {
    feed(|rng| {
        let bytes = mutated(rng, &PAGES, &WORDS);
        (bytes.clone(), move || read(&bytes))
    });
}

fn read(bytes: &[u8]) -> Outcome {
    match parse(bytes, OffsetDateTime::UNIX_EPOCH) {
        Ok(page) => {
            assert!(page.blobs().all(|blob| !blob.name.is_empty()));
            Outcome::Read
        }
        Err(problem) => {
            is_a_sentence(&problem.to_string());
            Outcome::Refused
        }
    }
}
