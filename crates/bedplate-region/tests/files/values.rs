//! Keys and their values.

use super::raw::{ARRAY, BOOL, F32, Raw, TEXT, U8, U32, array, text};
use bedplate_region::gguf::{Gguf, KeyFault, Value, ValueType};
use bedplate_region::tensor::Elements;

/// Types that the other tests need no names for.
const I8: u32 = 1;
const U16: u32 = 2;
const I16: u32 = 3;
const I64: u32 = 11;
const F64: u32 = 12;

fn value_of(kind: u32, bytes: &[u8]) -> String {
    let file = Raw::new().key("k", kind, bytes).bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let value = file.get("k").expect("is there");
    format!("{value:?}")
}

#[test]
fn each_type_of_value_is_read() {
    assert_eq!(value_of(U8, &[200]), "U8(200)");
    assert_eq!(value_of(I8, &[200]), "I8(-56)");
    assert_eq!(value_of(U16, &[1, 2]), "U16(513)");
    assert_eq!(value_of(I16, &[0xFF; 2]), "I16(-1)");
    assert_eq!(value_of(U32, &[0xFF; 4]), "U32(4294967295)");
    assert_eq!(value_of(I64, &[0xFF; 8]), "I64(-1)");
    assert_eq!(value_of(F32, &1.5_f32.to_le_bytes()), "F32(1.5)");
    assert_eq!(value_of(F64, &(-2.5_f64).to_le_bytes()), "F64(-2.5)");
    assert_eq!(value_of(BOOL, &[1]), "Bool(true)");
    assert_eq!(value_of(TEXT, &text("hi\n")), "Text(\"hi\\n\")");
    assert_eq!(value_of(ARRAY, &array(U8, 2, &[1, 2])), "Array([u8; 2])");
}

#[test]
fn keys_are_found_by_name_and_come_in_its_order() {
    let file = Raw::new()
        .key("b", U8, &[2])
        .key("a", U8, &[1])
        .key("", U8, &[0])
        .key("ab", U8, &[3])
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let keys: Vec<_> = file
        .keys()
        .map(|(name, value)| (name, value.as_integer()))
        .collect();
    assert_eq!(
        keys,
        [
            ("", Some(0)),
            ("a", Some(1)),
            ("ab", Some(3)),
            ("b", Some(2))
        ]
    );
    assert_eq!(file.get("ab"), Some(Value::U8(3)));
    assert_eq!(file.get("abc"), None);
    assert_eq!(file.keys().len(), 4);
}

#[test]
fn keys_of_each_kind_are_asked_for_by_kind() {
    let file = Raw::new()
        .key("float", F32, &0.5_f32.to_le_bytes())
        .key("wide", F64, &0.25_f64.to_le_bytes())
        .key("truth", BOOL, &[1])
        .key("text", TEXT, &text("llama"))
        .key("garbage", TEXT, &[1, 0, 0, 0, 0, 0, 0, 0, 0xFF])
        .key("number", U8, &[7])
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    assert_eq!(file.float("float").map(f32::to_bits), Ok(0.5_f32.to_bits()));
    assert_eq!(file.float("wide").map(f32::to_bits), Ok(0.25_f32.to_bits()));
    assert_eq!(file.truth("truth"), Ok(true));
    assert_eq!(file.text("text"), Ok("llama"));
    assert_eq!(file.integer("number", 0..=7), Ok(7));
    let fault = file.text("garbage").expect_err("is no UTF-8").fault;
    assert_eq!(fault, KeyFault::Text);
    for fault in [
        file.float("text").expect_err("a text").fault,
        file.truth("number").expect_err("a number").fault,
        file.text("truth").expect_err("a truth").fault,
    ] {
        assert!(matches!(fault, KeyFault::Kind { .. }));
    }
    assert_eq!(
        file.integer("number", 8..=9)
            .expect_err("is less")
            .to_string(),
        "failed to use the model's key \"number\": 7 is not in 8 to 9"
    );
    assert_eq!(
        file.truth("float").expect_err("a float").to_string(),
        "failed to use the model's key \"float\": it is f32, and not a truth value"
    );
    for said in [
        file.text("none").expect_err("is not there").to_string(),
        file.text("garbage").expect_err("is no UTF-8").to_string(),
    ] {
        assert!(said.starts_with("failed to use the model's key"), "{said}");
    }
}

#[test]
fn texts_of_an_array_come_in_order_whatever_they_hold() {
    let mut items = text("<s>");
    items.extend([2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28]);
    items.extend(text(""));
    let file = Raw::new()
        .key("tokens", ARRAY, &array(TEXT, 3, &items))
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let tokens = file.array("tokens").expect("is an array");
    assert_eq!((tokens.len(), tokens.is_empty()), (3, false));
    let texts: Vec<_> = tokens.texts().expect("texts").collect();
    assert_eq!(texts[0].to_str(), Ok("<s>"));
    assert!(texts[1].to_str().is_err());
    assert_eq!(texts[1].as_bytes(), [0xC3, 0x28]);
    assert!(texts[2].as_bytes().is_empty());
}

#[test]
fn an_array_in_an_array_is_an_array() {
    let inside = [
        array(U8, 2, &[1, 2]),
        array(BOOL, 1, &[1]),
        array(U8, 0, &[]),
    ]
    .concat();
    let file = Raw::new()
        .key("a", ARRAY, &array(ARRAY, 3, &inside))
        .bytes();
    let file = Gguf::parse(&file).expect("is fine");
    let array = file.array("a").expect("is an array");
    let items: Vec<_> = array.items().map(|item| format!("{item:?}")).collect();
    assert_eq!(
        items,
        [
            "Array([u8; 2])",
            "Array([a truth value; 1])",
            "Array([u8; 0])"
        ]
    );
    assert_eq!(array.item_type(), ValueType::Array);
}

#[test]
fn numbers_of_an_array_are_the_same_wherever_it_lies() {
    let mut aligned = 0;
    for shift in 0..8 {
        let items: Vec<u8> = (1..=4_u32).flat_map(u32::to_le_bytes).collect();
        // The name's length moves what follows.
        let file = Raw::new().key(&"k".repeat(shift + 1), ARRAY, &array(U32, 4, &items));
        let bytes = file.bytes();
        let file = Gguf::parse(&bytes).expect("is fine");
        let array = file.array(&"k".repeat(shift + 1)).expect("is an array");
        let numbers = array.numbers::<u32>().expect("numbers");
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        aligned += usize::from(matches!(numbers, Elements::Aligned(_)));
    }
    assert_eq!(aligned, 2);
}
