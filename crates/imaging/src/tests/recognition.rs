use std::error::Error;

use super::*;
use crate::Format;

#[test]
fn formats_are_told_by_their_first_bytes() {
    let known: [(&[u8], Format, &str); 10] = [
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Format::Jpeg, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", Format::Png, "image/png"),
        (b"II*\0\x08\0\0\0", Format::Tiff, "image/tiff"),
        (b"MM\0*\0\0\0\x08", Format::Tiff, "image/tiff"),
        (b"II+\0\x08\0\0\0", Format::Tiff, "image/tiff"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", Format::Webp, "image/webp"),
        (b"GIF87a\x01\0\x01\0", Format::Gif, "image/gif"),
        (b"GIF89a\x01\0\x01\0", Format::Gif, "image/gif"),
        (b"\0\0\0\x0CjP  \r\n\x87\n", Format::Jpeg2000, "image/jp2"),
        (b"\xFF\x4F\xFF\x51\0\x2F", Format::Jpeg2000, "image/jp2"),
    ];
    for (head, format, media_type) in known {
        assert_eq!(Format::recognise(head), Some(format));
        assert_eq!(format.media_type(), media_type);
    }
}

#[test]
fn anything_else_is_not_an_image() {
    for content in [b"".as_slice(), b"<html>", b"%PDF-1.7", b"RIFF\x24\0\0\0WAVEfmt ", b"\xFF\xD8"]
    {
        let outcome = inspect(&content.to_vec());
        assert!(matches!(outcome, Err(ImagingError::NotAnImage)), "{outcome:?}");
    }
}

#[test]
fn a_failing_disk_is_told_from_a_broken_image() {
    struct Failing;
    impl ReadAt for Failing {
        fn read_at(&self, _: &mut [u8], _: u64) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(5))
        }
        fn length(&self) -> std::io::Result<u64> {
            Ok(100)
        }
    }
    let error = inspect(&Failing).unwrap_err();
    assert!(matches!(error, ImagingError::Io(_)));
    assert!(error.source().is_some());
    assert_eq!(error.to_string(), "the image file could not be read from storage");
}
