// How many threads work that divides evenly is spread over.
#pragma once

#include <algorithm>
#include <thread>

namespace tenon {

// At least 1. Who runs an engine counts more exactly (runtime/device/cpu/CpuSet.h): masks, quotas, siblings.
inline unsigned coreCount() { return std::max(1u, std::thread::hardware_concurrency()); }

} // namespace tenon
