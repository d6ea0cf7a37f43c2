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

#[test]
fn a_name_that_stands_twice_is_refused_however_it_is_written() {
    let one = r#"{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#;
    let other = r#"{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#;
    for (name, again) in [
        ("a", "a"),
        ("a", r"\u0061"),
        (r#"q\"\n"#, r"q\u0022\u000A"),
        ("😀", r"\ud83d\ude00"),
    ] {
        let header = format!(r#"{{"{name}":{one},"{again}":{other}}}"#);
        // Of equal names the crate takes the last, and the data of the first is a hole in most cases.
        let same = header.replace("[1,2]", "[0,1]");
        let bytes = file(&same, 1);
        let error = SafeTensors::parse(&bytes).expect_err("stands twice");
        assert!(
            matches!(error, SafeTensorsError::Twice { .. }),
            "{name}: {error}"
        );
        SafeTensors::parse(&file(&header, 2)).expect_err("stands twice");
    }
    // Names inside of what belongs to a tensor, and values, are no names of tensors.
    let header = format!(
        r#"{{"__metadata__":{{"a":"b","c":"a\"{{"}},"a":{one},"c":{other},"b,":{{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}}}"#
    );
    let bytes = file(&header, 2);
    assert_eq!(
        SafeTensors::parse(&bytes).expect("is fine").tensor_count(),
        3
    );
}

#[test]
fn a_header_above_the_bound_is_refused_before_it_is_read() {
    let bound = bedplate_region::safetensors::HEADER_BYTES_MAX;
    let header = format!("{{\"a\":[{}", "[],".repeat(bound / 3));
    let bytes = file(&header, 0);
    let (error, peak) = super::counted::peak(|| SafeTensors::parse(&bytes).map(drop));
    let error = error.expect_err("is too large");
    let bytes = header.len() as u64;
    assert_eq!(error, SafeTensorsError::Header { bytes });
    assert!(error.to_string().contains("16777216"), "{error}");
    assert!(peak < 1024, "{peak}");
}

#[test]
fn messages_show_little_of_the_file_and_nothing_raw() {
    let long = format!(
        r#"{{"a":{{"dtype":"\u001b[31m{}","shape":[1],"data_offsets":[0,1]}}}}"#,
        "é".repeat(5000)
    );
    let error = SafeTensors::parse(&file(&long, 1))
        .map(drop)
        .expect_err("has a strange type");
    let text = error.to_string();
    assert!(text.len() < 800 && !text.contains('\u{1b}'), "{text}");
}
