//! What must hold of any file that is read.

use super::counted;
use alloc::collections::BTreeSet;
use bedplate_region::gguf::{Array, Gguf, GgufError, Value};

/// How much a reading may hold for so many bytes of metadata: half as much again, and a message.
const fn memory_max(metadata_bytes: usize) -> usize {
    metadata_bytes + metadata_bytes / 2 + 512
}

/// Reads bytes and looks at everything that is said of them.
pub(crate) fn read(bytes: &[u8]) -> Result<(), GgufError> {
    let (read, peak) = counted::peak(|| Gguf::parse(bytes));
    // A file that is refused counts as read to its end.
    let metadata = read.as_ref().map_or(bytes.len(), Gguf::metadata_bytes);
    assert!(peak <= memory_max(metadata), "{peak} bytes for {metadata}");
    look(bytes, &read?);
    Ok(())
}

fn look(bytes: &[u8], file: &Gguf<'_>) {
    assert!([2, 3].contains(&file.version()));
    assert!(file.alignment().is_power_of_two());
    assert!(file.metadata_bytes() <= bytes.len());
    let inside = bytes.as_ptr_range();
    let mut names = BTreeSet::new();
    for (name, value) in file.keys() {
        assert!(names.insert(name), "{name} twice");
        assert!(file.get(name).is_some_and(|again| same(&again, &value)));
        if let Value::Array(array) = value {
            look_into(&array);
        }
    }
    assert_eq!(names.len(), file.key_count());
    let mut names = BTreeSet::new();
    let mut ranges = Vec::new();
    for tensor in file.tensors() {
        assert!(names.insert(tensor.name()), "{} twice", tensor.name());
        let range = tensor.bytes().as_ptr_range();
        if !tensor.bytes().is_empty() {
            assert!(inside.start <= range.start && range.end <= inside.end);
            ranges.push((range.start, range.end));
        }
        let need = tensor.shape().bytes(tensor.element_type());
        assert_eq!(need, Ok(tensor.bytes().len() as u64));
        let again = file.tensor(tensor.name()).expect("is there");
        assert_eq!(again.bytes().as_ptr(), tensor.bytes().as_ptr());
        let rows = (0..tensor.row_count()).filter_map(|row| tensor.row(row));
        assert_eq!(rows.map(<[u8]>::len).sum::<usize>(), tensor.bytes().len());
        let mut floats = vec![0.0; tensor.shape().row_elements().min(1 << 16)];
        // Refused where the type is none that is read.
        let _read = tensor.read_row(0, &mut floats);
    }
    assert_eq!(names.len(), file.tensor_count());
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0));
}

/// Goes through an array; returns how many items it met, its own and theirs.
fn look_into(array: &Array<'_>) {
    let mut count = 0;
    for item in array.items() {
        assert_eq!(item.value_type(), array.item_type());
        count += 1;
        if let Value::Array(inside) = item {
            look_into(&inside);
        }
    }
    assert_eq!(count, array.len());
}

/// The same by their text: a float that is no number is not equal to itself.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    format!("{one:?}") == format!("{other:?}")
}
