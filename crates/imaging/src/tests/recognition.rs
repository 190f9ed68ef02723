use std::error::Error;

use super::*;
use crate::Format;

#[test]
fn formats_are_told_by_their_first_bytes() {
    let known: [(&[u8], Format, &str); 8] = [
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Format::Jpeg, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", Format::Png, "image/png"),
        (b"II*\0\x08\0\0\0", Format::Tiff, "image/tiff"),
        (b"MM\0*\0\0\0\x08", Format::Tiff, "image/tiff"),
        (b"II+\0\x08\0\0\0", Format::Tiff, "image/tiff"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", Format::Webp, "image/webp"),
        (b"GIF87a\x01\0\x01\0", Format::Gif, "image/gif"),
        (b"GIF89a\x01\0\x01\0", Format::Gif, "image/gif"),
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
        let outcome = inspect(&mut Cursor::new(content));
        assert!(matches!(outcome, Err(ImagingError::NotAnImage)), "{outcome:?}");
    }
}

#[test]
fn a_failing_disk_is_told_from_a_broken_image() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(5))
        }
    }
    impl std::io::Seek for Failing {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let error = inspect(&mut Failing).unwrap_err();
    assert!(matches!(error, ImagingError::Io(_)));
    assert!(error.source().is_some());
    assert_eq!(error.to_string(), "the image file could not be read from storage");
}
