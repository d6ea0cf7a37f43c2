//! What candle-core 0.11.1 accepts or dies of in a GGUF file, and what it must be. The peers' package
//! of the bench shows the same files to candle itself.

use super::counted;
use super::raw::{ARRAY, Raw, U8, array};
use bedplate_region::gguf::{Defect, Gguf, Subject};
use bedplate_region::tensor::TensorError;

fn defect(raw: &Raw) -> Defect {
    Gguf::parse(&raw.bytes()).expect_err("is refused").defect
}

#[test]
fn an_alignment_of_zero_does_not_divide() {
    let raw = Raw::new().alignment(0).tensor("t", &[8], 0, 0).data(32);
    assert_eq!(defect(&raw), Defect::Alignment { alignment: 0 });
}

#[test]
fn a_shape_whose_product_is_zero_by_wrapping_is_no_empty_tensor() {
    let raw = Raw::new().tensor("t", &[1 << 32, 1 << 32], 0, 0).data(32);
    assert!(matches!(
        defect(&raw),
        Defect::Shape(TensorError::Overflow { .. })
    ));
}

#[test]
fn a_shape_whose_product_wraps_to_four_is_no_small_tensor() {
    let raw = Raw::new().tensor("t", &[(1 << 62) + 1, 4], 0, 0).data(32);
    assert!(matches!(
        defect(&raw),
        Defect::Shape(TensorError::Overflow { .. })
    ));
}

#[test]
fn the_last_of_two_names_does_not_win() {
    let raw = Raw::new()
        .tensor("t", &[8], 0, 0)
        .tensor("u", &[8], 0, 32)
        .tensor("t", &[8], 0, 64)
        .data(96);
    let error = Gguf::parse(&raw.bytes()).expect_err("is refused");
    assert_eq!(error.defect, Defect::NameTwice);
    let name = Some("t".into());
    assert_eq!(error.subject, Subject::Tensor { index: 2, name });
    let raw = Raw::new()
        .key("k", U8, &[1])
        .key("j", U8, &[1])
        .key("k", U8, &[2]);
    let error = Gguf::parse(&raw.bytes()).expect_err("is refused");
    let name = Some("k".into());
    assert_eq!(error.subject, Subject::Key { index: 2, name });
}

#[test]
fn tensors_share_no_bytes_and_begin_where_they_may() {
    let raw = Raw::new()
        .tensor("one", &[16], 0, 0)
        .tensor("other", &[8], 0, 32)
        .data(64);
    let with = "one".into();
    assert_eq!(defect(&raw), Defect::Overlap { with });
    // The same place is shared as much.
    let raw = Raw::new()
        .tensor("one", &[8], 0, 0)
        .tensor("other", &[8], 0, 0)
        .data(32);
    assert!(matches!(defect(&raw), Defect::Overlap { .. }));
    // A tensor around another, though one lies between them.
    let raw = Raw::new()
        .tensor("all", &[24], 0, 0)
        .tensor("none", &[0], 0, 32)
        .tensor("inside", &[8], 0, 64)
        .data(96);
    let with = "all".into();
    assert_eq!(defect(&raw), Defect::Overlap { with });
    let raw = Raw::new().tensor("t", &[1], 0, 4).data(32);
    let (offset, alignment) = (4, 32);
    assert_eq!(defect(&raw), Defect::Misaligned { offset, alignment });
}

#[test]
fn an_array_of_bytes_takes_no_memory_of_its_own() {
    let count = 32 << 20;
    let raw = Raw::new().key("a", ARRAY, &array(U8, count, &vec![1; 32 << 20]));
    let bytes = raw.bytes();
    let (sum, peak) = counted::peak(|| {
        let file = Gguf::parse(&bytes).expect("is fine");
        let numbers = file
            .array("a")
            .expect("is one")
            .numbers::<u8>()
            .expect("bytes");
        numbers.iter().map(u64::from).sum::<u64>()
    });
    assert_eq!(sum, count);
    assert!(peak < 1024, "{peak}");
}
