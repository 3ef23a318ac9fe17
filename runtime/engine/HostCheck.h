// Does this machine have what an engine needs? Free of the machine itself, so that tests can describe any.
#pragma once

#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/engine/EngineFile.h"

namespace tenon {

// The first variant of rank 0 whose architecture and CPU features `host` has.
// Error: HostUnfit: for every variant what is missing, what the host is, and the compile command that would serve it.
Result<uint32_t> chooseVariant(const EngineFile &file, const cpu::HostFeatures &host);

// HostUnfit when the engine needs more than `availableBytes` for its allocation, and its weights could not be held in
// `totalBytes` beside it. Weights are mapped: pages of the file that the kernel can drop and read again, so they count
// against the whole memory and not against what is free now.
Status checkMemory(const EngineFile &file, const schema::Variant &variant, uint64_t availableBytes,
                   uint64_t totalBytes);

} // namespace tenon
