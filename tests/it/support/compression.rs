//! The compressions of `.deb` members and of indexes.

use std::io::Write;

/// What dpkg and apt can decompress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Lzma,
}

impl Compression {
    pub(crate) const ALL: [Self; 6] = [Self::None, Self::Gzip, Self::Xz, Self::Zstd, Self::Bzip2, Self::Lzma];

    /// The suffix of a file name, with its dot.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
            Self::Bzip2 => ".bz2",
            Self::Lzma => ".lzma",
        }
    }

    pub(crate) fn compress(self, data: &[u8]) -> Vec<u8> {
        fn write<W: Write>(
            mut encoder: W,
            data: &[u8],
            finish: fn(W) -> std::io::Result<Vec<u8>>,
        ) -> Vec<u8> {
            encoder.write_all(data).unwrap();
            finish(encoder).unwrap()
        }
        let out = Vec::new();
        match self {
            Self::None => data.to_vec(),
            Self::Gzip => {
                let level = flate2::Compression::fast();
                write(flate2::write::GzEncoder::new(out, level), data, flate2::write::GzEncoder::finish)
            }
            Self::Xz => write(xz2::write::XzEncoder::new(out, 1), data, xz2::write::XzEncoder::finish),
            Self::Zstd => zstd::encode_all(data, 1).unwrap(),
            Self::Bzip2 => {
                let level = bzip2::Compression::fast();
                write(bzip2::write::BzEncoder::new(out, level), data, bzip2::write::BzEncoder::finish)
            }
            Self::Lzma => {
                let options = xz2::stream::LzmaOptions::new_preset(1).unwrap();
                let stream = xz2::stream::Stream::new_lzma_encoder(&options).unwrap();
                let encoder = xz2::write::XzEncoder::new_stream(out, stream);
                write(encoder, data, xz2::write::XzEncoder::finish)
            }
        }
    }
}
