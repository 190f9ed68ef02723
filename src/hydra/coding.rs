//! Content codings: the compressions in which texts are sent (RFC 9110, section 8.4.1).

/// A content coding of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentCoding {
    Zstd,
    Brotli,
    Gzip,
    /// Leaves the text as it is.
    Identity,
}

impl ContentCoding {
    /// Every content coding; at equal weights, the first is sent.
    pub const ALL: [Self; 4] = [Self::Zstd, Self::Brotli, Self::Gzip, Self::Identity];

    /// Returns its name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}
