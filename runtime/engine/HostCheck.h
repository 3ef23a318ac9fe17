// Does this machine have what an engine needs? Free of the machine itself, so that tests can describe any.
#pragma once

#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/engine/EngineFile.h"

namespace tenon {

// Of the variants of rank 0 whose architecture and CPU features `host` has, the one with the largest flops_per_byte,
// and of equals the first: which one runs does not depend on the order in which targets were named. Error: HostUnfit:
// for every variant what is missing, what the host is, and the compile command that would serve it.
Result<uint32_t> chooseVariant(const EngineFile &file, const cpu::HostFeatures &host);

struct HostMemory {
  uint64_t total = 0;     // bytes that this process may ever use
  uint64_t available = 0; // of these, what it may allocate now
};

// HostUnfit when the engine needs more than `available` bytes for its allocation, or when its weights could not be held
// in `total` beside it. Weights are mapped: pages of the file that the kernel can drop and read again, so they count
// against the whole memory and not against what is free now.
Status checkMemory(const EngineFile &file, const schema::Variant &variant, const HostMemory &memory);

} // namespace tenon
