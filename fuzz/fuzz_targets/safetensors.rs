//! Any bytes are a safetensors file or none.
#![no_main]

use bedplate_region::safetensors::SafeTensors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = SafeTensors::parse(bytes) else {
        return;
    };
    for name in file.names() {
        if let Ok(tensor) = file.tensor(name) {
            assert!(tensor.bytes().len() <= bytes.len());
            let mut floats = vec![0.0; tensor.shape().row_elements().min(1 << 16)];
            let _read = tensor.read_row(0, &mut floats);
        }
    }
});
