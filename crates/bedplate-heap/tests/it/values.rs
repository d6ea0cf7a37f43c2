//! Values: what goes in comes out.

use bedplate_heap::{Ref, Value, View};

#[test]
fn a_value_is_eight_bytes_and_a_handle_four() {
    assert_eq!(size_of::<Value>(), 8);
    assert_eq!(size_of::<Option<Ref>>(), 4);
}

#[test]
fn integers_of_48_bits_come_back() {
    for number in [0, 1, -1, 47, Value::INTEGER_MIN, Value::INTEGER_MAX] {
        let value = Value::integer(number).expect("fits");
        assert_eq!(value.view(), View::Integer(number));
    }
    assert_eq!(Value::integer(Value::INTEGER_MAX + 1), None);
    assert_eq!(Value::integer(Value::INTEGER_MIN - 1), None);
}

#[test]
fn floats_come_back_bit_by_bit() {
    let numbers = [
        0.0,
        -0.0,
        1.5,
        -1e308,
        f64::MIN_POSITIVE,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    for number in numbers {
        let View::Float(back) = Value::float(number).view() else {
            panic!("{number} is no float");
        };
        assert_eq!(back.to_bits(), number.to_bits());
    }
    for bits in [0x7ff0_0000_0000_0001, u64::MAX, 0xfff8_0000_0000_0000] {
        let View::Float(back) = Value::float(f64::from_bits(bits)).view() else {
            panic!("a NaN became something else");
        };
        assert!(back.is_nan());
    }
}

#[test]
fn short_texts_live_in_the_value() {
    for text in ["", "a", "abcde", "\u{e9}\u{e9}", "\0\0"] {
        let View::Text(back) = Value::text(text).expect("short").view() else {
            panic!("{text} is no text");
        };
        assert_eq!((back.bytes(), back.as_str()), (text.as_bytes(), text));
    }
    assert_eq!(Value::text("abcdef"), None);
}

#[test]
fn nil_and_truths_are_themselves() {
    assert!(Value::NIL.is_nil());
    assert_eq!(Value::bool(true).view(), View::Bool(true));
    assert_eq!(Value::bool(false).view(), View::Bool(false));
    assert_eq!(Value::from(None).view(), View::Nil);
}
