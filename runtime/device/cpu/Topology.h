// The cores, caches and memory nodes that this process may use.
#pragma once

#include "runtime/device/cpu/CpuSet.h"

#include <cstdint>
#include <optional>
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

// Every allowed CPU in the order in which workers should take them: one hardware thread of each core, then the second
// ones, and so on.
std::vector<unsigned> workerOrder(const Topology &topology);

// One worker per core, no more of them than the CPUs' worth of time that a control group grants (`cpuQuota`), at least
// one: as many as can run without getting into each other's way.
unsigned defaultWorkers(const Topology &topology, std::optional<double> cpuQuota);

} // namespace tenon::cpu
