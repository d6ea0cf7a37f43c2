//! Formats of rows: what comes back, and the bounds that the documentation derives.

use bedplate_region::kv::{KvError, KvShape, Row, RowError, RowFormat};
use bedplate_region::tensor::F16;
use bedplate_testkit::Chance;

const ELEMENTS: usize = 128;

/// Numbers of one magnitude or of very different ones, one-sided or not.
#[expect(clippy::cast_precision_loss, reason = "random anyway")]
fn numbers(chance: &mut Chance) -> Vec<f32> {
    let scale = 2.0_f32.powi(i32::try_from(chance.below(60)).unwrap() - 45);
    let is_wild = chance.happens(1, 4);
    let sided = chance.below(3);
    let one = |_| {
        let unit = (chance.bits() >> 40) as f32 / (1 << 24) as f32;
        let signed = match sided {
            0 => unit,
            1 => -unit,
            _ => unit * 2.0 - 1.0,
        };
        let wild = if is_wild {
            2.0_f32.powi(-i32::try_from(chance.below(20)).unwrap())
        } else {
            1.0
        };
        signed * scale * wild
    };
    (0..ELEMENTS).map(one).collect()
}

/// The distance of two neighbours of the format around each number.
fn steps(format: RowFormat, row: &[u8], numbers: &[f32]) -> Vec<f64> {
    let blocks = |bytes: usize| {
        let scale = |block: &[u8]| F16(u16::from_le_bytes([block[0], block[1]])).to_f32().abs();
        let each = row.chunks(bytes).map(scale);
        each.flat_map(|scale| [f64::from(scale); 32]).collect()
    };
    let places = |bits: i32, least: i32| {
        let step = |n: &f32| {
            let exponent = i32::try_from(n.to_bits() >> 23 & 0xFF).unwrap() - 127;
            let exponent = exponent.max(least);
            2.0_f64.powi(exponent - bits)
        };
        numbers.iter().map(step).collect()
    };
    match format {
        RowFormat::F16 => places(10, -14),
        RowFormat::Bf16 => places(7, -126),
        RowFormat::Q8_0 => blocks(34),
        RowFormat::Q4_0 => blocks(18),
        _ => vec![0.0; numbers.len()],
    }
}

#[test]
fn numbers_come_back_half_a_step_away_at_most_and_products_stay_in_their_bound() {
    let mut chance = Chance::new(5);
    for round in 0..4000 {
        let (floats, query) = (numbers(&mut chance), numbers(&mut chance));
        for format in RowFormat::ALL {
            let mut row = vec![0; format.row_bytes(ELEMENTS)];
            format.encode(&floats, &mut row).unwrap();
            let mut back = vec![0.0; ELEMENTS];
            format.decode(&row, &mut back).unwrap();
            let steps = steps(*format, &row, &floats);
            let wide = 1.0 + 2.0_f64.powi(-15);
            for ((before, after), step) in floats.iter().zip(&back).zip(&steps) {
                let away = (f64::from(*before) - f64::from(*after)).abs();
                assert!(
                    away <= step / 2.0 * wide,
                    "{format:?} {round}: {before} {after} {step}"
                );
            }
            // sum |q| s/2 + n u sum |q x'|
            let exact: f64 = products(&floats, &query).sum();
            let quantised: f64 = query
                .iter()
                .zip(&steps)
                .map(|(q, step)| f64::from(q.abs()) * step / 2.0)
                .sum();
            let summed: f64 = products(&back, &query).map(f64::abs).sum();
            let bound = quantised * wide + 128.0 * 2.0_f64.powi(-23) * summed + 1e-40;
            let away = (f64::from(format.dot(&row, &query).unwrap()) - exact).abs();
            assert!(away <= bound, "{format:?} {round}: {away} {bound}");
        }
    }
}

fn products(one: &[f32], other: &[f32]) -> impl Iterator<Item = f64> {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| f64::from(*one) * f64::from(*other))
}

#[test]
fn the_bound_is_reached_so_that_none_smaller_would_do() {
    // Half way between two steps of a block whose scale is one.
    let mut floats = [0.0_f32; 32];
    (floats[0], floats[1]) = (127.0, 4.5);
    let mut row = [0; 34];
    RowFormat::Q8_0.encode(&floats, &mut row).unwrap();
    let mut back = [0.0; 32];
    RowFormat::Q8_0.decode(&row, &mut back).unwrap();
    assert!((back[1] - 4.5).abs() > 0.499);
}

#[test]
fn what_a_quantised_row_cannot_say_is_an_error() {
    for (format, too_large) in [(RowFormat::Q8_0, 8.4e6), (RowFormat::Q4_0, 4.6e5)] {
        let mut row = vec![0; format.row_bytes(64)];
        for bad in [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            too_large,
            -too_large,
        ] {
            let mut floats = [1.0; 64];
            floats[40] = bad;
            let refused = format.encode(&floats, &mut row);
            assert_eq!(refused, Err(RowError::Range { at: 40 }), "{format:?} {bad}");
        }
        assert_eq!(format.encode(&[too_large * 0.98; 64], &mut row), Ok(()));
        let short = RowError::Length {
            floats: 32,
            bytes: row.len(),
        };
        assert_eq!(format.encode(&[0.0; 32], &mut row), Err(short));
        assert_eq!(format.decode(&row, &mut [0.0; 32]), Err(short));
        assert_eq!(format.dot(&row, &[0.0; 32]), Err(short));
        assert!(format.encode(&[0.0; 33], &mut row).is_err());
        assert!(!short.to_string().is_empty() && !RowError::Range { at: 1 }.to_string().is_empty());
        assert_eq!(
            RowError::from(KvError::Unknown).to_string(),
            KvError::Unknown.to_string()
        );
    }
}

#[test]
fn zeros_are_zeros_and_shapes_are_checked() {
    for format in RowFormat::ALL {
        let mut row = vec![7; format.row_bytes(32)];
        format.encode(&[0.0; 32], &mut row).unwrap();
        assert!(format.dot(&row, &[1.0; 32]).unwrap() == 0.0);
    }
    let row = |elements, format| Row { elements, format };
    let float = row(8, RowFormat::F32);
    for (layers, key, value) in [
        (0, float, float),
        (1 << 20, float, float),
        (1, row(0, RowFormat::F32), float),
        (1, float, row(1 << 25, RowFormat::F32)),
        (1, float, row(33, RowFormat::Q4_0)),
    ] {
        let refused = KvShape::new(layers, key, value);
        assert!(matches!(refused, Err(KvError::Shape(_))));
    }
    let shape = KvShape::new(3, row(64, RowFormat::Q8_0), row(64, RowFormat::F16)).unwrap();
    assert_eq!(shape.token_bytes(), 3 * (68 + 128));
}
