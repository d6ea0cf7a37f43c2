//! Any bytes are a GGUF file or none.
#![no_main]

use bedplate_region::gguf::{Array, Gguf, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = Gguf::parse(bytes) else {
        return;
    };
    for (name, value) in file.keys() {
        assert!(file.get(name).is_some());
        if let Value::Array(array) = value {
            look_into(&array);
        }
    }
    let mut ranges = Vec::new();
    for tensor in file.tensors() {
        assert!(file.tensor(tensor.name()).is_some());
        let need = tensor.shape().bytes(tensor.element_type());
        assert_eq!(need, Ok(tensor.bytes().len() as u64));
        if !tensor.bytes().is_empty() {
            ranges.push(tensor.bytes().as_ptr_range());
        }
        let mut floats = vec![0.0; tensor.shape().row_elements().min(1 << 16)];
        let _read = tensor.read_row(0, &mut floats);
    }
    ranges.sort_by_key(|range| range.start);
    assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
});

fn look_into(array: &Array<'_>) {
    let mut count = 0;
    for item in array.items() {
        count += 1;
        if let Value::Array(inside) = item {
            look_into(&inside);
        }
    }
    assert_eq!(count, array.len());
}
