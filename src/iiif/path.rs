//! Paths of image services: which image is meant, and what is asked of it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::version::Version;

/// Names a kind of image service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageService {
    /// The image itself.
    Image,
    /// The open thumbnails.
    Thumbnails,
    /// The open tier of an image that has roles.
    Degraded,
}

impl ImageService {
    /// Returns the first element of its paths.
    pub fn element(self) -> &'static str {
        match self {
            Self::Image => "iiif-img",
            Self::Thumbnails => "thumbs",
            Self::Degraded => "degraded",
        }
    }

    fn from_element(element: &str) -> Option<Self> {
        [Self::Image, Self::Thumbnails, Self::Degraded]
            .into_iter()
            .find(|service| service.element() == element)
    }
}

/// Names a customer as a path does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedCustomer {
    Number(i32),
    /// A name, to be compared without regard to case.
    Name(String),
}

/// Tells what is asked of an image service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The service itself, which leads to its description.
    Service,
    /// The description, `info.json`.
    Description,
    /// Pixels: region, size, rotation, and quality with format, each as it was sent.
    Pixels([&'a str; 4]),
    /// An id of a canvas or of what lies on it, which nothing answers.
    CanvasId,
    /// Anything else, which no image has.
    Unknown,
}

/// Holds a path of an image service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePath<'a> {
    pub service: ImageService,
    /// The version that the path names, if it names one.
    pub named_version: Option<Version>,
    pub customer: AskedCustomer,
    /// Number of the space, above 0.
    pub space: i32,
    /// Identifier of the image, decoded once.
    pub image: String,
    pub target: Target<'a>,
    /// The version as it was spelled.
    version_spelling: Option<&'a str>,
    /// Customer, space and image as they were spelled.
    spelling: [&'a str; 3],
}

impl ServicePath<'_> {
    /// Returns the version in which the request is answered.
    pub fn version(&self) -> Version {
        self.named_version.unwrap_or(Version::DEFAULT)
    }

    /// Returns the path of the `id` of the service, in the spelling asked for.
    pub fn id_path(&self) -> String {
        self.write(self.service, self.version_spelling)
    }

    /// Returns the path of the same service in a version, otherwise in the spelling asked for.
    pub fn in_version(&self, version: Version) -> String {
        self.write(self.service, Some(version.path_element()))
    }

    /// Returns the path of the open tier of the same image, in the version and the spelling asked for.
    pub fn degraded(&self) -> String {
        self.write(ImageService::Degraded, self.version_spelling)
    }

    fn write(&self, service: ImageService, version: Option<&str>) -> String {
        let mut path = String::new();
        for element in std::iter::once(service.element()).chain(version).chain(self.spelling) {
            path.push('/');
            path.push_str(element);
        }
        path
    }
}

/// Tells why a path of an image service means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathError {
    /// An element has the wrong form. Displayed as a sentence that begins with the element.
    Malformed { element: &'static str, expected: &'static str },
    /// An element is missing, or has a form that nothing of the kind has.
    Unknown { element: &'static str },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { element, expected } => write!(f, "{element} must be {expected}"),
            Self::Unknown { element } => write!(f, "there is no such {element}"),
        }
    }
}

impl Error for PathError {}

/// Reads a path as it was sent, without the query; nothing if it is of no image service.
///
/// Splits the path before anything is decoded, so that an encoded slash is part of a value, and drops empty elements.
///
/// # Errors
/// Returns [`PathError::Malformed`] for what HTTP answers with 400, and [`PathError::Unknown`] for 404.
pub fn read(path: &str) -> Option<Result<ServicePath<'_>, PathError>> {
    let mut elements = path.split('/').filter(|element| !element.is_empty());
    let service = elements.next().and_then(ImageService::from_element)?;
    Some(read_service(service, elements))
}

fn read_service<'a>(
    service: ImageService,
    mut elements: impl Iterator<Item = &'a str>,
) -> Result<ServicePath<'a>, PathError> {
    let mut next = |element| elements.next().ok_or(PathError::Unknown { element });
    let mut customer_spelling = next("customer")?;
    let mut customer = decode(customer_spelling, "the customer")?;
    let (mut named_version, mut version_spelling) = (None, None);
    if is_version(&customer) {
        let version = Version::from_path_element(&customer);
        named_version = Some(version.ok_or(PathError::Unknown { element: "version" })?);
        version_spelling = Some(customer_spelling);
        customer_spelling = next("customer")?;
        customer = decode(customer_spelling, "the customer")?;
    }
    let space_spelling = next("space")?;
    let image_spelling = next("image")?;
    Ok(ServicePath {
        service,
        named_version,
        customer: read_customer(customer)?,
        space: read_space(&decode(space_spelling, "the space")?)?,
        image: decode(image_spelling, "the image")?.into_owned(),
        target: read_target(elements)?,
        version_spelling,
        spelling: [customer_spelling, space_spelling, image_spelling],
    })
}

fn read_target<'a>(elements: impl Iterator<Item = &'a str>) -> Result<Target<'a>, PathError> {
    // One more than any form has tells that there are too many.
    let elements: Vec<&str> = elements.take(5).collect();
    match elements.as_slice() {
        [] => Ok(Target::Service),
        [one] if decode(one, "the path")? == "info.json" => Ok(Target::Description),
        ["canvas", "c", _, ..] => Ok(Target::CanvasId),
        [region, size, rotation, file] => Ok(Target::Pixels([region, size, rotation, file])),
        _ => Ok(Target::Unknown),
    }
}

/// Returns whether an element is `v` with one digit, which no name of a customer is.
fn is_version(element: &str) -> bool {
    matches!(element.as_bytes(), [b'v', b'0'..=b'9'])
}

/// Reads a number of a customer if there are only digits, and else a name.
fn read_customer(element: Cow<'_, str>) -> Result<AskedCustomer, PathError> {
    if !element.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(AskedCustomer::Name(element.into_owned()));
    }
    canonical(&element).map(AskedCustomer::Number).ok_or(PathError::Unknown { element: "customer" })
}

fn read_space(element: &str) -> Result<i32, PathError> {
    let digits = element.strip_prefix('-').unwrap_or(element);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let (element, expected) = ("the space", "a whole number");
        return Err(PathError::Malformed { element, expected });
    }
    canonical(element).ok_or(PathError::Unknown { element: "space" })
}

/// Reads a number above 0 in the one spelling that numbers have in addresses.
fn canonical(element: &str) -> Option<i32> {
    let number = element.parse().ok().filter(|number| *number > 0)?;
    (!element.starts_with(['0', '+'])).then_some(number)
}

fn decode<'a>(element: &'a str, name: &'static str) -> Result<Cow<'a, str>, PathError> {
    let expected = "UTF-8 in percent-encoding";
    let decoded = percent_decode_str(element).decode_utf8();
    decoded.or(Err(PathError::Malformed { element: name, expected }))
}
