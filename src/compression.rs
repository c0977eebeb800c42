//! Decompression by file extension, for the members of a `.deb` and for repository indices.

mod ahead;
mod bounded;
mod budget;
mod members;

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;

use bounded::{Held, SHARES, Xz, demands_more, largest_within, shares_within, zstd, zstd_window};
use members::Members;

pub use ahead::Ahead;
pub(crate) use budget::Budget;

/// What an `.xz` or `.lzma` header may make us allocate, in bytes. `xz -9` needs 65 MiB; a header can demand 4 GiB.
const XZ_MEMORY: u64 = 128 << 20;

/// Base-two logarithm of the largest window that a zstd frame may demand: 128 MiB, the default of zstd(1).
const ZSTD_WINDOW_LOG: u32 = 27;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip (RFC 1952), members concatenated or not.
    Gzip,
    /// The .xz format, streams concatenated or not.
    Xz,
    /// Zstandard (RFC 8878), frames concatenated or not.
    Zstd,
    /// bzip2, streams concatenated or not.
    Bzip2,
    /// The .lzma format of LZMA Utils.
    Lzma,
}

impl Compression {
    /// The compression that an extension (without its dot) stands for; the empty extension stands for none.
    /// `None` where the extension is unknown.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "" => Some(Self::None),
            "gz" => Some(Self::Gzip),
            "xz" => Some(Self::Xz),
            "zst" => Some(Self::Zstd),
            "bz2" => Some(Self::Bzip2),
            "lzma" => Some(Self::Lzma),
            _ => None,
        }
    }

    /// Those that repositories offer indices in, the one to prefer first.
    pub(crate) const OF_INDICES: [Self; 6] =
        [Self::Xz, Self::Zstd, Self::Gzip, Self::Bzip2, Self::Lzma, Self::None];

    /// The inverse of [`Compression::of_extension`].
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "gz",
            Self::Xz => "xz",
            Self::Zstd => "zst",
            Self::Bzip2 => "bz2",
            Self::Lzma => "lzma",
        }
    }

    /// A reader of the decompressed bytes.
    ///
    /// Fails only if the decoder cannot be set up. Reading fails where the data is damaged, or demands more
    /// memory than 128 MiB.
    pub fn decoder<'a>(self, reader: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::Xz => Box::new(Xz::new(reader, XZ_MEMORY)?),
            Self::Lzma => Box::new(Xz::lzma(reader, XZ_MEMORY)?),
            Self::Zstd => Box::new(zstd(reader, ZSTD_WINDOW_LOG)?),
            _ => self.small_decoder(reader),
        })
    }

    /// As [`Compression::decoder`], but its memory comes from a budget: reading waits until others have given back
    /// enough. What is decided by the first header holds for the whole file: data that demands more later on is
    /// refused, since waiting while holding a share could be for ever. So is what demands more than 64 MiB, or than the budget
    /// has in all; that has to be as much as the smallest share.
    pub(crate) fn decoder_within<'a>(
        self,
        mut reader: impl BufRead + Send + 'a,
        budget: &'a Budget,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        let (least, most) = (SHARES[0].1, largest_within(budget.total()));
        Ok(match self {
            Self::Xz => Box::new(Xz::new(reader, least)?.holding(budget.take(least))),
            Self::Lzma => Box::new(Xz::lzma(reader, least)?.holding(budget.take(least))),
            Self::Zstd => {
                let window = zstd_window(reader.fill_buf()?).unwrap_or(0);
                let share = shares_within(budget.total()).find(|(log, _)| window <= 1 << log);
                let (log, bytes) = share.ok_or_else(|| demands_more(most))?;
                Box::new(Held::new(budget.take(bytes), zstd(reader, log)?))
            }
            _ => self.small_decoder(reader),
        })
    }

    /// Those that take no more than bzip2's 4 MiB, whatever a header says.
    fn small_decoder<'a>(self, reader: impl BufRead + Send + 'a) -> Box<dyn Read + Send + 'a> {
        match self {
            Self::Gzip => Box::new(Members::<GzDecoder<_>>::new(reader)),
            Self::Bzip2 => Box::new(Members::<BzDecoder<_>>::new(reader)),
            _ => Box::new(reader),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use xz2::stream::Stream;

    use super::*;

    fn decode(compression: Compression, bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        compression.decoder(bytes)?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn decode_within(compression: Compression, bytes: &[u8], budget: &Budget) -> io::Result<String> {
        let mut text = String::new();
        compression.decoder_within(bytes, budget)?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// An xz stream with the text `text` that demands a dictionary of `2^(property/2+12)` bytes.
    fn xz_that_demands(property: u8) -> Vec<u8> {
        // Building the encoder would allocate gigabytes, so a small dictionary is declared large in the header:
        // its LZMA2 property is at byte 16, the header's CRC32 follows.
        let mut bytes = encode(Compression::Xz, "text");
        assert_eq!(&bytes[14..16], &[0x21, 1], "the filter flags are where they are expected");
        bytes[16] = property;
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..20]);
        bytes[20..24].copy_from_slice(&crc.sum().to_le_bytes());
        bytes
    }

    /// A zstd frame with a raw block of the text `text` that demands a window of `2^(10+exponent)` bytes.
    fn zstd_that_demands(exponent: u8) -> Vec<u8> {
        [&[0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, (4 << 3) | 1, 0, 0], b"text".as_slice()].concat()
    }

    fn encode(compression: Compression, text: &str) -> Vec<u8> {
        match compression {
            Compression::None => text.into(),
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Xz => {
                xz_encode(Stream::new_easy_encoder(1, xz2::stream::Check::Crc64).unwrap(), text)
            }
            Compression::Lzma => {
                let options = xz2::stream::LzmaOptions::new_preset(1).unwrap();
                xz_encode(Stream::new_lzma_encoder(&options).unwrap(), text)
            }
            Compression::Zstd => zstd::encode_all(text.as_bytes(), 3).unwrap(),
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn xz_encode(stream: Stream, text: &str) -> Vec<u8> {
        let mut encoder = xz2::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_budget_changes_nothing_of_what_is_read() {
        let budget = Budget::new(80 << 20);
        let text = "Package: jq\n".repeat(100_000);
        for extension in ["", "gz", "xz", "zst", "bz2", "lzma"] {
            let compression = Compression::of_extension(extension).unwrap();
            let bytes = encode(compression, &text);
            assert!(decode_within(compression, &bytes, &budget).unwrap() == text, "{extension}");
            if !matches!(extension, "" | "lzma") {
                assert!(
                    decode_within(compression, &bytes[..bytes.len() - 5], &budget).is_err(),
                    "{extension}"
                );
            }
        }
    }

    #[test]
    fn reads_every_format_and_its_concatenation() {
        for extension in ["", "gz", "xz", "zst", "bz2", "lzma"] {
            let compression = Compression::of_extension(extension).unwrap();
            let once = encode(compression, "Package: jq\n");
            assert_eq!(decode(compression, &once).unwrap(), "Package: jq\n", "{extension}");
            // The .lzma format has no way to concatenate.
            if compression != Compression::Lzma {
                let twice = [once.clone(), once].concat();
                assert_eq!(decode(compression, &twice).unwrap(), "Package: jq\nPackage: jq\n", "{extension}");
            }
        }
        assert_eq!(Compression::of_extension("Z"), None);
    }

    #[test]
    fn what_follows_the_last_stream_is_nothing() {
        // dpkg stops at the end of the first; what tools leave behind it is padding, or a tail of whatever they wrote into
        for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd, Compression::Bzip2] {
            let text = encode(compression, "Package: jq\n");
            for more in [vec![0; 1000], vec![0], b"junk".to_vec(), b"\0\0\0\0junk that is longer".to_vec()] {
                let bytes = [text.clone(), text.clone(), more].concat();
                assert_eq!(
                    decode(compression, &bytes).unwrap(),
                    "Package: jq\nPackage: jq\n",
                    "{compression:?}"
                );
                let budget = Budget::new(80 << 20);
                assert_eq!(
                    decode_within(compression, &bytes, &budget).unwrap(),
                    "Package: jq\nPackage: jq\n"
                );
            }
            let damaged = [b"junk".to_vec(), text.clone()].concat();
            assert!(decode(compression, &damaged).is_err(), "{compression:?} begins otherwise");
            let cut = [text.clone(), text[..text.len() - 3].to_vec()].concat();
            assert!(decode(compression, &cut).is_err(), "{compression:?} the second is cut short");
            assert!(decode(compression, b"").is_err(), "{compression:?} nothing at all");
        }
        let padded = [encode(Compression::Xz, "a"), vec![0; 8], encode(Compression::Xz, "b")].concat();
        assert_eq!(decode(Compression::Xz, &padded).unwrap(), "ab");
        let skipped = [encode(Compression::Zstd, "a"), b"\x50\x2a\x4d\x18\x04\0\0\0skip".to_vec()].concat();
        assert_eq!(
            decode(Compression::Zstd, &[skipped, encode(Compression::Zstd, "b")].concat()).unwrap(),
            "ab"
        );
        let text = "jq ".repeat(300_000);
        let many: Vec<u8> =
            text.as_bytes().chunks(999).flat_map(|part| zstd::encode_all(part, 1).unwrap()).collect();
        assert!(decode(Compression::Zstd, &many).unwrap() == text);
    }

    #[test]
    fn notices_truncation_and_damage() {
        for extension in ["gz", "xz", "zst", "bz2"] {
            let compression = Compression::of_extension(extension).unwrap();
            let mut bytes = encode(compression, &"text ".repeat(1000));
            assert!(decode(compression, &bytes[..bytes.len() - 5]).is_err(), "{extension} cut short");
            bytes[0] ^= 1;
            assert!(decode(compression, &bytes).is_err(), "{extension} damaged");
        }
    }

    #[test]
    fn refuses_what_wants_too_much_memory() {
        let error = decode(Compression::Xz, &xz_that_demands(40)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        assert!(error.to_string().contains("128 MiB"), "{error}");
        let budget = Budget::new(80 << 20);
        for (compression, bytes) in [
            (Compression::Xz, xz_that_demands(29)),
            (Compression::Xz, xz_that_demands(40)),
            (Compression::Zstd, zstd_that_demands(17)),
            (Compression::Zstd, zstd_that_demands(31)),
        ] {
            let error = decode_within(compression, &bytes, &budget).unwrap_err();
            assert_eq!(error.to_string(), "decompressing it takes more than 66 MiB of memory");
        }
    }

    #[test]
    fn a_share_is_as_large_as_the_header_demands() {
        for (property, exponent, share) in
            [(0, 0, 9), (22, 13, 9), (23, 14, 17), (24, 14, 17), (26, 15, 33), (28, 16, 66)]
        {
            for (compression, bytes) in [
                (Compression::Xz, xz_that_demands(property)),
                (Compression::Zstd, zstd_that_demands(exponent)),
            ] {
                let budget = Budget::new(80 << 20);
                let mut decoder = compression.decoder_within(bytes.as_slice(), &budget).unwrap();
                assert_eq!(decoder.read(&mut [0; 4]).unwrap(), 4, "{compression:?} {share}");
                assert_eq!(budget.free(), (80 - share) << 20, "{compression:?} {share}");
                drop(decoder);
                assert_eq!(budget.free(), 80 << 20);
            }
        }
    }

    #[test]
    fn decoders_wait_for_their_share() {
        static BUDGET: Budget = Budget::new(80 << 20);
        let bytes = xz_that_demands(28);
        let mut first = Compression::Xz.decoder_within(bytes.as_slice(), &BUDGET).unwrap();
        assert_eq!(first.read(&mut [0; 1]).unwrap(), 1);
        let (sender, receiver) = std::sync::mpsc::channel();
        let others: Vec<_> = [xz_that_demands(28), zstd_that_demands(16), xz_that_demands(28)]
            .into_iter()
            .zip([Compression::Xz, Compression::Zstd, Compression::Xz])
            .map(|(bytes, compression)| {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    let text = decode_within(compression, &bytes, &BUDGET).unwrap();
                    sender.send(text).unwrap();
                })
            })
            .collect();
        // small ones go past those that wait
        assert_eq!(decode_within(Compression::Zstd, &zstd_that_demands(0), &BUDGET).unwrap(), "text");
        for _ in 0..1000 {
            std::thread::yield_now();
        }
        assert!(receiver.try_recv().is_err(), "nobody else got 66 of the 14 MiB that are left");
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(receiver.try_iter().count(), 3);
        assert_eq!(BUDGET.free(), 80 << 20);
    }

    #[test]
    fn a_small_budget_refuses_what_it_could_never_give() {
        let budget = Budget::new(40 << 20);
        for (large, small) in [
            ((Compression::Xz, xz_that_demands(28)), (Compression::Xz, xz_that_demands(26))),
            ((Compression::Zstd, zstd_that_demands(16)), (Compression::Zstd, zstd_that_demands(15))),
        ] {
            let error = decode_within(large.0, &large.1, &budget).unwrap_err();
            assert_eq!(error.to_string(), "decompressing it takes more than 33 MiB of memory");
            assert_eq!(decode_within(small.0, &small.1, &budget).unwrap(), "text");
        }
        assert_eq!(budget.free(), 40 << 20);
    }

    #[test]
    fn a_share_does_not_grow_when_data_has_come() {
        let budget = Budget::new(80 << 20);
        let bytes = [xz_that_demands(22), xz_that_demands(28)].concat();
        let error = decode_within(Compression::Xz, &bytes, &budget).unwrap_err();
        assert!(error.to_string().contains("more than 9 MiB"), "{error}");
        let bytes = [zstd_that_demands(13), zstd_that_demands(16)].concat();
        assert!(decode_within(Compression::Zstd, &bytes, &budget).is_err());
        let same = [xz_that_demands(28), xz_that_demands(22)].concat();
        assert_eq!(decode_within(Compression::Xz, &same, &budget).unwrap(), "texttext");
    }
}
