//! The CPU's own word on what it runs under.
//!
//! # Role
//! Twelve letters by which a hypervisor names itself.

/// The signature of the hypervisor, `None` where the CPU knows of none.
#[cfg(target_arch = "x86_64")]
pub(crate) fn hypervisor_signature() -> Option<[u8; 12]> {
    use core::arch::x86_64::__cpuid;
    const HYPERVISOR_BIT: u32 = 1 << 31;
    if __cpuid(1).ecx & HYPERVISOR_BIT == 0 {
        return None;
    }
    let leaf = __cpuid(0x4000_0000);
    let mut letters = [0; 12];
    for (to, from) in letters
        .chunks_exact_mut(4)
        .zip([leaf.ebx, leaf.ecx, leaf.edx])
    {
        to.copy_from_slice(&from.to_le_bytes());
    }
    Some(letters)
}

/// The twin for other architectures, where no instruction tells.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const fn hypervisor_signature() -> Option<[u8; 12]> {
    None
}
