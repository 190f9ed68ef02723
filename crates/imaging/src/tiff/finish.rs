use std::sync::LazyLock;

use super::kind::{Alpha, Colours};
use super::page::Page;
use crate::samples::{Channels, blend_over, unit, ycbcr_to_rgb};

/// The conversion of the samples of a row, once they have 8 bits each.
pub(super) struct Finish {
    colours: Colours,
    alpha: Option<Alpha>,
    /// Samples of a pixel, those included that are no colour.
    samples: usize,
    /// Tells whether YCbCr has become RGB already.
    converted: bool,
    palette: Vec<[u8; 3]>,
}

impl Finish {
    pub(super) fn new(page: &Page<'_>) -> Self {
        use super::kind::Compression::{Jpeg, OldJpeg};
        let is_jpeg = matches!(page.compression, Jpeg | OldJpeg);
        Self {
            colours: page.colours,
            alpha: page.alpha,
            samples: super::samples(page),
            converted: (is_jpeg && !page.planar) || page.is_blocks(),
            palette: page.palette.clone(),
        }
    }

    /// Turns a row of samples into one of pixels.
    pub(super) fn row(&self, samples: &[u8], into: &mut [u8]) {
        match self.colours {
            Colours::Palette => {
                let pixels = samples.chunks_exact(self.samples);
                for (to, pixel) in into.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
                    let index = pixel.first().copied().map_or(0, usize::from);
                    *to = self.palette.get(index).copied().unwrap_or_default();
                }
                return;
            }
            _ if self.samples == self.colours.samples() => {
                into.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
            }
            _ => self.without_alpha(samples, into),
        }
        match self.colours {
            Colours::YCbCr if !self.converted => {
                into.as_chunks_mut::<3>().0.iter_mut().for_each(|p| *p = ycbcr_to_rgb(*p));
            }
            Colours::Lab => {
                let signed = |[l, a, b]: [u8; 3]| lab_to_rgb([l, a ^ 0x80, b ^ 0x80], &D65);
                into.as_chunks_mut::<3>().0.iter_mut().for_each(|p| *p = signed(*p));
            }
            Colours::IccLab => {
                into.as_chunks_mut::<3>().0.iter_mut().for_each(|p| *p = lab_to_rgb(*p, &D50));
            }
            _ => {}
        }
    }

    fn without_alpha(&self, samples: &[u8], into: &mut [u8]) {
        let count = self.colours.samples();
        // White in the colours of the page; alpha of CIELab is passed over.
        let background = if self.colours.channels() == Channels::Cmyk { 0 } else { 255 };
        let alpha = match self.colours {
            Colours::Lab | Colours::IccLab => None,
            _ => self.alpha,
        };
        for (to, pixel) in into.chunks_exact_mut(count).zip(samples.chunks_exact(self.samples)) {
            match (alpha, pixel.get(count)) {
                (Some(alpha), Some(&opacity)) => {
                    for (to, &sample) in to.iter_mut().zip(pixel) {
                        *to = alpha.lay(background, sample, opacity);
                    }
                }
                _ => to.iter_mut().zip(pixel).for_each(|(to, from)| *to = *from),
            }
        }
    }
}

impl Alpha {
    fn lay(self, background: u8, sample: u8, opacity: u8) -> u8 {
        match self {
            Self::Associated => blend_over(background, 0, opacity).saturating_add(sample),
            Self::Unassociated => blend_over(background, sample, opacity),
        }
    }
}

/// A white, and the way from XYZ under it to linear sRGB.
struct White {
    xyz: [f32; 3],
    to_rgb: [[f32; 3]; 3],
}

/// The white of CIELab in a TIFF that states no other, as other readers take it.
const D65: White = White {
    xyz: [0.950_47, 1.0, 1.088_83],
    to_rgb: [
        [3.240_454, -1.537_138, -0.498_531],
        [-0.969_266, 1.876_011, 0.041_556],
        [0.055_643, -0.204_026, 1.057_225],
    ],
};

/// The white of profiles, adapted after Bradford.
const D50: White = White {
    xyz: [0.964_22, 1.0, 0.825_21],
    to_rgb: [
        [3.133_856, -1.616_867, -0.490_615],
        [-0.978_768, 1.916_142, 0.033_454],
        [0.071_945, -0.228_991, 1.405_243],
    ],
};

/// The sRGB level of light in steps of 1/4096: computing each takes ten times as long.
static LEVELS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let level = |step: u16| {
        let light = f32::from(step) / 4096.0;
        unit(match light <= 0.003_130_8 {
            true => light * 12.92,
            false => 1.055 * light.powf(1.0 / 2.4) - 0.055,
        })
    };
    (0..=4096).map(level).collect()
});

/// Converts CIE L*a*b* to sRGB, a* and b* having 128 added.
fn lab_to_rgb([lightness, a, b]: [u8; 3], white: &White) -> [u8; 3] {
    let linear = |t: f32| match t > 6.0 / 29.0 {
        true => t * t * t,
        false => (t - 4.0 / 29.0) * 108.0 / 841.0,
    };
    let middle = (f32::from(lightness) * 100.0 / 255.0 + 16.0) / 116.0;
    let [white_x, white_y, white_z] = white.xyz;
    let xyz = [
        linear(middle + (f32::from(a) - 128.0) / 500.0) * white_x,
        linear(middle) * white_y,
        linear(middle - (f32::from(b) - 128.0) / 200.0) * white_z,
    ];
    white.to_rgb.map(|weights| {
        let light: f32 = weights.iter().zip(xyz).map(|(weight, part)| weight * part).sum();
        let light = light.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped just before"
        )]
        let step = (light * 4096.0 + 0.5) as usize;
        LEVELS.get(step).copied().unwrap_or(u8::MAX)
    })
}
