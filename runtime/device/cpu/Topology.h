// The cores, caches and memory nodes that this process may use.
#pragma once

#include "runtime/device/cpu/CpuSet.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::cpu {

struct Core {
  CpuList cpus; // its hardware threads that are allowed, at least one
  unsigned numaNode = 0;
};

// Bytes of one instance, 0 where the system does not say.
struct Caches {
  uint64_t l1Data = 0, l2 = 0, l3 = 0;
  uint64_t lastLevelTotal = 0; // the last level, summed over its instances among the allowed CPUs
};

struct Topology {
  std::vector<Core> cores; // ascending by first CPU; never empty
  Caches caches;           // of the first core
  unsigned numaNodes = 1;  // that hold an allowed CPU

  unsigned logicalCpus() const;

  // Reads sysfs below `sysRoot`, restricted to `allowed`. Where sysfs is absent every CPU counts as a core of node 0.
  static Topology read(const CpuList &allowed, const std::string &sysRoot = "/sys");
};

// One hardware thread of each core, no more of them than `cpuQuota` CPUs' worth of time (a cgroup's limit; <= 0: no
// limit), at least one: as many workers as can run without getting into each other's way.
CpuList defaultWorkerCpus(const Topology &topology, double cpuQuota);

} // namespace tenon::cpu
