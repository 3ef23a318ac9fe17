// What the control groups around this process leave it: CPU time and memory. Versions 1 and 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tenon::cpu {

struct CgroupLimits {
  std::optional<double> cpus;              // CPUs' worth of time per period; the tightest of all ancestors
  std::optional<uint64_t> memoryLimit;     // bytes; the tightest of all ancestors
  std::optional<uint64_t> memoryAvailable; // bytes that may still be allocated, dropping inactive file pages
};

// Groups without a limit leave the field empty. `membership` is /proc/self/cgroup; controllers are looked for in the
// usual places below `root`.
CgroupLimits readCgroupLimits(const std::string &membership = "/proc/self/cgroup",
                              const std::string &root = "/sys/fs/cgroup");

} // namespace tenon::cpu
