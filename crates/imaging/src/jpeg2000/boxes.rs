use std::io::{Read, Seek, SeekFrom};

use crate::ImagingError;
use crate::bytes::{ReadAt, Section};

/// The longest box that is read into memory: profiles of presses take 2 to 4 MB.
const LONGEST_BOX_BYTES: u64 = 16 << 20;

/// Boxes of a file and of its header; more only serve to keep a reader busy.
const MOST_BOXES: usize = 1024;

/// The palette of a picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Palette {
    /// Levels of 8 bits, entry by entry.
    pub(super) levels: Vec<u8>,
    pub(super) columns: usize,
}

/// The contents of the boxes before the codestream, as far as they matter.
#[derive(Default)]
pub(super) struct Boxes {
    pub(super) colours: Option<u32>,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) palette: Palette,
    /// Component, kind and column of each channel.
    pub(super) mapping: Vec<(u16, u8, u8)>,
    /// Channel, kind and the colour it belongs to.
    pub(super) definitions: Vec<(u16, u16, u16)>,
    pub(super) codestream: Option<(u64, u64)>,
}

impl Boxes {
    pub(super) fn read(source: &dyn ReadAt, file_bytes: u64) -> Result<Self, ImagingError> {
        let mut boxes = Self::default();
        let mut section = Section::whole(source)?;
        let mut at = 0;
        for _ in 0..MOST_BOXES {
            if at >= file_bytes || boxes.codestream.is_some() {
                break;
            }
            section.seek(SeekFrom::Start(at))?;
            let mut head = [0; 8];
            section.read_exact(&mut head)?;
            let [l0, l1, l2, l3, kind @ ..] = head;
            let (head_bytes, length) = match u32::from_be_bytes([l0, l1, l2, l3]) {
                0 => (8, file_bytes - at),
                1 => {
                    let mut long = [0; 8];
                    section.read_exact(&mut long)?;
                    (16, u64::from_be_bytes(long))
                }
                length => (8, u64::from(length)),
            };
            let content = length
                .checked_sub(head_bytes)
                .ok_or_else(|| ImagingError::damaged("a box of it has no length"))?;
            match &kind {
                b"jp2c" => {
                    // A length that is too large is no fault, if the codestream is whole.
                    let most = file_bytes - (at + head_bytes);
                    boxes.codestream = Some((at + head_bytes, content.min(most)));
                }
                b"jp2h" if content <= LONGEST_BOX_BYTES => {
                    let mut inner = Vec::new();
                    section.clone().take(content).read_to_end(&mut inner)?;
                    boxes.header(&inner)?;
                }
                _ => {}
            }
            at = at.saturating_add(length);
        }
        Ok(boxes)
    }

    fn header(&mut self, mut rest: &[u8]) -> Result<(), ImagingError> {
        let broken = || ImagingError::damaged("its header is cut short");
        while let Some((&[l0, l1, l2, l3, k0, k1, k2, k3], behind)) = rest.split_first_chunk() {
            let length = match u32::from_be_bytes([l0, l1, l2, l3]) {
                0 => behind.len(),
                length => (length as usize).checked_sub(8).ok_or_else(broken)?,
            };
            let (content, next) = behind.split_at_checked(length).ok_or_else(broken)?;
            rest = next;
            match &[k0, k1, k2, k3] {
                b"colr" => self.colour(content),
                b"pclr" => self.palette = Palette::parse(content).ok_or_else(broken)?,
                b"cmap" => {
                    let channels = content.as_chunks::<4>().0.iter();
                    self.mapping = channels
                        .map(|&[c1, c0, kind, column]| (u16::from_be_bytes([c1, c0]), kind, column))
                        .collect();
                }
                b"cdef" => {
                    let entries = content.get(2..).unwrap_or_default().as_chunks::<6>().0.iter();
                    let number = |high, low| u16::from_be_bytes([high, low]);
                    self.definitions = entries
                        .map(|&[a, b, c, d, e, f]| (number(a, b), number(c, d), number(e, f)))
                        .collect();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The first description that can be used counts; the others are for other readers.
    fn colour(&mut self, content: &[u8]) {
        if self.colours.is_some() || self.profile.is_some() {
            return;
        }
        match content {
            [1, _, _, rest @ ..] => {
                self.colours = rest.first_chunk().map(|number| u32::from_be_bytes(*number));
            }
            [2 | 3, _, _, profile @ ..] => self.profile = Some(profile.to_vec()),
            _ => {}
        }
    }
}

impl Palette {
    fn parse(content: &[u8]) -> Option<Self> {
        let (&[n1, n0, columns], rest) = content.split_first_chunk()?;
        let entries = usize::from(u16::from_be_bytes([n1, n0]));
        let columns = usize::from(columns);
        let (depths, mut values) = rest.split_at_checked(columns)?;
        let mut levels = Vec::new();
        for _ in 0..entries {
            for depth in depths {
                let bits = u32::from(depth & 0x7F) + 1;
                let bytes = bits.div_ceil(8) as usize;
                let (value, next) = values.split_at_checked(bytes)?;
                values = next;
                let value = value.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
                let top = u64::MAX >> (64 - bits.min(32));
                levels.push(u8::try_from((value.min(top) * 255 + top / 2) / top).ok()?);
            }
        }
        Some(Self { levels, columns })
    }
}
