use std::io::Read;

use super::boxes::{Boxes, Palette};
use crate::bytes::{ReadAt, Section};
use crate::samples::Channels;
use crate::{ImagingError, Size};

/// Components of a pixel; more are measurements, not pictures.
const MOST_COMPONENTS: usize = 16;

/// Tiles of a picture: OpenJPEG keeps 10 kB of parameters for each.
const MOST_TILES: u64 = 32_768;

/// A component as the codestream describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    pub(super) bits: u32,
    pub(super) signed: bool,
    /// Pixels of the reference grid for each sample, across and down.
    pub(super) step: (u32, u32),
}

/// The size of the picture and of its tiles, on the reference grid.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
    pub(super) tile: Size,
    pub(super) tile_top: u32,
    pub(super) tiles: u64,
    pub(super) components: Vec<Component>,
}

/// The colour space of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    Rgb,
    YCbCr,
    Cmyk,
}

impl Colours {
    pub(super) fn channels(self) -> Channels {
        match self {
            Self::Gray => Channels::Gray,
            Self::Rgb | Self::YCbCr => Channels::Rgb,
            Self::Cmyk => Channels::Cmyk,
        }
    }
}

/// The source of a channel: a component, or a column of the palette that it points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) component: usize,
    pub(super) column: Option<usize>,
}

/// A JPEG 2000 file as its boxes and its main header describe it.
#[derive(Clone)]
pub(super) struct Header<'a> {
    pub(super) codestream: Section<'a>,
    pub(super) codestream_bytes: u64,
    /// The bytes that it lacks of its end marker: two bytes, one or none.
    pub(super) tail: &'static [u8],
    pub(super) grid: Grid,
    pub(super) colours: Colours,
    /// The colours in their order.
    pub(super) channels: Vec<Channel>,
    /// The alpha, and whether colours are multiplied by it already.
    pub(super) alpha: Option<(Channel, bool)>,
    pub(super) palette: Palette,
    pub(super) profile: Option<Vec<u8>>,
}

impl<'a> Header<'a> {
    pub(super) fn read(source: &'a dyn ReadAt) -> Result<Self, ImagingError> {
        let file_bytes = source.length()?;
        let mut head = [0; 4];
        Section::whole(source)?.read_exact(&mut head)?;
        let boxes = match head {
            [0xFF, 0x4F, 0xFF, 0x51] => {
                Boxes { codestream: Some((0, file_bytes)), ..Boxes::default() }
            }
            _ => Boxes::read(source, file_bytes)?,
        };
        let (at, bytes) = boxes.codestream.ok_or(ImagingError::Truncated)?;
        let codestream = Section::new(source, at, bytes);
        let mut end = [0; 2];
        Section::new(source, (at + bytes).saturating_sub(2), 2).read_exact(&mut end)?;
        let tail: &[u8] = match end {
            [0xFF, 0xD9] => &[],
            // No data end with this byte.
            [_, 0xFF] => &[0xD9],
            _ => &[0xFF, 0xD9],
        };
        let grid = Grid::read(codestream.clone())?;
        let mut header = Self {
            codestream,
            codestream_bytes: bytes,
            tail,
            grid,
            colours: Colours::Gray,
            channels: Vec::new(),
            alpha: None,
            palette: boxes.palette,
            profile: boxes.profile,
        };
        header.define_channels(boxes.colours, &boxes.mapping, &boxes.definitions)?;
        Ok(header)
    }

    /// Returns the size of the picture: that of its first colour.
    pub(super) fn size(&self) -> Size {
        let first = self.channels.first().map_or(0, |channel| channel.component);
        let (across, down) = self.grid.components.get(first).map_or((1, 1), |one| one.step);
        Size {
            width: self.grid.right.div_ceil(across) - self.grid.left.div_ceil(across),
            height: self.grid.bottom.div_ceil(down) - self.grid.top.div_ceil(down),
        }
    }

    fn define_channels(
        &mut self,
        colours: Option<u32>,
        mapping: &[(u16, u8, u8)],
        definitions: &[(u16, u16, u16)],
    ) -> Result<(), ImagingError> {
        let components = &self.grid.components;
        let all: Vec<Channel> = if self.palette.columns > 0 && !mapping.is_empty() {
            let channel = |&(component, kind, column): &(u16, u8, u8)| Channel {
                component: usize::from(component),
                column: (kind == 1).then_some(usize::from(column)),
            };
            mapping.iter().map(channel).collect()
        } else {
            (0..components.len()).map(|component| Channel { component, column: None }).collect()
        };
        let valid = |channel: &Channel| {
            channel.component < components.len()
                && channel.column.is_none_or(|column| column < self.palette.columns)
        };
        if !all.iter().all(valid) {
            return Err(ImagingError::damaged("its palette points at what is not there"));
        }
        let subsampled = components.iter().skip(1).take(2).any(|component| {
            component.step != components.first().map_or((1, 1), |first| first.step)
        });
        let profile_says = self.profile.as_deref().and_then(|profile| profile.get(16..20));
        self.colours = match (colours, profile_says) {
            (Some(16 | 20 | 21), _) | (None, Some(b"RGB ")) => Colours::Rgb,
            (Some(17), _) | (None, Some(b"GRAY")) => Colours::Gray,
            (Some(1 | 3 | 4 | 18 | 24), _) => Colours::YCbCr,
            (Some(12), _) | (None, Some(b"CMYK")) => Colours::Cmyk,
            (Some(14), _) => {
                return Err(ImagingError::unsupported("a JPEG 2000 in CIELab colours"));
            }
            // Nothing is said: as many colours as there are components.
            _ if all.len() < 3 => Colours::Gray,
            _ if subsampled => Colours::YCbCr,
            _ => Colours::Rgb,
        };
        // A single component is gray, whatever is said of its colours.
        if all.len() < 3 {
            self.colours = Colours::Gray;
        }
        let count = self.colours.channels().count();
        if all.len() < count {
            return Err(ImagingError::damaged("it has fewer components than its colours"));
        }
        let of_colour = |number: usize| {
            let defined = definitions
                .iter()
                .find(|(_, kind, colour)| *kind == 0 && usize::from(*colour) == number + 1);
            let place = defined.map_or(number, |(channel, ..)| usize::from(*channel));
            all.get(place).copied()
        };
        self.channels = (0..count).filter_map(of_colour).collect();
        if self.channels.len() < count {
            return Err(ImagingError::damaged("its channels are defined in no known way"));
        }
        let alpha = definitions.iter().find(|(_, kind, _)| matches!(kind, 1 | 2));
        self.alpha = alpha.and_then(|&(channel, kind, _)| {
            Some((all.get(usize::from(channel)).copied()?, kind == 2))
        });
        Ok(())
    }
}

impl Grid {
    /// Reads the SIZ marker that each codestream begins with.
    fn read(mut codestream: Section<'_>) -> Result<Self, ImagingError> {
        let mut head = [0; 42];
        codestream.read_exact(&mut head)?;
        if !head.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
            return Err(ImagingError::damaged("its codestream does not begin with its size"));
        }
        let long = |at: usize| {
            let bytes = head.get(at..).and_then(<[u8]>::first_chunk);
            bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
        };
        let count = usize::from(u16::from_be_bytes([head[40], head[41]]));
        let [right, bottom, left, top] = [8, 12, 16, 20].map(long);
        let [tile_width, tile_height, tile_left, tile_top] = [24, 28, 32, 36].map(long);
        if left >= right || top >= bottom || right.max(bottom) > i32::MAX as u32 {
            return Err(ImagingError::damaged("its width or height is nought or beyond measure"));
        }
        let placed = tile_width > 0
            && tile_height > 0
            && tile_left <= left
            && tile_top <= top
            && tile_left.checked_add(tile_width).is_none_or(|end| end > left)
            && tile_top.checked_add(tile_height).is_none_or(|end| end > top);
        if !placed {
            return Err(ImagingError::damaged("its tiles lie beside the picture"));
        }
        let tiles = u64::from((right - tile_left).div_ceil(tile_width))
            * u64::from((bottom - tile_top).div_ceil(tile_height));
        if tiles > MOST_TILES {
            return Err(ImagingError::Unsupported(format!(
                "a JPEG 2000 of more than {MOST_TILES} tiles"
            )));
        }
        if !(1..=MOST_COMPONENTS).contains(&count) {
            return Err(ImagingError::Unsupported(format!("a JPEG 2000 of {count} components")));
        }
        let mut described = vec![0; count * 3];
        codestream.read_exact(&mut described)?;
        let component = |&[depth, across, down]: &[u8; 3]| {
            let bits = u32::from(depth & 0x7F) + 1;
            if across == 0 || down == 0 || bits > 31 {
                return Err(ImagingError::damaged("a component of it is beyond measure"));
            }
            let step = (u32::from(across), u32::from(down));
            Ok(Component { bits, signed: depth & 0x80 != 0, step })
        };
        let components = described.as_chunks::<3>().0.iter().map(component);
        let tile = Size { width: tile_width, height: tile_height };
        let components = components.collect::<Result<_, _>>()?;
        Ok(Self { left, top, right, bottom, tile, tile_top, tiles, components })
    }
}
