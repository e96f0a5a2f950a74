//! A minimal reader for certificates that webpki does not parse: version 1 and CA certificates.

use rustls::pki_types::UnixTime;

/// Selected fields of a certificate of any version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate<'a> {
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    /// The DER of the public key and its algorithm.
    pub(super) public_key_info: &'a [u8],
}

/// A public key for verifying signatures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey<'a> {
    /// The content of the `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    pub(super) key: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

impl<'a> Certificate<'a> {
    /// Parses a certificate; returns `None` if it is invalid.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(der).take(SEQUENCE)?.content);
        let mut fields = Reader(certificate.take(SEQUENCE)?.content);
        if fields.0.first() == Some(&VERSION) {
            fields.take(VERSION)?;
        }
        fields.take(INTEGER)?;
        // The signature algorithm and the issuer.
        fields.take(SEQUENCE)?;
        fields.take(SEQUENCE)?;
        let mut validity = Reader(fields.take(SEQUENCE)?.content);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        // The subject.
        fields.take(SEQUENCE)?;
        Some(Self { not_before, not_after, public_key_info: fields.take(SEQUENCE)?.whole })
    }

    pub(super) fn public_key(&self) -> Option<PublicKey<'a>> {
        let mut info = Reader(Reader(self.public_key_info).take(SEQUENCE)?.content);
        let algorithm = info.take(SEQUENCE)?.content;
        // The number of unused bits must be zero.
        let key = info.take(BIT_STRING)?.content.strip_prefix(&[0])?;
        Some(PublicKey { algorithm, key })
    }
}

/// A DER reader over the remaining bytes.
struct Reader<'a>(&'a [u8]);

struct Value<'a> {
    /// The content with its tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, tag: u8) -> Option<Value<'a>> {
        let value = self.any()?;
        (value.whole.first() == Some(&tag)).then_some(value)
    }

    fn any(&mut self) -> Option<Value<'a>> {
        let (&first, rest) = self.0.get(1..)?.split_first()?;
        let (length, digits) = match first {
            0..=0x7f => (usize::from(first), 0),
            0x81..=0x84 => {
                let digits = usize::from(first & 0x7f);
                let length =
                    rest.get(..digits)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                (length, digits)
            }
            _ => return None,
        };
        let start = 2 + digits;
        let end = start.checked_add(length)?;
        let whole = self.0.get(..end)?;
        self.0 = &self.0[end..];
        Some(Value { whole, content: &whole[start..] })
    }

    fn time(&mut self) -> Option<UnixTime> {
        let value = self.any()?;
        let text = std::str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match value.whole.first() {
            Some(&UTC_TIME) => {
                let year: i64 = text.get(..2)?.parse().ok()?;
                (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
            }
            Some(&GENERALIZED_TIME) => (text.get(..4)?.parse().ok()?, text.get(4..)?),
            _ => return None,
        };
        let part = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i64>().ok();
        let days = days_since_1970(year, part(0)?, part(1)?);
        let seconds = ((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?;
        let since = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// Returns the days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // The year is counted from March, so that a leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_since_1970_match_the_calendar() {
        for (date, days) in
            [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2000, 3, 1), 11_017), ((2100, 3, 1), 47_541)]
        {
            assert_eq!(days_since_1970(date.0, date.1, date.2), days, "{date:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(certificate) = Certificate::read(&bytes) {
                _ = certificate.public_key();
            }
        }

        #[test]
        fn no_byte_changed_in_a_certificate_makes_the_reader_panic(index: prop::sample::Index, byte: u8) {
            let mut der = include_bytes!("version-1.der").to_vec();
            let index = index.index(der.len());
            der[index] = byte;
            if let Some(certificate) = Certificate::read(&der) {
                _ = certificate.public_key();
            }
        }
    }
}
