//! Descriptions of images: the document `info.json` of both versions.

use serde_json::{Map, Value, json};

use super::geometry::Size;
use super::level::Level;
use super::limits::Limits;
use super::sizes::listed_sizes;
use super::source::Source;
use super::tiles::{TILE_EDGE, scale_factors};
use super::version::Version;

const PROTOCOL: &str = "http://iiif.io/api/image";

/// Features of every answer, none of which level 0 implies.
const HTTP_FEATURES: [&str; 5] =
    ["baseUriRedirect", "canonicalLinkHeader", "cors", "jsonldMediaType", "profileLinkHeader"];

/// Holds what the description of an image says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a> {
    /// The absolute URI of the service in the spelling asked for, without a slash at the end.
    pub id: &'a str,
    pub version: Version,
    pub level: Level,
    /// Pixels of the full image, as this service has it.
    pub size: Size,
    /// Sizes of the whole image that are served, in ascending order; none are said if there are none.
    pub sizes: Vec<Size>,
    pub limits: Limits,
    /// URI of a licence or rights statement.
    pub rights: Option<&'a str>,
    /// Plain text that is to be shown with the image. Version 3 has no place for it.
    pub attribution: Option<&'a str>,
}

impl<'a> Description<'a> {
    /// Returns the description of an image that is served at level 2.
    pub fn of_image(id: &'a str, version: Version, source: Source<'_>, limits: Limits) -> Self {
        let levels =
            if has_tiles(source.size, limits) { scale_factors(source.size).count() } else { 0 };
        let sizes = listed_sizes(source, limits, levels);
        Self { limits, ..Self::without_limits(id, version, Level::Two, source.size, sizes) }
    }

    /// Returns the description of the open tier of an image, at level 0.
    ///
    /// `source` is the image itself, of which anybody may see whole images with edges of at most `longest_edge` pixels.
    /// It is described as if it had the size of the tier.
    pub fn of_tier(
        id: &'a str,
        version: Version,
        source: Source<'_>,
        limits: Limits,
        longest_edge: u32,
    ) -> Self {
        let (tier, limits) = (source.confined(longest_edge), limits.tightened(longest_edge));
        let sizes = listed_sizes(tier, limits, 0);
        Self { limits, ..Self::without_limits(id, version, Level::Zero, tier.size, sizes) }
    }

    /// Returns the description of open thumbnails, given in any order; nothing if there are none.
    pub fn of_thumbnails(id: &'a str, version: Version, open: &[Size]) -> Option<Self> {
        let mut sizes = open.to_vec();
        sizes.sort_unstable_by_key(|size| (size.area(), size.width));
        let size = *sizes.last()?;
        Some(Self::without_limits(id, version, Level::Zero, size, sizes))
    }

    fn without_limits(
        id: &'a str,
        version: Version,
        level: Level,
        size: Size,
        sizes: Vec<Size>,
    ) -> Self {
        let limits = Limits::NONE;
        Self { id, version, level, size, sizes, limits, rights: None, attribution: None }
    }

    /// Returns the document, its members in the order in which the Image API lists them.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| {
            members.insert(name.to_owned(), value);
        };
        put("@context", self.version.context().into());
        match self.version {
            Version::V2 => {
                put("@id", self.id.into());
                put("protocol", PROTOCOL.into());
            }
            Version::V3 => {
                put("id", self.id.into());
                put("type", "ImageService3".into());
                put("protocol", PROTOCOL.into());
                put("profile", self.level.name().into());
            }
        }
        put("width", self.size.width.into());
        put("height", self.size.height.into());
        if self.version == Version::V3 {
            self.put_limits(&mut put);
        }
        if !self.sizes.is_empty() {
            put("sizes", self.sizes.iter().map(|size| sized(*size)).collect());
        }
        if self.level == Level::Two && has_tiles(self.size, self.limits) {
            let factors: Vec<u32> = scale_factors(self.size).collect();
            put("tiles", json!([{ "width": TILE_EDGE, "scaleFactors": factors }]));
        }
        match self.version {
            Version::V2 => {
                put("profile", json!([self.level.profile(self.version), self.profile_v2()]));
                self.attribution.inspect(|text| put("attribution", not_markup(text).into()));
                self.rights.inspect(|uri| put("license", (*uri).into()));
            }
            Version::V3 => {
                self.rights.inspect(|uri| put("rights", (*uri).into()));
                if self.level == Level::Two {
                    put("extraQualities", json!(["color", "gray", "bitonal"]));
                    put("extraFormats", json!(["webp", "gif", "tif"]));
                }
                put("extraFeatures", self.features().into());
            }
        }
        Value::Object(members)
    }

    fn put_limits(&self, put: &mut impl FnMut(&str, Value)) {
        self.limits.max_width().inspect(|pixels| put("maxWidth", (*pixels).into()));
        self.limits.max_height().inspect(|pixels| put("maxHeight", (*pixels).into()));
        self.limits.max_area().inspect(|pixels| put("maxArea", (*pixels).into()));
    }

    /// Returns the object that says what is served beyond the level, as version 2 has it.
    fn profile_v2(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| {
            members.insert(name.to_owned(), value);
        };
        if self.level == Level::Two {
            put("formats", json!(["webp", "gif", "tif"]));
            put("qualities", json!(["color", "gray"]));
        }
        put("supports", self.features().into());
        self.put_limits(&mut put);
        Value::Object(members)
    }

    /// Returns the features beyond those that the level implies.
    ///
    /// At level 0 no form of size is among them, although some are served: viewers conclude from `sizeByW` and
    /// `sizeByWh` that they may ask for tiles.
    fn features(&self) -> Vec<&'static str> {
        let (square, upscaling) = match self.version {
            Version::V2 => (Some("regionSquare"), "sizeAboveFull"),
            Version::V3 => (None, "sizeUpscaling"),
        };
        match self.level {
            Level::Zero => HTTP_FEATURES.to_vec(),
            Level::Two => ["canonicalLinkHeader", "mirroring", "profileLinkHeader"]
                .into_iter()
                .chain(square)
                .chain(["rotationArbitrary"])
                .chain(self.limits.is_bounded().then_some(upscaling))
                .collect(),
        }
    }
}

/// Returns whether the limits allow the tiles of an image, without which none may be listed.
fn has_tiles(image: Size, limits: Limits) -> bool {
    limits.allow(image.shorter_edges(Size::new(TILE_EDGE, TILE_EDGE)))
}

fn sized(size: Size) -> Value {
    json!({ "width": size.width, "height": size.height })
}

/// Returns plain text as a property value of version 2, in which a text from `<` to `>` is HTML.
fn not_markup(text: &str) -> String {
    let trimmed = text.trim();
    if !(trimmed.starts_with('<') && trimmed.ends_with('>')) {
        return text.to_owned();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<span>{escaped}</span>")
}

/// Returns the media type of a description: JSON-LD, or JSON for clients that ask for no JSON-LD.
///
/// Version 2 is sent as JSON unless JSON-LD is asked for, and version 3 as JSON-LD unless only JSON is
/// (`docs/iiif.md` 5.4).
pub fn media_type(version: Version, is_json_ld: bool) -> &'static str {
    match (version, is_json_ld) {
        (_, false) => "application/json",
        (Version::V2, true) => "application/ld+json",
        (Version::V3, true) => {
            "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\""
        }
    }
}
