//! The defects that readers of GGUF had, each by its family. The numbers are those of the issues and
//! advisories in which other readers' defects are told.

use super::counted;
use super::raw::{ARRAY, BOOL, F32, I32, Raw, TEXT, U8, U32, U64, array, text};
use bedplate_region::gguf::{Defect, Gguf, GgufError, KeyFault, Subject};
use bedplate_region::tensor::TensorError;

fn refused(bytes: &[u8]) -> GgufError {
    Gguf::parse(bytes).expect_err("is refused")
}

fn defect(bytes: &[u8]) -> Defect {
    refused(bytes).defect
}

#[test]
fn what_is_no_gguf_file_is_named() {
    for bytes in [b"".as_slice(), b"GGU", b"\x7fELF and more of it, and more"] {
        assert_eq!(defect(bytes), Defect::Magic);
    }
    let with_version = |version: [u8; 4]| {
        let mut bytes = Raw::new().bytes();
        bytes[4..8].copy_from_slice(&version);
        defect(&bytes)
    };
    assert_eq!(with_version([1, 0, 0, 0]), Defect::Version1);
    assert_eq!(with_version([0, 0, 0, 3]), Defect::BigEndian);
    assert_eq!(with_version([4, 0, 0, 0]), Defect::Version { version: 4 });
    assert_eq!(with_version([0; 4]), Defect::Version { version: 0 });
    let mut other = Raw::new().bytes();
    other[..4].copy_from_slice(b"FUGG");
    assert_eq!(defect(&other), Defect::BigEndian);
}

#[test]
fn both_versions_are_read() {
    let mut bytes = Raw::new().key("a", U8, &[1]).bytes();
    assert_eq!(Gguf::parse(&bytes).map(|file| file.version()), Ok(3));
    bytes[4] = 2;
    assert_eq!(Gguf::parse(&bytes).map(|file| file.version()), Ok(2));
}

/// llama.cpp #15711: the count of tensors times the size of a record overflowed.
#[test]
fn counts_are_capped_by_the_bytes_that_are_left() {
    for count in [2, 1 << 31, 1 << 32, u64::MAX / 24 + 1, u64::MAX] {
        let raw = Raw::new().key("a", U8, &[1]);
        let what = |defect| match defect {
            Defect::Count { what, .. } => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(defect(&raw.with_counts(count, 1))), "tensors");
        assert_eq!(what(defect(&raw.with_counts(0, count.max(10)))), "keys");
    }
}

/// llama.cpp #24759: rounding a place up to the alignment wrapped, and slipped past the test for the
/// end (GHSA-vgg9-87g3-85w8).
#[test]
fn a_place_near_the_end_of_all_numbers_does_not_wrap() {
    for offset in [u64::MAX - 31, 1 << 63, (1 << 63) - 32, 1 << 32, 32] {
        let file = Raw::new().tensor("t", &[8], 0, offset).data(32).bytes();
        let (bytes, have) = (32, 32);
        assert_eq!(
            defect(&file),
            Defect::Outside {
                offset,
                bytes,
                have
            }
        );
    }
}

/// GHSA-96jg-mvhq-q7q7: the product of sizes times the size of an element overflowed.
#[test]
fn a_product_of_sizes_does_not_wrap() {
    let shapes: [&[u64]; 7] = [
        &[1 << 62],
        &[u64::MAX],
        &[1 << 32, 1 << 32],
        &[1 << 31, 1 << 31, 4],
        &[1 << 16; 4],
        &[4, (1 << 62) + 1],
        // A zero does not hide what wraps.
        &[1 << 32, 1 << 32, 0],
    ];
    for sizes in shapes {
        let found = defect(&Raw::new().tensor("t", sizes, 0, 0).data(64).bytes());
        let is_overflow = matches!(found, Defect::Shape(TensorError::Overflow { .. }));
        assert!(is_overflow, "{sizes:?}: {found:?}");
    }
}

/// llama.cpp #24997, ggml #1516: the alignment had no upper bound, or was zero.
#[test]
fn the_alignment_is_a_power_of_two_up_to_a_mebibyte() {
    for alignment in [0, 3, 33, (1 << 20) + 1, 1 << 21, 1 << 31, u32::MAX] {
        let found = refused(&Raw::new().alignment(alignment).bytes());
        assert_eq!(found.defect, Defect::Alignment { alignment });
        assert!(matches!(found.subject, Subject::Key { index: 0, .. }));
    }
    for alignment in [1, 8, 32, 4096, 1 << 20] {
        let file = Raw::new()
            .alignment(alignment)
            .tensor("t", &[2], 0, 0)
            .data(8)
            .bytes();
        let file = Gguf::parse(&file).expect("is fine");
        assert_eq!(file.alignment(), alignment);
        assert_eq!(
            file.tensor("t").map(|t| t.bytes().to_vec()),
            Some(vec![7; 8])
        );
    }
    let wide = Raw::new().key("general.alignment", U64, &32_u64.to_le_bytes());
    assert_eq!(defect(&wide.bytes()), Defect::AlignmentType);
}

/// llama.cpp #19856, #19003, the Python reader's hang #27188: texts and arrays were capped by a fixed
/// number, or by none.
#[test]
fn texts_and_arrays_are_capped_by_the_bytes_that_are_left() {
    for length in [100_u64, 1 << 31, 1 << 40, u64::MAX, u64::MAX - 7] {
        let file = Raw::new().key("t", TEXT, &length.to_le_bytes()).bytes();
        assert!(matches!(defect(&file), Defect::Truncated { need, .. } if need == length));
        let mut name = Raw::new().with_counts(0, 1);
        name.truncate(24);
        name.extend(length.to_le_bytes());
        assert!(matches!(
            defect(&name),
            Defect::Truncated { .. } | Defect::Count { .. }
        ));
    }
    for kind in [U8, U32, BOOL, TEXT, ARRAY, U64] {
        for count in [1 << 20, 1 << 40, 1 << 61, u64::MAX / 8 + 1, u64::MAX] {
            let file = Raw::new()
                .key("a", ARRAY, &array(kind, count, &[0; 64]))
                .bytes();
            let found = defect(&file);
            assert!(
                matches!(found, Defect::Count { count: c, .. } if c == count),
                "{found:?}"
            );
        }
    }
    // A large array that is all there is read, and at once.
    let items = vec![5; 32 << 20];
    let file = Raw::new()
        .key("a", ARRAY, &array(U8, 32 << 20, &items))
        .bytes();
    let (file, peak) = counted::peak(|| Gguf::parse(&file).expect("is fine"));
    assert_eq!(file.array("a").map(|a| a.len()), Ok(32 << 20));
    assert!(peak < 1024, "{peak}");
}

#[test]
fn arrays_lie_in_arrays_four_deep_at_most() {
    let nested = |depth: usize| {
        let mut value = array(U8, 1, &[9]);
        for _ in 1..depth {
            value = array(ARRAY, 1, &value);
        }
        Raw::new().key("a", ARRAY, &value).bytes()
    };
    assert!(Gguf::parse(&nested(4)).is_ok());
    assert_eq!(defect(&nested(5)), Defect::Depth);
    assert_eq!(defect(&nested(1000)), Defect::Depth);
}

/// llama.cpp #26690: an array of one type was read as one of another.
#[test]
fn an_array_is_read_as_what_it_is() {
    let texts = [text("a"), text("bc")].concat();
    let file = Raw::new()
        .key("texts", ARRAY, &array(TEXT, 2, &texts))
        .key("floats", ARRAY, &array(F32, 1, &1.5_f32.to_le_bytes()))
        .key("signed", ARRAY, &array(I32, 1, &[0xFF; 4]))
        .key("number", U32, &[1, 0, 0, 0])
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let texts = file.array("texts").expect("is an array");
    assert!(texts.numbers::<f32>().is_none() && texts.numbers::<u8>().is_none());
    let floats = file.array("floats").expect("is an array");
    assert!(floats.texts().is_none() && floats.numbers::<u32>().is_none());
    assert!(
        floats
            .numbers::<f32>()
            .is_some_and(|f| f.get(0).map(f32::to_bits) == Some(1.5_f32.to_bits()))
    );
    let signed = file.array("signed").expect("is an array");
    assert!(signed.numbers::<u32>().is_none() && signed.numbers::<i32>().is_some());
    let fault = file.array("number").expect_err("a number").fault;
    assert_eq!(
        fault,
        KeyFault::Kind {
            is: "u32",
            wanted: "an array"
        }
    );
    let fault = file.text("texts").expect_err("an array").fault;
    assert_eq!(
        fault,
        KeyFault::Kind {
            is: "an array",
            wanted: "a text"
        }
    );
}

#[test]
fn a_type_that_does_not_exist_is_refused() {
    let file = Raw::new().key("a", 13, &[0; 8]).bytes();
    assert_eq!(defect(&file), Defect::ValueType { number: 13 });
    let file = Raw::new().key("a", ARRAY, &array(u32::MAX, 0, &[])).bytes();
    assert_eq!(defect(&file), Defect::ValueType { number: u32::MAX });
}

#[test]
fn a_truth_value_is_zero_or_one() {
    let file = Raw::new().key("a", BOOL, &[2]).bytes();
    assert_eq!(defect(&file), Defect::Truth { byte: 2 });
    let file = Raw::new()
        .key("a", ARRAY, &array(BOOL, 3, &[0, 1, 255]))
        .bytes();
    assert_eq!(defect(&file), Defect::Truth { byte: 255 });
}

/// llama.cpp #25821: the count of layers went beyond an array of fixed size.
#[test]
fn a_count_is_asked_for_with_its_range() {
    let file = Raw::new()
        .key("llama.block_count", U32, &100_000_u32.to_le_bytes())
        .key("rope", F32, &1.0_f32.to_le_bytes())
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let fault = |range| {
        file.integer("llama.block_count", range)
            .map_err(|e| e.fault)
    };
    assert_eq!(fault(1..=100_000), Ok(100_000));
    let (number, least, most) = (100_000, 1, 512);
    assert_eq!(
        fault(1..=512),
        Err(KeyFault::Range {
            number,
            least,
            most
        })
    );
    let fault = file.integer("rope", 0..=1).expect_err("a float").fault;
    assert!(matches!(fault, KeyFault::Kind { is: "f32", .. }));
    let fault = file.integer("none", 0..=1).expect_err("is not there").fault;
    assert_eq!(fault, KeyFault::Missing);
}

/// llama.cpp #25969, and the family of CVE-2025-49847: a token's number was -1, or beyond the
/// vocabulary.
#[test]
fn a_number_of_a_token_is_asked_for_with_its_range() {
    let file = Raw::new()
        .key("signed", I32, &(-1_i32).to_le_bytes())
        .key("unsigned", U32, &u32::MAX.to_le_bytes())
        .key("wide", U64, &u64::MAX.to_le_bytes())
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    for (key, number) in [
        ("signed", -1),
        ("unsigned", i128::from(u32::MAX)),
        ("wide", i128::from(u64::MAX)),
    ] {
        let fault = file.integer(key, 0..=31_999).expect_err("is outside").fault;
        let (least, most) = (0, 31_999);
        assert_eq!(
            fault,
            KeyFault::Range {
                number,
                least,
                most
            }
        );
    }
}

#[test]
fn names_are_text_of_some_length() {
    let mut file = Raw::new().key("ab", U8, &[1]).bytes();
    file[32] = 0xFF;
    assert_eq!(defect(&file), Defect::NameText);
    let long = "n".repeat(65_536);
    let bytes = 65_536;
    let file = Raw::new().key(&long, U8, &[1]).bytes();
    assert_eq!(defect(&file), Defect::NameLength { bytes });
    let file = Raw::new().tensor(&long, &[1], 0, 0).data(4).bytes();
    let found = refused(&file);
    assert_eq!(found.defect, Defect::NameLength { bytes });
    // The name is in the message, and the message is short.
    assert!(found.to_string().len() < 400, "{found}");
    let file = Raw::new().key(&long[1..], U8, &[1]).bytes();
    assert!(Gguf::parse(&file).is_ok());
}

#[test]
fn elements_of_types_given_up_or_unknown_are_named() {
    let kind = |number| defect(&Raw::new().tensor("t", &[256], number, 0).data(512).bytes());
    assert_eq!(kind(4), Defect::RemovedType { name: "Q4_2" });
    assert_eq!(kind(38), Defect::RemovedType { name: "IQ4_NL_8_8" });
    assert_eq!(kind(43), Defect::ElementType { number: 43 });
    assert_eq!(kind(u32::MAX), Defect::ElementType { number: u32::MAX });
}

#[test]
fn rows_are_whole_blocks() {
    let file = Raw::new().tensor("t", &[48, 2], 2, 0).data(64).bytes();
    let (row, block) = (48, 32);
    assert_eq!(
        defect(&file),
        Defect::Shape(TensorError::Block { row, block })
    );
}

#[test]
fn five_dimensions_are_too_many() {
    for count in [5_u32, 1 << 20, u32::MAX] {
        let mut file = Raw::new().tensor("t", &[1, 1, 1, 1], 0, 0).data(64).bytes();
        file[33..37].copy_from_slice(&count.to_le_bytes());
        assert_eq!(defect(&file), Defect::Dimensions { dimensions: count });
    }
}

#[test]
fn tensors_may_stand_in_any_order_and_leave_gaps() {
    let file = Raw::new()
        .tensor("b", &[8], 0, 96)
        .tensor("a", &[8], 0, 0)
        .tensor("none", &[0, 5], 0, 0)
        .data(128)
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let names: Vec<&str> = file.tensors().map(|tensor| tensor.name()).collect();
    assert_eq!(names, ["b", "a", "none"]);
    assert_eq!(file.tensor("none").map(|t| t.bytes().len()), Some(0));
}

#[test]
fn a_file_without_tensors_may_end_with_its_keys() {
    let mut file = Raw::new().key("a", U8, &[1]).bytes();
    file.truncate(24 + 8 + 1 + 4 + 1);
    let file = Gguf::parse(&file).expect("is fine");
    assert_eq!((file.tensor_count(), file.key_count()), (0, 1));
    assert_eq!(file.metadata_bytes(), 38);
}

#[test]
fn every_cut_of_a_file_is_refused_or_loses_padding_only() {
    let file = Raw::new()
        .key("a", ARRAY, &array(TEXT, 1, &text("x")))
        .tensor("t", &[8], 0, 0)
        .data(32)
        .bytes();
    for end in 0..file.len() {
        let found = refused(&file[..end]);
        assert!(!found.to_string().is_empty());
    }
}

#[test]
fn each_message_says_where_what_and_what_to_do() {
    let file = Raw::new().tensor("blk.0.w", &[8], 0, 64).data(32).bytes();
    assert_eq!(
        refused(&file).to_string(),
        "failed to read the GGUF file: tensor 0 \"blk.0.w\" takes 32 bytes from byte 64 of the data on, and the \
         file has 32; it was cut short, fetch it again"
    );
    assert_eq!(
        refused(b"").to_string(),
        "failed to read the GGUF file: its header does not begin with GGUF; name a GGUF file"
    );
    let hostile = Raw::new().key("a\u{1b}[2J", BOOL, &[9]).bytes();
    assert_eq!(
        refused(&hostile).to_string(),
        "failed to read the GGUF file: key 0 \"a\\u{1b}[2J\" has a truth value of 9, and it is 0 or 1"
    );
}

#[test]
fn a_count_that_the_file_has_room_for_reserves_nothing_before_it_is_read() {
    // Zeros: the first record has a name of no bytes, and what follows goes wrong at once.
    let mut bytes = vec![0_u8; 64 << 20];
    let left = bytes.len() as u64 - 24;
    for (tensors, keys) in [(left / 24, 0), (0, left / 13), (left / 48, left / 26)] {
        let counts = [tensors.to_le_bytes(), keys.to_le_bytes()].concat();
        bytes[..8].copy_from_slice(b"GGUF\x03\0\0\0");
        bytes[8..24].copy_from_slice(&counts);
        // The first record's name is said to be longer than the file.
        bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
        let (read, peak) = counted::peak(|| Gguf::parse(&bytes).map(drop));
        let error = read.expect_err("has no first record");
        assert!(
            !matches!(error.subject, Subject::Header),
            "the counts were to be believed: {error}"
        );
        assert!(peak < 1024, "{tensors} {keys}: {peak}");
    }
}
