//! A reader of images: it follows descriptions, asks for pixels, and decodes them as any viewer would.

use std::io::Cursor;

use reqwest::Method;
use serde_json::Value;

use crate::engine::scene::Scene;
use crate::support::Answer;

/// Pixels as they are seen.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Red, green, blue and alpha of each pixel, row by row.
    pixels: Vec<[u8; 4]>,
}

impl Picture {
    /// Decodes an answer by its content type.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        match answer.header("content-type").expect("a type") {
            "image/jpeg" => Self::jpeg(&answer.bytes),
            "image/tiff" => Self::tiff(&answer.bytes),
            other => {
                let format = image::ImageFormat::from_mime_type(other).expect("a type of images");
                let read = image::load_from_memory_with_format(&answer.bytes, format);
                let read = read.expect("a whole image").to_rgba8();
                let (width, height) = read.dimensions();
                Self { width, height, pixels: read.pixels().map(|pixel| pixel.0).collect() }
            }
        }
    }

    fn jpeg(bytes: &[u8]) -> Self {
        let decoder = mozjpeg::Decompress::new_mem(bytes).expect("a JPEG");
        let mut lines = decoder.rgb().expect("colours");
        let (width, height) = (lines.width(), lines.height());
        let pixels: Vec<[u8; 3]> = lines.read_scanlines().expect("a whole JPEG");
        assert_eq!(pixels.len(), width * height);
        let size = |edge: usize| u32::try_from(edge).expect("a size");
        let pixels = pixels.into_iter().map(|[r, g, b]| [r, g, b, 255]).collect();
        Self { width: size(width), height: size(height), pixels }
    }

    fn tiff(bytes: &[u8]) -> Self {
        let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).expect("a TIFF");
        let (width, height) = decoder.dimensions().expect("a size");
        let samples = decoder.colortype().expect("colours").num_samples();
        let tiff::decoder::DecodingResult::U8(read) = decoder.read_image().expect("a whole TIFF")
        else {
            panic!("samples of eight bits");
        };
        let pixel = |of: &[u8]| match of {
            [gray] => [*gray, *gray, *gray, 255],
            [gray, alpha] => [*gray, *gray, *gray, *alpha],
            [r, g, b] => [*r, *g, *b, 255],
            [r, g, b, alpha] => [*r, *g, *b, *alpha],
            _ => panic!("one to four samples"),
        };
        let pixels = read.chunks_exact(usize::from(samples)).map(pixel).collect();
        Self { width, height, pixels }
    }

    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.width + x) as usize]
    }

    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }
}

/// An image that was registered, and its services.
pub struct Served {
    pub scene: Scene,
    pub id: String,
}

impl Served {
    /// Registers a smooth image of a size.
    pub fn smooth(width: u32, height: u32) -> Self {
        Self::of(Scene::start(), width, height)
    }

    pub fn of(scene: Scene, width: u32, height: u32) -> Self {
        let image = scene.put("page", &scene.origin.smooth(width, height)).expect(201);
        assert_eq!(image.text("error"), "");
        Self { scene, id: "page".into() }
    }

    /// Returns the path of a service such as `iiif-img` or `iiif-img/v2`.
    pub fn service(&self, service: &str) -> String {
        format!("/{service}/{}/{}/{}", self.scene.owner.id, self.scene.space, self.id)
    }

    pub fn get(&self, service: &str, rest: &str) -> Answer {
        self.scene.app.visitor.get(&format!("{}/{rest}", self.service(service)))
    }

    /// Asks with headers.
    pub fn with(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let visitor = &self.scene.app.visitor;
        let request = visitor.request(method, path);
        let add = |request: reqwest::blocking::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        visitor.send(headers.iter().fold(request, add))
    }

    #[track_caller]
    pub fn picture(&self, service: &str, rest: &str) -> Picture {
        let answer = self.get(service, rest);
        assert_eq!(answer.status, 200, "{rest}: {}", answer.body);
        Picture::of(&answer)
    }

    #[track_caller]
    pub fn info(&self, service: &str) -> Value {
        self.get(service, "info.json").expect(200).body
    }

    /// Changes the image.
    #[track_caller]
    pub fn patch(&self, body: &Value) {
        self.scene.owner.client.patch(&self.scene.path(&self.id), body).expect(205);
    }
}

/// Returns a size as a description has it.
pub fn size_of(size: &Value) -> (u32, u32) {
    let edge = |name: &str| u32::try_from(size[name].as_u64().expect("pixels")).expect("pixels");
    (edge("width"), edge("height"))
}
