//! The same file, read twice.
//!
//! # Role
//! What both read must be the same; what one alone reads must be for a known reason.

use crate::Outcome;
use bedplate_region::gguf::{Array, Defect, Gguf, GgufError, Value};
use bedplate_region::tensor::Tensor;
use bedplate_testkit::Chance;
use bedplate_testkit::gguf::Sample;
use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor as CandleTensor};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Differences that are printed.
const SHOWN: u64 = 10;

/// Counts of how files were read.
#[derive(Debug, Default)]
struct Counts {
    both: u64,
    neither: u64,
    ours_alone: u64,
    candle_alone: u64,
    candle_panicked: u64,
}

pub(crate) fn run(runs: u64, first: u64) -> Outcome<()> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut counts = Counts::default();
    let mut bytes = Vec::new();
    let mut differences = 0;
    for number in first..first + runs {
        let sample = Sample::new(&mut Chance::new(number / 16));
        let mut chance = Chance::new(number ^ 0x5eed);
        if number % 16 == 0 {
            bytes.clone_from(&sample.bytes);
        } else {
            sample.damaged(&mut chance, &mut bytes);
        }
        if let Err(what) = compare(&bytes, &mut counts) {
            differences += 1;
            if differences <= SHOWN {
                let line = what.lines().next().unwrap_or_default();
                println!("file {number}: {line}");
            }
        }
    }
    std::panic::set_hook(hook);
    println!("{runs} files: {counts:?}, {differences} differences");
    if differences > 0 {
        return Err("the readers differ".into());
    }
    Ok(())
}

fn compare(bytes: &[u8], counts: &mut Counts) -> Result<(), String> {
    let ours = Gguf::parse(bytes);
    let read = || Content::read(&mut Cursor::new(bytes));
    let Ok(candle) = catch_unwind(AssertUnwindSafe(read)) else {
        counts.candle_panicked += 1;
        return match ours {
            Ok(_) => Err("candle panicked at what we read".to_owned()),
            Err(_) => Ok(()),
        };
    };
    match (ours, candle) {
        (Ok(ours), Ok(candle)) => {
            counts.both += 1;
            same(bytes, &ours, &candle)
        }
        (Err(_), Err(_)) => {
            counts.neither += 1;
            Ok(())
        }
        (Ok(_), Err(error)) => {
            counts.ours_alone += 1;
            // Types that candle does not know.
            let said = error.to_string();
            if said.contains("unknown dtype") {
                return Ok(());
            }
            Err(format!("candle refuses what we read: {said}"))
        }
        (Err(error), Ok(_)) => {
            counts.candle_alone += 1;
            if is_known(&error) {
                return Ok(());
            }
            Err(format!("candle reads what we refuse: {error}"))
        }
    }
}

/// What candle does not check when it reads the metadata, or at all.
fn is_known(error: &GgufError) -> bool {
    matches!(
        error.defect,
        Defect::Version1
            | Defect::BigEndian
            | Defect::AlignmentType
            | Defect::Alignment { .. }
            | Defect::NameText
            | Defect::NameTwice
            | Defect::Depth
            | Defect::Misaligned { .. }
            | Defect::Outside { .. }
            | Defect::Overlap { .. }
            | Defect::Shape(_)
    )
}

fn same(bytes: &[u8], ours: &Gguf<'_>, candle: &Content) -> Result<(), String> {
    if ours.key_count() < candle.metadata.len() || ours.tensor_count() < candle.tensor_infos.len() {
        return Err("candle has more".to_owned());
    }
    for (name, value) in ours.keys() {
        // Candle cuts zero bytes off the ends of texts.
        let Some(other) = candle.metadata.get(name.trim_end_matches('\0')) else {
            return Err(format!("candle has no key {name:?}"));
        };
        if !same_value(&value, other) {
            return Err(format!("{name:?} is {value:?} and {other:?}"));
        }
    }
    for tensor in ours.tensors() {
        same_tensor(bytes, &tensor, candle)?;
    }
    Ok(())
}

fn same_tensor(bytes: &[u8], tensor: &Tensor<'_>, candle: &Content) -> Result<(), String> {
    let name = tensor.name().trim_end_matches('\0');
    let Some(info) = candle.tensor_infos.get(name) else {
        return Err(format!("candle has no tensor {name:?}"));
    };
    if info.shape.dims() != tensor.shape().sizes() {
        return Err(format!(
            "{name:?} is {:?} and {:?}",
            tensor.shape(),
            info.shape
        ));
    }
    // Candle reads no single element as a tensor, and there is nothing to compare in an empty one.
    if tensor.bytes().is_empty() || tensor.shape().sizes().is_empty() {
        return Ok(());
    }
    let read = info.read(
        &mut Cursor::new(bytes),
        candle.tensor_data_offset,
        &Device::Cpu,
    );
    let read = match read {
        Ok(read) => read,
        // Types whose name candle knows and no more.
        Err(error) if error.to_string().contains("is not supported yet") => return Ok(()),
        Err(error) => return Err(format!("candle does not read {name:?}: {error}")),
    };
    let data = read.data().map_err(|error| error.to_string())?;
    if data != tensor.bytes() {
        return Err(format!("{name:?} has other bytes"));
    }
    Ok(())
}

fn same_value(ours: &Value<'_>, candle: &gguf_file::Value) -> bool {
    use gguf_file::Value as Candle;
    match (ours, candle) {
        (Value::U8(a), Candle::U8(b)) => a == b,
        (Value::I8(a), Candle::I8(b)) => a == b,
        (Value::U16(a), Candle::U16(b)) => a == b,
        (Value::I16(a), Candle::I16(b)) => a == b,
        (Value::U32(a), Candle::U32(b)) => a == b,
        (Value::I32(a), Candle::I32(b)) => a == b,
        (Value::U64(a), Candle::U64(b)) => a == b,
        (Value::I64(a), Candle::I64(b)) => a == b,
        (Value::F32(a), Candle::F32(b)) => a.to_bits() == b.to_bits(),
        (Value::F64(a), Candle::F64(b)) => a.to_bits() == b.to_bits(),
        (Value::Bool(a), Candle::Bool(b)) => a == b,
        (Value::Text(a), Candle::String(b)) => {
            let bytes = a.as_bytes();
            let end = bytes
                .iter()
                .rposition(|&byte| byte != 0)
                .map_or(0, |last| last + 1);
            String::from_utf8_lossy(&bytes[..end]) == b.as_str()
        }
        (Value::Array(a), Candle::Array(b)) => same_array(a, b),
        _ => false,
    }
}

fn same_array(ours: &Array<'_>, candle: &[gguf_file::Value]) -> bool {
    ours.len() == candle.len() && ours.items().zip(candle).all(|(a, b)| same_value(&a, b))
}

/// Candle writes, we read.
pub(crate) fn written() -> Outcome<()> {
    let floats: Vec<f32> = (0..256 * 8).map(|n| (n % 97) as f32 / 7.0 - 5.0).collect();
    let plain = CandleTensor::from_vec(floats, (8, 256), &Device::Cpu)?;
    let kinds = [
        GgmlDType::F32,
        GgmlDType::F16,
        GgmlDType::BF16,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    let tensors: Vec<(String, QTensor)> = kinds
        .iter()
        .map(|kind| Ok((format!("{kind:?}"), QTensor::quantize(&plain, *kind)?)))
        .collect::<Outcome<_>>()?;
    let architecture = gguf_file::Value::String("llama".to_owned());
    let tokens = gguf_file::Value::Array(
        ["a", "b"]
            .map(|text| gguf_file::Value::String(text.to_owned()))
            .to_vec(),
    );
    let mut bytes = Cursor::new(Vec::new());
    let named: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let keys = [("general.architecture", &architecture), ("tokens", &tokens)];
    gguf_file::write(&mut bytes, &keys, &named)?;
    let bytes = bytes.into_inner();
    let ours = Gguf::parse(&bytes)?;
    let mut decoded = 0;
    for (name, theirs) in &tensors {
        let tensor = ours.tensor(name).ok_or("a tensor is missing")?;
        if tensor.bytes() != &*theirs.data()? || tensor.shape().sizes() != theirs.shape().dims() {
            return Err(format!("{name} has other bytes").into());
        }
        // Where we read elements as floats, they are the floats that candle reads.
        let mut floats = vec![0.0; 8 * 256];
        if tensor.read(&mut floats).is_ok() {
            let theirs: Vec<f32> = theirs.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()?;
            if floats
                .iter()
                .map(|f| f.to_bits())
                .ne(theirs.iter().map(|f| f.to_bits()))
            {
                return Err(format!("{name} has other floats").into());
            }
            decoded += 1;
        }
    }
    println!(
        "{} tensors with the same bytes, {decoded} with the same floats",
        tensors.len()
    );
    Ok(())
}
