use std::io::{self, BufRead, Read};

use image::metadata::Orientation;

use crate::{ImagingError, Size};

/// More scans than this only serve to keep a decoder busy.
const MOST_SCANS: u32 = 100;

const ICC_SIGNATURE: &[u8] = b"ICC_PROFILE\0";
const EXIF_SIGNATURE: &[u8] = b"Exif\0\0";

/// The sampling factors of a component, 1 to 4 in each direction.
pub(crate) struct Sampling {
    across: u64,
    down: u64,
}

/// The header of a JPEG, before its pixels.
pub(crate) struct Header {
    pub(crate) size: Size,
    pub(crate) sampling: Vec<Sampling>,
    /// Tells whether libjpeg has to keep the coefficients of the whole image.
    pub(crate) several_scans: bool,
    pub(crate) orientation: Orientation,
    pub(crate) profile: Option<Vec<u8>>,
}

impl Header {
    /// Reads from the start of a JPEG; where it has several scans, up to the last of them.
    pub(crate) fn read(reader: &mut impl BufRead) -> Result<Self, ImagingError> {
        let mut frame = None;
        let mut profile = Profile::default();
        let mut orientation = None;
        let scan = loop {
            match next_marker(reader)? {
                // SOI, TEM and restarts stand alone.
                0xD8 | 0x01 | 0xD0..=0xD7 => {}
                0xD9 => return Err(ImagingError::damaged("it ends before the picture begins")),
                0xDA => break segment(reader)?,
                kind @ 0xC0..=0xC2 if frame.is_none() => {
                    frame = Some(Frame::parse(&segment(reader)?, kind == 0xC2)?);
                }
                0xC3 | 0xC5..=0xC7 | 0xCB | 0xCD..=0xCF => {
                    return Err(ImagingError::unsupported("a lossless or hierarchical JPEG"));
                }
                0xC9 | 0xCA => {
                    return Err(ImagingError::unsupported("a JPEG with arithmetic coding"));
                }
                0xE1 => {
                    let content = segment(reader)?;
                    if let Some(exif) = content.strip_prefix(EXIF_SIGNATURE) {
                        orientation = orientation.or(Orientation::from_exif_chunk(exif));
                    }
                }
                0xE2 => profile.add(&segment(reader)?),
                _ => skip_segment(reader)?,
            }
        };
        let Some(frame) = frame else { return Err(ImagingError::damaged("its size is missing")) };
        let in_first_scan = scan.first().copied().map_or(0, usize::from);
        let several_scans = frame.progressive || in_first_scan < frame.sampling.len();
        if several_scans {
            let mut scans = Scans::new(&frame);
            scans.add(&scan)?;
            scans.read_on(reader)?;
        }
        Ok(Self {
            size: frame.size,
            sampling: frame.sampling,
            several_scans,
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            profile: profile.joined(),
        })
    }

    /// Returns bytes libjpeg keeps while it decodes, besides the pixels it hands out.
    pub(crate) fn decoder_bytes(&self) -> u64 {
        // Two bytes a coefficient, as many coefficients as samples, whole blocks.
        let most = |of: fn(&Sampling) -> u64| self.sampling.iter().map(of).max().unwrap_or(1);
        let (across, down) = (most(|s| s.across), most(|s| s.down));
        let (width, height) = (u64::from(self.size.width), u64::from(self.size.height));
        let units = width.div_ceil(8 * across) * height.div_ceil(8 * down);
        let blocks: u64 = self.sampling.iter().map(|s| units * s.across * s.down).sum();
        let coefficients = if self.several_scans { blocks * 64 * 2 } else { 0 };
        // A few rows of blocks: samples, upsampled samples and the neighbours of both.
        let rows = (width + 64) * self.sampling.len() as u64 * 8 * down * 5;
        coefficients + rows
    }
}

/// Returns the quantisation and Huffman tables of a JPEG, as a JPEG that has nothing else.
pub(crate) fn tables(jpeg: &[u8]) -> Vec<u8> {
    let mut tables = vec![0xFF, 0xD8];
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let Some((&[0xFF, kind, high, low], _)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])) + 2;
        let Some((segment, next)) = rest.split_at_checked(length) else { break };
        match kind {
            0xDB | 0xC4 => tables.extend_from_slice(segment),
            0xDA => break,
            _ => {}
        }
        rest = next;
    }
    tables.extend([0xFF, 0xD9]);
    tables
}

struct Frame {
    size: Size,
    /// The components, as scans name them.
    names: Vec<u8>,
    sampling: Vec<Sampling>,
    progressive: bool,
}

impl Frame {
    /// SOF: precision, height, width, number of components, three bytes each.
    fn parse(content: &[u8], progressive: bool) -> Result<Self, ImagingError> {
        let Some((&[precision, h1, h0, w1, w0, count], components)) = content.split_first_chunk()
        else {
            return Err(ImagingError::damaged("its size is cut short"));
        };
        if precision != 8 {
            return Err(ImagingError::Unsupported(format!(
                "a JPEG with {precision} bits a sample"
            )));
        }
        let size = Size {
            width: u32::from(u16::from_be_bytes([w1, w0])),
            height: u32::from(u16::from_be_bytes([h1, h0])),
        };
        if size.width == 0 || size.height == 0 {
            return Err(ImagingError::damaged("its width or height is nought"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(ImagingError::Unsupported(format!(
                "a JPEG with {count} colour components"
            )));
        }
        let components = components.as_chunks::<3>().0;
        let names = components.iter().map(|&[name, ..]| name).collect();
        let sampling: Vec<_> = components
            .iter()
            .map(|&[_, factors, _]| Sampling {
                across: u64::from(factors >> 4).clamp(1, 4),
                down: u64::from(factors & 15).clamp(1, 4),
            })
            .take(usize::from(count))
            .collect();
        if sampling.len() != usize::from(count) {
            return Err(ImagingError::damaged("its size is cut short"));
        }
        Ok(Self { size, names, sampling, progressive })
    }
}

/// An ICC profile comes in numbered pieces of less than 64 KB, in any order.
#[derive(Default)]
struct Profile {
    pieces: Vec<(u8, Vec<u8>)>,
}

impl Profile {
    fn add(&mut self, content: &[u8]) {
        let Some(content) = content.strip_prefix(ICC_SIGNATURE) else { return };
        let Some((&[number, _count], piece)) = content.split_first_chunk() else { return };
        if self.pieces.iter().all(|(known, _)| *known != number) {
            self.pieces.push((number, piece.to_vec()));
        }
    }

    fn joined(mut self) -> Option<Vec<u8>> {
        self.pieces.sort_by_key(|(number, _)| *number);
        let joined: Vec<u8> = self.pieces.into_iter().flat_map(|(_, piece)| piece).collect();
        (!joined.is_empty()).then_some(joined)
    }
}

/// The coefficients that the scans of a picture bring, by their headers.
struct Scans<'a> {
    frame: &'a Frame,
    count: u32,
    /// For each component, the bits that its coefficients still lack, one mask of 64 for each bit.
    missing: Vec<[u64; 14]>,
}

impl<'a> Scans<'a> {
    fn new(frame: &'a Frame) -> Self {
        Self { frame, count: 0, missing: vec![[u64::MAX; 14]; frame.names.len()] }
    }

    /// Notes what a scan brings; its header names components, coefficients and their bits.
    fn add(&mut self, header: &[u8]) -> Result<(), ImagingError> {
        self.count += 1;
        if self.count > MOST_SCANS {
            return Err(ImagingError::Unsupported(format!(
                "a JPEG of more than {MOST_SCANS} scans"
            )));
        }
        let components = header.first().copied().map_or(0, usize::from);
        let Some((listed, &[first, last, bits, ..])) =
            header.get(1..).and_then(|rest| rest.split_at_checked(components * 2))
        else {
            return Ok(());
        };
        let (first, last, from_bit) = match self.frame.progressive {
            true => (first.min(63), last.min(63), usize::from(bits & 15)),
            false => (0, 63, 0),
        };
        let width = u64::from(last.saturating_sub(first)) + 1;
        let mask = (u64::MAX >> (64 - width)) << first;
        for &[name, _] in listed.as_chunks::<2>().0 {
            let of_name = self.frame.names.iter().position(|known| *known == name);
            if let Some(missing) = of_name.and_then(|place| self.missing.get_mut(place)) {
                missing.iter_mut().skip(from_bit).for_each(|bit| *bit &= !mask);
            }
        }
        Ok(())
    }

    /// Walks from the first scan's data to the end, or to where the file breaks off.
    ///
    /// Where the end marker is missing, the scans have to bring every bit of every coefficient:
    /// otherwise the picture would be whole to the decoder, and only less sharp than it was.
    fn read_on(&mut self, reader: &mut impl BufRead) -> Result<(), ImagingError> {
        loop {
            let outcome = match next_marker(reader) {
                Ok(0xD9) => return Ok(()),
                Ok(0xD0..=0xD8 | 0x01) => continue,
                Ok(0xDA) => segment(reader).and_then(|header| self.add(&header)),
                Ok(_) => skip_segment(reader),
                Err(error) => Err(error),
            };
            match outcome {
                Err(ImagingError::Truncated) => {
                    let whole = self.missing.iter().flatten().all(|bits| *bits == 0);
                    return if whole { Ok(()) } else { Err(ImagingError::Truncated) };
                }
                outcome => outcome?,
            }
        }
    }
}

/// Moves behind the next marker: 0xFF and a byte that is neither filling nor data.
fn next_marker(reader: &mut impl BufRead) -> Result<u8, ImagingError> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Err(ImagingError::Truncated);
        }
        let Some(before) = buffer.iter().position(|&byte| byte == 0xFF) else {
            let all = buffer.len();
            reader.consume(all);
            continue;
        };
        reader.consume(before + 1);
        let mut marker = [0xFF];
        while marker == [0xFF] {
            reader.read_exact(&mut marker)?;
        }
        if marker != [0] {
            return Ok(u8::from_be_bytes(marker));
        }
    }
}

/// Returns the length a segment states, less the two bytes it is stated in.
fn segment_bytes(reader: &mut impl BufRead) -> Result<u16, ImagingError> {
    let mut length = [0; 2];
    reader.read_exact(&mut length)?;
    let whole = u16::from_be_bytes(length);
    whole.checked_sub(2).ok_or_else(|| ImagingError::damaged("a part of it has no length"))
}

fn segment(reader: &mut impl BufRead) -> Result<Vec<u8>, ImagingError> {
    let mut content = vec![0; usize::from(segment_bytes(reader)?)];
    reader.read_exact(&mut content)?;
    Ok(content)
}

fn skip_segment(reader: &mut impl BufRead) -> Result<(), ImagingError> {
    let bytes = u64::from(segment_bytes(reader)?);
    let skipped = io::copy(&mut reader.take(bytes), &mut io::sink())?;
    if skipped < bytes { Err(ImagingError::Truncated) } else { Ok(()) }
}
