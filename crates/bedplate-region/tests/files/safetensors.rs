//! Tensors of safetensors files.

use bedplate_region::safetensors::{SafeTensors, SafeTensorsError};
use bedplate_region::tensor::{ElementType, Elements, Shape, TensorError};

/// A file with a header and so many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend((0..data).map(|n| u8::try_from(n % 251).expect("small")));
    bytes
}

#[test]
fn tensors_are_read_where_they_lie() {
    let header = r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[1],"data_offsets":[24,32]}}"#;
    let mut aligned = 0;
    // Spaces behind the header move the data.
    for spaces in 0..8 {
        let bytes = file(&format!("{header}{}", " ".repeat(spaces)), 32);
        let file = SafeTensors::parse(&bytes).expect("is fine");
        assert_eq!(file.tensor_count(), 2);
        let a = file.tensor("a").expect("is there");
        assert_eq!(Ok(a.shape()), Shape::new(&[2, 3]));
        assert_eq!((a.name(), a.element_type()), ("a", ElementType::F32));
        let elements = a.elements::<f32>().expect("floats");
        aligned += usize::from(matches!(elements, Elements::Aligned(_)));
        let first = f32::from_le_bytes([0, 1, 2, 3]);
        assert_eq!(elements.get(0).map(f32::to_bits), Some(first.to_bits()));
        let b = file.tensor("b").expect("is there");
        assert_eq!(b.elements::<i64>().map(|e| e.len()), Ok(1));
        let mut names: Vec<_> = file.names().collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b"]);
    }
    assert_eq!(aligned, 2);
}

#[test]
fn what_cannot_be_read_says_why() {
    let parse = |bytes: &[u8]| SafeTensors::parse(bytes).map(drop);
    let bad = parse(&file("{", 0)).expect_err("is no JSON");
    assert!(matches!(bad, SafeTensorsError::File { .. }));
    assert!(
        bad.to_string()
            .starts_with("failed to read the safetensors file: ")
    );
    parse(&[]).expect_err("has no header");
    parse(&u64::MAX.to_le_bytes()).expect_err("has a header as long as all address space");
    let short = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    parse(&file(short, 7)).expect_err("was cut short");
    let wraps = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    parse(&file(wraps, 0)).expect_err("has more elements than there are numbers");
    let bytes = file(short, 8);
    let file_a = SafeTensors::parse(&bytes).expect("is fine");
    let missing = file_a.tensor("b").expect_err("is not there");
    assert_eq!(missing, SafeTensorsError::Missing { tensor: "b".into() });
    let strange = r#"{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#;
    let bytes = file(strange, 1);
    let file_b = SafeTensors::parse(&bytes).expect("is fine");
    let unknown = file_b.tensor("a").expect_err("has half bytes");
    assert!(matches!(unknown, SafeTensorsError::ElementType { .. }));
    let deep = r#"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#;
    let bytes = file(deep, 1);
    let file_c = SafeTensors::parse(&bytes).expect("is fine");
    let error = TensorError::Dimensions { dimensions: 9 };
    let tensor = "a".into();
    let found = file_c.tensor("a").expect_err("is deep");
    assert_eq!(found, SafeTensorsError::Tensor { tensor, error });
    for error in [missing, unknown, found] {
        assert!(error.to_string().contains("tensor \""), "{error}");
    }
}

#[test]
fn each_type_of_element_has_its_name_here() {
    for (name, element) in [
        ("BOOL", ElementType::Bool),
        ("U8", ElementType::U8),
        ("I8", ElementType::I8),
        ("F8_E4M3", ElementType::F8E4M3),
        ("F8_E5M2", ElementType::F8E5M2),
        ("F8_E8M0", ElementType::F8E8M0),
        ("U16", ElementType::U16),
        ("I16", ElementType::I16),
        ("F16", ElementType::F16),
        ("BF16", ElementType::Bf16),
        ("U32", ElementType::U32),
        ("I32", ElementType::I32),
        ("F32", ElementType::F32),
        ("C64", ElementType::C64),
        ("U64", ElementType::U64),
        ("I64", ElementType::I64),
        ("F64", ElementType::F64),
    ] {
        let end = element.block_bytes();
        let header =
            format!(r#"{{"a":{{"dtype":"{name}","shape":[1],"data_offsets":[0,{end}]}}}}"#);
        let bytes = file(&header, end);
        let file = SafeTensors::parse(&bytes).expect("is fine");
        let tensor = file.tensor("a").expect("is there");
        assert_eq!(tensor.element_type(), element);
        assert_eq!(tensor.element_type().name(), name);
    }
}
