//! The types of elements that files hold.
//!
//! # Role
//! One table: name, number in GGUF, elements and bytes of a block.
//!
//! # Sources
//! The enumeration and block sizes of ggml as of 2026, in which numbers 4, 5, 31 to 33 and 36 to 38
//! were given up; the types of safetensors 0.8.

use core::fmt;

macro_rules! elements {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $number:expr, $elements:literal, $bytes:literal;)*) => {
        /// What a tensor's elements are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ElementType {
            $($(#[$doc])* $name,)*
        }

        impl ElementType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn row(self) -> (&'static str, Option<u32>, usize, usize) {
                match self {
                    $(Self::$name => ($text, $number, $elements, $bytes),)*
                }
            }
        }
    };
}

elements! {
    /// Float, 32 bits.
    F32 = "F32", Some(0), 1, 4;
    /// Float, 16 bits, of IEEE 754.
    F16 = "F16", Some(1), 1, 2;
    /// 4 bits and a scale.
    Q4_0 = "Q4_0", Some(2), 32, 18;
    /// 4 bits, a scale and a minimum.
    Q4_1 = "Q4_1", Some(3), 32, 20;
    /// 5 bits and a scale.
    Q5_0 = "Q5_0", Some(6), 32, 22;
    /// 5 bits, a scale and a minimum.
    Q5_1 = "Q5_1", Some(7), 32, 24;
    /// 8 bits and a scale.
    Q8_0 = "Q8_0", Some(8), 32, 34;
    /// 8 bits, a scale and a sum.
    Q8_1 = "Q8_1", Some(9), 32, 36;
    /// 2 bits, scales in blocks.
    Q2K = "Q2_K", Some(10), 256, 84;
    /// 3 bits, scales in blocks.
    Q3K = "Q3_K", Some(11), 256, 110;
    /// 4 bits, scales in blocks.
    Q4K = "Q4_K", Some(12), 256, 144;
    /// 5 bits, scales in blocks.
    Q5K = "Q5_K", Some(13), 256, 176;
    /// 6 bits, scales in blocks.
    Q6K = "Q6_K", Some(14), 256, 210;
    /// 8 bits, scales in blocks.
    Q8K = "Q8_K", Some(15), 256, 292;
    /// About 2.1 bits by a table.
    Iq2Xxs = "IQ2_XXS", Some(16), 256, 66;
    /// About 2.3 bits by a table.
    Iq2Xs = "IQ2_XS", Some(17), 256, 74;
    /// About 3.1 bits by a table.
    Iq3Xxs = "IQ3_XXS", Some(18), 256, 98;
    /// About 1.6 bits by a table.
    Iq1S = "IQ1_S", Some(19), 256, 50;
    /// 4 bits by a table, blocks of 32.
    Iq4Nl = "IQ4_NL", Some(20), 32, 18;
    /// About 3.4 bits by a table.
    Iq3S = "IQ3_S", Some(21), 256, 110;
    /// About 2.6 bits by a table.
    Iq2S = "IQ2_S", Some(22), 256, 82;
    /// About 4.3 bits by a table.
    Iq4Xs = "IQ4_XS", Some(23), 256, 136;
    /// Signed, 8 bits.
    I8 = "I8", Some(24), 1, 1;
    /// Signed, 16 bits.
    I16 = "I16", Some(25), 1, 2;
    /// Signed, 32 bits.
    I32 = "I32", Some(26), 1, 4;
    /// Signed, 64 bits.
    I64 = "I64", Some(27), 1, 8;
    /// Float, 64 bits.
    F64 = "F64", Some(28), 1, 8;
    /// About 1.8 bits by a table.
    Iq1M = "IQ1_M", Some(29), 256, 56;
    /// Float, 16 bits: the upper half of 32.
    Bf16 = "BF16", Some(30), 1, 2;
    /// Three values, about 1.7 bits.
    Tq1_0 = "TQ1_0", Some(34), 256, 54;
    /// Three values, about 2.1 bits.
    Tq2_0 = "TQ2_0", Some(35), 256, 66;
    /// Floats of 4 bits, a power of two as their scale.
    Mxfp4 = "MXFP4", Some(39), 32, 17;
    /// Floats of 4 bits, floats of 8 bits as their scales.
    Nvfp4 = "NVFP4", Some(40), 64, 36;
    /// 1 bit and a scale.
    Q1_0 = "Q1_0", Some(41), 128, 18;
    /// 2 bits and a scale.
    Q2_0 = "Q2_0", Some(42), 64, 18;
    /// Unsigned, 8 bits (safetensors).
    U8 = "U8", None, 1, 1;
    /// Unsigned, 16 bits (safetensors).
    U16 = "U16", None, 1, 2;
    /// Unsigned, 32 bits (safetensors).
    U32 = "U32", None, 1, 4;
    /// Unsigned, 64 bits (safetensors).
    U64 = "U64", None, 1, 8;
    /// True or false, a byte each (safetensors).
    Bool = "BOOL", None, 1, 1;
    /// Float, 8 bits, 4 of them the exponent (safetensors).
    F8E4M3 = "F8_E4M3", None, 1, 1;
    /// Float, 8 bits, 5 of them the exponent (safetensors).
    F8E5M2 = "F8_E5M2", None, 1, 1;
    /// A power of two, 8 bits (safetensors).
    F8E8M0 = "F8_E8M0", None, 1, 1;
    /// Two floats of 32 bits (safetensors).
    C64 = "C64", None, 1, 8;
}

impl ElementType {
    /// Its name, as its format writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// Its number in GGUF, where it has one.
    #[must_use]
    pub const fn gguf_number(self) -> Option<u32> {
        self.row().1
    }

    /// The elements of a block; 1 where each stands for itself.
    #[must_use]
    pub const fn block_elements(self) -> usize {
        self.row().2
    }

    /// The bytes of a block.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        self.row().3
    }

    /// The type of a number in GGUF.
    #[must_use]
    pub fn from_gguf(number: u32) -> Option<Self> {
        // A table by number would be read faster; a file has a few hundred tensors.
        Self::ALL
            .iter()
            .copied()
            .find(|element| element.gguf_number() == Some(number))
    }

    /// The name of a number that GGUF gave up, for a message.
    #[must_use]
    pub(crate) const fn removed(number: u32) -> Option<&'static str> {
        Some(match number {
            4 => "Q4_2",
            5 => "Q4_3",
            31 => "Q4_0_4_4",
            32 => "Q4_0_4_8",
            33 => "Q4_0_8_8",
            36 => "IQ4_NL_4_4",
            37 => "IQ4_NL_4_8",
            38 => "IQ4_NL_8_8",
            _ => return None,
        })
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ElementType;

    #[test]
    fn each_number_of_ggml_is_a_type_or_was_given_up() {
        for number in 0..=42 {
            let is_type = ElementType::from_gguf(number).is_some();
            assert_ne!(is_type, ElementType::removed(number).is_some(), "{number}");
        }
        assert_eq!(ElementType::from_gguf(43), None);
        assert_eq!(ElementType::removed(43), None);
    }

    #[test]
    fn names_and_numbers_are_each_ones_own() {
        for (index, one) in ElementType::ALL.iter().enumerate() {
            assert!(one.block_bytes() > 0 && one.block_elements() > 0);
            for other in &ElementType::ALL[..index] {
                assert_ne!(one.name(), other.name());
                assert!(one.gguf_number().is_none() || one.gguf_number() != other.gguf_number());
            }
        }
    }

    #[test]
    fn blocks_take_the_bits_that_their_name_says() {
        // What a block holds beside its bits: scales, minima, sums.
        let bits = |element: ElementType| element.block_bytes() * 8 / element.block_elements();
        for (element, expected) in [
            (ElementType::Q4_0, 4),
            (ElementType::Q8_0, 8),
            (ElementType::Q2K, 2),
            (ElementType::Q3K, 3),
            (ElementType::Q4K, 4),
            (ElementType::Q5K, 5),
            (ElementType::Q6K, 6),
            (ElementType::Iq1S, 1),
            (ElementType::Iq2S, 2),
            (ElementType::Iq3S, 3),
            (ElementType::Iq4Xs, 4),
            (ElementType::Tq1_0, 1),
            (ElementType::Nvfp4, 4),
            (ElementType::Q1_0, 1),
            (ElementType::Q2_0, 2),
        ] {
            assert_eq!(bits(element), expected, "{element}");
        }
    }
}
