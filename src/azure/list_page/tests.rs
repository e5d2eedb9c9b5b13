#![allow(clippy::unwrap_used, clippy::panic)]

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;
use crate::blob::Blob;

const MODIFIED: &str = "Fri, 09 Oct 2009 21:04:30 GMT";

fn read(xml: &str) -> Result<ListPage, PageError> {
    parse(xml.as_bytes(), OffsetDateTime::UNIX_EPOCH)
}

fn page(blobs: &str, marker: &str) -> String {
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://store.blob.core.windows.net/\" ContainerName=\"datasets\"><Prefix>raw/</Prefix><MaxResults>5000</MaxResults><Blobs>{blobs}</Blobs><NextMarker{marker}</EnumerationResults>"
    )
}

/// A blob as the service writes it, every property included.
fn blob(name: &str, rest: &str) -> String {
    format!(
        "<Blob>{name}<Properties><Creation-Time>{MODIFIED}</Creation-Time><Last-Modified>{MODIFIED}</Last-Modified><Etag>0x8DCAFE</Etag><Content-Length>1234</Content-Length><Content-Type>text/csv</Content-Type><Content-Encoding /><Content-Language /><Content-CRC64 /><Content-MD5>sQqNsWTgdUEFt6mb5y4/5Q==</Content-MD5><Cache-Control /><Content-Disposition /><BlobType>AppendBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties>{rest}<OrMetadata /></Blob>"
    )
}

fn named(name: &str) -> String {
    blob(&format!("<Name>{name}</Name>"), "<Metadata />")
}

fn blobs(xml: &str) -> Vec<Blob> {
    read(xml).unwrap().blobs().map(Blob::from).collect()
}

fn names(xml: &str) -> Vec<String> {
    blobs(xml).into_iter().map(|blob| blob.name).collect()
}

fn escaped(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&apos;"),
            '\r' => text.push_str("&#xD;"),
            '\u{80}'..='\u{ff}' => text.push_str(&format!("&#{};", u32::from(character))),
            other => text.push(other),
        }
    }
    text
}

/// As the service does it: percent-encoded as a whole when XML cannot hold it.
fn name_element(name: &str) -> String {
    let unfit = |it: char| (it < ' ' && !"\t\n\r".contains(it)) || "\u{fffe}\u{ffff}".contains(it);
    if name.contains(unfit) {
        let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
        return format!("<Name Encoded=\"true\">{encoded}</Name>");
    }
    format!("<Name>{}</Name>", escaped(name))
}

#[test]
fn all_properties_are_read() {
    let page = read(&page(&named("raw/a.csv"), ">2!72!x&amp;y</NextMarker>")).unwrap();
    assert_eq!(page.next, Some(Continuation("2!72!x&y".to_owned())));
    let blob = page.blobs().next().unwrap();
    let expected = BlobRef {
        name: "raw/a.csv",
        etag: "0x8DCAFE",
        last_modified: 1_255_122_270,
        size: 1234,
        content_type: "text/csv",
        blob_type: BlobType::AppendBlob,
        content_md5: "sQqNsWTgdUEFt6mb5y4/5Q==",
        access: Access::Readable,
        is_directory: false,
    };
    assert_eq!(blob, expected);
}

#[test]
fn the_last_page_has_no_marker_and_may_have_no_blobs() {
    for xml in [
        page("", " />"),
        page("", "></NextMarker>"),
        page(&named("a"), "/>").replace("<Blobs>", "<Blobs>\n  "),
        "<EnumerationResults><Blobs /></EnumerationResults>".to_owned(),
        "<EnumerationResults/>\n".to_owned(),
    ] {
        assert_eq!(read(&xml).unwrap().next, None, "{xml}");
    }
    assert!(read(&page("", ">more</NextMarker>")).unwrap().is_empty());
}

#[test]
fn directories_are_told_by_metadata_or_resource_type() {
    let folder = |rest: &str| blobs(&page(&blob("<Name>d</Name>", rest), "/>"));
    let metadata = "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>";
    let resource = "<Properties><ResourceType>directory</ResourceType></Properties>";
    let no = "<Metadata><hdi_isfolder>false</hdi_isfolder><x>true</x></Metadata>";
    let is_directory = |rest: &str| {
        let xml = page(&blob("<Name>d</Name>", rest), "/>").replace("1234", "0");
        read(&xml).unwrap().blobs().all(|blob| blob.is_directory)
    };
    assert!(is_directory(metadata) && is_directory(resource));
    assert!(!is_directory(no));
    assert_eq!(folder(no).len(), 1);
    let bare = format!("<Blob><Name>d</Name>{resource}</Blob>");
    assert!(
        read(&page(&bare, "/>"))
            .unwrap()
            .blobs()
            .all(|blob| blob.is_directory)
    );
}

#[test]
fn what_has_bytes_is_a_directory_only_where_its_resource_type_says_so() {
    let is_directory = |rest: &str| {
        let plain = page(&blob("<Name>d</Name>", rest), "/>");
        let general = plain.replace("<Blob>", "<Blob><!-- -->");
        let read = |xml: &str| read(xml).unwrap().get(0).unwrap().is_directory;
        assert_eq!(read(&plain), read(&general));
        read(&plain)
    };
    assert!(!is_directory(
        "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>"
    ));
    assert!(is_directory(
        "<Properties><ResourceType>directory</ResourceType></Properties>"
    ));
}

#[test]
fn copy_status_and_tier_tell_what_can_be_read() {
    let access = |old: &str, new: &str| {
        let plain = page(&named("a"), "/>").replace(old, new);
        let general = plain.replace("<Blob>", "<Blob><!-- -->");
        let read = |xml: &str| read(xml).unwrap().get(0).unwrap().access;
        assert_eq!(read(&plain), read(&general));
        read(&plain)
    };
    let copied = |status: &str| {
        let properties = format!(
            "<CopyId>1</CopyId><CopyStatus>{status}</CopyStatus><CopySource>https://x/?a=b&amp;c=d</CopySource><CopyProgress>0/9</CopyProgress><CopyStatusDescription />"
        );
        access("<AccessTier>", &format!("{properties}<AccessTier>"))
    };
    assert_eq!(copied("success"), Access::Readable);
    assert_eq!(copied("pending"), Access::Copying);
    assert_eq!(copied("failed"), Access::CopyFailed);
    assert_eq!(copied("aborted"), Access::CopyFailed);
    assert_eq!(access(">Hot<", ">Archive<"), Access::Archived);
    let pending = ">Archive</AccessTier><ArchiveStatus>rehydrate-pending-to-cool</ArchiveStatus><AccessTier />";
    assert_eq!(access(">Hot</AccessTier>", pending), Access::Rehydrating);
}

#[test]
fn metadata_and_tags_cannot_pass_for_properties() {
    let hostile = "<Metadata><Name>evil</Name><Etag>0xEVIL</Etag><Last-Modified>never</Last-Modified><Properties>p</Properties><CopyStatus>pending</CopyStatus><AccessTier>Archive</AccessTier><Content-MD5>evil</Content-MD5></Metadata><Tags><TagSet><Tag><Key>Name</Key><Value>evil</Value></Tag><Blob><Name>evil</Name></Blob></TagSet></Tags>";
    let xml = page(&blob("<Name>good</Name>", hostile), "/>");
    let found = blobs(&xml);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].name.as_str(), found[0].etag.as_str()),
        ("good", "0x8DCAFE")
    );
    assert_eq!(found[0].access, Access::Readable);
    assert_eq!(found[0].content_md5, "sQqNsWTgdUEFt6mb5y4/5Q==");
}

#[test]
fn prefixes_comments_cdata_and_line_ends() {
    let prefix = "<BlobPrefix><Name>dir/</Name></BlobPrefix>";
    let xml = page(
        &format!(
            "{prefix}<!-- a comment -->{}",
            named("a<!-- c -->b<![CDATA[<&>]]>c")
        ),
        "/>",
    );
    assert_eq!(names(&xml), ["ab<&>c"]);
    assert_eq!(
        names(&page(&named("a\r\nb\rc\n&#13;&#x41;"), "/>")),
        ["a\nb\nc\n\rA"]
    );
    assert_eq!(names(&page(&named("  spaces  "), "/>")), ["  spaces  "]);
}

#[test]
fn quotes_around_an_etag_are_no_part_of_it() {
    for quoted in ["\"0x8DCAFE\"", "&quot;0x8DCAFE&quot;"] {
        let xml = page(&named("a"), "/>").replace("0x8DCAFE", quoted);
        assert_eq!(blobs(&xml)[0].etag, "0x8DCAFE");
    }
}

#[test]
fn an_encoded_name_is_decoded_and_another_is_not() {
    let encoded = |attribute: &str| {
        names(&page(
            &blob(&format!("<Name {attribute}>a%EF%BF%BEb+%2525</Name>"), ""),
            "/>",
        ))
    };
    assert_eq!(encoded("Encoded=\"true\""), ["a\u{fffe}b+%25"]);
    assert_eq!(encoded("Encoded='True'"), ["a\u{fffe}b+%25"]);
    assert_eq!(encoded("Encoded=\"false\""), ["a%EF%BF%BEb+%2525"]);
    assert_eq!(encoded("Other=\"true\""), ["a%EF%BF%BEb+%2525"]);
}

#[test]
fn what_is_no_page_is_refused() {
    for xml in [
        "<!DOCTYPE html><html><body>Sign in</body></html>",
        "<html><body>Sign in</body></html>",
        "<?xml version=\"1.0\"?><Error><Code>ServerBusy</Code></Error>",
        "{\"error\": \"no\"}",
        "<EnumerationResults></EnumerationResults><EnumerationResults></EnumerationResults>",
        "<EnumerationResults></EnumerationResults>rest",
        "<EnumerationResults><Blobs>text</Blobs></EnumerationResults>",
        "</EnumerationResults>",
        &page("<Blob></Blob>", "/>"),
        &page(&named(""), "/>"),
        &page(&named("a&nbsp;b"), "/>"),
        &page(&named("a&#0;b"), "/>"),
        &page(&named("a<b>c</b>"), "/>"),
        &page(&blob("<Name>a</Name><Name>b</Name>", ""), "/>"),
        &page(&blob("<Name Encoded=\"true\">%FF</Name>", ""), "/>"),
        &page(&named("a"), "/>").replace("1234", "many"),
        &page(&named("a"), "/>").replace("<Etag>0x8DCAFE</Etag>", ""),
        &page(&named("a"), "/>").replace(MODIFIED, "yesterday"),
        &page(&named("a"), "/>").replace("</Blobs>", "</Blob>"),
    ] {
        assert!(
            matches!(read(xml), Err(PageError::Foreign(_))),
            "{xml}: {:?}",
            read(xml)
        );
    }
    let binary = parse(
        b"<EnumerationResults>\xff</EnumerationResults>",
        OffsetDateTime::UNIX_EPOCH,
    );
    assert!(matches!(binary, Err(PageError::Foreign(_))));
}

#[test]
fn a_page_cut_at_any_byte_is_an_error() {
    let odd = blob(
        "<Name Encoded=\"true\">a%EF%BF%BE</Name>",
        "<Metadata><k>ü&lt;<![CDATA[x]]></k></Metadata>",
    );
    let xml = page(
        &format!("{}<!-- c -->{odd}", named("größe &amp; 50%")),
        ">more</NextMarker>",
    );
    assert!(read(&xml).is_ok());
    for end in 0..xml.len() {
        let cut = parse(&xml.as_bytes()[..end], OffsetDateTime::UNIX_EPOCH);
        assert!(matches!(cut, Err(PageError::Cut(_))), "at {end}: {cut:?}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    assert_eq!(names(&page(&format!("{deep}{}", named("a")), "/>")), ["a"]);
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9/._-]{1,40}",
        "[&<>\"'%#?;+ /\\\\\t\n\r]{1,12}",
        proptest::collection::vec(any::<char>(), 1..40).prop_map(String::from_iter),
        "[\u{1}-\u{1f}\u{fffe}\u{ffff}]{1,4}[a-z%]{0,3}",
    ]
    .prop_filter("the service has no such names", |name| {
        !name.is_empty() && !name.contains('\0')
    })
}

fn hostile() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<Name>b</Name>",
        "<Etag>0xEVIL</Etag>",
        "<Content-Length>7</Content-Length>",
        "<Last-Modified>never</Last-Modified>",
        "<ResourceType>directory</ResourceType>",
        "<hdi_isfolder>true</hdi_isfolder>",
        "<CopyStatus>pending</CopyStatus>",
        "<AccessTier>Archive</AccessTier>",
        "<Content-MD5>&amp;</Content-MD5>",
        "<Metadata>",
        "</Metadata>",
        "<Properties>",
        "</Properties>",
        "<Properties />",
        "<Blob>",
        "</Blob>",
        "<x/>",
        "</x>",
        " ",
        "\r\n",
        "text",
        "&amp;",
        "&",
        "<![CDATA[x]]>",
        "<!DOCTYPE x>",
        "/",
        ">",
        "<",
    ])
}

proptest! {
    #[test]
    fn any_names_are_read_back_exactly(expected in proptest::collection::vec(any_name(), 0..8)) {
        let all: String = expected.iter().map(|name| blob(&name_element(name), "<Metadata />")).collect();
        prop_assert_eq!(names(&page(&all, "/>")), expected);
    }

    #[test]
    fn a_page_of_any_names_cut_anywhere_is_an_error(name in any_name(), at in any::<prop::sample::Index>()) {
        let xml = page(&blob(&name_element(&name), ""), ">m</NextMarker>");
        let cut = parse(&xml.as_bytes()[..at.index(xml.len())], OffsetDateTime::UNIX_EPOCH);
        prop_assert!(cut.is_err());
    }

    #[test]
    fn changed_bytes_never_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut xml = page(&format!("{}{}", named("a&amp;b"), named("c")), ">m</NextMarker>").into_bytes();
        for (at, byte) in changes {
            let at = at.index(xml.len());
            xml[at] = byte;
        }
        let _ = parse(&xml, OffsetDateTime::UNIX_EPOCH);
    }

    // A comment in an element is not plain, and changes nothing.
    #[test]
    fn the_plain_way_and_the_general_one_agree(
        name in any_name(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), hostile()), 0..3),
    ) {
        let metadata = "<Metadata><k>v</k><HDI_isfolder>false</HDI_isfolder></Metadata>";
        let mut one = blob(&name_element(&name), metadata);
        for (at, piece) in changes {
            let places: Vec<_> = one.match_indices(['<', '>']).map(|(at, _)| at).collect();
            one.insert_str(*at.get(&places), piece);
        }
        let plain = format!("{}{one}{}", named("a"), named("z"));
        let general = plain.replace("<Blob>", "<Blob><!-- -->");
        let read = |all: &str| read(&page(all, "/>")).map(|page| page.blobs().map(Blob::from).collect::<Vec<_>>());
        let (plain, general) = (read(&plain), read(&general));
        prop_assert_eq!(plain.as_ref().ok(), general.as_ref().ok());
        prop_assert_eq!(plain.is_ok(), general.is_ok());
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, OffsetDateTime::UNIX_EPOCH);
    }
}
