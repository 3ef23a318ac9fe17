#include "runtime/device/cpu/CpuSet.h"

#include "runtime/io/SmallFile.h"

#include <algorithm>
#include <bitset>

namespace tenon::cpu {

Result<CpuList> parseCpuList(std::string_view text) {
  auto wrong = [&](const std::string &why) {
    return Status(Code::Usage,
                  "'" + std::string(text) + "' is not a CPU list: " + why + "; expected a form such as '0-3,8'");
  };
  std::bitset<kMaxCpus> chosen;
  std::string_view rest = io::trimmed(text);
  if (rest.empty())
    return wrong("it is empty");
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(item.size());
    if (!rest.empty()) {
      rest.remove_prefix(1);
      if (rest.empty())
        return wrong("it ends in a comma");
    }
    size_t dash = item.find('-');
    std::optional<uint64_t> first = io::parseNumber(item.substr(0, dash));
    std::optional<uint64_t> last = dash == item.npos ? first : io::parseNumber(item.substr(dash + 1));
    if (!first || !last)
      return wrong("'" + std::string(item) + "' is neither a number nor a range");
    if (*first > *last)
      return wrong("'" + std::string(item) + "' runs backwards");
    if (*last >= kMaxCpus)
      return wrong(std::to_string(*last) + " is above the largest CPU number, " + std::to_string(kMaxCpus - 1));
    for (uint64_t cpu = *first; cpu <= *last; ++cpu)
      chosen.set(cpu);
  }
  CpuList cpus;
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu)
    if (chosen.test(cpu))
      cpus.push_back(cpu);
  return cpus;
}

std::string formatCpuList(const CpuList &cpus) {
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1)
      ++end;
    text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
    if (end - i > 1)
      text += "-" + std::to_string(cpus[end - 1]);
    i = end;
  }
  return text;
}

CpuMask CpuMask::of(const CpuList &cpus) {
  CpuMask mask;
  for (unsigned cpu : cpus)
    if (cpu < kMaxCpus)
      CPU_SET_S(cpu, sizeof mask.parts, mask.parts);
  return mask;
}

bool getThreadMask(CpuMask &mask) { return sched_getaffinity(0, sizeof mask.parts, mask.parts) == 0; }
bool setThreadMask(const CpuMask &mask) { return sched_setaffinity(0, sizeof mask.parts, mask.parts) == 0; }

CpuList allowedCpus() {
  CpuList cpus;
  CpuMask mask;
  if (getThreadMask(mask))
    for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu)
      if (CPU_ISSET_S(cpu, sizeof mask.parts, mask.parts))
        cpus.push_back(cpu);
  if (cpus.empty()) // a sandbox that forbids the question: at least one CPU runs this
    cpus.push_back(static_cast<unsigned>(std::max(0, sched_getcpu())));
  return cpus;
}

} // namespace tenon::cpu
