//! Numbers to and from a file, little-endian, with a checksum over all of them and no length believed that the file can't have.

use std::io::{self, Read, Write};

use crc32fast::Hasher;

use crate::kernel::{LINE, Line};

/// Bytes moved at once.
const PIECE: usize = 1 << 16;

/// A number with a fixed width in the file.
pub(crate) trait Fixed: Copy {
    const WIDTH: usize;
    fn put(self, out: &mut Vec<u8>);
    fn take(bytes: &[u8]) -> Option<Self>;
}

macro_rules! fixed {
    ($($kind:ty),*) => {$(
        impl Fixed for $kind {
            const WIDTH: usize = size_of::<$kind>();
            #[inline]
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            #[inline]
            fn take(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}
fixed!(u8, u16, u32, u64, i64, f32);

impl Fixed for Line {
    const WIDTH: usize = LINE;
    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.map(i8::cast_unsigned));
    }
    fn take(bytes: &[u8]) -> Option<Self> {
        Some(Self(<[u8; LINE]>::try_from(bytes).ok()?.map(u8::cast_signed)))
    }
}

pub(crate) struct Out<W> {
    to: W,
    sum: Hasher,
    piece: Vec<u8>,
}

impl<W: Write> Out<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, sum: Hasher::new(), piece: Vec::with_capacity(PIECE + 64) }
    }

    pub(crate) fn one(&mut self, number: impl Fixed) -> io::Result<()> {
        number.put(&mut self.piece);
        if self.piece.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    pub(crate) fn count(&mut self, count: usize) -> io::Result<()> {
        self.one(count as u64)
    }

    pub(crate) fn all<T: Fixed>(&mut self, numbers: impl IntoIterator<Item = T>) -> io::Result<()> {
        numbers.into_iter().try_for_each(|number| self.one(number))
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sum.update(&self.piece);
        self.to.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }

    /// Write the checksum, and give the file back.
    pub(crate) fn end(mut self) -> io::Result<W> {
        self.flush()?;
        self.to.write_all(&self.sum.finalize().to_le_bytes())?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Why reading broke off.
#[derive(Debug)]
pub(crate) enum Broke {
    Io(io::Error),
    Damaged(&'static str),
}

impl From<io::Error> for Broke {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Damaged("it ends too early") } else { Self::Io(error) }
    }
}

pub(crate) struct In<R> {
    from: R,
    sum: Hasher,
    /// Bytes that the file still has.
    left: u64,
    piece: Vec<u8>,
}

impl<R: Read> In<R> {
    pub(crate) fn new(from: R, length: u64) -> Self {
        Self { from, sum: Hasher::new(), left: length, piece: vec![] }
    }

    pub(crate) fn one<T: Fixed>(&mut self) -> Result<T, Broke> {
        let mut got = Err(Broke::Damaged("it ends too early"));
        self.each(1, |number| got = Ok(number))?;
        got
    }

    pub(crate) fn size(&mut self) -> Result<usize, Broke> {
        usize::try_from(self.one::<u64>()?).map_err(|_| Broke::Damaged("it counts more than fits into memory"))
    }

    /// How many things of at least `width` bytes follow.
    pub(crate) fn count(&mut self, width: usize) -> Result<usize, Broke> {
        let count = self.size()?;
        self.has(count, width)?;
        Ok(count)
    }

    pub(crate) fn all<T: Fixed>(&mut self, count: usize) -> Result<Vec<T>, Broke> {
        self.has(count, T::WIDTH)?;
        let mut numbers = Vec::with_capacity(count);
        self.each(count, |number| numbers.push(number))?;
        Ok(numbers)
    }

    pub(crate) fn each<T: Fixed>(&mut self, count: usize, mut each: impl FnMut(T)) -> Result<(), Broke> {
        self.has(count, T::WIDTH)?;
        let mut left = count * T::WIDTH;
        while left > 0 {
            let size = left.min(PIECE / T::WIDTH * T::WIDTH);
            self.piece.resize(size, 0);
            self.from.read_exact(&mut self.piece)?;
            self.sum.update(&self.piece);
            self.piece.chunks_exact(T::WIDTH).filter_map(T::take).for_each(&mut each);
            left -= size;
        }
        self.left -= (count * T::WIDTH) as u64;
        Ok(())
    }

    fn has(&self, count: usize, width: usize) -> Result<(), Broke> {
        let wanted = count.checked_mul(width).ok_or(Broke::Damaged("it counts more than fits into memory"))?;
        if wanted as u64 > self.left { Err(Broke::Damaged("it ends too early")) } else { Ok(()) }
    }

    /// Whether the file ends here with the checksum of what was read.
    pub(crate) fn end(mut self) -> Result<(), Broke> {
        let mut kept = [0; 4];
        self.from.read_exact(&mut kept)?;
        if self.left != 4 {
            return Err(Broke::Damaged("it goes on after its end"));
        }
        if self.sum.finalize().to_le_bytes() != kept {
            return Err(Broke::Damaged("its checksum does not match"));
        }
        Ok(())
    }
}
