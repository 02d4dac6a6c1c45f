//! Variable-length integers, and a reader that never trusts what it reads.

/// What is wrong with encoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorruptError {
    #[error("the data ends too early")]
    Truncated,
    #[error("a number is too large for what it counts")]
    OutOfRange,
    #[error("an unknown tag {0}")]
    UnknownTag(u8),
    #[error("a text is not UTF-8")]
    NotText,
}

/// Appends numbers, seven bits a byte, low bits first (LEB128).
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }
    pub fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }
    pub fn u32(&mut self, n: u32) {
        self.number(u64::from(n));
    }
    /// The difference of two values, small either way (zigzag).
    pub fn difference(&mut self, value: u32, from: u32) {
        let d = i64::from(value) - i64::from(from);
        self.number(((d << 1) ^ (d >> 63)) as u64);
    }
    /// Bytes with their number before them.
    pub fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }
    pub fn text(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }
}

/// Reads what [`Writer`] wrote.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
    /// Bytes that have not been read.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8, CorruptError> {
        let (&first, rest) = self.bytes.split_first().ok_or(CorruptError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }
    #[inline(always)]
    pub fn number(&mut self) -> Result<u64, CorruptError> {
        // Nearly all numbers are one byte, and nearly all others two.
        match *self.bytes {
            [first, ref rest @ ..] if first < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(first))
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(first & 0x7f) | u64::from(second) << 7)
            }
            _ => self.long_number(),
        }
    }
    #[inline(never)]
    fn long_number(&mut self) -> Result<u64, CorruptError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CorruptError::OutOfRange)
    }
    /// Steps over so many numbers.
    #[inline(always)]
    pub fn skip_numbers(&mut self, count: usize) -> Result<(), CorruptError> {
        for _ in 0..count {
            while self.byte()? >= 0x80 {}
        }
        Ok(())
    }
    #[inline(always)]
    pub fn u32(&mut self) -> Result<u32, CorruptError> {
        u32::try_from(self.number()?).map_err(|_| CorruptError::OutOfRange)
    }
    #[inline]
    pub fn difference(&mut self, from: u32) -> Result<u32, CorruptError> {
        let d = self.signed()?;
        d.checked_add(i64::from(from)).and_then(|v| u32::try_from(v).ok()).ok_or(CorruptError::OutOfRange)
    }
    /// The value from which [`Writer::difference`] gave the distance to `to`.
    pub fn back_difference(&mut self, to: u32) -> Result<u32, CorruptError> {
        let d = self.signed()?;
        i64::from(to).checked_sub(d).and_then(|v| u32::try_from(v).ok()).ok_or(CorruptError::OutOfRange)
    }
    #[inline(always)]
    fn signed(&mut self) -> Result<i64, CorruptError> {
        let n = self.number()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }
    pub fn flag(&mut self) -> Result<bool, CorruptError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(CorruptError::UnknownTag(other)),
        }
    }
    pub fn blob(&mut self) -> Result<&'a [u8], CorruptError> {
        let len = self.count(1)?;
        let (blob, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        Ok(blob)
    }
    pub fn text(&mut self) -> Result<&'a str, CorruptError> {
        std::str::from_utf8(self.blob()?).map_err(|_| CorruptError::NotText)
    }
    /// A number of items of at least `bytes_min` bytes each: never more than what is left can hold, so that room for
    /// them can be made at once.
    pub fn count(&mut self, bytes_min: usize) -> Result<usize, CorruptError> {
        let n = self.number()?;
        self.bounded(n, bytes_min)
    }
    /// Like [`count`](Self::count), for a number that has been read.
    pub fn bounded(&self, n: u64, bytes_min: usize) -> Result<usize, CorruptError> {
        let most = self.bytes.len() / bytes_min;
        if n > most as u64 { Err(CorruptError::Truncated) } else { Ok(n as usize) }
    }
}
