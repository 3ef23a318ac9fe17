// Sets of logical CPUs in the kernel's notation: "0-3,8".
#pragma once

#include "runtime/base/Status.h"

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

// Restricts the calling thread to `cpus`. False when the kernel refuses (none of them is online or allowed).
bool restrictThisThread(const CpuList &cpus);

} // namespace tenon::cpu
