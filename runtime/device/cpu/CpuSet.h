// Sets of logical CPUs in the kernel's notation: "0-3,8".
#pragma once

#include "runtime/base/Status.h"

#include <sched.h>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::cpu {

// Ascending, without duplicates.
using CpuList = std::vector<unsigned>;

// No kernel numbers more CPUs than this; a longer set is a mistake, not a machine.
inline constexpr unsigned kMaxCpus = 8192;

// Errors: Usage, naming the text and what is wrong with it (empty, not a number, a falling range, too large).
Result<CpuList> parseCpuList(std::string_view text);

// The shortest text that parseCpuList turns back into `cpus`.
std::string formatCpuList(const CpuList &cpus);

// The CPUs on which the calling thread may run (its affinity mask, which cpuset cgroups and taskset restrict). Never
// empty.
CpuList allowedCpus();

// One CPU mask in the kernel's layout, long enough for kMaxCpus (cpu_set_t alone ends at 1024). Trivial: no allocation.
struct CpuMask {
  cpu_set_t parts[kMaxCpus / CPU_SETSIZE] = {};

  static CpuMask of(const CpuList &cpus);
  bool operator==(const CpuMask &other) const { return CPU_EQUAL_S(sizeof parts, parts, other.parts); }
};

// The calling thread's mask; false when the kernel does not tell or refuses (no CPU of it is online and allowed).
bool getThreadMask(CpuMask &mask);
bool setThreadMask(const CpuMask &mask);

} // namespace tenon::cpu
