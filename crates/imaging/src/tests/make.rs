//! Makers of test images.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use mozjpeg::{ColorSpace, Compress, Marker};

use super::{BLUE, GREEN, RED, YELLOW};

/// Four quarters: red, green, yellow and blue, clockwise from the top left.
pub(super) fn quarters(width: usize, height: usize) -> Vec<u8> {
    picture(width, height, |right, bottom| match (right, bottom) {
        (false, false) => RED,
        (true, false) => GREEN,
        (true, true) => YELLOW,
        (false, true) => BLUE,
    })
}

/// Any four quarters, told by whether they are on the right and at the bottom.
pub(super) fn picture<const N: usize>(
    width: usize,
    height: usize,
    colour: impl Fn(bool, bool) -> [u8; N],
) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.flat_map(|(x, y)| colour(x >= width / 2, y >= height / 2)).collect()
}

/// Returns a picture with something to see everywhere, so that its JPEG is not all zeros.
pub(super) fn busy(width: usize, height: usize) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.flat_map(|(x, y)| [(x * 7 + y) as u8, (y * 5) as u8, (x * y / 9) as u8]).collect()
}

pub(super) struct Jpeg {
    pub(super) space: ColorSpace,
    pub(super) progressive: bool,
    pub(super) subsampled: bool,
    pub(super) markers: Vec<(Marker, Vec<u8>)>,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self {
            space: ColorSpace::JCS_RGB,
            progressive: false,
            subsampled: true,
            markers: Vec::new(),
        }
    }
}

impl Jpeg {
    pub(super) fn encode(self, samples: &[u8], width: usize, height: usize) -> Vec<u8> {
        let mut encoder = Compress::new(self.space);
        if !self.progressive {
            encoder.set_fastest_defaults();
        }
        encoder.set_size(width, height);
        if self.space == ColorSpace::JCS_RGB {
            encoder.set_color_space(ColorSpace::JCS_YCbCr);
            let pixel = if self.subsampled { (2, 2) } else { (1, 1) };
            encoder.set_chroma_sampling_pixel_sizes(pixel, pixel);
        }
        encoder.set_quality(92.0);
        if self.progressive {
            encoder.set_progressive_mode();
        }
        let mut encoder = encoder.start_compress(Vec::new()).unwrap();
        for (marker, content) in self.markers {
            encoder.write_marker(marker, &content);
        }
        encoder.write_scanlines(samples).unwrap();
        encoder.finish().unwrap()
    }
}

/// Returns an Exif block that says nothing but the orientation.
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

/// Returns the same as it stands in a JPEG.
pub(super) fn exif_marker(orientation: u8) -> (Marker, Vec<u8>) {
    (Marker::APP(1), [b"Exif\0\0".to_vec(), exif(orientation)].concat())
}

/// Returns a profile cut into pieces, as it stands in a JPEG.
pub(super) fn icc_markers(profile: &[u8], pieces: usize) -> Vec<(Marker, Vec<u8>)> {
    let parts: Vec<_> = profile.chunks(profile.len().div_ceil(pieces)).collect();
    let count = parts.len() as u8;
    let marker = |(number, part): (usize, &&[u8])| {
        let head = [b"ICC_PROFILE\0".as_slice(), &[number as u8 + 1, count]].concat();
        (Marker::APP(2), [&head, *part].concat())
    };
    parts.iter().enumerate().map(marker).collect()
}

pub(super) fn png(samples: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Vec<u8> {
    png_with(samples, (width, height), kind, None, None)
}

pub(super) fn png_with(
    samples: &[u8],
    (width, height): (u32, u32),
    kind: ExtendedColorType,
    profile: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).unwrap();
    }
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    encoder.write_image(samples, width, height, kind).unwrap();
    file
}

/// Returns a PNG from its parts, with the checksums made here.
pub(super) fn png_of_chunks(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in chunks {
        let body = [name.as_slice(), content].concat();
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(crc32(&body).to_be_bytes());
    }
    file
}

/// Data as zlib has them when it does not compress.
pub(super) fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    stream.extend(((b << 16) | a).to_be_bytes());
    stream
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !data.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

pub(super) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Bytes(Vec<u8>),
    Float(f32),
}

/// Returns a little-endian TIFF of one page: the given tags, and these strips or tiles.
pub(super) fn tiff(tags: Vec<(u16, Value)>, tiled: bool, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut offsets = Vec::new();
    for chunk in chunks {
        offsets.push(file.len() as u32);
        file.extend(chunk);
    }
    let lengths = chunks.iter().map(|chunk| chunk.len() as u32).collect();
    let (of_offsets, of_lengths) = if tiled { (324, 325) } else { (273, 279) };
    let mut tags = tags;
    tags.push((of_offsets, Value::Long(offsets)));
    tags.push((of_lengths, Value::Long(lengths)));
    tags.sort_by_key(|(tag, _)| *tag);
    let mut directory = (tags.len() as u16).to_le_bytes().to_vec();
    for (tag, value) in tags {
        let (kind, count, mut bytes): (u16, usize, Vec<u8>) = match value {
            Value::Short(all) => (3, all.len(), all.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Long(all) => (4, all.len(), all.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Bytes(all) => (7, all.len(), all),
            Value::Float(one) => (11, 1, one.to_le_bytes().to_vec()),
        };
        if bytes.len() > 4 {
            let at = file.len() as u32;
            file.extend(&bytes);
            bytes = at.to_le_bytes().to_vec();
        }
        bytes.resize(4, 0);
        directory.extend(tag.to_le_bytes());
        directory.extend(kind.to_le_bytes());
        directory.extend((count as u32).to_le_bytes());
        directory.extend(bytes);
    }
    let at = file.len() as u32;
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file.extend(directory);
    file.extend([0; 4]);
    file
}

/// Returns the tags every page has; those of strips are up to the test.
pub(super) fn page(
    (width, height): (u32, u32),
    bits: &[u16],
    compression: u16,
    photometric: u16,
) -> Vec<(u16, Value)> {
    vec![
        (256, Value::Long(vec![width])),
        (257, Value::Long(vec![height])),
        (258, Value::Short(bits.to_vec())),
        (259, Value::Short(vec![compression])),
        (262, Value::Short(vec![photometric])),
        (277, Value::Short(vec![bits.len() as u16])),
    ]
}
