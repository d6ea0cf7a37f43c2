//! Files of the writer's, read again.

use bedplate_region::gguf::Gguf;
use bedplate_region::gguf::write::{Field, Writer};
use bedplate_region::tensor::{
    ElementType, QUANT_BLOCK, Shape, TensorError, encode_q4_0, encode_q8_0,
};

fn shape(sizes: &[usize]) -> Shape {
    Shape::new(sizes).expect("few dimensions")
}

fn written(writer: &Writer<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    writer.write(&mut bytes).expect("memory takes all");
    bytes
}

#[test]
fn each_kind_of_field_comes_back() {
    let mut writer = Writer::default();
    for (name, field) in [
        ("u8", Field::U8(1)),
        ("i8", Field::I8(-1)),
        ("u16", Field::U16(2)),
        ("i16", Field::I16(-2)),
        ("u32", Field::U32(3)),
        ("i32", Field::I32(-3)),
        ("u64", Field::U64(4)),
        ("i64", Field::I64(-4)),
        ("f32", Field::F32(0.5)),
        ("f64", Field::F64(0.25)),
        ("bool", Field::Bool(true)),
        ("text", Field::Text("a b")),
        ("u32s", Field::U32s(&[1, 2])),
        ("i32s", Field::I32s(&[-1])),
        ("f32s", Field::F32s(&[0.5, 1.5, 2.5])),
        ("bools", Field::Bools(&[true, false])),
        ("texts", Field::Texts(&["x", ""])),
    ] {
        writer.key(name, field);
    }
    let bytes = written(&writer);
    let file = Gguf::parse(&bytes).expect("is fine");
    assert_eq!(file.key_count(), 17);
    for (key, number) in [("u8", 1), ("u16", 2), ("u32", 3), ("u64", 4)] {
        assert_eq!(file.integer(key, 0..=9), Ok(number));
    }
    for (key, number) in [("i8", -1), ("i16", -2), ("i32", -3), ("i64", -4)] {
        assert_eq!(file.get(key).and_then(|v| v.as_integer()), Some(number));
    }
    assert_eq!(file.float("f32").map(f32::to_bits), Ok(0.5_f32.to_bits()));
    assert_eq!(file.float("f64").map(f32::to_bits), Ok(0.25_f32.to_bits()));
    assert_eq!(
        (file.truth("bool"), file.text("text")),
        (Ok(true), Ok("a b"))
    );
    let len = |key| file.array(key).map(|array| array.len());
    assert_eq!(
        (len("u32s"), len("i32s"), len("bools")),
        (Ok(2), Ok(1), Ok(2))
    );
    let floats = file
        .array("f32s")
        .expect("an array")
        .numbers::<f32>()
        .expect("floats");
    assert_eq!(floats.iter().sum::<f32>().to_bits(), 4.5_f32.to_bits());
    let texts = file
        .array("texts")
        .expect("an array")
        .texts()
        .expect("texts");
    assert_eq!(
        texts.map(|t| t.as_bytes().len()).collect::<Vec<_>>(),
        [1, 0]
    );
}

#[test]
fn tensors_come_back_at_each_alignment() {
    let floats: Vec<f32> = (0..96_u8).map(|n| f32::from(n) / 8.0 - 5.0).collect();
    let plain: Vec<u8> = floats.iter().flat_map(|n| n.to_le_bytes()).collect();
    let (blocks, _) = floats.as_chunks::<QUANT_BLOCK>();
    let eighths: Vec<u8> = blocks
        .iter()
        .flat_map(|block| encode_q8_0(block).expect("fits"))
        .collect();
    let fourths: Vec<u8> = blocks
        .iter()
        .flat_map(|block| encode_q4_0(block).expect("fits"))
        .collect();
    for alignment in [1, 8, 64, 4096] {
        let mut writer = Writer::new();
        writer.align(alignment);
        let mut add = |name, element, sizes: &[usize], bytes| {
            writer
                .tensor(name, element, shape(sizes), bytes)
                .expect("fits");
        };
        add("plain", ElementType::F32, &[2, 3, 16], &plain);
        add("odd", ElementType::I8, &[3], &[1, 2, 3]);
        add("eighths", ElementType::Q8_0, &[3, 32], &eighths);
        add("fourths", ElementType::Q4_0, &[1, 96], &fourths);
        let bytes = written(&writer);
        let file = Gguf::parse(&bytes).expect("is fine");
        let tensor = |name| file.tensor(name).expect("is there");
        assert_eq!(tensor("plain").shape(), shape(&[2, 3, 16]));
        assert_eq!(tensor("odd").bytes(), [1, 2, 3]);
        let mut read = vec![0.0; 96];
        tensor("plain").read(&mut read).expect("is readable");
        assert_eq!(read, floats);
        for (name, bound) in [("eighths", 0.05), ("fourths", 1.0)] {
            tensor(name).read(&mut read).expect("is readable");
            let off = read.iter().zip(&floats).map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f32::max) < bound, "{name}");
        }
    }
}

#[test]
fn what_no_reader_would_take_is_not_written() {
    let mut writer = Writer::new();
    let mut add = |element, sizes: &[usize], bytes| {
        writer
            .tensor("t", element, shape(sizes), bytes)
            .expect_err("is wrong")
    };
    assert_eq!(
        add(ElementType::F32, &[2], &[0; 4]),
        TensorError::Bytes { need: 8, have: 4 }
    );
    assert_eq!(
        add(ElementType::U8, &[1], &[0]),
        TensorError::Unreadable {
            is: ElementType::U8
        }
    );
    assert_eq!(
        add(ElementType::I8, &[1; 5], &[0]),
        TensorError::Dimensions { dimensions: 5 }
    );
    for error in [
        TensorError::Dimensions { dimensions: 9 },
        TensorError::Overflow { shape: shape(&[2]) },
        TensorError::Type {
            is: ElementType::I8,
            wanted: "F32",
        },
        TensorError::Row { row: 1, rows: 1 },
        TensorError::Room { need: 1, have: 2 },
    ] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn what_every_reader_would_refuse_is_not_written() {
    let refused = |writer: &Writer<'_>, word: &str| {
        let mut bytes = Vec::new();
        let error = writer.write(&mut bytes).expect_err("no reader takes it");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(word), "{error}");
        assert!(bytes.is_empty());
    };
    let mut writer = Writer::new();
    writer.key("twice.named", Field::U8(1));
    writer.key("twice.named", Field::U8(2));
    refused(&writer, "twice.named");
    for bytes in [0, 3, 48] {
        let mut writer = Writer::new();
        writer.align(bytes);
        refused(&writer, "power of two");
    }
    let mut writer = Writer::new();
    writer.key("general.alignment", Field::U32(64));
    refused(&writer, "use align");
    let mut writer = Writer::new();
    for _ in 0..2 {
        writer
            .tensor("same", ElementType::I8, shape(&[1]), &[1])
            .expect("fits");
    }
    refused(&writer, "same");
}
